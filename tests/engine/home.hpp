// A host of the home in a network namespace of the test's own, for a whole engine: lan0 and wan0 with their far ends
// beside them. Nobody else is there.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/engine/engine_process.hpp"
#include "tests/netlink/world.hpp"

namespace vrrpd::engine::test {

using netlink::test::run_ip;

class Home : public testing::Test {
protected:
    void SetUp() override {
        if (!namespace_.entered()) GTEST_SKIP() << "SKIPPED: a network namespace of our own needs root";
        run_ip("link set lo up");
        for (const std::string device : {"lan0", "wan0"}) {
            add_device(device);
            run_ip("link set " + device + " up");
        }
        for (const auto* device : {"lan0", "wan0"}) forward(device, true);  // as the supervisor does
        run_ip("addr add 10.12.14.4/24 dev lan0");
        run_ip("addr add 198.51.100.7/24 dev wan0");
    }

    // One instance on lan0 (VRID 1, 50 ms) with these addresses, and whatever follows it.
    static std::string lan(const std::string& addresses, const std::string& more = {}, unsigned priority = 100) {
        return instance("LAN", 1, addresses, priority) + more;
    }
    static std::string instance(const std::string& name, unsigned vrid, const std::string& addresses,
                                unsigned priority = 100) {
        return "vrrp_instance " + name + " {\n interface lan0\n virtual_router_id " + std::to_string(vrid) +
               "\n priority " + std::to_string(priority) + "\n advert_int 0.1\n version 3\n virtual_ipaddress {\n " +
               addresses + "\n }\n}\n";
    }
    static std::string gateway(const std::string& via = "198.51.100.1") {
        return "gateway HOME {\n follows LAN\n lan lan0 10.12.14.0/24\n wan wan0 {\n address own\n via " + via +
               "\n }\n nat {\n masquerade\n }\n}\n";
    }
    // It is down, and its far end up.
    static void add_device(const std::string& device) {
        run_ip("link add " + device + " type veth peer name " + device + "-far");
        run_ip("link set " + device + "-far up");
    }
    // 10.12.14.9 on a device that may come late, or be renamed.
    static std::string with_late(const std::string& device) {
        return lan("10.12.14.1/24\n 10.12.14.9/24 dev " + device + " no_track");
    }
    static void forward(const std::string& device, bool on) {
        const auto command = "sysctl -qw net.ipv4.conf." + device + ".forwarding=" + (on ? "1" : "0");
        ASSERT_EQ(std::system(command.c_str()), 0);
    }
    static std::string on_lan() { return ip_output("-4 -o addr show dev lan0"); }
    static bool stands_on(const std::string& device, const std::string& address) {
        return ip_output("-4 -o addr show dev " + device + " 2>/dev/null").find(address) != std::string::npos;
    }
    static bool stands(const std::string& address) { return on_lan().find(address) != std::string::npos; }
    static bool becomes_active(EngineProcess& engine, const std::string& address) {
        return engine.await(ipc::Kind::ready) && engine.await_line("took over") && stands(address);
    }

    netlink::test::OwnNamespace namespace_;
};

}  // namespace vrrpd::engine::test
