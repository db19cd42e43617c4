#include "vrrpd/engine/core/dump_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "vrrpd/engine/core/dump_words.hpp"
#include "vrrpd/proto/envelope.hpp"

namespace vrrpd::engine {

namespace {

using std::chrono::duration_cast;

// Where instances speak, or have addresses.
std::set<std::string> devices_in_use(const config::Config& config) {
    std::set<std::string> devices;
    for (const auto& instance : config.instances) {
        if (!instance.interface.empty()) devices.insert(instance.interface);
        for (const auto* list : {&instance.addresses, &instance.excluded_addresses})
            for (const auto& address : *list) {
                const auto* own = instance.virtual_device(address.device);
                devices.insert(own == nullptr ? address.device : own->base);
            }
    }
    return devices;
}

// The number of its garp_group, from 1; 0: none.
std::size_t group_of(const std::string& device, const config::Config& config) {
    const auto& groups = config.garp_groups;
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const config::GarpGroup& group) {
        return std::find(group.devices.begin(), group.devices.end(), device) != group.devices.end();
    });
    return found == groups.end() ? 0 : static_cast<std::size_t>(found - groups.begin()) + 1;
}

std::string pace_text(std::size_t number, const config::GarpGroup& group) {
    auto text = fmt::format("------< GARP delay group {} >------\n", number);
    if (group.arp != Duration(0)) text += fmt::format(" GARP interval = {}\n", in_seconds(group.arp));
    if (group.na != Duration(0)) text += fmt::format(" GNA interval = {}\n", in_seconds(group.na));
    text += " Interfaces\n";
    for (const auto& device : group.devices) text += fmt::format("  {}\n", device);
    return text;
}

const char* up_and_running(const netlink::Link& link) {
    if (link.admin_up) return link.running ? "UP, RUNNING" : "UP, not RUNNING";
    return link.running ? "not UP, RUNNING" : "not UP, not RUNNING";
}

class Interfaces {
public:
    Interfaces(const netlink::Snapshot& host, const config::Config& config)
        : host_(host), config_(config), in_use_(devices_in_use(config)) {
        for (const auto& instance : config.instances) {
            const auto* own = own_device(instance);
            track(own == nullptr ? instance.interface : own->name, instance.name, "0");
            for (const auto& tracked : instance.track_interfaces)
                track(tracked.device, instance.name, dumped_weight(tracked));
            for (const auto* list : {&instance.addresses, &instance.excluded_addresses})
                for (const auto& address : *list) virtual_.insert(address.prefix.address);
        }
    }

    std::string text() {
        text_ = "------< Interfaces >------\n";
        for (const auto& link : host_.links) add(link);
        return std::move(text_);
    }

private:
    template <class Value>
    void line(std::string_view key, const Value& value) {
        text_ += fmt::format("   {} = {}\n", key, value);
    }

    void track(const std::string& device, const std::string& instance, const std::string& weight) {
        if (!device.empty()) tracking_[device] += fmt::format("     {}, weight {}\n", instance, weight);
    }

    void add(const netlink::Link& link) {
        text_ += fmt::format(" Name = {}\n", link.name);
        line("index", link.index.value);
        line("IPv4 address", address_of(link, Family::ipv4));
        line("IPv6 address", address_of(link, Family::ipv6));
        if (link.mac != MacAddress()) {
            line("MAC", link.mac.to_string());
            line("MAC broadcast", "ff:ff:ff:ff:ff:ff");
        }
        line("State", fmt::format("{}{}{}{}", up_and_running(link), link.loopback ? ", no broadcast, loopback" : "",
                                  link.arp ? "" : ", no arp", link.multicast ? "" : ", no multicast"));
        delays(link);
        if (is_ours(link)) virtual_device(link);
        line("MTU", link.mtu);
        if (link.loopback || link.mac != MacAddress()) line("HW Type", link.loopback ? "LOOPBACK" : "ETHERNET");
        pace(link);
        if (const auto found = tracking_.find(link.name); found != tracking_.end())
            text_ += "   Tracking VRRP instances :\n" + found->second;
    }

    // The one that it has beside ours; of IPv6 the link-local one.
    [[nodiscard]] std::string address_of(const netlink::Link& link, Family family) const {
        for (const auto& one : host_.addresses) {
            const auto& address = one.prefix.address;
            if (one.link != link.index || address.family() != family) continue;
            if (family == Family::ipv6 && !address.is_link_local()) continue;
            if (one.protocol != netlink::protocol_keepalived && !virtual_.contains(address)) return address.to_string();
        }
        return "(none)";
    }

    // A virtual device follows the one below it.
    void delays(const netlink::Link& link) {
        const auto* base = is_ours(link) ? host_.link(link.base) : &link;
        config::InterfaceDelay delay;
        for (const auto& one : config_.interface_delays)
            if (base != nullptr && one.device == base->name) delay = one;
        const auto in_microseconds = [](Duration time) {
            return fmt::format("{}us", duration_cast<std::chrono::microseconds>(time).count());
        };
        line("Up debounce timer", in_microseconds(delay.up));
        line("Down debounce timer", in_microseconds(delay.down));
    }

    void virtual_device(const netlink::Link& link) {
        const auto* base = host_.link(link.base);
        if (base == nullptr) return;
        text_ +=
            fmt::format("   VMAC type private, underlying interface = {}, state = {}\n   I/f created by keepalived\n",
                        base->name, up_and_running(*base));
    }

    void pace(const netlink::Link& link) {
        const auto number = group_of(link.name, config_);
        if (number == 0 && !in_use_.contains(link.name)) return;
        const auto group = number == 0 ? config::GarpGroup{config_.garp_interval, config_.gna_interval, {}}
                                       : config_.garp_groups[number - 1];
        const auto interval = [&](std::string_view what, Duration time) {
            if (time != Duration(0))
                text_ += fmt::format("   Gratuitous {} interval {}ms\n", what,
                                     duration_cast<std::chrono::milliseconds>(time).count());
        };
        interval("ARP", group.arp);
        interval("NA", group.na);
        if (number != 0) text_ += fmt::format("   Gratuitous ARP aggregation group {}\n", number);
    }

    const netlink::Snapshot& host_;
    const config::Config& config_;
    std::set<std::string> in_use_;
    std::map<std::string, std::string> tracking_;  // by device
    std::set<IpAddress> virtual_;
    std::string text_;
};

}  // namespace

std::string pacing_text(const config::Config& config) {
    std::string text;
    for (std::size_t i = 0; i < config.garp_groups.size(); ++i) text += pace_text(i + 1, config.garp_groups[i]);
    if (config.garp_interval != Duration(0) || config.gna_interval != Duration(0))
        for (const auto& device : devices_in_use(config))
            if (group_of(device, config) == 0)
                text += pace_text(0, {config.garp_interval, config.gna_interval, {device}});
    return text.empty() ? text : "------< Gratuitous ARP delays >------\n" + text;
}

std::string sockets_text(const std::vector<DumpedSocket>& sockets, const config::Config& config) {
    std::string text = sockets.empty() ? "" : "------< VRRP Sockpool >------\n";
    for (const auto& socket : sockets) {
        const bool unicast = std::all_of(socket.routers.begin(), socket.routers.end(),
                                         [&](auto router) { return config.instances.at(router).unicast(); });
        text += fmt::format(
            " fd_in {} fd_out = {}\n   Interface = {}\n   Family = {}\n   Protocol = {}\n   Type = {}\n"
            "   VRRP instances\n",
            socket.fd, socket.fd, socket.device, socket.family == Family::ipv4 ? "IPv4" : "IPv6",
            socket.protocol == proto::ah_protocol ? "AH" : "VRRP", unicast ? "Unicast" : "Multicast");
        for (const auto router : socket.routers) {
            const auto& instance = config.instances.at(router);
            text += fmt::format("     {} vrid {}\n", instance.name, instance.vrid.value());
        }
    }
    return text;
}

std::string interfaces_text(const netlink::Snapshot& host, const config::Config& config) {
    return Interfaces(host, config).text();
}

}  // namespace vrrpd::engine
