// One configuration file for all three routers of the home, leases included. A test changes what it is about.
#pragma once

#include <string>

namespace lab {

struct HomeText {
    std::string key_file;
    std::string advert_int = "0.1";
    std::string follows = "LAN";  // the gateway's
    std::string instance{};       // further lines of the vrrp_instance
    std::string gateway{};        // ... of the gateway
    std::string dnsmasq{};        // ... of the dnsmasq block
    // ... that say which one it is.
    std::string dnsmasq_files = "lease_file $LEASES\n        configuration $DNSMASQ";
    std::string dhcp_sync{};    // ... of dhcp_sync
    std::string more_blocks{};  // dns_failover ...

    [[nodiscard]] std::string text() const;

    // Variables of the file: a host's own programs, where a test has written them. $ALERT, $RESTART.
    [[nodiscard]] static std::string alert_command(const std::string& host);
    [[nodiscard]] static std::string restart_command(const std::string& host);
};

}  // namespace lab
