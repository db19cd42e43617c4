// A lease file of 100,000 records through the follower, two replicas and the feed of the other one's server: in small
// steps, each lease told once, and what comes after costs what it is, not what is there.
#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <cstdio>

#include "dhcpsync/core/feed.hpp"
#include "dhcpsync/core/follower.hpp"
#include "dhcpsync/core/wire.hpp"
#include "tests/base/effort.hpp"
#include "tests/dhcpsync/sample.hpp"

namespace dhcpsync::large_test {
namespace {

using namespace std::chrono_literals;
using sample::noon;

constexpr NodeId one{1}, two{2};
constexpr std::size_t most_calls = 8;
constexpr double megabyte = 1 << 20;

IpAddress address_of(std::size_t i) {
    return IpAddress::v4(10, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8),
                         static_cast<std::uint8_t>(i));
}

std::string record(std::size_t i, Seconds length) {
    char line[128];
    std::snprintf(line, sizeof line, "%lld 02:00:00:%02zx:%02zx:%02zx %s client%zu 01:02:00:00:%02zx:%02zx:%02zx\n",
                  static_cast<long long>((noon + length).time_since_epoch().count()), i >> 16, i >> 8 & 0xff, i & 0xff,
                  address_of(i).to_string().c_str(), i, i >> 16, i >> 8 & 0xff, i & 0xff);
    return line;
}

// As dnsmasq writes it; of each hundredth lease the time that is asked for.
std::string file_of(std::size_t count, Seconds every_hundredth = 3600s) {
    std::string text;
    for (std::size_t i = 1; i <= count; ++i) text += record(i, i % 100 == 0 ? every_hundredth : Seconds(3600));
    return text;
}

double memory_in_use() {
    const auto info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd) / megabyte;
}

class Stopwatch {
public:
    ~Stopwatch() {
        std::printf("  %-48s %8.1f ms, %6.1f MB in use\n", what_,
                    std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began_).count(),
                    memory_in_use());
    }
    explicit Stopwatch(const char* what) : what_(what) {}
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    const char* what_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

// The gateway's file, follower and replica; the stand-in's replica, feed and server.
class Large : public testing::TestWithParam<std::size_t> {
protected:
    void SetUp() override {
        feed_.allow(count() + 100);
        (void)feed_.step(now_, ServerHas{{}, true, {}});
        (void)gateway_.step(now_, BecameActive{});
        (void)gateway_.step(now_, TermPersisted{Term{1}});
        auto hello = gateway_.step(now_, PeerUp{two});
        carry(stand_in_, stand_in_.step(now_, PeerUp{one}));
        carry(gateway_, std::move(hello));
    }
    [[nodiscard]] static std::size_t count() { return GetParam(); }

    // Reads until it is believed; how often it was looked at.
    int follow(const std::string& text) {
        int looks = 0;
        auto actions = follower_.step(now_, Changed{});
        while (true) {
            for (auto& action : actions) {
                if (auto* content = std::get_if<Believed>(&action)) return believe(*content), looks;
            }
            now_.instant = std::max(now_.instant, follower_.next_deadline().value_or(now_.instant));
            actions = follower_.step(now_, LookDue{});
            if (actions.empty()) continue;
            ++looks;
            actions = follower_.step(now_, Content{text});
        }
    }
    void believe(Believed& content) {
        EXPECT_TRUE(content.whole);
        EXPECT_EQ(content.faults.total(), 0U);
        EXPECT_EQ(content.book.leases.size(), count());
        carry(gateway_, gateway_.step(now_, LocalLeases{std::move(content.book), true}));
    }
    // Messages, until nobody has to say any more.
    void carry(Replica& from, Actions actions) {
        for (auto& action : actions) {
            if (auto* send = std::get_if<Send>(&action)) deliver(from, *send);
            auto* apply = std::get_if<Apply>(&action);
            if (apply && &from == &stand_in_) {
                largest_change_ = std::max(largest_change_, apply->changes.size());
                call(feed_.step(now_, Wanted{std::move(apply->changes)}));
            }
        }
    }
    void deliver(Replica& from, const Send& send) {
        const auto bytes = encode(send.message);
        ++messages_;
        largest_message_ = std::max(largest_message_, bytes.size());
        auto& to = &from == &gateway_ ? stand_in_ : gateway_;
        carry(to, to.step(now_, FromPeer{&from == &gateway_ ? one : two, decode(bytes).value()}));
    }
    void call(Calls calls) {
        EXPECT_LE(calls.size(), most_calls);
        under_way_.insert(under_way_.end(), calls.begin(), calls.end());
    }
    // The stand-in's server does what it is told, fifty calls in a millisecond; its file is read twice a second.
    void serve() {
        auto read_at = now_.instant + 500ms;
        for (; !under_way_.empty(); ++calls_) {
            const auto add = std::get<AddDhcpLease>(under_way_.back());
            under_way_.pop_back();
            server_[add.address] = *holder(stand_in_.table().at(add.address), now_.wall);
            now_.instant += 20us;
            call(feed_.step(now_, Answered{add.address, true}));
            EXPECT_LE(under_way_.size(), most_calls);
            const auto due = feed_.next_deadline();
            if (due && *due <= now_.instant) call(feed_.step(now_, RetryDue{}));
            if (now_.instant < read_at) continue;
            read_at += 500ms;
            call(feed_.step(now_, ServerHas{server_, true, {}}));
        }
    }
    Moment now_{Instant(1h), noon};
    Follower follower_{ExpiryField::until};
    Replica gateway_{one}, stand_in_{two};
    Feed feed_{FeedLimits{1, most_calls}};
    Leases server_;
    Calls under_way_;
    std::size_t messages_ = 0, calls_ = 0, largest_message_ = 0, largest_change_ = 0;
};

TEST_P(Large, file_goes_through_in_small_steps_and_each_lease_is_told_once) {
    std::printf("%zu leases\n", count());
    const auto text = file_of(count());
    {
        const Stopwatch watch("file read twice, published, in the peer's replica");
        EXPECT_EQ(follow(text), 2);
    }
    EXPECT_EQ(stand_in_.leases(noon).size(), count());
    EXPECT_LE(messages_, 2 * (count() / most_cells_in_update + 4));
    EXPECT_LE(largest_message_, largest_message);
    {
        const Stopwatch watch("calls to the peer's server");
        serve();
    }
    EXPECT_EQ(calls_, count());
    EXPECT_EQ(feed_.missing(), 0U);
    {
        const Stopwatch watch("the peer's server's file read, nothing to do");
        call(feed_.step(now_, ServerHas{read_leases(text, {}).book.leases, true, {}}));
    }
    EXPECT_TRUE(under_way_.empty());
}

TEST_P(Large, files_news_costs_what_is_new) {
    (void)follow(file_of(count()));
    serve();
    messages_ = calls_ = largest_change_ = 0;
    const auto renewed = file_of(count(), 7200s);
    {
        const Stopwatch watch("file in which each hundredth was renewed");
        (void)follow(renewed);
        serve();
    }
    EXPECT_EQ(calls_, count() / 100);
    EXPECT_LE(messages_, 2 * (calls_ / most_cells_in_update + 2));
    EXPECT_LE(largest_change_, most_cells_in_update * (calls_ / most_cells_in_update + 1));
    {
        const Stopwatch watch("the same file again");
        messages_ = 0;
        (void)follow(renewed);
    }
    EXPECT_EQ(messages_, 0U);
}

TEST_P(Large, file_costs_memory_while_its_leases_last) {
    const auto before = memory_in_use();
    (void)follow(file_of(count()));
    const auto each = (memory_in_use() - before) * megabyte / static_cast<double>(count());
    std::printf("  %.0f octets for each lease in a gateway and a stand-in\n", each);
    EXPECT_LT(each, 4000);
    const auto forgotten = Seconds(7200) + memory;
    now_ = {now_.instant + forgotten, noon + forgotten};
    for (auto* replica : {&gateway_, &stand_in_}) {
        carry(*replica, replica->step(now_, TimeReached{}));
        EXPECT_TRUE(replica->table().empty());
    }
}

INSTANTIATE_TEST_SUITE_P(A, Large, testing::Values(10'000, vrrpd::test::share_of(100'000)));

}  // namespace
}  // namespace dhcpsync::large_test
