// The log's ways out, with somebody at the other end who stopped to read, or is gone.
#include "vrrpd/supervisor/log_outlet.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "tests/base/scratch.hpp"
#include "vrrpd/supervisor/log_sink.hpp"

namespace vrrpd::supervisor::log_outlet_test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

struct Pipe {
    Fd reader, writer;

    Pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
        reader = Fd(ends[0]);
        writer = Fd(ends[1]);
    }
    // All that is in it now.
    [[nodiscard]] std::string text() const {
        fcntl(reader.get(), F_SETFL, O_NONBLOCK);
        std::string text;
        std::array<char, 65536> part{};
        for (ssize_t got = 0; (got = read(reader.get(), part.data(), part.size())) > 0;)
            text.append(part.data(), static_cast<std::size_t>(got));
        return text;
    }
};

// What a reader gets who comes back, until the outlet has no more.
std::string rest(LogOutlet& outlet, const Pipe& pipe) {
    std::string text = pipe.text();
    while (!outlet.flush()) text += pipe.text();
    return text + pipe.text();
}

TEST(LogOutlet, a_pipe_that_nobody_reads_loses_the_last_lines_and_stops_nobody) {
    const Pipe pipe;
    LogOutlet outlet(stream_transport(pipe.writer.get()));
    outlet.never_wait();
    int kept = 0;
    while (outlet.put("line " + std::to_string(kept) + "\n")) ++kept;
    EXPECT_GT(kept, 1000);
    EXPECT_FALSE(outlet.has_room());
    EXPECT_EQ(fcntl(pipe.writer.get(), F_GETFL) & O_NONBLOCK, 0) << "it is the shell's, too";
    std::string expected;
    for (int i = 0; i < kept; ++i) expected += "line " + std::to_string(i) + "\n";
    EXPECT_EQ(rest(outlet, pipe), expected);
    EXPECT_TRUE(outlet.has_room());
}

TEST(LogOutlet, a_socket_that_nobody_reads_is_the_same) {
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    Pipe pair;
    pair.reader = Fd(ends[0]);
    pair.writer = Fd(ends[1]);
    LogOutlet outlet(stream_transport(pair.writer.get()));
    outlet.never_wait();
    int kept = 0;
    while (outlet.put("line " + std::to_string(kept) + "\n")) ++kept;
    EXPECT_THAT(rest(outlet, pair), testing::EndsWith("line " + std::to_string(kept - 1) + "\n"));
}

TEST(LogOutlet, a_file_is_written_where_it_stands) {
    char name[] = "/tmp/vrrpd-outlet-XXXXXX";
    const Fd file(mkstemp(name));
    ASSERT_EQ(write(file.get(), "before\n", 7), 7);
    LogOutlet outlet(stream_transport(file.get()));
    EXPECT_TRUE(outlet.put("after\n"));
    std::array<char, 64> text{};
    EXPECT_EQ(pread(file.get(), text.data(), text.size(), 0), 13);
    EXPECT_STREQ(text.data(), "before\nafter\n");
    unlink(name);
}

TEST(LogOutlet, a_reader_that_is_gone_keeps_nothing) {
    std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    LogOutlet outlet(stream_transport(pipe.writer.get()));
    pipe.reader.reset();
    EXPECT_TRUE(outlet.put("lost\n"));
    EXPECT_TRUE(outlet.flush());
    std::signal(SIGPIPE, SIG_DFL);
}

class Syslog : public testing::Test {
protected:
    [[nodiscard]] std::string path() const { return directory_ + "/log"; }
    void listen(int type = SOCK_DGRAM) {
        unlink(path().c_str());
        socket_ = Fd(socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    [[nodiscard]] std::string next() const {
        std::array<char, 100> text{};
        const auto got = recv(socket_.get(), text.data(), text.size(), 0);
        return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : "";
    }
    void die() { socket_.reset(); }

private:
    const vrrpd::test::Scratch scratch_{"syslog"};
    const std::string& directory_ = scratch_.path();
    Fd socket_;
};

TEST_F(Syslog, one_that_does_not_read_stops_nobody_and_gets_its_lines_when_it_does) {
    listen();
    LogOutlet outlet(syslog_transport(path()));
    outlet.never_wait();
    constexpr int all = 1000;  // far more than a socket keeps
    for (int i = 0; i < all; ++i) ASSERT_TRUE(outlet.put(std::to_string(i)));
    for (int i = 0; i < all; ++i) {
        outlet.flush();
        ASSERT_EQ(next(), std::to_string(i));
    }
    EXPECT_TRUE(outlet.flush());
}

TEST_F(Syslog, what_was_said_while_none_ran_goes_to_the_next) {
    LogOutlet outlet(syslog_transport(path()));  // patient, and yet: for nobody one does not wait
    EXPECT_TRUE(outlet.put("first"));
    listen();
    EXPECT_TRUE(outlet.flush());
    EXPECT_EQ(next(), "first");
    die();
    EXPECT_TRUE(outlet.put("second"));
    EXPECT_FALSE(outlet.flush());
    listen();
    EXPECT_TRUE(outlet.put("third"));
    EXPECT_EQ(next(), "second");
    EXPECT_EQ(next(), "third");
}

TEST(LogSink, lines_that_nobody_took_are_counted_when_somebody_takes_them_again) {
    const Pipe pipe;
    const Fd before(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10));
    dup2(pipe.writer.get(), STDERR_FILENO);
    LogTargets targets;
    targets.standard_error = targets.journal_levels = true;
    std::string text;
    {
        LogSink sink(targets);
        sink.never_wait();
        for (int i = 0; i < 20'000; ++i) sink.notice("{:0100}", i);
        while (!sink.catch_up()) text += pipe.text();
        sink.notice("last");
        text += pipe.text();
    }
    dup2(before.get(), STDERR_FILENO);
    const auto count = [&](const std::string& what) {
        int found = 0;
        for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
        return found;
    };
    EXPECT_EQ(count("lines of the log are lost here: nobody took them in time\n"), 1);
    const auto said = count("<5>0");
    EXPECT_THAT(text, HasSubstr("<4>" + std::to_string(20'000 - said) + " lines of the log are lost here"));
    EXPECT_THAT(text, testing::EndsWith("<5>last\n"));
}

}  // namespace
}  // namespace vrrpd::supervisor::log_outlet_test
