// The engine's place among the machine's processes: given, changed, taken back; of a process with two threads.
#include "vrrpd/supervisor/engine_place.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

namespace vrrpd::supervisor::engine_place_test {
namespace {

using namespace std::chrono_literals;

struct RecordingLog final : Log {
    void write(LogLevel, std::string_view line) override { text += std::string(line) + '\n'; }
    std::string text;
};

class EnginePlaceTest : public testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, who may raise a priority";
        engine_ = fork();
        if (engine_ == 0) {
            std::thread writer([] { pause(); });
            pause();
        }
        for (int i = 0; i < 1000 && threads().size() < 2; ++i) std::this_thread::sleep_for(1ms);
        ASSERT_EQ(threads().size(), 2U);
    }
    ~EnginePlaceTest() override {
        if (engine_ <= 0) return;
        kill(engine_, SIGKILL);
        waitpid(engine_, nullptr, 0);
    }
    [[nodiscard]] std::vector<pid_t> threads() const {
        std::vector<pid_t> all;
        for (const auto& one : std::filesystem::directory_iterator("/proc/" + std::to_string(engine_) + "/task"))
            all.push_back(std::stoi(one.path().filename().string()));
        return all;
    }
    // What is wrong, or nothing.
    std::string take(const EnginePlace& place) {
        log_.text.clear();
        take_place(engine_, place, log_);
        return log_.text;
    }
    static std::vector<unsigned> processors(pid_t thread) {
        cpu_set_t set;
        sched_getaffinity(thread, sizeof set, &set);
        std::vector<unsigned> all;
        for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
            if (CPU_ISSET(cpu, &set)) all.push_back(cpu);
        return all;
    }
    [[nodiscard]] rlim_t real_time_limit() const {
        rlimit limit{};
        prlimit(engine_, RLIMIT_RTTIME, nullptr, &limit);
        return limit.rlim_cur;
    }

    RecordingLog log_;
    pid_t engine_ = -1;
};

TEST_F(EnginePlaceTest, is_given_and_taken_back) {
    const auto usual = processors(0);
    const int nice = getpriority(PRIO_PROCESS, 0);
    EXPECT_EQ(take({-4, {usual.back()}, 3, 300ms}), "");
    for (const auto thread : threads()) {
        EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(thread)), -4);
        EXPECT_EQ(processors(thread), std::vector<unsigned>{usual.back()});
        EXPECT_EQ(sched_getscheduler(thread), thread == engine_ ? SCHED_RR : SCHED_OTHER);
    }
    sched_param parameters{};
    sched_getparam(engine_, &parameters);
    EXPECT_EQ(parameters.sched_priority, 3);
    EXPECT_EQ(real_time_limit(), 300'000U);

    EXPECT_EQ(take({{}, {}, 4, {}}), "");
    sched_getparam(engine_, &parameters);
    EXPECT_EQ(parameters.sched_priority, 4);
    EXPECT_EQ(real_time_limit(), RLIM_INFINITY);

    EXPECT_EQ(take({}), "");
    for (const auto thread : threads()) {
        EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(thread)), nice);
        EXPECT_EQ(processors(thread), usual);
        EXPECT_EQ(sched_getscheduler(thread), SCHED_OTHER);
    }
}

// Whoever started us with real time (CPUSchedulingPolicy= in the unit, chrt) meant the engine.
TEST_F(EnginePlaceTest, without_a_word_of_it_is_the_supervisor_s) {
    sched_param parameters{};
    parameters.sched_priority = 2;
    ASSERT_EQ(sched_setscheduler(0, SCHED_FIFO, &parameters), 0);
    EXPECT_EQ(take({}), "");
    EXPECT_EQ(sched_getscheduler(engine_), SCHED_FIFO);
    ASSERT_EQ(sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters), 0);
    EXPECT_EQ(take({}), "");
    EXPECT_EQ(sched_getscheduler(engine_), SCHED_OTHER) << "our children are not to have it";
    parameters.sched_priority = 0;
    ASSERT_EQ(sched_setscheduler(0, SCHED_OTHER, &parameters), 0);
}

TEST_F(EnginePlaceTest, what_is_refused_is_said) {
    const auto usual = processors(0);
    EXPECT_NE(take({{}, {1023}, 0, {}}).find("(vrrp_cpu_affinity): "), std::string::npos) << log_.text;
    EXPECT_EQ(processors(engine_), usual);
    EXPECT_NE(take({{}, {}, 1000, {}}).find("(vrrp_rt_priority 1000): "), std::string::npos) << log_.text;
}

}  // namespace
}  // namespace vrrpd::supervisor::engine_place_test
