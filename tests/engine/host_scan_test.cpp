// Who is there: every address once, at its pace, and each answer is news once.
#include "vrrpd/engine/core/host_scan.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/engine/values.hpp"

namespace vrrpd::engine::host_scan_test {
namespace {

using namespace test;

const Instant start = Instant(100s);

HostScan scan(const char* first, const char* last, Duration pace = 10ms) {
    return HostScan::make(ip(first), ip(last), pace, start).value();
}
constexpr auto nobody = [](const IpAddress&) { return false; };

TEST(HostScan, asks_for_one_address_after_the_other_and_waits_for_the_last_answer) {
    auto hosts = scan("10.12.14.254", "10.12.15.1");
    auto now = start;
    for (const auto* expected : {"10.12.14.254", "10.12.14.255", "10.12.15.0", "10.12.15.1"}) {
        EXPECT_EQ(hosts.next_deadline(), now);
        EXPECT_EQ(hosts.next(now, nobody), ip(expected));
        EXPECT_EQ(hosts.next(now, nobody), std::nullopt) << "one at a time";
        now += 10ms;
    }
    EXPECT_FALSE(hosts.over(now));
    EXPECT_EQ(hosts.next_deadline(), now - 10ms + 1s);
    EXPECT_TRUE(hosts.over(now - 10ms + 1s));
}

TEST(HostScan, what_is_left_out_costs_no_time) {
    auto hosts = scan("10.12.14.1", "10.12.14.5");
    const auto ours = [](const IpAddress& address) {
        return address < ip("10.12.14.4") || address == ip("10.12.14.5");
    };
    EXPECT_EQ(hosts.next(start, ours), ip("10.12.14.4"));
    EXPECT_EQ(hosts.next(start + 10ms, ours), std::nullopt);
    EXPECT_EQ(hosts.next(start + 1s, ours), std::nullopt);
    EXPECT_TRUE(hosts.over(start + 1010ms));
    auto all_ours = scan("10.12.14.1", "10.12.14.3");
    EXPECT_EQ(all_ours.next(start, ours), std::nullopt);
    EXPECT_TRUE(all_ours.over(start + 1s)) << "and ends all the same";
}

TEST(HostScan, an_answer_is_news_once_and_only_inside) {
    auto hosts = scan("10.12.14.10", "10.12.14.12");
    EXPECT_TRUE(hosts.answered(ip("10.12.14.10")));
    EXPECT_FALSE(hosts.answered(ip("10.12.14.10")));
    EXPECT_TRUE(hosts.answered(ip("10.12.14.12"))) << "before it was asked: a gratuitous one";
    EXPECT_FALSE(hosts.answered(ip("10.12.14.9")));
    EXPECT_FALSE(hosts.answered(ip("10.12.14.13")));
    EXPECT_FALSE(hosts.answered(ip("fe80::1")));
}

TEST(HostScan, what_is_no_range_is_refused) {
    const auto make = [](const char* first, const char* last) {
        return HostScan::make(ip(first), ip(last), 10ms, start).has_value();
    };
    EXPECT_TRUE(make("10.0.0.0", "10.0.15.255")) << "4,096";
    EXPECT_FALSE(make("10.0.0.0", "10.0.16.0"));
    EXPECT_FALSE(make("0.0.0.0", "255.255.255.255"));
    EXPECT_FALSE(make("10.0.0.2", "10.0.0.1"));
    EXPECT_FALSE(make("fe80::1", "fe80::2"));
    EXPECT_TRUE(make("255.255.255.255", "255.255.255.255"));
}

TEST(HostScan, is_never_faster_than_a_frame_a_millisecond) {
    auto hosts = scan("10.12.14.1", "10.12.14.3", 0ms);
    EXPECT_TRUE(hosts.next(start, nobody));
    EXPECT_FALSE(hosts.next(start + 999us, nobody));
    EXPECT_TRUE(hosts.next(start + 1ms, nobody));
}

RC_GTEST_PROP(HostScan, asks_for_each_address_once_however_late_it_is_called, ()) {
    const auto count = *rc::gen::inRange<unsigned>(1, 200);
    auto hosts = HostScan::make(IpAddress::v4(10, 0, 0, 100),
                                IpAddress::v4(10, 0, static_cast<std::uint8_t>((99 + count) / 256),
                                              static_cast<std::uint8_t>((99 + count) % 256)),
                                5ms, start)
                     .value();
    std::vector<IpAddress> asked;
    for (auto now = start; !hosts.over(now);
         now = hosts.next_deadline() + std::chrono::milliseconds(*rc::gen::inRange(0, 50)))
        if (const auto address = hosts.next(now, nobody)) asked.push_back(*address);
    RC_ASSERT(asked.size() == count);
    RC_ASSERT(std::is_sorted(asked.begin(), asked.end()));
    RC_ASSERT(std::adjacent_find(asked.begin(), asked.end()) == asked.end());
}

}  // namespace
}  // namespace vrrpd::engine::host_scan_test
