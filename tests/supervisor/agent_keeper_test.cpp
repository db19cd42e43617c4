// The agent's keeper, with agents that are plain children of the test.
#include "vrrpd/supervisor/agent_keeper.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <vector>

namespace vrrpd::supervisor::agent_keeper_test {
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

void say(ipc::Channel& channel, std::string_view line) {
    channel.send(ipc::Kind::log, line, static_cast<std::uint8_t>(LogLevel::info));
}

// Says all that it is told.
void echo(ipc::Channel& channel) {
    for (;;) {
        ipc::Message message;
        const auto got = channel.receive(message);
        if (got == ipc::Channel::State::closed) return;
        if (got == ipc::Channel::State::empty) usleep(1000);
        if (got != ipc::Channel::State::message) continue;
        const auto content = message.memfd ? ipc::unseal(message.memfd.get()) : Result<std::string>("");
        say(channel, fmt::format("told {} [{}] {}", static_cast<int>(message.kind), message.text,
                                 content.value_or("another descriptor")));
    }
}

std::string told(ipc::Kind kind, const std::string& text, const std::string& content = {}) {
    return fmt::format("told {} [{}] {}\n", static_cast<int>(kind), text, content);
}

class Keeper : public testing::Test {
protected:
    Keeper()
        : keeper_(loop_, log_,
                  {[this] { return fork_agent(); },
                   [](ipc::Channel& channel) { channel.send(ipc::Kind::control_socket, "socket"); },
                   [](ipc::Channel& channel, const AgentNeeds& needs) {
                       channel.send(ipc::Kind::peer_key, needs.key_file);
                   },
                   [this](ipc::Kind kind, const std::string& text) { told_.emplace_back(kind, text); },
                   [this](ipc::Message& message) {
                       told_.emplace_back(message.kind, message.text);
                       keeper_.leases_written("the answer");
                   },
                   callers_[0].get()}) {
        keeper_.expect({{"HOME", "GUESTS"}, "the.key", {{"HOME", "dns"}, {"HOME", "dhcp"}}});
    }

    static std::array<Fd, 2> pipe_ends() {
        std::array<int, 2> ends{-1, -1};
        EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
        return {Fd(ends[0]), Fd(ends[1])};
    }
    void somebody_calls() const { EXPECT_EQ(write(callers_[1].get(), "?", 1), 1); }

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

    void configure() { keeper_.configure(configuration_.get()); }
    void from_engine(ipc::Kind kind, const std::string& text, Fd memfd = {}) {
        ipc::Message message;
        message.kind = kind;
        message.text = text;
        message.memfd = std::move(memfd);
        keeper_.pass_on(message);
    }
    bool logged(const std::string& text) const { return log_.text.find(text) != std::string::npos; }

    Loop loop_;
    Lines log_;
    std::vector<std::pair<ipc::Kind, std::string>> told_;
    Behaviour behaviour_ = wait_for_the_end;
    int started_ = 0;
    pid_t pid_ = -1;
    Fd configuration_ = *ipc::seal("lines", "test");
    std::array<Fd, 2> callers_ = pipe_ends();
    AgentKeeper keeper_;
};

TEST_F(Keeper, without_work_an_agent_is_started_by_the_first_who_calls) {
    keeper_.expect({});
    configure();
    run(milliseconds(20));
    EXPECT_EQ(started_, 0);
    somebody_calls();
    run(milliseconds(20));
    EXPECT_EQ(started_, 1);  // who still waits to be answered is the agent's
    configure();
    run(milliseconds(20));
    EXPECT_EQ(started_, 1);
}

TEST_F(Keeper, without_work_an_agent_that_ends_is_not_started_before_its_pause_is_over_and_somebody_calls) {
    behaviour_ = [](ipc::Channel&) {};
    keeper_.expect({});
    configure();
    somebody_calls();
    run(milliseconds(50));
    EXPECT_EQ(started_, 1);
    EXPECT_TRUE(logged("it is started again in 1 s, or later, when vrrpctl asks")) << log_.text;
    ASSERT_TRUE(keeper_.next_deadline());
    keeper_.step(*keeper_.next_deadline());
    EXPECT_EQ(started_, 1);
    run(milliseconds(20));  // nobody has answered yet
    EXPECT_EQ(started_, 2);
}

TEST_F(Keeper, a_reload_that_brings_work_starts_the_agent) {
    keeper_.expect({});
    configure();
    keeper_.expect({{}, "the.key", {}});
    configure();
    EXPECT_EQ(started_, 1);
    somebody_calls();
    run(milliseconds(20));
    EXPECT_EQ(started_, 1);
}

TEST_F(Keeper, a_new_agent_is_equipped_then_configured_then_told_what_is_known) {
    behaviour_ = echo;
    from_engine(ipc::Kind::wan_state, "HOME\ndown");
    configure();
    run(milliseconds(100));
    const auto all = told(ipc::Kind::control_socket, "socket") + told(ipc::Kind::peer_key, "the.key") +
                     told(ipc::Kind::reload, "", "lines") + told(ipc::Kind::wan_state, "HOME\ndown");
    EXPECT_TRUE(logged(all)) << log_.text;
}

TEST_F(Keeper, a_reload_starts_nothing_and_tells_the_key_and_what_is_known_again) {
    behaviour_ = echo;
    configure();
    run(milliseconds(50));
    from_engine(ipc::Kind::readiness, "HOME\nno next hop");
    run(milliseconds(50));
    log_.text.clear();
    keeper_.expect({{"HOME"}, "new.key", {}});
    configure();
    run(milliseconds(100));
    EXPECT_EQ(started_, 1);
    EXPECT_EQ(log_.text, told(ipc::Kind::peer_key, "new.key") + told(ipc::Kind::reload, "", "lines") +
                             told(ipc::Kind::readiness, "HOME\nno next hop"));
}

TEST_F(Keeper, does_not_outlive_its_keeper) {
    {
        AgentKeeper keeper(loop_, log_,
                           {[this] { return fork_agent(); }, [](auto&) {}, [](auto&, const auto&) {}, {}, {}});
        keeper.expect({{"HOME"}, {}, {}});
        keeper.configure(configuration_.get());
        EXPECT_EQ(started_, 1);
    }
    EXPECT_EQ(kill(pid_, 0), -1) << "it is gone, and reaped";
}

TEST_F(Keeper, one_whose_loop_stands_still_is_killed_and_started_again) {
    configure();
    const auto check = keeper_.next_deadline();
    ASSERT_TRUE(check);
    EXPECT_GE(*check - boot_now(), 2 * ipc::beat_interval);
    keeper_.step(*check - milliseconds(1));
    EXPECT_FALSE(logged("hangs"));
    keeper_.step(*check);
    EXPECT_TRUE(logged("the agent hangs (not heard for 30 s): killed")) << log_.text;
    run(milliseconds(50));
    EXPECT_TRUE(logged("the agent was killed by signal 9")) << log_.text;
    keeper_.step(*keeper_.next_deadline());
    EXPECT_EQ(started_, 2);
}

TEST_F(Keeper, one_that_says_that_it_is_alive_lives_on) {
    behaviour_ = [](ipc::Channel& channel) {
        usleep(20'000);
        channel.send(ipc::Kind::alive);
        wait_for_the_end(channel);
    };
    configure();
    const auto check = *keeper_.next_deadline();
    run(milliseconds(60));
    keeper_.step(check);
    EXPECT_FALSE(logged("hangs")) << log_.text;
    EXPECT_GT(*keeper_.next_deadline(), check);
}

TEST_F(Keeper, passes_decisions_on_and_tells_another_engine_the_last_of_each) {
    behaviour_ = [](ipc::Channel& channel) {
        channel.send(ipc::Kind::dns_choice, "HOME\n10.0.0.1\n53");
        channel.send(ipc::Kind::dns_choice, "GUESTS\n10.0.1.1\n53");
        channel.send(ipc::Kind::dns_choice, "HOME\nfd00::1\n53");
        channel.send(ipc::Kind::dns_choice, "HOME\n10.0.0.2\n53");
        channel.send(ipc::Kind::log, "DNS forwarder A: DEAD", static_cast<std::uint8_t>(LogLevel::warning));
        wait_for_the_end(channel);
    };
    configure();
    run(milliseconds(100));
    ASSERT_EQ(told_.size(), 4U);
    EXPECT_NE(log_.text.find("DNS forwarder A: DEAD"), std::string::npos);
    told_.clear();
    keeper_.tell_engine_again();
    const std::vector<std::pair<ipc::Kind, std::string>> last{{ipc::Kind::dns_choice, "GUESTS\n10.0.1.1\n53"},
                                                              {ipc::Kind::dns_choice, "HOME\n10.0.0.2\n53"},
                                                              {ipc::Kind::dns_choice, "HOME\nfd00::1\n53"}};
    EXPECT_EQ(told_, last);
}

TEST_F(Keeper, one_that_ends_is_started_again_after_a_growing_pause) {
    behaviour_ = [](ipc::Channel&) {};
    configure();
    run(milliseconds(50));
    EXPECT_NE(log_.text.find("the agent ended with code 0; it is started again in 1 s"), std::string::npos)
        << log_.text;
    ASSERT_TRUE(keeper_.next_deadline());
    keeper_.step(*keeper_.next_deadline());
    EXPECT_EQ(started_, 2);
    run(milliseconds(50));
    EXPECT_NE(log_.text.find("it is started again in 2 s"), std::string::npos) << log_.text;
}

TEST_F(Keeper, tells_a_new_agent_the_last_the_engine_said_and_no_events) {
    behaviour_ = echo;
    from_engine(ipc::Kind::wan_state, "HOME\nup");
    from_engine(ipc::Kind::wan_state, "HOME\ndown");
    from_engine(ipc::Kind::role_change, "HOME\nactive\nnew");
    from_engine(ipc::Kind::role_change, "GUESTS\nbackup\nresumed");
    from_engine(ipc::Kind::readiness, "HOME");
    from_engine(ipc::Kind::standing, "HOME\n200\n5");
    for (const auto& [kind, text] : {std::pair(ipc::Kind::host_silent, "10.0.0.1"),
                                     std::pair(ipc::Kind::host_alive, "HOME\n10.0.0.9\n02:00:00:00:00:01"),
                                     std::pair(ipc::Kind::dhcp_offer, "HOME\n10.0.0.1")})
        from_engine(kind, text);
    configure();
    run(milliseconds(100));
    EXPECT_TRUE(logged(told(ipc::Kind::reload, "", "lines") + told(ipc::Kind::wan_state, "HOME\ndown") +
                       told(ipc::Kind::role_change, "GUESTS\nbackup\nresumed") +
                       told(ipc::Kind::role_change, "HOME\nactive\nresumed") + told(ipc::Kind::readiness, "HOME") +
                       told(ipc::Kind::standing, "HOME\n200\n5")))
        << log_.text;
    EXPECT_FALSE(logged("10.0.0")) << "events, and over";
    EXPECT_FALSE(logged("HOME\nup")) << "that was before";
}

TEST_F(Keeper, passes_on_what_the_engine_says_at_once_with_its_memfd) {
    behaviour_ = echo;
    configure();
    run(milliseconds(50));
    log_.text.clear();
    from_engine(ipc::Kind::role_change, "HOME\nactive\nnew");
    from_engine(ipc::Kind::host_alive, "HOME\n10.0.0.9\n02:00:00:00:00:01");
    from_engine(ipc::Kind::dhcp_offer, "HOME\n10.0.0.1");
    from_engine(ipc::Kind::status, "", *ipc::seal("{}", "test"));
    run(milliseconds(100));
    EXPECT_EQ(log_.text, told(ipc::Kind::role_change, "HOME\nactive\nnew") +
                             told(ipc::Kind::host_alive, "HOME\n10.0.0.9\n02:00:00:00:00:01") +
                             told(ipc::Kind::dhcp_offer, "HOME\n10.0.0.1") + told(ipc::Kind::status, "", "{}"));
}

TEST_F(Keeper, an_engine_whose_work_is_swept_has_no_role_any_more) {
    behaviour_ = echo;
    from_engine(ipc::Kind::role_change, "HOME\nactive\nnew");
    configure();
    run(milliseconds(50));
    log_.text.clear();
    keeper_.engine_is_gone();
    keeper_.engine_is_gone();
    run(milliseconds(50));
    EXPECT_EQ(log_.text, told(ipc::Kind::role_change, "HOME\ninitialize\nnew")) << "said once";
    kill(pid_, SIGKILL);
    run(milliseconds(50));
    keeper_.step(*keeper_.next_deadline());
    run(milliseconds(100));
    EXPECT_TRUE(logged(told(ipc::Kind::role_change, "HOME\ninitialize\nresumed"))) << log_.text;
}

TEST_F(Keeper, gateways_that_a_reload_removed_are_forgotten_and_strangers_are_not_passed_on) {
    behaviour_ = [](ipc::Channel& channel) {
        channel.send(ipc::Kind::dns_choice, "GUESTS\n10.0.1.1\n53");
        channel.send(ipc::Kind::dns_health, "HOME\nup");
        channel.send(ipc::Kind::dns_health, "NOBODY\nup");
        echo(channel);
    };
    from_engine(ipc::Kind::wan_state, "GUESTS\ndown");
    configure();
    run(milliseconds(100));
    EXPECT_EQ(told_.size(), 2U);
    keeper_.expect({{"HOME"}, "", {}});
    log_.text.clear();
    told_.clear();
    configure();
    keeper_.tell_engine_again();
    from_engine(ipc::Kind::role_change, "GUESTS\nactive\nnew");
    run(milliseconds(100));
    EXPECT_FALSE(logged("GUESTS")) << log_.text;
    ASSERT_EQ(told_.size(), 1U);
    EXPECT_EQ(told_.front(), std::pair(ipc::Kind::dns_health, std::string("HOME\nup")));
}

TEST_F(Keeper, the_weights_of_two_services_do_not_replace_each_other) {
    behaviour_ = [](ipc::Channel& channel) {
        channel.send(ipc::Kind::service_weight, "HOME\ndns\n-60");
        channel.send(ipc::Kind::service_weight, "HOME\ndhcp\n-60");
        channel.send(ipc::Kind::service_weight, "HOME\ndns\n0");
        wait_for_the_end(channel);
    };
    configure();
    run(milliseconds(100));
    told_.clear();
    keeper_.tell_engine_again();
    const std::vector<std::pair<ipc::Kind, std::string>> last{{ipc::Kind::service_weight, "HOME\ndhcp\n-60"},
                                                              {ipc::Kind::service_weight, "HOME\ndns\n0"}};
    EXPECT_EQ(told_, last);
}

TEST_F(Keeper, requests_reach_the_engine_and_another_engine_does_not_hear_them_again) {
    behaviour_ = [](ipc::Channel& channel) {
        channel.send(ipc::Kind::scan, "HOME\n10.0.0.1\n10.0.0.9\n4");
        channel.send(ipc::Kind::dhcp_probe, "HOME");
        channel.send(ipc::Kind::announce_again, "HOME");
        channel.send(ipc::Kind::dhcp_silence, encode(ipc::DhcpSilence{"HOME", true}));
        channel.send(ipc::Kind::status_wanted);
        wait_for_the_end(channel);
    };
    configure();
    run(milliseconds(100));
    EXPECT_EQ(told_.size(), 5U) << log_.text;
    told_.clear();
    keeper_.tell_engine_again();
    EXPECT_TRUE(told_.empty());
}

TEST_F(Keeper, a_silence_ends_with_the_agent_that_wanted_it) {
    behaviour_ = [](ipc::Channel& channel) {
        for (const auto* gateway : {"HOME", "GUESTS"})
            channel.send(ipc::Kind::dhcp_silence, encode(ipc::DhcpSilence{gateway, true}));
        channel.send(ipc::Kind::dhcp_silence, encode(ipc::DhcpSilence{"GUESTS", false}));
    };
    configure();
    run(milliseconds(100));
    ASSERT_FALSE(told_.empty());
    const std::pair lifted{ipc::Kind::dhcp_silence, encode(ipc::DhcpSilence{"HOME", false})};
    EXPECT_EQ(told_.back(), lifted) << log_.text;
    EXPECT_EQ(told_.size(), 4U);
}

TEST_F(Keeper, errands_go_to_the_supervisor_and_the_answer_comes_back) {
    behaviour_ = [](ipc::Channel& channel) {
        channel.send(ipc::Kind::alert, "HOME\n{}");
        channel.send(ipc::Kind::write_leases, "/leases");
        echo(channel);
    };
    configure();
    run(milliseconds(100));
    const std::vector<std::pair<ipc::Kind, std::string>> errands{{ipc::Kind::alert, "HOME\n{}"},
                                                                 {ipc::Kind::write_leases, "/leases"}};
    EXPECT_EQ(told_, errands);
    EXPECT_TRUE(logged(told(ipc::Kind::leases_written, "the answer"))) << log_.text;
}

TEST_F(Keeper, spoilt_text_is_said_and_goes_no_further) {
    behaviour_ = [](ipc::Channel& channel) {
        channel.send(ipc::Kind::dns_choice, "HOME\nthere\n53");
        channel.send(ipc::Kind::scan, "HOME");
        channel.send(ipc::Kind::dhcp_probe, "");
        echo(channel);
    };
    configure();
    from_engine(ipc::Kind::role_change, "HOME\nmaster\nnew");
    run(milliseconds(100));
    EXPECT_TRUE(told_.empty());
    EXPECT_FALSE(logged("master")) << log_.text;
    EXPECT_TRUE(logged("what the engine sent of kind " + std::to_string(static_cast<unsigned>(ipc::Kind::role_change)) +
                       " is spoilt"))
        << log_.text;
    EXPECT_TRUE(logged("what the agent sent of kind")) << log_.text;
}

TEST_F(Keeper, what_no_block_weighs_is_not_passed_on) {
    behaviour_ = [](ipc::Channel& channel) {
        channel.send(ipc::Kind::service_weight, "HOME\nntp\n-253");
        channel.send(ipc::Kind::service_weight, "GUESTS\ndns\n-253");
        wait_for_the_end(channel);
    };
    configure();
    run(milliseconds(100));
    EXPECT_TRUE(told_.empty());
}

TEST_F(Keeper, the_weight_of_a_block_that_a_reload_removed_is_taken_back) {
    behaviour_ = [](ipc::Channel& channel) {
        channel.send(ipc::Kind::service_weight, "HOME\ndns\n-60");
        channel.send(ipc::Kind::service_weight, "HOME\ndhcp\n-60");
        wait_for_the_end(channel);
    };
    configure();
    run(milliseconds(100));
    told_.clear();
    keeper_.expect({{"HOME"}, "", {{"HOME", "dhcp"}}});
    const std::vector<std::pair<ipc::Kind, std::string>> taken_back{{ipc::Kind::service_weight, "HOME\ndns\n0"}};
    EXPECT_EQ(told_, taken_back);
    told_.clear();
    keeper_.tell_engine_again();
    const std::vector<std::pair<ipc::Kind, std::string>> stays{{ipc::Kind::service_weight, "HOME\ndhcp\n-60"}};
    EXPECT_EQ(told_, stays);
}

TEST_F(Keeper, a_successor_goes_on_from_what_is_remembered_and_skips_what_it_does_not_know) {
    const std::string choice = encode(ipc::DnsChoice{"HOME", *IpAddress::parse("10.12.14.4"), 53});
    const std::vector<std::string> memory{"agent",  "dns_choice",   "HOME", choice,
                                          "agent",  "another_kind", "HOME", "HOME",
                                          "engine", "dns_choice",   "HOME", choice,
                                          "agent",  "role",         "HOME", "HOME\nactive\nnew",
                                          "engine", "role",         "HOME", "HOME\nactive\nresumed",
                                          "agent",  "dns_choice",   "HOME", "spoilt"};
    keeper_.remember(memory);
    const std::vector<std::string> known{"agent",  "dns_choice", "HOME", choice,
                                         "engine", "role",       "HOME", "HOME\nactive\nresumed"};
    EXPECT_EQ(keeper_.memory(), known);
    keeper_.tell_engine_again();
    EXPECT_EQ(told_, (std::vector<std::pair<ipc::Kind, std::string>>{{ipc::Kind::dns_choice, choice}}));
}

TEST_F(Keeper, an_agent_that_does_not_listen_is_killed_when_it_would_miss_a_role) {
    behaviour_ = [](ipc::Channel&) { pause(); };
    configure();
    for (int i = 0; i < 100'000 && !logged("killed by signal 9"); ++i) {
        from_engine(ipc::Kind::role_change, i % 2 == 0 ? "HOME\nactive\nnew" : "HOME\nbackup\nnew");
        if (i % 1000 == 0) keeper_.child_ended();
    }
    EXPECT_TRUE(logged("killed by signal 9")) << log_.text;
}

class KeeperOfSpoilt : public Keeper, public testing::WithParamInterface<ipc::Kind> {};

ipc::Kind sent = ipc::Kind::stop;

TEST_P(KeeperOfSpoilt, one_that_sends_what_it_may_not_is_killed) {
    sent = GetParam();
    behaviour_ = [](ipc::Channel& channel) {
        channel.send(sent, "HOME\nactive\nnew");
        wait_for_the_end(channel);
    };
    configure();
    for (int i = 0; i < 50 && !logged("was killed by signal 9"); ++i) run(milliseconds(100));
    EXPECT_TRUE(logged("was killed by signal 9")) << log_.text;
    EXPECT_TRUE(told_.empty());
}

INSTANTIATE_TEST_SUITE_P(Kinds, KeeperOfSpoilt,
                         testing::Values(ipc::Kind::stop, ipc::Kind::ready, ipc::Kind::role_change, ipc::Kind::status,
                                         ipc::Kind::reload, ipc::Kind::peer_key, ipc::Kind::leases_written));

}  // namespace
}  // namespace vrrpd::supervisor::agent_keeper_test
