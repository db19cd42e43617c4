#include "dhcpsync/core/follower.hpp"

#include <gtest/gtest.h>

#include "tests/dhcpsync/sample.hpp"

namespace dhcpsync::follower_test {
namespace {

using namespace sample;
using namespace std::chrono_literals;

std::string text(const std::vector<Lease>& list) {
    return write_leases({leases(list), {}}, {ExpiryField::until, noon}).text;
}

// The file, and a shell that reads it whenever the follower says so.
class FollowerTest : public testing::Test {
protected:
    void change(std::string content) {
        file_ = std::move(content);
        perform(follower_.step(now_, Changed{}));
    }

    // Serves deadlines until `time` from now.
    void pass(Duration time) {
        const auto end = now_.instant + time;
        while (follower_.next_deadline() && *follower_.next_deadline() <= end) {
            now_.instant = *follower_.next_deadline();
            perform(follower_.step(now_, LookDue{}));
        }
        now_.instant = end;
    }

    void perform(const FileActions& actions) {
        for (const auto& action : actions) {
            if (const auto* belief = std::get_if<Believed>(&action)) {
                believed_.push_back(*belief);
                believed_at_ = now_.instant;
            } else {
                ++looks_;
                perform(follower_.step(now_, there_ ? FileEvent(Content{file_}) : FileEvent(Unreadable{})));
            }
        }
    }

    Follower follower_{ExpiryField::until};
    Moment now_{Instant(1h), noon};
    std::string file_;
    bool there_ = true;
    std::vector<Believed> believed_;
    Instant believed_at_{};
    int looks_ = 0;
};

TEST_F(FollowerTest, two_equal_looks_make_a_belief) {
    const auto start = now_.instant;
    change(text({lease(1, 1)}));
    pass(1s);
    ASSERT_EQ(believed_.size(), 1u);
    EXPECT_EQ(believed_[0].book.leases, leases({lease(1, 1)}));
    EXPECT_TRUE(believed_[0].whole);
    EXPECT_EQ(looks_, 2);
    EXPECT_EQ(believed_at_ - start, quiet + look_again);
    EXPECT_EQ(follower_.next_deadline(), std::nullopt);
}

// Everybody comes back after a power cut.
TEST_F(FollowerTest, grants_without_a_pause_are_told_all_the_same) {
    std::vector<Lease> granted;
    std::vector<Instant> at;
    Duration oldest{0};
    for (unsigned client = 1; client <= 100; ++client) {
        granted.push_back(lease(client, client));
        at.push_back(now_.instant);
        change(text(granted));
        pass(3ms);
        const auto told = believed_.empty() ? 0 : believed_.back().book.leases.size();
        if (told < granted.size()) oldest = std::max<Duration>(oldest, now_.instant - at[told]);
    }
    EXPECT_LE(oldest, 60ms) << "the age of a lease that nobody was told of";
}

TEST_F(FollowerTest, waits_for_quiet_but_not_for_long) {
    const auto start = now_.instant;
    for (int i = 0; i < 10; ++i) {
        change(text({lease(1, 1)}));
        pass(4ms);
    }
    EXPECT_GE(looks_, 1);
    pass(1s);
    ASSERT_FALSE(believed_.empty());
    EXPECT_LE(believed_at_ - start, 60ms);
}

TEST_F(FollowerTest, a_partial_read_is_not_believed) {
    const auto whole = text({lease(1, 1), lease(2, 2)});
    change(text({lease(1, 1)}));  // the rewrite has come so far
    pass(quiet);
    EXPECT_EQ(looks_, 1);
    change(whole);
    pass(1s);
    ASSERT_EQ(believed_.size(), 1u);
    EXPECT_EQ(believed_[0].book.leases.size(), 2u);
}

TEST_F(FollowerTest, fewer_leases_than_before_need_a_later_look) {
    change(text({lease(1, 1), lease(2, 2)}));
    pass(1s);
    const auto start = now_.instant;
    change(text({lease(1, 1)}));
    pass(1s);
    ASSERT_EQ(believed_.size(), 2u);
    EXPECT_TRUE(believed_[1].whole);
    EXPECT_EQ(believed_at_ - start, quiet + look_again_shrunk);
}

TEST_F(FollowerTest, nothing_is_taken_for_gone_because_the_file_is_empty) {
    change(text({lease(1, 1)}));
    pass(1s);
    change("");
    pass(1s);
    ASSERT_EQ(believed_.size(), 2u);
    EXPECT_FALSE(believed_[1].whole);
}

// A full disk: the last line has no end, and stays so.
TEST_F(FollowerTest, nothing_is_taken_for_gone_because_the_end_is_missing) {
    change(text({lease(1, 1)}) + "1700003600 02:00");
    pass(1s);
    ASSERT_EQ(believed_.size(), 1u);
    EXPECT_FALSE(believed_[0].whole);
    EXPECT_EQ(believed_[0].book.leases.size(), 1u);
    EXPECT_EQ(believed_[0].faults.count(TextFault::truncated), 1u);
}

TEST_F(FollowerTest, a_file_that_is_gone_says_nothing) {
    there_ = false;
    change("");
    pass(1s);
    EXPECT_TRUE(believed_.empty());
    EXPECT_EQ(follower_.next_deadline(), std::nullopt);
}

TEST_F(FollowerTest, a_file_that_never_rests_is_still_followed) {
    for (unsigned i = 0; i < 1000; ++i) {
        change(text({lease(1, 1, Seconds(3600 + i))}));
        pass(1ms);
    }
    EXPECT_GE(believed_.size(), 3u);
    EXPECT_LE(believed_.size(), 1s / restless) << "each costs a look through all of it";
    for (const auto& belief : believed_) EXPECT_FALSE(belief.whole);
    EXPECT_LE(looks_, 300);
    pass(1s);
    EXPECT_TRUE(believed_.back().whole);
    EXPECT_EQ(believed_.back().book.leases.at(ip(1)).expires, noon + Seconds(4599));
}

TEST_F(FollowerTest, a_change_during_the_last_look_is_looked_at_too) {
    file_ = text({lease(1, 1)});
    perform(follower_.step(now_, Changed{}));
    pass(quiet);
    now_.instant = *follower_.next_deadline();
    ASSERT_EQ(follower_.step(now_, LookDue{}).size(), 1u);
    EXPECT_TRUE(follower_.step(now_, Changed{}).empty());
    perform(follower_.step(now_, Content{file_}));
    EXPECT_EQ(believed_.size(), 1u);
    EXPECT_TRUE(follower_.next_deadline().has_value());
    pass(1s);
    EXPECT_EQ(believed_.size(), 2u);
}

// dnsmasq at work: truncate, then the file in pieces of 4096 bytes, each piece some time apart; renewals follow each
// other at random. Whatever is believed as a whole is a content that the file once had as a whole.
TEST(FollowerProperty, only_whole_contents_are_believed_as_whole) {
    EXPECT_TRUE(rc::check([] {
        Follower follower(ExpiryField::until);
        Moment now{Instant(1h), noon};
        std::string file;
        std::set<std::string> wholes;
        const auto serve_until = [&](Instant end) {
            while (follower.next_deadline() && *follower.next_deadline() <= end) {
                now.instant = *follower.next_deadline();
                if (follower.step(now, LookDue{}).empty()) continue;
                for (const auto& action : follower.step(now, Content{file})) {
                    const auto& belief = std::get<Believed>(action);
                    if (belief.whole)
                        RC_ASSERT(wholes.contains(write_leases(belief.book, {ExpiryField::until, noon}).text));
                }
            }
            now.instant = end;
        };
        for (int rewrite = 0; rewrite < 20; ++rewrite) {
            std::vector<Lease> list;
            const auto count = *rc::gen::inRange(1u, 200u);
            for (unsigned i = 0; i < count; ++i) list.push_back(lease(i + 1, i, Seconds(3600 + rewrite)));
            const auto whole = text(list);
            wholes.insert(whole);
            file.clear();
            for (std::size_t at = 0; at < whole.size(); at += 4096) {
                (void)follower.step(now, Changed{});
                serve_until(now.instant + std::chrono::microseconds(*rc::gen::inRange(0, 1000)));
                file += whole.substr(at, 4096);
            }
            (void)follower.step(now, Changed{});
            serve_until(now.instant + std::chrono::milliseconds(*rc::gen::inRange(0, 60)));
        }
        serve_until(now.instant + 1s);
        RC_ASSERT(!follower.next_deadline());
    }));
}

}  // namespace
}  // namespace dhcpsync::follower_test
