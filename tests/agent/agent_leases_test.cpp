// Whole agents: the leases that they tell each other of, and what comes of them.
#include <fcntl.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "tests/agent/agent_fixture.hpp"
#include "tests/base/scratch.hpp"

namespace vrrpd::agent::agent_leases_test {
namespace {

using namespace test;

class AgentLeasesTest : public AgentTest {
protected:
    AgentLeasesTest() {
        for (auto* const host : both_) std::filesystem::create_directory(path(*host));
        std::ofstream(directory_ + "/dnsmasq.conf") << "dhcp-range=10.12.14.100,10.12.14.200,255.255.255.0,1h\n";
    }

    [[nodiscard]] std::string path(const Host& host) const { return directory_ + '/' + host.id; }
    void configure_leases(Host& host, const std::string& more = {}) {
        const Fd state(open(path(host).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        host.tell(Kind::state_directory, {}, state.get());
        configure(host, fmt::format("dhcp_sync {{\n follows HOME\n scan off\n dnsmasq {{\n lease_file {0}/leases\n"
                                    " configuration {1}/dnsmasq.conf\n bus off\n {2}\n }}\n}}\n",
                                    path(host), directory_, more));
    }
    void both_begin_without_leases() {
        for (auto* const host : both_) {
            grant(*host, 0);
            configure_leases(*host);
            host->engine_status = engine_status(100);
            standing(*host, 100);
        }
    }
    // `count` leases of an hour, with client ids of `id_size` octets.
    void grant(const Host& host, unsigned count, unsigned id_size = 7) const {
        std::string text, tail;
        for (unsigned i = 1; i < id_size; ++i) tail += ":55";
        for (unsigned i = 0; i < count; ++i)
            text +=
                fmt::format("{} 02:00:00:00:{:02x}:{:02x} 10.12.{}.{} h{} {:02x}:{:02x}{}\n", std::time(nullptr) + 3600,
                            i / 250, i % 250, 100 + i / 250, 1 + i % 250, i, i / 250, i % 250, tail);
        std::ofstream(path(host) + "/leases") << text;
    }
    [[nodiscard]] bool has_leases(Host& host, unsigned count) {
        return run_until(
            both_, [&] { return status(host)["leases"]["count"] == count; }, 15s);
    }

    const vrrpd::test::Scratch scratch_{"agent"};
    const std::string& directory_ = scratch_.path();
};

TEST_F(AgentLeasesTest, other_settings_of_dnsmasq_are_said) {
    configure_leases(one_);
    ASSERT_FALSE(status(one_).empty());  // it has read its settings
    std::ofstream(directory_ + "/dnsmasq.conf") << "dhcp-range=10.12.14.100,10.12.14.150,255.255.255.0,1h\n";
    configure_leases(two_);
    ASSERT_TRUE(meet());
    EXPECT_TRUE(
        run_until(both_, [&] { return one_.logged("peer H002: its settings differ from ours: dnsmasq") == 1; }));
}

TEST_F(AgentLeasesTest, leases_of_the_active_come_to_the_stand_in) {
    both_begin_without_leases();
    role(one_, Role::active);
    role(two_, Role::backup);
    ASSERT_TRUE(meet());
    grant(one_, 3);
    EXPECT_TRUE(has_leases(two_, 3));
    grant(one_, 600, 200);  // messages larger than a frame
    EXPECT_TRUE(has_leases(two_, 600));
    const auto leases = status(one_)["leases"];
    EXPECT_EQ(leases["gateway"], "HOME");
    EXPECT_EQ(leases["lags"][0]["host"], "H002");
}

// Without a bus. The engine is told before the role comes, for then the fence opens first.
TEST_F(AgentLeasesTest, a_server_that_is_to_learn_of_leases_by_a_restart_gives_none_until_it_was) {
    for (auto* const host : both_) {
        grant(*host, 0);
        configure_leases(*host, "restart_command /bin/restart");
    }
    role(one_, Role::active);
    role(two_, Role::backup);
    ASSERT_TRUE(meet());
    const auto restarts = [this] { return two_.said(Kind::write_leases).size(); };
    const auto silenced = [this](const std::vector<bool>& all) {
        return run_until(both_, [&] { return silences(two_) == all; });
    };
    grant(one_, 1);
    ASSERT_TRUE(run_until(both_, [&] { return restarts() == 1; }));
    EXPECT_TRUE(silenced({false, true}));
    grant(two_, 1);
    two_.tell(Kind::leases_written);
    EXPECT_TRUE(silenced({false, true, false}));
    grant(one_, 2);
    EXPECT_TRUE(silenced({false, true, false, true})) << "a stand-in's is not restarted twice within a minute";
    EXPECT_EQ(restarts(), 1U);
    role(two_, Role::active, false);
    ASSERT_TRUE(run_until(both_, [&] { return restarts() == 2; }));
    EXPECT_EQ(silences(two_).size(), 4U);
    role(one_, Role::backup);
    grant(two_, 2);
    two_.tell(Kind::leases_written);
    EXPECT_TRUE(silenced({false, true, false, true, false}));
    EXPECT_EQ(silences(one_), std::vector{false});
}

TEST_F(AgentLeasesTest, another_dhcp_sync_begins_with_a_new_link) {
    both_begin_without_leases();
    role(one_, Role::active);
    ASSERT_TRUE(meet());
    configure_leases(two_, "down_weight -30");
    ASSERT_TRUE(run_until(
        both_, [&] { return one_.logged("connected; it runs") == 2; }, 20s));
    grant(one_, 5);
    EXPECT_TRUE(has_leases(two_, 5));
}

TEST_F(AgentLeasesTest, a_dead_dhcp_server_weighs_and_is_told) {
    grant(one_, 0);
    configure_leases(one_, "down_weight -30");
    role(one_, Role::backup);
    // Without a bus it is the socket of port 67 that shows it; in this place nobody has one.
    ASSERT_TRUE(one_.run_until(
        [&] {
            const auto weights = one_.said(Kind::service_weight);
            return !weights.empty() && weights.back() == encode(ipc::ServiceWeight{"HOME", "dhcp", -30});
        },
        30s));
    EXPECT_EQ(one_.said(Kind::service_weight).size(), 1U) << "what the agent before this one said holds until then";
    EXPECT_EQ(status(one_)["leases"]["server"]["alive"], false);
    EXPECT_EQ(status(one_)["gateways"][0]["candidates"][0]["dhcp"], "down");
}

TEST_F(AgentLeasesTest, the_engine_is_told_until_another_member_has_said_which_leases_there_are) {
    for (auto* const host : both_) grant(*host, 0);
    configure_leases(two_);
    role(two_, Role::backup);
    ASSERT_TRUE(two_.run_until([&] { return lacks(two_, "heard from no other member yet which leases"); }));
    configure_leases(one_);
    ASSERT_TRUE(meet());
    EXPECT_TRUE(run_until(both_, [&] { return !lacks(two_, "which leases there are"); }));
}

TEST_F(AgentLeasesTest, who_is_the_gateway_waits_for_no_other_members_leases) {
    grant(one_, 0);
    configure_leases(one_);
    ASSERT_TRUE(one_.run_until([&] { return lacks(one_, "which leases there are"); }));
    role(one_, Role::active);
    EXPECT_TRUE(one_.run_until([&] { return !lacks(one_, "which leases there are"); }));
}

TEST(NodeId, is_the_same_everywhere_and_twins_are_found) {
    EXPECT_EQ(node_id("").value, 0x811c9dc5U);
    EXPECT_EQ(node_id("foobar").value, 0xbf9cf968U);  // FNV's own vector
    EXPECT_EQ(same_node({{"H001", {}}, {"H002", {}}, {"H003", {}}}), "");
    EXPECT_EQ(same_node({{"costarring", {}}, {"H001", {}}, {"liquid", {}}}), "costarring and liquid");
}

}  // namespace
}  // namespace vrrpd::agent::agent_leases_test
