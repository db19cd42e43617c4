// RTM_NEWRULE and RTM_DELRULE.
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "netlink/codec.hpp"

namespace netlink {

namespace {

constexpr std::uint32_t not_suppressed = 0xffffffff;

using Action = RuleExtras::Action;

// Beyond FRA_DPORT_RANGE, in younger kernels.
constexpr int source_port_mask = 28, destination_port_mask = 29;  // FRA_SPORT_MASK, FRA_DPORT_MASK

// Kernels that know masks of ports report one with every port: all bits, for a range none.
bool masks_nothing(const Attributes& attributes, int type) {
    if (type != source_port_mask && type != destination_port_mask) return false;
    std::uint16_t mask = 0;
    const auto bytes = attributes.bytes(type);
    if (bytes.size() < sizeof mask) return false;
    std::memcpy(&mask, bytes.data(), sizeof mask);
    return mask == 0 || mask == 0xffff;
}

// A rule that does something else, or matches on more than a Rule can say (DSCP, flow labels, parts of ports): left
// out, or it might be taken for one of ours.
bool beyond_us(const fib_rule_hdr& fixed, const Attributes& attributes) {
    constexpr Action known[] = {Action::table,     Action::go_to,       Action::nop,
                                Action::blackhole, Action::unreachable, Action::prohibit};
    for (int type = FRA_DPORT_RANGE + 1; type < static_cast<int>(Attributes::known); ++type)
        if (attributes.has(type) && !masks_nothing(attributes, type)) return true;
    return std::none_of(std::begin(known), std::end(known),
                        [&](Action action) { return static_cast<int>(action) == fixed.action; });
}

template <class Kernels>
void put_range(Message& message, int type, const std::optional<NumberRange>& range) {
    if (!range) return;
    Kernels value{};
    value.start = static_cast<decltype(value.start)>(range->first);
    value.end = static_cast<decltype(value.end)>(range->last);
    message.bytes(type, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

template <class Kernels>
std::optional<NumberRange> range(const Attributes& attributes, int type) {
    const auto bytes = attributes.bytes(type);
    Kernels value{};
    if (bytes.size() < sizeof value) return std::nullopt;
    std::memcpy(&value, bytes.data(), sizeof value);
    return NumberRange{value.start, value.end};
}

void put_extras(Message& message, const RuleExtras& extras) {
    if (extras.action == Action::go_to) message.u32(FRA_GOTO, extras.target);
    if (extras.realms != 0) message.u32(FRA_FLOW, extras.realms);
    if (extras.l3mdev) message.u8(FRA_L3MDEV, 1);
    if (extras.ip_protocol != 0) message.u8(FRA_IP_PROTO, extras.ip_protocol);
    if (extras.tunnel != 0) {
        std::array<std::uint8_t, sizeof extras.tunnel> big_endian{};
        for (std::size_t i = 0; i < big_endian.size(); ++i)
            big_endian[i] = static_cast<std::uint8_t>(extras.tunnel >> (8 * (big_endian.size() - 1 - i)));
        message.bytes(FRA_TUN_ID, big_endian);
    }
    put_range<fib_rule_uid_range>(message, FRA_UID_RANGE, extras.uids);
    put_range<fib_rule_port_range>(message, FRA_SPORT_RANGE, extras.source_ports);
    put_range<fib_rule_port_range>(message, FRA_DPORT_RANGE, extras.destination_ports);
    if (extras.suppress_group) message.u32(FRA_SUPPRESS_IFGROUP, *extras.suppress_group);
}

RuleExtras read_extras(const fib_rule_hdr& fixed, const Attributes& attributes) {
    RuleExtras extras;
    extras.action = static_cast<Action>(fixed.action);
    extras.target = attributes.u32(FRA_GOTO).value_or(0);
    extras.invert = (fixed.flags & FIB_RULE_INVERT) != 0;
    extras.tos = fixed.tos;
    extras.realms = attributes.u32(FRA_FLOW).value_or(0);
    for (const auto byte : attributes.bytes(FRA_TUN_ID)) extras.tunnel = extras.tunnel << 8 | byte;
    extras.l3mdev = attributes.u8(FRA_L3MDEV).value_or(0) != 0;
    extras.ip_protocol = attributes.u8(FRA_IP_PROTO).value_or(0);
    extras.uids = range<fib_rule_uid_range>(attributes, FRA_UID_RANGE);
    extras.source_ports = range<fib_rule_port_range>(attributes, FRA_SPORT_RANGE);
    extras.destination_ports = range<fib_rule_port_range>(attributes, FRA_DPORT_RANGE);
    const auto group = attributes.u32(FRA_SUPPRESS_IFGROUP).value_or(not_suppressed);
    if (group != not_suppressed) extras.suppress_group = group;
    return extras;
}

std::optional<Prefix> prefix(const Attributes& attributes, int type, std::uint8_t length) {
    const auto address = attributes.address(type);
    if (!address) return std::nullopt;
    return Prefix{*address, length};
}

}  // namespace

Message encode(const Rule& rule, int type, int flags) {
    fib_rule_hdr fixed{};
    fixed.family = rule.family == Family::ipv4 ? AF_INET : AF_INET6;
    fixed.action = static_cast<std::uint8_t>(rule.extras->action);
    fixed.tos = rule.extras->tos;
    if (rule.extras->invert) fixed.flags = FIB_RULE_INVERT;
    fixed.src_len = rule.from ? rule.from->length : std::uint8_t{0};
    fixed.dst_len = rule.to ? rule.to->length : std::uint8_t{0};
    Message message(type, flags | NLM_F_REQUEST | NLM_F_ACK, 256 + rule.iif.size() + rule.oif.size());
    message.header(fixed).u32(FRA_PRIORITY, rule.priority).u8(FRA_PROTOCOL, rule.protocol);
    // The kernel refuses a table beside l3mdev, whose device says it.
    if (!rule.extras->l3mdev) message.u32(FRA_TABLE, rule.table);
    put_extras(message, *rule.extras);
    if (fixed.src_len != 0) message.address(FRA_SRC, rule.from->network().address);
    if (fixed.dst_len != 0) message.address(FRA_DST, rule.to->network().address);
    if (!rule.iif.empty()) message.text(FRA_IIFNAME, rule.iif);
    if (!rule.oif.empty()) message.text(FRA_OIFNAME, rule.oif);
    if (rule.fwmark != 0 || rule.fwmask != 0) message.u32(FRA_FWMARK, rule.fwmark);
    if (rule.fwmask != 0) message.u32(FRA_FWMASK, rule.fwmask);
    message.u32(FRA_SUPPRESS_PREFIXLEN, rule.suppress_prefix_length.value_or(not_suppressed));
    return message;
}

std::optional<Rule> decode_rule(const nlmsghdr& message) {
    const auto* fixed = fixed_header<fib_rule_hdr>(message);
    if (!fixed || (fixed->family != AF_INET && fixed->family != AF_INET6)) return std::nullopt;
    const auto attributes = Attributes::of(message, sizeof *fixed);
    if (!attributes || beyond_us(*fixed, *attributes)) return std::nullopt;

    Rule rule;
    rule.family = fixed->family == AF_INET ? Family::ipv4 : Family::ipv6;
    rule.priority = attributes->u32(FRA_PRIORITY).value_or(0);
    rule.from = prefix(*attributes, FRA_SRC, fixed->src_len);
    rule.to = prefix(*attributes, FRA_DST, fixed->dst_len);
    rule.iif = attributes->text(FRA_IIFNAME);
    rule.oif = attributes->text(FRA_OIFNAME);
    rule.fwmark = attributes->u32(FRA_FWMARK).value_or(0);
    rule.fwmask = attributes->u32(FRA_FWMASK).value_or(0);
    rule.table = attributes->u32(FRA_TABLE).value_or(fixed->table);
    const auto suppress = attributes->u32(FRA_SUPPRESS_PREFIXLEN).value_or(not_suppressed);
    if (suppress != not_suppressed) rule.suppress_prefix_length = suppress;
    rule.protocol = attributes->u8(FRA_PROTOCOL).value_or(0);
    if (const auto extras = read_extras(*fixed, *attributes); extras != RuleExtras{}) rule.extras.edit() = extras;
    return rule;
}

}  // namespace netlink
