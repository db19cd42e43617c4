// Whole agents: what they tell each other, the engine and the supervisor.
#include "vrrpd/agent/agent.hpp"

#include <sys/stat.h>

#include "tests/agent/agent_fixture.hpp"

namespace vrrpd::agent::agent_test {
namespace {

using namespace test;

TEST_F(AgentTest, members_show_each_other) {
    for (auto* const host : both_) {
        host->engine_status = engine_status(host == &one_ ? 200 : 80);
        configure(*host);
        standing(*host, host == &one_ ? 200 : 80);
        readiness(*host, {});
    }
    role(one_, Role::active);
    role(two_, Role::backup);
    readiness(two_, {"wan0 is down"});
    ASSERT_TRUE(meet());
    json home;
    ASSERT_TRUE(run_until(both_, [&] {
        home = status(one_)["gateways"][0];
        const auto& other = home["candidates"][1];
        return other.contains("priority") && other["priority"] == 80 && !other["obstacles"].empty();
    })) << home;
    EXPECT_EQ(home["state"], "MASTER");
    EXPECT_EQ(home["fence"], "shut");
    EXPECT_EQ(home["candidates"][0]["priority"], 200);
    const auto& other = home["candidates"][1];
    EXPECT_EQ(other["host"], "H002");
    EXPECT_EQ(other["state"], "BACKUP");
    EXPECT_EQ(other["obstacles"], json::parse(R"(["wan0 is down"])"));
}

TEST_F(AgentTest, the_status_comes_without_the_engine_too) {
    configure(one_);
    const auto document = status(one_);
    EXPECT_EQ(document["engine"], "the engine did not answer in time: its part is missing");
    EXPECT_EQ(document["host"], "H001");
    EXPECT_EQ(document["peers"][0]["host"], "H002");
}

TEST_F(AgentTest, two_that_are_active_are_a_split_brain_and_the_better_one_announces) {
    for (auto* const host : both_) {
        host->engine_status = engine_status(host == &one_ ? 200 : 80);
        configure(*host);
        standing(*host, host == &one_ ? 200 : 80);
        role(*host, Role::active);
    }
    ASSERT_TRUE(meet());
    ASSERT_TRUE(run_until(both_, [&] { return one_.logged("SPLIT BRAIN") && two_.logged("SPLIT BRAIN"); }));
    ASSERT_TRUE(run_until(both_, [&] { return !one_.said(Kind::announce_again).empty(); }));
    EXPECT_EQ(one_.said(Kind::announce_again), std::vector<std::string>{"HOME"});
    EXPECT_TRUE(two_.said(Kind::announce_again).empty());
    EXPECT_EQ(silences(one_), std::vector{false}) << "the one that stays gives the leases";
    EXPECT_EQ(silences(two_), (std::vector{false, true}));
    role(two_, Role::backup);
    ASSERT_TRUE(run_until(both_, [&] { return one_.logged("is over") && two_.logged("is over"); }));
    ASSERT_TRUE(run_until(both_, [&] { return one_.said(Kind::announce_again).size() == 2; }));
    EXPECT_EQ(silences(two_), (std::vector{false, true, false}));
    EXPECT_TRUE(two_.said(Kind::announce_again).empty());
    EXPECT_EQ(one_.logged("SPLIT BRAIN"), 1);
    ASSERT_TRUE(run_until(both_, [&] { return alerts(one_).size() == 3; }));
    std::vector<std::string> events;
    for (const auto& alert : alerts(one_)) events.push_back(alert["event"]);
    EXPECT_EQ(events, (std::vector<std::string>{"became_active", "split_brain", "split_brain_over"}));
}

// What the other one is now, nobody knows: it may be gone, and clients need leases.
TEST_F(AgentTest, who_loses_the_link_in_a_split_brain_gives_leases_again) {
    for (auto* const host : both_) {
        configure(*host);
        standing(*host, host == &one_ ? 200 : 80);
        role(*host, Role::active);
    }
    ASSERT_TRUE(meet());
    const auto last = [&] { return ipc::decode<ipc::DhcpSilence>(two_.said(Kind::dhcp_silence).back())->silent; };
    ASSERT_TRUE(run_until(both_, [&] { return !two_.said(Kind::dhcp_silence).empty() && last(); }));
    configure(one_, {}, '6');  // another key
    EXPECT_TRUE(run_until(both_, [&] { return !last(); }));
}

TEST_F(AgentTest, the_better_one_by_address_announces_where_priorities_are_equal) {
    for (auto* const host : both_) {
        host->engine_status = engine_status(100);
        configure(*host);
        standing(*host, 100);
        role(*host, Role::active, true);
    }
    ASSERT_TRUE(meet());
    ASSERT_TRUE(run_until(both_, [&] { return one_.logged("SPLIT BRAIN") && two_.logged("SPLIT BRAIN"); }));
    ASSERT_TRUE(run_until(both_, [&] { return !two_.said(Kind::announce_again).empty(); }));
    EXPECT_TRUE(one_.said(Kind::announce_again).empty());
}

TEST_F(AgentTest, a_take_over_is_no_split_brain) {
    for (auto* const host : both_) configure(*host);
    role(one_, Role::active);
    role(two_, Role::backup);
    ASSERT_TRUE(meet());
    role(two_, Role::active);
    (void)run_until(
        both_, [] { return false; }, 100ms);
    role(one_, Role::backup);
    (void)run_until(
        both_, [] { return false; }, 2s);
    EXPECT_EQ(one_.logged("SPLIT BRAIN") + two_.logged("SPLIT BRAIN"), 0);
}

TEST_F(AgentTest, a_reload_keeps_the_link_unless_its_block_or_key_changed) {
    for (auto* const host : both_) configure(*host);
    ASSERT_TRUE(meet());
    configure(one_, "# nothing of consequence\n");
    (void)run_until(
        both_, [] { return false; }, 500ms);
    EXPECT_EQ(two_.logged("connection lost"), 0);
    configure(one_, {}, '6');
    EXPECT_TRUE(run_until(both_, [&] { return two_.logged("connection lost") == 1; }));
    EXPECT_TRUE(run_until(both_, [&] { return two_.logged("another key") + one_.logged("another key") > 0; }));
    configure(one_);
    EXPECT_TRUE(run_until(
        both_, [&] { return two_.logged("connected; it runs") == 2; }, 30s));
}

TEST_F(AgentTest, other_settings_are_said_once) {
    configure(one_);
    configure(two_, "dns_failover {\n follows HOME\n forwarder H001 127.0.0.1\n when_dead demote -60\n}\n");
    ASSERT_TRUE(meet());
    EXPECT_TRUE(run_until(both_, [&] { return one_.logged("peer H002: its settings differ from ours: vrrp") == 1; }));
    configure(two_);
    EXPECT_TRUE(run_until(both_, [&] { return one_.logged("like ours again") == 1; }));
}

TEST_F(AgentTest, a_key_that_others_may_read_is_refused_once_with_what_to_do) {
    const auto file = key_file();
    ASSERT_EQ(fchmod(file.get(), 0644), 0);
    for (int i = 0; i < 3; ++i) {
        one_.tell(Kind::peer_key, "/etc/vrrpd/peer.key", file.get());
        one_.tell(Kind::reload, {}, sealed(home(link_), "H001").get());
    }
    EXPECT_TRUE(one_.run_until([&] { return one_.logged("run chmod 600 /etc/vrrpd/peer.key") > 0; }));
    EXPECT_NE(status(one_)["peer_link"]["trouble"].get<std::string>().find("chmod 600"), std::string::npos);
    EXPECT_EQ(one_.logged("chmod 600"), 1);
}

TEST_F(AgentTest, without_a_key_it_says_once_how_to_get_one) {
    auto text = home(link_);
    const std::string line = "    key_file /etc/vrrpd/peer.key\n";
    text.erase(text.find(line), line.size());
    for (int i = 0; i < 2; ++i) one_.tell(Kind::reload, {}, sealed(text, "H001").get());
    EXPECT_TRUE(one_.run_until([&] { return one_.logged("vrrpctl keygen /etc/vrrpd/peer.key") > 0; }));
    (void)one_.run_until([] { return false; }, 50ms);
    EXPECT_EQ(one_.logged("vrrpctl keygen"), 1);
}

TEST_F(AgentTest, says_that_its_loop_turns) {
    EXPECT_TRUE(one_.run_until([&] { return !one_.said(Kind::alive).empty(); }));
}

TEST_F(AgentTest, what_is_no_configuration_leaves_the_old_one) {
    configure(one_);
    one_.tell(Kind::reload, {}, ipc::seal("garbage", "x")->get());
    one_.tell(Kind::reload);
    EXPECT_TRUE(one_.run_until([&] { return one_.logged("could not read its configuration") == 2; }));
    EXPECT_EQ(status(one_)["gateways"].size(), 1U);
}

// ---- DNS ---------------------------------------------------------------------------------------------

std::string forwarders(const std::string& more = {}) {
    return "dns_failover {\n follows HOME\n forwarder H001 127.0.0.201\n forwarder H002 127.0.0.202\n"
           " when_dead demote -60\n" +
           more + "}\n";
}

TEST_F(AgentTest, a_reload_forgets_nothing_of_forwarders_whose_block_did_not_change) {
    one_.engine_status = engine_status(100);
    configure(one_, forwarders());
    one_.tell(Kind::host_silent, "127.0.0.201");
    const auto health = [this] { return status(one_)["dns"][0]["forwarders"][0]["health"]; };
    EXPECT_EQ(health(), "DEAD");
    configure(one_, forwarders() + "# nothing of consequence\n");
    EXPECT_EQ(health(), "DEAD");
    configure(one_, forwarders(" hold_down 5\n"));
    EXPECT_EQ(health(), "UNKNOWN");
    configure(one_);
    EXPECT_TRUE(status(one_)["dns"].empty());
}

TEST_F(AgentTest, forwarders_of_a_new_block_are_judged_by_the_WAN_as_it_is) {
    one_.engine_status = engine_status(100);
    configure(one_, forwarders());
    one_.tell(Kind::wan_state, encode(ipc::WanState{"HOME", false}));
    EXPECT_EQ(status(one_)["dns"][0]["wan_down"], true);
    configure(one_, forwarders(" hold_down 5\n"));
    EXPECT_EQ(status(one_)["dns"][0]["wan_down"], true);
    one_.tell(Kind::wan_state, encode(ipc::WanState{"HOME", true}));
    configure(one_, forwarders());
    EXPECT_EQ(status(one_)["dns"][0]["wan_down"], false);
}

TEST_F(AgentTest, the_engine_is_told_that_nobody_is_known_to_answer_DNS) {
    configure(one_);
    EXPECT_TRUE(one_.run_until([&] { return !one_.said(Kind::services_ready).empty(); }));
    EXPECT_EQ(one_.said(Kind::services_ready), std::vector<std::string>{"HOME"}) << "nothing is in the way";
    configure(one_, forwarders());
    EXPECT_TRUE(one_.run_until([&] { return lacks(one_, "it is not known yet whether H001 answers DNS"); }));
    for (const auto* const address : {"127.0.0.201", "127.0.0.202"}) one_.tell(Kind::host_silent, address);
    EXPECT_TRUE(one_.run_until([&] { return lacks(one_, "no DNS forwarder answers"); }));
    configure(one_);
    EXPECT_TRUE(one_.run_until([&] { return !lacks(one_, "DNS"); }));
}

TEST_F(AgentTest, dead_DNS_and_a_stand_in_that_stays_unready_are_alerts_and_so_are_their_ends) {
    configure(one_, forwarders());
    role(one_, Role::backup);
    readiness(one_, {"wan0 is down"});
    for (const auto* const address : {"127.0.0.201", "127.0.0.202"}) one_.tell(Kind::host_silent, address);
    ASSERT_TRUE(one_.run_until([&] { return !alerts(one_).empty(); }));
    EXPECT_EQ(alerts(one_)[0]["event"], "dns_down");
    EXPECT_EQ(alerts(one_)[0]["detail"], "no DNS forwarder answers");
    ASSERT_TRUE(one_.run_until([&] { return alerts(one_).size() == 2; }, not_ready_patience + 5s));
    const auto alert = alerts(one_)[1];
    EXPECT_EQ(alert["event"], "not_ready");
    EXPECT_EQ(alert["gateway"], "HOME");
    EXPECT_EQ(alert["host"], "H001");
    EXPECT_EQ(alert["detail"], "this stand-in could not take over now: wan0 is down; no DNS forwarder answers");
    readiness(one_, {});
    (void)one_.run_until([] { return false; }, 100ms);
    EXPECT_EQ(alerts(one_).size(), 2U) << "there is no DNS yet";
    configure(one_);
    ASSERT_TRUE(one_.run_until([&] { return alerts(one_).size() == 3; }));
    EXPECT_EQ(alerts(one_)[2]["event"], "ready");
}

TEST_F(AgentTest, what_it_is_told_once_reaches_the_engine_past_a_queue_that_was_full) {
    configure(one_, forwarders());
    EXPECT_TRUE(one_.run_until([&] { return lacks(one_, "it is not known yet whether H001 answers DNS"); }));
    one_.fill_the_queue();
    for (const auto* const address : {"127.0.0.201", "127.0.0.202"}) one_.tell(Kind::host_silent, address);
    std::this_thread::sleep_for(100ms);
    EXPECT_TRUE(one_.run_until([&] { return !one_.said(Kind::dns_health).empty(); }));
    EXPECT_EQ(one_.said(Kind::dns_health).back(), encode(ipc::DnsHealth{"HOME", false}));
    EXPECT_TRUE(one_.run_until([&] { return lacks(one_, "no DNS forwarder answers"); }));
}

}  // namespace
}  // namespace vrrpd::agent::agent_test
