// Whole agents: what they tell each other, the engine and the supervisor.
#include "vrrpd/agent/agent.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include <nlohmann/json.hpp>

#include "tests/agent/desk.hpp"

namespace vrrpd::agent {
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
    static void role(Host& host, Role is, bool resumed = false) {
        host.tell(Kind::role_change, encode(ipc::RoleChange{"HOME", is, resumed}));
    }
    static void readiness(Host& host, std::vector<std::string> obstacles) {
        host.tell(Kind::readiness, encode(ipc::Readiness{"HOME", std::move(obstacles)}));
    }
    // Of what vrrpctl would get.
    [[nodiscard]] static json status(Host& host) {
        const auto path = fmt::format("vrrpd-agent-test-{}-{}", getpid(), host.id);
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
};

TEST_F(AgentTest, members_show_each_other) {
    for (auto* const host : both_) {
        host->engine_status = engine_status(host == &one_ ? 200 : 80);
        configure(*host);
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
        role(*host, Role::active);
    }
    ASSERT_TRUE(meet());
    ASSERT_TRUE(run_until(both_, [&] { return one_.logged("SPLIT BRAIN") && two_.logged("SPLIT BRAIN"); }));
    ASSERT_TRUE(run_until(both_, [&] { return !one_.said(Kind::announce_again).empty(); }));
    EXPECT_EQ(one_.said(Kind::announce_again), std::vector<std::string>{"HOME"});
    EXPECT_TRUE(two_.said(Kind::announce_again).empty());
    role(two_, Role::backup);
    ASSERT_TRUE(run_until(both_, [&] { return one_.logged("is over") && two_.logged("is over"); }));
    ASSERT_TRUE(run_until(both_, [&] { return one_.said(Kind::announce_again).size() == 2; }));
    EXPECT_TRUE(two_.said(Kind::announce_again).empty());
    EXPECT_EQ(one_.logged("SPLIT BRAIN"), 1);
    std::vector<std::string> events;
    for (const auto& text : one_.said(Kind::alert))
        events.push_back(json::parse(ipc::decode<ipc::Alert>(text)->json)["event"]);
    EXPECT_EQ(events, (std::vector<std::string>{"became_active", "split_brain", "split_brain_over"}));
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
    configure(two_, "dns_failover {\n follows HOME\n forwarder H001 127.0.0.1\n}\n");
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

TEST_F(AgentTest, what_is_no_configuration_leaves_the_old_one) {
    configure(one_);
    one_.tell(Kind::reload, {}, ipc::seal("garbage", "x")->get());
    one_.tell(Kind::reload);
    EXPECT_TRUE(one_.run_until([&] { return one_.logged("could not read its configuration") == 2; }));
    EXPECT_EQ(status(one_)["gateways"].size(), 1U);
}

}  // namespace
}  // namespace vrrpd::agent
