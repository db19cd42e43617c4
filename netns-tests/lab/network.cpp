#include "netns-tests/lab/network.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>

#include "netns-tests/lab/wait.hpp"

namespace lab {

using vrrpd::IpAddress;

namespace {

std::optional<IpAddress> from_sockaddr(const sockaddr* address) {
    if (address == nullptr) return std::nullopt;
    if (address->sa_family == AF_INET) {
        const auto* in = reinterpret_cast<const sockaddr_in*>(address);
        return IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&in->sin_addr), 4});
    }
    if (address->sa_family == AF_INET6) {
        const auto* in6 = reinterpret_cast<const sockaddr_in6*>(address);
        return IpAddress::from_bytes({in6->sin6_addr.s6_addr, 16});
    }
    return std::nullopt;
}

}  // namespace

Switches::Switches(const std::vector<std::string>& segments) : netns_("sw") {
    std::string lines;
    for (const auto& segment : segments) {
        // Snooping off: without a querier it would cut multicast after minutes (as on many a real switch).
        lines += fmt::format(
            "link add {0} type bridge mcast_snooping 0 stp_state 0 forward_delay 0\n"
            "link set {0} up\n",
            segment);
    }
    netns_.set_sysctl("net/ipv6/conf/default/disable_ipv6", "1");  // a switch says nothing of its own
    netns_.ip(lines);
}

std::string Switches::mac_for(const std::string& host, std::size_t port) const {
    // From the name alone, so that a host that comes back is the same to everybody.
    unsigned number = 0;
    for (const char letter : host) number = number * 31 + static_cast<unsigned char>(letter);
    return fmt::format("02:00:{:02x}:{:02x}:00:{:02x}", number >> 8 & 255u, number & 255u, port + 1);
}

void Switches::set_state(const std::vector<std::string>& ports, int state) const {
    std::string lines;
    for (const auto& port : ports) lines += fmt::format("link set dev {} state {}\n", port, state);
    must({"bridge", "-n", netns_.name(), "-batch", "-"}, -1, lines);
}

void Switches::flood_multicast(const std::string& port, bool on) const {
    must({"bridge", "-n", netns_.name(), "link", "set", "dev", port, "mcast_flood", on ? "on" : "off"});
}

Host::Host(Switches& switches, HostPlan plan) : switches_(switches), plan_(std::move(plan)) { build(); }

Host::~Host() {
    if (powered_) lose_power();
    dismantle();
}

void Host::build() {
    netns_ = std::make_unique<NetNamespace>(plan_.name);
    // Forwarding off, so that it is the daemon who must switch it on; no waiting for duplicate addresses.
    netns_->set_sysctl("net/ipv4/ip_forward", "0");
    netns_->set_sysctl("net/ipv6/conf/default/accept_dad", "0");
    netns_->set_sysctl("net/ipv6/conf/default/accept_ra", "0");
    netns_->ip("link set lo up\n");
    for (std::size_t i = 0; i < plan_.nics.size(); ++i) connect(i);
    netns_->ip(plan_.then);
}

void Host::connect(std::size_t index) {
    const auto& nic = plan_.nics[index];
    switches_.netns().ip(
        fmt::format("link add {0} type veth peer name {1} address {2} netns {3}\n"
                    "link set {0} master {4} up\n",
                    port(nic.device), nic.device, switches_.mac_for(name(), index), netns_->name(), nic.segment));
    std::string lines = fmt::format("link set {} up\n", nic.device);
    for (const auto& address : nic.addresses) lines += fmt::format("address add {} dev {}\n", address, nic.device);
    netns_->ip(lines);
}

void Host::close_all() {
    auto open = ports();
    std::erase_if(open, [this](const std::string& port) { return unplugged_.contains(port); });
    switches_.close(open);
}

void Host::lose_power() {
    close_all();
    wait_until([this] {
        const auto alive = processes_in(netns_->name());
        for (const pid_t pid : alive) kill(pid, SIGKILL);
        return alive.empty();
    });
    powered_ = false;
}

void Host::dismantle() {
    std::string lines;
    for (const auto& port : ports()) lines += fmt::format("link del {}\n", port);
    switches_.netns().ip(lines);
    netns_.reset();
    unplugged_.clear();
}

void Host::power_on() {
    dismantle();
    build();
    powered_ = true;
}

void Host::unplug(const std::string& device) {
    switches_.netns().ip(fmt::format("link set {} down\n", port(device)));
    unplugged_.insert(port(device));
}

void Host::plug(const std::string& device) {
    switches_.netns().ip(fmt::format("link set {} up\n", port(device)));
    unplugged_.erase(port(device));
}

std::vector<std::string> Host::ports() const {
    std::vector<std::string> names;
    for (const auto& nic : plan_.nics) names.push_back(port(nic.device));
    return names;
}

std::size_t Host::nic_number(const std::string& device) const {
    for (std::size_t i = 0; i < plan_.nics.size(); ++i) {
        if (plan_.nics[i].device == device) return i;
    }
    give_up(name() + " has no " + device);
}

std::string Host::mac(const std::string& device) const { return switches_.mac_for(name(), nic_number(device)); }

void Host::remove(const std::string& device) { netns_->ip(fmt::format("link del {}\n", device)); }
void Host::add(const std::string& device) { connect(nic_number(device)); }

bool Host::has_address(const IpAddress& address) const {
    if (!powered_) return false;
    bool found = false;
    netns_->inside([&] {
        ifaddrs* list = nullptr;
        if (getifaddrs(&list) != 0) return;
        for (const auto* at = list; at != nullptr; at = at->ifa_next) found |= from_sockaddr(at->ifa_addr) == address;
        freeifaddrs(list);
    });
    return found;
}

}  // namespace lab
