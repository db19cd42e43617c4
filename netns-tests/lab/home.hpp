// The home that vrrpd is built for (README): three hosts that can be the gateway, a client, the internet.
//
//     client 10.12.14.100 --+                  +-- H003 .4 --+
//                        LAN switch -----------+-- H001 .2 --+---------- WAN switch -- internet
//     server 10.12.14.20 --+    gateway .1     +-- H002 .3 --+           198.51.100.1, 203.0.113.10
#pragma once

#include <string>
#include <vector>

#include "netns-tests/lab/capture.hpp"
#include "netns-tests/lab/network.hpp"

namespace lab {

struct Home {
    Home();

    Switches switches{{"lan", "wan"}};
    Host h003, h001, h002, client, server, internet;
    Capture lan{switches, "lan"};
    Capture wan{switches, "wan"};

    static const vrrpd::IpAddress vip;               // 10.12.14.1
    static const vrrpd::IpAddress vip6;              // fd00:12:14::1
    static const vrrpd::IpAddress internet_address;  // 203.0.113.10

    [[nodiscard]] std::vector<Host*> candidates() { return {&h003, &h001, &h002}; }
    // The candidates that have the gateway's address now.
    [[nodiscard]] std::vector<std::string> holders(const vrrpd::IpAddress& address = vip);
    bool await_holder(const Host& host, std::chrono::milliseconds limit = std::chrono::seconds(10));
};

}  // namespace lab
