#include "netlink/nft/ruleset.hpp"

#include <fmt/format.h>

#include <type_traits>

namespace netlink::nft {
namespace {

const char* ip(Family family) { return family == Family::ipv4 ? "ip" : "ip6"; }
const char* address_type(Family family) { return family == Family::ipv4 ? "ipv4_addr" : "ipv6_addr"; }

// nft writes a full-length prefix as a bare address.
std::string shown(const Prefix& prefix) {
    const bool host = prefix.length == vrrpd::address_bits(prefix.address.family());
    return host ? prefix.address.to_string() : prefix.to_string();
}

struct StatementText {
    TableFamily table;

    std::string operator()(const InDevice& s) const { return fmt::format("iifname \"{}\"", s.name); }
    std::string operator()(const OutDevice& s) const { return fmt::format("oifname \"{}\"", s.name); }
    std::string operator()(const Source& s) const {
        return fmt::format("{} saddr {}{}", ip(s.prefix.address.family()), s.is_not ? "!= " : "", shown(s.prefix));
    }
    std::string operator()(const Destination& s) const {
        return fmt::format("{} daddr {}{}", ip(s.prefix.address.family()), s.is_not ? "!= " : "", shown(s.prefix));
    }
    std::string operator()(const LocalDestination& s) const {
        return fmt::format("meta nfproto {} fib daddr type local", s.family == Family::ipv4 ? "ipv4" : "ipv6");
    }
    std::string operator()(const NotInSet& s) const { return fmt::format("{} daddr != @{}", ip(s.family), s.set); }
    std::string operator()(const InSet& s) const { return fmt::format("{} daddr @{}", ip(s.family), s.set); }
    std::string operator()(const Established&) const { return "ct state established,related"; }
    std::string operator()(const Invalid&) const { return "ct state invalid"; }
    std::string operator()(const NotTracked&) const { return "ct state invalid,new"; }
    std::string operator()(const MidStream&) const { return "tcp flags != syn / fin,syn,rst,ack"; }
    std::string operator()(const WasForwarded&) const { return "ct status dnat"; }
    std::string operator()(const TcpSyn&) const { return "tcp flags syn / syn,rst"; }
    std::string operator()(const ClampMss&) const { return "tcp option maxseg size set rt mtu"; }
    std::string operator()(const WhileShut& s) const { return fmt::format("oifname != @{}", s.set); }
    std::string operator()(const WhileOpenIn& s) const { return fmt::format("iifname @{}", s.set); }
    std::string operator()(const WhileOpenOut& s) const { return fmt::format("oifname @{}", s.set); }
    std::string operator()(const Tagged& s) const { return fmt::format("@ll,96,16 0x{:x}", s.type); }
    std::string operator()(const ArpSender& s) const { return fmt::format("arp saddr ip @{}", s.set); }
    std::string operator()(const VirtualSource& s) const {
        const char* protocol = s.family == Family::ipv4 ? "ip protocol" : "ip6 nexthdr";
        return fmt::format("{} saddr @{} {} != vrrp", ip(s.family), s.set, protocol);
    }
    std::string operator()(const AdvertisesVirtual& s) const {
        return fmt::format("icmpv6 type nd-neighbor-advert @th,64,128 @{}", s.set);
    }
    std::string operator()(const RouterAdvertisement&) const { return "icmpv6 type nd-router-advert"; }
    std::string operator()(const NeighbourSolicitation&) const { return "icmpv6 type nd-neighbor-solicit"; }
    std::string operator()(const NeighbourAdvertisement&) const { return "icmpv6 type nd-neighbor-advert"; }
    std::string operator()(const UdpPorts& s) const {
        const bool v4 = s.family == Family::ipv4;
        const std::string only = table == TableFamily::netdev ? fmt::format("protocol {}", ip(s.family))
                                                              : fmt::format("nfproto {}", v4 ? "ipv4" : "ipv6");
        return fmt::format("meta {} udp sport {} udp dport {}", only, s.from, s.to);
    }
    std::string operator()(const Count&) const { return "counter"; }
    std::string operator()(const Accept&) const { return "accept"; }
    std::string operator()(const Drop&) const { return "drop"; }
    std::string operator()(const Masquerade&) const { return "masquerade"; }
    std::string operator()(const SourceNat& s) const {
        return fmt::format("snat {} to {}", ip(s.to.family()), s.to.to_string());
    }
    std::string operator()(const ForwardPort& s) const {
        return fmt::format("dnat {} to meta l4proto . th dport map @{}", ip(s.family), s.map);
    }
};

std::string joined(const std::vector<std::string>& parts, const char* separator) {
    return fmt::format("{}", fmt::join(parts, separator));
}

std::string elements_line(const std::vector<std::string>& elements) {
    return elements.empty() ? "" : fmt::format("\t\telements = {{ {} }}\n", joined(elements, ", "));
}

struct SetText {
    std::string operator()(const OpenSet& set) const {
        return fmt::format("\tset {} {{\n\t\ttype ifname\n\t\tflags timeout\n\t}}\n", set.name);
    }
    std::string operator()(const AddressSet& set) const {
        std::vector<std::string> elements;
        for (const auto& member : set.members) elements.push_back(member.to_string());
        return fmt::format("\tset {} {{\n\t\ttype {}\n{}\t}}\n", set.name, address_type(set.family),
                           elements_line(elements));
    }
    std::string operator()(const ForwardMap& map) const {
        std::vector<std::string> elements;
        for (const auto& [port, target] : map.elements)
            elements.push_back(fmt::format("{} . {} : {} . {}", port.transport == Transport::tcp ? "tcp" : "udp",
                                           port.number, target.address.to_string(), target.port));
        return fmt::format("\tmap {} {{\n\t\ttype inet_proto . inet_service : {} . inet_service\n{}\t}}\n", map.name,
                           address_type(map.family), elements_line(elements));
    }
};

const char* text(Hook hook) {
    switch (hook) {
        case Hook::prerouting:
            return "prerouting";
        case Hook::input:
            return "input";
        case Hook::postrouting:
            return "postrouting";
        case Hook::forward:
            return "forward";
        case Hook::output:
            return "output";
        case Hook::egress:
            return "egress";
    }
    return "";
}

std::string text(const Chain& chain, TableFamily table) {
    const std::string device = chain.device.empty() ? "" : fmt::format(" device \"{}\"", chain.device);
    std::string out =
        fmt::format("\tchain {} {{\n\t\ttype {} hook {}{} priority {}; policy accept;\n", chain.name,
                    chain.type == ChainType::nat ? "nat" : "filter", text(chain.hook), device, chain.priority);
    for (const auto& rule : chain.rules) out += "\t\t" + text(rule, table) + "\n";
    return out + "\t}\n";
}

}  // namespace

const std::string& name_of(const Set& set) {
    return std::visit([](const auto& one) -> const std::string& { return one.name; }, set);
}

std::string text(const Rule& rule, TableFamily table) {
    std::vector<std::string> parts;
    for (const auto& statement : rule) parts.push_back(std::visit(StatementText{table}, statement));
    return joined(parts, " ");
}

std::string text(const Table& table) {
    std::vector<std::string> parts;
    for (const auto& set : table.sets) parts.push_back(std::visit(SetText{}, set));
    for (const auto& chain : table.chains) parts.push_back(text(chain, table.family));
    return fmt::format("table {} {} {{\n{}}}\n", table.family == TableFamily::inet ? "inet" : "netdev", table.name,
                       joined(parts, "\n"));
}

std::string marker(const Table& table) {
    std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a: told apart, not protected against malice
    for (const char c : text(table)) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211ULL;
    return fmt::format("{}{:016x}", marker_prefix, hash);
}

}  // namespace netlink::nft
