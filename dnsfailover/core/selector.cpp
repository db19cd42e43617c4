#include "dnsfailover/core/selector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace dnsfailover {

namespace {

std::string_view describe_reason(Reason reason) {
    constexpr std::array<std::string_view, 6> texts{
        "as configured", "{} is dead", "{} resolves nothing", "{} answers over TCP only", "recovered", "as before"};
    return texts.at(static_cast<std::size_t>(reason));
}

// Known to: of an unknown one nobody can say.
bool lives(Health health) { return health != Health::unknown && health != Health::dead; }

}  // namespace

Selector::Selector(std::vector<std::string> names, Policy policy, Instant now, std::size_t answering)
    : policy_(policy), chosen_(answering), since_(now), wan_since_(now), now_(now) {
    ASSERT(answering < names.size());
    if (answering != 0) reason_ = Reason::resumed;
    for (auto& name : names) members_.push_back({std::move(name), Health::unknown, now, now});
}

std::optional<SelectorAction> Selector::step(Instant now, const SelectorEvent& event) {
    now_ = now;
    std::visit([this](const auto& what) { on(what); }, event);
    const auto to = better();
    if (!to) return std::nullopt;
    const auto weight_before = weight();
    reason_ = reason_to_leave();
    left_ = std::exchange(chosen_, *to);
    since_ = now;
    if (!policy_.demote) return Redirect{chosen_, reason_};
    if (weight() == weight_before) return std::nullopt;
    return Weigh{weight(), reason_};
}

Deadline Selector::next_deadline() const {
    Deadline first;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const auto from = may_replace_from(i);
        if (from && *from > now_) first = vrrpd::earlier(first, from);
    }
    return first;
}

void Selector::on(const HealthChanged& event) {
    auto& member = members_.at(event.forwarder);
    if (is_healthy(event.health) && !is_healthy(member.health)) member.healthy_since = now_;
    member.health = event.health;
    member.since = now_;
}

void Selector::on(const WanChanged& event) {
    wan_up_ = event.up;
    wan_since_ = now_;
}

Deadline Selector::may_replace_from(std::size_t candidate) const {
    const auto& answers = members_[chosen_];
    const auto& other = members_[candidate];
    if (candidate == chosen_) return std::nullopt;
    if (answers.health == Health::dead) return lives(other.health) ? Deadline(answers.since) : std::nullopt;
    if (answers.health == Health::tcp_only) {
        if (!lives(other.health) || other.health == Health::tcp_only) return std::nullopt;
        if (other.health == Health::ok) return answers.since;
        return std::max(answers.since, other.since) + policy_.settle;
    }
    if (!is_healthy(other.health)) return std::nullopt;
    if (answers.health == Health::upstream_down) {
        if (!wan_up_) return std::nullopt;
        return std::max({answers.since, other.healthy_since, wan_since_}) + policy_.settle;
    }
    if (candidate > chosen_ || other.health > answers.health) return std::nullopt;
    return other.healthy_since + policy_.hold_down;
}

std::optional<std::size_t> Selector::better() const {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const auto from = may_replace_from(i);
        if (!from || *from > now_) continue;
        if (!best || members_[i].health < members_[*best].health) best = i;
    }
    return best;
}

Reason Selector::reason_to_leave() const {
    const auto health = members_[chosen_].health;
    return health == Health::dead            ? Reason::dead
           : health == Health::tcp_only      ? Reason::tcp_only
           : health == Health::upstream_down ? Reason::upstream_down
                                             : Reason::recovered;
}

bool Selector::none_is_healthy() const {
    return std::none_of(members_.begin(), members_.end(), [](const auto& each) { return is_healthy(each.health); });
}

bool Selector::none_answers() const {
    return std::all_of(members_.begin(), members_.end(), [](const auto& each) { return answers_nobody(each.health); });
}

bool Selector::all_are_dead() const {
    return std::all_of(members_.begin(), members_.end(), [](const auto& each) { return each.health == Health::dead; });
}

bool Selector::chosen_lives() const { return lives(members_[chosen_].health); }

bool Selector::is_deciding() const {
    const auto health = members_[chosen_].health;
    return (health == Health::upstream_down || health == Health::tcp_only) && next_deadline().has_value();
}

bool Selector::nothing_resolves() const {
    const auto has_no_upstream = [](const Member& each) { return each.health == Health::upstream_down; };
    const bool some = std::any_of(members_.begin(), members_.end(), has_no_upstream);
    return !wan_up_ || (some && std::all_of(members_.begin(), members_.end(), [&](const Member& each) {
                            return has_no_upstream(each) || answers_nobody(each.health);
                        }));
}

std::string Selector::describe(Instant now) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - since_).count();
    const auto since = seconds == 0 ? std::string("from now on") : fmt::format("for {} s now", seconds);
    auto text = fmt::format("clients ask {} ({}), {}: {}", members_[chosen_].name, to_string(members_[chosen_].health),
                            since, fmt::format(fmt::runtime(describe_reason(reason_)), members_[left_].name));
    if (rules_may_differ())
        text += fmt::format("; filtering and rules for single clients may differ from those of {}", members_[0].name);
    if (!wan_up_)
        text += "; the WAN is down, which is no reason to move";
    else if (members_.size() == 1 && none_is_healthy())
        text += "; there is no other one";
    else if (nothing_resolves())
        text += "; none of them resolves anything, which is no reason to move (is the internet down?)";
    else if (none_is_healthy())
        text += "; no other one is healthy";
    return text;
}

}  // namespace dnsfailover
