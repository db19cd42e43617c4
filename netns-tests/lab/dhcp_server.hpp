// What a router runs beside vrrpd: the system's D-Bus (a private one here), and dnsmasq as DHCP server of the virtual
// address. Real daemons in the host's namespace, files in the laboratory's directory; the lease file stays there when
// the host loses power, as on a disk.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "netns-tests/lab/network.hpp"
#include "netns-tests/lab/process.hpp"
#include "vrrpd/base/ip.hpp"

namespace lab {

class Bus {
public:
    explicit Bus(Host& host) : host_(host) {}

    void start();  // returns when it listens
    [[nodiscard]] Process& process() { return process_; }
    [[nodiscard]] std::string address() const;
    // For the front of a command line: who finds the system's bus finds this one.
    [[nodiscard]] Arguments environment() const { return {"env", "DBUS_SYSTEM_BUS_ADDRESS=" + address()}; }

private:
    [[nodiscard]] std::string file(const std::string& suffix) const;

    Host& host_;
    Process process_;
};

// As a record of dnsmasq's lease file.
struct StoredLease {
    std::string mac;
    std::string host_name;  // "*": none
    std::string client_id;  // "*": none
    std::chrono::sys_seconds expires;
};
using StoredLeases = std::map<vrrpd::IpAddress, StoredLease>;

struct DhcpServerPlan {
    bool bus = true;
    // What `vrrpd -t` recommends: silent unless the host has the virtual address.
    bool bound_to_vip = true;
    std::string range = "10.12.14.101,10.12.14.199,255.255.255.0,1h";
    std::string more{};  // further lines of its configuration
    bool pings = false;  // an address, for three seconds, before it offers it
};

class DhcpServer {
public:
    DhcpServer(Host& host, const Bus& bus, DhcpServerPlan plan = {});

    void start();  // returns when it serves
    [[nodiscard]] Process& process() { return process_; }
    [[nodiscard]] std::string configuration() const { return file("dnsmasq.conf"); }
    [[nodiscard]] std::string lease_file() const { return file("leases"); }
    // One look; a lease file is written in place, so a look may find less than there is.
    [[nodiscard]] StoredLeases leases() const;
    [[nodiscard]] Arguments command_line() const;

private:
    [[nodiscard]] std::string file(const std::string& suffix) const;
    void configure() const;

    Host& host_;
    const Bus& bus_;
    DhcpServerPlan plan_;
    Process process_;
};

}  // namespace lab
