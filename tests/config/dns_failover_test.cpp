// dns_failover: which forwarders, in which order, and what to do without one.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::dns_failover_test {
namespace {

using std::chrono::seconds;

// dns_failover begins in line 18 or, with its brace, its body in line 19.
const std::string home =
    "vrrp_instance LAN {\ninterface lan0\nvirtual_router_id 1\npriority 100\nvirtual_ipaddress {\n10.12.14.1/24\n}\n}\n"
    "gateway HOME {\nfollows LAN\nlan lan0 10.12.14.0/24\n}\n"
    "peer_link {\nmember H003 10.12.14.4\nmember H001 10.12.14.2\nmember H002 10.12.14.3\n}\n";

Parsed parse_dns(const std::string& body) { return parse_text(home + "dns_failover {\n" + body + "}\n", "H003"); }

TEST(DnsFailover, names_its_forwarders_in_order) {
    const auto parsed = parse_dns("follows HOME\nforwarder H003\nforwarder H001\nforwarder cloud 192.0.2.53 5353\n");
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    ASSERT_EQ(parsed.config.dns_failovers.size(), 1U);
    const auto& block = parsed.config.dns_failovers[0];
    EXPECT_EQ(block.follows, "HOME");
    const std::vector<Forwarder> wanted{{"H003", IpAddress::v4(10, 12, 14, 4), 53},
                                        {"H001", IpAddress::v4(10, 12, 14, 2), 53},
                                        {"cloud", IpAddress::v4(192, 0, 2, 53), 5353}};
    EXPECT_EQ(block.forwarders, wanted);
    EXPECT_FALSE(block.demote) << "redirect is the default";
    EXPECT_FALSE(block.hold_down);
}

TEST(DnsFailover, says_what_to_do_when_one_is_dead) {
    EXPECT_EQ(parse_dns("follows HOME\nforwarder H003\nwhen_dead demote -60\n").config.dns_failovers.at(0).demote, -60);
    EXPECT_FALSE(parse_dns("follows HOME\nforwarder H003\nwhen_dead redirect\n").config.dns_failovers.at(0).demote);
    EXPECT_EQ(parse_dns("follows HOME\nforwarder H003\nhold_down 5\n").config.dns_failovers.at(0).hold_down,
              seconds(5));
}

TEST(DnsFailover, an_address_alone_is_a_forwarder_too) {
    const auto parsed = parse_dns("follows HOME\nforwarder 10.12.14.9\n");
    EXPECT_TRUE(parsed.can_start());
    EXPECT_EQ(parsed.config.dns_failovers.at(0).forwarders.at(0).address, IpAddress::v4(10, 12, 14, 9));
}

TEST(DnsFailover, faults_prevent_a_start) {
    struct Bad {
        const char* body;
        const char* said;
    };
    for (const auto& [body, said] : {
             Bad{"follows HOME\n", "18:1: dns_failover: no forwarder is named"},
             Bad{"forwarder H003\n", "18:1: dns_failover: follows is missing"},
             Bad{"follows HOMW\nforwarder H003\n", "19:9: dns_failover: there is no gateway HOMW (did you mean HOME?)"},
             Bad{"follows HOME\nforwarder H03\n",
                 "20:11: dns_failover: H03 is no member of peer_link (did you mean H003?)"},
             Bad{"follows HOME\nforwarder X ten\n", "20:13: 'ten' is not an IP address"},
             Bad{"follows HOME\nforwarder X 10.0.0.1 0\n", "20:22: port '0'"},
             Bad{"follows HOME\nforwarder X 10.0.0.1 53 54\n", "20:25: unexpected '54'"},
             Bad{"follows HOME\nforwarder H003\nforwarder X 10.12.14.4\n",
                 "21:11: dns_failover: the forwarder X stands twice"},
             Bad{"follows HOME\nforwarder X 10.12.14.1\n",
                 "20:11: dns_failover: 10.12.14.1 is the virtual address itself"},
             Bad{"follows HOME\nforwarder X 127.0.0.1\n",
                 "20:11: dns_failover: no question can be sent on to 127.0.0.1"},
             Bad{"follows HOME\nforwarder X fe80::4\n", "20:11: dns_failover: no question can be sent on to fe80::4"},
             Bad{"follows HOME\nforwarder H003\nforwarder X fd00::4\n",
                 "21:11: dns_failover: X has an IPv6 address, and HOME has no virtual one"},
             Bad{"follows HOME\nforwarder H003\nwhen_dead demote 60\n",
                 "21:11: when_dead: write redirect, or demote and a weight"},
             Bad{"follows HOME\nforwarder H003\nwhen_dead panic\n", "21:11: when_dead"},
             Bad{"follows HOME\nforwarder H003\nhold_down -1\n",
                 "21:11: hold_down '-1': write seconds from 0 to 86400"},
             Bad{"follows HOME\nforwarder H003\nforwarders H001\n", "did you mean forwarder?"},
             Bad{"follows HOME\nforwarder H003\nfollows HOME\n", "21:1: follows stands twice in this dns_failover"},
             Bad{"follows HOME TWO\nforwarder H003\n", "19:14: unexpected 'TWO': write follows GATEWAY"},
             Bad{"follows HOME\nforwarder H003\nzone my_zone..\n", "21:6: zone 'my_zone..' is no name in the DNS"},
             Bad{"follows HOME\nforwarder H003\nzone a b\n", "21:8: unexpected 'b': write zone NAME"},
             Bad{"follows HOME\nforwarder H003\ncanary ads.example.org\n",
                 "21:1: too few words: write canary NAME ADDRESS"},
             Bad{"follows HOME\nforwarder H003\ncanary http://x 0.0.0.0\n", "21:8: canary 'http://x' is no name"},
             Bad{"follows HOME\nforwarder H003\ncanary ads.example.org none\n", "21:24: 'none' is not an IP address"},
             Bad{"follows HOME\nforwarder H003\ncanary a 0.0.0.0\ncanary a. 1.1.1.1\n",
                 "22:8: the canary a stands twice"},
         }) {
        const auto parsed = parse_dns(body);
        EXPECT_TRUE(says(parsed.faults, said)) << body << (parsed.faults.empty() ? "" : parsed.faults[0].describe());
        EXPECT_FALSE(parsed.can_start()) << body;
        EXPECT_EQ(config_test_status(parsed.faults, false, false), 5) << body;
    }
}

TEST(DnsFailover, asks_below_a_zone_and_for_what_a_filter_must_answer) {
    const auto parsed = parse_dns(
        "follows HOME\nforwarder H003\nzone probe.example.org.\ncanary ads.example.org 0.0.0.0\n"
        "canary ads.example.org ::\ncanary other.example.org 0.0.0.0\n");
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    const auto& block = parsed.config.dns_failovers.at(0);
    EXPECT_EQ(block.zone, "probe.example.org");
    const auto nowhere = IpAddress::v4(0, 0, 0, 0);
    EXPECT_EQ(block.canaries, (std::vector<Canary>{{"ads.example.org", nowhere},
                                                   {"ads.example.org", *IpAddress::parse("::")},
                                                   {"other.example.org", nowhere}}));
}

TEST(DnsFailover, says_which_virtual_address_no_forwarder_can_answer_for) {
    auto text = home;
    text.replace(text.find("10.12.14.1/24"), 13, "fd00::1/64");
    text.replace(text.find("10.12.14.0/24"), 13, "fd00::/64");
    const auto six = text + "dns_failover {\nfollows HOME\nforwarder X fd00::4\n}\n";
    EXPECT_FALSE(says(parse_text(six, "H003").faults, "no forwarder has"));
    const auto both = parse_text(
        "vrrp_instance LAN {\ninterface lan0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.12.14.1/24\n}\n"
        "virtual_ipaddress_excluded {\nfd00::1/64\n}\n}\n"
        "gateway HOME {\nfollows LAN\nlan lan0 10.12.14.0/24\nlan lan0 fd00::/64\n}\n"
        "dns_failover {\nfollows HOME\nforwarder H003 10.12.14.4\n}\n",
        "H003");
    EXPECT_TRUE(both.can_start());
    EXPECT_TRUE(says(both.faults, "16:1: dns_failover: no forwarder has an IPv6 address, so what is asked of fd00::1"));
}

TEST(DnsFailover, demoting_asks_forwarders_of_any_family) {
    EXPECT_TRUE(parse_dns("follows HOME\nforwarder H003\nforwarder X fd00::4\nwhen_dead demote -60\n").can_start());
    EXPECT_TRUE(parse_dns("follows HOME\nforwarder X 127.0.0.1\nwhen_dead demote -60\n").can_start());
}

TEST(DnsFailover, a_gateway_has_one) {
    const std::string block = "dns_failover {\nfollows HOME\nforwarder H003\n}\n";
    const auto parsed = parse_text(home + block + block, "H003");
    EXPECT_TRUE(says(parsed.faults, "22:1: a second dns_failover follows HOME"));
    EXPECT_FALSE(parsed.can_start());
}

}  // namespace
}  // namespace vrrpd::config::dns_failover_test
