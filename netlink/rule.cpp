// RTM_NEWRULE and RTM_DELRULE.
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

#include "netlink/codec.hpp"

namespace netlink {

namespace {

constexpr std::uint32_t not_suppressed = 0xffffffff;

// A rule that matches on more than a Rule can say: left out, or it might be taken for one of ours.
bool beyond_us(const fib_rule_hdr& fixed, const Attributes& attributes) {
    constexpr int foreign[] = {FRA_GOTO,     FRA_TUN_ID, FRA_L3MDEV,      FRA_UID_RANGE,
                               FRA_IP_PROTO, FRA_FLOW,   FRA_SPORT_RANGE, FRA_DPORT_RANGE};
    if (fixed.action != FR_ACT_TO_TBL || fixed.tos != 0 || (fixed.flags & FIB_RULE_INVERT) != 0) return true;
    if (attributes.u32(FRA_SUPPRESS_IFGROUP).value_or(not_suppressed) != not_suppressed) return true;
    // FRA_L3MDEV is always reported; zero means no.
    return std::any_of(std::begin(foreign), std::end(foreign), [&](int type) {
        return attributes.has(type) && (type != FRA_L3MDEV || attributes.u8(type).value_or(0) != 0);
    });
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
    fixed.action = FR_ACT_TO_TBL;
    fixed.src_len = rule.from ? rule.from->length : std::uint8_t{0};
    fixed.dst_len = rule.to ? rule.to->length : std::uint8_t{0};
    Message message(type, flags | NLM_F_REQUEST | NLM_F_ACK, 256 + rule.iif.size() + rule.oif.size());
    message.header(fixed).u32(FRA_PRIORITY, rule.priority).u32(FRA_TABLE, rule.table).u8(FRA_PROTOCOL, rule.protocol);
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
    return rule;
}

}  // namespace netlink
