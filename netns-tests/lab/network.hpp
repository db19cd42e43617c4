// Switches, cables and hosts: what the tests break on purpose.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "netns-tests/lab/netns.hpp"
#include "vrrpd/base/ip.hpp"

namespace lab {

// All switches, bridges in one namespace. A switch port is called after the host's end: "H003-lan0".
class Switches {
public:
    explicit Switches(const std::vector<std::string>& segments);  // {"lan", "wan"}

    [[nodiscard]] const NetNamespace& netns() const { return netns_; }
    // Locally administered, the same for a host each time it comes back.
    [[nodiscard]] std::string mac_for(const std::string& host, std::size_t port) const;
    void open(const std::vector<std::string>& ports) const { set_state(ports, 3); }
    // What is for many still enters at such a port, but does not come out.
    void flood_multicast(const std::string& port, bool on) const;
    // Closed ports neither send nor receive, while both ends keep their carrier.
    void close(const std::vector<std::string>& ports) const { set_state(ports, 0); }

private:
    void set_state(const std::vector<std::string>& ports, int state) const;

    NetNamespace netns_;
};

struct Nic {
    std::string device;                  // "lan0"
    std::string segment;                 // the switch it is plugged into
    std::vector<std::string> addresses;  // "10.12.14.4/24"
};

struct HostPlan {
    std::string name;
    std::vector<Nic> nics;
    std::string then;  // `ip -batch` lines when the links are up: routes, further addresses
};

class Host {
public:
    Host(Switches& switches, HostPlan plan);
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    ~Host();

    [[nodiscard]] const std::string& name() const { return plan_.name; }
    [[nodiscard]] const NetNamespace& netns() const { return *netns_; }

    // Power loss: from one moment on nothing leaves the host; then its processes are gone.
    void lose_power();
    void power_on();  // a fresh namespace
    // Partition: the ports are closed, the host notices nothing.
    void isolate(const std::string& device) { switches_.close({port(device)}); }
    void rejoin(const std::string& device) { switches_.open({port(device)}); }
    // The switch forgets who wants multicast, as with IGMP snooping and no querier: this host hears none.
    void lose_multicast(const std::string& device) { switches_.flood_multicast(port(device), false); }
    void regain_multicast(const std::string& device) { switches_.flood_multicast(port(device), true); }
    // The device itself goes, as a USB adapter does, and comes back as a new one of the same name.
    void remove(const std::string& device);
    void add(const std::string& device);
    // Cable: the host sees its carrier go.
    void unplug(const std::string& device);
    void plug(const std::string& device);

    [[nodiscard]] std::string port(const std::string& device) const { return name() + "-" + device; }
    [[nodiscard]] std::string mac(const std::string& device) const;
    [[nodiscard]] bool has_address(const vrrpd::IpAddress& address) const;
    Output run(const Arguments& arguments) const { return lab::run(arguments, netns_->fd()); }
    std::string must(const Arguments& arguments) const { return lab::must(arguments, netns_->fd()); }

private:
    void build();
    void close_all();
    // Not at the moment of the fault: the kernel holds its global lock while it removes a namespace, and the
    // take-over that is being measured needs it.
    void dismantle();
    void connect(std::size_t index);
    [[nodiscard]] std::size_t nic_number(const std::string& device) const;
    [[nodiscard]] std::vector<std::string> ports() const;

    Switches& switches_;
    HostPlan plan_;
    std::unique_ptr<NetNamespace> netns_;
    bool powered_ = true;
    std::set<std::string> unplugged_;  // ports without carrier: as good as closed, and cannot be
};

}  // namespace lab
