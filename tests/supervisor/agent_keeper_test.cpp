// The agent's keeper, with agents that are plain children of the test.
#include "vrrpd/supervisor/agent_keeper.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <vector>

namespace vrrpd::supervisor {
namespace {

using std::chrono::milliseconds;

struct Lines final : Log {
    void write(LogLevel, std::string_view line) override { text += std::string(line) + '\n'; }
    std::string text;
};

// What an agent of the test does with its end of the channel; it ends when that returns.
using Behaviour = void (*)(ipc::Channel&);

void wait_for_the_end(ipc::Channel& channel) {
    ipc::Message message;
    while (channel.receive(message) != ipc::Channel::State::closed) usleep(1000);
}

class Keeper : public testing::Test {
protected:
    Keeper()
        : keeper_(
              loop_, log_, [this](int) { return fork_agent(); },
              [this](ipc::Kind kind, const std::string& text) { told_.emplace_back(kind, text); }) {}

    Result<AgentProcess> fork_agent() {
        auto ends = ipc::Channel::pair();
        if (!ends) return tl::unexpected(ends.error());
        ++started_;
        const pid_t pid = fork();
        if (pid == 0) {
            ends->first = ipc::Channel(Fd());
            behaviour_(ends->second);
            _exit(0);
        }
        pid_ = pid;
        return AgentProcess{pid, std::move(ends->first)};
    }
    // Turns of the loop for so long; ended children are noticed as by SIGCHLD.
    void run(milliseconds time) {
        const auto end = boot_now() + time;
        loop_.on_deadline([this, end] {
            keeper_.child_ended();
            if (boot_now() >= end) return loop_.stop();
            loop_.set_deadline(boot_now() + milliseconds(2));
        });
        loop_.set_deadline(boot_now());
        loop_.run();
    }

    Loop loop_;
    Lines log_;
    std::vector<std::pair<ipc::Kind, std::string>> told_;
    Behaviour behaviour_ = wait_for_the_end;
    int started_ = 0;
    pid_t pid_ = -1;
    AgentKeeper keeper_;
};

TEST_F(Keeper, starts_an_agent_only_where_one_is_wanted) {
    keeper_.configure(false, -1);
    EXPECT_EQ(started_, 0);
    keeper_.configure(true, -1);
    EXPECT_EQ(started_, 1);
    keeper_.configure(true, -1);
    EXPECT_EQ(started_, 1) << "a reload is told, and starts nothing";
    const auto pid = pid_;
    keeper_.configure(false, -1);
    EXPECT_EQ(kill(pid, 0), -1) << "it is gone, and reaped";
}

TEST_F(Keeper, passes_decisions_on_and_tells_another_engine_the_last_of_each) {
    behaviour_ = [](ipc::Channel& channel) {
        channel.send(ipc::Kind::dns_choice, "HOME\n10.0.0.1\n53");
        channel.send(ipc::Kind::dns_choice, "GUESTS\n10.0.1.1\n53");
        channel.send(ipc::Kind::dns_choice, "HOME\n10.0.0.2\n53");
        channel.send(ipc::Kind::log, "DNS forwarder A: DEAD", static_cast<std::uint8_t>(LogLevel::warning));
        wait_for_the_end(channel);
    };
    keeper_.configure(true, -1);
    run(milliseconds(100));
    ASSERT_EQ(told_.size(), 3U);
    EXPECT_NE(log_.text.find("DNS forwarder A: DEAD"), std::string::npos);
    told_.clear();
    keeper_.tell_engine_again();
    const std::vector<std::pair<ipc::Kind, std::string>> last{{ipc::Kind::dns_choice, "GUESTS\n10.0.1.1\n53"},
                                                              {ipc::Kind::dns_choice, "HOME\n10.0.0.2\n53"}};
    EXPECT_EQ(told_, last);
}

TEST_F(Keeper, one_that_ends_is_started_again_after_a_growing_pause) {
    behaviour_ = [](ipc::Channel&) {};
    keeper_.configure(true, -1);
    run(milliseconds(50));
    EXPECT_NE(log_.text.find("the agent ended with code 0; it is started again in 1 s"), std::string::npos)
        << log_.text;
    ASSERT_TRUE(keeper_.next_deadline());
    keeper_.step(*keeper_.next_deadline());
    EXPECT_EQ(started_, 2);
    run(milliseconds(50));
    EXPECT_NE(log_.text.find("it is started again in 2 s"), std::string::npos) << log_.text;
}

TEST_F(Keeper, tells_a_new_agent_what_the_engine_said_of_the_wan) {
    behaviour_ = [](ipc::Channel& channel) {
        ipc::Message message;
        for (;;) {
            const auto got = channel.receive(message);
            if (got == ipc::Channel::State::closed) return;
            if (got == ipc::Channel::State::message)
                channel.send(ipc::Kind::log, message.text, static_cast<std::uint8_t>(LogLevel::info));
            usleep(1000);
        }
    };
    const auto said = [this](ipc::Kind kind, const std::string& text) {
        ipc::Message message;
        message.kind = kind;
        message.text = text;
        keeper_.pass_on(message);
    };
    said(ipc::Kind::wan_state, "HOME\nup");
    said(ipc::Kind::wan_state, "HOME\ndown");
    said(ipc::Kind::host_silent, "10.0.0.1");
    keeper_.configure(true, -1);
    run(milliseconds(100));
    EXPECT_NE(log_.text.find("HOME\ndown"), std::string::npos) << log_.text;
    EXPECT_EQ(log_.text.find("HOME\nup"), std::string::npos) << "that was before";
    EXPECT_EQ(log_.text.find("10.0.0.1"), std::string::npos) << "an event, and over";
}

TEST_F(Keeper, one_that_sends_what_it_may_not_is_killed) {
    behaviour_ = [](ipc::Channel& channel) {
        channel.send(ipc::Kind::stop);
        wait_for_the_end(channel);
    };
    keeper_.configure(true, -1);
    run(milliseconds(100));
    EXPECT_NE(log_.text.find("was killed by signal 9"), std::string::npos) << log_.text;
    EXPECT_TRUE(told_.empty());
}

}  // namespace
}  // namespace vrrpd::supervisor
