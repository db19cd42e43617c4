// When the whole engine takes the role from a lower router: not before the agent has said that leases and DNS are
// there, and not later than 15 s because of it.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>
#include <utility>

#include "tests/engine/home.hpp"
#include "tests/engine/values.hpp"
#include "tests/engine/wire.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/proto/advert.hpp"

namespace vrrpd::engine::engine_ready_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;
using Clock = std::chrono::steady_clock;

// The router that is Active now, at the far end of lan0: it advertises until it loses power. A process and no thread,
// for the engine is forked: of a process with threads its child may get a lock of the sanitizers that nobody opens any
// more.
class LowerRouter {
public:
    LowerRouter() : pid_(fork()) {
        if (pid_ != 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        advertise();
    }
    LowerRouter(const LowerRouter&) = delete;
    LowerRouter& operator=(const LowerRouter&) = delete;
    ~LowerRouter() { lose_power(); }
    void lose_power() {
        if (pid_ <= 0) return;
        kill(pid_, SIGKILL);
        waitpid(std::exchange(pid_, -1), nullptr, 0);
    }

private:
    [[noreturn]] static void advertise() {
        Wire wire("lan0-far");
        const proto::Envelope envelope{test::ip("10.12.14.2"), proto::multicast_group(Family::ipv4)};
        const proto::Advertisement advert{
            proto::Version::v3, vrid(1), priority(50), Centiseconds(10), {test::ip("10.12.14.1")}};
        const auto message = proto::encode(advert, envelope, proto::ChecksumForm::pseudo_header);
        const auto frame = proto::multicast_frame(MacAddress{{2, 0, 0, 0, 0, 2}}, message, envelope,
                                                  {proto::ip_protocol, message.size()});
        for (;; std::this_thread::sleep_for(50ms)) wire.send(frame);
    }

    pid_t pid_;
};

class EngineReady : public Home {
protected:
    static std::string text() {
        return lan("10.12.14.1/24", gateway() + "dns_failover {\n follows HOME\n forwarder H003 10.12.14.4\n}\n");
    }
    static void say(EngineProcess& engine, std::vector<std::string> obstacles) {
        engine.send(Kind::services_ready, encode(ipc::Readiness{"HOME", std::move(obstacles)}));
    }
    static bool preempts(EngineProcess& engine) {
        return engine.await_line("preempting 10.12.14.2, which has a lower priority") && engine.await_line("took over");
    }
};

TEST_F(EngineReady, a_better_router_waits_for_the_first_word_of_its_agent) {
    LowerRouter lower;
    EngineProcess engine(text());
    EXPECT_TRUE(engine.await_line("not yet preempting 10.12.14.2: NOT ready: its agent has not said yet"))
        << engine.log();
    engine.listen(1s);
    EXPECT_EQ(engine.lines_with("Entering MASTER"), 0U) << engine.log();
    EXPECT_EQ(engine.lines_with("gateway HOME: NOT ready"), 0U) << "it is so after each start\n" << engine.log();
    say(engine, {});
    EXPECT_TRUE(preempts(engine)) << engine.log();
}

TEST_F(EngineReady, it_waits_for_what_the_agent_misses_and_says_so) {
    LowerRouter lower;
    EngineProcess engine(text());
    say(engine, {"no leases yet", "no DNS yet"});
    EXPECT_TRUE(engine.await_line("gateway HOME: NOT ready: no leases yet")) << engine.log();
    say(engine, {"no DNS yet"});
    EXPECT_TRUE(engine.await_line("not yet preempting 10.12.14.2: NOT ready: no ")) << engine.log();
    engine.listen(1s);
    EXPECT_EQ(engine.lines_with("Entering MASTER"), 0U) << engine.log();
    say(engine, {});
    EXPECT_TRUE(engine.await_line("gateway HOME: ready")) << engine.log();
    EXPECT_TRUE(preempts(engine)) << engine.log();
}

TEST_F(EngineReady, it_goes_on_after_15_s_and_says_without_what) {
    LowerRouter lower;
    const auto began = Clock::now();
    EngineProcess engine(text());
    say(engine, {"no leases yet"});
    for (int i = 0; i < 5 && !engine.await_line("still NOT ready"); ++i) {}
    EXPECT_EQ(engine.lines_with("still NOT ready, but preempting 10.12.14.2 all the same: no leases yet"), 1U)
        << engine.log();
    EXPECT_GE(Clock::now() - began, 15s);
    EXPECT_TRUE(preempts(engine)) << engine.log();
}

TEST_F(EngineReady, silence_promotes_whatever_the_agent_misses) {
    LowerRouter lower;
    EngineProcess engine(text());
    say(engine, {"no leases yet"});
    ASSERT_TRUE(engine.await_line("not yet preempting")) << engine.log();
    lower.lose_power();
    EXPECT_TRUE(engine.await_line("Entering MASTER STATE: 10.12.14.2 silent")) << engine.log();
}

TEST_F(EngineReady, without_services_nobody_is_waited_for) {
    LowerRouter lower;
    EngineProcess engine(text());
    ASSERT_TRUE(engine.await_line("not yet preempting")) << engine.log();
    engine.reload(lan("10.12.14.1/24", gateway()));
    EXPECT_TRUE(preempts(engine)) << engine.log();
    EngineProcess observer(text(), {.observe = true});
    EXPECT_TRUE(observer.await_line("would have asked who holds the addresses")) << observer.log();
}

TEST_F(EngineReady, what_the_agent_says_is_not_told_back_to_it) {
    EngineProcess engine(text());
    say(engine, {"no leases yet"});
    ASSERT_TRUE(engine.await_line("gateway HOME: NOT ready: no leases yet")) << engine.log();
    EXPECT_FALSE(engine.await<ipc::Readiness>(
        Kind::readiness, [](const auto& readiness) { return !readiness.obstacles.empty(); }, 500ms));
}

}  // namespace
}  // namespace vrrpd::engine::engine_ready_test
