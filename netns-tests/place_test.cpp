// What global_defs says of the process that speaks VRRP: its scheduler, its processors, its name ... at the start and
// by a reload, read back from the kernel, beside keepalived's.
#include <sched.h>
#include <sys/resource.h>

#include <functional>
#include <sstream>

#include "netns-tests/fixture.hpp"

namespace lab::place_test {
namespace {

struct Place {
    int scheduler = SCHED_OTHER, real_time_priority = 0, nice = 0;
    std::string processors, name;
    bool locked = false;
};

class PlaceTest : public HomeTest, public testing::WithParamInterface<Daemon> {
protected:
    // The child that speaks VRRP, whatever it is called.
    static pid_t speaker_of(const Router& router) {
        for (const auto pid : descendants(router.process().pid()))
            if (content_of("/proc/" + std::to_string(pid) + "/comm") != "vrrpd-agent\n") return pid;
        return 0;
    }
    static std::string line_of(const std::string& path, const std::string& begin) {
        std::istringstream lines(content_of(path));
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with(begin)) return line.substr(begin.size());
        return {};
    }
    static Place place_of(pid_t pid) {
        Place place;
        // SCHED_RESET_ON_FORK, which keepalived adds, is no other scheduler.
        place.scheduler = sched_getscheduler(pid) & ~SCHED_RESET_ON_FORK;
        sched_param parameters{};
        sched_getparam(pid, &parameters);
        place.real_time_priority = parameters.sched_priority;
        place.nice = getpriority(PRIO_PROCESS, static_cast<id_t>(pid));
        const auto proc = "/proc/" + std::to_string(pid);
        place.processors = line_of(proc + "/status", "Cpus_allowed_list:\t");
        place.name = line_of(proc + "/comm", "");
        place.locked = line_of(proc + "/status", "VmLck:").find(" 0 kB") == std::string::npos;
        return place;
    }
    static std::string real_time_limit(pid_t pid) {
        std::istringstream words(line_of("/proc/" + std::to_string(pid) + "/limits", "Max realtime timeout"));
        std::string soft;
        words >> soft;
        return soft;
    }
    static std::string with(const std::string& words) {
        return "global_defs {\n" + words + "}\n" + VrrpText{.priority = 200}.text();
    }
    static constexpr char real_time[] =
        "vrrp_rt_priority 7\nvrrp_no_swap\nvrrp_cpu_affinity 0\nvrrp_rlimit_rttime 3000000\nvrrp_process_name placed\n";
    // The engine is as `right` says, now or soon.
    bool becomes(const Router& router, const std::function<bool(const Place&)>& right) {
        const bool is = wait_until([&] { return right(place_of(speaker_of(router))); });
        const auto place = place_of(speaker_of(router));
        EXPECT_TRUE(is) << place.name << ": scheduler " << place.scheduler << ", priority " << place.real_time_priority
                        << ", nice " << place.nice << ", processors " << place.processors << ", locked " << place.locked
                        << '\n'
                        << router.log();
        return is;
    }
    // Else the engine, which has no capability for it, is held to the limit of whoever runs the tests.
    static bool may_lock() {
        constexpr int resource = 24;  // CAP_SYS_RESOURCE
        return std::stoull(line_of("/proc/self/status", "CapEff:\t"), nullptr, 16) >> resource & 1;
    }
    static bool is_real_time(const Place& place) {
        return place.scheduler == SCHED_RR && place.real_time_priority == 7 && place.processors == "0" &&
               place.name == "placed" && (place.locked || !may_lock());
    }
};

TEST_P(PlaceTest, real_time_is_taken_at_the_start) {
    Router router(home.h003, GetParam());
    router.configure(with(real_time));
    router.start();
    ASSERT_TRUE(becomes_active(home.h003));
    EXPECT_TRUE(becomes(router, is_real_time));
    router.stop();
}

TEST_P(PlaceTest, the_nice_value_is_taken_at_the_start) {
    Router router(home.h003, GetParam());
    router.configure(with("vrrp_priority -3\n"));
    router.start();
    ASSERT_TRUE(becomes_active(home.h003));
    EXPECT_TRUE(becomes(router, [](const Place& place) { return place.nice == -3; }));
    router.stop();
}

TEST_P(PlaceTest, real_time_is_taken_by_a_reload) {
    Router router(home.h003, GetParam());
    router.configure(with(""));
    router.start();
    ASSERT_TRUE(becomes_active(home.h003));
    EXPECT_EQ(place_of(speaker_of(router)).scheduler, SCHED_OTHER);
    const auto engine = speaker_of(router);
    router.reload(with(real_time));
    EXPECT_TRUE(becomes(router, is_real_time));
    EXPECT_EQ(speaker_of(router), engine);
    router.stop();
}

// From 2.2.7: by one each time that it finds itself late, and back at a reload.
TEST_P(PlaceTest, an_engine_that_runs_late_is_raised_up_to_max_auto_priority) {
    const auto words = with("max_auto_priority 2\nmin_auto_priority_delay 300000\n");
    Router router(home.h003, GetParam());
    router.configure(words);
    router.start();
    ASSERT_TRUE(becomes_active(home.h003));
    const auto engine = speaker_of(router);
    const auto stand_still = [&] {
        kill(engine, SIGSTOP);
        std::this_thread::sleep_for(600ms);
        kill(engine, SIGCONT);
    };
    for (const int wanted : {1, 2}) {
        const auto is_there = [&] {
            return place_of(engine).scheduler == SCHED_RR && place_of(engine).real_time_priority == wanted;
        };
        bool raised = false;
        for (int i = 0; i < 3 && !raised; ++i) {  // 2.2.7 does not notice the first time, now and then
            stand_still();
            raised = wait_until(is_there, 2s);
        }
        EXPECT_TRUE(raised) << wanted << '\n' << router.log();
    }
    stand_still();
    std::this_thread::sleep_for(1500ms);
    EXPECT_EQ(place_of(engine).real_time_priority, 2) << "the most that is allowed";
    EXPECT_EQ(speaker_of(router), engine);
    EXPECT_TRUE(router.logged("Set realtime priority 2"));
    router.reload(words);
    EXPECT_TRUE(becomes(router, [](const Place& place) { return place.scheduler == SCHED_OTHER; }));
    router.stop();
}

INSTANTIATE_TEST_SUITE_P(OfBoth, PlaceTest, testing::Values(Daemon::keepalived, Daemon::vrrpd));

using OurPlace = PlaceTest;

// keepalived's own limit is 10 ms; ours is none unless one is asked for.
TEST_P(OurPlace, goes_back_to_what_it_was_by_a_reload) {
    Router router(home.h003, GetParam());
    router.configure(with(""));
    router.start();
    ASSERT_TRUE(becomes_active(home.h003));
    const auto before = place_of(speaker_of(router));
    EXPECT_EQ(real_time_limit(speaker_of(router)), "unlimited");
    router.reload(with(std::string(real_time) + "vrrp_priority -3\nprocess_name parent\n"));
    EXPECT_TRUE(becomes(router, [](const Place& place) { return is_real_time(place) && place.nice == -3; }));
    EXPECT_EQ(real_time_limit(speaker_of(router)), "3000000");
    EXPECT_EQ(place_of(router.process().pid()).name, "parent");
    router.reload(with(""));
    EXPECT_TRUE(becomes(router, [&](const Place& place) {
        return place.scheduler == SCHED_OTHER && place.nice == before.nice && place.locked == before.locked &&
               place.processors == before.processors && place.name == before.name;
    }));
    EXPECT_EQ(real_time_limit(speaker_of(router)), "unlimited");
    EXPECT_EQ(place_of(router.process().pid()).name, "vrrpd");
    EXPECT_EQ(router.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Ours, OurPlace, testing::Values(Daemon::vrrpd));

}  // namespace
}  // namespace lab::place_test
