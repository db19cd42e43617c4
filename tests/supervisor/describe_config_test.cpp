// The dump of -d: every block of ours, as it is understood.
#include "vrrpd/supervisor/describe_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::supervisor::describe_config_test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr char everything[] = R"(
vrrp_instance LAN {
    interface lan0
    virtual_router_id 1
    priority 100
    virtual_ipaddress {
        10.12.14.1/24
    }
}
gateway HOME {
    follows LAN
    lan lan0 10.12.14.0/24
    alert /usr/local/bin/tell me
}
peer_link {
    key_file /etc/vrrpd/peer.key
    member H003 10.12.14.4
    member H001 10.12.14.2
}
dhcp_sync {
    follows HOME
    dnsmasq {
        bus off
        restart_command /etc/init.d/dnsmasq restart
    }
}
dns_failover {
    follows HOME
    forwarder H003
    forwarder cloud 192.0.2.53 5353
    when_dead demote -60
    hold_down 5
    zone probe.example.org
    canary ads.example.org 0.0.0.0
}
)";

TEST(DescribeConfig, says_what_our_blocks_come_to) {
    const auto parsed = config::parse_text(everything, "H001");
    ASSERT_TRUE(parsed.can_start());
    const auto lines = describe(parsed.config);
    for (const char* const line : {
             "  alert /usr/local/bin/tell me",
             "peer_link: port 8725, key_file /etc/vrrpd/peer.key",
             "  member H003 10.12.14.4",
             "  member H001 10.12.14.2, this host",
             "dns_failover: follows HOME, when_dead demote -60, hold_down 5 s",
             "  forwarder H003 10.12.14.4 port 53",
             "  forwarder cloud 192.0.2.53 port 5353",
             "  zone probe.example.org",
             "  canary ads.example.org 0.0.0.0",
             "dhcp_sync: follows HOME, scan on, probe auto",
             "  dnsmasq: lease_file auto, configuration auto, bus off, down_weight -120",
             "    restart_command /etc/init.d/dnsmasq restart",
         })
        EXPECT_THAT(lines, Contains(line));
}

TEST(DescribeConfig, says_nothing_of_what_is_not_there) {
    const std::string text = everything;
    const auto lines = describe(config::parse_text(text.substr(0, text.find("peer_link")), "H001").config);
    EXPECT_THAT(lines, Not(Contains(HasSubstr("peer_link"))));
    EXPECT_THAT(lines, Not(Contains(HasSubstr("dhcp_sync"))));
}

TEST(DescribeConfig, says_how_adverts_are_authenticated_and_no_secret) {
    const std::string key = "0123456789abcdef0123456789abcdef";
    const auto dump = [](const std::string& block) {
        std::string text;
        for (const auto& line : describe(config::parse_instance(block).config)) text += line + "\n";
        return text;
    };
    EXPECT_THAT(dump("authentication {\nauth_type AH\nauth_pass 1woodpec\n}"),
                AllOf(HasSubstr("  authentication AH\n"), Not(HasSubstr("woodpec"))));
    EXPECT_THAT(
        dump("auth_hmac {\nkey 1 " + key + "\nkey 7 " + key + "\nactive_key 7\nmode permissive\n}"),
        AllOf(HasSubstr("  auth_hmac: keys 1, 7, active_key 7, mode permissive, time_window 5 s, anti_replay time\n"),
              Not(HasSubstr(key))));
    EXPECT_THAT(dump(""), Not(HasSubstr("auth")));
}

}  // namespace
}  // namespace vrrpd::supervisor::describe_config_test
