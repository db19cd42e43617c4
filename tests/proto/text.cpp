#include "tests/proto/text.hpp"

#include <fmt/format.h>

namespace vrrpd::proto {

namespace {

std::string remark_text(Remark remark) {
    switch (remark) {
        case Remark::lower_priority_discarded:
            return "lower-priority-discarded";
        case Remark::lower_priority_answered:
            return "lower-priority-answered";
        case Remark::lower_priority_not_answered:
            return "lower-priority-not-answered";
        case Remark::equal_priority_peer:
            return "equal-priority-peer";
        case Remark::second_owner:
            return "second-owner";
        case Remark::interval_learnt:
            return "interval-learnt";
        case Remark::interval_clamped:
            return "interval-clamped";
        case Remark::held_by_other:
            return "held-by-other";
        case Remark::preempt_delayed:
            return "preempt-delayed";
        case Remark::active_fell:
            return "active-fell";
        case Remark::waiting_until_ready:
            return "waiting-until-ready";
        case Remark::not_ready_but_preempting:
            return "not-ready-but-preempting";
        case Remark::late:
            return "late";
        case Remark::not_trying_again_yet:
            return "not-trying-again-yet";
    }
    return "?";
}

struct Printer {
    std::string operator()(const SendAdvert& sent) const {
        return fmt::format("send advert, priority {}", sent.priority.value());
    }
    std::string operator()(const Claim& claim) const { return "claim: " + proto::text(claim.cause); }
    std::string operator()(const Release& release) const { return "release: " + proto::text(release.cause); }
    std::string operator()(const Probe&) const { return "probe"; }
    std::string operator()(const Wants&) const { return "wants the role"; }
    std::string operator()(const AnnounceAgain&) const { return "announce again"; }
    std::string operator()(const Transition& moved) const {
        auto line =
            fmt::format("{} -> {}: {}", proto::text(moved.from), proto::text(moved.to), proto::text(moved.cause));
        if (moved.peer) line += ", " + moved.peer->to_string();
        if (moved.silence > Duration::zero()) line += " silent for " + proto::text(moved.silence);
        return line;
    }
    std::string operator()(const Note& note) const {
        auto line = "note " + remark_text(note.remark);
        if (note.peer) line += " " + note.peer->to_string();
        if (note.priority) line += fmt::format(" priority {}", note.priority->value());
        if (note.interval) line += fmt::format(" interval {}cs", note.interval->count());
        return line;
    }
};

}  // namespace

std::string text(const Action& action) { return std::visit(Printer{}, action); }

std::string text(Role role) {
    switch (role) {
        case Role::initialize:
            return "INIT";
        case Role::backup:
            return "BACKUP";
        case Role::active:
            return "MASTER";
    }
    return "?";
}

std::string text(Cause cause) {
    switch (cause) {
        case Cause::started:
            return "started";
        case Cause::owner:
            return "owner";
        case Cause::silence:
            return "silence";
        case Cause::nobody_heard:
            return "nobody-heard";
        case Cause::resigned:
            return "resigned";
        case Cause::preempted_lower:
            return "preempted-lower";
        case Cause::adopted:
            return "adopted";
        case Cause::higher_priority:
            return "higher-priority";
        case Cause::equal_priority:
            return "equal-priority";
        case Cause::stalled:
            return "stalled";
        case Cause::claim_failed:
            return "claim-failed";
        case Cause::object_lost:
            return "object-lost";
        case Cause::group:
            return "group";
        case Cause::fault:
            return "fault";
        case Cause::stopped:
            return "stopped";
    }
    return "?";
}

std::string text(Duration duration) {
    return fmt::format("{}ms", std::chrono::duration<double, std::milli>(duration).count());
}

}  // namespace vrrpd::proto
