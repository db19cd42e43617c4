// Who is told of a new state: scripts with keepalived's arguments, FIFOs with its lines.
#include "vrrpd/supervisor/notify/notifier.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/base/scratch.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor::notifier_test {
namespace {

using namespace std::chrono_literals;
using ipc::Notice;
using testing::HasSubstr;
using Event = Notice::Event;
using Object = Notice::Object;
using Call = NotifyNeeds::Call;

struct Lines final : Log {
    void write(LogLevel, std::string_view line) override { text += std::string(line) + '\n'; }
    std::string text;
};

Notice notice(Event event, const std::string& name = "V 1", int priority = 100, Object object = Object::instance) {
    return {object, event, static_cast<std::uint8_t>(priority), name};
}

class NotifierTest : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    [[nodiscard]] RunnableScript script(const std::string& text) const {
        return {{"/bin/sh", "-c", "cd '" + directory_ + "'; " + text, "sh"}, {}, {geteuid(), getegid(), {}}};
    }
    void add(NotifyNeeds& needs, Object object, const std::string& name, Call call, const std::string& text) const {
        needs.scripts.push_back(script(text));
        needs.objects[{object, name}].calls[static_cast<std::size_t>(call)] =
            static_cast<std::uint16_t>(needs.scripts.size() - 1);
    }
    [[nodiscard]] NotifyNeeds with_pipe(const std::string& name = "fifo") const {
        NotifyNeeds needs;
        needs.pipes.push_back({{path(name), {geteuid(), getegid(), {}}}, std::nullopt});
        needs.objects[{Object::instance, "V 1"}] = {};
        return needs;
    }
    void finish() {
        for (int i = 0; i < 5000 && !notifier_.idle(); ++i) {
            notifier_.child_ended();
            usleep(2000);
        }
        EXPECT_TRUE(notifier_.idle());
    }
    [[nodiscard]] std::string get(const std::string& name) const { return read_file(path(name)).value_or(""); }
    [[nodiscard]] Fd reader(const std::string& name = "fifo") const {
        return Fd(open(path(name).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    }
    // What is there now; nullopt: the end of the file.
    static std::optional<std::string> read_all(const Fd& from) {
        std::array<char, 65536> part{};
        const auto got = read(from.get(), part.data(), part.size());
        if (got == 0) return std::nullopt;
        return got > 0 ? std::string(part.data(), static_cast<std::size_t>(got)) : std::string();
    }
    void wait_until_open() {
        for (int i = 0; i < 100 && notifier_.next_deadline(); ++i) {
            usleep(10'000);
            notifier_.step(boot_now());
        }
    }

    Lines log_;
    const vrrpd::test::Scratch scratch_{"notifier"};
    const std::string& directory_ = scratch_.path();
    Notifier notifier_{log_};
};

TEST_F(NotifierTest, generic_scripts_get_four_arguments_and_specific_ones_none) {
    NotifyNeeds needs;
    add(needs, Object::instance, "V 1", Call::any, R"(for a; do echo "$a" >> any; done; echo . >> any)");
    add(needs, Object::instance, "V 1", Call::master, "echo $# >> master");
    add(needs, Object::group, "G", Call::any, R"(echo "$@" >> group)");
    notifier_.expect(std::move(needs));
    notifier_.tell({{notice(Event::master, "V 1", 150), notice(Event::backup, "G", 0, Object::group),
                     notice(Event::master, "unknown")}});
    finish();
    EXPECT_EQ(get("any"), "INSTANCE\nV 1\nMASTER\n150\n.\n");
    EXPECT_EQ(get("master"), "0\n");
    EXPECT_EQ(get("group"), "GROUP G BACKUP 0\n");
    EXPECT_EQ(log_.text, "");
}

TEST_F(NotifierTest, each_state_runs_its_script_and_no_state_is_told_twice) {
    NotifyNeeds needs;
    for (const auto& [call, word] : {std::pair(Call::master, "master"),
                                     {Call::backup, "backup"},
                                     {Call::fault, "fault"},
                                     {Call::stop, "stop"},
                                     {Call::deleted, "deleted"},
                                     {Call::lower_priority, "lower"}})
        add(needs, Object::instance, "V 1", call, std::string("echo ") + word + " >> calls");
    add(needs, Object::instance, "V 1", Call::any, R"(echo "$3" >> generic)");
    notifier_.expect(std::move(needs));
    for (const auto event :
         {Event::backup, Event::backup, Event::master, Event::master_rx_lower_priority, Event::master_rx_lower_priority,
          Event::master_priority, Event::fault, Event::deleted, Event::stop}) {
        notifier_.tell({{notice(event)}});
        finish();
    }
    EXPECT_EQ(get("calls"), "backup\nmaster\nlower\nlower\nfault\ndeleted\nstop\n");
    EXPECT_EQ(get("generic"), "BACKUP\nMASTER\nFAULT\nDELETED\nSTOP\n") << "states only";
}

TEST_F(NotifierTest, scripts_run_as_keepalived_has_them) {
    const auto before = umask(0177);
    setenv("VRRPD_INHERITED", "yes", 1);
    setenv("LD_PRELOAD", "", 1);
    NotifyNeeds needs;
    add(needs, Object::instance, "V 1", Call::any, "umask > umask; env > environment; pwd -P > /dev/null");
    notifier_.expect(std::move(needs));
    notifier_.tell({{notice(Event::master)}});
    finish();
    unsetenv("VRRPD_INHERITED");
    unsetenv("LD_PRELOAD");
    umask(before);
    EXPECT_EQ(get("umask"), "0177\n");
    EXPECT_THAT(get("environment"), HasSubstr("VRRPD_INHERITED=yes\n"));
    EXPECT_THAT(get("environment"), testing::Not(HasSubstr("LD_PRELOAD")));
}

TEST_F(NotifierTest, where_many_wait_the_last_state_of_an_object_is_the_one_its_script_hears) {
    NotifyNeeds needs;
    for (int i = 0; i < 8; ++i)
        add(needs, Object::instance, "slow" + std::to_string(i), Call::any, "while [ ! -e go ]; do sleep 0.01; done");
    add(needs, Object::instance, "V 1", Call::any, R"(echo "$3" >> heard)");
    add(needs, Object::instance, "W", Call::any, R"(echo "W $3" >> heard)");
    notifier_.expect(std::move(needs));
    ipc::Notices all;
    for (int i = 0; i < 8; ++i) all.all.push_back(notice(Event::master, "slow" + std::to_string(i)));
    for (const auto event : {Event::backup, Event::master, Event::fault, Event::backup, Event::master})
        all.all.push_back(notice(event));
    all.all.push_back(notice(Event::master, "W"));
    notifier_.tell(all);
    std::ofstream(path("go")) << "";
    finish();
    const auto heard = get("heard");
    EXPECT_THAT(heard, HasSubstr("MASTER\n"));
    EXPECT_THAT(heard, HasSubstr("W MASTER\n"));
    EXPECT_EQ(std::count(heard.begin(), heard.end(), '\n'), 2) << heard;
}

TEST_F(NotifierTest, a_fifo_gets_keepalived_s_lines) {
    notifier_.expect(with_pipe());
    struct stat status {};
    ASSERT_EQ(stat(path("fifo").c_str(), &status), 0);
    EXPECT_TRUE(S_ISFIFO(status.st_mode));
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    notifier_.tell(
        {{notice(Event::backup), notice(Event::master, "V 1", 254), notice(Event::master_priority, "V 1", 90),
          notice(Event::backup_priority, "V 1", 80), notice(Event::master_rx_lower_priority),
          notice(Event::fault, "G", 0, Object::group), notice(Event::deleted), notice(Event::stop, "W")}});
    EXPECT_EQ(read_all(reader()),
              "INSTANCE \"V 1\" BACKUP 100\nINSTANCE \"V 1\" MASTER 254\nINSTANCE \"V 1\" MASTER_PRIORITY 90\n"
              "INSTANCE \"V 1\" BACKUP_PRIORITY 80\nINSTANCE \"V 1\" MASTER_RX_LOWER_PRI 100\nGROUP \"G\" FAULT 0\n"
              "INSTANCE \"V 1\" DELETED 100\nINSTANCE \"W\" STOP 100\n");
}

TEST_F(NotifierTest, a_fifo_that_is_made_for_another_user_is_that_user_s) {
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, to give it away";
    auto needs = with_pipe();
    needs.pipes[0].plan.owner = {12345, 54321, {}};
    notifier_.expect(std::move(needs));
    struct stat status {};
    ASSERT_EQ(stat(path("fifo").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 12345U);
    EXPECT_EQ(status.st_gid, 54321U);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(log_.text, "");
}

TEST_F(NotifierTest, a_fifo_that_nobody_reads_blocks_nobody) {
    notifier_.expect(with_pipe());
    for (int i = 0; i < 20'000; ++i) notifier_.tell({{notice(i % 2 == 0 ? Event::backup : Event::master)}});
    EXPECT_THAT(log_.text, HasSubstr("is full, for nobody reads it: what comes now is lost"));
    EXPECT_EQ(std::count(log_.text.begin(), log_.text.end(), '\n'), 1);
    EXPECT_THAT(read_all(reader()).value(), testing::StartsWith("INSTANCE \"V 1\" BACKUP 100\n"));
}

TEST_F(NotifierTest, what_waits_for_a_reader_survives_a_reload) {
    notifier_.expect(with_pipe());
    notifier_.tell({{notice(Event::backup)}});
    notifier_.expect(with_pipe());
    notifier_.reloaded();
    notifier_.tell({{notice(Event::master)}});
    EXPECT_EQ(read_all(reader()), "INSTANCE \"V 1\" BACKUP 100\nINSTANCE \"V 1\" MASTER 100\n");
}

// A reader that takes its time to end would share the letters of the next line with the one that comes after it.
TEST_F(NotifierTest, at_a_reload_a_reader_is_started_when_the_one_before_has_ended) {
    auto needs = with_pipe();
    needs.pipes[0].reader = script(
        "trap 'sleep 0.2; echo end >> told; exit' TERM; echo begin >> told; exec <> \"$1\"; "
        "while read line; do echo \"$line\" >> told; done");
    auto second = with_pipe("second").pipes[0];
    second.reader = script("echo second >> seconds; exec cat <> \"$1\"");
    needs.pipes.push_back(second);
    const auto wait_for = [&](const std::string& text, const std::string& file = "told") {
        for (int i = 0; i < 5000 && get(file) != text; ++i) {
            notifier_.child_ended();
            notifier_.step(boot_now());
            usleep(2000);
        }
        EXPECT_EQ(get(file), text) << log_.text;
    };
    notifier_.expect(needs);
    wait_for("begin\n");
    wait_for("second\n", "seconds");
    notifier_.tell({{notice(Event::backup)}});
    wait_for("begin\nINSTANCE \"V 1\" BACKUP 100\n");
    notifier_.expect(needs);
    notifier_.reloaded();
    notifier_.tell({{notice(Event::master)}});
    wait_for("begin\nINSTANCE \"V 1\" BACKUP 100\nend\nbegin\nINSTANCE \"V 1\" MASTER 100\n");
    wait_for("second\nsecond\n", "seconds");
    EXPECT_EQ(log_.text, "");
    notifier_.stop(1s, 1s);
}

TEST_F(NotifierTest, a_reader_that_does_not_end_is_killed) {
    auto needs = with_pipe();
    needs.pipes[0].reader = script("trap '' TERM; echo begin >> told; while :; do sleep 0.1; done");
    const auto wait_for = [&](const std::string& text, Duration later) {
        for (int i = 0; i < 5000 && get("told") != text; ++i) {
            notifier_.child_ended();
            notifier_.step(boot_now() + later);
            usleep(2000);
        }
        EXPECT_EQ(get("told"), text) << log_.text;
    };
    notifier_.expect(needs);
    wait_for("begin\n", 0s);
    notifier_.expect(needs);
    notifier_.reloaded();
    EXPECT_NE(notifier_.next_deadline(), std::nullopt);
    wait_for("begin\nbegin\n", 2s);
}

TEST_F(NotifierTest, at_a_reload_readers_see_the_end_and_a_fifo_that_left_is_removed) {
    auto needs = with_pipe();
    needs.objects[{Object::instance, "GONE"}] = {};
    add(needs, Object::instance, "GONE", Call::any, R"([ "$3" = MASTER ] || echo "$3" > gone)");
    add(needs, Object::instance, "GONE", Call::fault, "echo never > fault");
    notifier_.expect(std::move(needs));
    const auto before = reader();
    notifier_.tell({{notice(Event::master), notice(Event::master, "GONE")}});
    auto next = with_pipe();
    next.states_on_reload = true;
    notifier_.expect(std::move(next));
    notifier_.tell({{notice(Event::fault, "GONE")}});
    EXPECT_THAT(read_all(before).value(), HasSubstr("INSTANCE \"GONE\" FAULT 100\n"));
    notifier_.reloaded();
    auto seen = read_all(before);
    for (int i = 0; i < 500 && seen; ++i) {  // a script that was just forked holds it, too, until it is executed
        usleep(2000);
        seen = read_all(before);
    }
    EXPECT_EQ(seen, std::nullopt);
    finish();
    EXPECT_EQ(get("gone"), "FAULT\n") << "as the configuration before has it";
    EXPECT_EQ(get("fault"), "") << "keepalived's way";
    wait_until_open();
    EXPECT_EQ(read_all(before), "INSTANCE \"V 1\" MASTER 100\n") << "repeated after the reload";
    notifier_.expect(with_pipe("another"));
    notifier_.reloaded();
    EXPECT_FALSE(std::filesystem::exists(path("fifo")));
    EXPECT_TRUE(std::filesystem::exists(path("another")));
}

// Which is woken when the FIFO is closed, and looks whether somebody has it open when it gets a processor.
TEST_F(NotifierTest, at_a_reload_a_reader_that_sleeps_sees_the_end) {
    notifier_.expect(with_pipe());
    const auto pid = fork();
    if (pid == 0) {
        alarm(10);
        close_range(3, ~0U, 0);  // not a writer itself
        const int from = open(path("fifo").c_str(), O_RDONLY);
        std::array<char, 100> part{};
        while (read(from, part.data(), part.size()) > 0) std::ofstream(path("reads"));
        _exit(0);
    }
    for (int i = 0; i < 5000 && !std::filesystem::exists(path("reads")); ++i) {
        if (i == 0) notifier_.tell({{notice(Event::backup)}});
        usleep(2000);
    }
    usleep(20'000);  // it sleeps again
    notifier_.expect(with_pipe());
    notifier_.reloaded();
    notifier_.tell({{notice(Event::master)}});
    wait_until_open();
    int status = -1;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(read_all(reader()), "INSTANCE \"V 1\" MASTER 100\n") << "for the next reader";
}

TEST_F(NotifierTest, a_fifo_that_was_there_stays_and_what_is_no_fifo_is_left_alone) {
    ASSERT_EQ(mkfifo(path("mine").c_str(), 0600), 0);
    std::ofstream(path("file")) << "precious";
    {
        Notifier other(log_);
        auto needs = with_pipe("mine");
        needs.pipes.push_back({{path("file"), {geteuid(), getegid(), {}}}, std::nullopt});
        other.expect(std::move(needs));
        other.tell({{notice(Event::master)}});
    }
    EXPECT_TRUE(std::filesystem::exists(path("mine")));
    EXPECT_EQ(get("file"), "precious");
    EXPECT_THAT(log_.text, HasSubstr("file is not written to: it is there and no FIFO: remove it"));
}

TEST_F(NotifierTest, the_reader_of_a_fifo_gets_its_path_and_is_ended) {
    auto needs = with_pipe();
    needs.pipes[0].reader =
        script(R"(echo "$1" > where; echo $$ > pid.new; mv pid.new pid; head -n 1 "$1" > line; exec sleep 100)");
    notifier_.expect(std::move(needs));
    notifier_.tell({{notice(Event::master)}});
    for (int i = 0; i < 5000 && (get("line").empty() || get("pid").empty()); ++i) usleep(2000);
    EXPECT_EQ(get("where"), path("fifo") + "\n");
    EXPECT_EQ(get("line"), "INSTANCE \"V 1\" MASTER 100\n");
    notifier_.stop(std::chrono::milliseconds(100), std::chrono::seconds(5));
    const pid_t pid = std::stoi(get("pid"));
    for (int i = 0; i < 5000 && kill(pid, 0) == 0; ++i) {
        notifier_.step(boot_now());
        notifier_.child_ended();
        usleep(2000);
    }
    EXPECT_NE(kill(pid, 0), 0);
}

TEST_F(NotifierTest, the_reader_of_a_fifo_hears_the_last_state_before_it_ends) {
    auto needs = with_pipe();
    needs.pipes[0].reader =
        script(R"(exec < "$1"; : > open; while read -r line; do echo "$line" >> heard; done; echo end >> heard)");
    notifier_.expect(std::move(needs));
    for (int i = 0; i < 5000 && !std::filesystem::exists(path("open")); ++i) usleep(2000);
    notifier_.tell({{notice(Event::master), notice(Event::stop)}});
    notifier_.stop(std::chrono::seconds(5), std::chrono::seconds(5));
    finish();
    EXPECT_EQ(get("heard"), "INSTANCE \"V 1\" MASTER 100\nINSTANCE \"V 1\" STOP 100\nend\n");
    EXPECT_FALSE(std::filesystem::exists(path("fifo")));
}

TEST_F(NotifierTest, without_engine_everything_has_one_state_and_what_had_stopped_before_is_not_told_again) {
    auto needs = with_pipe();
    for (const auto* const name : {"W", "X"}) needs.objects[{Object::instance, name}] = {};
    notifier_.expect(std::move(needs));
    notifier_.tell({{notice(Event::master), notice(Event::backup, "W", 90), notice(Event::stop, "X")}});
    const auto from = reader();
    (void)read_all(from);
    notifier_.tell_all(Event::fault);
    EXPECT_EQ(read_all(from), "INSTANCE \"V 1\" FAULT 100\nINSTANCE \"W\" FAULT 90\n");
    notifier_.tell({{notice(Event::backup)}});
    notifier_.tell_all(Event::stop);
    EXPECT_EQ(read_all(from), "INSTANCE \"V 1\" BACKUP 100\nINSTANCE \"V 1\" STOP 100\nINSTANCE \"W\" STOP 90\n");
    notifier_.tell_all(Event::stop);
    EXPECT_EQ(read_all(from), "");
}

}  // namespace
}  // namespace vrrpd::supervisor::notifier_test
