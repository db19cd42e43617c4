#include "vrrpd/agent/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace vrrpd::agent {

namespace {

// In the order of the file or of the addresses, whichever is of no consequence: sorted.
void append_sorted(std::string& text, std::vector<std::string> lines) {
    std::sort(lines.begin(), lines.end());
    for (const auto& line : lines) text += line + '\n';
}

// An address counts with its prefix length; two hosts may hold it on other devices.
std::string describe(const config::Instance& instance) {
    auto text = fmt::format("router {} {} v{} every {} cs, {}{}", instance.family == Family::ipv4 ? "ipv4" : "ipv6",
                            instance.vrid.value(), static_cast<int>(instance.parameters.version),
                            instance.parameters.advert_interval.count(), instance.unicast() ? "unicast" : "multicast",
                            instance.group ? " " + instance.group->to_string() : "");
    // Adverts name only these: the others may be a host's own.
    std::vector<std::string> addresses;
    for (const auto& address : instance.addresses) addresses.push_back(" address " + address.prefix.to_string());
    text += '\n';
    append_sorted(text, std::move(addresses));
    return text;
}

std::string describe(const config::Gateway& gateway, const std::vector<const config::Instance*>& followed) {
    auto text = fmt::format("gateway {} follows", gateway.name);
    for (const auto* instance : followed)
        text += fmt::format(" {} {}", instance->vrid.value(), instance->family == Family::ipv6 ? "ipv6" : "ipv4");
    text += '\n';
    std::vector<std::string> lines;
    for (const auto& lan : gateway.lans) lines.push_back(" lan " + lan.prefix.to_string());
    if (gateway.wan)
        for (const auto& held : gateway.wan->held) lines.push_back(" held " + held.to_string());
    const auto& rules = gateway.rules;
    if (rules.masquerade) lines.emplace_back(" masquerade");
    if (rules.hairpin) lines.emplace_back(" hairpin");
    if (rules.clamp_mss) lines.emplace_back(" clamp_mss");
    for (const auto& forward : rules.forwards)
        lines.push_back(fmt::format(" forward {} {}-{} to {} {}", static_cast<int>(forward.transport),
                                    forward.ports.first, forward.ports.last, forward.to.to_string(), forward.to_port));
    append_sorted(text, std::move(lines));
    return text;
}

// Here the order of the list matters.
std::string describe(const config::DnsFailover& dns) {
    auto text = fmt::format("dns_failover {} {} zone {}\n", dns.follows,
                            dns.demote ? fmt::format("demote {}", *dns.demote) : "redirect", dns.zone);
    for (const auto& forwarder : dns.forwarders)
        text += fmt::format(" forwarder {} {} {}\n", forwarder.name, forwarder.address.to_string(), forwarder.port);
    for (const auto& canary : dns.canaries)
        text += fmt::format(" canary {} {}\n", canary.name, canary.address.to_string());
    return text;
}

// ---- AdGuard Home -------------------------------------------------------------------------------------

constexpr std::array adguard_sections{std::string_view("dns"),        std::string_view("filtering"),
                                      std::string_view("filters"),    std::string_view("whitelist_filters"),
                                      std::string_view("user_rules"), std::string_view("clients")};
constexpr std::array not_settings{std::string_view("bind_host"), std::string_view("id"),
                                  std::string_view("last_updated"), std::string_view("password"),
                                  std::string_view("uid")};
constexpr std::string_view list_of_own_addresses = "bind_hosts";

std::string_view without_indent(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(" -"), line.size()));
    return line;
}

std::size_t indent(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

template <class Names>
bool is_one_of(const Names& names, std::string_view key) {
    return std::find(names.begin(), names.end(), key) != names.end();
}

// Reads just so much of YAML as AdGuard Home writes: one key a line, lists by dashes, sections in the first column.
class AdguardReader {
public:
    void line(std::string_view text) {
        const auto key = without_indent(text).substr(0, without_indent(text).find(':'));
        if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') wanted_ = is_one_of(adguard_sections, key);
        if (!wanted_ || is_own_address(text, key) || is_one_of(not_settings, key)) return;
        // A dash before a key that is left out moves to none: whether there is one says nothing.
        result += std::string(indent(text), ' ') + std::string(without_indent(text)) + '\n';
    }
    std::string result;

private:
    bool is_own_address(std::string_view text, std::string_view key) {
        if (key == list_of_own_addresses) {
            own_addresses_from_ = indent(text);
            return true;
        }
        const bool goes_on =
            own_addresses_from_ && text.substr(indent(text)).starts_with("- ") && indent(text) >= *own_addresses_from_;
        if (!goes_on) own_addresses_from_.reset();
        return goes_on;
    }

    bool wanted_ = false;
    std::optional<std::size_t> own_addresses_from_;  // the indent of bind_hosts, while in its list
};

}  // namespace

std::string canonical_vrrp(const config::Config& config) {
    std::vector<std::string> parts;
    for (const auto& instance : config.instances) parts.push_back(describe(instance));
    for (const auto& gateway : config.gateways) parts.push_back(describe(gateway, config.followed_by(gateway)));
    for (const auto& dns : config.dns_failovers) parts.push_back(describe(dns));
    if (config.dhcp_sync) parts.push_back("dhcp_sync " + config.dhcp_sync->follows + '\n');
    if (config.peer_link) {
        parts.push_back(fmt::format("peer_link port {}\n", config.peer_link->port));
        for (const auto& member : config.peer_link->members)
            parts.push_back(fmt::format("member {} {}\n", member.name, member.address.to_string()));
    }
    std::string text;
    append_sorted(text, std::move(parts));
    return text;
}

std::string canonical_adguard(std::string_view yaml) {
    AdguardReader reader;
    while (!yaml.empty()) {
        const auto end = std::min(yaml.find('\n'), yaml.size());
        reader.line(yaml.substr(0, end));
        yaml.remove_prefix(std::min(end + 1, yaml.size()));
    }
    return std::move(reader.result);
}

}  // namespace vrrpd::agent
