// What dnsmasq is told, and what it must never be told.
#include "dhcpsync/core/feed.hpp"

#include <gtest/gtest.h>

#include "tests/dhcpsync/sample.hpp"

namespace dhcpsync::feed_test {
namespace {

using namespace sample;
using namespace std::chrono_literals;

class FeedTest : public testing::Test {
protected:
    Calls step(const FeedEvent& event) { return feed_.step(now_, event); }
    Calls has(const std::vector<Lease>& list) { return step(ServerHas{leases(list), true, {}}); }
    Calls want(std::vector<Change> changes) { return step(Wanted{std::move(changes)}); }
    Calls want(const Lease& one) { return want({{one.address, one}}); }

    [[nodiscard]] std::size_t missing() const { return feed_.missing() + feed_.late(now_.instant); }
    void pass(Duration time) { now_ = {now_.instant + time, now_.wall + std::chrono::duration_cast<Seconds>(time)}; }

    static AddDhcpLease add(unsigned address, unsigned client, std::uint32_t seconds = 3600) {
        const auto name = "client" + std::to_string(client);
        Bytes bytes(name.begin(), name.end());
        bytes.push_back(0);
        return {ip(address), "02:00:00:00:00:0" + std::to_string(client), bytes, option61(client), seconds, 0, false};
    }
    static DeleteDhcpLease remove(unsigned address) { return {ip(address)}; }

    Feed feed_{FeedLimits{4, 2}};
    Moment now_{Instant(1h), noon};
};

TEST_F(FeedTest, says_nothing_before_the_file_was_read) {
    EXPECT_EQ(want(lease(1, 1)), Calls{});
    EXPECT_EQ(has({}), Calls{add(1, 1)});
}

TEST_F(FeedTest, only_what_differs) {
    (void)has({lease(1, 1), lease(2, 2)});
    EXPECT_EQ(want(lease(1, 1, Seconds(3602))), Calls{});
    EXPECT_EQ(want(lease(2, 2, Seconds(7200))), Calls{add(2, 2, 7200)});
}

TEST_F(FeedTest, what_nobody_heard_of_is_left_alone) { EXPECT_EQ(has({lease(1, 1)}), Calls{}); }

TEST_F(FeedTest, what_is_gone_or_ended_is_deleted_and_never_added) {
    (void)has({lease(1, 1), lease(2, 2)});
    EXPECT_EQ(want({{ip(1), std::nullopt}}), Calls{remove(1)});
    EXPECT_EQ(want(lease(2, 2, Seconds(0))), Calls{remove(2)});
    EXPECT_EQ(want(lease(3, 3, Seconds(-5))), Calls{});
}

TEST_F(FeedTest, what_is_forgotten_costs_nothing_and_is_left_to_end_by_itself) {
    (void)has({lease(1, 1)});
    (void)want(lease(1, 1));
    EXPECT_EQ(want({{ip(1), std::nullopt, true}}), Calls{});
    EXPECT_EQ(has({lease(1, 1)}), Calls{});
    EXPECT_EQ(want(lease(2, 2)), Calls{add(2, 2)});
    EXPECT_EQ(step(ServerHas{leases({}), true, {{ip(2), std::nullopt, true}}}), Calls{});
    EXPECT_EQ(missing(), 1U) << "its call is under way";
    EXPECT_EQ(step(Answered{ip(2), false}), Calls{});
    now_.instant += retry_pause;
    EXPECT_EQ(step(RetryDue{}), Calls{}) << "it is not tried again";
}

TEST_F(FeedTest, for_ever_and_nearly_for_ever) {
    (void)has({});
    auto endless = lease(1, 1);
    endless.expires = never;
    EXPECT_EQ(want(endless), Calls{add(1, 1, for_ever)});
    EXPECT_EQ(want(lease(2, 2, Seconds(1LL << 33))), Calls{add(2, 2, for_ever - 1)});
}

TEST_F(FeedTest, a_name_or_id_that_is_to_go_needs_the_lease_made_anew) {
    (void)has({lease(1, 1)});
    auto bare = lease(1, 1);
    bare.host_name.clear();
    EXPECT_EQ(want(bare), Calls{remove(1)});
    auto expected = add(1, 1);
    expected.host_name.clear();
    EXPECT_EQ(step(Answered{ip(1), true}), Calls{expected});
}

TEST_F(FeedTest, another_client_needs_the_lease_made_anew) {
    (void)has({lease(1, 1)});
    EXPECT_EQ(want(lease(1, 2)), Calls{remove(1)});
    EXPECT_EQ(step(Answered{ip(1), true}), Calls{add(1, 2)});
}

TEST_F(FeedTest, a_client_id_that_is_new_is_learnt) {
    auto without = lease(1, 1);
    without.client = Client4{{1, mac(1)}, {}};
    (void)has({without});
    EXPECT_EQ(want(lease(1, 1)), Calls{add(1, 1)});
}

TEST_F(FeedTest, a_full_table_is_given_nothing_more) {
    Feed feed({2, 8});
    (void)feed.step(now_, ServerHas{leases({lease(9, 9)}), true, {}});
    const Wanted two{{{ip(1), lease(1, 1)}, {ip(2), lease(2, 2)}}};
    EXPECT_EQ(feed.step(now_, two), Calls{add(1, 1)});
    EXPECT_EQ(feed.refused(), 1u);
    (void)feed.step(now_, Answered{ip(1), true});
    // A read that is older than the call does not make room.
    EXPECT_EQ(feed.step(now_, ServerHas{leases({lease(9, 9)}), true, {}}), Calls{});
    // A removal does, once it is answered.
    EXPECT_EQ(feed.step(now_, Wanted{{{ip(9), std::nullopt}}}), Calls{remove(9)});
    EXPECT_EQ(feed.step(now_, Answered{ip(9), true}), Calls{add(2, 2)});
}

TEST_F(FeedTest, a_server_without_a_table_is_told_nothing) {
    Feed feed({0, 8});
    (void)feed.step(now_, ServerHas{leases({lease(9, 9)}), true, {}});  // an old file: it did not read it
    const Wanted all{{{ip(1), lease(1, 1)}, {ip(9), lease(9, 9, Seconds(7200))}}};
    EXPECT_EQ(feed.step(now_, all), Calls{});
    EXPECT_EQ(feed.missing(), 1u);
    EXPECT_EQ(feed.refused(), 1u);
    EXPECT_EQ(feed.late(now_.instant + late_after), 0U) << "nor ever";
}

TEST_F(FeedTest, a_table_of_unknown_size_is_given_as_much_as_it_had_before) {
    Feed feed({std::nullopt, 8});
    (void)feed.step(now_, ServerHas{leases({lease(8, 8), lease(9, 9)}), true, {}});
    EXPECT_EQ(feed.step(now_, Wanted{{{ip(1), lease(1, 1)}, {ip(9), lease(9, 9, Seconds(7200))}}}),
              Calls{add(9, 9, 7200)});
    EXPECT_EQ(feed.refused(), 1u);
    (void)feed.step(now_, Answered{ip(9), true});
    EXPECT_EQ(feed.step(now_, Wanted{{{ip(8), std::nullopt}}}), Calls{remove(8)});
    EXPECT_EQ(feed.step(now_, Answered{ip(8), true}), Calls{add(1, 1)});
    (void)feed.step(now_, Answered{ip(1), true});
    // The next one may have been started with another size.
    (void)feed.step(now_, Interrupted{true});
    EXPECT_EQ(feed.step(now_, ServerHas{leases({lease(9, 9, Seconds(7200))}), true, {}}), Calls{});
    feed.allow(2);
    EXPECT_EQ(feed.step(now_, RetryDue{}), Calls{add(1, 1)});
}

TEST_F(FeedTest, few_calls_at_a_time_removals_first) {
    (void)has({lease(1, 1)});
    std::vector<Change> changes{{ip(3), lease(3, 3)}, {ip(2), lease(2, 2)}, {ip(1), std::nullopt}};
    EXPECT_EQ(want(changes), (Calls{remove(1), add(2, 2)}));
    EXPECT_EQ(step(Answered{ip(1), true}), Calls{add(3, 3)});
}

TEST_F(FeedTest, a_failed_call_is_made_again_later) {
    (void)has({});
    (void)want(lease(1, 1));
    EXPECT_EQ(step(Answered{ip(1), false}), Calls{});
    ASSERT_TRUE(feed_.next_deadline().has_value());
    now_ = {now_.instant + retry_pause, now_.wall + Seconds(5)};
    EXPECT_EQ(step(RetryDue{}), Calls{add(1, 1, 3595)});
}

TEST_F(FeedTest, a_call_whose_effect_the_file_never_shows_is_made_again) {
    (void)has({});
    (void)want(lease(1, 1));
    (void)step(Answered{ip(1), true});
    EXPECT_EQ(has({}), Calls{});
    now_.instant += file_lag;
    EXPECT_EQ(step(RetryDue{}), Calls{add(1, 1)});
}

TEST_F(FeedTest, a_name_that_two_leases_want_goes_to_one) {
    (void)has({});
    auto other = lease(2, 2, Seconds(600));
    other.host_name = "CLIENT1";
    const auto calls = want({{ip(1), lease(1, 1)}, {ip(2), other}});
    ASSERT_EQ(calls.size(), 2u);
    EXPECT_FALSE(std::get<AddDhcpLease>(calls[0]).host_name.empty());
    EXPECT_TRUE(std::get<AddDhcpLease>(calls[1]).host_name.empty());
}

TEST_F(FeedTest, the_active_s_server_is_given_what_it_lacks_and_nothing_is_taken_back) {
    (void)step(ServerLeads{true});
    (void)has({lease(1, 1), lease(2, 2)});
    EXPECT_EQ(want({{ip(1), std::nullopt}, {ip(2), lease(2, 3)}, {ip(3), lease(3, 4)}}), Calls{add(3, 4)});
    EXPECT_EQ(step(ServerLeads{false}), Calls{remove(1)}) << "one more is outstanding";
}

// The gateway before promised it, and died before we had told our server.
TEST_F(FeedTest, the_active_s_server_gives_a_client_the_time_that_it_was_promised) {
    (void)has({lease(1, 1), lease(2, 2)});
    (void)want({{ip(1), lease(1, 1, Seconds(7200))}, {ip(2), lease(2, 2, Seconds(7200))}});
    (void)step(ServerLeads{true});
    EXPECT_EQ(step(Answered{ip(1), true}), Calls{});
    EXPECT_EQ(step(Answered{ip(2), false}), Calls{});
    EXPECT_EQ(has({lease(1, 1, Seconds(7200)), lease(2, 2)}), Calls{});
    pass(retry_pause);
    EXPECT_EQ(step(RetryDue{}), Calls{add(2, 2, 7195)});
    EXPECT_EQ(want(lease(1, 1, Seconds(600))), Calls{}) << "to take time from it is the server's own to do";
}

TEST_F(FeedTest, what_the_server_lacks_is_missing_at_once_and_any_other_change_if_it_takes_long) {
    (void)has({lease(1, 1), lease(2, 2)});
    (void)want({{ip(1), lease(1, 1, Seconds(7200))}, {ip(2), std::nullopt}, {ip(3), lease(3, 3)}});
    EXPECT_EQ(missing(), 1U);
    pass(late_after);
    EXPECT_EQ(missing(), 3U);
    (void)step(Answered{ip(1), true});
    (void)step(Answered{ip(2), true});
    (void)step(Answered{ip(3), true});
    EXPECT_EQ(missing(), 0U);
}

TEST_F(FeedTest, what_failed_is_missing_until_it_is_done) {
    (void)has({lease(1, 1)});
    (void)want({{ip(1), std::nullopt}, {ip(3), lease(3, 3)}});
    (void)step(Answered{ip(1), false});
    (void)step(Answered{ip(3), false});
    pass(late_after);
    EXPECT_EQ(missing(), 2U);
    pass(retry_pause);
    EXPECT_EQ(step(RetryDue{}), (Calls{remove(1), add(3, 3, 3594)}));
    (void)step(Answered{ip(1), true});
    EXPECT_EQ(missing(), 1U);
    (void)step(Answered{ip(3), true});
    EXPECT_EQ(missing(), 0U);
}

TEST_F(FeedTest, what_changes_while_the_bus_is_away_is_missing) {
    (void)has({lease(1, 1)});
    (void)want({{ip(1), lease(1, 1, Seconds(7200))}, {ip(2), lease(2, 2)}});
    (void)step(Interrupted{false});
    (void)want({{ip(3), lease(3, 3)}});
    pass(late_after);
    EXPECT_EQ(missing(), 3U);
    (void)want({{ip(2), std::nullopt, true}});
    (void)step(Interrupted{true});
    EXPECT_EQ(missing(), 2U) << "that one is forgotten";
}

TEST_F(FeedTest, a_server_that_is_away_is_called_when_it_is_back) {
    (void)has({});
    EXPECT_EQ(want(lease(1, 1)), Calls{add(1, 1)});
    EXPECT_EQ(step(Interrupted{false}), Calls{});
    EXPECT_EQ(want({{ip(2), lease(2, 2)}, {ip(3), lease(3, 3)}}), Calls{});
    EXPECT_EQ(step(Interrupted{true}), Calls{}) << "first its file";
    EXPECT_EQ(has({}), (Calls{add(1, 1), add(2, 2)})) << "the pause after a failure was the old server's";
    EXPECT_EQ(step(Answered{ip(1), true}), Calls{add(3, 3)});
}

TEST_F(FeedTest, a_server_that_came_back_empty_is_given_all_again) {
    (void)has({lease(1, 1)});
    (void)want(lease(1, 1));
    (void)step(Interrupted{true});
    EXPECT_EQ(step(ServerHas{{}, false, {}}), Calls{add(1, 1)}) << "an empty file is never whole";
}

TEST_F(FeedTest, what_calls_made_of_a_server_ended_with_it) {
    (void)has({});
    EXPECT_EQ(want(lease(1, 1)), Calls{add(1, 1)});
    (void)step(Answered{ip(1), true});
    (void)step(Interrupted{false});
    (void)step(Interrupted{true});
    EXPECT_EQ(has({}), Calls{add(1, 1)}) << "its file is younger than the call";
}

TEST_F(FeedTest, it_wakes_up_a_few_times_a_second_however_many_calls_there_are) {
    Feed feed({1000, 8});
    (void)feed.step(now_, ServerHas{{}, true, {}});
    std::set<Instant> deadlines;
    for (unsigned i = 0; i < 200; ++i) {
        (void)feed.step(now_, Wanted{{{ip(i), lease(i, i)}}});
        (void)feed.step(now_, Answered{ip(i), true});
        deadlines.insert(feed.next_deadline().value());
        now_.instant += 4ms;
        if (*feed.next_deadline() <= now_.instant) (void)feed.step(now_, RetryDue{});
    }
    EXPECT_LE(deadlines.size(), 4u);
}

TEST_F(FeedTest, dhcpv6) {
    (void)has({});
    const auto six = lease6(1, 7, true);
    const AddDhcpLease expected{six.address, "", {'s', 'i', 'x', 0}, option61(7), 3600, 7, true};
    EXPECT_EQ(want(six), Calls{expected});
}

}  // namespace
}  // namespace dhcpsync::feed_test
