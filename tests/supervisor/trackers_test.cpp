// Tracked scripts, files and processes as the supervisor watches them, with real ones: they fail, hang, print
// megabytes, fork away, die and are not there.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/base/scratch.hpp"
#include "vrrpd/supervisor/files.hpp"
#include "vrrpd/supervisor/scripts/track_desk.hpp"

namespace vrrpd::supervisor::trackers_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Kind = ipc::TrackerState::Kind;
using Health = ipc::TrackerState::Health;

struct Lines final : Log {
    void write(LogLevel, std::string_view line) override { text += std::string(line) + '\n'; }
    std::string text;
};

class Desk : public testing::Test {
protected:
    Desk() {
        loop_.refresh();
        loop_.on_deadline([this] { desk_.step(loop_.now()); });
        loop_.before_wait([this] {
            desk_.child_ended();
            desk_.tell([this](const ipc::TrackerState& state) {
                told_.push_back(state);
                return accepts_;
            });
            loop_.set_deadline(boot_now() + 5ms);
            desk_.step(boot_now());
            if (done_() || boot_now() > end_) loop_.stop();
        });
    }

    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    void put(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
    ScriptNeed script(const std::string& name, const std::string& text, Duration timeout = 1s) const {
        return {name,
                RunnableScript{{"/bin/sh", "-c", text, "sh", directory_}, {}, {geteuid(), getegid(), {}}},
                {50ms, timeout, 1, 1}};
    }
    // Runs everything until this holds; false: not within ten seconds.
    bool until(std::function<bool()> done, Duration limit = 10s) {
        done_ = std::move(done);
        end_ = boot_now() + limit;
        loop_.run();
        return done_();
    }
    [[nodiscard]] ipc::TrackerState last(const std::string& name) const {
        for (auto one = told_.rbegin(); one != told_.rend(); ++one)
            if (one->name == name) return *one;
        return {};
    }
    bool becomes(const std::string& name, Health health, const std::string& detail) {
        const bool done = until([&] {
            const auto now = last(name);
            return now.health == health && now.detail == detail;
        });
        EXPECT_TRUE(done) << name << ": " << last(name).detail;
        return done;
    }

    Loop loop_;
    Lines log_;
    std::vector<ipc::TrackerState> told_;
    bool accepts_ = true;
    std::function<bool()> done_ = [] { return true; };
    Instant end_{};
    const vrrpd::test::Scratch scratch_{"trackers"};
    const std::string& directory_ = scratch_.path();
    TrackDesk desk_{loop_, log_};
};

TEST_F(Desk, a_script_is_unknown_until_its_first_result_and_then_what_it_says) {
    desk_.expect({{script("s", "exit $(cat \"$1/answer\")")}, {}, {}});
    put("answer", "0");
    EXPECT_TRUE(becomes("s", Health::up, "succeeded"));
    EXPECT_EQ(told_.front(), (ipc::TrackerState{Kind::script, "s", Health::unknown, 0, {}}));
    put("answer", "7");
    EXPECT_TRUE(becomes("s", Health::down, "failed (exited with status 7)"));
    EXPECT_THAT(log_.text, HasSubstr("VRRP_Script(s) succeeded\n"));
    EXPECT_THAT(log_.text, HasSubstr("Script `s` now returning 7\nVRRP_Script(s) failed (exited with status 7)\n"));
}

TEST_F(Desk, scripts_that_misbehave_change_their_own_state_alone) {
    auto missing = script("missing", "");
    missing.script->words = {path("nothing-here")};
    auto disabled = script("disabled", "");
    disabled.script.reset();
    desk_.expect({{script("good", "exit 0"), script("hangs", "trap '' TERM; sleep 100", 100ms),
                   script("prints", "head -c 5000000 /dev/zero; exit 3"), script("forks", "sleep 1 & exit 0"),
                   script("dies", "kill -SEGV $$"), missing, disabled},
                  {},
                  {}});
    EXPECT_TRUE(becomes("good", Health::up, "succeeded"));
    EXPECT_TRUE(becomes("hangs", Health::down, "timed_out"));
    EXPECT_TRUE(becomes("prints", Health::down, "failed (exited with status 3)"));
    EXPECT_TRUE(becomes("forks", Health::up, "succeeded"));
    EXPECT_TRUE(becomes("dies", Health::down, "failed (due to signal 11)"));
    EXPECT_TRUE(becomes("missing", Health::down, "could not be run"));
    EXPECT_TRUE(becomes("disabled", Health::disabled, ""));
    EXPECT_EQ(last("good").health, Health::up);
}

TEST_F(Desk, one_that_hangs_is_killed_as_a_tree) {
    desk_.expect({{script("hangs", "sleep 100 & echo $! > \"$1/child\"; wait; sleep 100", 200ms)}, {}, {}});
    EXPECT_TRUE(becomes("hangs", Health::down, "timed_out"));
    const pid_t child = std::stoi(read_file(path("child")).value_or("0"));
    ASSERT_GT(child, 0);
    EXPECT_TRUE(until([&] {
        const auto stat = read_file("/proc/" + std::to_string(child) + "/stat").value_or("");
        return stat.empty() || stat.find(") Z ") != std::string::npos;
    }));
}

TEST_F(Desk, more_scripts_than_may_run_at_once_all_have_their_turn) {
    TrackNeeds needs;
    for (int i = 0; i < 40; ++i)
        needs.scripts.push_back(
            script("s" + std::to_string(i),
                   R"(touch "$1/run.$$"; ls "$1" | grep -c run >> "$1/counts"; sleep 0.02; rm "$1/run.$$")"));
    desk_.expect(needs);
    EXPECT_TRUE(until([&] {
        for (int i = 0; i < 40; ++i)
            if (last("s" + std::to_string(i)).health != Health::up) return false;
        return true;
    }));
    std::ifstream counts(path("counts"));
    for (int most = 0; counts >> most;) EXPECT_LE(most, 16);
}

TEST_F(Desk, a_reload_keeps_what_is_known_of_the_same_command_and_user) {
    desk_.expect({{script("a", "exit 1"), script("b", "exit 0"), script("c", "exit 0")}, {}, {}});
    for (const auto* name : {"b", "c"}) EXPECT_TRUE(becomes(name, Health::up, "succeeded"));
    EXPECT_TRUE(becomes("a", Health::down, "failed (exited with status 1)"));
    auto slower = script("a", "exit 1");
    slower.parameters.interval = 1h;
    told_.clear();
    desk_.expect({{slower, script("b", "exit 4; # another")}, {}, {}});
    (void)until([] { return true; });
    EXPECT_EQ(last("a"), (ipc::TrackerState{Kind::script, "a", Health::down, 0, "failed (exited with status 1)"}));
    EXPECT_EQ(told_.size(), 2U) << "everything that is still tracked is told again";
    EXPECT_TRUE(becomes("b", Health::down, "failed (exited with status 4)"));
}

TEST_F(Desk, what_the_engine_did_not_take_is_told_later) {
    accepts_ = false;
    desk_.expect({{script("s", "exit 0")}, {}, {}});
    (void)until([] { return false; }, 200ms);
    accepts_ = true;
    told_.clear();
    EXPECT_TRUE(becomes("s", Health::up, "succeeded"));
    EXPECT_EQ(told_.size(), 1U);
}

// ---- files

TEST(NumberIn, reads_as_c_does) {
    EXPECT_EQ(number_in("12\n"), 12);
    EXPECT_EQ(number_in(" -0x10 junk"), -16);
    EXPECT_EQ(number_in("010"), 8);
    EXPECT_EQ(number_in("+5"), 5);
    EXPECT_EQ(number_in(""), 0);
    EXPECT_EQ(number_in("none"), 0);
    EXPECT_EQ(number_in("99999999999999999999"), INT64_MAX);
    EXPECT_EQ(number_in(std::string(200, '1')), INT64_MAX);
}

TEST_F(Desk, a_file_is_its_number_however_it_is_written) {
    std::filesystem::create_directory(path("d"));
    desk_.expect({{}, {{"f", path("d/value"), std::nullopt, false}}, {}});
    EXPECT_TRUE(becomes("f", Health::up, "is 0")) << "it is not there yet";
    put("d/value", "17\n");
    EXPECT_TRUE(becomes("f", Health::up, "is 17"));
    put("d/new", "18\n");
    std::filesystem::rename(path("d/new"), path("d/value"));
    EXPECT_TRUE(becomes("f", Health::up, "is 18"));
    put("d/value", "");
    EXPECT_TRUE(becomes("f", Health::up, "is 0"));
    put("d/value", "-3");
    EXPECT_TRUE(becomes("f", Health::up, "is -3"));
    std::filesystem::remove(path("d/value"));
    EXPECT_TRUE(becomes("f", Health::up, "is 0"));
    EXPECT_EQ(last("f").number, 0);
}

TEST_F(Desk, a_file_is_found_again_when_its_directory_went_and_came) {
    std::filesystem::create_directory(path("d"));
    put("d/value", "4");
    desk_.expect({{}, {{"f", path("d/value"), std::nullopt, false}}, {}});
    EXPECT_TRUE(becomes("f", Health::up, "is 4"));
    std::filesystem::remove_all(path("d"));
    EXPECT_TRUE(becomes("f", Health::up, "is 0"));
    std::filesystem::create_directory(path("d"));
    put("d/value", "5");
    EXPECT_TRUE(becomes("f", Health::up, "is 5"));
    EXPECT_THAT(log_.text, HasSubstr("cannot be watched: No such file or directory; it is looked for again"));
}

TEST_F(Desk, a_file_is_made_when_that_is_asked_for) {
    put("old", "9");
    put("over", "9");
    desk_.expect(
        {{}, {{"new", path("new"), 5, false}, {"old", path("old"), 6, false}, {"over", path("over"), 7, true}}, {}});
    EXPECT_TRUE(becomes("new", Health::up, "is 5"));
    EXPECT_TRUE(becomes("old", Health::up, "is 9"));
    EXPECT_TRUE(becomes("over", Health::up, "is 7"));
}

// ---- processes

config::TrackedProcess wanted(std::vector<std::string> parameters, config::TrackedProcess::Match match) {
    config::TrackedProcess process;
    process.name = "p";
    process.process = "/bin/prog";
    process.full_command = true;
    process.parameters = std::move(parameters);
    process.match = match;
    return process;
}

TEST(Matches, by_name_by_path_and_by_parameters) {
    using Match = config::TrackedProcess::Match;
    const ProcessSeen seen{"prog", {"/bin/prog", "-f", "file.conf"}};
    config::TrackedProcess by_name;
    by_name.process = "prog";
    EXPECT_TRUE(matches(by_name, seen));
    by_name.process = "a_name_of_more_than_fifteen";
    EXPECT_TRUE(matches(by_name, {"a_name_of_more_", {"x"}}));
    EXPECT_FALSE(matches(by_name, seen));
    EXPECT_TRUE(matches(wanted({}, Match::none), seen));
    EXPECT_FALSE(matches(wanted({}, Match::exact), seen));
    EXPECT_TRUE(matches(wanted({"-f", "file.conf"}, Match::exact), seen));
    EXPECT_FALSE(matches(wanted({"-f"}, Match::exact), seen));
    EXPECT_TRUE(matches(wanted({"-f"}, Match::partial), seen));
    EXPECT_FALSE(matches(wanted({"-f", "file"}, Match::partial), seen)) << "the first ones, in full";
    EXPECT_FALSE(matches(wanted({"file.conf"}, Match::partial), seen));
    EXPECT_TRUE(matches(wanted({"-f", "file"}, Match::initial), seen)) << "the last one may go on";
    EXPECT_TRUE(matches(wanted({"-f"}, Match::initial), seen));
    EXPECT_FALSE(matches(wanted({"-f", "other"}, Match::initial), seen));
    EXPECT_FALSE(matches(wanted({}, Match::none), {"kthread", {}}));
}

TEST_F(Desk, processes_are_counted_as_they_come_and_go) {
    std::filesystem::copy_file("/bin/sleep", path("vrrpd_tracked"));
    config::TrackedProcess process;
    process.name = "p";
    process.process = "vrrpd_tracked";
    process.quorum = 2;
    desk_.expect({{}, {}, {process}});
    EXPECT_TRUE(becomes("p", Health::down, "has lost its quorum"));
    const auto run = [&] {
        const pid_t pid = fork();
        if (pid == 0) {
            execl(path("vrrpd_tracked").c_str(), "vrrpd_tracked", "100", nullptr);
            _exit(1);
        }
        return pid;
    };
    const pid_t one = run(), two = run();
    EXPECT_TRUE(becomes("p", Health::up, "has its quorum"));
    kill(one, SIGKILL);
    waitpid(one, nullptr, 0);
    EXPECT_TRUE(becomes("p", Health::down, "has lost its quorum"));
    kill(two, SIGKILL);
    waitpid(two, nullptr, 0);
}

}  // namespace
}  // namespace vrrpd::supervisor::trackers_test
