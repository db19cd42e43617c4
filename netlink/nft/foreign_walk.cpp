// Follows rules for an imagined packet in three-valued logic: a match holds, does not hold, or cannot be told.
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_conntrack.h>
#include <net/if.h>
#include <netinet/if_ether.h>

#include <algorithm>
#include <string_view>

#include "netlink/nft/foreign.hpp"
#include "netlink/nft/raw.hpp"
#include "netlink/nft/verdict.hpp"

namespace netlink::nft {
namespace {

enum class Holds : std::uint8_t { no, maybe, yes };

using Value = std::optional<Bytes>;  // nullopt: not known

// One rule applied to the packet.
class RuleWalk {
public:
    RuleWalk(const ForeignRules& rules, const ForeignChain& chain, const Imagined& packet)
        : rules_(rules), chain_(chain), packet_(packet) {}

    void run(const nftnl_rule& rule) {
        nftnl_expr_foreach(
            const_cast<nftnl_rule*>(&rule),
            [](nftnl_expr* expression, void* to) {
                auto* self = static_cast<RuleWalk*>(to);
                self->step(expression);
                return self->holds_ == Holds::no ? -1 : 0;  // -1 ends the walk
            },
            this);
    }

    Holds holds() const { return holds_; }
    const std::optional<Verdict>& verdict() const { return verdict_; }

private:
    void step(nftnl_expr* e) {
        const std::string_view kind = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
        if (kind == "meta") return meta(e);
        if (kind == "payload") return payload(e);
        if (kind == "ct") return conntrack(e);
        if (kind == "bitwise") return bitwise(e);
        if (kind == "cmp") return compare(e);
        if (kind == "lookup") return lookup(e);
        if (kind == "immediate") return immediate(e);
        if (kind == "reject") return decide({VerdictKind::drop, {}});
        if (kind == "match") return xt_match(e);
        if (kind == "target") return xt_target(e);
        constexpr std::string_view no_match[] = {"counter", "log", "notrack", "nat", "masq", "redir", "last"};
        if (std::find(std::begin(no_match), std::end(no_match), kind) == std::end(no_match)) unsure();
    }

    void unsure() { holds_ = std::min(holds_, Holds::maybe); }
    void require(bool condition) {
        if (!condition) holds_ = Holds::no;
    }
    void decide(Verdict verdict) { verdict_ = std::move(verdict); }

    // Registers 1 to 4 are the 4-byte ones from 8 on, by fours.
    static std::uint32_t slot(std::uint32_t reg) {
        return reg >= NFT_REG_1 && reg <= NFT_REG_4 ? NFT_REG32_00 + (reg - NFT_REG_1) * 4 : reg;
    }
    void set(std::uint32_t reg, Value value) {
        registers_[slot(reg)] = std::move(value);
        if (both_ports_in_ == slot(reg)) both_ports_in_.reset();
    }
    Value get(std::uint32_t reg) const {
        const auto found = registers_.find(slot(reg));
        return found == registers_.end() ? std::nullopt : found->second;
    }

    void meta(nftnl_expr* e) {
        if (!nftnl_expr_is_set(e, NFTNL_EXPR_META_DREG)) return;  // sets a mark
        set(nftnl_expr_get_u32(e, NFTNL_EXPR_META_DREG), meta_value(nftnl_expr_get_u32(e, NFTNL_EXPR_META_KEY)));
    }
    Value meta_value(std::uint32_t key) const {
        const bool v4 = packet_.family == Family::ipv4;
        switch (key) {
            case NFT_META_IIFNAME:
                return device_key(packet_.in);
            case NFT_META_OIFNAME:
                return device_key(packet_.out);
            case NFT_META_IIF:
                return raw(::if_nametoindex(packet_.in.c_str()));
            case NFT_META_OIF:
                return raw(::if_nametoindex(packet_.out.c_str()));
            case NFT_META_NFPROTO:
                return Bytes{static_cast<std::uint8_t>(v4 ? NFPROTO_IPV4 : NFPROTO_IPV6)};
            case NFT_META_L4PROTO:
                return Bytes{packet_.protocol};
            case NFT_META_PROTOCOL:
                return raw(htons(v4 ? ETHERTYPE_IP : ETHERTYPE_IPV6));
            default:
                return std::nullopt;
        }
    }

    void payload(nftnl_expr* e) {
        if (!nftnl_expr_is_set(e, NFTNL_EXPR_PAYLOAD_DREG)) return;  // writes
        const auto base = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_BASE);
        const auto offset = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET);
        const auto length = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_LEN);
        Value value;
        if (base == NFT_PAYLOAD_NETWORK_HEADER) value = network_header(offset, length);
        if (base == NFT_PAYLOAD_TRANSPORT_HEADER) value = transport_header(offset, length);
        const auto into = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_DREG);
        set(into, std::move(value));
        if (base == NFT_PAYLOAD_TRANSPORT_HEADER && offset == 0 && length == both_ports) both_ports_in_ = slot(into);
    }
    Value network_header(std::uint32_t offset, std::uint32_t length) const {
        const bool v4 = packet_.family == Family::ipv4;
        if (offset == (v4 ? 9U : 6U) && length == 1) return Bytes{packet_.protocol};
        if (!packet_.destination || offset != (v4 ? 16U : 24U)) return std::nullopt;
        const auto bytes = packet_.destination->bytes();
        if (length > bytes.size()) return std::nullopt;
        return Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));  // a prefix is read shorter
    }

    // Of TCP and UDP alike.
    Value transport_header(std::uint32_t offset, std::uint32_t length) const {
        constexpr std::uint32_t port_at = 2;
        if (!packet_.port || offset != port_at || length != sizeof *packet_.port) return std::nullopt;
        return raw(htons(*packet_.port));
    }

    void conntrack(nftnl_expr* e) {
        if (!nftnl_expr_is_set(e, NFTNL_EXPR_CT_DREG)) return;
        const auto key = nftnl_expr_get_u32(e, NFTNL_EXPR_CT_KEY);
        Value value;
        if (key == NFT_CT_STATE) value = raw(packet_.ct_state);
        if (key == NFT_CT_STATUS) value = raw(packet_.ct_status);
        set(nftnl_expr_get_u32(e, NFTNL_EXPR_CT_DREG), std::move(value));
    }

    void bitwise(nftnl_expr* e) {
        auto value = get(nftnl_expr_get_u32(e, NFTNL_EXPR_BITWISE_SREG));
        std::uint32_t mask_size = 0, xor_size = 0;
        const auto* mask = static_cast<const std::uint8_t*>(nftnl_expr_get(e, NFTNL_EXPR_BITWISE_MASK, &mask_size));
        const auto* flip = static_cast<const std::uint8_t*>(nftnl_expr_get(e, NFTNL_EXPR_BITWISE_XOR, &xor_size));
        if (!value || !mask || !flip || mask_size > value->size() || xor_size < mask_size) {
            value.reset();  // a shift, or not known
        } else {
            value->resize(mask_size);
            for (std::size_t i = 0; i < mask_size; ++i)
                (*value)[i] = static_cast<std::uint8_t>(((*value)[i] & mask[i]) ^ flip[i]);
        }
        set(nftnl_expr_get_u32(e, NFTNL_EXPR_BITWISE_DREG), std::move(value));
    }

    void compare(nftnl_expr* e) {
        const auto value = get(nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_SREG));
        const auto operation = nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_OP);
        std::uint32_t size = 0;
        const auto* data = static_cast<const std::uint8_t*>(nftnl_expr_get(e, NFTNL_EXPR_CMP_DATA, &size));
        if (is_for_another_port(nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_SREG), operation, {data, data ? size : 0}))
            return require(false);
        if (!value || !data || size > value->size() || operation > NFT_CMP_NEQ) return unsure();
        const bool equal = std::equal(data, data + size, value->begin());  // shorter data: "eth*"
        require(equal == (operation == NFT_CMP_EQ));
    }

    // A rule about both ports is written as one comparison; where the packet comes from is not known.
    bool is_for_another_port(std::uint32_t reg, std::uint32_t operation, vrrpd::BytesView data) const {
        if (!packet_.port || both_ports_in_ != slot(reg) || operation != NFT_CMP_EQ || data.size() != both_ports)
            return false;
        const auto port = raw(htons(*packet_.port));
        return !std::equal(port.begin(), port.end(), data.end() - 2);
    }

    void lookup(nftnl_expr* e) {
        const auto found =
            rules_.sets.find({chain_.family, chain_.table, nftnl_expr_get_str(e, NFTNL_EXPR_LOOKUP_SET)});
        const auto value = get(nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_SREG));
        const bool inverted = nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV;
        if (found == rules_.sets.end() || !found->second.exact || !value) return unknown_lookup(e);
        const auto& elements = found->second.elements;
        if (!elements.empty() && elements.begin()->first.size() != value->size()) return unknown_lookup(e);
        const auto element = elements.find(*value);
        require((element != elements.end()) != inverted);
        if (element != elements.end() && element->second) decide(*element->second);
    }
    // An unread verdict map might hold anything, an accept too.
    void unknown_lookup(nftnl_expr* e) {
        unsure();
        if (nftnl_expr_is_set(e, NFTNL_EXPR_LOOKUP_DREG) &&
            nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_DREG) == NFT_REG_VERDICT)
            decide({VerdictKind::accept, {}});
    }

    void immediate(nftnl_expr* e) {
        const auto into = nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_DREG);
        if (into == NFT_REG_VERDICT)
            return decide(
                verdict_of(nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_VERDICT), nftnl_expr_get_str(e, NFTNL_EXPR_IMM_CHAIN)));
        std::uint32_t size = 0;
        const auto* data = static_cast<const std::uint8_t*>(nftnl_expr_get(e, NFTNL_EXPR_IMM_DATA, &size));
        set(into, data ? Value(Bytes(data, data + size)) : std::nullopt);
    }

    // iptables-nft leaves matches that nf_tables has no instruction for to the old modules.
    void xt_match(nftnl_expr* e) {
        const std::string_view name = nftnl_expr_get_str(e, NFTNL_EXPR_MT_NAME);
        if (name == "comment") return;
        std::uint32_t size = 0;
        const void* info = nftnl_expr_get(e, NFTNL_EXPR_MT_INFO, &size);
        constexpr std::uint32_t with_wide_state = 2;  // revisions from which state_mask is 16 bits wide
        if (name != "conntrack" || !info || size < sizeof(xt_conntrack_mtinfo2) ||
            nftnl_expr_get_u32(e, NFTNL_EXPR_MT_REV) < with_wide_state)
            return unsure();
        const auto* state = static_cast<const xt_conntrack_mtinfo2*>(info);
        if ((state->match_flags & ~XT_CONNTRACK_STATE_ALIAS) != XT_CONNTRACK_STATE) return unsure();
        const bool inverted = state->invert_flags & XT_CONNTRACK_STATE;
        require(((state->state_mask & xt_state()) != 0) != inverted);
    }
    // nf_tables' state bits as iptables numbers them; DNAT is a state there.
    std::uint32_t xt_state() const {
        constexpr std::uint32_t dnat_status = IPS_DST_NAT;
        return packet_.ct_state | (packet_.ct_status & dnat_status ? XT_CONNTRACK_STATE_DNAT : 0);
    }

    void xt_target(nftnl_expr* e) {
        const std::string_view name = nftnl_expr_get_str(e, NFTNL_EXPR_TG_NAME);
        if (name == "REJECT") decide({VerdictKind::drop, {}});  // others mark, log or rewrite, and go on
    }

    const ForeignRules& rules_;
    const ForeignChain& chain_;
    const Imagined& packet_;
    std::map<std::uint32_t, Value> registers_;
    static constexpr std::uint32_t both_ports = 4;  // octets at the beginning of a TCP or UDP header
    std::optional<std::uint32_t> both_ports_in_;    // the register
    Holds holds_ = Holds::yes;
    std::optional<Verdict> verdict_;
};

enum class Fate : std::uint8_t { passes_on, accepted, dropped };

class Walk {
public:
    Walk(const ForeignRules& rules, const Imagined& packet) : rules_(rules), packet_(packet) {}

    bool could_accept() const { return could_accept_; }

    Fate chain(const ForeignChain& chain, bool sure, int depth) {
        constexpr int deepest = 16;  // NFT_JUMP_STACK_SIZE
        if (depth > deepest) return Fate::passes_on;
        for (const auto& rule : chain.rules) {
            RuleWalk walk(rules_, chain, packet_);
            walk.run(*rule);
            if (walk.holds() == Holds::no || !walk.verdict()) continue;
            const bool certain = sure && walk.holds() == Holds::yes;
            const auto fate = follow(chain, *walk.verdict(), certain, depth);
            if (certain && fate != Fate::passes_on) return fate;
            const auto kind = walk.verdict()->kind;
            const bool leaves = kind == VerdictKind::back || kind == VerdictKind::go_to;
            if (leaves && walk.holds() == Holds::yes) return Fate::passes_on;
            if (leaves) sure = false;  // what follows is reached perhaps
        }
        return Fate::passes_on;
    }

private:
    Fate follow(const ForeignChain& from, const Verdict& verdict, bool certain, int depth) {
        switch (verdict.kind) {
            case VerdictKind::accept:
                could_accept_ = true;
                return Fate::accepted;
            case VerdictKind::drop:
                return Fate::dropped;
            case VerdictKind::jump:
            case VerdictKind::go_to: {
                const auto found = rules_.chains.find({from.family, from.table, verdict.chain});
                return found == rules_.chains.end() ? Fate::passes_on : chain(found->second, certain, depth + 1);
            }
            case VerdictKind::back:
            case VerdictKind::other:
                return Fate::passes_on;
        }
        return Fate::passes_on;
    }

    const ForeignRules& rules_;
    const Imagined& packet_;
    bool could_accept_ = false;
};

}  // namespace

bool drops(const ForeignRules& rules, const ForeignChain& base, const Imagined& packet) {
    Walk walk(rules, packet);
    const auto fate = walk.chain(base, true, 0);
    if (walk.could_accept()) return false;
    return fate == Fate::dropped || (fate == Fate::passes_on && base.drops_by_policy);
}

}  // namespace netlink::nft
