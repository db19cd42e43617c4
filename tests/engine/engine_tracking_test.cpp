// The whole engine with what the supervisor watches for it, and what it tells of its routers.
#include <gtest/gtest.h>

#include "tests/engine/home.hpp"

namespace vrrpd::engine::engine_tracking_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;
using State = ipc::TrackerState;
using Event = ipc::Notice::Event;

class EngineTracking : public Home {
protected:
    static std::string scripts() {
        return "vrrp_script alpha {\nscript /bin/alpha\n}\nvrrp_script heavy {\nscript /bin/heavy\nweight 20\n}\n";
    }
    static std::string tracked(const std::string& lines, const std::string& name = "LAN", unsigned vrid = 1) {
        auto text = instance(name, vrid, "10.12.14." + std::to_string(vrid) + "/24");
        return text.insert(text.rfind('}'), lines);
    }
    static constexpr const char* by_alpha = "track_script {\nalpha\n}\n";
    static constexpr const char* told = "notify /bin/note\n";

    static void say(EngineProcess& engine, const std::string& name, State::Health health, const std::string& detail) {
        engine.send(Kind::tracker, encode(State{State::Kind::script, name, health, 0, detail}));
    }
    static bool hears(EngineProcess& engine, const std::string& name, Event event, int priority = 100) {
        return engine.await<ipc::Notices>(Kind::notify, [&](const ipc::Notices& notices) {
            for (const auto& one : notices.all)
                if (one.name == name && one.event == event && one.priority == priority) return true;
            return false;
        });
    }
};

TEST_F(EngineTracking, an_instance_waits_silently_for_the_first_result_and_is_in_fault_when_it_is_bad) {
    EngineProcess engine(scripts() + tracked(std::string(by_alpha) + told));
    ASSERT_TRUE(engine.await(Kind::ready));
    engine.listen(400ms);
    EXPECT_EQ(engine.lines_with("STATE"), 0U) << engine.log();
    say(engine, "alpha", State::Health::down, "failed (exited with status 1)");
    EXPECT_TRUE(hears(engine, "LAN", Event::fault));
    EXPECT_EQ(engine.lines_with("(LAN) Entering FAULT STATE: script alpha failed (exited with status 1)"), 1U)
        << engine.log();
    say(engine, "alpha", State::Health::up, "succeeded");
    EXPECT_TRUE(hears(engine, "LAN", Event::backup));
    EXPECT_TRUE(hears(engine, "LAN", Event::master));
    say(engine, "alpha", State::Health::down, "timed_out");
    EXPECT_TRUE(hears(engine, "LAN", Event::fault));
    EXPECT_TRUE(engine.await_line("(LAN) Entering FAULT STATE: script alpha timed_out")) << engine.log();
    EXPECT_TRUE(eventually([] { return !stands("10.12.14.1/24"); }));
}

TEST_F(EngineTracking, a_weight_changes_the_priority_with_its_cause_and_tells_it_where_that_is_wanted) {
    EngineProcess engine(scripts() +
                         tracked("track_script {\nheavy weight -60\n}\nnotify_priority_changes\n" + std::string(told)));
    EXPECT_TRUE(hears(engine, "LAN", Event::master)) << engine.log();
    say(engine, "heavy", State::Health::down, "failed (exited with status 1)");
    EXPECT_TRUE(hears(engine, "LAN", Event::master_priority, 40));
    EXPECT_EQ(engine.lines_with(
                  "(LAN) Changing effective priority from 100 to 40: script heavy failed (exited with status 1)"),
              1U)
        << engine.log();
    say(engine, "heavy", State::Health::up, "succeeded");
    EXPECT_TRUE(hears(engine, "LAN", Event::master_priority, 100));
}

TEST_F(EngineTracking, who_runs_keeps_its_role_while_a_script_that_a_reload_brings_has_no_result) {
    EngineProcess engine(scripts() + tracked(told));
    EXPECT_TRUE(hears(engine, "LAN", Event::master)) << engine.log();
    engine.reload(scripts() + tracked(std::string(by_alpha) + told));
    ASSERT_TRUE(engine.await(Kind::reloaded));
    engine.listen(300ms);
    EXPECT_TRUE(stands("10.12.14.1/24"));
    say(engine, "alpha", State::Health::disabled, "");
    say(engine, "alpha", State::Health::down, "failed (exited with status 2)");
    EXPECT_TRUE(hears(engine, "LAN", Event::fault));
}

TEST_F(EngineTracking, who_leaves_the_configuration_is_in_fault_or_deleted_and_a_stop_is_told_of_all) {
    const auto two = tracked(told, "TWO", 2), three = tracked("notify_deleted\n", "THREE", 3);
    EngineProcess engine(tracked(told) + two + three);
    EXPECT_TRUE(hears(engine, "THREE", Event::master)) << engine.log();
    engine.reload(tracked(told));
    ipc::Notices seen;
    EXPECT_TRUE(engine.await<ipc::Notices>(Kind::notify, [&](const ipc::Notices& notices) {
        seen.all.insert(seen.all.end(), notices.all.begin(), notices.all.end());
        return std::any_of(seen.all.begin(), seen.all.end(),
                           [](const auto& one) { return one.event == Event::deleted; });
    }));
    EXPECT_TRUE(std::any_of(seen.all.begin(), seen.all.end(),
                            [](const auto& one) { return one.name == "TWO" && one.event == Event::fault; }));
    engine.stop();
    EXPECT_TRUE(hears(engine, "LAN", Event::stop));
    EXPECT_TRUE(engine.await(Kind::handed_over));
}

TEST_F(EngineTracking, nobody_is_told_who_did_not_ask) {
    EngineProcess engine(tracked("") + tracked(told, "TWO", 2));
    EXPECT_TRUE(hears(engine, "TWO", Event::master)) << engine.log();
    EXPECT_FALSE(engine.await<ipc::Notices>(
        Kind::notify, [](const ipc::Notices& notices) { return notices.all.at(0).name == "LAN"; }, 300ms));
}

}  // namespace
}  // namespace vrrpd::engine::engine_tracking_test
