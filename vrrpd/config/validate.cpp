// What can be judged only of the whole: instances that could not run, pairs of them that collide.
// keepalived ends the whole daemon for one invalid instance; we refuse to start, too, but
// say so for every one, and a reload keeps the old configuration.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

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

// Two routers of one VRID where they hear each other. Instances with a VMAC are no exception to us:
// their adverts go out on the interface.
void validate_pairs(Reader& reader, const Draft& draft) {
    using Key = std::tuple<std::string, proto::Vrid, Family, bool, std::optional<IpAddress>>;
    std::map<Key, std::string> seen;
    for (std::size_t i = 0; i < draft.instances.size(); ++i) {
        const auto& instance = draft.config.instances[i];
        if (!draft.instances[i].vrid_given) continue;
        const auto apart = instance.unicast() ? instance.source : instance.group;
        const auto [other, is_new] = seen.try_emplace(
            {instance.interface, instance.vrid, instance.family, instance.unicast(), apart}, instance.name);
        if (is_new) continue;
        reader.fatal(Severity::error, draft.instances[i].place,
                     fmt::format("({}) has virtual_router_id {} on {}, as {} has: give it another number",
                                 instance.name, instance.vrid.value(), instance.interface, other->second));
    }
}

}  // namespace

void validate(Reader& reader) {
    const auto& draft = reader.draft();
    for (std::size_t i = 0; i < draft.instances.size(); ++i) {
        validate_instance(reader, draft.instances[i], draft.config.instances[i]);
    }
    validate_pairs(reader, draft);
}

}  // namespace vrrpd::config
