// What scripts hear of a supervisor whose engine is gone, or that is itself about to go.
#include "tests/proto/router_keys.hpp"
#include "tests/supervisor/supervised.hpp"

namespace vrrpd::supervisor::test::supervisor_scripts_test {
namespace {

class SupervisorScripts : public SupervisorTest {
protected:
    void notify(const std::string& text) {
        scripts().notify.scripts = {script(text)};
        scripts().notify.objects[{ipc::Notice::Object::instance, "LAN"}].calls.back() = 0;  // notify
    }
};

void tell(ipc::Channel& channel, ipc::Notice::Event event) {
    channel.send(ipc::Kind::notify, encode(ipc::Notices{{{ipc::Notice::Object::instance, event, 100, "LAN"}}}));
}

// What overtook it would be told before the role is.
TEST_F(SupervisorScripts, tracked_ones_begin_when_the_engine_has_begun) {
    scripts().track.scripts = {{"alpha", script(R"(echo 1 > "$1/ran")"), {}}};
    start([ran = path("ran")](engine::EngineOptions options) {
        for (int i = 0; i < 10; ++i) {
            options.state.beat(boot_now());
            std::this_thread::sleep_for(milliseconds(50));
        }
        ipc::ChannelLog(options.channel).info("a script ran: {}", std::filesystem::exists(ran));
        return obedient(std::move(options));
    });
    EXPECT_TRUE(logged("a script ran: false")) << get("log");
    EXPECT_TRUE(holds("ran", "1"));
}

// keepalived tells nothing of a crash either, as long as the role is kept.
TEST_F(SupervisorScripts, after_a_crash_that_cost_the_role_they_hear_of_a_fault) {
    notify(R"(echo "$4 $5" >> "$1/heard")");
    start([](engine::EngineOptions options) {
        auto& lives = options.state.record(proto::test::key("lives"))->last_advert;
        const bool last = lives.fetch_add(1) > 1;
        tell(options.channel, last ? ipc::Notice::Event::backup : ipc::Notice::Event::master);
        if (last) return obedient(std::move(options));
        options.channel.send(ipc::Kind::ready);
        raise(SIGKILL);
        return 0;
    });
    ASSERT_TRUE(holds("heard", "BACKUP 100\n"));
    EXPECT_EQ(get("heard"), "MASTER 100\nFAULT 100\nBACKUP 100\n");
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
    EXPECT_EQ(get("heard"), "MASTER 100\nFAULT 100\nBACKUP 100\nSTOP 100\n") << "this engine did not say it itself";
}

TEST_F(SupervisorScripts, when_there_will_be_no_engine_any_more_they_hear_of_the_stop) {
    notify(R"(echo "$4" >> "$1/heard")");
    start([](engine::EngineOptions options) {
        tell(options.channel, ipc::Notice::Event::master);
        return 4;
    });
    EXPECT_EQ(wait(), 4);
    EXPECT_NE(get("heard").find("STOP\n"), std::string::npos) << get("heard");
}

TEST_F(SupervisorScripts, a_stop_waits_for_those_that_it_began) {
    notify(R"(sleep 2; echo "$4" >> "$1/heard")");
    start([](engine::EngineOptions options) {
        tell(options.channel, ipc::Notice::Event::backup);
        return obedient(std::move(options));
    });
    ASSERT_TRUE(holds("heard", "BACKUP\n"));
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
    EXPECT_EQ(get("heard"), "BACKUP\nSTOP\n");
}

TEST_F(SupervisorScripts, what_they_leave_behind_does_not_stay_as_a_zombie) {
    notify(R"(sleep 0.3 & echo $! >> "$1/left")");
    start([](engine::EngineOptions options) {
        tell(options.channel, ipc::Notice::Event::backup);
        return obedient(std::move(options));
    });
    ASSERT_TRUE(holds("left", "\n"));
    const auto left = static_cast<pid_t>(std::atoi(get("left").c_str()));
    for (int i = 0; i < 1000 && kill(left, 0) == 0; ++i) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_NE(kill(left, 0), 0);
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
    EXPECT_TRUE(logged("engine: handing over")) << "nobody else's child was taken for it";
}

TEST_F(SupervisorScripts, a_stop_does_not_wait_for_the_startup_script) {
    scripts().startup = {script(R"(echo 1 > "$1/began"; sleep 100)"), Duration(0)};
    scripts().shutdown = {script(R"(echo 1 > "$1/ended")"), seconds(10)};
    start(obedient);
    ASSERT_TRUE(holds("began", "1"));
    const auto begin = std::chrono::steady_clock::now();
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(8));
    EXPECT_TRUE(exists("ended"));
}

}  // namespace
}  // namespace vrrpd::supervisor::test::supervisor_scripts_test
