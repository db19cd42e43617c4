#include "vrrpd/engine/refusals.hpp"

#include <algorithm>
#include <utility>

namespace vrrpd::engine {

std::vector<netlink::nft::Refused> refused_by(const config::Instance& instance) {
    std::vector<netlink::nft::Refused> refused;
    if (instance.accepts) return refused;
    for (const auto* list : {&instance.addresses, &instance.excluded_addresses})
        for (const auto& vip : *list) {
            const netlink::nft::Refused one{vip.prefix.address, vip.device};
            if (std::find(refused.begin(), refused.end(), one) == refused.end()) refused.push_back(one);
        }
    return refused;
}

void Refusals::set(std::vector<netlink::nft::Refused> addresses) {
    if (!addresses_ && addresses.empty()) return;
    if (addresses_ && *addresses_ == addresses) return;
    addresses_ = std::make_shared<const std::vector<netlink::nft::Refused>>(std::move(addresses));
    install(false);
}

void Refusals::install(bool anyway) {
    if (desk_.observes()) return;
    desk_.ask(RefusePackets{addresses_, anyway}, [this](const Outcome& outcome) {
        const auto& result = std::get<RulesInstalled>(outcome).result;
        if (result) failure_said_ = false;
        if (result || std::exchange(failure_said_, true)) return;
        log_.error("no_accept: packets to the virtual addresses are accepted, for the rules cannot be set: {}",
                   result.error().describe());
    });
}

void Refusals::rules_changed(const netlink::nft::RulesetMonitor::Seen& seen) {
    if (!addresses_ || addresses_->empty() || (!seen.ours_touched && !seen.overrun)) return;
    if (seen.ours_touched)
        log_.warning("our packet rules were touched by {}: those of no_accept are looked after",
                     seen.by.empty() ? std::string("someone else") : seen.by);
    install(true);
}

void Refusals::look() {
    if (addresses_ && !addresses_->empty()) install(true);
}

}  // namespace vrrpd::engine
