// What the supervisor says of tracked objects, as instances see it; and what waits to be told.
#include "vrrpd/engine/core/trackers.hpp"

#include <gtest/gtest.h>

#include "vrrpd/engine/core/notice_queue.hpp"

namespace vrrpd::engine::trackers_test {
namespace {

using State = ipc::TrackerState;
using Health = State::Health;
using Kind = config::Track::Kind;

class TrackersTest : public testing::Test {
protected:
    TrackersTest() {
        config_.scripts.resize(2);
        config_.scripts[0].name = "s";
        config_.scripts[1].name = "t";
        config_.files.resize(1);
        config_.files[0].name = "f";
        config_.processes.resize(1);
        config_.processes[0].name = "p";
        trackers_.configure(config_);
    }
    struct Judged {
        std::vector<proto::Tracked> tracked;
        std::vector<std::string> faults;
        bool waits = false;
    };
    [[nodiscard]] Judged judge(std::initializer_list<config::Track> tracks) const {
        config::Instance instance;
        instance.tracks = std::vector<config::Track>(tracks);
        Judged judged;
        judged.waits = trackers_.judge(instance, judged.tracked, judged.faults);
        return judged;
    }
    void say(State::Kind kind, const std::string& name, Health health, const std::string& detail = {},
             std::int64_t number = 0) {
        EXPECT_TRUE(trackers_.apply({kind, name, health, number, detail}));
    }

    config::Config config_;
    Trackers trackers_;
};

TEST_F(TrackersTest, a_bfd_session_is_tracked_like_a_script) {
    config_.bfd_instances.resize(1);
    config_.bfd_instances[0].name = "b";
    trackers_.configure(config_);
    EXPECT_TRUE(judge({{Kind::bfd, false, 0, 0}}).waits);
    say(State::Kind::bfd, "b", Health::down, "Down: 10.0.0.2 is silent");
    EXPECT_EQ(judge({{Kind::bfd, false, 0, 0}}).faults, std::vector<std::string>{"bfd b Down: 10.0.0.2 is silent"});
    EXPECT_EQ(proto::contribution(judge({{Kind::bfd, false, -20, 0}}).tracked[0]), -20);
    EXPECT_EQ(proto::contribution(judge({{Kind::bfd, true, -20, 0}}).tracked[0]), 20);
    say(State::Kind::bfd, "b", Health::disabled, "not run by an observer");
    EXPECT_TRUE(judge({{Kind::bfd, false, 0, 0}}).tracked.empty());
}

TEST_F(TrackersTest, what_has_no_result_yet_holds_back_who_would_be_in_fault) {
    EXPECT_TRUE(judge({{Kind::script, false, 0, 0}}).waits);
    EXPECT_TRUE(judge({{Kind::process, false, 0, 0}}).waits);
    EXPECT_TRUE(judge({{Kind::file, false, 1, 0}}).waits);
    const auto weighted = judge({{Kind::script, false, -20, 0}, {Kind::script, true, 20, 1}});
    EXPECT_FALSE(weighted.waits);
    EXPECT_EQ(proto::effective_priority(*proto::Priority::configured(100), weighted.tracked).value(), 100)
        << "whichever sign";
    EXPECT_TRUE(judge({{Kind::script, false, 0, 0}}).faults.empty());
}

TEST_F(TrackersTest, a_result_is_a_fault_or_a_weight_with_its_words) {
    say(State::Kind::script, "t", Health::down, "failed (exited with status 1)");
    const auto fault = judge({{Kind::script, false, 0, 1}});
    EXPECT_EQ(fault.faults, std::vector<std::string>{"script t failed (exited with status 1)"});
    EXPECT_FALSE(fault.waits);
    const auto weight = judge({{Kind::script, false, -20, 1}});
    EXPECT_TRUE(weight.faults.empty());
    EXPECT_EQ(proto::contribution(weight.tracked[0]), -20);
    EXPECT_EQ(weight.tracked[0].word, "failed (exited with status 1)");
    EXPECT_EQ(judge({{Kind::script, true, 0, 1}}).faults.size(), 0U) << "reverse";
    say(State::Kind::process, "p", Health::down, "has lost its quorum");
    EXPECT_EQ(judge({{Kind::process, false, 0, 0}}).faults, std::vector<std::string>{"process p has lost its quorum"});
}

TEST_F(TrackersTest, a_file_adds_its_number) {
    say(State::Kind::file, "f", Health::up, "is 30", 30);
    EXPECT_EQ(proto::contribution(judge({{Kind::file, false, -2, 0}}).tracked[0]), -60);
    EXPECT_EQ(judge({{Kind::file, false, 0, 0}}).faults, std::vector<std::string>{"file f is 30"});
    EXPECT_EQ(judge({{Kind::file, false, -100, 0}}).faults, std::vector<std::string>{"file f is 30"});
}

TEST_F(TrackersTest, what_cannot_be_run_is_not_tracked) {
    say(State::Kind::script, "s", Health::disabled);
    const auto judged = judge({{Kind::script, false, 0, 0}});
    EXPECT_TRUE(judged.tracked.empty());
    EXPECT_TRUE(judged.faults.empty());
    EXPECT_FALSE(judged.waits);
}

TEST_F(TrackersTest, what_is_known_stays_with_its_name_over_a_reload) {
    say(State::Kind::script, "t", Health::down, "timed_out");
    config_.scripts.erase(config_.scripts.begin());
    config_.scripts.emplace_back().name = "new";
    trackers_.configure(config_);
    EXPECT_EQ(judge({{Kind::script, false, 0, 0}}).faults, std::vector<std::string>{"script t timed_out"});
    EXPECT_TRUE(judge({{Kind::script, false, 0, 1}}).waits);
    EXPECT_FALSE(trackers_.apply({State::Kind::script, "s", Health::up, 0, {}})) << "it is gone";
    EXPECT_FALSE(trackers_.apply({State::Kind::script, "t", Health::down, 0, "timed_out"})) << "nothing new";
}

TEST_F(TrackersTest, tells_who_tracks_it) {
    config::Instance instance;
    instance.tracks = std::vector<config::Track>{{Kind::file, false, 0, 0}};
    EXPECT_TRUE(tracks(instance, {Kind::file, 0}));
    EXPECT_FALSE(tracks(instance, {Kind::script, 0}));
    EXPECT_FALSE(tracks(instance, {Kind::file, 1}));
}

// ---- what waits to be told

using Notice = ipc::Notice;
using Event = Notice::Event;

Notice notice(Event event, const std::string& name = "V") { return {Notice::Object::instance, event, 100, name}; }

TEST(NoticeQueue, tells_in_order_and_as_many_as_fit_into_a_message) {
    NoticeQueue queue;
    for (int i = 0; i < 100; ++i) queue.add(notice(Event::master, "instance " + std::to_string(i)));
    std::vector<std::string> sent;
    queue.flush(
        [&](const std::string& text) {
            sent.push_back(text);
            return true;
        },
        200);
    EXPECT_TRUE(queue.empty());
    int next = 0;
    for (const auto& text : sent) {
        EXPECT_LE(text.size(), 200U);
        const auto notices = ipc::decode<ipc::Notices>(text);
        ASSERT_TRUE(notices);
        for (const auto& one : notices->all) EXPECT_EQ(one.name, "instance " + std::to_string(next++));
    }
    EXPECT_EQ(next, 100);
}

TEST(NoticeQueue, of_what_nobody_takes_the_last_state_is_kept) {
    NoticeQueue queue;
    bool takes = false;
    std::string got;
    const auto flush = [&] {
        queue.flush(
            [&](const std::string& text) {
                if (takes) got += text;
                return takes;
            },
            4000);
    };
    queue.add(notice(Event::backup));
    flush();
    EXPECT_TRUE(queue.was_refused());
    queue.add(notice(Event::master));
    queue.add(notice(Event::master_priority));
    queue.add(notice(Event::fault, "W"));
    queue.add(notice(Event::backup));
    takes = true;
    flush();
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(ipc::decode<ipc::Notices>(got)->all,
              (std::vector{notice(Event::master_priority), notice(Event::fault, "W"), notice(Event::backup)}));
}

}  // namespace
}  // namespace vrrpd::engine::trackers_test
