// Every process of the daemon is killed or frozen, alone and all together: the others, or in the end the
// kernel, tidy up.
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"

namespace lab::process_test {
namespace {

// What a gateway holds runs out by itself after max(5 s, 3 x down interval).
constexpr auto dead_man = 5s;

class Processes : public HomeTest {
protected:
    // No advert of H001 since then: the role did not move.
    bool never_moved(Time since_then) {
        return home.lan.count(all({from(home.h001), adverts(), since(since_then)})) == 0;
    }
    static bool fence_is_open(const Host& host) {
        return host.must({"nft", "list", "set", "netdev", "vrrpd", "open_HOME"}).find("elements") != std::string::npos;
    }
};

TEST_F(Processes, killed_engine_is_restarted_and_keeps_the_role) {
    auto pair = start_pair({.advert_int = "0.5"});
    const auto killed = wall_clock();
    const pid_t engine = pair.active.engine();
    ASSERT_GT(engine, 0);
    kill(engine, SIGKILL);
    EXPECT_TRUE(home.lan.await(all({from(home.h003), adverts(), no_priority(0), since(killed + 100ms)}), 3s));
    EXPECT_TRUE(wait_until([&] { return pair.active.engine() > 0 && pair.active.engine() != engine; }));
    std::this_thread::sleep_for(2500ms);  // longer than H001 would wait
    EXPECT_TRUE(never_moved(killed));
    EXPECT_TRUE(holds(home.h003));
    EXPECT_EQ(pair.active.stop(), 0);
    EXPECT_FALSE(holds(home.h003)) << "the second engine did not know what the first one had added";
}

TEST_F(Processes, second_crash_within_ten_seconds_gives_the_role_up) {
    auto pair = start_pair({.more = "nopreempt"});
    for (int i = 0; i < 2; ++i) {
        const pid_t engine = pair.active.engine();
        kill(engine, SIGKILL);
        EXPECT_TRUE(wait_until([&] { return pair.active.engine() > 0 && pair.active.engine() != engine; }));
    }
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_FALSE(holds(home.h003));
}

TEST_F(Processes, frozen_engine_is_replaced_and_its_address_taken_away) {
    auto pair = start_pair({.more = "nopreempt"});
    const pid_t engine = pair.active.engine();
    kill(engine, SIGSTOP);
    EXPECT_TRUE(wait_until([&] { return holds(home.h001); }, 2s));
    EXPECT_TRUE(wait_until([&] { return !holds(home.h003); }, 3s)) << "killed after a second without a heartbeat";
    EXPECT_TRUE(wait_until([&] { return pair.active.engine() > 0 && pair.active.engine() != engine; }));
}

TEST_F(Processes, engine_without_its_supervisor_hands_over_and_ends) {
    auto pair = start_pair();
    const pid_t engine = pair.active.engine();
    const auto killed = wall_clock();
    pair.active.process().signal(SIGKILL);
    EXPECT_TRUE(home.lan.await(all({from(home.h003), priority(0), since(killed)}), 2s)) << "no priority 0";
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(wait_until([&] { return kill(engine, 0) != 0; }, 2s)) << "the engine stayed alone";
}

TEST_F(Processes, frozen_supervisor_costs_nobody_anything) {
    auto pair = start_pair();
    const auto frozen = wall_clock();
    pair.active.process().signal(SIGSTOP);
    std::this_thread::sleep_for(2s);
    pair.active.process().signal(SIGCONT);
    std::this_thread::sleep_for(500ms);
    EXPECT_TRUE(never_moved(frozen));
    EXPECT_TRUE(holds(home.h003));
}

TEST_F(Processes, frozen_agent_costs_nobody_the_role_and_holds_no_hand_over_up) {
    auto pair = start_pair({.after = GatewayText{}.text()});
    const pid_t agent = descendant(pair.active.process().pid(), "vrrpd-agent");
    ASSERT_GT(agent, 0);
    const auto frozen = wall_clock();
    kill(agent, SIGSTOP);
    std::this_thread::sleep_for(3s);
    EXPECT_TRUE(never_moved(frozen));
    EXPECT_GE(home.lan.count(all({from(home.h003), adverts(), since(frozen)})), 28u) << "three seconds of adverts";
    const auto told = wall_clock();
    EXPECT_EQ(pair.active.stop(), 0);
    EXPECT_TRUE(home.lan.await(all({from(home.h003), priority(0), since(told)}), 1s));
    EXPECT_TRUE(becomes_active(home.h001));
}

TEST_F(Processes, all_killed_then_the_kernel_takes_the_address_away) {
    auto pair = start_pair({.after = GatewayText{}.text()});
    ASSERT_TRUE(fence_is_open(home.h003));
    pair.active.process().kill_all();
    EXPECT_TRUE(wait_until([&] { return holds(home.h001); }, 2s));
    EXPECT_TRUE(home.await_holder(home.h001, dead_man + 1s)) << "the dead gateway still has the address";
    EXPECT_TRUE(wait_until([&] { return !fence_is_open(home.h003); }, 1s)) << "nobody keeps the dead one silent";
}

TEST_F(Processes, all_frozen_then_thawed_ends_with_one_gateway) {
    auto pair = start_pair({.after = GatewayText{}.text()});
    ASSERT_TRUE(fence_is_open(home.h003));
    auto& process = pair.active.process();
    process.signal(SIGSTOP);
    const auto children = descendants(process.pid());
    for (const pid_t child : children) kill(child, SIGSTOP);
    EXPECT_TRUE(wait_until([&] { return holds(home.h001); }, 2s));
    EXPECT_TRUE(home.await_holder(home.h001, dead_man + 1s)) << "the frozen gateway still has the address";
    EXPECT_TRUE(wait_until([&] { return !fence_is_open(home.h003); }, 1s)) << "nobody keeps the frozen one silent";
    const auto thawed = wall_clock();
    for (const pid_t child : children) kill(child, SIGCONT);
    process.signal(SIGCONT);
    EXPECT_TRUE(pair.active.await_log("this process stood still")) << "it did not notice";
    EXPECT_TRUE(becomes_active(home.h003)) << "it may preempt";
    const auto speaks = all({from(home.h003), since(thawed),
                             [](const Frame& frame) { return no_priority(0)(frame) || speaks_as(Home::vip)(frame); }});
    const auto first = home.lan.first(speaks);
    ASSERT_TRUE(first);
    EXPECT_GE(first->at - thawed, 300ms) << "it went on without looking who is the gateway now: " << first->describe();
    std::this_thread::sleep_for(1500ms);
    const auto last = home.lan.last(all({claims(Home::vip), since(thawed)}));
    ASSERT_TRUE(last);
    EXPECT_EQ(last->port, home.h003.port("lan0"));
}

TEST_F(Processes, sweep_removes_what_a_killed_daemon_left) {
    auto pair = start_pair();
    pair.active.process().kill_all();
    EXPECT_EQ(pair.active.command({"--sweep"}).status, 0);
    EXPECT_FALSE(holds(home.h003));
    EXPECT_TRUE(home.h003.has_address(IpAddress::v4(10, 12, 14, 4))) << "the host's own address is not ours";
}

TEST_F(Processes, second_start_says_already_running) {
    auto& router = start(home.h003, {.priority = 200});
    ASSERT_TRUE(becomes_active(home.h003));
    const auto second = router.command({"-n", "-l", "-p", router.file("second.pid")});
    EXPECT_EQ(second.status, 0) << "keepalived's exit code for it";
    EXPECT_NE(second.text.find("already running"), std::string::npos) << second.text;
    EXPECT_TRUE(holds(home.h003));
}

// With root's rights, and on the network, there is no code that reads TLS, D-Bus or XML. (libsystemd, for its word to
// the service manager, has a D-Bus client of its own that nobody calls.)
TEST_F(Processes, supervisor_and_engine_have_no_code_for_what_the_agent_does) {
    auto& router = start(home.h003, {.priority = 200, .after = GatewayText{}.text()});
    ASSERT_TRUE(becomes_active(home.h003));
    for (const pid_t pid : {router.process().pid(), router.engine()}) {
        std::ifstream maps(fmt::format("/proc/{}/maps", pid));
        const std::string text((std::istreambuf_iterator<char>(maps)), {});
        ASSERT_NE(text.find("libc.so"), std::string::npos) << text;
        for (const auto* library : {"libssl", "libcrypto", "libsdbus", "libdbus", "libldns", "libexpat", "libseccomp"})
            EXPECT_EQ(text.find(library), std::string::npos) << library << " in process " << pid;
    }
}

}  // namespace
}  // namespace lab::process_test
