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
constexpr std::uint16_t dhcp_server_port = 67;

// What must get through, and the condition under which a remedy may let it.
enum class Need : std::uint8_t { outward, answers, forwards, dns_elsewhere, adverts, dhcp, dns_here };
constexpr bool comes_in(Need need) { return need >= Need::adverts; }

struct Passage {
    Need need;
    Imagined packet;
};

const char* family_name(std::uint16_t family) {
    return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

bool concerns(const ForeignChain& chain, const Passage& passage) {
    const std::uint32_t hook = comes_in(passage.need) ? NF_INET_LOCAL_IN : NF_INET_FORWARD;
    const std::uint16_t own = passage.packet.family == Family::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
    return chain.hook == hook && (chain.family == NFPROTO_INET || chain.family == own);
}

bool has_chain(const ForeignRules& rules, const ForeignChain& base, const char* name) {
    return rules.chains.count({base.family, base.table, name}) != 0;
}

// Questions that fit into no datagram come over TCP.
std::string dns_match(const Passage& passage) {
    return fmt::format("meta l4proto {{ tcp, udp }} th dport {}", passage.packet.port.value_or(dns_port));
}

// Words for the remedies: the match of the packet as iptables and as nft write it.
std::string iptables_match(const Passage& passage) {
    const auto& packet = passage.packet;
    switch (passage.need) {
        case Need::adverts:
            return fmt::format("-i {} -p 112 -j ACCEPT", packet.in);
        case Need::dhcp:
            return fmt::format("-i {} -p udp --dport {} -j ACCEPT", packet.in, dhcp_server_port);
        case Need::dns_here:
            return fmt::format("-i {} -p udp --dport {} -j ACCEPT (and the same with -p tcp)", packet.in,
                               packet.port.value_or(dns_port));
        case Need::outward:
        case Need::dns_elsewhere:
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
        case Need::dhcp:
            return fmt::format("iifname \"{}\" udp dport {}", packet.in, dhcp_server_port);
        case Need::dns_here:
            return fmt::format("iifname \"{}\" {}", packet.in, dns_match(passage));
        case Need::outward:
        case Need::dns_elsewhere:
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
    if (comes_in(passage.need)) {
        const auto what = passage.need == Need::adverts ? "protocol=vrrp"
                          : passage.need == Need::dhcp  ? "service=dhcp"
                                                        : "service=dns";
        return fmt::format("firewall-cmd --permanent --zone={} --add-{} && firewall-cmd --reload",
                           zone(passage.packet.in), what);
    }
    const auto policy = fmt::format("vrrpd-{}-{}", passage.packet.in, passage.packet.out);
    return fmt::format(
        "firewall-cmd --permanent --new-policy={0} && firewall-cmd --permanent --policy={0} --add-ingress-zone={1} "
        "--add-egress-zone={2} --set-target=ACCEPT && firewall-cmd --reload",
        policy, zone(passage.packet.in), zone(passage.packet.out));
}

// ufw has no word for other protocols than these.
std::string ufw_remedy(const ForeignChain& base, const Passage& passage, const char* iptables, const char* chain) {
    const auto& packet = passage.packet;
    if (passage.need == Need::dhcp)
        return fmt::format("ufw allow in on {} to any port {} proto udp", packet.in, dhcp_server_port);
    if (passage.need == Need::dns_here)
        return fmt::format("ufw allow in on {} to any port {}", packet.in, packet.port.value_or(dns_port));
    return fmt::format("{} -I {} {} (and the same line, with -A, in /etc/ufw/before{}.rules)", iptables, chain,
                       iptables_match(passage), base.family == NFPROTO_IPV6 ? "6" : "");
}

// What the owner of that chain would have its user run.
std::string remedy(const ForeignRules& rules, const ForeignChain& base, const Passage& passage) {
    const char* iptables = base.family == NFPROTO_IPV6 ? "ip6tables" : "iptables";
    const char* ufw_input = base.family == NFPROTO_IPV6 ? "ufw6-before-input" : "ufw-before-input";
    const char* ufw_forward = base.family == NFPROTO_IPV6 ? "ufw6-before-forward" : "ufw-before-forward";
    const bool input = comes_in(passage.need);
    if (!input && has_chain(rules, base, "DOCKER-USER"))
        return fmt::format("{} -I DOCKER-USER {}", iptables, iptables_match(passage));
    if (!input && has_chain(rules, base, ufw_forward))
        return fmt::format("ufw route allow in on {} out on {}", passage.packet.in, passage.packet.out);
    if (input && has_chain(rules, base, ufw_input)) return ufw_remedy(base, passage, iptables, ufw_input);
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
        case Need::dhcp:
            return fmt::format("{} drops DHCP requests (UDP port {}) on {}", chain, dhcp_server_port, packet.in);
        case Need::dns_here:
            return fmt::format("{} drops DNS questions (port {}) on {}", chain, packet.port.value_or(dns_port),
                               packet.in);
        case Need::dns_elsewhere:
            return fmt::format("{} drops DNS questions for the server of another router, {}->{}", chain, packet.in,
                               packet.out);
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
        return Imagined{family, in, to, static_cast<std::uint8_t>(Transport::tcp), state, status, {}, {}};
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
        out.push_back({Need::adverts, {family, device, {}, vrrp_protocol, state_new, 0, group, {}}});
    }
}

// Questions come in under the virtual address, and are led on (DNAT) to whoever answers.
void add_services(const Served& gateway, const Lan& lan, std::vector<Passage>& out) {
    const auto family = lan.prefix.address.family();
    constexpr auto udp = static_cast<std::uint8_t>(Transport::udp);
    if (gateway.dhcp && family == Family::ipv4)
        out.push_back(
            {Need::dhcp,
             {family, lan.device, {}, udp, state_new, 0, IpAddress::v4(255, 255, 255, 255), dhcp_server_port}});
    for (const auto& path : gateway.dns) {
        if (path.family != family) continue;
        const auto& device = lan.device;
        if (path.here)
            out.push_back({Need::dns_here, {family, device, {}, udp, state_new, IPS_DST_NAT, {}, *path.here}});
        else
            for (const auto state : {state_new, state_established})
                out.push_back({Need::dns_elsewhere, {family, device, device, udp, state, IPS_DST_NAT, {}, {}}});
    }
}

std::vector<Passage> passages(const Served& served) {
    const auto& gateway = served.gateway;
    std::vector<Passage> out;
    for (const auto& lan : gateway.lans) {
        add_forwarding(gateway, lan, out);
        add_services(served, lan, out);
    }
    for (const auto& device : lan_devices(gateway)) add_adverts(gateway, device, out);
    return out;
}

}  // namespace

Result<std::vector<Obstacle>> find_obstacles(Connection& connection, std::span<const Served> gateways) {
    const auto rules = read_foreign(connection);
    if (!rules) return tl::unexpected(rules.error());
    std::vector<Obstacle> out;
    for (const auto& gateway : gateways)
        for (const auto& passage : passages(gateway))
            for (const auto& [place, chain] : rules->chains) {
                if (!concerns(chain, passage) || !drops(*rules, chain, passage.packet)) continue;
                Obstacle obstacle{gateway.gateway.name, where(chain, passage), remedy(*rules, chain, passage)};
                if (std::find(out.begin(), out.end(), obstacle) == out.end()) out.push_back(std::move(obstacle));
            }
    return out;
}

}  // namespace netlink::nft
