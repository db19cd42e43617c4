// BFD sessions in keepalived's words: the lines of keepalived.data and keepalived_bfd.data. Pure.
#pragma once

#include <string>
#include <vector>

#include "vrrpd/engine/core/bfd_place.hpp"
#include "vrrpd/engine/core/dump.hpp"
#include "vrrpd/ipc/shared_state.hpp"

namespace vrrpd::engine {

// A session as it is now.
struct BfdStatus {
    const config::BfdInstance& config;
    const proto::BfdSession& session;
    const ipc::BfdRecord::Counters& counters;
    std::string device;  // where it is spoken; empty: nothing ties it to one
    std::uint16_t port = 0;
    Instant since{};
    bool observed = false;  // it is not run

    [[nodiscard]] bool is_up() const { return session.state() == proto::BfdState::up; }
};

// keepalived.data: the section of what is tracked, and what an instance tracks. Empty where there is nothing.
[[nodiscard]] std::string tracked_bfd_text(const std::vector<BfdStatus>& sessions, const config::Config& config);
[[nodiscard]] std::string tracked_bfd_text(const config::Instance& instance, const config::Config& config);
// keepalived_bfd.data.
[[nodiscard]] std::string bfd_text(const std::vector<BfdStatus>& sessions, DumpMoment moment);

}  // namespace vrrpd::engine
