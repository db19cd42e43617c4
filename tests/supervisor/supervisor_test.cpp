// The supervisor with engines of the test's own: they get ready, crash, hang, refuse.
#include <sys/socket.h>
#include <sys/un.h>

#include <array>

#include "tests/proto/router_keys.hpp"
#include "tests/supervisor/supervised.hpp"

namespace vrrpd::supervisor::test::supervisor_test {
namespace {

int hanging(engine::EngineOptions options) {
    auto& lives = options.state.record(proto::test::key("lives"))->last_advert;
    if (lives.fetch_add(1) > 0) return obedient(std::move(options));
    options.state.beat(boot_now());
    options.channel.send(ipc::Kind::ready);
    for (;;) pause();
}

int deaf(engine::EngineOptions options) {  // never hands over
    options.channel.send(ipc::Kind::ready);
    for (;;) {
        options.state.beat(boot_now());
        std::this_thread::sleep_for(milliseconds(50));
    }
}

// Dies of its first reload; the next one begins with what that brought.
int dying_of_a_reload(engine::EngineOptions options) {
    auto& lives = options.state.record(proto::test::key("lives"))->last_advert;
    if (lives.fetch_add(1) > 0) return obedient(std::move(options));
    options.channel.send(ipc::Kind::ready);
    ipc::Message message;
    do {
        pollfd waiting{options.channel.fd(), POLLIN, 0};
        poll(&waiting, 1, 5000);
        (void)options.channel.receive(message);
    } while (message.kind != ipc::Kind::reload);
    raise(SIGKILL);
    return 0;
}

// Says that it left its role, as it stops.
int with_a_role(engine::EngineOptions options) {
    options.channel.send(ipc::Kind::role_change, "HOME\nactive\nnew");
    const Fd channel(dup(options.channel.fd()));
    const int code = obedient(std::move(options));
    ipc::Channel(Fd(dup(channel.get()))).send(ipc::Kind::role_change, "HOME\nbackup\nnew");
    return code;
}

TEST_F(SupervisorTest, the_agent_starts_with_the_first_engine_but_not_beside_an_observer) {
    start(obedient, true);
    ASSERT_TRUE(logged("ready"));
    signal(SIGHUP);
    ASSERT_TRUE(logged("engine: reload"));
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
    EXPECT_EQ(get("log").find("agent: start"), std::string::npos);
    start(obedient);
    EXPECT_TRUE(logged("agent: start"));
}

TEST_F(SupervisorTest, an_alert_of_the_last_moment_still_runs_to_its_end) {
    std::filesystem::permissions(path(""), std::filesystem::perms(0755));
    put("alerts", "");
    std::filesystem::permissions(path("alerts"), std::filesystem::perms(0666));
    start(with_a_role);
    ASSERT_TRUE(logged("ready"));
    for (int i = 0; i < 600 && get("alerts").empty(); ++i) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_EQ(get("alerts"), "2 again\n");
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
    EXPECT_NE(get("alerts").find("1\n"), std::string::npos) << get("alerts");
}

TEST_F(SupervisorTest, starts_an_engine_and_stops_it_in_order) {
    start(obedient);
    ASSERT_TRUE(logged("ready"));
    EXPECT_TRUE(logged("engine: good one adopt=false observe=false"));
    EXPECT_NE(get("owned").find("address one 10.0.0.1/24"), std::string::npos);
    EXPECT_NE(get("owned").find("switch lan0 forwarding_ipv4 0 1"), std::string::npos);
    EXPECT_EQ(kill(engine_pid(), 0), 0);
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
    EXPECT_TRUE(logged("engine: handing over"));
    const auto log = get("log");
    EXPECT_LT(log.find("engine: handing over"), log.find("sweep of"));
    EXPECT_FALSE(exists("owned"));
    EXPECT_FALSE(exists("engine.pid"));
}

TEST_F(SupervisorTest, the_engine_survives_signals_of_the_group_and_ends_by_order) {
    start(obedient);
    ASSERT_TRUE(logged("ready"));
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) kill(engine_pid(), number);
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
    EXPECT_TRUE(logged("engine: handing over"));
}

TEST_F(SupervisorTest, an_engine_that_crashed_once_adopts) {
    start(crashing(1));
    ASSERT_TRUE(logged("engine: good one adopt=true"));
    EXPECT_EQ(get("log").find("sweep of"), std::string::npos);
    signal(SIGINT);
    EXPECT_EQ(wait(), 0);
}

TEST_F(SupervisorTest, after_a_second_crash_it_is_swept_and_starts_as_backup) {
    start(crashing(2));
    ASSERT_TRUE(logged("engine: good one adopt=false"));
    EXPECT_TRUE(logged("sweep of: # What vrrpd may have put"));
    EXPECT_TRUE(logged("address one 10.0.0.1/24"));
    EXPECT_NE(get("owned").find("address one"), std::string::npos);  // written again for the new engine
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

TEST_F(SupervisorTest, an_engine_that_hangs_is_killed) {
    start(hanging);
    const auto from = std::chrono::steady_clock::now();
    ASSERT_TRUE(logged("the engine hangs"));
    const auto took = std::chrono::steady_clock::now() - from;
    EXPECT_GE(took, milliseconds(900));
    EXPECT_LT(took, milliseconds(2500));
    EXPECT_TRUE(logged("engine: good one adopt=true"));
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

TEST_F(SupervisorTest, an_engine_that_hangs_in_a_flood_of_words_is_killed) {
    start([](engine::EngineOptions options) {
        auto& lives = options.state.record(proto::test::key("lives"))->last_advert;
        if (lives.fetch_add(1) > 0) return obedient(std::move(options));
        options.state.beat(boot_now());
        options.channel.send(ipc::Kind::ready);
        for (;;) options.channel.send(ipc::Kind::host_silent, "10.0.0.1");
    });
    ASSERT_TRUE(logged("the engine hangs"));
    EXPECT_TRUE(logged("engine: good one adopt=true"));
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

// Asks for more than an engine that does not read has room for, then says once where DNS questions go.
Result<AgentProcess> start_talkative_agent() {
    auto ends = ipc::Channel::pair();
    if (!ends) return tl::unexpected(ends.error());
    const pid_t pid = fork();
    if (pid != 0) return AgentProcess{pid, std::move(ends->first)};
    ends->first = ipc::Channel(Fd());
    constexpr int more_than_fits = 40'000;
    for (int said = 0; said < more_than_fits;)
        if (ends->second.send(ipc::Kind::announce_again, "HOME")) ++said;
    ends->second.send(ipc::Kind::dns_choice, encode(ipc::DnsChoice{"HOME", *IpAddress::parse("10.0.0.9"), 53}));
    for (;;) pause();
}

TEST_F(SupervisorTest, what_the_agent_said_once_reaches_an_engine_that_was_late_to_read) {
    start_agent_ = start_talkative_agent;
    start([](engine::EngineOptions options) {
        ipc::ChannelLog log(options.channel);
        options.channel.send(ipc::Kind::ready);
        const auto late = boot_now() + milliseconds(1500);
        for (ipc::Message message;;) {
            options.state.beat(boot_now());
            if (boot_now() < late || options.channel.receive(message) != ipc::Channel::State::message)
                std::this_thread::sleep_for(milliseconds(20));
            else if (message.kind == ipc::Kind::dns_choice)
                log.info("engine: chosen {}", message.text);
            else if (message.kind == ipc::Kind::stop)
                return 0;
        }
    });
    EXPECT_TRUE(logged("engine: chosen HOME"));
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

// Spoilt memory in the engine must not end the supervisor too, whatever it makes the engine send.
TEST_F(SupervisorTest, an_engine_that_sends_nonsense_is_replaced) {
    start([](engine::EngineOptions options) {
        auto& lives = options.state.record(proto::test::key("lives"))->last_advert;
        if (lives.fetch_add(1) > 0) return obedient(std::move(options));
        options.channel.send(ipc::Kind::ready);
        options.channel.send(ipc::Kind::log, "a line of no level", 200);
        options.channel.send(static_cast<ipc::Kind>(99));
        for (;;) pause();
    });
    ASSERT_TRUE(logged("the engine sent a message of kind 99: killed"));
    EXPECT_TRUE(logged("a line of no level"));
    EXPECT_TRUE(logged("engine: good one adopt=true"));
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

TEST_F(SupervisorTest, a_final_exit_code_of_the_engine_is_the_daemon_s) {
    start([](engine::EngineOptions) { return 4; });
    EXPECT_EQ(wait(), 4);
    EXPECT_EQ(get("log").find("ready"), std::string::npos);
    EXPECT_FALSE(exists("owned"));
}

TEST_F(SupervisorTest, a_deaf_engine_is_killed_at_a_stop_and_swept) {
    start(deaf);
    ASSERT_TRUE(logged("ready"));
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
    EXPECT_NE(get("log").find("did not hand over in 5 s"), std::string::npos);
    EXPECT_NE(get("log").find("sweep of"), std::string::npos);
}

TEST_F(SupervisorTest, a_reload_reaches_the_engine_and_the_list_holds_both_until_it_is_done) {
    start(obedient);
    ASSERT_TRUE(logged("ready"));
    put("config", "good two");
    signal(SIGHUP);
    ASSERT_TRUE(logged("engine: reload good two"));
    for (int i = 0; i < 100 && get("owned").find("one") != std::string::npos; ++i)
        std::this_thread::sleep_for(milliseconds(10));
    EXPECT_EQ(get("owned").find("address one"), std::string::npos);
    EXPECT_NE(get("owned").find("address two"), std::string::npos);
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

TEST_F(SupervisorTest, a_reload_that_could_not_start_is_refused_with_its_faults) {
    start(obedient);
    ASSERT_TRUE(logged("ready"));
    put("config", "bad");
    signal(SIGHUP);
    ASSERT_TRUE(logged("reload refused"));
    EXPECT_TRUE(logged("vrrpd.conf:3:5: no interface"));
    put("config", "good { half");
    signal(SIGHUP);
    EXPECT_TRUE(logged("reload refused: its braces do not pair"));
    EXPECT_EQ(get("log").find("engine: reload"), std::string::npos);
    put("config", "good two");
    signal(SIGHUP);
    EXPECT_TRUE(logged("engine: reload good two"));
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

TEST_F(SupervisorTest, a_crash_between_two_configurations_is_swept) {
    start(dying_of_a_reload);
    ASSERT_TRUE(logged("ready"));
    put("config", "good two");
    signal(SIGHUP);
    ASSERT_TRUE(logged("engine: good two adopt=false"));
    const auto log = get("log");
    const auto swept = log.find("sweep of");
    ASSERT_NE(swept, std::string::npos);
    EXPECT_NE(log.find("address one", swept), std::string::npos);
    EXPECT_NE(log.find("address two", swept), std::string::npos);
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

TEST_F(SupervisorTest, VR_086_what_a_dead_daemon_left_is_swept_before_the_engine_starts) {
    put("owned", "address old 10.9.9.9/32\n");
    start(obedient);
    ASSERT_TRUE(logged("ready"));
    const auto log = get("log");
    ASSERT_NE(log.find("sweep of: address old 10.9.9.9/32"), std::string::npos);
    EXPECT_LT(log.find("sweep of"), log.find("engine: good one"));
    EXPECT_EQ(get("owned").find("old"), std::string::npos);
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

TEST_F(SupervisorTest, an_engine_ends_when_its_supervisor_was_killed) {
    start(obedient);
    ASSERT_TRUE(logged("ready"));
    const pid_t engine = engine_pid();
    signal(SIGKILL);
    EXPECT_EQ(wait(), -SIGKILL);
    for (int i = 0; i < 200 && kill(engine, 0) == 0; ++i) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_NE(kill(engine, 0), 0);
}

TEST_F(SupervisorTest, observing_owns_nothing_and_changes_nothing) {
    start(obedient, true);
    ASSERT_TRUE(logged("observe=true"));
    EXPECT_FALSE(exists("owned"));
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
    EXPECT_EQ(get("log").find("sweep of"), std::string::npos);
}

// systemd's end of NOTIFY_SOCKET.
class Manager {
public:
    explicit Manager(std::string address)
        : address_(std::move(address)), socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        address_.copy(name.sun_path, sizeof name.sun_path - 1);
        EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
        const timeval limit{5, 0};
        setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    void expect_of_children_from_now_on() const { setenv("NOTIFY_SOCKET", address_.c_str(), 1); }
    [[nodiscard]] std::string next() const {
        std::array<char, 200> text{};
        const ssize_t got = recv(socket_.get(), text.data(), text.size(), 0);
        return std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    }

private:
    std::string address_;
    Fd socket_;
};

TEST_F(SupervisorTest, tells_the_service_manager) {
    const Manager manager(path("notify"));
    manager.expect_of_children_from_now_on();
    start(obedient);
    unsetenv("NOTIFY_SOCKET");
    EXPECT_EQ(manager.next().rfind("READY=1\nMAINPID=", 0), 0u);
    signal(SIGHUP);
    EXPECT_EQ(manager.next().rfind("RELOADING=1\nMONOTONIC_USEC=", 0), 0u);
    EXPECT_EQ(manager.next(), "READY=1");
    signal(SIGTERM);
    EXPECT_EQ(manager.next(), "STOPPING=1");
    EXPECT_EQ(wait(), 0);
}

TEST_F(SupervisorTest, a_reload_that_the_engine_does_not_survive_is_answered_by_the_next) {
    const Manager manager(path("notify"));
    manager.expect_of_children_from_now_on();
    start(dying_of_a_reload);
    unsetenv("NOTIFY_SOCKET");
    EXPECT_EQ(manager.next().rfind("READY=1\nMAINPID=", 0), 0u);
    put("config", "good two");
    signal(SIGHUP);
    EXPECT_EQ(manager.next().rfind("RELOADING=1\nMONOTONIC_USEC=", 0), 0u);
    EXPECT_EQ(manager.next(), "READY=1");
    EXPECT_TRUE(logged("engine: good two adopt=false"));
    signal(SIGHUP);
    EXPECT_TRUE(logged("engine: reload good two")) << "and the way is free for another";
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

TEST_F(SupervisorTest, an_engine_that_could_not_read_a_reload_is_replaced_by_one_that_has_it) {
    start([](engine::EngineOptions options) {
        auto& lives = options.state.record(proto::test::key("lives"))->last_advert;
        if (lives.fetch_add(1) > 0) return obedient(std::move(options));
        options.channel.send(ipc::Kind::ready);
        for (ipc::Message message;;) {
            pollfd waiting{options.channel.fd(), POLLIN, 0};
            poll(&waiting, 1, 50);
            options.state.beat(boot_now());
            if (options.channel.receive(message) == ipc::Channel::State::message && message.kind == ipc::Kind::reload)
                options.channel.send(ipc::Kind::reloaded, {}, 1);
        }
    });
    ASSERT_TRUE(logged("ready"));
    put("config", "good two");
    signal(SIGHUP);
    EXPECT_TRUE(logged("engine: good two adopt=false"));
    EXPECT_TRUE(logged("the engine could not read the new configuration: killed"));
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

// A pid 1 that has crashed freezes, and reads nothing any more.
TEST_F(SupervisorTest, a_service_manager_that_does_not_read_stops_nothing) {
    const Manager manager(path("notify"));
    manager.expect_of_children_from_now_on();
    setenv("WATCHDOG_USEC", "20000", 1);
    start(obedient);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    ASSERT_TRUE(logged("ready"));
    std::this_thread::sleep_for(seconds(1));  // a hundred signs of life; a socket keeps a few
    signal(SIGHUP);
    EXPECT_TRUE(logged("engine: reload"));
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

TEST_F(SupervisorTest, feeds_the_service_manager_s_watchdog) {
    const Manager manager(path("notify"));
    manager.expect_of_children_from_now_on();
    setenv("WATCHDOG_USEC", "100000", 1);
    start(obedient);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    EXPECT_EQ(manager.next(), "WATCHDOG=1") << "from the beginning";
    int fed = 0;
    for (int i = 0; i < 4; ++i) fed += manager.next() == "WATCHDOG=1" ? 1 : 0;
    EXPECT_GE(fed, 3);
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
}

}  // namespace
}  // namespace vrrpd::supervisor::test::supervisor_test
