#include "netns-tests/lab/home.hpp"

#include <fmt/format.h>

#include "netns-tests/lab/wait.hpp"

namespace lab {

using vrrpd::IpAddress;

const IpAddress Home::vip = IpAddress::v4(10, 12, 14, 1);
const IpAddress Home::vip6 = *IpAddress::parse("fd00:12:14::1");
const IpAddress Home::internet_address = IpAddress::v4(203, 0, 113, 10);

namespace {

// A candidate's own WAN address ends like its LAN address. As a host on the LAN, a stand-in uses the
// gateway like everybody else.
HostPlan candidate(const std::string& name, int number, const std::string& default_route) {
    return {name,
            {{"lan0", "lan", {fmt::format("10.12.14.{}/24", number), fmt::format("fd00:12:14::{}/64", number)}},
             {"wan0", "wan", {fmt::format("198.51.100.{}/24", number)}}},
            "route add default " + default_route + "\n"};
}

HostPlan on_lan(const std::string& name, int number) {
    return {name,
            {{"lan0", "lan", {fmt::format("10.12.14.{}/24", number), fmt::format("fd00:12:14::{}/64", number)}}},
            "route add default via 10.12.14.1\n"};
}

}  // namespace

Home::Home()
    : h003(switches, candidate("H003", 4, "via 198.51.100.1")),
      h001(switches, candidate("H001", 2, "via 10.12.14.1")),
      h002(switches, candidate("H002", 3, "via 10.12.14.1")),
      client(switches, on_lan("client", 100)),
      server(switches, on_lan("server", 20)),
      internet(switches, {"internet", {{"wan0", "wan", {"198.51.100.1/24"}}}, "address add 203.0.113.10/32 dev lo\n"}) {
}

std::vector<std::string> Home::holders(const IpAddress& address) {
    std::vector<std::string> names;
    for (const auto* host : candidates()) {
        if (host->has_address(address)) names.push_back(host->name());
    }
    return names;
}

bool Home::await_holder(const Host& host, std::chrono::milliseconds limit) {
    return wait_until([&] { return holders() == std::vector{host.name()}; }, limit);
}

}  // namespace lab
