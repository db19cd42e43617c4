#include "netlink/nft/encode.hpp"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>

#include <algorithm>

#include "netlink/nft/raw.hpp"
#include "vrrpd/base/assert.hpp"

namespace netlink::nft {
namespace {

// nft's own numbers for data types (nftables, enum datatypes); the kernel only keeps them for listings.
constexpr std::uint32_t type_ipv4 = 7, type_ipv6 = 8, type_protocol = 12, type_service = 13, type_ifname = 41;
constexpr std::uint32_t concat(std::uint32_t first, std::uint32_t second) { return first << 6 | second; }

constexpr std::uint32_t ct_invalid = 1, ct_established = 2, ct_related = 4, ct_new = 8;  // NF_CT_STATE_BIT
constexpr std::uint32_t ct_status_dnat = 0x20;                                           // IPS_DST_NAT
constexpr std::uint8_t vrrp_protocol = 112;
constexpr std::uint8_t router_advertisement = 134, neighbour_solicitation = 135, neighbour_advertisement = 136;
constexpr std::uint32_t mss_option = 2, mss_offset = 2;

constexpr std::uint32_t address_length(Family family) {
    return static_cast<std::uint32_t>(vrrpd::address_size(family));
}

Bytes big_endian(std::uint16_t value) { return raw(htons(value)); }

// Writes instructions one after the other. Every match uses register 1.
class Instructions {
public:
    Instructions(nftnl_rule& rule, TableFamily family) : rule_(rule), family_(family) {}

    nftnl_expr* add(const char* kind) {
        auto* expression = nftnl_expr_alloc(kind);
        ASSERT(expression);
        nftnl_rule_add_expr(&rule_, expression);
        return expression;
    }
    void meta(std::uint32_t key) {
        auto* e = add("meta");
        nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
        nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, NFT_REG_1);
    }
    void payload(std::uint32_t base, std::uint32_t offset, std::uint32_t length, std::uint32_t into = NFT_REG_1) {
        auto* e = add("payload");
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, length);
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, into);
    }
    void compare(const Bytes& value, std::uint32_t operation = NFT_CMP_EQ) {
        auto* e = add("cmp");
        nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
        nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, operation);
        nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, value.data(), static_cast<std::uint32_t>(value.size()));
    }
    void mask(const Bytes& bits) {
        auto* e = add("bitwise");
        const Bytes zero(bits.size(), 0);
        const auto length = static_cast<std::uint32_t>(bits.size());
        nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
        nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
        nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, length);
        nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, bits.data(), length);
        nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero.data(), length);
    }
    void conntrack(std::uint32_t key, std::uint32_t any_of) {
        auto* e = add("ct");
        nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, key);
        nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
        mask(raw(any_of));
        compare(raw(std::uint32_t{0}), NFT_CMP_NEQ);
    }
    nftnl_expr* lookup(const std::string& set, bool inverted = false) {
        auto* e = add("lookup");
        nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
        nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set.c_str());
        if (inverted) nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
        return e;
    }
    void verdict(int code) {
        auto* e = add("immediate");
        nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
        nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, static_cast<std::uint32_t>(code));
    }
    // A table of two families (inet) or of all (netdev) must ask which packet it has before reading its header.
    void only(Family family) {
        if (family_ == TableFamily::netdev) return ether_type(family == Family::ipv4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
        meta(NFT_META_NFPROTO);
        compare(raw(static_cast<std::uint8_t>(family == Family::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6)));
    }
    void ether_type(std::uint16_t type) {
        meta(NFT_META_PROTOCOL);
        compare(big_endian(type));
    }
    void transport(std::uint8_t protocol) {
        meta(NFT_META_L4PROTO);
        compare(raw(protocol));
    }
    void icmpv6(std::uint8_t type) {
        only(Family::ipv6);
        transport(IPPROTO_ICMPV6);
        payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
        compare({type});
    }
    void source_address(Family family) {
        payload(NFT_PAYLOAD_NETWORK_HEADER, family == Family::ipv4 ? 12 : 8, address_length(family));
    }
    void destination_address(Family family) {
        payload(NFT_PAYLOAD_NETWORK_HEADER, family == Family::ipv4 ? 16 : 24, address_length(family));
    }
    // The address in register 1 is, or is not, in `prefix`.
    void in_prefix(const Prefix& prefix, std::uint32_t operation) {
        const auto network = prefix.network();
        if (prefix.length < vrrpd::address_bits(prefix.address.family())) {
            Bytes bits(vrrpd::address_size(prefix.address.family()), 0);
            for (std::size_t bit = 0; bit < prefix.length; ++bit)
                bits[bit / 8] = static_cast<std::uint8_t>(bits[bit / 8] | 0x80 >> bit % 8);
            mask(bits);
        }
        compare(raw(network.address), operation);
    }
    nftnl_expr* nat(std::uint32_t kind, Family family) {
        auto* e = add("nat");
        nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_TYPE, kind);
        nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FAMILY, family == Family::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
        nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
        return e;
    }

private:
    nftnl_rule& rule_;
    TableFamily family_;
};

struct Lower {
    Instructions& out;

    void operator()(const InDevice& s) const {
        out.meta(NFT_META_IIFNAME);
        out.compare(device_key(s.name));
    }
    void operator()(const OutDevice& s) const {
        out.meta(NFT_META_OIFNAME);
        out.compare(device_key(s.name));
    }
    void operator()(const Source& s) const {
        out.only(s.prefix.address.family());
        out.source_address(s.prefix.address.family());
        out.in_prefix(s.prefix, s.is_not ? NFT_CMP_NEQ : NFT_CMP_EQ);
    }
    void operator()(const Destination& s) const {
        out.only(s.prefix.address.family());
        out.destination_address(s.prefix.address.family());
        out.in_prefix(s.prefix, s.is_not ? NFT_CMP_NEQ : NFT_CMP_EQ);
    }
    void operator()(const LocalDestination& s) const {
        out.only(s.family);
        auto* e = out.add("fib");
        nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
        nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
        nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
        out.compare(raw(std::uint32_t{RTN_LOCAL}));
    }
    void operator()(const NotInSet& s) const {
        out.only(s.family);
        out.destination_address(s.family);
        out.lookup(s.set, true);
    }
    void operator()(const InSet& s) const {
        out.only(s.family);
        out.destination_address(s.family);
        out.lookup(s.set);
    }
    void operator()(const Established&) const { out.conntrack(NFT_CT_STATE, ct_established | ct_related); }
    void operator()(const Invalid&) const { out.conntrack(NFT_CT_STATE, ct_invalid); }
    void operator()(const NotTracked&) const { out.conntrack(NFT_CT_STATE, ct_invalid | ct_new); }
    void operator()(const MidStream&) const {
        constexpr std::uint8_t fin = 1, syn = 2, rst = 4, ack = 16;
        out.transport(IPPROTO_TCP);
        out.payload(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
        out.mask({fin | syn | rst | ack});
        out.compare({syn}, NFT_CMP_NEQ);
    }
    void operator()(const WasForwarded&) const { out.conntrack(NFT_CT_STATUS, ct_status_dnat); }
    void operator()(const TcpSyn&) const {
        constexpr std::uint8_t syn = 2, rst = 4;
        out.transport(IPPROTO_TCP);
        out.payload(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
        out.mask({syn | rst});
        out.compare({syn});
    }
    void operator()(const ClampMss&) const {
        auto* route = out.add("rt");
        nftnl_expr_set_u32(route, NFTNL_EXPR_RT_KEY, NFT_RT_TCPMSS);
        nftnl_expr_set_u32(route, NFTNL_EXPR_RT_DREG, NFT_REG_1);
        auto* order = out.add("byteorder");
        nftnl_expr_set_u32(order, NFTNL_EXPR_BYTEORDER_SREG, NFT_REG_1);
        nftnl_expr_set_u32(order, NFTNL_EXPR_BYTEORDER_DREG, NFT_REG_1);
        nftnl_expr_set_u32(order, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
        nftnl_expr_set_u32(order, NFTNL_EXPR_BYTEORDER_LEN, 2);
        nftnl_expr_set_u32(order, NFTNL_EXPR_BYTEORDER_SIZE, 2);
        auto* option = out.add("exthdr");
        nftnl_expr_set_u32(option, NFTNL_EXPR_EXTHDR_SREG, NFT_REG_1);
        nftnl_expr_set_u8(option, NFTNL_EXPR_EXTHDR_TYPE, mss_option);
        nftnl_expr_set_u32(option, NFTNL_EXPR_EXTHDR_OFFSET, mss_offset);
        nftnl_expr_set_u32(option, NFTNL_EXPR_EXTHDR_LEN, 2);
        nftnl_expr_set_u32(option, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT);
    }
    void operator()(const WhileShut& s) const {
        out.meta(NFT_META_OIFNAME);
        out.lookup(s.set, true);
    }
    void operator()(const WhileOpenIn& s) const {
        out.meta(NFT_META_IIFNAME);
        out.lookup(s.set);
    }
    void operator()(const WhileOpenOut& s) const {
        out.meta(NFT_META_OIFNAME);
        out.lookup(s.set);
    }
    void operator()(const Tagged& s) const {
        out.payload(NFT_PAYLOAD_LL_HEADER, 12, 2);
        out.compare(big_endian(s.type));
    }
    void operator()(const ArpSender& s) const {
        out.ether_type(ETHERTYPE_ARP);
        out.payload(NFT_PAYLOAD_NETWORK_HEADER, 14, 4);
        out.lookup(s.set);
    }
    void operator()(const VirtualSource& s) const {
        out.only(s.family);
        out.source_address(s.family);
        out.lookup(s.set);
        out.payload(NFT_PAYLOAD_NETWORK_HEADER, s.family == Family::ipv4 ? 9 : 6, 1);
        out.compare({vrrp_protocol}, NFT_CMP_NEQ);
    }
    void operator()(const AdvertisesVirtual& s) const {
        out.icmpv6(neighbour_advertisement);
        out.payload(NFT_PAYLOAD_TRANSPORT_HEADER, 8, 16);
        out.lookup(s.set);
    }
    void operator()(const RouterAdvertisement&) const { out.icmpv6(router_advertisement); }
    void operator()(const NeighbourSolicitation&) const { out.icmpv6(neighbour_solicitation); }
    void operator()(const NeighbourAdvertisement&) const { out.icmpv6(neighbour_advertisement); }
    void operator()(const UdpPorts& s) const {
        out.only(s.family);
        out.transport(IPPROTO_UDP);
        out.payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 4);
        Bytes ports = big_endian(s.from);
        const auto to = big_endian(s.to);
        ports.insert(ports.end(), to.begin(), to.end());
        out.compare(ports);
    }
    void operator()(const Count&) const {
        auto* e = out.add("counter");
        nftnl_expr_set_u64(e, NFTNL_EXPR_CTR_BYTES, 0);
        nftnl_expr_set_u64(e, NFTNL_EXPR_CTR_PACKETS, 0);
    }
    void operator()(const Accept&) const { out.verdict(NF_ACCEPT); }
    void operator()(const Drop&) const { out.verdict(NF_DROP); }
    void operator()(const Masquerade&) const { out.add("masq"); }
    void operator()(const SourceNat& s) const {
        const auto address = raw(s.to);
        auto* e = out.add("immediate");
        nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
        nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, address.data(), static_cast<std::uint32_t>(address.size()));
        out.nat(NFT_NAT_SNAT, s.to.family());
    }
    // A concatenation lies in consecutive 4-byte registers; register 1 is the first four of them.
    void operator()(const ForwardPort& s) const {
        out.meta(NFT_META_L4PROTO);
        out.payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG32_01);
        auto* found = out.lookup(s.map);
        nftnl_expr_set_u32(found, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_1);
        auto* e = out.nat(NFT_NAT_DNAT, s.family);
        nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, s.family == Family::ipv4 ? NFT_REG32_01 : NFT_REG_2);
    }
};

void append_padded(Bytes& out, const Bytes& part) {
    out.insert(out.end(), part.begin(), part.end());
    out.resize((out.size() + 3) / 4 * 4, 0);
}

Bytes forward_key(const ForwardMap::Port& port) {
    Bytes key;
    append_padded(key, {static_cast<std::uint8_t>(port.transport)});
    append_padded(key, big_endian(port.number));
    return key;
}

Bytes forward_data(const ForwardMap::Target& target) {
    Bytes data;
    append_padded(data, raw(target.address));
    append_padded(data, big_endian(target.port));
    return data;
}

}  // namespace

std::uint16_t family_number(TableFamily family) { return family == TableFamily::inet ? NFPROTO_INET : NFPROTO_NETDEV; }

std::uint32_t hook_number(Hook hook) {
    switch (hook) {
        case Hook::prerouting:
            return NF_INET_PRE_ROUTING;
        case Hook::input:
            return NF_INET_LOCAL_IN;
        case Hook::forward:
            return NF_INET_FORWARD;
        case Hook::output:
            return NF_INET_LOCAL_OUT;
        case Hook::postrouting:
            return NF_INET_POST_ROUTING;
        case Hook::egress:
            return NF_NETDEV_EGRESS;
    }
    return 0;
}

const char* type_name(ChainType type) { return type == ChainType::nat ? "nat" : "filter"; }

RuleHandle encode(const TableId& table, const std::string& chain, const Rule& rule) {
    RuleHandle out(nftnl_rule_alloc());
    ASSERT(out);
    nftnl_rule_set_u32(out.get(), NFTNL_RULE_FAMILY, family_number(table.family));
    nftnl_rule_set_str(out.get(), NFTNL_RULE_TABLE, table.name.c_str());
    nftnl_rule_set_str(out.get(), NFTNL_RULE_CHAIN, chain.c_str());
    Instructions instructions(*out, table.family);
    for (const auto& statement : rule) std::visit(Lower{instructions}, statement);
    return out;
}

ChainHandle encode(const TableId& table, const Chain& chain) {
    ChainHandle out(nftnl_chain_alloc());
    ASSERT(out);
    nftnl_chain_set_str(out.get(), NFTNL_CHAIN_TABLE, table.name.c_str());
    nftnl_chain_set_str(out.get(), NFTNL_CHAIN_NAME, chain.name.c_str());
    nftnl_chain_set_str(out.get(), NFTNL_CHAIN_TYPE, type_name(chain.type));
    nftnl_chain_set_u32(out.get(), NFTNL_CHAIN_HOOKNUM, hook_number(chain.hook));
    nftnl_chain_set_s32(out.get(), NFTNL_CHAIN_PRIO, chain.priority);
    nftnl_chain_set_u32(out.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
    if (!chain.device.empty()) nftnl_chain_set_str(out.get(), NFTNL_CHAIN_DEV, chain.device.c_str());
    return out;
}

SetShape shape_of(const Set& set) {
    if (std::holds_alternative<OpenSet>(set)) return {type_ifname, IFNAMSIZ, 0, 0, NFT_SET_TIMEOUT};
    const auto address = [](Family family) { return family == Family::ipv4 ? type_ipv4 : type_ipv6; };
    if (const auto* addresses = std::get_if<AddressSet>(&set))
        return {address(addresses->family), address_length(addresses->family), 0, 0, 0};
    const auto family = std::get<ForwardMap>(set).family;
    return {concat(type_protocol, type_service), 8, concat(address(family), type_service), address_length(family) + 4,
            NFT_SET_MAP};
}

SetHandle encode(const TableId& table, const Set& set) {
    SetHandle out(nftnl_set_alloc());
    ASSERT(out);
    const auto shape = shape_of(set);
    nftnl_set_set_u32(out.get(), NFTNL_SET_FAMILY, family_number(table.family));
    nftnl_set_set_str(out.get(), NFTNL_SET_TABLE, table.name.c_str());
    nftnl_set_set_str(out.get(), NFTNL_SET_NAME, name_of(set).c_str());
    nftnl_set_set_u32(out.get(), NFTNL_SET_KEY_TYPE, shape.key_type);
    nftnl_set_set_u32(out.get(), NFTNL_SET_KEY_LEN, shape.key_size);
    nftnl_set_set_u32(out.get(), NFTNL_SET_FLAGS, shape.flags);
    if (std::holds_alternative<OpenSet>(set)) {
        // Only for nft's listing, which takes a device name for a number in host order.
        constexpr std::uint32_t host_order = 1;
        Bytes hint{NFTNL_UDATA_SET_KEYBYTEORDER, sizeof host_order};
        const auto value = raw(host_order);
        hint.insert(hint.end(), value.begin(), value.end());
        nftnl_set_set_data(out.get(), NFTNL_SET_USERDATA, hint.data(), static_cast<std::uint32_t>(hint.size()));
    }
    if (shape.data_size != 0) {
        nftnl_set_set_u32(out.get(), NFTNL_SET_DATA_TYPE, shape.data_type);
        nftnl_set_set_u32(out.get(), NFTNL_SET_DATA_LEN, shape.data_size);
    }
    return out;
}

std::vector<Element> elements_of(const Set& set) {
    std::vector<Element> out;
    if (const auto* addresses = std::get_if<AddressSet>(&set))
        for (const auto& member : addresses->members) out.emplace_back(raw(member), Bytes{});
    if (const auto* map = std::get_if<ForwardMap>(&set))
        for (const auto& [port, target] : map->elements) out.emplace_back(forward_key(port), forward_data(target));
    return out;
}

Bytes device_key(const std::string& device) {
    Bytes key(device.begin(),
              device.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(device.size(), IFNAMSIZ - 1)));
    key.resize(IFNAMSIZ, 0);
    return key;
}

}  // namespace netlink::nft
