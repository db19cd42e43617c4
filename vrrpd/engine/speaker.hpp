// Everything a router says on the wire: adverts, announcements, probes. The one place that sends, so that
// --observe and "a stand-in is silent" have one door to guard.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/engine/core/absent_addresses.hpp"
#include "vrrpd/engine/core/router.hpp"
#include "vrrpd/engine/core/world.hpp"
#include "vrrpd/engine/link_socket.hpp"
#include "vrrpd/engine/paced_announcements.hpp"
#include "vrrpd/engine/transport.hpp"

namespace vrrpd::engine {

struct AddressOnLink {
    IfIndex link;
    MacAddress mac;
    IpAddress address;
};
// What a router announces, IPv4 first, in the order of the configuration; held WAN addresses included. Devices
// without ARP are left out.
struct Announced {
    std::vector<AddressOnLink> arp, na;

    [[nodiscard]] std::size_t size() const { return arp.size() + na.size(); }
    // ARP first. Null: there is none of that number (any more).
    [[nodiscard]] const AddressOnLink* at(std::size_t index) const {
        if (index < arp.size()) return &arp[index];
        return index < size() ? &na[index - arp.size()] : nullptr;
    }
    [[nodiscard]] bool contains(IfIndex link, const IpAddress& address) const {
        const auto& all = address.is_v4() ? arp : na;
        return std::any_of(all.begin(), all.end(),
                           [&](const AddressOnLink& item) { return item.link == link && item.address == address; });
    }
};
[[nodiscard]] Announced announced(const Router& router, const World& world);
// The same addresses, to be asked for before they are claimed: what stands on a virtual device later is asked for from
// the device below it, with that one's own MAC.
[[nodiscard]] Announced asked_for(const Router& router, const World& world);

class Speaker {
public:
    // Somebody answers for an address on this interface.
    using Claimed = std::function<void(IfIndex, const proto::AddressClaim&)>;

    [[nodiscard]] static Result<std::unique_ptr<Speaker>> open(const Surroundings& surroundings, const World& world,
                                                               bool observe);

    void on_claim(Claimed claimed) { claimed_ = std::move(claimed); }
    // What is absent is not announced. It must outlive the speaker.
    void leave_out(const AbsentAddresses& absent) { absent_ = &absent; }
    void configure(const config::Config& config) {
        peers_ = config.peer_link ? &*config.peer_link : nullptr;
        paced_.configure(config);
    }

    // To the group or the peers; and a unicast copy to every peer_link member on that link.
    void advertise(Transport& transport, Router& router, proto::Priority priority);
    // The given indexes of announced(router), ARP first. At most frames_a_turn are sent at once; the rest follows.
    // One frame for every address comes before any repeat, of whichever router: where a thousand move together,
    // what a host on the LAN waits for is the first frame of its gateway.
    void announce(const Router& router, std::vector<std::size_t> indexes);
    // garp_extra_if: the first address of each device that sees no adverts of the router's.
    void announce_extra(const Router& router);
    // Drops what is queued for a router that gave up the role (VR-103).
    void forget(const Router& router);
    // One round of probes for every address of the router.
    void probe(const Router& router, Instant now);
    // A question of another kind, as it is.
    void ask(IfIndex link, BytesView ethernet_frame);
    // One question for an address, on an interface; answers come to `claimed`.
    void ask_for(IfIndex link, const IpAddress& address, Instant now);
    // One of many questions on that interface: one listener hears all answers there.
    void ask_for_one_of_many(IfIndex link, const IpAddress& address, Instant now);
    // What has come in goes to `claimed` before it returns; of a flood some hundreds of answers on each device.
    void hear();

    [[nodiscard]] Deadline next_deadline() const;
    // `busy`: routers wait for their timers to be served; repeats can wait for them.
    void step(Instant now, bool busy);

private:
    // What waits to be sent. The frames are made when they leave: a thousand routers have many thousands of them.
    enum class What : std::uint8_t { announcement, probe };
    struct Waiting {
        What what;
        const Router* router;
        std::vector<std::size_t> indexes;  // of announced(router), ARP first
        std::size_t sent = 0;
    };
    using Queue = std::deque<Waiting>;
    struct Listener {
        IfIndex link;
        Family family;
        std::optional<IpAddress> only;
        ClaimListener socket;
        Instant until;
        Loop::Watch watch{};
    };

    Speaker(const Surroundings& surroundings, const World& world, FrameSender sender, bool observe)
        : loop_(surroundings.loop),
          log_(surroundings.log),
          burst_(surroundings.burst),
          world_(world),
          sender_(std::move(sender)),
          observe_(observe) {}
    struct Sealed {
        proto::Advertisement advert;
        proto::Credentials credentials;
    };
    [[nodiscard]] static Sealed seal(Router& router, proto::Advertisement advert);
    void send(Transport& transport, Router& router, const Sealed& sealed, const proto::Envelope& envelope);
    [[nodiscard]] Announced addresses_of(What what, const Router& router) const;
    void copy_to_members(Transport& transport, Router& router, const Sealed& sealed);
    void send_waiting(Queue& queue);
    void send_paced(Instant now);
    void send_item(What what, const Router& router, const AddressOnLink& item);
    void ask_for(IfIndex link, const IpAddress& address, const std::optional<IpAddress>& only, Instant now);
    void listen(IfIndex link, Family family, const std::optional<IpAddress>& only, Instant until);
    bool hear(Listener& listener);

    Loop& loop_;
    Log& log_;
    Burst& burst_;
    const World& world_;
    FrameSender sender_;
    bool observe_;
    const config::PeerLink* peers_ = nullptr;
    const AbsentAddresses* absent_ = nullptr;
    Claimed claimed_;
    Queue first_, repeats_;
    PacedAnnouncements paced_;
    std::list<Listener> listeners_;
};

}  // namespace vrrpd::engine
