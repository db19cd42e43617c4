// The engine's log lines: what a transition or a remark reads like. Operators know MASTER, BACKUP and FAULT, so
// that is what they read; the prefix "(INSTANCE) " is keepalived's, for those who search logs. Pure text.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/proto/advert.hpp"
#include "vrrpd/proto/machine.hpp"
#include "vrrpd/proto/tracking.hpp"

namespace vrrpd::engine {

// "H003 (10.12.14.4)" where peer_link names it, else the address.
using NameOf = std::function<std::string(const IpAddress&)>;

struct LogLine {
    LogLevel level = LogLevel::info;
    std::string text;
};

[[nodiscard]] std::string name(proto::Role role);
// "341 ms", "3.6 s".
[[nodiscard]] std::string text(Duration duration);

// "Entering MASTER STATE: H003 silent for 341 ms". `faults` is used when the cause is a fault.
[[nodiscard]] LogLine describe(const proto::Transition& transition, const std::vector<std::string>& faults,
                               const NameOf& name_of);
struct NoteContext {
    proto::Priority own;                        // our effective priority
    const std::string& holder;                  // who answered a probe, as "10.12.14.1 is held by 02:.."
    const std::vector<std::string>& obstacles;  // why we are not ready
};
[[nodiscard]] LogLine describe(const proto::Note& note, const NoteContext& context, const NameOf& name_of);
// When each step of a take-over was done; its advert left before the first.
struct TakeOver {
    Instant began;
    std::optional<Instant> fence;  // none: it has none to open
    Instant written, announced;
};
// "fence 1.2 ms, kernel 3.4 ms, announced 3.9 ms", each counted from the beginning.
[[nodiscard]] std::string describe(const TakeOver& steps);
// "without 10.12.14.9, with 10.12.14.8": what another router advertises instead of our list, in whatever order; empty:
// the same addresses.
[[nodiscard]] std::string describe_difference(const std::vector<config::VirtualAddress>& own,
                                              const std::vector<IpAddress>& advertised);
// What to do about adverts that are refused so, as " (...)"; empty: the kind says it.
[[nodiscard]] std::string_view advice(proto::Rejection why);
// keepalived's line of a better router, before that of the transition that it brings: "Master received advert from
// 10.12.14.4 with higher priority 200, ours 100". Empty: another cause.
[[nodiscard]] std::string describe_better(const proto::Transition& transition, unsigned priority, proto::Priority own,
                                          const NameOf& name_of);
// "Changing effective priority from 200 to 80: wan0 down": what was tracked before, and now.
[[nodiscard]] std::string describe_priority(proto::Priority before, proto::Priority after,
                                            const std::vector<proto::Tracked>& was,
                                            const std::vector<proto::Tracked>& is);

}  // namespace vrrpd::engine
