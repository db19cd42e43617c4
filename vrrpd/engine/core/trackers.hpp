// The engine's picture of what is watched for it, by the supervisor or by its own BFD desk: tracked scripts, files,
// processes and BFD sessions, by their numbers in the configuration. Pure values; the engine's one thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vrrpd/config/model.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/proto/tracking.hpp"

namespace vrrpd::engine {

class Trackers {
public:
    using Kind = config::Track::Kind;
    struct Object {
        Kind kind;
        std::uint32_t number;
    };

    // What is known of an object stays with its name.
    void configure(const config::Config& config);
    // nullopt: nothing of this configuration, or nothing that matters to who tracks it.
    [[nodiscard]] std::optional<Object> apply(const ipc::TrackerState& state);

    // Adds what the instance tracks to `tracked`, and what of it is a fault. true: something has no result yet, and
    // keeps the instance from beginning, though not from going on.
    bool judge(const config::Instance& instance, std::vector<proto::Tracked>& tracked,
               std::vector<std::string>& faults) const;

    // For the dump: as it was told last.
    struct ProcessState {
        bool up = false;
        unsigned running = 0;
    };
    [[nodiscard]] ProcessState process(std::uint32_t number) const;
    [[nodiscard]] std::optional<bool> script(std::uint32_t number) const;  // none: it has no result yet
    [[nodiscard]] std::int64_t file(std::uint32_t number) const;

private:
    struct Entry {
        std::string name{};
        ipc::TrackerState::Health health = ipc::TrackerState::Health::unknown;
        std::int64_t number = 0;
        std::string detail{};
    };
    std::array<std::vector<Entry>, 4> entries_;  // by kind
};

[[nodiscard]] bool tracks(const config::Instance& instance, const Trackers::Object& object);

}  // namespace vrrpd::engine
