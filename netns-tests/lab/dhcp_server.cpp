#include "netns-tests/lab/dhcp_server.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "netns-tests/lab/bus_configuration.hpp"
#include "netns-tests/lab/janitor.hpp"
#include "netns-tests/lab/wait.hpp"

namespace lab {

using vrrpd::IpAddress;

namespace {

void write(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text << std::flush;
    if (!file) give_up("cannot write " + path);
}

// In a host's namespace: somebody has bound UDP port 67.
bool serves_dhcp(const Host& host) { return !host.must({"ss", "-Hlun", "sport = :67"}).empty(); }

}  // namespace

std::string Bus::file(const std::string& suffix) const {
    return fmt::format("{}/{}.bus{}", directory(), host_.name(), suffix);
}

std::string Bus::address() const { return "unix:path=" + file(""); }

void Bus::start() {
    process_.kill_all();
    std::filesystem::remove(file(""));
    write(file(".conf"), bus_configuration(address()));
    process_ = Process({"dbus-daemon", "--nofork", "--nopidfile", "--nosyslog", "--config-file=" + file(".conf")},
                       host_.netns().fd(), file(".log"));
    if (!wait_until([this] { return std::filesystem::exists(file("")); })) give_up("dbus-daemon did not start");
}

DhcpServer::DhcpServer(Host& host, const Bus& bus, DhcpServerPlan plan)
    : host_(host), bus_(bus), plan_(std::move(plan)) {
    configure();
}

std::string DhcpServer::file(const std::string& suffix) const {
    return fmt::format("{}/{}.{}", directory(), host_.name(), suffix);
}

void DhcpServer::configure() const {
    write(configuration(),
          fmt::format("port=0\n"  // DNS is the forwarder's
                      "bind-dynamic\n"
                      "{}\n"
                      "dhcp-range={}\n"
                      "dhcp-option=3,10.12.14.1\n"
                      "dhcp-option=6,10.12.14.1\n"
                      "dhcp-authoritative\n"
                      "{}\n"
                      "dhcp-leasefile={}\n"
                      "{}\n"
                      "{}\n",
                      plan_.bound_to_vip ? "listen-address=10.12.14.1" : "interface=lan0", plan_.range,
                      plan_.pings ? "" : "no-ping", lease_file(), plan_.bus ? "enable-dbus" : "", plan_.more));
}

Arguments DhcpServer::command_line() const {
    auto words = bus_.environment();
    for (const auto* word : {"dnsmasq", "--keep-in-foreground", "--user=root", "--log-facility=-"})
        words.emplace_back(word);
    words.push_back("--pid-file=" + file("dnsmasq.pid"));
    words.push_back("--conf-file=" + configuration());
    return words;
}

void DhcpServer::start() {
    process_.kill_all();
    process_ = Process(command_line(), host_.netns().fd(), file("dnsmasq.log"));
    if (!wait_until([this] { return serves_dhcp(host_); }))
        give_up("dnsmasq does not serve on " + host_.name() + ", see " + file("dnsmasq.log"));
}

StoredLeases DhcpServer::leases() const {
    StoredLeases found;
    std::ifstream text(lease_file());
    long long expires = 0;
    std::string mac, address, name, id;
    while (text >> expires >> mac >> address >> name >> id) {
        if (const auto parsed = IpAddress::parse(address))
            found[*parsed] = {mac, name, id, std::chrono::sys_seconds(std::chrono::seconds(expires))};
    }
    return found;
}

}  // namespace lab
