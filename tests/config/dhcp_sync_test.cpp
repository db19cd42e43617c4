// dhcp_sync: the gateway whose leases are kept, its DHCP server, and every way to write that wrongly.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::dhcp_sync_test {
namespace {

// dhcp_sync stands in line 19, its body begins in line 20.
const std::string home =
    "vrrp_instance LAN {\ninterface lan0\nvirtual_router_id 1\npriority 100\nvirtual_ipaddress {\n10.12.14.1/24\n}\n}\n"
    "gateway HOME {\nfollows LAN\nlan lan0 10.12.14.0/24\n}\n"
    "peer_link {\nkey_file /etc/vrrpd/peer.key\nmember H003 10.12.14.4\nmember H001 10.12.14.2\n"
    "member H002 10.12.14.3\n}\n";

Parsed parse_sync(const std::string& body) { return parse_text(home + "dhcp_sync {\n" + body + "}\n", "H003"); }

DhcpSync clean(const std::string& body) {
    const auto parsed = parse_sync(body);
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{}) << body;
    EXPECT_TRUE(parsed.can_start());
    return parsed.config.dhcp_sync.value();
}

TEST(DhcpSync, finds_everything_by_itself_if_nothing_is_said) {
    const auto block = clean("follows HOME\ndnsmasq {\n}\n");
    EXPECT_EQ(block.follows, "HOME");
    EXPECT_TRUE(block.scan);
    EXPECT_EQ(block.probe, std::nullopt);
    EXPECT_EQ(block.dnsmasq, (Dnsmasq{"", "", "uk.org.thekelleys.dnsmasq", "", {}, -120}));
    EXPECT_EQ(clean("follows HOME\ndnsmasq {\nlease_file auto\nconfiguration auto\nbus auto\n}\nscan on\nprobe auto\n"),
              block);
}

TEST(DhcpSync, takes_what_is_said) {
    const auto block = clean(
        "follows HOME\nscan off\ndnsmasq {\nlease_file /run/leases\nconfiguration /etc/d.conf\n"
        "bus org.example.dhcp-1\nrestart_unit dnsmasq@lan.service\ndown_weight -253\n}\n");
    EXPECT_FALSE(block.scan);
    EXPECT_EQ(block.dnsmasq,
              (Dnsmasq{"/run/leases", "/etc/d.conf", "org.example.dhcp-1", "dnsmasq@lan.service", {}, -253}));
}

TEST(DhcpSync, asks_for_offers_as_often_as_is_said) {
    using std::chrono::seconds;
    EXPECT_EQ(clean("follows HOME\nprobe 2\ndnsmasq {\n}\n").probe, seconds(2));
    EXPECT_EQ(clean("follows HOME\nprobe off\ndnsmasq {\n}\n").probe, seconds(0));
}

TEST(DhcpSync, without_a_bus_restarts_by_a_command) {
    const auto block =
        clean("follows HOME\ndnsmasq {\nbus off\nrestart_command /etc/init.d/dnsmasq restart \"a b\"\n}\n");
    EXPECT_EQ(block.dnsmasq.bus_name, "");
    EXPECT_EQ(block.dnsmasq.restart_command, (std::vector<std::string>{"/etc/init.d/dnsmasq", "restart", "a b"}));
}

TEST(DhcpSync, may_stand_before_the_gateway_it_follows) {
    const auto parsed = parse_text("dhcp_sync {\nfollows HOME\ndnsmasq {\n}\n}\n" + home, "H003");
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    EXPECT_EQ(parsed.config.dhcp_sync.value().follows, "HOME");
}

TEST(DhcpSync, fences_the_router_advertisements_of_its_gateway) {
    EXPECT_TRUE(parse_sync("follows HOME\ndnsmasq {\n}\n").config.gateways.at(0).rules.fence_router_advertisements);
    EXPECT_FALSE(parse_text(home, "H003").config.gateways.at(0).rules.fence_router_advertisements);
}

TEST(DhcpSync, without_any_way_into_the_server_is_an_error_but_starts) {
    const auto parsed = parse_sync("follows HOME\ndnsmasq {\nbus off\n}\n");
    EXPECT_TRUE(says(parsed.faults, "21:1: dhcp_sync: with bus off nothing brings the leases into dnsmasq"));
    EXPECT_TRUE(parsed.can_start());
    EXPECT_EQ(config_test_status(parsed.faults, false, false), 5);
}

struct Bad {
    const char* body;
    const char* said;
};
class DhcpSyncFaults : public ::testing::TestWithParam<Bad> {};

TEST_P(DhcpSyncFaults, prevent_a_start_and_end_t_with_5) {
    const auto parsed = parse_sync(GetParam().body);
    const auto said = errors(parsed.faults);
    EXPECT_TRUE(says(parsed.faults, GetParam().said)) << GetParam().body << (said.empty() ? "" : said[0]);
    EXPECT_EQ(said.size(), 1U) << GetParam().body;
    EXPECT_FALSE(parsed.can_start());
    EXPECT_EQ(config_test_status(parsed.faults, false, false), 5);
}

INSTANTIATE_TEST_SUITE_P(
    Blocks, DhcpSyncFaults,
    ::testing::Values(
        Bad{"dnsmasq {\n}\n", "19:1: dhcp_sync: follows is missing: write follows and the name of a gateway"},
        Bad{"follows HOMW\ndnsmasq {\n}\n", "20:9: dhcp_sync: there is no gateway HOMW (did you mean HOME?)"},
        Bad{"follows HOME TWO\ndnsmasq {\n}\n", "20:14: unexpected 'TWO': write follows GATEWAY"},
        Bad{"follows HOME\nfollows HOME\ndnsmasq {\n}\n", "21:1: follows stands twice in this dhcp_sync"},
        Bad{"follows HOME\n", "19:1: dhcp_sync: the DHCP server is missing: write dnsmasq { }"},
        Bad{"follows HOME\ndnsmasq {\n}\ndnsmasq {\n}\n", "23:1: dnsmasq stands twice in this dhcp_sync"},
        Bad{"follows HOME\ndnsmask {\n}\ndnsmasq {\n}\n",
            "21:1: unknown keyword 'dnsmask' in dhcp_sync: did you mean dnsmasq?"},
        Bad{"follows HOME\ndnsmasq {\n}\nscan maybe\n", "23:6: scan 'maybe': write on or off"},
        Bad{"follows HOME\ndnsmasq {\n}\nprobe 1\n", "23:7: probe '1': write auto, off, or seconds from 2 to 86400"},
        Bad{"follows HOME\ndnsmasq {\n}\nprobe\n", "23:1: a value is missing after probe"},
        Bad{"follows HOME\ndnsmasq fast {\n}\n", "21:9: unexpected words before the '{' of dnsmasq"},
        Bad{"follows HOME\ndnsmasq {\n}\nscan on {\n}\n", "23:9: unexpected '{' after scan"},
        Bad{"follows HOME\ndnsmasq {\n}\n{\nscan off\n}\n", "23:1: unexpected '{'"},
        Bad{"follows HOME\ndnsmasq\n}\n", "21:1: '{' is missing after dnsmasq"}));

INSTANTIATE_TEST_SUITE_P(
    Dnsmasq, DhcpSyncFaults,
    ::testing::Values(
        Bad{"follows HOME\ndnsmasq {\nlease_fiel auto\n}\n",
            "22:1: unknown keyword 'lease_fiel' in dnsmasq: did you mean lease_file?"},
        Bad{"follows HOME\ndnsmasq {\nlease_file dnsmasq.leases\n}\n",
            "22:12: lease_file 'dnsmasq.leases' is no whole path: write it from / on"},
        Bad{"follows HOME\ndnsmasq {\nconfiguration /etc/a /etc/b\n}\n", "22:22: unexpected '/etc/b'"},
        Bad{"follows HOME\ndnsmasq {\nlease_file\n}\n", "22:1: a value is missing after lease_file"},
        Bad{"follows HOME\ndnsmasq {\nbus on\n}\n", "22:5: bus 'on' is no name of a D-Bus service: write auto, off"},
        Bad{"follows HOME\ndnsmasq {\nbus org.1st\n}\n", "22:5: bus 'org.1st' is no name"},
        Bad{"follows HOME\ndnsmasq {\nrestart_unit -H\n}\n", "22:14: restart_unit '-H' is no name of a systemd unit"},
        Bad{"follows HOME\ndnsmasq {\nrestart_unit a/b\n}\n", "22:14: restart_unit 'a/b' is no name"},
        Bad{"follows HOME\ndnsmasq {\nrestart_unit a b\n}\n", "22:16: unexpected 'b': write restart_unit UNIT"},
        Bad{"follows HOME\ndnsmasq {\nrestart_command systemctl restart dnsmasq\n}\n",
            "22:17: restart_command 'systemctl': write the whole path of the executable"},
        Bad{"follows HOME\ndnsmasq {\nrestart_command \"/sbin/service dnsmasq restart\"\n}\n",
            "would be one long name: leave the quotes away"},
        Bad{"follows HOME\ndnsmasq {\nrestart_unit dnsmasq\nrestart_command /bin/true\n}\n",
            "23:1: restart_unit and restart_command exclude each other"},
        Bad{"follows HOME\ndnsmasq {\ndown_weight 1\n}\n", "22:13: down_weight '1': write a number from -253 to 0"},
        Bad{"follows HOME\ndnsmasq {\ndown_weight -254\n}\n", "22:13: down_weight '-254'"},
        Bad{"follows HOME\ndnsmasq {\nbus off\nrestart_unit d\n", "19:1: '}' is missing: dhcp_sync is never closed"}));

TEST(DhcpSync, stands_once) {
    const std::string block = "dhcp_sync {\nfollows HOME\ndnsmasq {\n}\n}\n";
    const auto parsed = parse_text(home + block + block, "H003");
    EXPECT_TRUE(says(parsed.faults, "24:1: dhcp_sync stands twice"));
    EXPECT_FALSE(parsed.can_start());
}

TEST(DhcpSync, needs_the_link_between_the_members_and_its_key) {
    const std::string gateway = home.substr(0, home.find("peer_link"));
    const std::string block = "dhcp_sync {\nfollows HOME\ndnsmasq {\n}\n}\n";
    const auto alone = parse_text(gateway + block, "H003");
    EXPECT_TRUE(says(alone.faults, "13:1: dhcp_sync: leases go to the other routers by peer_link: write one"));
    EXPECT_FALSE(alone.can_start());
    const auto keyless =
        parse_text(gateway + "peer_link {\nmember H003 10.12.14.4\nmember H001 10.12.14.2\n}\n" + block, "H003");
    EXPECT_TRUE(
        says(keyless.faults, "17:1: dhcp_sync: leases go to the other routers by a connection that needs a key"));
    EXPECT_FALSE(keyless.can_start());
    const auto stranger = parse_text(home + block, "H008");
    EXPECT_TRUE(says(stranger.faults, "13:1: peer_link: no member is this host, 'H008' (did you mean H003?)"));
    EXPECT_FALSE(stranger.can_start());
}

// ---- alert ----------------------------------------------------------------------------------------------------

Parsed parse_alert(const std::string& words) {
    return parse_text(home + "gateway TWO {\nfollows LAN\nlan lan0 10.12.14.0/24\nalert " + words + "\n}\n", "H003");
}

TEST(Alert, is_a_command_and_its_words) {
    EXPECT_EQ(parse_alert("/usr/local/bin/tell me \"of it\"").config.gateways.at(1).alert,
              (std::vector<std::string>{"/usr/local/bin/tell", "me", "of it"}));
    EXPECT_EQ(parse_text(home, "H003").config.gateways.at(0).alert, std::vector<std::string>{});
}

TEST(Alert, is_found_without_a_search) {
    const auto parsed = parse_alert("tell");
    EXPECT_TRUE(says(parsed.faults, "22:7: alert 'tell': write the whole path of the executable"));
    EXPECT_FALSE(parsed.can_start());
}

}  // namespace
}  // namespace vrrpd::config::dhcp_sync_test
