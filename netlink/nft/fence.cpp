// The fence: while a gateway's set of open devices does not name a lan device, nothing leaves there that only the
// gateway may say. Every rule asks the set first; the set is timed, so a dead daemon's fence shuts by itself.
//
// Not dropped: ARP probes (sender 0.0.0.0) and duplicate address detection (source ::), with which we ask
// whether a virtual address is taken; adverts (protocol 112), since an address owner's first advert precedes the
// opening; router advertisements of a gateway that does not call them its own.
#include <net/ethernet.h>

#include <algorithm>
#include <utility>

#include "netlink/nft/compile.hpp"
#include "netlink/nft/names.hpp"

namespace netlink::nft {
namespace {

constexpr std::uint16_t vlan_tag = ETHERTYPE_VLAN, provider_tag = 0x88a8;  // IEEE 802.1Q, 802.1ad
constexpr UdpPorts dhcp4_answer{Family::ipv4, 67, 68};
constexpr UdpPorts dhcp6_answer{Family::ipv6, 547, 546};

class FenceOf {
public:
    FenceOf(std::span<const GatewayRules> gateways, FencePlace place) : gateways_(gateways), place_(place) {}

    std::vector<Rule> rules(const std::string& device) const {
        std::vector<Rule> out;
        // What a VLAN on top of the device sends passes here, too: it is another LAN.
        if (place_ == FencePlace::egress)
            for (const std::uint16_t type : {vlan_tag, provider_tag}) out.push_back({Tagged{type}, Accept{}});
        Rule serving_shut = start(device), advertising_shut = start(device);
        bool advertising = false;
        for (const auto& gateway : gateways_) {
            const auto devices = lan_devices(gateway);
            if (std::find(devices.begin(), devices.end(), device) == devices.end()) continue;
            const WhileShut shut{open_set_name(gateway.name)};
            if (!gateway.no_dhcp) serving_shut.push_back(shut);
            if (gateway.fence_router_advertisements) advertising_shut.push_back(shut);
            advertising = advertising || gateway.fence_router_advertisements;
            add_virtual(gateway, device, shut, out);
        }
        // Whose DHCP answer or router advertisement it is cannot be told: one open gateway on the device lets it pass.
        out.push_back(dropped(serving_shut, dhcp4_answer));
        out.push_back(dropped(serving_shut, dhcp6_answer));
        if (advertising) out.push_back(dropped(advertising_shut, RouterAdvertisement{}));
        return out;
    }

private:
    Rule start(const std::string& device) const {
        return place_ == FencePlace::output ? Rule{OutDevice{device}} : Rule{};
    }
    static Rule dropped(Rule rule, Statement match) {
        rule.push_back(std::move(match));
        rule.insert(rule.end(), {Count{}, Drop{}});
        return rule;
    }
    void add_virtual(const GatewayRules& gateway, const std::string& device, const WhileShut& shut,
                     std::vector<Rule>& out) const {
        Rule prefix = start(device);
        prefix.push_back(shut);
        if (const auto v4 = virtual_addresses(gateway, Family::ipv4); !v4.members.empty()) {
            if (place_ == FencePlace::egress) out.push_back(dropped(prefix, ArpSender{v4.name}));
            out.push_back(dropped(prefix, VirtualSource{v4.name, Family::ipv4}));
        }
        if (const auto v6 = virtual_addresses(gateway, Family::ipv6); !v6.members.empty()) {
            out.push_back(dropped(prefix, VirtualSource{v6.name, Family::ipv6}));
            out.push_back(dropped(prefix, AdvertisesVirtual{v6.name}));
        }
    }

    std::span<const GatewayRules> gateways_;
    FencePlace place_;
};

std::vector<Set> sets_of(std::span<const GatewayRules> gateways) {
    std::vector<Set> sets;
    for (const auto& gateway : gateways) {
        if (gateway.lans.empty()) continue;
        sets.push_back(OpenSet{open_set_name(gateway.name)});
        for (const auto family : {Family::ipv4, Family::ipv6})
            if (auto set = virtual_addresses(gateway, family); !set.members.empty()) sets.push_back(std::move(set));
    }
    return sets;
}

std::vector<std::string> all_lan_devices(std::span<const GatewayRules> gateways) {
    std::vector<std::string> devices;
    for (const auto& gateway : gateways)
        for (const auto& device : lan_devices(gateway))
            if (std::find(devices.begin(), devices.end(), device) == devices.end()) devices.push_back(device);
    return devices;
}

}  // namespace

std::string open_set_name(const std::string& gateway) { return identifier("open", gateway); }

std::optional<Table> compile_fence(std::span<const GatewayRules> gateways, FencePlace place,
                                   std::span<const std::string> absent) {
    const auto devices = all_lan_devices(gateways);
    if (devices.empty()) return std::nullopt;
    const FenceOf fence(gateways, place);
    Table table{TableFamily::netdev, table_name, sets_of(gateways), {}};
    if (place == FencePlace::output) {
        table.family = TableFamily::inet;
        table.name = output_fence_name;
        Chain chain{"output", ChainType::filter, Hook::output, filter_priority, {}, {}};
        for (const auto& device : devices)
            for (auto& rule : fence.rules(device)) chain.rules.push_back(std::move(rule));
        table.chains.push_back(std::move(chain));
        return table;
    }
    for (const auto& device : devices) {  // a chain each: one device's absence does not hold up the others
        if (std::find(absent.begin(), absent.end(), device) != absent.end()) continue;
        table.chains.push_back({identifier("fence", device), ChainType::filter, Hook::egress, filter_priority, device,
                                fence.rules(device)});
    }
    return table;
}

}  // namespace netlink::nft
