// What dnsmasq's options come to.
#include <gtest/gtest.h>

#include "tests/dhcpsync/dnsmasq_texts.hpp"

namespace dhcpsync::dnsmasq_conf_test {
namespace {

using Words = std::vector<std::string>;
using Mode = DhcpRange::Mode;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

DhcpRange range_of(const std::string& value) {
    const auto conf = conf_of("dhcp-range=" + value + "\n");
    EXPECT_EQ(conf.faulty.size(), 0U) << value;
    return conf.ranges.empty() ? DhcpRange{} : conf.ranges[0];
}

TEST(DhcpRanges, of_version_4) {
    const auto range = range_of("10.0.0.10,10.0.0.19,255.255.255.0,10.0.0.255,12h");
    EXPECT_EQ(range.mode, Mode::pool);
    EXPECT_EQ(range.first, ip("10.0.0.10"));
    EXPECT_EQ(range.last, ip("10.0.0.19"));
    EXPECT_EQ(range.netmask, ip("255.255.255.0"));
    EXPECT_EQ(range.lease_time, 43'200U);
    EXPECT_EQ(range.size(), 10U);
    EXPECT_TRUE(range.contains(ip("10.0.0.19")));
    EXPECT_FALSE(range.contains(ip("10.0.0.20")));
    EXPECT_FALSE(range.contains(ip("::a00:13")));
    EXPECT_EQ(range.at, (TextPlace{"/etc/dnsmasq.conf", 1}));
}

TEST(DhcpRanges, may_leave_almost_everything_out) {
    EXPECT_EQ(range_of("10.0.0.10,10.0.0.19").netmask, std::nullopt);
    EXPECT_EQ(range_of("10.0.0.10,10.0.0.19").lease_time, std::nullopt);
    EXPECT_EQ(range_of("10.0.0.10,10.0.0.19,infinite").lease_time, 0U);
    EXPECT_EQ(range_of("10.0.0.10,10.0.0.19,300").lease_time, 300U);
    EXPECT_EQ(range_of("10.0.0.19,10.0.0.10").first, ip("10.0.0.10")) << "as dnsmasq turns it";
    EXPECT_EQ(range_of("0.0.0.0,255.255.255.255").size(), std::uint64_t{1} << 32);
}

TEST(DhcpRanges, with_tags_old_and_new) {
    EXPECT_EQ(range_of("tag:red,tag:blue,set:lan,10.0.0.10,10.0.0.19").tags, (Words{"red", "blue"}));
    EXPECT_EQ(range_of("lan,10.0.0.10,10.0.0.19").first, ip("10.0.0.10"));
    EXPECT_EQ(range_of("set:lan,10.0.0.10,10.0.0.19,255.255.255.0,12h").netmask, ip("255.255.255.0"));
}

TEST(DhcpRanges, that_give_no_addresses_from_a_pool) {
    EXPECT_EQ(range_of("10.0.0.0,static,255.255.255.0").mode, Mode::static_only);
    EXPECT_EQ(range_of("10.0.0.0,static").size(), 0U);
    EXPECT_FALSE(range_of("10.0.0.0,static").contains(ip("10.0.0.0")));
    EXPECT_EQ(range_of("10.0.0.0,proxy").mode, Mode::proxy);
    EXPECT_EQ(range_of("fd00::,ra-only").mode, Mode::stateless);
    EXPECT_EQ(range_of("fd00::,ra-stateless,ra-names").mode, Mode::stateless);
    EXPECT_EQ(range_of("fd00::,static").mode, Mode::static_only);
}

TEST(DhcpRanges, of_version_6) {
    const auto range = range_of("fd00::10,fd00::1f,64,1d");
    EXPECT_EQ(range.mode, Mode::pool);
    EXPECT_EQ(range.size(), 16U);
    EXPECT_EQ(range.lease_time, 86'400U);
    EXPECT_FALSE(range.is_v4());
    EXPECT_EQ(range_of("::100,::1ff,constructor:eth0,ra-stateless,64,12h").mode, Mode::constructed);
    EXPECT_EQ(range_of("::100,::1ff,constructor:eth0").size(), 256U);
    EXPECT_EQ(range_of("fd00::10,fd00::1f,slaac").mode, Mode::pool);
}

TEST(DhcpRanges, that_make_no_sense_are_counted) {
    for (const char* value :
         {"", "lan", "10.0.0.1,fd00::1", "10.0.0.1,10.0.0.9,soon", "fd00::1,fd01::9", "10.0.0.1,10.0.0.9,fd00::1",
          "10.0.0.1,10.0.0.9,9999999999999w", "10.0.0.1,10.0.0.9,1h,2h"}) {
        const auto conf = conf_of(std::string("dhcp-range=") + value + "\n");
        EXPECT_EQ(conf.faulty, (std::vector<TextPlace>{{"/etc/dnsmasq.conf", 1}})) << value;
        EXPECT_TRUE(conf.ranges.empty()) << value;
    }
}

TEST(DnsmasqConf, has_dnsmasqs_own_defaults) {
    const auto conf = conf_of("");
    EXPECT_EQ(conf.most_leases.value, 1000U);
    EXPECT_FALSE(conf.most_leases.said());
    EXPECT_EQ(conf.port.value, 53U);
    EXPECT_FALSE(conf.bus_name.said() || conf.authoritative.value || conf.bind_dynamic.value ||
                 conf.no_lease_file.value);
    EXPECT_EQ(conf.pool_size(), 0U);
    EXPECT_FALSE(conf.serves_dhcp4());
}

std::optional<std::size_t> room_of(const std::string& file, const std::vector<std::string>& words = {}) {
    FakeTexts texts;
    texts.files["/etc/dnsmasq.conf"] = file;
    const auto text = read_dnsmasq(words, texts);
    return room_for_leases(text, interpret(text));
}

TEST(DnsmasqConf, says_how_many_leases_it_takes) {
    const std::string range = "dhcp-range=10.0.0.10,10.0.0.99\n", hidden = "conf-file=/hidden\n";
    EXPECT_EQ(room_of(range), 1000U);
    EXPECT_EQ(room_of(range + "dhcp-lease-max=20\n"), 20U);
    EXPECT_EQ(room_of(range, {"-X", "30"}), 30U);
    EXPECT_EQ(room_of(range + hidden), std::nullopt);
    EXPECT_EQ(room_of(range + hidden, {"-X", "30"}), std::nullopt) << "a file overrules the command line";
    EXPECT_EQ(room_of(range + hidden + "dhcp-lease-max=20\n"), 20U) << "in a second file it is an error";
    EXPECT_EQ(room_of(range + "dhcp-hostsfile=/hidden\n"), 1000U) << "no option is in that one";
}

TEST(DnsmasqConf, without_a_range_of_addresses_takes_no_lease) {
    for (const auto* file : {"", "dhcp-lease-max=20\n", "conf-file=/hidden\n", "dhcp-range=fd00::,ra-only\n",
                             "dhcp-range=::,constructor:eth0,ra-names\n", "dhcp-range=fd00::1\n"})
        EXPECT_EQ(room_of(file), 0U) << file;
    for (const auto* range :
         {"10.0.0.1,static", "10.0.0.1,proxy", "fd00::10,fd00::1f", "::10,::1f,constructor:eth0", "fd00::,static"})
        EXPECT_EQ(room_of(std::string("dhcp-range=") + range), 1000U) << range;
}

TEST(DnsmasqConf, takes_what_is_said_and_the_last_of_it) {
    const auto conf = conf_of(
        "dhcp-leasefile=/a\ndhcp-leasefile=/b\nleasefile-ro\ndhcp-lease-max=200\nport=0\nenable-dbus\n"
        "listen-address=10.0.0.1,127.0.0.1\nlisten-address=fe80::1%eth0\ninterface=lan0,lan1\ninterface=lo\n"
        "except-interface=wan0\nno-dhcp-interface=lan2\nbind-interfaces\nbind-dynamic\ndhcp-authoritative\nno-ping\n"
        "dhcp-sequential-ip\nenable-ra\ndhcp-script=/bin/x\ndhcp-lease-max=many\nlisten-address=here\n");
    EXPECT_EQ(conf.lease_file.value, "/b");
    EXPECT_EQ(conf.lease_file.at.line, 2U);
    EXPECT_TRUE(conf.no_lease_file.value && conf.bind_interfaces.value && conf.bind_dynamic.value);
    EXPECT_TRUE(conf.authoritative.value && conf.no_ping.value && conf.sequential_ip.value);
    EXPECT_TRUE(conf.router_advertisements.value);
    EXPECT_EQ(conf.most_leases.value, 200U);
    EXPECT_EQ(conf.port.value, 0U);
    EXPECT_EQ(conf.bus_name.value, "uk.org.thekelleys.dnsmasq");
    EXPECT_EQ(conf_of("enable-dbus=org.example.d").bus_name.value, "org.example.d");
    ASSERT_EQ(conf.listen_addresses.size(), 3U);
    EXPECT_EQ(conf.listen_addresses[2].value, ip("fe80::1"));
    ASSERT_EQ(conf.interfaces.size(), 3U);
    EXPECT_EQ(conf.interfaces[2].value, "lo");
    EXPECT_EQ(conf.interfaces[2].at.line, 10U);
    EXPECT_EQ(conf.except_interfaces.at(0).value, "wan0");
    EXPECT_EQ(conf.no_dhcp_interfaces.at(0).value, "lan2");
    EXPECT_EQ(conf.script.value, "/bin/x");
    EXPECT_EQ(conf.faulty.size(), 2U);
}

TEST(DnsmasqConf, knows_reserved_addresses) {
    const auto conf = conf_of(
        "dhcp-host=aa:bb:cc:dd:ee:ff,set:red,10.0.0.7,printer,infinite\ndhcp-host=id:*,[fd00::7],x\n"
        "dhcp-host=id:00:01:00:01,[fd00::8/126]\ndhcp-host=11:22:33:44:55:66,ignore\n");
    EXPECT_EQ(conf.reserved, (std::vector<IpAddress>{ip("10.0.0.7"), ip("fd00::7"), ip("fd00::8")}));
}

TEST(DnsmasqConf, knows_options_by_number_and_by_name) {
    const auto conf = conf_of(
        "dhcp-option=3,10.0.0.1\ndhcp-option=option:dns-server,10.0.0.1,10.0.0.2\ndhcp-option=tag:guest,6,9.9.9.9\n"
        "dhcp-option-force=54,10.0.0.1\ndhcp-option=option6:dns-server,[fd00::1]\ndhcp-option=vendor:MSFT,2,1i\n"
        "dhcp-option=\ndhcp-option=lan,option:router,10.0.0.3\n");
    ASSERT_NE(conf.option4(3), nullptr);
    EXPECT_EQ(conf.option4(3)->values, Words{"10.0.0.1"});
    ASSERT_NE(conf.option4(6), nullptr);
    EXPECT_EQ(conf.option4(6)->values, (Words{"10.0.0.1", "10.0.0.2"}));
    EXPECT_TRUE(conf.option4(54)->forced);
    EXPECT_EQ(conf.option4(2), nullptr) << "a vendor's own";
    EXPECT_EQ(conf.dhcp_options.size(), 7U);
    EXPECT_TRUE(conf.dhcp_options.at(4).v6);
    EXPECT_EQ(conf.faulty.size(), 1U);
    EXPECT_EQ(conf_of("dhcp-option=3,10.0.0.1\ndhcp-option=option:router").option4(3)->values, Words{}) << "none";
}

TEST(SharedSettings, are_alike_where_only_the_host_differs) {
    const auto one = shared_settings(read_text(
        "interface=lan0\ndhcp-leasefile=/a\ndhcp-range=10.0.0.10,10.0.0.20,1h\ndhcp-option=option:router,10.0.0.1\n"
        "dhcp-host=AA:BB:CC:DD:EE:FF,10.0.0.7\ndhcp-range=::1,::2,constructor:lan0\nra-param=lan0,60\nport=0\n"));
    const auto other = shared_settings(
        read_text("dhcp-host=aa:bb:cc:dd:ee:ff , 10.0.0.7 # the printer\ndhcp-option=3,10.0.0.1\nra-param=eth5,60\n"
                  "dhcp-range=::1,::2,constructor:eth5\ndhcp-range=10.0.0.10,10.0.0.20,1h\nlisten-address=10.0.0.1\n"));
    EXPECT_EQ(one, other);
    EXPECT_EQ(one,
              "dhcp-host=aa:bb:cc:dd:ee:ff,10.0.0.7\ndhcp-option=3,10.0.0.1\ndhcp-range=10.0.0.10,10.0.0.20,1h\n"
              "dhcp-range=::1,::2,constructor:*\nra-param=*,60\n");
}

TEST(SharedSettings, differ_where_a_client_would_notice) {
    const std::string text = "dhcp-range=10.0.0.10,10.0.0.20,1h\n";
    for (const char* more : {"dhcp-range=10.0.0.30,10.0.0.40,1h\n", "dhcp-authoritative\n", "dhcp-lease-max=20\n",
                             "dhcp-host=aa:bb:cc:dd:ee:ff,10.0.0.7\n", "dhcp-option=6,9.9.9.9\n", "domain=lan\n"})
        EXPECT_NE(shared_settings(read_text(text)), shared_settings(read_text(text + more))) << more;
}

}  // namespace
}  // namespace dhcpsync::dnsmasq_conf_test
