// Commands as an administrator may write them: they hang, fork away, print megabytes, die, or are not there.
#include "vrrpd/supervisor/scripts/command_runner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/base/scratch.hpp"
#include "vrrpd/base/account.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor::command_runner_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Lines final : Log {
    void write(LogLevel, std::string_view line) override { text += std::string(line) + '\n'; }
    std::string text;
};

class Runner : public testing::Test {
protected:
    Runner() { std::filesystem::permissions(directory_, std::filesystem::perms(0777)); }

    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    [[nodiscard]] std::string get(const std::string& name) const { return read_file(path(name)).value_or(""); }
    [[nodiscard]] bool exists(const std::string& name) const { return std::filesystem::exists(path(name)); }
    Command shell(const std::string& script) {
        Command command;
        command.what = "the command";
        command.words = {"/bin/sh", "-c", script, "sh", directory_};  // $1 is the directory
        command.limit = seconds(5);
        command.done = [this](const Outcome& outcome) { done_.push_back(outcome.problem); };
        return command;
    }
    // Until nothing runs or waits; false: after 10 s something did.
    bool finish(CommandRunner& runner) {
        for (int i = 0; i < 5000; ++i) {
            runner.child_ended();
            if (runner.idle()) return true;
            runner.step(boot_now());
            usleep(2000);
        }
        return false;
    }
    // Soon; as a zombie whose new parent did not look yet it has ended, too.
    static bool ends(pid_t pid, int tries = 1000) {
        for (int i = 0; i < tries; ++i) {
            waitpid(pid, nullptr, WNOHANG);
            const auto state = read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
            if (state.empty() || state.find(") Z ") != state.npos) return true;
            usleep(2000);
        }
        return false;
    }
    // The one command's problem.
    std::string outcome(Command command) {
        CommandRunner runner(log_, {1, 0});
        runner.run(std::move(command));
        EXPECT_TRUE(finish(runner));
        EXPECT_EQ(done_.size(), 1U);
        return done_.empty() ? "never done" : std::exchange(done_, {}).front();
    }

    Lines log_;
    std::vector<std::string> done_;

private:
    const vrrpd::test::Scratch scratch_{"commands"};
    const std::string& directory_ = scratch_.path();
};

TEST_F(Runner, gives_a_command_its_words_its_input_and_a_small_environment) {
    auto command =
        shell(R"(cat > "$1/input"; env | sort > "$1/environment"; printf '%s|' "$@" > "$1/words"; pwd > "$1/where")");
    command.words.insert(command.words.end(), {"two words", ""});
    command.input = "a line\n";
    command.environment = {"VRRPD_EVENT=role"};
    setenv("VRRPD_SECRET", "of the daemon", 1);
    EXPECT_EQ(outcome(std::move(command)), "");
    unsetenv("VRRPD_SECRET");
    EXPECT_EQ(get("input"), "a line\n");
    EXPECT_EQ(get("words"), path("").substr(0, path("").size() - 1) + "|two words||");
    EXPECT_EQ(get("where"), "/\n");
    const auto environment = get("environment");
    EXPECT_NE(environment.find("PATH="), std::string::npos) << environment;
    EXPECT_NE(environment.find("VRRPD_EVENT=role\n"), std::string::npos) << environment;
    EXPECT_EQ(environment.find("SECRET"), std::string::npos) << environment;
    EXPECT_EQ(log_.text, "");
}

TEST_F(Runner, a_command_has_nothing_open_but_its_streams_and_the_usual_signals) {
    const Fd ours(fcntl(STDERR_FILENO, F_DUPFD, 50));  // not close-on-exec: a mistake elsewhere in the program
    std::signal(SIGHUP, SIG_IGN);
    sigset_t term, before;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, &before);
    const auto problem = outcome(shell(
        R"(ls -l /proc/self/fd > "$1/open"; grep -E 'Sig(Blk|Ign)' /proc/self/status > "$1/signals"; ps -o pgid= -p $$ > "$1/group"; echo $$ > "$1/pid")"));
    sigprocmask(SIG_SETMASK, &before, nullptr);
    std::signal(SIGHUP, SIG_DFL);
    EXPECT_EQ(problem, "");
    const auto open = get("open");
    EXPECT_NE(open.find("2 -> /dev/null"), std::string::npos) << open;
    EXPECT_EQ(open.find(" " + std::to_string(ours.get()) + " ->"), open.npos) << open;
    EXPECT_EQ(get("signals"), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    EXPECT_EQ(std::stoi(get("group")), std::stoi(get("pid"))) << "a process group of its own";
}

TEST_F(Runner, says_with_which_code_or_signal_a_command_failed) {
    EXPECT_EQ(outcome(shell("exit 3")), "ended with code 3");
    EXPECT_EQ(outcome(shell("kill -SEGV $$")), "was killed by signal 11 (Segmentation fault)");
    EXPECT_EQ(log_.text, "the command ended with code 3\nthe command was killed by signal 11 (Segmentation fault)\n");
}

TEST_F(Runner, one_that_is_not_there_or_not_executable_is_one_line_that_names_it) {
    auto missing = shell("");
    missing.words = {path("missing"), "word"};
    EXPECT_EQ(outcome(missing), "cannot be run: " + path("missing") + ": No such file or directory");
    std::ofstream(path("plain")) << "#!/bin/sh\n";
    auto plain = shell("");
    plain.words = {path("plain")};
    EXPECT_EQ(outcome(plain), "cannot be run: " + path("plain") + ": Permission denied");
    EXPECT_EQ(std::count(log_.text.begin(), log_.text.end(), '\n'), 2) << log_.text;
}

TEST_F(Runner, a_bare_name_is_found_in_path_and_a_script_without_first_line_is_the_shells) {
    auto bare = shell("");
    bare.words = {"touch", path("touched")};
    EXPECT_EQ(outcome(bare), "");
    EXPECT_TRUE(exists("touched"));
    std::ofstream(path("script")) << "touch \"$1\"\n";
    std::filesystem::permissions(path("script"), std::filesystem::perms(0755));
    auto script = shell("");
    script.words = {path("script"), path("by-script")};
    EXPECT_EQ(outcome(script), "");
    EXPECT_TRUE(exists("by-script"));
}

TEST_F(Runner, one_that_hangs_is_killed_with_its_children) {
    auto hangs = shell(
        R"(trap '' TERM INT HUP; (trap '' TERM; sleep 100; touch "$1/after") & echo $! > "$1/child"; wait; sleep 100)");
    hangs.limit = milliseconds(1000);
    EXPECT_EQ(outcome(std::move(hangs)), "did not end in 1 s, and was killed");
    EXPECT_TRUE(ends(std::stoi(get("child"))));
}

TEST_F(Runner, one_that_hangs_is_killed_with_what_left_its_session) {
    auto hangs = shell(
        R"(trap '' TERM; setsid sh -c 'trap "" TERM; echo $$ > "$0/child"; setsid sleep 100 & echo $! > "$0/grandchild"; wait' )"
        R"("$1"; sleep 100)");
    hangs.limit = milliseconds(1000);
    EXPECT_EQ(outcome(std::move(hangs)), "did not end in 1 s, and was killed");
    for (const auto* name : {"child", "grandchild"}) EXPECT_TRUE(ends(std::stoi(get(name)))) << name;
    EXPECT_FALSE(ends(getpid(), 10)) << "and nobody else is";
}

// It obeys, and what it had started does not.
TEST_F(Runner, of_one_that_was_signalled_nothing_is_left) {
    CommandRunner runner(log_, {1, 0});
    const auto ticket = runner.run(shell(
        R"(setsid sh -c 'trap "" TERM; echo $$ > "$0/child.new"; mv "$0/child.new" "$0/child"; sleep 100' "$1" & wait)"));
    for (int i = 0; i < 1000 && !exists("child"); ++i) usleep(5000);
    runner.signal(ticket, SIGTERM);
    ASSERT_TRUE(finish(runner));
    EXPECT_TRUE(ends(std::stoi(get("child"))));
}

TEST_F(Runner, one_that_forks_away_has_ended_and_what_it_left_goes_on) {
    const auto begin = boot_now();
    EXPECT_EQ(outcome(shell(R"(( sleep 0.3; touch "$1/later" ) & exit 0)")), "");
    EXPECT_LT(boot_now() - begin, seconds(4));
    for (int i = 0; i < 1000 && !exists("later"); ++i) usleep(5000);
    EXPECT_TRUE(exists("later"));
}

TEST_F(Runner, megabytes_of_output_block_nobody) {
    EXPECT_EQ(outcome(shell("head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2")), "");
}

TEST_F(Runner, input_that_nobody_reads_blocks_nobody) {
    auto command = shell("exit 0");
    command.input = std::string(4 << 20, 'x');
    EXPECT_EQ(outcome(std::move(command)), "");
}

TEST_F(Runner, what_must_be_done_before_decides_whether_it_is_run) {
    auto refused = shell(R"(touch "$1/ran")");
    refused.before = [] { return std::string("was not run: no"); };
    EXPECT_EQ(outcome(std::move(refused)), "was not run: no");
    EXPECT_FALSE(exists("ran"));
    auto done = shell(R"(mv "$1/before" "$1/ran")");
    done.before = [this] {
        std::ofstream(path("before")) << "x";
        return std::string();
    };
    EXPECT_EQ(outcome(std::move(done)), "");
    EXPECT_TRUE(exists("ran"));
}

TEST_F(Runner, an_unprivileged_command_is_never_roots) {
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, to become another user";
    const auto account = find_account({"keepalived_script", own_account, "nobody"});
    ASSERT_TRUE(account);
    auto command =
        shell(R"(id -u > "$1/user"; id -G > "$1/groups"; grep CapEff /proc/self/status > "$1/capabilities")");
    command.unprivileged = true;
    EXPECT_EQ(outcome(std::move(command)), "");
    EXPECT_EQ(get("user"), std::to_string(account->user) + "\n");
    EXPECT_EQ(get("groups"), std::to_string(account->group) + "\n");
    EXPECT_EQ(get("capabilities"), "CapEff:\t0000000000000000\n");
    auto hidden = shell("");
    std::ofstream(path("hidden")) << "#!/bin/sh\n";
    std::filesystem::permissions(path("hidden"), std::filesystem::perms(0700));
    hidden.words = {path("hidden")};
    hidden.unprivileged = true;
    EXPECT_EQ(outcome(std::move(hidden)),
              "cannot be run as " + account->name + ": " + path("hidden") + ": Permission denied");
}

TEST_F(Runner, a_command_of_another_user_is_that_user_with_its_groups_and_no_others) {
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, to become another user";
    const auto nobody = find_account({"nobody"});
    ASSERT_TRUE(nobody);
    auto command = shell(R"((id -u; id -g; id -G; grep CapEff /proc/self/status) > "$1/identity")");
    command.as_script = true;
    command.as = RunAs{nobody->user, 12345, {54321, 54322}};
    EXPECT_EQ(outcome(command), "");
    EXPECT_EQ(get("identity"),
              std::to_string(nobody->user) + "\n12345\n12345 54321 54322\nCapEff:\t0000000000000000\n");
    command.as->supplementary.clear();
    EXPECT_EQ(outcome(std::move(command)), "");
    EXPECT_EQ(get("identity"), std::to_string(nobody->user) + "\n12345\n12345\nCapEff:\t0000000000000000\n");
}

TEST_F(Runner, more_than_may_run_wait_and_of_those_the_oldest_are_dropped_and_counted) {
    CommandRunner runner(log_, {2, 3});
    for (int i = 0; i < 10; ++i) {
        auto command = shell("sleep 0.1; echo " + std::to_string(i) + R"( >> "$1/ran")");
        command.what = "command " + std::to_string(i);
        runner.run(std::move(command));
    }
    EXPECT_EQ(done_, std::vector<std::string>(5, "too many wait"));
    ASSERT_TRUE(finish(runner));
    EXPECT_EQ(done_.size(), 10U);
    auto ran = get("ran");
    for (const char number : {'0', '1', '7', '8', '9'}) EXPECT_NE(ran.find(number), std::string::npos) << ran;
    EXPECT_EQ(std::count(ran.begin(), ran.end(), '\n'), 5) << ran;
    EXPECT_EQ(log_.text, "command 2 waits behind 5 others: of more, the oldest are dropped\n5 commands were dropped\n");
}

TEST_F(Runner, no_more_run_at_once_than_may) {
    CommandRunner runner(log_, {2, 64});
    for (int i = 0; i < 6; ++i)
        runner.run(
            shell(R"(touch "$1/running.$$"; ls "$1" | grep -c running >> "$1/counts"; sleep 0.1; rm "$1/running.$$")"));
    ASSERT_TRUE(finish(runner));
    const auto counts = get("counts");
    EXPECT_EQ(counts.find_first_not_of("12\n"), counts.npos) << counts;
    EXPECT_EQ(std::count(counts.begin(), counts.end(), '\n'), 6);
}

TEST_F(Runner, one_that_overruns_may_tidy_up_first) {
    auto hangs = shell(R"(trap 'touch "$1/tidied"; exit 0' TERM; while :; do sleep 0.05; done)");
    hangs.limit = seconds(1);
    EXPECT_EQ(outcome(std::move(hangs)), "did not end in 1 s, and was killed");
    EXPECT_TRUE(exists("tidied"));
}

TEST_F(Runner, of_one_key_they_run_one_after_the_other_and_of_those_that_wait_the_last) {
    CommandRunner runner(log_, {8, 64});
    for (const auto* const number : {"0", "1", "2"}) {
        auto command =
            shell(fmt::format(R"(echo "begin {0}" >> "$1/ran"; sleep 0.2; echo "end {0}" >> "$1/ran")", number));
        command.what = fmt::format("command {}", number);
        command.key = "a";
        runner.run(std::move(command));
    }
    ASSERT_TRUE(finish(runner));
    EXPECT_EQ(get("ran"), "begin 0\nend 0\nbegin 2\nend 2\n");
    EXPECT_EQ(log_.text, "command 1 is not run: before its turn came there was a newer state\n");
    EXPECT_EQ(done_, (std::vector<std::string>{"there was a newer state", "", ""}));
}

TEST_F(Runner, one_that_does_not_end_is_overtaken_by_the_next_of_its_key_in_the_end) {
    CommandRunner runner(log_, {8, 64, Duration(0), milliseconds(300)});
    const auto begin = boot_now();
    auto hangs = shell(R"(while [ ! -e "$1/overtaken" ]; do sleep 0.01; done)");
    auto next = shell(R"(touch "$1/overtaken")");
    hangs.key = next.key = "a";
    runner.run(std::move(hangs));
    runner.run(std::move(next));
    EXPECT_TRUE(runner.next_deadline());
    ASSERT_TRUE(finish(runner));
    EXPECT_GE(boot_now() - begin, milliseconds(300));
    EXPECT_EQ(log_.text, "the command is run beside one before it that does not end\n");
}

TEST_F(Runner, those_that_hang_keep_nobody_back_for_ever) {
    CommandRunner runner(log_, {2, 64, milliseconds(300)});
    for (int i = 0; i < 2; ++i) runner.run(shell(R"(while [ ! -e "$1/ran" ]; do sleep 0.01; done)"));
    runner.run(shell(R"(touch "$1/ran")"));
    EXPECT_FALSE(exists("ran"));
    ASSERT_TRUE(runner.next_deadline());
    EXPECT_LE(*runner.next_deadline(), boot_now() + milliseconds(300));
    ASSERT_TRUE(finish(runner));
    EXPECT_TRUE(exists("ran"));
}

TEST_F(Runner, in_a_hurry_nothing_waits_for_its_turn_or_runs_on_for_long) {
    CommandRunner runner(log_, {8, 64, Duration(0), seconds(30)});
    auto hangs = shell(R"(trap 'touch "$1/told"; exit 0' TERM; touch "$1/began"; while :; do sleep 0.01; done)");
    auto last = shell(R"(touch "$1/ran")");
    hangs.limit = Duration(0);
    hangs.key = last.key = "a";
    runner.run(std::move(hangs));
    for (int i = 0; i < 1000 && !exists("began"); ++i) usleep(5000);
    runner.run(std::move(last));
    runner.hurry(milliseconds(300));
    const auto begin = boot_now();
    ASSERT_TRUE(finish(runner));
    EXPECT_LT(boot_now() - begin, seconds(4));
    EXPECT_TRUE(exists("ran"));
    EXPECT_TRUE(exists("told"));
}

TEST_F(Runner, what_still_runs_at_the_end_is_killed) {
    {
        CommandRunner runner(log_, {1, 0});
        runner.run(shell(R"(echo $$ > "$1/pid.new"; mv "$1/pid.new" "$1/pid"; sleep 100)"));
        for (int i = 0; i < 1000 && !exists("pid"); ++i) usleep(5000);
    }
    int status = 0;
    ASSERT_GT(waitpid(std::stoi(get("pid")), &status, 0), 0);
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

}  // namespace
}  // namespace vrrpd::supervisor::command_runner_test
