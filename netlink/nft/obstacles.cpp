#include "netlink/nft/obstacles.hpp"

#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <algorithm>

#include "netlink/nft/compile.hpp"
#include "netlink/nft/foreign.hpp"

namespace netlink::nft {
namespace {

constexpr std::uint32_t state_established = 2, state_new = 8;  // NF_CT_STATE_BIT
constexpr std::uint8_t vrrp_protocol = 112;

// What must get through, and the condition under which a remedy may let it.
enum class Need : std::uint8_t { outward, answers, forwards, adverts };

struct Passage {
    Need need;
    Imagined packet;
};

const char* family_name(std::uint16_t family) {
    return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

bool concerns(const ForeignChain& chain, const Passage& passage) {
    const std::uint32_t hook = passage.need == Need::adverts ? NF_INET_LOCAL_IN : NF_INET_FORWARD;
    const std::uint16_t own = passage.packet.family == Family::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
    return chain.hook == hook && (chain.family == NFPROTO_INET || chain.family == own);
}

bool has_chain(const ForeignRules& rules, const ForeignChain& base, const char* name) {
    return rules.chains.count({base.family, base.table, name}) != 0;
}

// Words for the remedies: the match of the packet as iptables and as nft write it.
std::string iptables_match(const Passage& passage) {
    const auto& packet = passage.packet;
    switch (passage.need) {
        case Need::adverts:
            return fmt::format("-i {} -p 112 -j ACCEPT", packet.in);
        case Need::outward:
            return fmt::format("-i {} -o {} -j ACCEPT", packet.in, packet.out);
        case Need::answers:
            return fmt::format("-i {} -o {} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", packet.in,
                               packet.out);
        case Need::forwards:
            return fmt::format("-i {} -o {} -m conntrack --ctstate DNAT -j ACCEPT", packet.in, packet.out);
    }
    return {};
}

std::string nft_match(const Passage& passage) {
    const auto& packet = passage.packet;
    const auto between = fmt::format("iifname \"{}\" oifname \"{}\"", packet.in, packet.out);
    switch (passage.need) {
        case Need::adverts:
            return fmt::format("iifname \"{}\" meta l4proto 112", packet.in);
        case Need::outward:
            return between;
        case Need::answers:
            return between + " ct state established,related";
        case Need::forwards:
            return between + " ct status dnat";
    }
    return {};
}

std::string firewalld_remedy(const Passage& passage) {
    const auto zone = [](const std::string& device) {
        return fmt::format("$(firewall-cmd --get-zone-of-interface={})", device);
    };
    if (passage.need == Need::adverts)
        return fmt::format("firewall-cmd --permanent --zone={} --add-protocol=vrrp && firewall-cmd --reload",
                           zone(passage.packet.in));
    const auto policy = fmt::format("vrrpd-{}-{}", passage.packet.in, passage.packet.out);
    return fmt::format(
        "firewall-cmd --permanent --new-policy={0} && firewall-cmd --permanent --policy={0} --add-ingress-zone={1} "
        "--add-egress-zone={2} --set-target=ACCEPT && firewall-cmd --reload",
        policy, zone(passage.packet.in), zone(passage.packet.out));
}

// What the owner of that chain would have its user run.
std::string remedy(const ForeignRules& rules, const ForeignChain& base, const Passage& passage) {
    const char* iptables = base.family == NFPROTO_IPV6 ? "ip6tables" : "iptables";
    const char* ufw_input = base.family == NFPROTO_IPV6 ? "ufw6-before-input" : "ufw-before-input";
    const char* ufw_forward = base.family == NFPROTO_IPV6 ? "ufw6-before-forward" : "ufw-before-forward";
    const bool input = passage.need == Need::adverts;
    if (!input && has_chain(rules, base, "DOCKER-USER"))
        return fmt::format("{} -I DOCKER-USER {}", iptables, iptables_match(passage));
    if (!input && has_chain(rules, base, ufw_forward))
        return fmt::format("ufw route allow in on {} out on {}", passage.packet.in, passage.packet.out);
    if (input && has_chain(rules, base, ufw_input))
        return fmt::format("{} -I {} {} (and the same line, with -A, in /etc/ufw/before{}.rules)", iptables, ufw_input,
                           iptables_match(passage), base.family == NFPROTO_IPV6 ? "6" : "");
    if (base.table == "firewalld") return firewalld_remedy(passage);
    if (base.family != NFPROTO_INET && base.table == "filter" && base.name == (input ? "INPUT" : "FORWARD"))
        return fmt::format("{} -I {} {}", iptables, base.name, iptables_match(passage));
    return fmt::format("nft insert rule {} {} {} {} accept", family_name(base.family), base.table, base.name,
                       nft_match(passage));
}

std::string where(const ForeignChain& base, const Passage& passage) {
    const auto chain = fmt::format("{} {} {}", family_name(base.family), base.table, base.name);
    const auto& packet = passage.packet;
    switch (passage.need) {
        case Need::adverts:
            return fmt::format("{} drops protocol 112 (VRRP) on {}", chain, packet.in);
        case Need::outward:
            return fmt::format("{} drops {}->{}", chain, packet.in, packet.out);
        case Need::answers:
            return fmt::format("{} drops answers {}->{}", chain, packet.in, packet.out);
        case Need::forwards:
            return fmt::format("{} drops forwarded ports {}->{}", chain, packet.in, packet.out);
    }
    return {};
}

bool is_own(const GatewayRules& gateway, const IpAddress& address) {
    const auto& virtuals = gateway.virtual_addresses;
    return std::find(virtuals.begin(), virtuals.end(), address) != virtuals.end();
}

bool forwards_to_lan(const GatewayRules& gateway, Family family) {
    return std::any_of(gateway.forwards.begin(), gateway.forwards.end(), [&](const PortForward& forward) {
        return forward.to.family() == family && !is_own(gateway, forward.to);
    });
}

void add_forwarding(const GatewayRules& gateway, const Lan& lan, std::vector<Passage>& out) {
    if (gateway.wan.empty()) return;
    const auto family = lan.prefix.address.family();
    const auto packet = [&](const std::string& in, const std::string& to, std::uint32_t state, std::uint32_t status) {
        return Imagined{family, in, to, static_cast<std::uint8_t>(Transport::tcp), state, status, {}};
    };
    out.push_back({Need::outward, packet(lan.device, gateway.wan, state_new, 0)});
    out.push_back({Need::answers, packet(gateway.wan, lan.device, state_established, 0)});
    if (forwards_to_lan(gateway, family))
        out.push_back({Need::forwards, packet(gateway.wan, lan.device, state_new, IPS_DST_NAT)});
}

void add_adverts(const GatewayRules& gateway, const std::string& device, std::vector<Passage>& out) {
    const auto group4 = IpAddress::v4(224, 0, 0, 18);
    const auto group6 = IpAddress::parse("ff02::12");
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        if (virtual_addresses(gateway, family).members.empty()) continue;
        const auto group = family == Family::ipv4 ? std::optional(group4) : group6;
        out.push_back({Need::adverts, {family, device, {}, vrrp_protocol, state_new, 0, group}});
    }
}

std::vector<Passage> passages(const GatewayRules& gateway) {
    std::vector<Passage> out;
    for (const auto& lan : gateway.lans) add_forwarding(gateway, lan, out);
    for (const auto& device : lan_devices(gateway)) add_adverts(gateway, device, out);
    return out;
}

}  // namespace

Result<std::vector<Obstacle>> find_obstacles(Connection& connection, std::span<const GatewayRules> gateways) {
    const auto rules = read_foreign(connection);
    if (!rules) return tl::unexpected(rules.error());
    std::vector<Obstacle> out;
    for (const auto& gateway : gateways)
        for (const auto& passage : passages(gateway))
            for (const auto& [place, chain] : rules->chains) {
                if (!concerns(chain, passage) || !drops(*rules, chain, passage.packet)) continue;
                Obstacle obstacle{gateway.name, where(chain, passage), remedy(*rules, chain, passage)};
                if (std::find(out.begin(), out.end(), obstacle) == out.end()) out.push_back(std::move(obstacle));
            }
    return out;
}

}  // namespace netlink::nft
