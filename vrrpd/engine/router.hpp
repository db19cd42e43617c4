// One virtual router as the engine runs it: the cores, and what the shell must remember beside them. Small:
// there may be 1,000. The engine's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/path_watch.hpp"
#include "vrrpd/engine/plan.hpp"
#include "vrrpd/ipc/shared_state.hpp"
#include "vrrpd/proto/advert.hpp"
#include "vrrpd/proto/announce.hpp"
#include "vrrpd/proto/machine.hpp"
#include "vrrpd/proto/tracking.hpp"

namespace vrrpd::engine {

// RFC 6527's counters, those that keepalived shows (surface 6.2).
struct Counters {
    std::uint64_t adverts_received = 0;
    std::uint64_t adverts_sent = 0;
    std::uint32_t zero_received = 0;
    std::uint32_t zero_sent = 0;
    std::uint32_t became_active = 0;
    std::uint32_t released = 0;
    std::array<std::uint32_t, proto::rejection_kinds> rejected{};
};

// Small: there may be 1,000, and what few of them need is behind a pointer.
struct Router {
    Router(const config::Instance& instance, const Followed& gateway)
        : config(&instance), followed(gateway), machine(instance.parameters), announcer(instance.announce) {}

    const config::Instance* config;  // into the engine's Config
    Followed followed;
    proto::VirtualRouter machine;
    proto::Announcer announcer;
    Instant stepped_at{};  // the machine's time never runs backwards

    IfIndex link;                         // where adverts go
    std::optional<IpAddress> source;      // what they are sent from
    ipc::RouterRecord* record = nullptr;  // what the next engine reads after a crash

    // Why it cannot run, and what weighed on its priority last. Most routers have neither.
    struct Judged {
        std::vector<std::string> faults;
        std::vector<proto::Tracked> tracked;
    };
    std::unique_ptr<Judged> judged;
    [[nodiscard]] const Judged& last_judged() const {
        static const Judged nothing;
        return judged ? *judged : nothing;
    }

    bool installed = false;       // claimed: the kernel objects are ours, and kept
    unsigned writes_pending = 0;  // kernel writes that were not answered yet
    std::uint64_t claim = 0;      // of the engine's claims the last of ours: a late completion finds us by it
    Instant claimed_at{};
    // What stands for a gateway: `via auto` may have led elsewhere since. Else it follows from the configuration.
    std::unique_ptr<Desired> standing;
    Deadline renew_at;  // dead man
    struct Repairs {
        Instant last{};
        Duration pause{0};  // back-off
    };
    std::unique_ptr<Repairs> repairs;  // none was needed yet

    std::uint16_t identification = 0;   // IPv4 header id, 1, 2, 3 ... (VR-009)
    std::uint16_t rejections_said = 0;  // a bit each kind: said once until the next transition
    bool send_failure_said = false;
    bool foreign_form_said = false;  // the other checksum form was seen and named (VR-045)
    PathWatch paths;
    Counters counters;

    [[nodiscard]] bool active() const { return machine.role() == proto::Role::active; }
};

}  // namespace vrrpd::engine
