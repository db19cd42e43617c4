// One virtual router as the engine runs it: the cores, and what the shell must remember beside them. Small:
// there may be 1,000. The engine's.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/back_off.hpp"
#include "vrrpd/base/seldom.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/core/flap_watch.hpp"
#include "vrrpd/engine/core/path_watch.hpp"
#include "vrrpd/engine/core/plan.hpp"
#include "vrrpd/ipc/shared_state.hpp"
#include "vrrpd/proto/advert.hpp"
#include "vrrpd/proto/announce.hpp"
#include "vrrpd/proto/machine.hpp"
#include "vrrpd/proto/tracking.hpp"

namespace vrrpd::engine {

// RFC 6527's counters, those that keepalived shows.
struct Counters {
    std::uint64_t adverts_received = 0;
    std::uint64_t adverts_sent = 0;
    std::uint32_t zero_received = 0;
    std::uint32_t zero_sent = 0;
    std::uint32_t became_active = 0;
    std::uint32_t released = 0;
    std::uint32_t other_addresses = 0;  // adverts that were obeyed although their list is not ours (VR-148)
};

// Small: there may be 1,000, and what few of them need is behind a pointer.
struct Router {
    Router(const config::Instance& instance, const Followed& gateway)
        : config(&instance), followed(gateway), machine(instance.parameters), announcer(*instance.announce) {}

    const config::Instance* config;  // into the engine's Config
    Followed followed;
    proto::VirtualRouter machine;
    proto::Announcer announcer;
    Instant stepped_at{};  // the machine's time never runs backwards
    Instant since{};       // the role is the same

    IfIndex link;                                         // where adverts go
    std::optional<IpAddress> source;                      // what they are sent from
    ipc::RouterRecord* record = nullptr;                  // what the next engine reads after a crash
    std::unique_ptr<proto::Authenticator> authenticator;  // null: nothing is authenticated

    // What most routers never need.
    struct Troubles {
        std::vector<std::string> faults;      // why it cannot run
        std::vector<proto::Tracked> tracked;  // what weighed on its priority last
        // What of both comes from the kernel's picture; the rest from what the supervisor watches.
        std::vector<std::string> seen_faults;
        std::vector<proto::Tracked> seen_tracked;
        BackOff repairs;                 // when something of ours was put back
        unsigned addresses_lost = 0;     // repairs of addresses in a row
        std::vector<IpAddress> invalid;  // what the kernel refuses as invalid, here as on every other router
        bool renewal_failed = false;     // of its addresses' lifetimes
        PathWatch paths;
        FlapWatch flaps;
        std::map<IpAddress, std::string> other_addresses;  // what was said of peers that do not advertise our list
        Instant addresses_said{};                          // ... and when
        std::array<std::uint32_t, proto::rejection_kinds> rejected{};  // counted by kind (VR-150)
    };
    Seldom<Troubles> troubles;

    bool fault_is_new = false;          // it had none when it was judged last, and nobody heard of this one
    bool waits = false;                 // for the first result of something tracked: it does not begin before
    bool installed = false;             // claimed: the kernel objects are ours, and kept
    bool overlooked = false;            // something may be missing: it was not looked for while writes were pending
    std::uint16_t writes_pending = 0;   // kernel writes that were not answered yet
    std::uint16_t identification = 0;   // IPv4 header id, 1, 2, 3 ... (VR-009)
    std::uint32_t claim = 0;            // of the engine's claims the last of ours: a late completion finds us by it
    std::uint32_t rejections_said = 0;  // a bit each kind: said once until the next transition
    std::uint8_t master_priority = 0;   // of the advert that was accepted last; 0: none was
    bool send_failure_said = false;
    bool from_silence = false;       // it is Active since another one fell silent
    bool adopted = false;            // the role is that of an engine that crashed
    bool listens = false;            // it has none yet, and hears who has it by now before it goes on in that one's
    bool outranked = false;          // ... and somebody better was heard
    bool clock_said = false;         // the clocks are apart, and it was said
    bool foreign_form_said = false;  // the other checksum form was seen and named (VR-045)
    // What stands for a gateway: `via auto` may have led elsewhere since. Else it follows from the configuration.
    std::unique_ptr<Desired> standing;
    Deadline renew_at;  // dead man
    Counters counters;

    // Never 0, which the kernel replaces (raw(7)): AH vouches for what we wrote.
    std::uint16_t next_identification() { return ++identification != 0 ? identification : ++identification; }
    [[nodiscard]] bool active() const { return machine.role() == proto::Role::active; }
};

}  // namespace vrrpd::engine
