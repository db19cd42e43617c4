// How keepalived writes what an instance has: addresses, routes, rules, commands; and its numbers for states and
// errors. For the forms of a Dump. Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/engine/core/router.hpp"
#include "vrrpd/engine/core/trackers.hpp"

namespace vrrpd::engine {

// "10.12.14.1/24 dev lan0 scope global label lan0:1 set"; `set`: it stands there now.
[[nodiscard]] std::string dumped(const config::VirtualAddress& address, bool set = false);
// The same of an instance's: that on its virtual device is "dev vrrp.1@lan0".
[[nodiscard]] std::string dumped(const config::VirtualAddress& address, const config::Instance& instance, bool set);
// The virtual device of its interface; nullptr: none.
[[nodiscard]] const config::VirtualDevice* own_device(const config::Instance& instance);
// "prepend 10.8.0.0/24 via inet 10.12.14.9 dev wan0 table 9 proto 18 metric 5"
[[nodiscard]] std::string dumped(const config::VirtualRoute& route);
// "from 10.0.0.1 priority 77 tos 0x0 protocol 18 lookup 100"
[[nodiscard]] std::string dumped(const config::VirtualRule& rule);
// "'/usr/bin/echo' 'hello'"
[[nodiscard]] std::string dumped(const config::Script& script);
// "-10 reverse", of whatever weighs.
template <class Weighing>
[[nodiscard]] std::string dumped_weight(const Weighing& weighing) {
    return std::to_string(weighing.weight) + (weighing.reverse ? " reverse" : "");
}

[[nodiscard]] std::int64_t whole_seconds(Duration duration);
[[nodiscard]] double in_seconds(Duration duration);
// "1795898818.917423 (Sat Nov 28 20:46:58.917423 2026)", in local time.
[[nodiscard]] std::string time_text(std::chrono::microseconds wall);

// The scripts that are told of states: their keys in keepalived.json, and their titles in keepalived.data.
struct DumpedScript {
    const char* key;
    const char* title;
    config::Script config::Notify::*script;
};
inline constexpr std::array<DumpedScript, 7> dumped_scripts{{
    {"script_backup", "Backup state transition script", &config::Notify::backup},
    {"script_master", "Master state transition script", &config::Notify::master},
    {"script_fault", "Fault state transition script", &config::Notify::fault},
    {"script_stop", "Stop state transition script", &config::Notify::stop},
    {"script_deleted", "Deleted state transition script", &config::Notify::deleted},
    {"script", "Generic state transition script", &config::Notify::any},
    {"script_master_rx_lower_pri", "Master rx lower priority script", &config::Notify::lower_priority},
}};

// Which of its delays keeps the judgement of a process from following their number.
enum class ProcessDelay : std::uint8_t { none, fork, terminate };
[[nodiscard]] ProcessDelay delay_of(const Trackers::ProcessState& state, const config::TrackedProcess& process);

enum class DumpedState : std::uint8_t { init, backup, master, fault };
// `faults`: why it cannot run, its own or those of its group.
[[nodiscard]] DumpedState dumped_state(const Router& router, const std::vector<std::string>& faults);
[[nodiscard]] std::string_view name(DumpedState state);
// keepalived's wantstate: what it is; but MASTER while it waits for the first time where the file says state MASTER.
[[nodiscard]] DumpedState wanted_state(const Router& router, DumpedState now);

// One of keepalived's counters of refused packets, in the order of its files; heading and label as in keepalived.stats.
struct DumpedError {
    std::string_view key;      // in keepalived.json
    std::string_view heading;  // empty: the one before
    std::string_view label;
    std::vector<proto::Rejection> kinds;        // that it sums up
    std::uint32_t Counters::*beside = nullptr;  // and this, of adverts that were obeyed all the same
};
[[nodiscard]] const std::vector<DumpedError>& dumped_errors();
// Those of auth_hmac, which keepalived has since 2.4.0: of instances that have it, so that the others' files stay what
// every version writes.
[[nodiscard]] std::span<const DumpedError> dumped_extension_errors(const Router& router);
[[nodiscard]] std::uint64_t count(const DumpedError& error, const Router& router);

}  // namespace vrrpd::engine
