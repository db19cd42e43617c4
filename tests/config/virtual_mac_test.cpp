// use_vmac and its kin, accept and no_accept: names, MAC addresses, and what stands where, as Debian's
// keepalived 2.2.7 does it on the same text.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::virtual_mac_test {
namespace {

Instance clean(const std::string& more, const std::string& globals = "") {
    auto parsed = parse_instance(more, globals);
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{}) << more;
    return parsed.config.instances.at(0);
}

Instance repaired(const std::string& more, const std::string& said) {
    auto parsed = parse_instance(more);
    EXPECT_EQ(errors(parsed.faults).size(), 1U) << more;
    EXPECT_TRUE(says(parsed.faults, said)) << more;
    EXPECT_TRUE(parsed.can_start());
    return parsed.config.instances.at(0);
}

std::string instance(const std::string& name, int vrid, const std::string& interface, const std::string& more,
                     const std::string& address = "10.0.0.1/24") {
    return "vrrp_instance " + name + " {\ninterface " + interface + "\nvirtual_router_id " + std::to_string(vrid) +
           "\n" + more + "\nvirtual_ipaddress {\n" + address + "\n}\n}\n";
}

MacAddress mac(const char* text) { return MacAddress::parse(text).value(); }

TEST(VirtualMac, VR_072_is_the_standards_on_a_device_of_its_own) {
    const auto v = clean("use_vmac");
    ASSERT_EQ(v.virtual_mac->devices.size(), 1U);
    EXPECT_EQ(v.virtual_mac->devices[0], (VirtualDevice{"vrrp.7", "eth0", mac("00:00:5e:00:01:07")}));
    EXPECT_EQ(v.virtual_mac->sender, mac("00:00:5e:00:01:07"));
    EXPECT_EQ(v.interface, "eth0");
    EXPECT_EQ(v.addresses[0].device, "vrrp.7");
    EXPECT_TRUE(clean("").virtual_mac->devices.empty());
}

TEST(VirtualMac, VR_072_of_ipv6_has_a_range_of_its_own) {
    const auto parsed = parse_text(instance("A", 52, "eth0", "use_vmac", "fe80::1/64"));
    EXPECT_EQ(parsed.config.instances[0].virtual_mac->devices[0],
              (VirtualDevice{"vrrp.52", "eth0", mac("00:00:5e:00:02:34")}));
}

TEST(VirtualMac, name_and_mac_stand_in_any_order) {
    const VirtualDevice wanted{"mine", "eth0", mac("02:00:00:00:00:01")};
    for (const auto* words : {"use_vmac mine 02:00:00:00:00:01", "use_vmac 02:00:00:00:00:01 mine",
                              "use_vmac name mine 02:0:0:0:0:1", "use_vmac 02:00:00:00:00:01 name mine"})
        EXPECT_EQ(clean(words).virtual_mac->devices.at(0), wanted) << words;
    EXPECT_EQ(clean("use_vmac 02:00:00:00:01").virtual_mac->devices[0].mac, mac("02:00:00:00:01:07"))
        << "five octets are followed by the VRID";
}

TEST(VirtualMac, bad_words_are_said_and_the_usual_is_used) {
    EXPECT_EQ(repaired("use_vmac a-name-that-is-too-long", "cannot be the name").virtual_mac->devices[0].name,
              "vrrp.7");
    EXPECT_EQ(repaired("use_vmac a b", "has the name a already").virtual_mac->devices[0].name, "a");
    const auto standard = mac("00:00:5e:00:01:07");
    EXPECT_EQ(repaired("use_vmac 00:11", "'00:11' is no MAC address").virtual_mac->devices[0],
              (VirtualDevice{"vrrp.7", "eth0", standard}));
    EXPECT_EQ(repaired("use_vmac 01:00:5e:00:01:44", "is of a group").virtual_mac->sender, standard);
    EXPECT_EQ(repaired("use_vmac 00:00:5e:00:01:44", "gives to a VRID").virtual_mac->sender, standard);
    EXPECT_TRUE(says(parse_instance("use_vmac group 5").faults, "group of the device"));
}

// Seen of keepalived 2.2.7 with the same five instances.
TEST(VirtualMac, names_are_chosen_as_keepalived_chooses_them) {
    const auto parsed =
        parse_text(instance("B", 52, "eth0", "use_vmac vrrp.53") + instance("C", 53, "eth0", "use_vmac") +
                   instance("D", 53, "eth0", "use_vmac", "fe80::6/64") + instance("E", 53, "eth1", "use_vmac"));
    std::vector<std::string> names;
    for (const auto& one : parsed.config.instances) names.push_back(one.virtual_mac->devices.at(0).name);
    EXPECT_EQ(names, (std::vector<std::string>{"vrrp.53", "vrrp1.53", "vrrp6.53", "vrrp2.53"}));
}

TEST(VirtualMac, a_name_is_given_once) {
    const auto parsed =
        parse_text(instance("A", 51, "eth0", "use_vmac x.1") + instance("B", 52, "eth0", "use_vmac x.1"));
    EXPECT_TRUE(says(parsed.faults, "x.1 is the interface or the virtual device of an instance already"));
    EXPECT_EQ(parsed.config.instances[1].virtual_mac->devices[0].name, "vrrp.52");
    EXPECT_EQ(repaired("use_vmac eth0", "eth0 is the interface").virtual_mac->devices[0].name, "vrrp.7");
}

TEST(VirtualMac, prefixes_are_the_globals) {
    EXPECT_EQ(clean("use_vmac", "vmac_prefix gw").addresses[0].device, "gw.7");
    const auto long_one = parse_instance("use_vmac", "vmac_prefix abcdefghijklmnopqrs");
    EXPECT_EQ(config_test_status(long_one.faults, false, true), 0) << "keepalived says nothing";
    EXPECT_EQ(long_one.config.instances[0].addresses[0].device, "vrrp.7");
}

TEST(VirtualMac, other_addresses_stay_where_they_stood) {
    const auto v = clean(
        "use_vmac\nvirtual_ipaddress_excluded {\nfd00::5/64\n10.0.0.6/24\n10.1.0.7/24 dev eth1\n"
        "10.0.0.8/24 dev eth0\n}");
    ASSERT_EQ(v.excluded_addresses.size(), 4U);
    EXPECT_EQ(v.excluded_addresses[0].device, "eth0") << "of the other family";
    EXPECT_EQ(v.excluded_addresses[1].device, "vrrp.7");
    EXPECT_EQ(v.excluded_addresses[2].device, "eth1");
    EXPECT_EQ(v.excluded_addresses[3].device, "vrrp.7");
}

TEST(VirtualMac, use_vmac_addr_gives_them_devices_too) {
    const auto v = clean(
        "use_vmac\nuse_vmac_addr\nvirtual_ipaddress_excluded {\nfd00::5/64\n10.1.0.7/24 dev eth1\n"
        "10.1.0.8/24 dev eth1\n}",
        "vmac_addr_prefix va");
    ASSERT_EQ(v.virtual_mac->devices.size(), 3U);
    EXPECT_EQ(v.virtual_mac->devices[1], (VirtualDevice{"va.7", "eth0", mac("00:00:5e:00:02:07")}));
    EXPECT_EQ(v.virtual_mac->devices[2], (VirtualDevice{"va1.7", "eth1", mac("00:00:5e:00:01:07")}));
    EXPECT_EQ(v.excluded_addresses[2].device, "va1.7");
    EXPECT_EQ(v.virtual_device("va.7")->base, "eth0");
    EXPECT_EQ(v.virtual_device("eth0"), nullptr);
}

TEST(VirtualMac, an_address_alone_can_have_one) {
    const auto v = clean("virtual_ipaddress_excluded {\n10.1.0.7/24 dev eth1 use_vmac\n}");
    EXPECT_EQ(v.excluded_addresses[0].device, "vrrp.7");
    EXPECT_EQ(v.addresses[0].device, "eth0");
    EXPECT_EQ(v.virtual_mac->sender, std::nullopt) << "adverts are the interface's";
    EXPECT_TRUE(says(parse_text("static_ipaddress {\n10.0.0.1/24 use_vmac\n}").faults, "is for virtual addresses"));
}

TEST(VirtualMac, adverts_leave_without_it_where_the_file_says_so) {
    const auto v = clean("use_vmac\nvmac_xmit_base");
    EXPECT_EQ(v.virtual_mac->sender, std::nullopt);
    EXPECT_EQ(v.addresses[0].device, "vrrp.7");
    EXPECT_EQ(clean("use_vmac\nvmac_xmit_base\nunicast_peer {\n10.0.0.3\n}").virtual_mac->sender, std::nullopt);
    EXPECT_EQ(repaired("use_vmac\nunicast_peer {\n10.0.0.3\n}", "needs vmac_xmit_base").virtual_mac->sender,
              std::nullopt);
    (void)repaired("vmac_xmit_base", "vmac_xmit_base without use_vmac");
    (void)repaired("use_vmac\npromote_secondaries", "promote_secondaries is set on a VMAC anyway");
}

TEST(VirtualMac, needs_an_interface) {
    const auto parsed = parse_text(
        "vrrp_instance V {\nvirtual_router_id 7\nuse_vmac\nvmac_xmit_base\nunicast_src_ip 10.0.0.2\nunicast_peer {\n"
        "10.0.0.3\n}\nvirtual_ipaddress {\n10.0.0.1/24\n}\n}");
    EXPECT_FALSE(parsed.can_start());
    EXPECT_TRUE(says(parsed.faults, "use_vmac needs an interface"));
}

TEST(VirtualMac, a_gateways_addresses_have_none) {
    const auto parsed =
        parse_text(instance("LAN", 7, "lan0", "use_vmac") + "gateway HOME {\nfollows LAN\nlan lan0 10.0.0.0/24\n}\n");
    EXPECT_FALSE(parsed.can_start());
    EXPECT_TRUE(says(parsed.faults, "LAN has use_vmac"));
}

TEST(VirtualMac, tells_routers_apart_over_a_reload) {
    const auto plain = clean("");
    const auto with = clean("use_vmac");
    EXPECT_FALSE(plain.same_router(with));
    EXPECT_TRUE(with.same_router(clean("use_vmac\npriority 50")));
    EXPECT_FALSE(with.same_router(clean("use_vmac\nvmac_xmit_base")));
}

TEST(VirtualMac, ipvlan_is_said_not_to_be_there) {
    const auto parsed = parse_instance("use_ipvlan");
    EXPECT_TRUE(errors(parsed.faults).empty());
    EXPECT_TRUE(says(parsed.faults, "use_ipvlan: not supported"));
}

// ---- accept mode ------------------------------------------------------------------------------------

TEST(AcceptMode, VR_071_is_on_unless_the_file_says_no) {
    EXPECT_TRUE(clean("").accepts);
    EXPECT_TRUE(clean("accept").accepts);
    EXPECT_FALSE(clean("no_accept").accepts);
    EXPECT_TRUE(repaired("priority 255\nno_accept", "the owner accepts").accepts);
}

}  // namespace
}  // namespace vrrpd::config::virtual_mac_test
