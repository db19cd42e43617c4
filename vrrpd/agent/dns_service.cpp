#include "vrrpd/agent/dns_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vrrpd::agent {

namespace {

using dnsfailover::Health;
using dnsfailover::HealthChange;
using dnsfailover::HealthChanged;
using dnsfailover::SelectorEvent;

std::optional<std::size_t> find_own(const config::DnsFailover& config, const Self& self) {
    for (std::size_t i = 0; i < config.forwarders.size(); ++i)
        if (config.forwarders[i].name == self.name || config.forwarders[i].address == self.address) return i;
    return std::nullopt;
}

std::vector<std::size_t> of_family(const config::DnsFailover& config, Family family) {
    std::vector<std::size_t> result;
    for (std::size_t i = 0; i < config.forwarders.size(); ++i)
        if (config.forwarders[i].address.family() == family) result.push_back(i);
    return result;
}

std::vector<std::size_t> beginning_with(std::size_t first, std::size_t count) {
    std::vector<std::size_t> result{first};
    for (std::size_t i = 0; i < count; ++i)
        if (i != first) result.push_back(i);
    return result;
}

// Where the forwarder stands that is known by this name, on its way of the two; the first one if it is gone.
std::size_t position_of(const config::Forwarder* wanted, const std::vector<std::size_t>& order,
                        const std::vector<config::Forwarder>& forwarders) {
    const auto at = std::find_if(order.begin(), order.end(), [&](std::size_t number) {
        const auto& each = forwarders[number];
        return wanted && each.name == wanted->name && each.address.family() == wanted->address.family();
    });
    return at == order.end() ? 0 : static_cast<std::size_t>(at - order.begin());
}

// The event as a Selector over `order` numbers it; nullopt: it is about none of these.
std::optional<SelectorEvent> numbered(const SelectorEvent& event, const std::vector<std::size_t>& order) {
    const auto* health = std::get_if<HealthChanged>(&event);
    if (!health) return event;
    const auto at = std::find(order.begin(), order.end(), health->forwarder);
    if (at == order.end()) return std::nullopt;
    return HealthChanged{static_cast<std::size_t>(at - order.begin()), health->health};
}

// Filters block in several ways; who writes 0.0.0.0 means any of them.
dnsfailover::Canary to_ask(const dnsfailover::Name& name, const IpAddress& address) {
    return {name, address.is_unspecified() ? std::nullopt : std::optional(address),
            address.is_v6() ? dnsfailover::RecordType::aaaa : dnsfailover::RecordType::a};
}

// Beside an own zone the well-known names stay: where the zone's own servers are down, no forwarder is to blame.
dnsfailover::Plan plan_of(const config::DnsFailover& config) {
    dnsfailover::Plan plan;
    if (const auto zone = dnsfailover::Name::parse(config.zone); zone && !config.zone.empty())
        plan.resolution.insert(plan.resolution.begin(), {*zone, true, true});
    for (const auto& canary : config.canaries)
        if (const auto name = dnsfailover::Name::parse(canary.name))
            plan.canaries.push_back(to_ask(*name, canary.address));
    return plan;
}

constexpr std::string_view none_lives = "no DNS forwarder lives, so no question is sent on";

// Of those that answers_nobody() names.
std::string_view how_it_fails(Health health) { return health == Health::dead ? "is dead" : "answers over TCP only"; }

std::vector<dnsfailover::Prober::Forwarder> to_probe(const config::DnsFailover& config) {
    dnsfailover::Checks checks;
    checks.plan = plan_of(config);
    std::vector<dnsfailover::Prober::Forwarder> result;
    for (const auto& forwarder : config.forwarders)
        result.push_back({forwarder.name, {forwarder.address, forwarder.port}, checks});
    return result;
}

}  // namespace

DnsService::DnsService(Loop& loop, Log& log, Setup setup, DnsOutcomes outcomes, const DnsService* before)
    : loop_(loop),
      log_(log),
      setup_(std::move(setup)),
      outcomes_(std::move(outcomes)),
      own_(find_own(config_, setup_.self)),
      prober_(loop, log, to_probe(config_),
              [this](std::size_t forwarder, const HealthChange& change) { healths_changed(forwarder, change); }) {
    for (const auto family : {Family::ipv4, Family::ipv6})
        if (auto order = of_family(config_, family); !config_.demote && !order.empty())
            choices_.push_back(choice_of(std::move(order), before ? before->answering(family) : nullptr));
    if (own_)
        ours_ = choice_of(beginning_with(*own_, config_.forwarders.size()), before ? counting_for(*before) : nullptr);
    tell_of_own();
}

DnsService::Choice DnsService::choice_of(std::vector<std::size_t> order, const config::Forwarder* answering) const {
    std::vector<std::string> names;
    for (const auto number : order) names.push_back(forwarder(number).name);
    dnsfailover::Policy policy;
    policy.demote = config_.demote;
    if (config_.hold_down) policy.hold_down = *config_.hold_down;
    const auto first = position_of(answering, order, config_.forwarders);
    return {std::move(order), {std::move(names), policy, loop_.now(), first}};
}

const config::Forwarder* DnsService::answering(Family family) const {
    for (const auto& choice : choices_)
        if (const auto& chosen = forwarder(choice.chosen()); chosen.address.family() == family) return &chosen;
    return nullptr;
}

// Which one that service took for better than this host's own.
const config::Forwarder* DnsService::counting_for(const DnsService& before) const {
    if (!before.own_ || before.forwarder(*before.own_).name != forwarder(*own_).name) return nullptr;
    return &before.forwarder(before.ours_->chosen());
}

Deadline DnsService::next_deadline() const {
    auto next = prober_.next_deadline();
    for (const auto& choice : choices_) next = earlier(next, choice.selector.next_deadline());
    if (ours_) next = earlier(next, ours_->selector.next_deadline());
    return next;
}

void DnsService::step() {
    prober_.time_reached();
    decide(dnsfailover::TimeReached{});
}

void DnsService::wan_changed(const ipc::WanState& state) {
    if (state.gateway == config_.follows) decide(dnsfailover::WanChanged{state.up});
}

// A forwarder on a router that fell silent is as silent; waiting for its probes would cost the clients seconds.
void DnsService::host_silent(const IpAddress& address) {
    for (std::size_t i = 0; i < config_.forwarders.size(); ++i)
        if (config_.forwarders[i].address == address) prober_.host_silent(i);
}

void DnsService::healths_changed(std::size_t which, const HealthChange& change) {
    decide(HealthChanged{which, change.to});
}

void DnsService::decide(const SelectorEvent& event) {
    for (auto& choice : choices_) step(choice, event);
    if (ours_) step_own(event);
    tell_of_own();
}

void DnsService::step(Choice& choice, const SelectorEvent& event) {
    const auto its = numbered(event, choice.order);
    const bool moved = its && choice.selector.step(loop_.now(), *its);
    tell(choice, moved);
}

void DnsService::step_own(const SelectorEvent& event) {
    const auto its = numbered(event, ours_->order);
    if (its && ours_->selector.step(loop_.now(), *its) && config_.demote)
        log_.notice("gateway {}: {}", config_.follows, describe_weight());
}

bool DnsService::is_known(std::size_t which) const { return prober_.monitor(which).health() != Health::unknown; }

// nullopt: nobody knows. The first time not one that is about to be replaced: who answered before us is left alone for
// so long.
std::optional<ipc::DnsChoice> DnsService::decided(const Choice& choice) const {
    const auto& chosen = forwarder(choice.chosen());
    if (choice.selector.all_are_dead()) return ipc::DnsChoice::nobody(config_.follows, chosen.address.family());
    if (!choice.selector.chosen_lives() || (!choice.told && choice.selector.is_deciding())) return std::nullopt;
    return ipc::DnsChoice{config_.follows, chosen.address, chosen.port};
}

void DnsService::tell(Choice& choice, bool moved) {
    const auto now = decided(choice);
    const bool news = now && choice.told != now, to_nobody = news && now->is_nobody();
    const bool back = news && choice.told && choice.told->is_nobody();
    if (to_nobody)
        log_.warning(
            "{}: {}: what this router itself has at port 53 of the virtual address is asked. A forwarder must answer "
            "at the address that the list gives it",
            heading(choice), none_lives);
    else if (moved || back)
        log_.notice("{}", describe(choice));
    if (!news) return;
    choice.told = now;
    outcomes_.choose(*now);
}

// Of a host without a forwarder nothing can die; and an earlier configuration may have weighed what this one does not.
void DnsService::tell_of_own() {
    if (own_ && (!is_known(*own_) || ours_->selector.is_deciding())) return;
    weigh(own_ && config_.demote ? ours_->selector.weight() : 0);
    judge(own_is_up());
}

void DnsService::weigh(int weight) {
    if (std::exchange(weight_, weight) != weight) outcomes_.weigh({config_.follows, "dns", weight});
}

void DnsService::judge(bool up) {
    if (std::exchange(up_, up) != up) outcomes_.judge({config_.follows, up});
}

// One that resolves nothing is down only where another one resolves, and long enough: else it is the WAN.
bool DnsService::own_is_up() const {
    if (!own_) return true;
    const auto health = prober_.monitor(*own_).health();
    if (answers_nobody(health)) return false;
    return health != Health::upstream_down || !is_healthy(prober_.monitor(ours_->chosen()).health());
}

std::string DnsService::heading(const Choice& choice) const {
    const bool one_of_two = choices_.size() > 1, v4 = forwarder(choice.chosen()).address.is_v4();
    return fmt::format("gateway {}{}", config_.follows, !one_of_two ? "" : v4 ? " over IPv4" : " over IPv6");
}

std::string DnsService::describe(const Choice& choice) const {
    auto text = fmt::format("{}: {}", heading(choice), choice.selector.describe(loop_.now()));
    if (choice.chosen() != own_)
        text += fmt::format("; {} sees this router's address instead of theirs", forwarder(choice.chosen()).name);
    return text;
}

std::string DnsService::describe_weight() const {
    if (!ours_) return "no forwarder runs on this host, so none can die";
    const auto& own = forwarder(*own_).name;
    const auto health = to_string(prober_.monitor(*own_).health());
    const auto& better = forwarder(ours_->chosen()).name;
    const auto its = prober_.monitor(ours_->chosen()).health();
    const auto weight = ours_->selector.weight();
    if (weight == 0) return fmt::format("{} ({}) answers here: no weight", own, health);
    if (its < prober_.monitor(*own_).health())
        return fmt::format("{} here is {} and {} is not: {} on the priority", own, health, better, weight);
    return fmt::format("{} here is {} and has yet to prove itself, {} is {}: still {} on the priority", own, health,
                       better, to_string(its), weight);
}

// Nobody of those who could would do better.
std::string DnsService::trouble() const {
    if (config_.demote && own_)
        if (const auto health = prober_.monitor(*own_).health(); answers_nobody(health))
            return fmt::format("{}, the DNS forwarder of this host, {}", forwarder(*own_).name, how_it_fails(health));
    for (const auto& choice : choices_) {
        if (!choice.selector.none_answers()) continue;
        const auto* family = forwarder(choice.chosen()).address.is_v6() ? "IPv6" : "IPv4";
        if (choice.selector.all_are_dead()) return fmt::format("no forwarder answers over {}", family);
        return fmt::format("questions over {} still go to {}, which {}: no other forwarder is better", family,
                           forwarder(choice.chosen()).name, how_it_fails(prober_.monitor(choice.chosen()).health()));
    }
    return {};
}

DnsStatus DnsService::status() const {
    DnsStatus result;
    result.gateway = config_.follows;
    result.redirects = !config_.demote;
    result.known = true;
    std::vector<std::string> answers, why;
    for (const auto& choice : choices_) {
        if (choice.selector.all_are_dead()) {
            why.emplace_back(none_lives);
        } else {
            answers.push_back(forwarder(choice.chosen()).name);
            why.push_back(choice.selector.describe(loop_.now()));
        }
        result.since = std::max(result.since, choice.selector.since());
        result.may_differ |= choice.selector.rules_may_differ();
        result.wan_down |= choice.selector.nothing_resolves();
        result.known &= is_known(choice.chosen());
    }
    if (config_.demote) {
        why.push_back(describe_weight());
        if (own_) answers.push_back(forwarder(*own_).name);
        if (ours_) result.since = ours_->selector.since();
        result.wan_down = ours_ && ours_->selector.nothing_resolves();
        result.known = !own_ || is_known(*own_);
    }
    result.answers = fmt::format("{}", fmt::join(answers, ", "));
    result.why = fmt::format("{}", fmt::join(why, "; "));
    add_forwarders(result);
    result.trouble = result.none_alive ? "no DNS forwarder answers" : trouble();
    return result;
}

void DnsService::add_forwarders(DnsStatus& result) const {
    result.none_alive = true;
    for (std::size_t i = 0; i < config_.forwarders.size(); ++i) {
        const auto& each = forwarder(i);
        const auto& monitor = prober_.monitor(i);
        result.forwarders.push_back({each.name, each.address, each.port, std::string(to_string(monitor.health())),
                                     std::string(dnsfailover::describe(monitor.symptom())), monitor.since(),
                                     monitor.latency()});
        result.none_alive = result.none_alive && answers_nobody(monitor.health());
    }
}

}  // namespace vrrpd::agent
