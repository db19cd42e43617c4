#include "dnsfailover/core/probe.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace dnsfailover {

namespace {

std::string hexadecimal(std::uint64_t number) {
    std::string text(16, '0');
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit, number >>= 4)
        *digit = "0123456789abcdef"[number & 0xf];
    return text;
}

// A name so long that no label fits in front is asked as it stands.
Name name_of(const Target& target, std::uint64_t label) {
    if (!target.random_label) return target.name;
    return target.name.below(hexadecimal(label)).value_or(target.name);
}

Question question_for(const Plan& plan, const Probe& probe, std::uint64_t label) {
    switch (probe.kind) {
        case Kind::liveness:
            return plan.liveness.at(probe.item);
        case Kind::resolution:
            return {name_of(plan.resolution.at(probe.item), label)};
        case Kind::existence:
            return {plan.existence.at(probe.item)};
        case Kind::canary:
            break;
    }
    const auto& canary = plan.canaries.at(probe.item);
    return {canary.name, canary.type};
}

bool resolved(const Target& target, const Answer& answer) {
    if (!answer.intact) return false;
    if (answer.rcode == Rcode::nxdomain) return target.random_label && !target.wildcard;
    return answer.rcode == Rcode::noerror && answer.records > 0;
}

// A filter may block one of these names: it takes several in a row to be a liar. SERVFAIL and REFUSED deny nothing.
Verdict admitted(const Answer& answer) {
    if (!answer.intact) return Verdict::none;
    if (answer.rcode == Rcode::nxdomain) return Verdict::bad;
    if (answer.rcode != Rcode::noerror) return Verdict::none;
    const auto unspecified = [](const IpAddress& address) { return address.is_unspecified(); };
    const bool nowhere =
        !answer.addresses.empty() && std::all_of(answer.addresses.begin(), answer.addresses.end(), unspecified);
    return answer.records > 0 && !nowhere ? Verdict::good : Verdict::bad;
}

// Filters say "blocked" in several ways: NXDOMAIN, REFUSED, no records, the unspecified address, one of their own.
bool blocked(const Canary& canary, const Answer& answer) {
    const auto expected = [&](const IpAddress& address) {
        return canary.answer ? address == *canary.answer : address.is_unspecified();
    };
    if (canary.answer && answer.addresses.empty()) return false;
    return answer.intact && std::all_of(answer.addresses.begin(), answer.addresses.end(), expected);
}

}  // namespace

std::vector<Question> Plan::questions_that_forwarders_answer() {
    return {{Name::parse("healthcheck.adguardhome.test").value()},
            {Name::parse("version.bind").value(), RecordType::txt, RecordClass::chaos}};
}

std::vector<Name> Plan::names_that_exist() {
    std::vector<Name> names;
    for (const auto* name : {"google.com", "amazon.com", "microsoft.com", "apple.com", "wikipedia.org"})
        names.push_back(Name::parse(name).value());
    return names;
}

std::vector<Target> Plan::names_of_several_operators() {
    std::vector<Target> targets;
    for (auto& name : names_that_exist()) targets.push_back({std::move(name)});
    return targets;
}

Query query_for(const Plan& plan, const Probe& probe, const Dice& dice) {
    return {dice.id, question_for(plan, probe, dice.label)};
}

Verdict judge(const Plan& plan, const Probe& probe, const Answer& answer) {
    if (probe.kind == Kind::liveness) return Verdict::good;
    if (answer.truncated && probe.transport == Transport::udp) return Verdict::ask_over_tcp;
    if (probe.kind == Kind::existence) return admitted(answer);
    const bool good = probe.kind == Kind::resolution ? resolved(plan.resolution.at(probe.item), answer)
                                                     : blocked(plan.canaries.at(probe.item), answer);
    return good ? Verdict::good : Verdict::bad;
}

}  // namespace dnsfailover
