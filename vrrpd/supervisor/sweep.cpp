#include "vrrpd/supervisor/sweep.hpp"

#include <algorithm>
#include <cerrno>

#include "vrrpd/supervisor/switches.hpp"

namespace vrrpd::supervisor {

namespace {

bool is_ours(const netlink::Link& link, const Owned& owned) {
    return netlink::is_ours(link) &&
           std::find(owned.devices.begin(), owned.devices.end(), link.name) != owned.devices.end();
}

bool is_ours(const netlink::Rule& rule, const Owned& owned) {
    if (rule.protocol != netlink::protocol_keepalived) return false;
    return std::any_of(owned.rules.begin(), owned.rules.end(), [&](const OwnedRule& known) {
        return known.family == rule.family && known.table == rule.table &&
               (known.priority == 0 || known.priority == rule.priority);
    });
}

bool is_ours(const netlink::Route& route, const Owned& owned) {
    if (route.protocol != netlink::protocol_keepalived) return false;
    return std::any_of(owned.routes.begin(), owned.routes.end(), [&](const OwnedRoute& known) {
        return known.table == route.table && known.destination == route.destination;
    });
}

bool is_ours(const netlink::Address& address, const std::string& device, const Owned& owned) {
    if (address.protocol != netlink::protocol_keepalived && !address.valid) return false;
    return std::any_of(owned.addresses.begin(), owned.addresses.end(), [&](const OwnedAddress& known) {
        return known.device == device && known.prefix == address.prefix;
    });
}

}  // namespace

std::vector<netlink::Request> leftovers(const Owned& owned, const netlink::Snapshot& kernel) {
    std::vector<netlink::Request> found;
    // First: nothing more leaves it, and its addresses go with it.
    for (const auto& link : kernel.links)
        if (is_ours(link, owned)) found.push_back(netlink::Delete{netlink::Macvlan{link.name, link.base, link.mac}});
    for (const auto& rule : kernel.rules)
        if (is_ours(rule, owned)) found.push_back(netlink::Delete{rule});
    for (const auto& route : kernel.routes)
        if (is_ours(route, owned)) found.push_back(netlink::Delete{route});
    for (const auto& address : kernel.addresses) {
        const auto* const link = kernel.link(address.link);
        if (link != nullptr && is_ours(address, link->name, owned)) found.push_back(netlink::Delete{address});
    }
    return found;
}

bool sweep(const Owned& owned, netlink::Kernel& kernel, Log& log) {
    const auto snapshot = kernel.snapshot();
    if (!snapshot) {
        log.error("{}", snapshot.error().describe());
        return false;
    }
    const auto found = leftovers(owned, *snapshot);
    const auto results = kernel.apply(found);
    const auto name_of = [&](IfIndex index) {
        const auto* const link = snapshot->link(index);
        return link != nullptr ? link->name : std::string();
    };
    bool clean = true;
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (results[i]) {
            log.notice("swept: {}", netlink::describe(found[i], name_of));
        } else {
            log.error("not swept: {}", results[i].error().describe());
            clean = false;
        }
    }
    restore(owned.switches, kernel, log);  // after the addresses: promote_secondaries must still be set then
    return clean;
}

bool sweep_tables(const Owned& owned, netlink::nft::Tables& tables, Log& log) {
    const bool nothing = owned.gateways.empty() && !owned.refuses;
    if (nothing || !tables.abilities().nf_tables) return true;
    bool clean = true;
    const auto check = [&](const auto& done) {
        if (done || done.error().code == ENOENT) return;  // ENOENT: nothing is there
        log.error("{}", done.error().describe());
        clean = false;
    };
    for (const auto& gateway : owned.gateways) check(tables.open_fence(gateway, std::chrono::milliseconds(0)));
    if (!owned.gateways.empty()) check(tables.install({}));
    if (owned.refuses) check(tables.refuse({}));
    return clean;
}

}  // namespace vrrpd::supervisor
