// Everything a router says on the wire: adverts, announcements, probes. The one place that sends, so that
// --observe and "a stand-in is silent" have one door to guard.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/engine/link_socket.hpp"
#include "vrrpd/engine/router.hpp"
#include "vrrpd/engine/transport.hpp"
#include "vrrpd/engine/world.hpp"

namespace vrrpd::engine {

class Speaker {
public:
    // Somebody answers for an address on this interface.
    using Claimed = std::function<void(IfIndex, const proto::AddressClaim&)>;

    [[nodiscard]] static Result<std::unique_ptr<Speaker>> open(Loop& loop, Log& log, const World& world, bool observe);

    void on_claim(Claimed claimed) { claimed_ = std::move(claimed); }
    void set_peer_link(const config::PeerLink* peers) { peers_ = peers; }

    // To the group or the peers; and a unicast copy to every peer_link member on that link.
    void advertise(Transport& transport, Router& router, proto::Priority priority);
    // The given indexes of announced(router), ARP first. Sent at most frames_a_turn at once; the rest follows.
    void announce(const Router& router, const std::vector<std::size_t>& indexes);
    // Drops what is queued for a router that gave up the role (VR-103).
    void forget(const Router& router);
    // One round of probes for every address of the router.
    void probe(const Router& router, Instant now);
    // One question for an address, on an interface; answers come to `claimed`.
    void ask_for(IfIndex link, const IpAddress& address, Instant now);

    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

private:
    struct Frame {
        const Router* router;
        IfIndex link;
        Bytes bytes;
    };
    struct Listener {
        IfIndex link;
        Family family;
        std::optional<IpAddress> only;
        ClaimListener socket;
        Instant until;
        Loop::Watch watch{};
    };

    Speaker(Loop& loop, Log& log, const World& world, FrameSender sender, bool observe)
        : loop_(loop), log_(log), world_(world), sender_(std::move(sender)), observe_(observe) {}
    void send(Transport& transport, Router& router, const proto::Advertisement& advert,
              const proto::Envelope& envelope);
    void copy_to_members(Transport& transport, Router& router, const proto::Advertisement& advert);
    void send_frames(std::size_t at_most);
    void listen(IfIndex link, Family family, const std::optional<IpAddress>& only, Instant until);

    Loop& loop_;
    Log& log_;
    const World& world_;
    FrameSender sender_;
    bool observe_;
    const config::PeerLink* peers_ = nullptr;
    Claimed claimed_;
    std::deque<Frame> frames_;
    std::list<Listener> listeners_;
    Burst burst_;
};

// What a router announces: (device, address), IPv4 first, in the order of the configuration; held WAN
// addresses included. Devices without ARP are left out.
struct Announced {
    struct Item {
        IfIndex link;
        MacAddress mac;
        IpAddress address;
    };
    std::vector<Item> arp, na;
};
[[nodiscard]] Announced announced(const Router& router, const World& world);

}  // namespace vrrpd::engine
