// Our own blocks: gateway (with wan, nat and while_active) and peer_link. An unknown or unusable word in
// them stops a start: `masqerade` must not be found out on the bad day.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/own_blocks.hpp"

namespace vrrpd::config {

void open_gateway(Reader& reader, const Statement& s) {
    for (const auto& other : reader.draft().gateways) {
        if (other.value.name == s.word(1))
            reader.fatal(Severity::error, s.place(1),
                         fmt::format("gateway {} stands twice: give each a name of its own", s.word(1)));
    }
    GatewayDraft draft;
    draft.value.name = draft.value.rules.name = s.word(1);
    draft.place = s.place();
    reader.draft().gateways.push_back(std::move(draft));
    reader.enter(s);
}

void open_peer_link(Reader& reader, const Statement& s) {
    if (reader.draft().peer_link)
        reader.fatal(Severity::error, s.place(), "peer_link stands twice: all members go into one");
    reader.draft().peer_link = s.place();
    if (!reader.draft().config.peer_link) reader.draft().config.peer_link.emplace();
    reader.enter(s);
}

namespace {

void set_follows(Reader& reader, const Statement& s) {
    (void)word_count(reader, s, 2, 2, "follows and the name of a vrrp_instance or vrrp_sync_group");
    reader.gateway().value.follows = s.word(1);
    reader.gateway().follows_place = s.place(1);
}

void add_lan(Reader& reader, const Statement& s) {
    reader.gateway().lan_written = true;
    if (!word_count(reader, s, 3, 3, "lan DEVICE PREFIX, like: lan lan0 10.12.14.0/24")) return;
    if (!is_device_name(s.word(1)))
        return reader.fatal(Severity::error, s.place(1), fmt::format("'{}' cannot be the name of a device", s.word(1)));
    const auto prefix = parse_address(s.word(2));
    if (!prefix || prefix->bad_length || !prefix->length_given) {
        return reader.fatal(Severity::error, s.place(2),
                            fmt::format("'{}' is not a prefix: write one like 10.12.14.0/24", s.word(2)));
    }
    if (prefix->prefix.network() != prefix->prefix) {
        reader.fault(
            Severity::note, s.place(2),
            fmt::format("the prefix {} has host bits: {} is used", s.word(2), prefix->prefix.network().to_string()));
    }
    reader.gateway().value.lans.push_back({s.word(1), prefix->prefix.network()});
    reader.gateway().lan_places.push_back(s.place());
}

void open_wan(Reader& reader, const Statement& s) {
    auto& gateway = reader.gateway();
    if (!is_device_name(s.word(1)))
        reader.fatal(Severity::error, s.place(1), fmt::format("'{}' cannot be the name of a device", s.word(1)));
    gateway.value.wan.emplace();
    gateway.value.wan->device = s.word(1);
    gateway.wan_place = s.place();
    reader.enter(s);
}

void set_wan_address(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 2, 2, "address own, or address PREFIX")) return;
    auto& gateway = reader.gateway();
    if (s.word(1) == "dhcp") {
        return reader.fatal(
            Severity::error, s.place(1),
            "address dhcp is not possible yet: write address own, or the address itself, like 203.0.113.5/29");
    }
    const bool own = s.word(1) == "own";
    if (own ? !gateway.value.wan->held.empty() : gateway.wan_own) {
        return reader.fatal(Severity::error, s.place(1),
                            "address own and a held address exclude each other: write one of them");
    }
    if (own) {
        gateway.wan_own = true;
        return;
    }
    const auto prefix = parse_address(s.word(1));
    if (!prefix || prefix->bad_length || !prefix->length_given) {
        return reader.fatal(
            Severity::error, s.place(1),
            fmt::format("'{}' is no address with its length: write own, or one like 203.0.113.5/29", s.word(1)));
    }
    gateway.value.wan->held.push_back(prefix->prefix);
}

void set_via(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 2, 2, "via ADDRESS, or via auto")) return;
    auto& wan = *reader.gateway().value.wan;
    if (s.word(1) == "auto") return wan.via.reset();
    wan.via = IpAddress::parse(s.word(1));
    if (!wan.via)
        reader.fatal(Severity::error, s.place(1),
                     fmt::format("via '{}' is not an IP address: write one, or auto", s.word(1)));
}

void set_down_weight(Reader& reader, const Statement& s) {
    if (const auto value = own_number(reader, s)) reader.gateway().value.wan->down_weight = static_cast<int>(*value);
}

void open_nat(Reader& reader, const Statement& s) {
    reader.gateway().nat = s.place();
    reader.enter(s);
}

void set_alert(Reader& reader, const Statement& s) {
    if (auto words = own_command(reader, s)) reader.gateway().value.alert = std::move(*words);
}

// As systemd accepts a name (systemd.unit(5)): nothing that systemctl could take for an option or a pattern.
bool is_unit_name(std::string_view name) {
    constexpr std::size_t longest = 255;
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";
    return name.size() <= longest && name[0] != '-' && name.find_first_not_of(allowed) == name.npos;
}

void add_unit(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 2, 2, "unit NAME, like: unit my-tunnel.service")) return;
    auto name = s.word(1);
    if (!is_unit_name(name))
        return reader.fatal(Severity::error, s.place(1),
                            fmt::format("unit '{}': that cannot be the name of a unit of systemd", name));
    if (name.find('.') == name.npos) name += ".service";  // as systemctl would
    for (const auto& gateway : reader.draft().gateways)
        if (std::find(gateway.value.units.begin(), gateway.value.units.end(), name) != gateway.value.units.end())
            return reader.fatal(
                Severity::error, s.place(1),
                fmt::format("unit {} is of gateway {} already: name it once", name, gateway.value.name));
    reader.gateway().value.units.push_back(std::move(name));
}

template <auto Field>
void set_rule(Reader& reader, const Statement& s) {
    if (word_count(reader, s, 1, 1, s.keyword.name)) reader.gateway().value.rules.*Field = true;
}

std::optional<netlink::nft::PortRange> port_range(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = parse_port(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return netlink::nft::PortRange{*first, *last};
}

// ADDR, ADDR:PORT, [ADDR6]:PORT. `to_port` 0: none was given.
bool target(std::string_view text, netlink::nft::PortForward& forward) {
    std::string_view address = text;
    std::string_view to_port;
    const auto bracket = text.find(']');
    if (!text.empty() && text[0] == '[' && bracket != std::string_view::npos) {
        address = text.substr(1, bracket - 1);
        to_port = text.substr(bracket + 1);
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        address = text.substr(0, text.find(':'));
        to_port = text.substr(text.find(':'));
    }
    const auto parsed = IpAddress::parse(address);
    if (!parsed) return false;
    forward.to = *parsed;
    if (to_port.empty()) return true;
    const auto number = to_port[0] == ':' ? parse_port(to_port.substr(1)) : std::nullopt;
    forward.to_port = number.value_or(0);
    return number.has_value();
}

void add_forward(Reader& reader, const Statement& s) {
    constexpr auto usage = "port_forward tcp|udp|both PORT[-PORT] to ADDRESS[:PORT]";
    if (!word_count(reader, s, 5, 5, usage)) return;
    using netlink::nft::Transport;
    const bool both = s.word(1) == "both";
    if (!both && s.word(1) != "tcp" && s.word(1) != "udp")
        return reader.fatal(Severity::error, s.place(1),
                            fmt::format("unknown transport '{}': write tcp, udp or both", s.word(1)));
    if (s.word(3) != "to")
        return reader.fatal(Severity::error, s.place(3),
                            fmt::format("'{}' where 'to' should stand: write {}", s.word(3), usage));
    const auto ports = port_range(s.word(2));
    if (!ports)
        return reader.fatal(Severity::error, s.place(2),
                            fmt::format("'{}' is no port: write PORT or FIRST-LAST, from 1 to 65535", s.word(2)));
    netlink::nft::PortForward forward{s.word(1) == "udp" ? Transport::udp : Transport::tcp, *ports, {}, 0};
    if (!target(s.word(4), forward))
        return reader.fatal(
            Severity::error, s.place(4),
            fmt::format("'{}' is no target: write ADDRESS, ADDRESS:PORT or [ADDRESS6]:PORT", s.word(4)));
    if (forward.to_port == 0) forward.to_port = ports->first;
    if (forward.to_port + (ports->last - ports->first) > 65'535)
        return reader.fatal(Severity::error, s.place(4), "the range goes beyond port 65535 at its target");
    auto& gateway = reader.gateway();
    gateway.value.rules.forwards.push_back(forward);
    gateway.forward_places.push_back(s.place());
    if (!both) return;
    forward.transport = Transport::udp;
    gateway.value.rules.forwards.push_back(forward);
    gateway.forward_places.push_back(s.place());
}

// ---- peer_link -----------------------------------------------------------------------------------------

void set_key_file(Reader& reader, const Statement& s) {
    if (auto path = own_path(reader, s)) reader.draft().config.peer_link->key_file = std::move(*path);
}

void set_port(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 2, 2, "port NUMBER")) return;
    const auto value = parse_port(s.word(1));
    if (!value)
        return reader.fatal(Severity::error, s.place(1),
                            fmt::format("port '{}': write a number from 1 to 65535", s.word(1)));
    reader.draft().config.peer_link->port = *value;
    reader.draft().peer_link_port = s.place();
}

void add_member(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 3, 3, "member NAME ADDRESS")) return;
    const auto address = IpAddress::parse(s.word(2));
    if (!address) return reader.fatal(Severity::error, s.place(2), fmt::format("'{}' is not an IP address", s.word(2)));
    auto& members = reader.draft().config.peer_link->members;
    for (const auto& other : members) {
        if (other.name == s.word(1) || other.address == *address) {
            return reader.fatal(Severity::error, s.place(1),
                                fmt::format("the member {} has the name or the address of another", s.word(1)));
        }
    }
    members.push_back({s.word(1), *address});
    reader.draft().members.push_back(s.place(2));
}

using netlink::nft::GatewayRules;

constexpr Keyword gateway_table[] = {
    {"follows", 'O', Support::acted, Shape::word, set_follows},
    repeatable({"lan", 'O', Support::acted, Shape::word, add_lan}),
    {"wan", 'O', Support::acted, Shape::named_block, open_wan, 0, 0, {}, Block::wan},
    {"nat", 'O', Support::acted, Shape::block, open_nat, 0, 0, {}, Block::nat},
    {"while_active", 'O', Support::acted, Shape::block, enter_block, 0, 0, {}, Block::while_active},
    {"alert", 'O', Support::acted, Shape::word, set_alert},
};

constexpr Keyword wan_table[] = {
    repeatable(usually("own", {"address", 'O', Support::acted, Shape::word, set_wan_address})),
    {"via", 'O', Support::acted, Shape::word, set_via},
    usually("-120", {"down_weight", 'O', Support::acted, Shape::word, set_down_weight, -253, 0}),
};

constexpr Keyword nat_table[] = {
    {"masquerade", 'O', Support::acted, Shape::nothing, set_rule<&GatewayRules::masquerade>},
    repeatable({"port_forward", 'O', Support::acted, Shape::word, add_forward}),
    {"hairpin", 'O', Support::acted, Shape::nothing, set_rule<&GatewayRules::hairpin>},
    {"clamp_mss", 'O', Support::acted, Shape::nothing, set_rule<&GatewayRules::clamp_mss>},
};

constexpr Keyword while_active_table[] = {
    repeatable({"unit", 'O', Support::acted, Shape::word, add_unit}),
};

constexpr Keyword peer_link_table[] = {
    {"key_file", 'O', Support::acted, Shape::word, set_key_file},
    usually("8725", {"port", 'O', Support::acted, Shape::word, set_port, 1, 65'535}),
    repeatable({"member", 'O', Support::acted, Shape::word, add_member}),
};

}  // namespace

std::span<const Keyword> gateway_keywords() { return gateway_table; }
std::span<const Keyword> wan_keywords() { return wan_table; }
std::span<const Keyword> nat_keywords() { return nat_table; }
std::span<const Keyword> while_active_keywords() { return while_active_table; }
std::span<const Keyword> peer_link_keywords() { return peer_link_table; }

}  // namespace vrrpd::config
