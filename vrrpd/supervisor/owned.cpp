#include "vrrpd/supervisor/owned.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>

#include "vrrpd/engine/core/plan.hpp"

namespace vrrpd::supervisor {

using netlink::DeviceOption;

namespace {

struct OptionName {
    DeviceOption option;
    const char* name;
};
constexpr std::array option_names{
    OptionName{DeviceOption::forwarding_ipv4, "forwarding_ipv4"},
    OptionName{DeviceOption::forwarding_ipv6, "forwarding_ipv6"},
    OptionName{DeviceOption::promote_secondaries, "promote_secondaries"},
    OptionName{DeviceOption::accept_ra, "accept_ra"},
    OptionName{DeviceOption::send_redirects, "send_redirects"},
    OptionName{DeviceOption::arp_ignore, "arp_ignore"},
    OptionName{DeviceOption::arp_filter, "arp_filter"},
    OptionName{DeviceOption::arp_announce, "arp_announce"},
    OptionName{DeviceOption::rp_filter, "rp_filter"},
};

std::optional<DeviceOption> option_of(std::string_view name) {
    for (const auto& known : option_names)
        if (known.name == name) return known.option;
    return std::nullopt;
}

template <class T>
void sort_unique(std::vector<T>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
    sort_unique(to);
}

void own_instance(const config::Instance& instance, Owned& into) {
    for (const auto* list : {&instance.addresses, &instance.excluded_addresses})
        for (const auto& vip : *list) into.addresses.push_back({vip.device, vip.prefix});
    for (const auto& [route, hops, track] : instance.routes)
        into.routes.push_back({route.destination.network(), route.table});
    for (const auto& [rule, track] : instance.rules) into.rules.push_back({rule.family, rule.priority, rule.table});
    for (const auto& device : instance.virtual_mac->devices) into.devices.push_back(device.name);
    into.refuses = into.refuses || !instance.accepts;
}

// The n-th gateway's table and its two rules (engine/plan.hpp).
void own_gateway(const config::Gateway& gateway, std::uint32_t number, Owned& into) {
    into.gateways.push_back(gateway.name);
    if (!gateway.wan) return;
    for (const auto& held : gateway.wan->held) into.addresses.push_back({gateway.wan->device, held});
    const std::uint32_t table = engine::gateway_table_base + number;
    const std::uint32_t priority = engine::gateway_rule_base + 2 * number;
    for (const char* const anywhere : {"0.0.0.0/0", "::/0"}) {
        const Prefix destination = *Prefix::parse(anywhere);
        const Family family = destination.address.family();
        into.routes.push_back({destination, table});
        into.rules.push_back({family, priority, netlink::main_table});
        into.rules.push_back({family, priority + 1, table});
    }
}

// One line of the file, taken apart; a word that is missing or malformed spoils the line.
class LineReader {
public:
    explicit LineReader(const std::string& line) : words_(line) {}

    std::string word() {
        std::string text;
        if (!(words_ >> text)) good_ = false;
        return text;
    }
    template <class Number>
    Number number() {
        Number value{};
        if (!(words_ >> value)) good_ = false;
        return value;
    }
    Prefix prefix() {
        const auto parsed = Prefix::parse(word());
        good_ = good_ && parsed;
        return parsed.value_or(Prefix{});
    }
    Family family() {
        const auto text = word();
        good_ = good_ && (text == "ipv4" || text == "ipv6");
        return text == "ipv6" ? Family::ipv6 : Family::ipv4;
    }
    DeviceOption option() {
        const auto parsed = option_of(word());
        good_ = good_ && parsed;
        return parsed.value_or(DeviceOption{});
    }
    template <class T>
    void into(std::vector<T>& list, T value) const {
        if (good_) list.push_back(std::move(value));
    }

private:
    std::istringstream words_;
    bool good_ = true;
};

void parse_line(const std::string& line, Owned& into) {
    LineReader reader(line);
    const auto kind = reader.word();
    // Braces keep the order of the words.
    if (kind == "address") reader.into(into.addresses, OwnedAddress{reader.word(), reader.prefix()});
    if (kind == "route") reader.into(into.routes, OwnedRoute{reader.prefix(), reader.number<std::uint32_t>()});
    if (kind == "rule")
        reader.into(into.rules,
                    OwnedRule{reader.family(), reader.number<std::uint32_t>(), reader.number<std::uint32_t>()});
    if (kind == "switch")
        reader.into(into.switches,
                    OwnedSwitch{reader.word(), reader.option(), reader.number<int>(), reader.number<int>()});
    if (kind == "gateway") reader.into(into.gateways, reader.word());
    if (kind == "device") reader.into(into.devices, reader.word());
    if (kind == "refuses") into.refuses = true;
}

}  // namespace

const char* name_of(DeviceOption option) {
    return std::find_if(option_names.begin(), option_names.end(), [&](const auto& n) { return n.option == option; })
        ->name;
}

Owned owned_by(const config::Config& config) {
    Owned owned;
    for (const auto& instance : config.instances) own_instance(instance, owned);
    for (const auto& address : config.statics->addresses) owned.addresses.push_back({address.device, address.prefix});
    for (const auto& [route, hops, track] : config.statics->routes)
        owned.routes.push_back({route.destination.network(), route.table});
    for (const auto& [rule, track] : config.statics->rules)
        owned.rules.push_back({rule.family, rule.priority, rule.table});
    std::uint32_t number = 0;
    for (const auto& gateway : config.gateways) own_gateway(gateway, number++, owned);
    sort_unique(owned.addresses);
    sort_unique(owned.routes);
    sort_unique(owned.rules);
    sort_unique(owned.gateways);
    sort_unique(owned.devices);
    return owned;
}

Owned merge(Owned older, const Owned& newer) {
    append(older.addresses, newer.addresses);
    append(older.routes, newer.routes);
    append(older.rules, newer.rules);
    append(older.gateways, newer.gateways);
    append(older.devices, newer.devices);
    older.refuses = older.refuses || newer.refuses;
    for (const auto& changed : newer.switches) {
        const auto known = std::find_if(older.switches.begin(), older.switches.end(), [&](const auto& other) {
            return other.device == changed.device && other.option == changed.option;
        });
        if (known == older.switches.end())
            older.switches.push_back(changed);
        else
            known->ours = changed.ours;
    }
    return older;
}

std::string to_text(const Owned& owned) {
    std::string text = "# What vrrpd may have put into the kernel, and switches with their former values.\n";
    for (const auto& [device, prefix] : owned.addresses)
        text += fmt::format("address {} {}\n", device, prefix.to_string());
    for (const auto& [destination, table] : owned.routes)
        text += fmt::format("route {} {}\n", destination.to_string(), table);
    for (const auto& [family, priority, table] : owned.rules)
        text += fmt::format("rule {} {} {}\n", family == Family::ipv4 ? "ipv4" : "ipv6", priority, table);
    for (const auto& [device, option, former, ours] : owned.switches)
        text += fmt::format("switch {} {} {} {}\n", device, name_of(option), former, ours);
    for (const auto& gateway : owned.gateways) text += fmt::format("gateway {}\n", gateway);
    for (const auto& device : owned.devices) text += fmt::format("device {}\n", device);
    if (owned.refuses) text += "refuses\n";
    return text;
}

Owned parse_owned(std::string_view text) {
    Owned owned;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);)
        if (!line.empty() && line.front() != '#') parse_line(line, owned);
    return owned;
}

}  // namespace vrrpd::supervisor
