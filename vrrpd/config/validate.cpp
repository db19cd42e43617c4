// What can be judged only of the whole: instances that could not run, pairs of them that collide.
// keepalived ends the whole daemon for one invalid instance; we refuse to start, too, but
// say so for every one, and a reload keeps the old configuration.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {
namespace {

void validate_instance(Reader& reader, const InstanceDraft& draft, const Instance& instance) {
    const auto fatal = [&](std::string_view text) {
        reader.fatal(Severity::error, draft.place, fmt::format("({}) {}", instance.name, text));
    };
    if (!draft.vrid_given)
        fatal("virtual_router_id is missing: write a number from 1 to 255, the same on all routers of this address");
    const bool source_is_enough = instance.unicast() && instance.source;
    if (instance.interface.empty() && !source_is_enough)
        fatal("interface is missing: write the device that the adverts go to");
    if (instance.interface == "lo") fatal("the loopback interface cannot carry VRRP");
    if (!instance.addresses.empty() || draft.no_addresses_wanted) return;
    if (instance.parameters.version == proto::Version::v3 || instance.strict) {
        fatal(instance.strict
                  ? "virtual_ipaddress is missing, strict mode needs one: write one"
                  : "virtual_ipaddress is missing, version 3 needs one: write one, or no_virtual_ipaddress");
    } else {
        reader.fault(Severity::error, draft.place,
                     fmt::format("({}) there is no virtual_ipaddress: write at least one", instance.name));
    }
}

// Two routers of one VRID that nobody could tell apart. Instances with a VMAC are no exception to us:
// their adverts go out on the interface.
void validate_pairs(Reader& reader, const Draft& draft) {
    std::map<proto::RouterKey, std::string> seen;
    for (std::size_t i = 0; i < draft.instances.size(); ++i) {
        const auto& instance = draft.config.instances[i];
        if (!draft.instances[i].vrid_given) continue;
        const auto [other, is_new] = seen.try_emplace(instance.key(), instance.name);
        if (is_new) continue;
        reader.fatal(Severity::error, draft.instances[i].place,
                     fmt::format("({}) has virtual_router_id {} on {}, as {} has: give it another number",
                                 instance.name, instance.vrid.value(), instance.interface, other->second));
    }
}

// peer_link sends its members unicast copies of what a multicast router says. A unicast one of the same VRID, with such
// a member for its peer, could not know that they are not for it.
void validate_copies(Reader& reader, const Draft& draft) {
    if (!draft.config.peer_link) return;
    const auto is_copied_to = [&](const proto::Peer& peer) {
        const auto& members = draft.config.peer_link->members;
        return std::any_of(members.begin(), members.end(),
                           [&](const Member& member) { return member.address == peer.address; });
    };
    const auto& instances = draft.config.instances;
    for (std::size_t i = 0; i < instances.size(); ++i) {
        const auto& unicast = instances[i];
        const auto peer = std::find_if(unicast.peers.begin(), unicast.peers.end(), is_copied_to);
        if (peer == unicast.peers.end()) continue;
        const auto multicast = std::find_if(instances.begin(), instances.end(), [&](const Instance& other) {
            return !other.unicast() && other.vrid == unicast.vrid && other.family == unicast.family &&
                   other.interface == unicast.interface;
        });
        if (multicast == instances.end()) continue;
        reader.fatal(Severity::error, draft.instances[i].place,
                     fmt::format("({}) has virtual_router_id {} on {}, as {} has, whose adverts go to the members of "
                                 "peer_link by unicast, too, and {} is one: give it another number",
                                 unicast.name, unicast.vrid.value(), unicast.interface, multicast->name,
                                 peer->address.to_string()));
    }
}

}  // namespace

void validate(Reader& reader) {
    const auto& draft = reader.draft();
    for (std::size_t i = 0; i < draft.instances.size(); ++i) {
        validate_instance(reader, draft.instances[i], draft.config.instances[i]);
    }
    validate_pairs(reader, draft);
    validate_copies(reader, draft);
}

}  // namespace vrrpd::config
