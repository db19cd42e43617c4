// dns_failover and what a DNS server is bound to: where it lives at the address that the list gives it, questions are
// sent on to it; where it does not, what answered before goes on.
#include <fstream>

#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"
#include "netns-tests/lab/dns.hpp"

namespace lab::dns_binding_test {
namespace {

const auto answer = IpAddress::v4(192, 0, 2, 3);

class DnsBinding : public HomeTest {
protected:
    // H003's own server is the only forwarder that lives: nothing runs on H001.
    Router& start_gateway() {
        const std::string failover =
            "dns_failover {\n    follows HOME\n    forwarder H003 10.12.14.4\n    forwarder H001 10.12.14.2\n}\n";
        auto& router = start(home.h003, {.priority = 200, .after = GatewayText{}.text() + failover});
        EXPECT_TRUE(becomes_active(home.h003));
        return router;
    }
    void run_dnsmasq(const Arguments& more) {
        Arguments words{"dnsmasq",     "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--pid-file",
                        "--no-resolv", "--no-hosts",           "--log-facility=-"};
        words.insert(words.end(), more.begin(), more.end());
        server_ = Process(words, home.h003.netns().fd(), directory() + "/dns.log");
    }
    void run_unbound(const std::string& interface, const std::string& zones = answer_zone) {
        const auto path = directory() + "/unbound.conf";
        std::ofstream(path) << "server:\n  interface: " << interface
                            << "\n  do-daemonize: no\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"\"\n"
                               "  use-syslog: no\n  num-threads: 1\n  module-config: \"iterator\"\n"
                               "  access-control: 10.12.14.0/24 allow\n"
                               "remote-control:\n  control-enable: no\n"
                            << zones;
        server_ = Process({"unbound", "-d", "-c", path}, home.h003.netns().fd(), directory() + "/unbound.log");
    }
    static constexpr const char* answer_all = "--address=/#/192.0.2.3";
    static constexpr const char* answer_zone =
        "server:\n  local-zone: \".\" redirect\n  local-data: \". A 192.0.2.3\"\n";

    [[nodiscard]] std::string rules() const { return home.h003.must({"nft", "list", "table", "inet", "vrrpd"}); }
    [[nodiscard]] bool sends_on() const { return rules().find(": 10.12.14.4 . 53") != std::string::npos; }
    void expect_answered() const {
        EXPECT_EQ(resolve(home.client), answer);
        EXPECT_EQ(resolve_over_tcp(home.client), answer);
        EXPECT_EQ(resolve(home.h001), answer) << "a neighbour";
    }
    void expect_sent_on(Router& router) const {
        ASSERT_TRUE(router.await_log("DNS forwarder H003 (10.12.14.4) is ", 15s));
        EXPECT_TRUE(wait_until([&] { return sends_on(); }, 10s)) << rules();
        EXPECT_TRUE(wait_until([&] { return resolve(home.client) == answer; }));
        expect_answered();
    }

private:
    Process server_;
};

TEST_F(DnsBinding, to_every_address) {
    run_dnsmasq({answer_all});
    expect_sent_on(start_gateway());
}

TEST_F(DnsBinding, to_the_own_address) {
    run_dnsmasq({answer_all, "--listen-address=10.12.14.4", "--bind-dynamic"});
    expect_sent_on(start_gateway());
}

TEST_F(DnsBinding, unbound_to_the_own_address) {
    run_unbound("10.12.14.4");
    expect_sent_on(start_gateway());
}

// It answers on whichever router is active, and dns_failover must not take that away.
TEST_F(DnsBinding, to_the_virtual_address_alone) {
    run_dnsmasq({answer_all, "--listen-address=10.12.14.1", "--bind-dynamic"});
    auto& router = start_gateway();
    ASSERT_TRUE(wait_until([&] { return resolve(home.client) == answer; }));
    ASSERT_TRUE(router.await_log("gateway HOME: no DNS forwarder lives, so no question is sent on", 20s));
    EXPECT_FALSE(sends_on()) << rules();
    expect_answered();
}

TEST_F(DnsBinding, one_that_dies_leaves_the_port_to_what_is_at_the_virtual_address) {
    run_dnsmasq({answer_all, "--listen-address=10.12.14.4", "--bind-dynamic"});
    expect_sent_on(start_gateway());
    run_dnsmasq({answer_all, "--listen-address=10.12.14.1", "--bind-dynamic"});
    EXPECT_TRUE(wait_until([&] { return resolve(home.client) == answer; }, 20s));
    EXPECT_FALSE(sends_on()) << rules();
    expect_answered();
}

// To the loopback address alone, as Debian's unbound is.
TEST_F(DnsBinding, unbound_to_no_address_of_the_lan) {
    run_unbound("127.0.0.1");
    auto& router = start_gateway();
    ASSERT_TRUE(router.await_log("gateway HOME: no DNS forwarder lives, so no question is sent on", 20s));
    EXPECT_FALSE(sends_on()) << rules();
}

// A forwarder that asks the virtual address asks itself: who answers nobody for it, but does no harm, either.
class DnsCircle : public DnsBinding {
protected:
    void expect_no_storm() {
        auto& router = start_gateway();
        ASSERT_TRUE(router.await_log("DNS forwarder H003 (10.12.14.4) is ", 15s));
        ASSERT_TRUE(wait_until([&] { return sends_on(); }, 10s)) << rules();
        home.h003.must({"nft",
                        "add table inet count; add counter inet count asked; "
                        "add chain inet count in { type filter hook input priority 0; }; "
                        "add rule inet count in udp dport 53 counter name asked"});
        EXPECT_EQ(resolve(home.client), std::nullopt);
        std::this_thread::sleep_for(2s);
        const auto counter = home.h003.must({"nft", "list", "counter", "inet", "count", "asked"});
        const auto at = counter.find("packets ");
        ASSERT_NE(at, std::string::npos) << counter;
        EXPECT_LT(std::stoul(counter.substr(at + 8)), 100U) << counter;
    }
};

TEST_F(DnsCircle, of_dnsmasq_makes_no_storm) {
    run_dnsmasq({"--listen-address=10.12.14.4", "--bind-dynamic", "--server=10.12.14.1",
                 "--address=/healthcheck.adguardhome.test/192.0.2.3"});
    expect_no_storm();
}

TEST_F(DnsCircle, of_unbound_makes_no_storm) {
    run_unbound("10.12.14.4", "forward-zone:\n  name: \".\"\n  forward-addr: 10.12.14.1\n");
    expect_no_storm();
}

}  // namespace
}  // namespace lab::dns_binding_test
