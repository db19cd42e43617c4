// A handoff's messages, what a successor gets, and the desk's way through it with successors that do what they should
// not. Whole handoffs: netns-tests/handoff_test.cpp.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "tests/base/scratch.hpp"
#include "vrrpd/ipc/shared_state.hpp"
#include "vrrpd/supervisor/handoff/handoff_desk.hpp"
#include "vrrpd/supervisor/handoff/inheritance.hpp"

namespace vrrpd::supervisor::handoff_test {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST(HandoffWire, many_strings_are_one_and_back) {
    const std::vector<std::string> parts{"", "a", std::string("b\0c\n", 4), "3:x"};
    EXPECT_EQ(unpack(pack(parts)), parts);
    EXPECT_EQ(unpack(""), std::vector<std::string>{});
    for (const char* const spoilt : {"3:ab", ":", "x", "1", "-1:a", "99999999999999999999:a"})
        EXPECT_FALSE(unpack(spoilt)) << spoilt;
}

TEST(HandoffWire, descriptors_come_by_name) {
    auto ends = HandoffSocket::pair();
    ASSERT_TRUE(ends);
    const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(ends->first.send("state", "text\nof lines", {{"a", null.get()}, {"none", -1}, {"b", STDERR_FILENO}}));
    HandoffMessage message;
    ASSERT_EQ(ends->second.receive(message), HandoffSocket::State::message);
    EXPECT_EQ(message.word, "state");
    EXPECT_EQ(message.text, "text\nof lines");
    EXPECT_EQ(message.descriptors.size(), 2U);
    EXPECT_TRUE(message.descriptors["a"]);
    EXPECT_TRUE(message.descriptors["b"]);
    EXPECT_EQ(ends->second.receive(message), HandoffSocket::State::empty);
}

TEST(HandoffWire, what_makes_no_sense_closes_it) {
    for (const std::string bytes :
         {"", "hello", "vrrpd-handoff 2\nhello\n\n", "vrrpd-handoff 1\nhello", "vrrpd-handoff 1\nhello\na b\n"}) {
        auto ends = HandoffSocket::pair();
        ASSERT_TRUE(ends);
        ASSERT_GE(write(ends->first.fd(), bytes.data(), bytes.size()), 0);
        if (bytes.empty()) ends->first = HandoffSocket();
        HandoffMessage message;
        EXPECT_EQ(ends->second.receive(message), HandoffSocket::State::closed) << bytes;
    }
}

TEST(Inheritance, memory_comes_back_as_it_was) {
    Memory memory;
    memory.trackers.push_back(
        {ipc::TrackerState::Kind::script, "chk", ipc::TrackerState::Health::down, 0, "failed (exited with status 1)"});
    memory.told.push_back({ipc::Notice::Object::instance, ipc::Notice::Event::master, 200, "LAN"});
    memory.agent = {"agent", "1", "HOME", "text"};
    memory.fifos = {"/run/fifo"};
    memory.units = {{"a.service", true}, {"b.timer", false}};
    const auto back = decode_memory(encode(memory));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->trackers, memory.trackers);
    EXPECT_EQ(back->told, memory.told);
    EXPECT_EQ(back->agent, memory.agent);
    EXPECT_EQ(back->fifos, memory.fifos);
    EXPECT_EQ(back->units, memory.units);
    EXPECT_FALSE(decode_memory(encode(memory) + "x"));
    EXPECT_FALSE(decode_memory("0:"));
}

class Lines final : public Log {
public:
    void write(LogLevel, std::string_view line) override { all.emplace_back(line); }
    std::vector<std::string> all;
};

// The desk with an owner that notes what it is asked, and a program of the shell's for a successor.
class HandoffAsked : public testing::Test {
protected:
    explicit HandoffAsked(Deadline waits_until = {}) {
        auto listener = listen_for_handoffs(path());
        EXPECT_TRUE(listener);
        desk_.emplace(loop_, log_, std::move(*listener),
                      HandoffDesk::Services{[this] { return obstacle_; }, [] { return HandoffSocket::Descriptors{}; },
                                            [this](bool keep) { done_.emplace_back(keep ? "leave" : "hand over"); },
                                            [this] { done_.emplace_back("failed"); },
                                            [this](pid_t) { done_.emplace_back("done"); }, true, waits_until,
                                            [this] { done_.emplace_back("unwanted"); }});
        loop_.on_deadline([this] {
            desk_->step(loop_.now());
            loop_.stop();
        });
    }
    HandoffAsked(const HandoffAsked&) = delete;
    HandoffAsked& operator=(const HandoffAsked&) = delete;

    [[nodiscard]] std::string path() const { return directory_ + "/handoff"; }
    // Turns the loop for so long.
    void run(Duration time) {
        loop_.refresh();
        loop_.set_deadline(boot_now() + time);
        loop_.run();
    }
    HandoffSocket ask(const std::string& executable, const std::vector<std::string>& words) {
        auto socket = connect_for_handoff(path());
        EXPECT_TRUE(socket);
        run(std::chrono::milliseconds(50));
        const Fd program(open(executable.c_str(), O_RDONLY | O_CLOEXEC)), here(open("/", O_PATH | O_CLOEXEC));
        socket->send("request", pack(words), {{"executable", program.get()}, {"directory", here.get()}});
        return std::move(*socket);
    }
    static std::string last_of(HandoffSocket& caller) {
        std::string last;
        while (auto answer = caller.wait_for(std::chrono::milliseconds(50))) last = answer->word + ": " + answer->text;
        return last;
    }

    const vrrpd::test::Scratch scratch_{"handoff"};
    const std::string& directory_ = scratch_.path();
    std::string obstacle_;
    Loop loop_;
    Lines log_;
    std::vector<std::string> done_;
    std::optional<HandoffDesk> desk_;
};

TEST_F(HandoffAsked, successor_that_ends_at_once_changes_nothing) {
    auto caller = ask("/bin/false", {"false"});
    run(std::chrono::milliseconds(400));
    EXPECT_THAT(last_of(caller), HasSubstr("refused: the successor ended"));
    EXPECT_THAT(log_.all, Contains(HasSubstr("this daemon goes on")));
    EXPECT_FALSE(desk_->under_way());
    EXPECT_EQ(done_, std::vector<std::string>{});
}

TEST_F(HandoffAsked, successor_that_talks_nonsense_is_ended) {
    auto caller = ask("/bin/sh", {"sh", "-c", "echo nonsense >&3; exec sleep 100"});
    run(std::chrono::milliseconds(400));
    EXPECT_THAT(last_of(caller), HasSubstr("refused"));
    EXPECT_EQ(done_, std::vector<std::string>{});
}

// Its first word is the layout that it can read.
TEST_F(HandoffAsked, successor_of_another_layout_gets_the_role_by_a_usual_hand_over) {
    auto caller = ask("/bin/sh", {"sh", "-c", "printf 'vrrpd-handoff 1\\nhello\\n\\n999' >&3; exec sleep 100"});
    run(std::chrono::milliseconds(400));
    EXPECT_TRUE(desk_->under_way());
    EXPECT_THAT(log_.all, Contains(HasSubstr("the role is handed over instead")));
    desk_->give_up("the test is over");
    EXPECT_EQ(done_, std::vector<std::string>{}) << "its engine had not opened anything";
}

TEST_F(HandoffAsked, second_one_is_refused_while_the_first_is_under_way) {
    auto first = ask("/bin/sh", {"sh", "-c", "exec sleep 100"});
    run(std::chrono::milliseconds(200));
    auto second = connect_for_handoff(path());
    ASSERT_TRUE(second);
    run(std::chrono::milliseconds(200));
    EXPECT_EQ(last_of(*second), "refused: another handoff is under way");
    EXPECT_TRUE(desk_->under_way());
    desk_->give_up("the test is over");
}

TEST_F(HandoffAsked, obstacle_of_the_owner_is_the_answer) {
    obstacle_ = "the running daemon is stopping";
    auto caller = connect_for_handoff(path());
    ASSERT_TRUE(caller);
    run(std::chrono::milliseconds(200));
    EXPECT_EQ(last_of(*caller), "refused: the running daemon is stopping");
}

TEST_F(HandoffAsked, request_that_is_none_is_given_up) {
    auto caller = connect_for_handoff(path());
    ASSERT_TRUE(caller);
    run(std::chrono::milliseconds(50));
    caller->send("request", "nonsense");
    run(std::chrono::milliseconds(200));
    EXPECT_THAT(last_of(*caller), HasSubstr("refused"));
    EXPECT_FALSE(desk_->under_way());
}

TEST_F(HandoffAsked, nobody_listens_where_no_daemon_runs) {
    EXPECT_FALSE(connect_for_handoff(directory_ + "/nothing"));
    desk_.reset();
    EXPECT_FALSE(connect_for_handoff(path())) << "the socket of a daemon that died";
}

TEST_F(HandoffAsked, one_that_does_not_wait_takes_in_nobody) {
    std::thread looks([this] { EXPECT_FALSE(connect_to_waiting(path())); });
    run(std::chrono::milliseconds(200));
    looks.join();
    EXPECT_FALSE(desk_->under_way());
    EXPECT_THAT(log_.all, testing::IsEmpty()) << "it was a question";
}

// Between the two halves of a restart.
class HandoffAside : public HandoffAsked {
protected:
    HandoffAside() : HandoffAsked(boot_now() + std::chrono::seconds(20)) {}

    // What the next start says, until it is told `last`; in a thread of its own, for it waits for the answers.
    static void expect_answers(HandoffSocket& daemon,
                               const std::vector<std::pair<std::string, std::string>>& dialogue) {
        for (const auto& [say, expected] : dialogue) {
            daemon.send(say, say == "hello" ? std::to_string(ipc::state_layout) : std::to_string(getpid()));
            const auto answer = daemon.wait_for(std::chrono::seconds(2));
            ASSERT_TRUE(answer) << say;
            EXPECT_EQ(answer->word, expected) << say;
        }
    }
};

TEST_F(HandoffAside, next_start_takes_over_on_the_channel_it_came_by) {
    std::thread next([this] {
        auto daemon = connect_to_waiting(path());
        ASSERT_TRUE(daemon);
        daemon->send("here");
        expect_answers(*daemon, {{"hello", "state"}, {"standing", "go"}, {"ready", "yours"}});
    });
    run(std::chrono::milliseconds(300));
    ASSERT_EQ(done_, std::vector<std::string>{"leave"});
    desk_->engine_left();
    run(std::chrono::milliseconds(300));
    next.join();
    EXPECT_EQ(done_, (std::vector<std::string>{"leave", "done"}));
    EXPECT_FALSE(desk_->next_deadline()) << "there is nothing to wait for any more";
}

// That one ends by itself, and its manager sees how; another may come until the time is over.
TEST_F(HandoffAside, next_start_that_fails_changes_nothing_and_one_that_stays_away_ends_it) {
    const auto until = desk_->next_deadline();
    ASSERT_TRUE(until);
    std::thread next([this] {
        auto daemon = connect_to_waiting(path());
        ASSERT_TRUE(daemon);
        daemon->send("here");
        daemon->send("nonsense");
        EXPECT_FALSE(daemon->wait_for(std::chrono::seconds(1))) << "nobody wants it";
    });
    run(std::chrono::milliseconds(300));
    next.join();
    EXPECT_THAT(log_.all, Contains(HasSubstr("this daemon goes on")));
    EXPECT_EQ(desk_->next_deadline(), until);
    EXPECT_EQ(done_, std::vector<std::string>{});
    desk_->step(*until);
    EXPECT_EQ(done_, std::vector<std::string>{"unwanted"});
    EXPECT_FALSE(desk_->next_deadline());
}

TEST_F(HandoffAside, obstacle_is_waited_for) {
    obstacle_ = "a reload is under way";
    std::thread next([this] { EXPECT_TRUE(connect_to_waiting(path())); });
    run(std::chrono::milliseconds(200));
    obstacle_.clear();
    run(std::chrono::milliseconds(200));
    next.join();
}

TEST_F(HandoffAside, no_other_handoff_is_begun) {
    auto caller = ask("/bin/false", {"false"});
    run(std::chrono::milliseconds(200));
    EXPECT_THAT(last_of(caller), HasSubstr("refused: the service is being restarted"));
}

}  // namespace
}  // namespace vrrpd::supervisor::handoff_test
