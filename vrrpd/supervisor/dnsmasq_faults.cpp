#include "vrrpd/supervisor/dnsmasq_faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "dhcpsync/core/dnsmasq_check.hpp"
#include "dhcpsync/dnsmasq_files.hpp"

namespace vrrpd::supervisor {

namespace {

using config::Severity;

dhcpsync::GatewayFacts facts_of(const config::Config& config, const config::Gateway& gateway) {
    dhcpsync::GatewayFacts facts;
    facts.networks = gateway.networks();
    for (const auto& lan : gateway.lans) facts.devices.push_back(lan.device);
    for (const auto* instance : config.followed_by(gateway)) {
        for (const auto* list : {&instance->addresses, &instance->excluded_addresses})
            for (const auto& address : *list)
                if (std::find(facts.devices.begin(), facts.devices.end(), address.device) != facts.devices.end())
                    facts.virtual_addresses.push_back(address.prefix);
    }
    if (config.peer_link)
        for (const auto& member : config.peer_link->members) facts.members.push_back(member.address);
    const auto& dnsmasq = config.dhcp_sync->dnsmasq;
    facts.bus_name = dnsmasq.bus_name;
    facts.can_restart = dnsmasq.can_restart();
    facts.lease_file = dnsmasq.lease_file;
    facts.listeners = dhcpsync::tcp_listeners();
    return facts;
}

// Where this host answers DNS for the gateway; nullopt: it does not, as far as the file says.
std::optional<dhcpsync::Listener> own_forwarder(const config::Config& config, const std::string& gateway) {
    const auto& link = config.peer_link;
    if (!link || !link->self) return std::nullopt;
    const auto& self = link->members[*link->self];
    for (const auto& block : config.dns_failovers)
        for (const auto& forwarder : block.forwarders)
            if (block.follows == gateway && (forwarder.name == self.name || forwarder.address == self.address))
                return dhcpsync::Listener{forwarder.address, forwarder.port};
    return std::nullopt;
}

class Faults {
public:
    Faults(const config::Position& block, std::string source) : block_(block), source_(std::move(source)) {}

    void add(Severity severity, const dhcpsync::TextPlace& at, const std::string& text) {
        if (at.file.empty()) return add_at_block(severity, fmt::format("dnsmasq ({}): {}", source_, text));
        faults_.push_back({severity, {at.file, at.line, 0}, "dhcp_sync: " + text, false});
    }
    void add_at_block(Severity severity, const std::string& text) {
        faults_.push_back({severity, block_, "dhcp_sync: " + text, false});
    }
    std::vector<config::Fault> take() { return std::move(faults_); }

private:
    const config::Position& block_;
    std::string source_;
    std::vector<config::Fault> faults_;
};

}  // namespace

std::vector<config::Fault> dnsmasq_faults(const config::Config& config, const config::Position& block) {
    if (!config.dhcp_sync) return {};
    const auto* followed = config.gateway(config.dhcp_sync->follows);
    if (followed == nullptr) return {};  // said already
    auto facts = facts_of(config, *followed);
    facts.forwarder = own_forwarder(config, followed->name);
    const auto& dnsmasq = config.dhcp_sync->dnsmasq;
    const auto found = dhcpsync::find_dnsmasq({dnsmasq.configuration, dnsmasq.lease_file, facts.networks, ""});
    Faults faults(block, found.source);
    if (!found.readable && !dnsmasq.configuration.empty()) {
        faults.add_at_block(Severity::error,
                            fmt::format("{} cannot be read: correct configuration", dnsmasq.configuration));
    } else if (!found.readable) {
        faults.add_at_block(Severity::note,
                            "no configuration of dnsmasq is found, and nothing of it is checked: install "
                            "it here, or write configuration and its path");
    }
    if (!found.readable) return faults.take();
    for (const auto& at : found.text.faulty) faults.add(Severity::note, at, "this is no option of dnsmasq");
    for (const auto& at : found.text.unread)
        faults.add(Severity::note, at, "what this names cannot be read, and is not checked");
    if (found.text.too_much) faults.add(Severity::note, {}, "its configuration is too long: not all of it is checked");
    for (const auto& finding : dhcpsync::check(found.conf, facts))
        faults.add(finding.grave ? Severity::error : Severity::note, finding.at, finding.text);
    return faults.take();
}

}  // namespace vrrpd::supervisor
