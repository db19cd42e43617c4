// All VRRP sockets of the process, one for each interface, family and protocol, kept to what the routers need now; and
// which routers each VRID belongs to.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/engine/advert_socket.hpp"
#include "vrrpd/engine/core/dump_host.hpp"

namespace vrrpd::engine {

class Transport {
public:
    using RouterNumber = std::uint32_t;
    struct Need {
        netlink::Link link;
        Family family;
        std::optional<IpAddress> group;  // none: a unicast router
        proto::Vrid vrid;
        RouterNumber router;
        std::uint8_t protocol = proto::ip_protocol;
        bool only_hears = false;  // without joining anything
    };
    struct Member {
        proto::Vrid vrid;
        RouterNumber router;
        auto operator<=>(const Member&) const = default;
    };
    // A message, and who has its VRID there.
    using Handler = std::function<void(std::span<const Member>, const netlink::Link&, const AdvertSocket::Heard&)>;

    Transport(const Surroundings& surroundings, AdvertSocket::Mode mode, Handler handler);

    // Opens what is missing, closes what nobody needs, narrows the filters. `every_vrid`: log_unknown_vrids.
    void require(const std::vector<Need>& needs, bool every_vrid);

    // Why VRRP cannot be spoken there; nullopt: it can. A router without a socket would hear silence and claim.
    [[nodiscard]] std::optional<std::string> problem(IfIndex link, Family family) const;

    [[nodiscard]] Result<void> send(IfIndex link, BytesView message, const proto::Envelope& envelope,
                                    std::uint16_t identification, std::uint8_t protocol = proto::ip_protocol);

    // Those that are open, for the dump.
    [[nodiscard]] std::vector<DumpedSocket> sockets() const;

    // Reads everything that waits on every socket: before a timer is believed.
    void drain();

private:
    struct Entry {
        netlink::Link link;
        Family family;
        std::uint8_t protocol;
        AdvertSocket socket;
        std::vector<Member> members = {};  // sorted
        bool needed = true;
        Loop::Watch watch{};
    };

    [[nodiscard]] Entry* find(IfIndex link, Family family, std::uint8_t protocol);
    [[nodiscard]] Entry* open(const Need& need);
    [[nodiscard]] static std::span<const Member> members_of(const Entry& entry, BytesView message);
    void fail_on(const Need& need, const OsError& error);
    bool read(Entry& entry);

    Loop& loop_;
    Log& log_;
    AdvertSocket::Mode mode_;
    Handler handler_;
    Burst& burst_;
    std::list<Entry> entries_;  // a list: watches hold on to their entry
    struct Problem {
        IfIndex link;
        Family family;
        std::string text;
    };
    std::vector<Problem> problems_;  // of the last require()
};

}  // namespace vrrpd::engine
