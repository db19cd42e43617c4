// One router with everything that runs on it: D-Bus, dnsmasq for DHCP, perhaps a DNS forwarder, and vrrpd, which finds
// the bus. Its files are in the laboratory's directory, as on a disk of its own.
#pragma once

#include <optional>
#include <string>

#include "netns-tests/lab/dhcp_server.hpp"
#include "netns-tests/lab/network.hpp"
#include "netns-tests/lab/process.hpp"
#include "netns-tests/lab/router.hpp"
#include "vrrpd/base/ip.hpp"

namespace lab {

struct ForwarderPlan {
    vrrpd::IpAddress own;     // where it listens
    vrrpd::IpAddress answer;  // to every question
};

struct Site {
    explicit Site(Host& its_host, const DhcpServerPlan& plan = {}, std::optional<ForwarderPlan> dns = {});

    void start();  // all of it; vrrpd is configured before
    void start_router() { router.start(); }
    void kill_all();              // at once, as far as signals can
    void power_on();              // after Host::lose_power(): its disk is what it was
    [[nodiscard]] pid_t agent();  // 0: none

    Host& host;
    std::optional<ForwarderPlan> dns_plan;
    Bus bus;
    DhcpServer server;
    Router router;
    Process forwarder;
};

// A key file for peer_link, made by `vrrpctl keygen`; its path.
[[nodiscard]] std::string make_key(const std::string& name);

}  // namespace lab
