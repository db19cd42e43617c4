// The channel between supervisor and engine, and the engine's log that goes through it.
#include "vrrpd/ipc/channel.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <string>

namespace vrrpd::ipc::channel_test {
namespace {

std::pair<Channel, Channel> ends() {
    auto pair = Channel::pair();
    EXPECT_TRUE(pair.has_value());
    return std::move(*pair);
}

TEST(Channel, carries_kind_detail_and_text) {
    auto [left, right] = ends();
    ASSERT_TRUE(left.send(Kind::device_appeared, "lan0", 7));
    Message message;
    ASSERT_EQ(right.receive(message), Channel::State::message);
    EXPECT_EQ(message.kind, Kind::device_appeared);
    EXPECT_EQ(message.text, "lan0");
    EXPECT_EQ(message.detail, 7);
    EXPECT_FALSE(message.memfd);
    EXPECT_EQ(right.receive(message), Channel::State::empty);
}

TEST(Channel, cuts_a_text_that_is_too_long) {
    auto [left, right] = ends();
    ASSERT_TRUE(left.send(Kind::log, std::string(max_text + 500, 'x')));
    Message message;
    ASSERT_EQ(right.receive(message), Channel::State::message);
    EXPECT_EQ(message.text, std::string(max_text, 'x'));
}

TEST(Channel, passes_a_sealed_memfd_that_nobody_can_change) {
    auto [left, right] = ends();
    const std::string text(100'000, 'c');
    const auto memfd = seal(text, "test");
    ASSERT_TRUE(memfd.has_value());
    ASSERT_TRUE(left.send(Kind::reload, {}, 0, memfd->get()));
    Message message;
    ASSERT_EQ(right.receive(message), Channel::State::message);
    ASSERT_TRUE(message.memfd);
    EXPECT_NE(fcntl(message.memfd.get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(unseal(message.memfd.get()).value(), text);
    EXPECT_EQ(write(message.memfd.get(), "y", 1), -1);
    EXPECT_EQ(errno, EPERM);
}

TEST(Channel, a_message_without_descriptor_closes_the_one_before) {
    auto [left, right] = ends();
    const auto memfd = seal("a", "test");
    ASSERT_TRUE(left.send(Kind::reload, {}, 0, memfd->get()));
    ASSERT_TRUE(left.send(Kind::stop));
    Message message;
    ASSERT_EQ(right.receive(message), Channel::State::message);
    const int passed = message.memfd.get();
    ASSERT_EQ(right.receive(message), Channel::State::message);
    EXPECT_FALSE(message.memfd);
    EXPECT_EQ(fcntl(passed, F_GETFD), -1);
}

// Descriptors are few, and the supervisor's are what it starts engines with.
TEST(Channel, of_several_descriptors_in_one_message_none_stays_open_behind_our_back) {
    auto [left, right] = ends();
    const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
    std::array<int, 3> passed{null.get(), null.get(), null.get()};
    union {
        cmsghdr align;
        char bytes[CMSG_SPACE(sizeof passed)];
    } control{};
    std::array<char, 2> header{static_cast<char>(Kind::alert), 0};
    iovec part{header.data(), header.size()};
    msghdr request{};
    request.msg_iov = &part;
    request.msg_iovlen = 1;
    request.msg_control = control.bytes;
    request.msg_controllen = sizeof control.bytes;
    cmsghdr* const rights = CMSG_FIRSTHDR(&request);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof passed);
    std::memcpy(CMSG_DATA(rights), passed.data(), sizeof passed);
    const auto open_now = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                             std::filesystem::directory_iterator());
    };
    const auto before = open_now();
    {
        Message message;
        for (int i = 0; i < 5; ++i) {
            ASSERT_EQ(sendmsg(left.fd(), &request, 0), 2);
            ASSERT_EQ(right.receive(message), Channel::State::message);
            EXPECT_TRUE(message.memfd);
        }
    }
    EXPECT_EQ(open_now(), before);
}

TEST(Channel, refuses_a_memfd_that_is_not_sealed) {
    const Fd pipe_end(open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(unseal(pipe_end.get()).has_value());
}

TEST(Channel, a_full_queue_is_told_and_never_waited_for) {
    auto [left, right] = ends();
    const std::string text(max_text, 'x');
    int sent = 0;
    while (left.send(Kind::log, text)) ASSERT_LT(++sent, 100'000);
    EXPECT_GT(sent, 10);
    Message message;
    ASSERT_EQ(right.receive(message), Channel::State::message);
    EXPECT_TRUE(left.send(Kind::log, "fits again"));
}

TEST(Channel, what_was_sent_before_the_end_closed_is_still_read) {
    auto [left, right] = ends();
    ASSERT_TRUE(left.send(Kind::handed_over));
    { const Channel gone = std::move(left); }
    Message message;
    EXPECT_EQ(right.receive(message), Channel::State::message);
    EXPECT_EQ(right.receive(message), Channel::State::closed);
    EXPECT_FALSE(right.send(Kind::stop));
}

TEST(ChannelLog, counts_lost_lines_and_says_so) {
    auto [left, right] = ends();
    ChannelLog log(left);
    const std::string line(max_text, 'x');
    int sent = 0;
    while (left.send(Kind::log, line)) ++sent;
    log.info("lost one");
    log.info("lost two");
    Message message;
    while (sent-- > 0) ASSERT_EQ(right.receive(message), Channel::State::message);
    log.error("after");
    ASSERT_EQ(right.receive(message), Channel::State::message);
    EXPECT_EQ(message.text, "2 log lines were lost: the supervisor was late to read them");
    EXPECT_EQ(message.detail, static_cast<std::uint8_t>(LogLevel::warning));
    ASSERT_EQ(right.receive(message), Channel::State::message);
    EXPECT_EQ(message.text, "after");
    EXPECT_EQ(message.detail, static_cast<std::uint8_t>(LogLevel::error));
    EXPECT_EQ(right.receive(message), Channel::State::empty);
}

TEST(ChannelLog, holds_lines_until_released_in_their_order) {
    auto [left, right] = ends();
    Message message;
    {
        ChannelLog log(left);
        log.hold();
        log.info("first");
        log.debug("not wanted");
        log.error("second");
        EXPECT_EQ(right.receive(message), Channel::State::empty);
        log.release();
        for (const auto* line : {"first", "second"}) {
            ASSERT_EQ(right.receive(message), Channel::State::message);
            EXPECT_EQ(message.text, line);
        }
        log.info("at once");
        ASSERT_EQ(right.receive(message), Channel::State::message);
        log.hold();
        log.info("at the end");
    }
    ASSERT_EQ(right.receive(message), Channel::State::message);
    EXPECT_EQ(message.text, "at the end");
}

TEST(ChannelLog, holds_no_more_than_it_may) {
    auto [left, right] = ends();
    ChannelLog log(left);
    log.hold();
    for (std::size_t i = 0; i < ChannelLog::max_held; ++i) log.info("line");
    Message message;
    EXPECT_EQ(right.receive(message), Channel::State::message);
}

TEST(ChannelLog, keeps_back_what_is_below_the_threshold) {
    auto [left, right] = ends();
    ChannelLog log(left);
    log.debug("not wanted");
    log.set_threshold(LogLevel::debug);
    log.debug("wanted");
    Message message;
    ASSERT_EQ(right.receive(message), Channel::State::message);
    EXPECT_EQ(message.text, "wanted");
}

}  // namespace
}  // namespace vrrpd::ipc::channel_test
