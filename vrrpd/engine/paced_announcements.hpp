// Announcements on devices where the configuration wants a distance between them: vrrp_garp_interval,
// vrrp_gna_interval, garp_group. It counts over all routers of the device, or of the group. The Speaker's.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/core/router.hpp"
#include "vrrpd/engine/core/world.hpp"
#include "vrrpd/proto/paced_queue.hpp"

namespace vrrpd::engine {

class PacedAnnouncements {
public:
    // What waits goes on as it was meant.
    void configure(const config::Config& config);

    // Takes those of paced devices out of `indexes` (of announced(router)); they are sent by step().
    void take(const Router& router, std::vector<std::size_t>& indexes, const World& world);
    void forget(const Router& router);

    using Send = std::function<void(const Router&, std::size_t index)>;
    void step(Instant now, const Send& send);
    [[nodiscard]] Deadline next_deadline() const;

private:
    struct Frame {
        const Router* router;
        std::size_t index;
    };
    struct Pace {
        std::string queue;  // those of the same name share one
        Duration arp{0}, na{0};
    };
    [[nodiscard]] const Pace& pace_of(const std::string& device);

    std::map<std::string, Pace> paces_;  // by device
    Pace usual_;                         // of every other device, each with a queue of its own
    bool any_ = false;
    std::map<std::string, proto::PacedQueue<Frame>> queues_;  // those that hold something, or held it last
};

}  // namespace vrrpd::engine
