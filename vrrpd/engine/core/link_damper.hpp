// interface_up_down_delays: a device that goes down or comes up counts only after a while, so that a flapping link
// moves nobody. It holds from the moment the device was first seen up. Pure: the picture of the kernel and the time in.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "vrrpd/base/time.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/core/world.hpp"

namespace vrrpd::engine {

class LinkDamper {
public:
    // What was seen of a device that keeps a delay stays.
    void configure(const std::vector<config::InterfaceDelay>& delays);
    void look(Instant now, const World& world);
    // When a device that changed will count, if it stays so.
    [[nodiscard]] Deadline next_deadline() const;

    // As it counts: up, down, or as the kernel has it.
    enum class Verdict : std::uint8_t { as_it_is, still_up, still_down };
    [[nodiscard]] Verdict verdict(const std::string& device) const;

private:
    struct State {
        Duration down{0}, up{0};
        bool seen_up = false;
        bool is_up = false;  // as the kernel has it
        bool counts_up = false;
        Deadline changes_at;  // the verdict
    };
    std::map<std::string, State> states_;
};

}  // namespace vrrpd::engine
