// What -t and a start say once they see the machine. None of it prevents a start.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::host_test {
namespace {

class Host : public ::testing::Test {
protected:
    Host() {
        link("lan0", 2);
        link("wan0", 3);
        address(2, "10.12.14.4/24");
        address(3, "198.51.100.7/24");
    }
    void link(const char* name, std::uint32_t index) {
        netlink::Link link;
        link.index = IfIndex{index};
        link.name = name;
        host.links.push_back(link);
    }
    void address(std::uint32_t index, const char* prefix) {
        netlink::Address address;
        address.link = IfIndex{index};
        address.prefix = *Prefix::parse(prefix);
        host.addresses.push_back(address);
    }
    // The faults, in one text.
    std::string check(const std::string& wan = "address own\nvia 198.51.100.1", const std::string& more = "") {
        const auto parsed = parse_text("vrrp_instance LAN {\ninterface lan0\nvirtual_router_id 1\n" + more +
                                       "\nvirtual_ipaddress {\n10.12.14.1/24\n}\n}\ngateway HOME {\nfollows LAN\nlan "
                                       "lan0 10.12.14.0/24\nwan wan0 {\n" +
                                       wan + "\n}\n}\n");
        EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
        std::string text;
        for (const auto& fault : check_host(parsed.config, host)) {
            EXPECT_FALSE(fault.prevents_start);
            text += fault.describe() + "\n";
        }
        return text;
    }
    netlink::Snapshot host;
};

TEST_F(Host, has_not_the_address_that_its_members_know) {
    const auto with_link = [&](const char* own) {
        const auto parsed =
            parse_text(std::string("peer_link {\nmember H003 ") + own + "\nmember H001 10.12.14.2\n}\n", "H003");
        const auto faults = check_host(parsed.config, host);
        return faults.empty() ? "" : faults[0].describe();
    };
    EXPECT_EQ(with_link("10.12.14.4"), "");
    EXPECT_EQ(
        with_link("10.12.14.5"),
        "peer_link: the address 10.12.14.5 of H003, which is this host, is not on it: it is waited for; correct it "
        "if it is a slip");
}

TEST_F(Host, has_a_device_of_the_name_that_a_virtual_mac_is_to_have) {
    const auto named = [&](const std::string& name) {
        return parse_text("vrrp_instance LAN {\ninterface lan0\nvirtual_router_id 1\nuse_vmac " + name +
                          "\nvirtual_ipaddress {\n10.12.14.1/24\n}\n}\n")
            .config;
    };
    const auto faults = check_host(named("wan0"), host);
    EXPECT_TRUE(says(faults, "vrrp_instance LAN: use_vmac: this host has a device wan0 already, which is left alone"));
    EXPECT_EQ(config_test_status(faults, false, true), 5);
    EXPECT_TRUE(check_host(named("vip0"), host).empty());
    host.links.back().alias = netlink::macvlan_alias;
    host.links.back().kind = "macvlan";
    EXPECT_TRUE(check_host(named("wan0"), host).empty()) << "ours";
}

TEST_F(Host, that_fits_is_not_spoken_of) { EXPECT_EQ(check(), ""); }

TEST_F(Host, lacks_an_interface_and_it_is_said_once) {
    host.links.erase(host.links.begin());
    EXPECT_EQ(
        check(),
        "vrrp_instance LAN: there is no interface lan0 on this host: it is waited for; correct the name if it is a "
        "slip\n");
}

TEST_F(Host, lacks_a_tracked_interface) {
    EXPECT_NE(check("via auto", "track_interface {\neth9\n}").find("no interface eth9"), std::string::npos);
    host.links.pop_back();
    EXPECT_NE(check().find("gateway HOME: there is no interface wan0"), std::string::npos);
}

TEST_F(Host, has_nothing_but_the_virtual_address) {
    host.addresses[0].prefix = *Prefix::parse("10.12.14.1/24");
    EXPECT_EQ(
        check(),
        "vrrp_instance LAN: the virtual address 10.12.14.1 is the only address of lan0: give the host an address of "
        "its own\n");
    address(2, "fe80::4/64");  // no help
    EXPECT_NE(check(), "");
    address(2, "10.12.14.4/24");
    EXPECT_EQ(check(), "");
}

TEST_F(Host, has_no_network_that_via_is_in) {
    EXPECT_EQ(
        check("via 192.0.2.1"),
        "gateway HOME: via 192.0.2.1 is in no network of wan0: it cannot be reached; correct it or the address\n");
    EXPECT_EQ(check("address 192.0.2.5/29\nvia 192.0.2.1"), "");  // the held address brings it
    EXPECT_EQ(check("via auto"), "");
    EXPECT_EQ(check("via fe80::1"), "");
    host.addresses[1].peer = IpAddress::parse("192.0.2.1");
    EXPECT_EQ(check("via 192.0.2.1"), "");
}

}  // namespace
}  // namespace vrrpd::config::host_test
