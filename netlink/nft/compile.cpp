// The inet table. Priorities -110 and 90 stand before everybody else's NAT (-100 and 100): the first NAT chain
// that decides wins for a flow. The forward chain accepts by policy and judges only what goes between a gateway's
// lan and its wan.
//
// The chains stand in every role, because pulling one stalls the flows that it translated; but a stand-in may be a
// router of its own right, or serve a forwarded port itself. So a rule asks first whether this host is the gateway. The
// kernel asks a NAT rule once a flow, so those that live go on as they began. Only the last rule of the forward chain
// asks nothing: forwarding is switched on for us in every role, and must not open the lan to the wan in any.
//
// The host's own input and output are left alone. The one input chain looks at a held WAN address only, the one output
// chain at questions to a virtual address: those are the gateway's and not the host's.
#include "netlink/nft/compile.hpp"

#include <algorithm>
#include <utility>

#include "netlink/nft/names.hpp"

namespace netlink::nft {
namespace {

constexpr std::int32_t before_dstnat = -110, before_srcnat = 90, mangle = -150;

struct Draft {
    std::vector<Set> sets;
    void add_open_set(std::string name) {
        const bool known =
            std::any_of(sets.begin(), sets.end(), [&](const Set& other) { return name_of(other) == name; });
        if (!known) sets.emplace_back(OpenSet{std::move(name)});
    }
    std::string active(const GatewayRules& gateway) {
        add_open_set(active_set_name(gateway.name));
        return active_set_name(gateway.name);
    }
    std::string translating(const GatewayRules& gateway);

    std::vector<Rule> prerouting, output, input, postrouting, clamp, forward;
};

const IpAddress* first_held(const GatewayRules& gateway, Family family) {
    for (const auto& held : gateway.held)
        if (held.address.family() == family) return &held.address;
    return nullptr;
}

// Clients learn of a hand-over at different moments. A flow that one still begins through us would otherwise stay
// untranslated for as long as it lives, also when we are the gateway again. A held address is another host's by then.
std::string Draft::translating(const GatewayRules& gateway) {
    if (first_held(gateway, Family::ipv4)) return active(gateway);
    add_open_set(translating_set_name(gateway.name));
    return translating_set_name(gateway.name);
}

// A range is written out port by port: the kernel's map has no arithmetic for "first + n", and one rule with one
// lookup serves all forwards at the same cost. Even all 65,535 ports fit into one batch.
ForwardMap forward_map(const GatewayRules& gateway, Family family) {
    ForwardMap map{identifier(family == Family::ipv4 ? "forwards4" : "forwards6", gateway.name), family, {}};
    for (const auto& forward : gateway.forwards) {
        if (forward.to.family() != family) continue;
        for (std::uint32_t port = forward.ports.first; port <= forward.ports.last; ++port) {
            const auto target = static_cast<std::uint16_t>(forward.to_port + (port - forward.ports.first));
            map.elements.try_emplace({forward.transport, static_cast<std::uint16_t>(port)},
                                     ForwardMap::Target{forward.to, target});
        }
    }
    return map;
}

// Our WAN address without naming it: local, and none of the addresses that face the lan.
Rule own_wan_address(const GatewayRules& gateway, Rule match, Family family, const std::string& virtuals) {
    match.emplace_back(LocalDestination{family});
    for (const auto& other : gateway.lans)
        if (other.prefix.address.family() == family) match.push_back(Destination{other.prefix.network(), true});
    if (!virtuals.empty()) match.push_back(NotInSet{virtuals, family});
    return match;
}

std::string add_virtual_set(const GatewayRules& gateway, Family family, Draft& draft) {
    auto set = virtual_addresses(gateway, family);
    if (set.members.empty()) return {};
    auto name = set.name;
    draft.sets.push_back(std::move(set));
    return name;
}

void add_forward_rules(const GatewayRules& gateway, Family family, const std::string& map, Draft& draft) {
    const auto from = [active = draft.active(gateway)](const std::string& device) {
        return Rule{InDevice{device}, WhileOpenIn{active}};
    };
    const auto forward_port = [&](Rule match, std::initializer_list<Statement> more) {
        match.insert(match.end(), more);
        match.push_back(ForwardPort{map, family});
        draft.prerouting.push_back(std::move(match));
    };
    std::vector<std::string> devices{gateway.wan};
    if (gateway.hairpin)
        for (const auto& device : lan_devices(gateway)) devices.push_back(device);

    if (first_held(gateway, family)) {
        for (const auto& device : devices)
            for (const auto& held : gateway.held)
                if (held.address.family() == family)
                    forward_port(from(device), {Destination{Prefix::host(held.address)}});
        return;
    }
    forward_port(from(gateway.wan), {LocalDestination{family}});
    if (!gateway.hairpin) return;
    const auto virtuals = add_virtual_set(gateway, family, draft);
    for (const auto& lan : lan_devices(gateway))
        forward_port(own_wan_address(gateway, from(lan), family, virtuals), {});
}

void add_forwards(const GatewayRules& gateway, Draft& draft) {
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        auto map = forward_map(gateway, family);
        if (map.elements.empty()) continue;
        const auto name = map.name;
        draft.sets.push_back(std::move(map));
        add_forward_rules(gateway, family, name, draft);
        if (!gateway.hairpin) continue;
        // The lan host would answer its neighbour directly, past the translation: make it answer us. Not by the
        // in device: under br_netfilter (Docker loads it) a packet that comes back to its bridge has none.
        for (const auto& lan : gateway.lans)
            if (lan.prefix.address.family() == family)
                draft.postrouting.push_back({OutDevice{lan.device}, WhileOpenOut{draft.active(gateway)}, WasForwarded{},
                                             Source{lan.prefix.network()}, Masquerade{}});
    }
}

// Queries to a virtual address go to the chosen server, wherever it is. One that is a neighbour of the client must
// answer us, or the client would get its answer from a stranger. A query that comes from the chosen server itself
// stays: sent back to it, it would circle.
void add_dns(const GatewayRules& gateway, const GatewayRules::DnsServer& server, Draft& draft) {
    const auto family = server.address.family();
    ForwardMap map{identifier(family == Family::ipv4 ? "dns4" : "dns6", gateway.name), family, {}};
    for (const auto transport : {Transport::tcp, Transport::udp})
        map.elements.try_emplace({transport, dns_port}, ForwardMap::Target{server.address, server.port});
    const auto name = map.name;
    draft.sets.push_back(std::move(map));
    const auto active = draft.active(gateway);
    for (const auto& device : lan_devices(gateway))
        for (const auto& address : virtual_addresses(gateway, family).members)
            draft.prerouting.push_back({InDevice{device}, WhileOpenIn{active},
                                        Source{Prefix::host(server.address), true}, Destination{Prefix::host(address)},
                                        ForwardPort{name, family}});
    // Programs of this host ask as clients do. Where the address is not ours their questions go out, and are sent on
    // there.
    for (const auto& address : virtual_addresses(gateway, family).members)
        draft.output.push_back({OutDevice{"lo"}, Destination{Prefix::host(address)}, ForwardPort{name, family}});
    for (const auto& lan : gateway.lans)
        if (lan.prefix.contains(server.address))
            draft.postrouting.push_back({OutDevice{lan.device}, WhileOpenOut{active}, WasForwarded{},
                                         Source{lan.prefix.network()}, Destination{Prefix::host(server.address)},
                                         Masquerade{}});
}

// IPv4 only: `masquerade` in a home means its private IPv4 prefixes. An IPv6 lan prefix is routed as it is; whoever
// wants it translated has not been heard of, and silently losing end-to-end addresses would be the greater surprise.
void add_masquerade(const GatewayRules& gateway, Draft& draft) {
    if (!gateway.masquerade) return;
    const auto* held = first_held(gateway, Family::ipv4);
    for (const auto& lan : gateway.lans) {
        if (lan.prefix.address.is_v6()) continue;
        const Source from_lan{lan.prefix.network()};
        // A held address comes back on the next gateway, so a flow translated to it survives; masquerade would also
        // end its flows when a link goes down.
        const Statement translate = held ? Statement{SourceNat{*held}} : Statement{Masquerade{}};
        const WhileOpenOut translating{draft.translating(gateway)};
        draft.postrouting.push_back({OutDevice{gateway.wan}, translating, from_lan, translate});
        // conntrack does not translate what it finds invalid; it would leave with a private source.
        draft.forward.push_back(
            {InDevice{lan.device}, OutDevice{gateway.wan}, translating, Invalid{}, from_lan, Count{}, Drop{}});
    }
}

void add_filter(const GatewayRules& gateway, Draft& draft) {
    for (const auto& lan : lan_devices(gateway)) {
        const Rule inward{InDevice{gateway.wan}, OutDevice{lan}};
        const auto judge = [&](std::initializer_list<Statement> rest) {
            Rule rule = inward;
            rule.insert(rule.end(), rest);
            draft.forward.push_back(std::move(rule));
        };
        judge({Established{}, Accept{}});
        judge({WasForwarded{}, Accept{}});
        judge({Count{}, Drop{}});
    }
}

// After a take-over the far end may speak first on a connection that this host does not know yet. Its TCP would answer
// with RST and end it; silence lets the LAN side's next segment make the entry (conntrack picks it up mid-stream), and
// the connection goes on. `new` is in it because that same pick-up calls such a segment new.
void add_patience(const GatewayRules& gateway, Draft& draft) {
    for (const auto& held : gateway.held)
        draft.input.push_back({InDevice{gateway.wan}, WhileOpenIn{draft.active(gateway)},
                               Destination{Prefix::host(held.address)}, MidStream{}, NotTracked{}, Count{}, Drop{}});
}

// Both directions: `rt mtu` looks at the way there and the way back, and the SYN and its answer each carry one side's
// size.
void add_clamp(const GatewayRules& gateway, Draft& draft) {
    if (!gateway.clamp_mss) return;
    const WhileOpenIn translating{draft.translating(gateway)};
    for (const auto& lan : lan_devices(gateway)) {
        draft.clamp.push_back({InDevice{lan}, translating, OutDevice{gateway.wan}, TcpSyn{}, ClampMss{}});
        draft.clamp.push_back({InDevice{gateway.wan}, translating, OutDevice{lan}, TcpSyn{}, ClampMss{}});
    }
}

void add_chain(Table& table, Chain chain) {
    if (!chain.rules.empty()) table.chains.push_back(std::move(chain));
}

}  // namespace

std::vector<std::string> lan_devices(const GatewayRules& gateway) {
    std::vector<std::string> devices;
    for (const auto& lan : gateway.lans)
        if (std::find(devices.begin(), devices.end(), lan.device) == devices.end()) devices.push_back(lan.device);
    return devices;
}

std::string active_set_name(const std::string& gateway) { return identifier("active", gateway); }
std::string translating_set_name(const std::string& gateway) { return identifier("translating", gateway); }

std::vector<std::string> active_devices(const GatewayRules& gateway) {
    auto devices = lan_devices(gateway);
    if (!gateway.wan.empty()) devices.push_back(gateway.wan);
    return devices;
}

AddressSet virtual_addresses(const GatewayRules& gateway, Family family) {
    AddressSet set{identifier(family == Family::ipv4 ? "virtual4" : "virtual6", gateway.name), family, {}};
    for (const auto& address : gateway.virtual_addresses)
        if (address.family() == family) set.members.push_back(address);
    std::sort(set.members.begin(), set.members.end());
    set.members.erase(std::unique(set.members.begin(), set.members.end()), set.members.end());
    return set;
}

std::optional<Table> compile(std::span<const GatewayRules> gateways) {
    Draft draft;
    for (const auto& gateway : gateways) {
        for (const auto& server : gateway.dns) add_dns(gateway, server, draft);
        if (gateway.wan.empty()) continue;
        add_forwards(gateway, draft);
        add_masquerade(gateway, draft);
        add_filter(gateway, draft);
        add_patience(gateway, draft);
        add_clamp(gateway, draft);
    }
    Table table{TableFamily::inet, table_name, std::move(draft.sets), {}};
    add_chain(table, {"prerouting", ChainType::nat, Hook::prerouting, before_dstnat, {}, std::move(draft.prerouting)});
    add_chain(table, {"output", ChainType::nat, Hook::output, before_dstnat, {}, std::move(draft.output)});
    add_chain(table,
              {"postrouting", ChainType::nat, Hook::postrouting, before_srcnat, {}, std::move(draft.postrouting)});
    add_chain(table, {"clamp_mss", ChainType::filter, Hook::forward, mangle, {}, std::move(draft.clamp)});
    add_chain(table, {"input", ChainType::filter, Hook::input, filter_priority, {}, std::move(draft.input)});
    add_chain(table, {"forward", ChainType::filter, Hook::forward, filter_priority, {}, std::move(draft.forward)});
    if (table.chains.empty()) return std::nullopt;
    return table;
}

}  // namespace netlink::nft
