#include "vrrpd/engine/core/describe.hpp"

#include <algorithm>
#include <set>

namespace vrrpd::engine {

namespace {

using proto::Cause;
using proto::Remark;

std::string who(const std::optional<IpAddress>& peer, const NameOf& name_of) {
    return peer ? name_of(*peer) : "the other router";
}

std::string join(const std::vector<std::string>& parts) {
    std::string result;
    for (const auto& part : parts) result += (result.empty() ? "" : ", ") + part;
    return result;
}

std::string cause_text(const proto::Transition& transition, const std::vector<std::string>& faults,
                       const NameOf& name_of) {
    const auto peer = who(transition.peer, name_of);
    switch (transition.cause) {
        case Cause::started:
            return "listening";
        case Cause::owner:
            return "priority 255, the address owner";
        case Cause::silence:
            return peer + " silent for " + text(transition.silence);
        case Cause::nobody_heard:
            return "nobody heard, nobody holds the addresses";
        case Cause::resigned:
            return peer + " gave up the role (priority 0)";
        case Cause::preempted_lower:
            return "preempting " + peer + ", which has a lower priority";
        case Cause::adopted:
            return "adopted from the engine before, still ours";
        case Cause::higher_priority:
            return peer + " has a higher priority";
        case Cause::equal_priority:
            return peer + " has the same priority and a higher address";
        case Cause::stalled:
            return "this process stood still for longer than the others wait; where the machine is only busy, "
                   "vrrp_rt_priority 1 in global_defs gives it precedence";
        case Cause::claim_failed:
            return "a virtual address could not be added, or did not stay";
        case Cause::object_lost:
            return "something that goes with the role was removed by someone else (lost_address give_up_role)";
        case Cause::group:
            return "another instance of its sync group gave up the role";
        case Cause::fault:
            return faults.empty() ? "fault" : join(faults);
        case Cause::stopped:
            return "stopped";
    }
    return {};
}

std::string priority_text(const std::optional<proto::Priority>& priority) {
    return priority ? std::to_string(priority->value()) : "?";
}

std::string seconds_text(const std::optional<Centiseconds>& interval) { return interval ? text(*interval) : "?"; }

}  // namespace

std::string name(proto::Role role) {
    switch (role) {
        case proto::Role::initialize:
            return "FAULT";
        case proto::Role::backup:
            return "BACKUP";
        case proto::Role::active:
            return "MASTER";
    }
    return {};
}

std::string text(Duration duration) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    if (us < 10'000) return fmt::format("{:.1f} ms", static_cast<double>(us) / 1e3);
    if (us < 2'000'000) return fmt::format("{} ms", us / 1000);
    return fmt::format("{:.1f} s", static_cast<double>(us) / 1e6);
}

std::string describe(const TakeOver& steps) {
    const auto at = [&](Instant step) { return text(step - steps.began); };
    return fmt::format("{}kernel {}, announced {}", steps.fence ? "fence " + at(*steps.fence) + ", " : "",
                       at(steps.written), at(steps.announced));
}

LogLine describe(const proto::Transition& transition, const std::vector<std::string>& faults, const NameOf& name_of) {
    const auto level = transition.cause == Cause::fault || transition.cause == Cause::claim_failed ||
                               transition.cause == Cause::stalled || transition.cause == Cause::object_lost
                           ? LogLevel::warning
                           : LogLevel::notice;
    const auto cause = cause_text(transition, faults, name_of);
    if (transition.cause == Cause::stopped) return {level, "Leaving " + name(transition.from) + " STATE: stopped"};
    return {level, "Entering " + name(transition.to) + " STATE: " + cause};
}

LogLine describe(const proto::Note& note, const NoteContext& context, const NameOf& name_of) {
    const auto peer = who(note.peer, name_of);
    const auto priority = priority_text(note.priority);
    const auto ours = std::to_string(context.own.value());
    switch (note.remark) {
        case Remark::lower_priority_discarded:
            return {LogLevel::info,
                    fmt::format("received lower priority ({}) advert from {} - discarding: ours is {}, preempting",
                                priority, peer, ours)};
        case Remark::lower_priority_answered:
            return {LogLevel::warning,
                    fmt::format("Received advert from {} with lower priority {}, ours {}, forcing new election: "
                                "answered, addresses announced again",
                                peer, priority, ours)};
        case Remark::lower_priority_not_answered:
            return {LogLevel::warning,
                    fmt::format(
                        "Received advert from {} with lower priority {}, ours {}: not answered (lower_prio_no_advert)",
                        peer, priority, ours)};
        case Remark::equal_priority_peer:
            return {LogLevel::warning,
                    fmt::format("{} has the same priority {} as we: give each router its own", peer, ours)};
        case Remark::second_owner:
            return {
                LogLevel::error,
                fmt::format("CONFIGURATION ERROR: {} has priority 255 too; only one router can own the address", peer)};
        case Remark::interval_learnt:
            return {LogLevel::warning,
                    fmt::format("{} advertises every {}: waiting accordingly; set the same advert_int everywhere", peer,
                                seconds_text(note.interval))};
        case Remark::interval_clamped:
            return {LogLevel::warning,
                    fmt::format("{} claims to advertise every {}: not believed, cut (max_learnt_interval)", peer,
                                seconds_text(note.interval))};
        case Remark::held_by_other:
            return {LogLevel::warning, "staying BACKUP: " + context.holder +
                                           ", whose adverts we do not hear: no vrrpd there, protocol 112 "
                                           "blocked, or another VRID"};
        case Remark::preempt_delayed:
            return {LogLevel::info,
                    fmt::format("{} has a lower priority ({}, ours {}); preempt_delay begins", peer, priority, ours)};
        case Remark::active_fell:
            return {LogLevel::info,
                    fmt::format("the priority of {} fell to {} (ours {}): taking over in {}, unless ours falls too",
                                peer, priority, ours, text(proto::relief_delay))};
        case Remark::waiting_until_ready:
            return {LogLevel::info, fmt::format("not yet preempting {}: NOT ready: {}", peer, join(context.obstacles))};
        case Remark::not_ready_but_preempting:
            return {LogLevel::warning,
                    fmt::format("still NOT ready, but preempting {} all the same: {}", peer, join(context.obstacles))};
        case Remark::late:
            return {LogLevel::warning,
                    "this process was late by more than a down interval: listening for one more interval"};
        case Remark::not_trying_again_yet:
            return {LogLevel::warning, fmt::format("leaving the role to {} for now, although its priority {} is lower "
                                                   "than ours ({}): our addresses could not be added, or did not stay",
                                                   peer, priority, ours)};
    }
    return {};
}

std::string describe_better(const proto::Transition& transition, unsigned priority, proto::Priority own,
                            const NameOf& name_of) {
    const auto peer = who(transition.peer, name_of);
    if (transition.cause == Cause::higher_priority)
        return fmt::format("Master received advert from {} with higher priority {}, ours {}", peer, priority,
                           own.value());
    if (transition.cause == Cause::equal_priority)
        return fmt::format("Master received advert from {} with same priority {} but higher IP address than ours", peer,
                           priority);
    return {};
}

std::string describe_priority(proto::Priority before, proto::Priority after, const std::vector<proto::Tracked>& was,
                              const std::vector<proto::Tracked>& is) {
    std::vector<std::string> reasons;
    for (std::size_t i = 0; i < is.size(); ++i) {
        const auto& now = is[i];
        const bool known = i < was.size() && was[i].name == now.name;  // the order is the configuration's
        if (proto::contribution(now) != (known ? proto::contribution(was[i]) : 0))
            reasons.push_back(now.name + ' ' + (now.word.empty() ? (now.up ? "up" : "down") : now.word));
    }
    if (reasons.empty()) reasons.push_back("reconfigured");
    return fmt::format("Changing effective priority from {} to {}: {}", before.value(), after.value(), join(reasons));
}

std::string describe_difference(const std::vector<config::VirtualAddress>& own,
                                const std::vector<IpAddress>& advertised) {
    const auto same = [](const config::VirtualAddress& vip, const IpAddress& address) {
        return vip.prefix.address == address;
    };
    if (std::equal(own.begin(), own.end(), advertised.begin(), advertised.end(), same)) return {};
    std::set<IpAddress> ours, theirs(advertised.begin(), advertised.end());
    for (const auto& vip : own) ours.insert(vip.prefix.address);
    const auto listed = [](std::string_view word, const std::set<IpAddress>& all, const std::set<IpAddress>& but) {
        constexpr std::size_t most = 5;
        std::vector<std::string> names;
        std::size_t count = 0;
        for (const auto& address : all)
            if (!but.contains(address) && ++count <= most) names.push_back(address.to_string());
        if (count > most) names.push_back(fmt::format("{} more", count - most));
        return names.empty() ? std::string() : fmt::format("{} {}", word, join(names));
    };
    const auto missing = listed("without", ours, theirs), added = listed("with", theirs, ours);
    return missing.empty() || added.empty() ? missing + added : missing + ", " + added;
}

std::string_view advice(proto::Rejection why) {
    switch (why) {
        case proto::Rejection::wrong_auth_type:
            return " (auth_type is not ours: write the same authentication on both)";
        case proto::Rejection::wrong_auth_data:
            return " (auth_pass is not ours: write the same one on both)";
        case proto::Rejection::replayed:
            return " (a number that was heard already: somebody repeats old adverts, or two routers speak at once)";
        case proto::Rejection::no_hmac:
            return " (not signed: give it auth_hmac, or write mode permissive until it has it)";
        case proto::Rejection::malformed_hmac:
            return " (a signature of another kind: keepalived 2.4.2 or later is understood)";
        case proto::Rejection::stale_hmac:
            return " (signed at another time: set both clocks by NTP, or write a longer time_window)";
        case proto::Rejection::unknown_key:
            return " (signed with a key of a number that we do not have)";
        case proto::Rejection::wrong_hmac:
            return " (signed with another key: write the same one on both)";
        default:
            return {};
    }
}

}  // namespace vrrpd::engine
