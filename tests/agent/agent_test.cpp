// Whole agents: what they tell each other, the engine and the supervisor.
#include "vrrpd/agent/agent.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "tests/agent/desk.hpp"
#include "tests/base/scratch.hpp"

namespace vrrpd::agent::agent_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ipc::Kind;
using nlohmann::json;
using proto::Role;

std::string engine_status(int priority) {
    return fmt::format(R"({{"observing":false,"instances":[{{"name":"LAN","effective_priority":{},"since":12.5}}],)"
                       R"("gateways":[{{"name":"HOME","follows":"LAN","fence":"shut"}}]}})",
                       priority);
}

class AgentTest : public testing::Test {
protected:
    void configure(Host& host, const std::string& more = {}, char key = '5') {
        host.tell(Kind::peer_key, "/etc/vrrpd/peer.key", key_file(key).get());
        host.tell(Kind::reload, {}, sealed(home(link_, more), host.id).get());
    }
    static void standing(Host& host, int priority) {
        host.tell(Kind::standing, encode(ipc::Standing{"HOME", priority, boot_now()}));
    }
    static void role(Host& host, Role is, bool resumed = false) {
        host.tell(Kind::role_change, encode(ipc::RoleChange{"HOME", is, resumed}));
    }
    static void readiness(Host& host, std::vector<std::string> obstacles) {
        host.tell(Kind::readiness, encode(ipc::Readiness{"HOME", std::move(obstacles)}));
    }
    // Of what vrrpctl would get.
    [[nodiscard]] static json status(Host& host) {
        static unsigned count = 0;  // the agent may still have the one before
        const auto path = fmt::format("vrrpd-agent-test-{}-{}", getpid(), ++count);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path + 1, path.data(), path.size());
        const auto* const where = reinterpret_cast<const sockaddr*>(&address);
        const Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        EXPECT_EQ(bind(listener.get(), where, sizeof address), 0);
        EXPECT_EQ(listen(listener.get(), 4), 0);
        host.tell(Kind::control_socket, {}, listener.get());
        const Fd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(connect(client.get(), where, sizeof address), 0);
        EXPECT_EQ(send(client.get(), "status\n", 7, 0), 7);
        std::string text;
        EXPECT_TRUE(host.run_until([&] {
            std::array<char, 65536> piece;
            const auto got = recv(client.get(), piece.data(), piece.size(), MSG_DONTWAIT);
            if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
            return got == 0;
        }));
        return json::parse(text, nullptr, false);
    }

    config::PeerLink link_ = configuration(2);
    Host one_{"H001"}, two_{"H002"};
    std::vector<Host*> both_{&one_, &two_};

    [[nodiscard]] bool meet() {
        return run_until(
            both_, [&] { return one_.logged("connected; it runs") > 0 && two_.logged("connected; it runs") > 0; });
    }
    // What it told its engine of whether leases are given.
    [[nodiscard]] static std::vector<bool> silences(const Host& host) {
        std::vector<bool> result;
        for (const auto& text : host.said(Kind::dhcp_silence))
            result.push_back(ipc::decode<ipc::DhcpSilence>(text)->silent);
        return result;
    }
    // Has told its engine so last.
    [[nodiscard]] static bool lacks(const Host& host, std::string_view what) {
        const auto said = host.said(Kind::services_ready);
        return !said.empty() && said.back().find(what) != std::string::npos;
    }
};

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
    ASSERT_TRUE(run_until(both_, [&] { return one_.said(Kind::alert).size() == 3; }));
    std::vector<std::string> events;
    for (const auto& text : one_.said(Kind::alert))
        events.push_back(json::parse(ipc::decode<ipc::Alert>(text)->json)["event"]);
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

// ---- leases ------------------------------------------------------------------------------------------

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
    for (auto* const host : both_) {
        grant(*host, 0);
        configure_leases(*host);
        host->engine_status = engine_status(100);
        standing(*host, 100);
    }
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
    for (auto* const host : both_) {
        grant(*host, 0);
        configure_leases(*host);
        host->engine_status = engine_status(100);
        standing(*host, 100);
    }
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
}  // namespace vrrpd::agent::agent_test
