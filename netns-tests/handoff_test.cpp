// vrrpd --handoff: another process of the daemon takes over from the one that runs, and the role does not move. Nothing
// that stands in the kernel is touched, and nobody on the network notices. Whatever goes wrong with the new one, the
// old one goes on.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"

namespace lab::handoff_test {
namespace {

using Json = nlohmann::json;

class Handoff : public HomeTest {
protected:
    // The successors are no children of the laboratory's: they end with the test.
    void TearDown() override {
        if (HasFailure())
            for (const auto* monitor : {&addresses_log, &rules_log})
                if (!monitor->empty()) std::printf("---- %s\n%s", monitor->c_str(), content_of(*monitor).c_str());
        HomeTest::TearDown();
        for (const auto* host : home.candidates()) {
            for (const pid_t pid : processes_in(host->netns().name())) kill(pid, SIGKILL);
            EXPECT_TRUE(wait_until([&] { return processes_in(host->netns().name()).empty(); }));
        }
    }

    // As ExecReload of the unit does.
    static Output hand_off(const Router& router, const Arguments& more = {}) {
        Arguments options{"--handoff", "-n", "-l", "-D", "-p", router.file("pid")};
        options.insert(options.end(), more.begin(), more.end());
        return router.command(options);
    }
    static pid_t daemon_of(const Router& router) {
        const auto text = content_of(router.file("pid"));
        return text.empty() ? 0 : static_cast<pid_t>(std::stol(text));
    }
    // What the files say now comes into force at the end of a handoff; the next one is refused before.
    static int reloads(const Router& router) {
        const auto log = router.log();
        int count = 0;
        for (auto at = log.find("reloaded: "); at != std::string::npos; at = log.find("reloaded: ", at + 1)) ++count;
        return count;
    }
    static pid_t engine_of(const Router& router) { return descendant(daemon_of(router), "vrrpd-engine"); }

    void watch_kernel(const Host& host) {
        addresses_log = directory() + "/monitor-ip";
        rules_log = directory() + "/monitor-nft";
        ip_monitor = Process({"ip", "monitor", "address", "route", "rule", "link"}, host.netns().fd(), addresses_log);
        nft_monitor = Process({"nft", "monitor"}, host.netns().fd(), rules_log);
        std::this_thread::sleep_for(300ms);  // until they listen
    }
    // What was taken away or put there. The dead man's sign of life is neither: an address that is there gets another
    // lifetime, and the fence's element is renewed.
    void expect_kernel_untouched() {
        std::this_thread::sleep_for(200ms);
        EXPECT_EQ(content_of(addresses_log).find("Deleted"), std::string::npos);
        EXPECT_EQ(content_of(addresses_log).find("default"), std::string::npos) << "a route was set again";
        std::istringstream lines(content_of(rules_log));
        for (std::string line; std::getline(lines, line);)
            for (const char* const what : {"table ", "chain ", "rule "})
                for (const char* const how : {"add ", "delete "})
                    EXPECT_NE(line.rfind(std::string(how) + what, 0), 0u) << line;
    }
    void expect_role_stays(Time from_time) {
        std::this_thread::sleep_for(600ms);  // more than H001 waits
        EXPECT_EQ(home.lan.count(all({from(home.h003), priority(0), since(from_time)})), 0u) << "it resigned";
        EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(from_time)})), 0u) << "H001 took over";
        EXPECT_TRUE(holds(home.h003));
    }
    std::chrono::nanoseconds longest_gap(Time from_time) const {
        const auto frames = home.lan.frames(all({from(home.h003), adverts(), since(from_time)}));
        std::chrono::nanoseconds longest{0};
        for (std::size_t i = 1; i < frames.size(); ++i) longest = std::max(longest, frames[i].at - frames[i - 1].at);
        return longest;
    }

    std::string addresses_log, rules_log;
    Process ip_monitor, nft_monitor;
};

TEST_F(Handoff, of_a_gateway_under_traffic_is_noticed_by_nobody) {
    EchoServer echo(home.internet, {Home::internet_address});
    auto pair = start_pair({.after = GatewayText{}.text()});
    Pinger pinger(home.client, {Home::internet_address});
    ASSERT_TRUE(pinger.await_answer());
    std::this_thread::sleep_for(1s);
    watch_kernel(home.h003);
    const auto from_time = wall_clock();
    for (int i = 0; i < 2; ++i) {
        const pid_t before = daemon_of(pair.active), engine = engine_of(pair.active);
        const auto said = hand_off(pair.active);
        EXPECT_EQ(said.status, 0) << said.text;
        EXPECT_NE(said.text.find("the role stays"), std::string::npos) << said.text;
        EXPECT_TRUE(wait_until([&] { return daemon_of(pair.active) != before; }));
        EXPECT_TRUE(wait_until([&] { return kill(before, 0) != 0 || !pair.active.process().running(); }));
        EXPECT_TRUE(wait_until([&] { return engine_of(pair.active) > 0 && engine_of(pair.active) != engine; }));
        EXPECT_TRUE(wait_until([&] { return reloads(pair.active) == i + 1; })) << "the file as it is now";
    }
    expect_role_stays(from_time);
    EXPECT_EQ(pair.active.process().wait(2s), 0) << "the first one ended in order";
    EXPECT_LT(longest_gap(from_time), down_interval(100ms, 150));
    EXPECT_EQ(pinger.unanswered(from_time), 0u);
    expect_kernel_untouched();
    // And it is a whole daemon: it reloads, tells and stops.
    EXPECT_NE(pair.active.status().text.find("MASTER"), std::string::npos) << pair.active.status().text;
    const pid_t daemon = daemon_of(pair.active);
    kill(daemon, SIGTERM);
    EXPECT_TRUE(home.lan.await(all({from(home.h003), priority(0), since(from_time)}), 3s));
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(wait_until([&] { return kill(daemon, 0) != 0; }));
    EXPECT_FALSE(holds(home.h003));
    EXPECT_NE(access(pair.active.file("pid").c_str(), F_OK), 0) << "its files go with it";
}

TEST_F(Handoff, of_a_stand_in_changes_nothing) {
    auto pair = start_pair();
    std::this_thread::sleep_for(300ms);
    const auto from_time = wall_clock();
    EXPECT_EQ(hand_off(pair.backup).status, 0);
    expect_role_stays(from_time);
    home.h003.lose_power();
    EXPECT_TRUE(becomes_active(home.h001)) << "the successor is a stand-in like any other";
}

TEST_F(Handoff, brings_what_the_file_says_now) {
    VrrpText text;
    auto pair = start_pair(text);
    text.priority = 200;
    text.addresses.emplace_back("10.12.14.9/24");
    const auto from_time = wall_clock();
    pair.active.configure(text.text());
    EXPECT_EQ(hand_off(pair.active).status, 0);
    EXPECT_TRUE(wait_until([&] { return holds(home.h003, IpAddress::v4(10, 12, 14, 9)); }));
    expect_role_stays(from_time);
}

TEST_F(Handoff, to_a_file_that_could_not_start_is_refused) {
    auto pair = start_pair();
    const auto before = daemon_of(pair.active);
    const auto from_time = wall_clock();
    pair.active.configure("vrrp_instance LAN {\n interface lan0\n}\n");
    const auto said = hand_off(pair.active);
    EXPECT_EQ(said.status, 2) << said.text;
    EXPECT_NE(said.text.find("virtual_router_id"), std::string::npos) << said.text;
    EXPECT_NE(said.text.find("goes on"), std::string::npos) << said.text;
    expect_role_stays(from_time);
    EXPECT_EQ(daemon_of(pair.active), before);
}

TEST_F(Handoff, to_a_program_that_dies_at_once_leaves_the_old_one_running) {
    auto pair = start_pair();
    const auto before = daemon_of(pair.active);
    const auto from_time = wall_clock();
    // Its own options are wrong: the successor ends before it says a word.
    const auto said = hand_off(pair.active, {"--state-dir", "/proc/nowhere"});
    EXPECT_EQ(said.status, 1) << said.text;
    EXPECT_NE(said.text.find("the running daemon goes on"), std::string::npos) << said.text;
    EXPECT_TRUE(pair.active.await_log("the handoff failed")) << "and says so itself";
    expect_role_stays(from_time);
    EXPECT_EQ(daemon_of(pair.active), before);
    EXPECT_EQ(hand_off(pair.active).status, 0) << "and a good one may follow";
    expect_role_stays(from_time);
}

// Whenever the successor is killed: one of the two does the work, with one engine, and the role stays.
TEST_F(Handoff, survives_a_successor_that_is_killed_at_any_moment) {
    auto pair = start_pair({.advert_int = "0.3"});
    const auto from_time = wall_clock();
    for (const auto delay : {5ms, 15ms, 25ms, 40ms, 60ms, 90ms}) {
        const pid_t before = daemon_of(pair.active);
        ASSERT_GT(before, 0);
        std::thread asks([&] { (void)hand_off(pair.active); });
        pid_t successor = 0;
        (void)wait_until(
            [&] {
                for (const pid_t child : descendants(before))
                    if (content_of("/proc/" + std::to_string(child) + "/cmdline").find("--handoff-from") !=
                            std::string::npos &&
                        content_of("/proc/" + std::to_string(child) + "/comm") != "vrrpd-engine\n")
                        successor = child;
                return successor > 0;
            },
            2s);
        std::this_thread::sleep_for(delay);
        // Not when it is the daemon already: its pid file is a little later.
        const bool is_daemon = pair.active.logged("the successor, pid " + std::to_string(successor) + ", goes on");
        if (successor > 0 && !is_daemon) kill(successor, SIGKILL);
        asks.join();
        EXPECT_TRUE(wait_until([&] { return engine_of(pair.active) > 0; })) << milliseconds(delay);
        std::this_thread::sleep_for(300ms);
    }
    std::this_thread::sleep_for(1s);
    EXPECT_EQ(home.lan.count(all({from(home.h003), priority(0), since(from_time)})), 0u) << "it resigned";
    EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(from_time)})), 0u) << "H001 took over";
    EXPECT_TRUE(holds(home.h003));
}

TEST_F(Handoff, two_at_once_are_one) {
    auto pair = start_pair();
    const auto from_time = wall_clock();
    Output first, second;
    std::thread one([&] { first = hand_off(pair.active); }), two([&] { second = hand_off(pair.active); });
    one.join();
    two.join();
    // The second came while the first was under way, or after it.
    for (const auto* said : {&first, &second})
        EXPECT_TRUE(said->status == 0 || said->text.find("goes on") != std::string::npos ||
                    said->text.find("does not answer") != std::string::npos)
            << said->text;
    EXPECT_TRUE(first.status == 0 || second.status == 0);
    expect_role_stays(from_time);
}

TEST_F(Handoff, where_no_daemon_runs_is_a_start_as_usual) {
    Router& router = start(home.h003, {.priority = 200}, {"--handoff"});
    EXPECT_TRUE(router.await_log("no daemon runs here"));
    EXPECT_TRUE(becomes_active(home.h003));
}

TEST_F(Handoff, of_a_sync_group_moves_none_of_its_members) {
    const auto wan_vip = IpAddress::v4(198, 51, 100, 10);
    const VrrpText wan{
        .name = "WAN", .interface = "wan0", .vrid = 2, .priority = 200, .addresses = {"198.51.100.10/24"}};
    auto pair = start_pair({.after = wan.text() + "vrrp_sync_group G {\n group {\n LAN\n WAN\n }\n}\n"});
    ASSERT_TRUE(wait_until([&] { return holds(home.h003, wan_vip); }));
    watch_kernel(home.h003);
    const auto from_time = wall_clock();
    EXPECT_EQ(hand_off(pair.active).status, 0);
    expect_role_stays(from_time);
    EXPECT_TRUE(holds(home.h003, wan_vip));
    expect_kernel_untouched();
}

TEST_F(Handoff, of_a_bfd_session_is_noticed_by_no_neighbour) {
    const auto session = [](const std::string& neighbor) {
        return "bfd_instance peer {\n neighbor_ip " + neighbor + "\n min_rx 300\n min_tx 300\n multiplier 3\n}\n";
    };
    Router neighbor(home.h002);
    neighbor.configure(session("10.12.14.4") + VrrpText{.vrid = 77, .addresses = {"10.12.14.77/24"}}.text());
    neighbor.start();
    Router tracker(home.h003);
    tracker.configure(session("10.12.14.3") + VrrpText{.priority = 200, .more = "track_bfd {\n peer\n }\n"}.text());
    tracker.start();
    ASSERT_TRUE(tracker.await_log("Entering Up state", 8s));
    ASSERT_TRUE(becomes_active(home.h003, 8s));
    std::this_thread::sleep_for(1s);
    const auto from_time = wall_clock();
    EXPECT_EQ(hand_off(tracker).status, 0);
    expect_role_stays(from_time);
    std::this_thread::sleep_for(2s);  // more than the neighbour waits
    EXPECT_TRUE(tracker.await_log("BFD_Instance(peer) goes on in Up state"));
    EXPECT_FALSE(neighbor.logged("Entering Down state"));
    EXPECT_FALSE(tracker.logged("Entering Down state"));
    EXPECT_TRUE(holds(home.h003));
}

TEST_F(Handoff, of_a_virtual_mac_leaves_its_device_alone) {
    auto pair = start_pair({.more = "use_vmac"});
    watch_kernel(home.h003);
    const auto from_time = wall_clock();
    EXPECT_EQ(hand_off(pair.active).status, 0);
    expect_role_stays(from_time);
    expect_kernel_untouched();
    EXPECT_EQ(content_of(addresses_log).find("vrrp.1"), std::string::npos) << "the device was touched";
}

// Results of tracked scripts are known already, and so is the state: nobody is told again.
TEST_F(Handoff, keeps_what_is_known_of_scripts) {
    const auto told = directory() + "/told", check = directory() + "/check";
    std::ofstream(check) << "#!/bin/sh\nexit 0\n";
    std::ofstream(directory() + "/tell") << "#!/bin/sh\necho $3 >>" << told << "\n";
    for (const auto& script : {check, directory() + "/tell"}) chmod(script.c_str(), 0755);
    const std::string scripts =
        "global_defs {\n script_user root\n}\nvrrp_script chk {\n script " + check + "\n interval 60\n}\n";
    VrrpText text{.priority = 200, .more = "track_script {\n chk\n }\n notify " + directory() + "/tell"};
    auto& router = start(home.h003, {});
    router.stop();
    router.configure(scripts + text.text());
    router.start();
    ASSERT_TRUE(becomes_active(home.h003));
    ASSERT_TRUE(wait_until([&] { return content_of(told).find("MASTER") != std::string::npos; }));
    const auto before = content_of(told);
    const auto from_time = wall_clock();
    EXPECT_EQ(hand_off(router).status, 0);
    expect_role_stays(from_time);
    EXPECT_EQ(content_of(told), before);
}

// ---- what goes on beside the role -----------------------------------------------------------------------

class HandoffWithAh : public Handoff, public testing::WithParamInterface<Daemon> {
protected:
    static VrrpText words(int priority) {
        return {.version = 2,
                .priority = priority,
                .advert_int = "1",
                .more = "authentication {\n auth_type AH\n auth_pass secret\n}"};
    }
    // What its authentication header says (RFC 4302 2.5).
    static std::optional<std::uint32_t> sequence_number(const Frame& frame) {
        constexpr std::size_t ip_at = 14, protocol_at = ip_at + 9, ah = 51;
        if (frame.bytes.size() <= protocol_at || frame.bytes[protocol_at] != ah) return std::nullopt;
        const auto at = ip_at + 4 * (frame.bytes[ip_at] & 0xfU) + 8;
        if (frame.bytes.size() < at + 4) return std::nullopt;
        std::uint32_t number = 0;
        for (std::size_t i = 0; i < 4; ++i) number = number << 8 | frame.bytes[at + i];
        return number;
    }
    static Json router_of(const Router& router) {
        return Json::parse(router.status({"--json"}).text).at("instances").at(0);
    }
};

TEST_P(HandoffWithAh, the_sequence_numbers_go_on_and_the_peer_refuses_nothing) {
    auto& ours = start(home.h003, words(200));
    ASSERT_TRUE(becomes_active(home.h003, 10s));
    auto& peer = start(home.h001, words(150), {}, GetParam());
    ASSERT_TRUE(peer.await_log("Entering BACKUP STATE"));
    std::this_thread::sleep_for(2s);
    const auto from_time = wall_clock();
    EXPECT_EQ(hand_off(ours).status, 0);
    std::this_thread::sleep_for(4500ms);  // longer than the peer waits
    EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(from_time)})), 0u) << "it refused the successor's";
    EXPECT_TRUE(holds(home.h003));
    std::uint32_t last = 0;
    for (const auto& frame : home.lan.frames(all({from(home.h003), adverts()}))) {
        const auto number = sequence_number(frame);
        ASSERT_TRUE(number) << frame.describe();
        EXPECT_GT(*number, last) << frame.describe();
        last = *number;
    }
    EXPECT_GE(last, 6u);
    if (GetParam() == Daemon::vrrpd) {
        EXPECT_EQ(router_of(peer).at("counters").at("rejected"), Json::object());
    }
}

TEST_P(HandoffWithAh, a_stand_in_goes_on_hearing_the_active) {
    start(home.h001, words(200), {}, GetParam());
    ASSERT_TRUE(becomes_active(home.h001, 10s));
    auto& ours = start(home.h003, words(150));
    ASSERT_TRUE(ours.await_log("Entering BACKUP STATE"));
    std::this_thread::sleep_for(2s);
    const auto from_time = wall_clock();
    EXPECT_EQ(hand_off(ours).status, 0);
    std::this_thread::sleep_for(4500ms);
    EXPECT_EQ(home.lan.count(all({from(home.h003), adverts(), since(from_time)})), 0u);
    EXPECT_EQ(router_of(ours).at("counters").at("rejected"), Json::object());
}

INSTANTIATE_TEST_SUITE_P(Peers, HandoffWithAh, testing::Values(Daemon::vrrpd, Daemon::keepalived),
                         [](const auto& about) { return about.param == Daemon::vrrpd ? "vrrpd" : "keepalived"; });

// By FIFO, by the script that reads one, by notify scripts of the instance and of its group.
TEST_F(Handoff, tells_nobody_anything_twice_and_the_stop_once) {
    const auto in = [](const std::string& name) { return directory() + "/" + name; };
    std::ofstream(in("tell")) << "#!/bin/sh\nout=$1; shift\necho \"$*\" >>" << in("told.") << "$out\n";
    std::ofstream(in("read")) << "#!/bin/sh\ncat \"$1\" >>" << in("told.fifo") << "\n";
    for (const auto* script : {"tell", "read"}) chmod(in(script).c_str(), 0755);
    VrrpText text{.priority = 200};
    for (const std::string event : {"master", "backup", "fault", "stop"})
        text.more += " notify_" + event + " \"" + in("tell") + " instance " + event + "\"\n";
    text.after = "vrrp_sync_group G {\n group {\n LAN\n }\n notify \"" + in("tell") + " group\"\n}\n";
    Router router(home.h003);
    router.configure("global_defs {\n script_user root\n vrrp_notify_fifo " + in("fifo") +
                     "\n vrrp_notify_fifo_script " + in("read") + "\n}\n" + text.text());
    router.start();
    ASSERT_TRUE(becomes_active(home.h003));
    const auto told = [&](const char* whom) { return content_of(in(std::string("told.") + whom)); };
    const auto all_told = [&] {
        return "script\n" + told("instance") + "group\n" + told("group") + "fifo\n" + told("fifo");
    };
    ASSERT_TRUE(wait_until([&] { return told("fifo").find("MASTER") != std::string::npos; }));
    ASSERT_TRUE(wait_until([&] { return told("group").find("MASTER") != std::string::npos; }));
    ASSERT_TRUE(wait_until([&] { return told("instance").find("master") != std::string::npos; }));
    const auto before = all_told();
    for (int i = 0; i < 2; ++i) {
        const auto from_time = wall_clock();
        EXPECT_EQ(hand_off(router).status, 0);
        EXPECT_TRUE(wait_until([&] { return reloads(router) == i + 1; }));
        expect_role_stays(from_time);
        EXPECT_EQ(all_told(), before);
    }
    const pid_t daemon = daemon_of(router);
    kill(daemon, SIGTERM);
    ASSERT_TRUE(wait_until([&] { return kill(daemon, 0) != 0; }));
    const auto count = [&](const char* whom, std::string_view what) {
        const auto text_told = told(whom);
        std::size_t times = 0;
        for (auto at = text_told.find(what); at != std::string::npos; at = text_told.find(what, at + 1)) ++times;
        return times;
    };
    EXPECT_TRUE(wait_until([&] { return count("fifo", "INSTANCE \"LAN\" STOP") == 1; })) << all_told();
    EXPECT_EQ(count("fifo", "INSTANCE \"LAN\" MASTER"), 1u) << all_told();
    EXPECT_EQ(count("instance", "stop"), 1u) << all_told();
}

TEST_F(Handoff, neither_starts_nor_stops_a_unit_of_while_active) {
    const auto folder = directory() + "/bin", calls = directory() + "/systemctl.calls";
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/systemctl") << "#!/bin/sh\necho \"$*\" >>" << calls << "\n";
    chmod((folder + "/systemctl").c_str(), 0755);
    const VrrpText text{.priority = 200,
                        .after =
                            "gateway HOME {\n follows LAN\n lan lan0 10.12.14.0/24\n while_active {\n"
                            "  unit tunnel\n }\n}\n"};
    Router router(home.h003);
    router.run_with({"env", "PATH=" + folder + ":/usr/sbin:/usr/bin:/sbin:/bin"});
    router.start(text);
    ASSERT_TRUE(becomes_active(home.h003));
    const std::string start_call = "--no-block start -- tunnel.service\n",
                      stop_call = "--no-block stop -- tunnel.service\n";
    ASSERT_TRUE(wait_until([&] { return content_of(calls) == stop_call + start_call; })) << content_of(calls);
    const auto from_time = wall_clock();
    EXPECT_EQ(hand_off(router).status, 0);
    expect_role_stays(from_time);
    std::this_thread::sleep_for(500ms);
    EXPECT_EQ(content_of(calls), stop_call + start_call);
    EXPECT_NE(router.status().text.find("unit tunnel.service is started"), std::string::npos) << router.status().text;
    const pid_t daemon = daemon_of(router);
    kill(daemon, SIGTERM);
    ASSERT_TRUE(wait_until([&] { return kill(daemon, 0) != 0; }));
    EXPECT_TRUE(wait_until([&] { return content_of(calls) == stop_call + start_call + stop_call; }))
        << content_of(calls);
}

TEST_F(Handoff, a_preempt_delay_that_runs_goes_on) {
    start(home.h001, {.priority = 150});
    ASSERT_TRUE(becomes_active(home.h001));
    auto& ours = start(home.h003, {.priority = 200, .more = "preempt_delay 6"});
    ASSERT_TRUE(ours.await_log("preempt_delay"));
    const auto began = wall_clock();
    std::this_thread::sleep_for(4s);
    EXPECT_EQ(hand_off(ours).status, 0);
    const auto taken = home.lan.await(all({from(home.h003), adverts(), since(began)}), 10s);
    ASSERT_TRUE(taken);
    EXPECT_GE(taken->at - began, 5500ms) << "too soon";
    EXPECT_LE(taken->at - began, 7500ms) << "it began anew";
    EXPECT_TRUE(becomes_active(home.h003));
}

// As over a reload of keepalived's.
TEST_F(Handoff, keeps_what_was_counted_and_since_when_the_role_is_ours) {
    auto pair = start_pair();
    std::this_thread::sleep_for(2s);
    const auto of = [](const Router& router) {
        return Json::parse(router.status({"--json"}).text).at("instances").at(0);
    };
    for (auto* router : {&pair.active, &pair.backup}) {
        const auto before = of(*router), was = before.at("counters");
        ASSERT_GT(was.at("adverts_sent").get<int>() + was.at("adverts_received").get<int>(), 10) << before;
        EXPECT_EQ(hand_off(*router).status, 0);
        const auto after = of(*router), is = after.at("counters");
        for (const auto* kind : {"became_master", "released_master", "priority_zero_sent", "priority_zero_received"})
            EXPECT_EQ(is.at(kind), was.at(kind)) << kind << after;
        EXPECT_GE(is.at("adverts_sent"), was.at("adverts_sent")) << after;
        EXPECT_GE(is.at("adverts_received"), was.at("adverts_received")) << after;
        EXPECT_GE(after.at("since").get<double>(), before.at("since").get<double>()) << after;
    }
}

}  // namespace
}  // namespace lab::handoff_test
