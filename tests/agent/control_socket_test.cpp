// The control socket and its clients, on a real Unix socket.
#include "vrrpd/agent/control_socket.hpp"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

namespace vrrpd::agent::control_socket_test {
namespace {

using namespace std::chrono_literals;

struct SilentLog : Log {
    void write(LogLevel, std::string_view) override {}
};

// In the abstract namespace: nothing is left behind.
sockaddr_un address() {
    sockaddr_un result{};
    result.sun_family = AF_UNIX;
    const auto name = "vrrpd-control-test-" + std::to_string(getpid());
    std::memcpy(result.sun_path + 1, name.data(), name.size());
    return result;
}

class ControlSocketTest : public testing::Test {
protected:
    ControlSocketTest() {
        Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        const auto where = address();
        EXPECT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
        EXPECT_EQ(listen(listener.get(), 32), 0);
        control_.emplace(loop_, log_, std::move(listener),
                         [this](ControlSocket::Client client, const std::string& what) {
                             asked_.push_back(what);
                             if (answers_at_once_) control_->answer(client, answer_);
                             waiting_.push_back(client);
                         });
        loop_.before_wait([this] { loop_.set_deadline(earlier(boot_now() + 2ms, control_->next_deadline())); });
    }

    [[nodiscard]] Fd connect() const {
        Fd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto where = address();
        EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
        EXPECT_EQ(fcntl(client.get(), F_SETFL, O_NONBLOCK), 0);
        return client;
    }
    [[nodiscard]] Fd ask(std::string_view line) const {
        auto client = connect();
        EXPECT_EQ(send(client.get(), line.data(), line.size(), MSG_NOSIGNAL), std::ssize(line));
        return client;
    }
    [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit = 5s) {
        const auto end = boot_now() + limit;
        loop_.on_deadline([&] {
            control_->time_reached();
            if (done() || boot_now() >= end) loop_.stop();
        });
        loop_.run();
        return done();
    }
    // All until the end; nullopt: it does not come.
    [[nodiscard]] std::optional<std::string> read_all(const Fd& client, Duration limit = 5s) {
        std::string text;
        const bool ended = run_until(
            [&] {
                std::array<char, 65536> piece;
                for (;;) {
                    const auto got = recv(client.get(), piece.data(), piece.size(), 0);
                    if (got <= 0) return got == 0 || errno != EAGAIN;
                    text.append(piece.data(), static_cast<std::size_t>(got));
                }
            },
            limit);
        return ended ? std::optional(text) : std::nullopt;
    }

    Loop loop_;
    SilentLog log_;
    std::string answer_ = "{}";
    bool answers_at_once_ = true;
    std::vector<std::string> asked_;
    std::vector<ControlSocket::Client> waiting_;
    std::optional<ControlSocket> control_;
};

// Another user, for as long as it lives.
class Disguise {
public:
    Disguise(uid_t user, gid_t group, std::vector<gid_t> more) {
        EXPECT_EQ(setgroups(more.size(), more.data()), 0);
        EXPECT_EQ(setegid(group), 0);
        EXPECT_EQ(seteuid(user), 0);
    }
    Disguise(const Disguise&) = delete;
    Disguise& operator=(const Disguise&) = delete;
    ~Disguise() {
        EXPECT_EQ(seteuid(0), 0);
        EXPECT_EQ(setegid(own_group_), 0);
        EXPECT_EQ(setgroups(groups_.size(), groups_.data()), 0);
    }

private:
    static std::vector<gid_t> groups() {
        std::vector<gid_t> result(static_cast<std::size_t>(getgroups(0, nullptr)));
        EXPECT_EQ(getgroups(static_cast<int>(result.size()), result.data()), std::ssize(result));
        return result;
    }
    const std::vector<gid_t> groups_ = groups();
    const gid_t own_group_ = getegid();
};

// An abstract socket has no mode: anybody may connect, as to one of mode 0666.
TEST_F(ControlSocketTest, answers_root_and_its_group_and_nobody_else_whatever_the_mode) {
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root";
    constexpr uid_t stranger = 12345;
    const auto ours = getegid();
    answers_at_once_ = true;
    const auto answer_to = [&](gid_t group, const std::vector<gid_t>& more) {
        Fd client;
        {
            const Disguise disguise(stranger, group, more);
            client = ask("status\n");
        }
        return read_all(client);
    };
    EXPECT_EQ(answer_to(stranger, {}), "");
    EXPECT_EQ(answer_to(stranger, {stranger + 1}), "");
    EXPECT_TRUE(asked_.empty());
    EXPECT_EQ(answer_to(ours, {}), answer_);
    EXPECT_EQ(answer_to(stranger, {stranger + 1, ours}), answer_);
    EXPECT_EQ(asked_.size(), 2U);
}

TEST_F(ControlSocketTest, a_line_is_answered_and_the_connection_closed) {
    const auto client = ask("status\n");
    EXPECT_EQ(read_all(client), "{}");
    EXPECT_EQ(asked_, std::vector<std::string>{"status"});
}

TEST_F(ControlSocketTest, a_line_may_come_in_pieces) {
    const auto client = ask("sta");
    (void)run_until([] { return false; }, 20ms);
    EXPECT_TRUE(asked_.empty());
    EXPECT_EQ(send(client.get(), "tus\n", 4, 0), 4);
    EXPECT_EQ(read_all(client), "{}");
}

TEST_F(ControlSocketTest, an_answer_larger_than_any_buffer_arrives_whole) {
    answer_.assign(5 << 20, 'x');
    const auto client = ask("status\n");
    EXPECT_EQ(read_all(client), answer_);
}

TEST_F(ControlSocketTest, an_answer_may_come_later) {
    answers_at_once_ = false;
    const auto client = ask("status\n");
    ASSERT_TRUE(run_until([&] { return waiting_.size() == 1; }));
    control_->answer(waiting_[0], "late");
    EXPECT_EQ(read_all(client), "late");
    control_->answer(waiting_[0], "twice");  // nobody is there
}

TEST_F(ControlSocketTest, what_is_no_line_is_hung_up_on) {
    const auto client = ask(std::string(1000, 'x'));
    EXPECT_EQ(read_all(client, 1s), "");
    EXPECT_TRUE(asked_.empty());
}

TEST_F(ControlSocketTest, stuck_clients_delay_nobody) {
    answer_.assign(5 << 20, 'x');
    std::vector<Fd> stuck;
    for (std::size_t i = 0; i < clients_max; ++i) stuck.push_back(connect());        // say nothing
    for (std::size_t i = 0; i < clients_max; ++i) stuck.push_back(ask("status\n"));  // read nothing
    const auto before = boot_now();
    EXPECT_EQ(read_all(ask("status\n")), answer_);
    EXPECT_LT(boot_now() - before, 5s);
}

TEST_F(ControlSocketTest, who_waits_for_our_answer_does_not_give_way) {
    answers_at_once_ = false;
    std::vector<Fd> clients;
    for (std::size_t i = 0; i < clients_max + 1; ++i) clients.push_back(ask("status\n"));
    ASSERT_TRUE(run_until([&] { return waiting_.size() == clients_max; }));
    (void)run_until([] { return false; }, 300ms);
    EXPECT_EQ(waiting_.size(), clients_max);
    control_->answer(waiting_[0], "now");
    EXPECT_EQ(read_all(clients[0]), "now");
    EXPECT_TRUE(run_until([&] { return waiting_.size() == clients_max + 1; }));
}

TEST_F(ControlSocketTest, a_client_that_takes_too_long_is_ended) {
    const auto client = connect();
    const auto before = boot_now();
    EXPECT_EQ(read_all(client), "");
    EXPECT_GE(boot_now() - before, client_limit - 50ms);
    EXPECT_FALSE(control_->next_deadline());
}

TEST_F(ControlSocketTest, a_client_that_says_no_more_still_gets_its_answer) {
    const auto client = ask("status\n");
    shutdown(client.get(), SHUT_WR);
    EXPECT_EQ(read_all(client), "{}");
}

}  // namespace
}  // namespace vrrpd::agent::control_socket_test
