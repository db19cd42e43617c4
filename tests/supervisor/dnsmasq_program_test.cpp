// `vrrpd -t` judges the dnsmasq beside it: each fault with dnsmasq's own file and line, and what to write instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/supervisor/machine.hpp"

namespace vrrpd::supervisor::test::dnsmasq_program_test {
namespace {

using testing::HasSubstr;

// One that moves with its gateway.
constexpr char good[] = R"(listen-address=10.12.14.1
bind-dynamic
dhcp-range=10.12.14.100,10.12.14.199,255.255.255.0,1h
dhcp-option=option:router,10.12.14.1
dhcp-option=option:dns-server,10.12.14.1
dhcp-authoritative
enable-dbus
)";

class DnsmasqProgram : public testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, for network namespaces";
        machine_ = std::make_unique<Machine>();
    }
    Machine& machine() { return *machine_; }

    // What `-t` says where dnsmasq has this configuration; `vip` and `more` of the dnsmasq block.
    Ended judge(const std::string& dnsmasq, const std::string& more = "", const std::string& vip = "10.12.14.1/24") {
        machine().put("dnsmasq.conf", dnsmasq);
        return judge_block("configuration " + machine().file("dnsmasq.conf") + "\n" + more, vip);
    }
    Ended judge_block(const std::string& block, const std::string& vip = "10.12.14.1/24") {
        machine().put("peer.key", std::string(64, 'a') + "\n");
        chmod(machine().file("peer.key").c_str(), 0600);
        machine().put("sync.conf",
                      "vrrp_instance LAN {\ninterface lan0\nvirtual_router_id 1\npriority 100\n"
                      "virtual_ipaddress {\n" +
                          vip +
                          "\n}\n}\n"
                          "gateway HOME {\nfollows LAN\nlan lan0 10.12.14.0/24\nwan wan0 {\n}\n}\n"
                          "peer_link {\nkey_file " +
                          machine().file("peer.key") +
                          "\nmember H003 10.12.14.4\n"
                          "member H001 10.12.14.2\n}\n"
                          "dhcp_sync {\nfollows HOME\ndnsmasq {\n" +
                          block + "}\n}\n" + more_blocks);
        return machine().vrrpd({"-t", "-i", "H003", "-f", "sync.conf"});
    }
    void expect_fault(const Ended& ended, const std::string& said) {
        EXPECT_EQ(ended.code, 5) << ended.text;
        EXPECT_THAT(ended.text, HasSubstr(said));
    }
    std::string more_blocks;
    std::string at(unsigned line) { return machine().file("dnsmasq.conf:" + std::to_string(line) + ": dhcp_sync: "); }

private:
    std::unique_ptr<Machine> machine_;
};

TEST_F(DnsmasqProgram, the_recommended_form_is_clean) {
    const auto ended = judge(good);
    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.text, "");
}

TEST_F(DnsmasqProgram, a_short_virtual_address_and_a_range_without_netmask) {
    expect_fault(judge("listen-address=10.12.14.1\ndhcp-range=10.12.14.100,10.12.14.199,1h\n", "", "10.12.14.1/32"),
                 at(2) + "the virtual address 10.12.14.1/32 does not say how large its network is");
}

TEST_F(DnsmasqProgram, an_interface_with_the_virtual_address_secondary) {
    expect_fault(judge(std::string(good) + "interface=lan0\n"),
                 at(8) + "with interface=lan0 dnsmasq names the host's own address as the server");
}

TEST_F(DnsmasqProgram, no_options_3_and_6_without_dns) {
    expect_fault(judge("listen-address=10.12.14.1\nbind-dynamic\nport=0\n"
                       "dhcp-range=10.12.14.100,10.12.14.199,255.255.255.0,1h\ndhcp-authoritative\nenable-dbus\n"),
                 at(3) +
                     "dnsmasq does no DNS (port=0), and does not say where clients find it: write "
                     "dhcp-option=option:router,10.12.14.1");
}

TEST_F(DnsmasqProgram, an_upstream_that_is_the_virtual_address_of_which_this_host_is_a_forwarder) {
    const auto circle = std::string(good) + "server=10.12.14.1\n";
    EXPECT_EQ(judge(circle).code, 0) << "nobody sends clients' questions to it";
    more_blocks = "dns_failover {\nfollows HOME\nforwarder H001\n}\n";
    EXPECT_EQ(judge(circle).code, 0);
    more_blocks = "dns_failover {\nfollows HOME\nforwarder H001\nforwarder H003\n}\n";
    expect_fault(judge(circle), at(8) + "dnsmasq asks the virtual address 10.12.14.1");
}

TEST_F(DnsmasqProgram, a_table_that_is_too_small) {
    expect_fault(judge(std::string(good) + "dhcp-lease-max=150\n"), at(8) + "dhcp-lease-max is 150, less than twice");
}

TEST_F(DnsmasqProgram, what_stands_nowhere_is_said_at_the_block) {
    const auto ended = judge(
        "listen-address=10.12.14.1\nbind-dynamic\n"
        "dhcp-range=10.12.14.100,10.12.14.199,255.255.255.0,1h\n");
    expect_fault(ended, "sync.conf:20:1: dhcp_sync: dnsmasq (" + machine().file("dnsmasq.conf") +
                            "): nothing brings leases into dnsmasq: write enable-dbus");
    EXPECT_THAT(ended.text, HasSubstr("dhcp-authoritative is missing"));
    EXPECT_EQ(judge(good, "restart_unit dnsmasq\n").code, 0);
}

TEST_F(DnsmasqProgram, a_file_that_is_not_there_or_leads_nowhere) {
    expect_fault(judge_block("configuration /nowhere/dnsmasq.conf\n"),
                 "sync.conf:20:1: dhcp_sync: /nowhere/dnsmasq.conf cannot be read: correct configuration");
    const auto ended = judge(std::string(good) + "conf-file=/nowhere/else.conf\n\"\n");
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.text, HasSubstr(at(8) + "what this names cannot be read"));
    EXPECT_THAT(ended.text, HasSubstr(at(9) + "this is no option of dnsmasq"));
}

// The one that runs in our namespace is found by itself, with what stands on its command line.
TEST_F(DnsmasqProgram, the_running_one_is_found) {
    if (machine().shell("command -v dnsmasq").code != 0) GTEST_SKIP() << "SKIPPED: no dnsmasq here";
    machine().put("running.conf", std::string(good) + "except-interface=lan0\n");
    const auto started = machine().shell("dnsmasq -C " + machine().file("running.conf") + " -x " +
                                         machine().file("dnsmasq.pid") + " -l " + machine().file("leases") +
                                         " --interface=lan0 --user=root --enable-dbus=org.example.none");
    ASSERT_EQ(started.code, 0) << started.text;
    const pid_t pid = machine().pid_in("dnsmasq.pid");
    const auto ended = judge_block("");
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    expect_fault(ended, machine().file("running.conf:8: dhcp_sync: this keeps dnsmasq from serving lan0"));
    expect_fault(ended, "the command line of dnsmasq: dhcp_sync: with interface=lan0 dnsmasq names the host's own");
}

// ---- the rest of what dhcp_sync needs ---------------------------------------------------------------------

TEST_F(DnsmasqProgram, a_key_that_is_not_there_or_that_others_may_read) {
    ASSERT_EQ(judge(good).code, 0);
    const auto again = [&] { return machine().vrrpd({"-t", "-i", "H003", "-f", "sync.conf"}); };
    const auto key = machine().file("peer.key");
    chmod(key.c_str(), 0644);
    expect_fault(again(), "sync.conf:16:1: peer_link: the key file " + key +
                              ": others than its owner may use it (mode 0644): run chmod 600 " + key);
    unlink(key.c_str());
    expect_fault(again(),
                 "sync.conf:16:1: peer_link: the key file " + key + " is not there: make it once with `vrrpctl");
}

TEST_F(DnsmasqProgram, a_member_list_without_ourselves) {
    ASSERT_EQ(judge(good).code, 0);
    expect_fault(
        machine().vrrpd({"-t", "-i", "H002", "-f", "sync.conf"}),
        "sync.conf:15:1: peer_link: no member is this host, 'H002' (did you mean H003?): add it, or give -i NAME");
}

TEST_F(DnsmasqProgram, none_of_it_prevents_a_start) {
    (void)judge(std::string(good) + "interface=lan0\n");
    machine().start({"-i", "H003", "-f", "sync.conf"});
    EXPECT_TRUE(eventually([&] { return machine().get("log").find("engine started") != std::string::npos; }));
    EXPECT_THAT(machine().get("log"), HasSubstr("warning: " + at(8) + "with interface=lan0"));
}

}  // namespace
}  // namespace vrrpd::supervisor::test::dnsmasq_program_test
