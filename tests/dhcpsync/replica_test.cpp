// The replica by example: what one says, and what it makes of what it hears.
#include "dhcpsync/core/image.hpp"
#include "tests/dhcpsync/replica_pair.hpp"

namespace dhcpsync::replica_test {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using test::ReplicaTest;

TEST_F(ReplicaTest, a_lease_reaches_the_peer_and_its_server) {
    (void)link();
    const auto terms = of<PersistTerm>(step(a_, BecameActive{}));
    EXPECT_FALSE(a_.lag(two, now_.instant)->complete) << "what its server grants waits until the term is on disk";
    (void)step(a_, TermPersisted{terms.at(0).term});
    const auto actions = serve(a_, {lease(100, 1)});
    EXPECT_EQ(b_.leases(noon), leases({lease(100, 1)}));
    const auto applied = of<Apply>(actions);
    ASSERT_FALSE(applied.empty());
    EXPECT_EQ(applied[0].changes, (std::vector<Change>{{ip(100), lease(100, 1)}}));
    EXPECT_TRUE(a_.lag(two, now_.instant)->complete);
}

// It was the gateway a second ago, and its image is older than its server's file.
TEST_F(ReplicaTest, who_knows_nothing_is_told_what_was_given_back) {
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1), lease(101, 2)});
    (void)serve(a_, {lease(101, 2)});
    const auto applied = of<Apply>(link());
    ASSERT_FALSE(applied.empty());
    EXPECT_EQ(applied[0].changes, (std::vector<Change>{{ip(100), std::nullopt}, {ip(101), lease(101, 2)}}));
}

// Given back to a gateway that lost its cable before it could tell, and taken again from the next one a second later:
// to that one it looked like a renewal.
TEST_F(ReplicaTest, what_was_taken_again_elsewhere_outlives_the_late_news_that_it_was_given_back) {
    (void)link();
    (void)activate(b_);
    (void)serve(b_, {lease(100, 1)});
    (void)serve(a_, {lease(100, 1)});  // it was fed
    unlink();
    (void)serve(b_, {});
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1, Seconds(3601))});
    (void)step(b_, BecameBackup{});
    (void)link();
    EXPECT_EQ(a_.leases(noon), leases({lease(100, 1, Seconds(3601))}));
    EXPECT_EQ(b_.leases(noon), a_.leases(noon));
}

TEST_F(ReplicaTest, nothing_is_published_before_the_term_is_on_disk) {
    (void)link();
    const auto actions = step(a_, BecameActive{});
    EXPECT_EQ(of<PersistTerm>(actions), (std::vector<PersistTerm>{{Term{1}}}));
    (void)serve(a_, {lease(100, 1)});
    EXPECT_TRUE(a_.leases(noon).empty());
    (void)step(a_, TermPersisted{Term{1}});
    EXPECT_EQ(b_.leases(noon).size(), 1u);
}

// A disk may take a second, and clients do not wait for it.
class SlowDisk : public ReplicaTest {
protected:
    // a_ took over, and gives 100 to its old client again, who had given it back to b_.
    Term grant_before_the_term_is_on_disk() {
        (void)link();
        (void)activate(b_);
        (void)serve(b_, {lease(100, 1), lease(101, 2)});
        (void)serve(b_, {lease(101, 2)});
        (void)serve(a_, {lease(101, 2)});
        (void)step(b_, BecameBackup{});
        const auto asked = of<PersistTerm>(step(a_, BecameActive{}));
        (void)serve(a_, {lease(100, 1), lease(101, 2)});
        EXPECT_EQ(b_.leases(noon).size(), 1u);
        return asked.at(0).term;
    }
};

TEST_F(SlowDisk, what_was_granted_meanwhile_is_published_then) {
    const auto term = grant_before_the_term_is_on_disk();
    (void)step(a_, TermPersisted{term});
    EXPECT_EQ(b_.leases(noon), leases({lease(100, 1), lease(101, 2)}));
}

TEST_F(SlowDisk, and_even_if_the_role_is_gone_by_then) {
    const auto term = grant_before_the_term_is_on_disk();
    (void)step(a_, BecameBackup{});
    (void)serve(a_, {lease(100, 1), lease(101, 2), lease(102, 3)});  // what is fed in later is nobody's grant
    (void)step(a_, TermPersisted{term});
    EXPECT_EQ(b_.leases(noon), leases({lease(100, 1), lease(101, 2)}));
    EXPECT_EQ(of<Apply>(serve(a_, {lease(101, 2)})).size(), 0u) << "a stand-in publishes nothing";
}

TEST_F(SlowDisk, or_came_back_before) {
    (void)grant_before_the_term_is_on_disk();
    (void)step(a_, BecameBackup{});
    const auto again = of<PersistTerm>(step(a_, BecameActive{}));
    ASSERT_EQ(again.size(), 1u);
    (void)step(a_, TermPersisted{again[0].term});
    EXPECT_EQ(b_.leases(noon), leases({lease(100, 1), lease(101, 2)}));
}

TEST_F(ReplicaTest, a_stand_in_publishes_nothing) {
    (void)link();
    (void)serve(b_, {lease(100, 1)});
    EXPECT_TRUE(a_.leases(noon).empty());
    EXPECT_TRUE(b_.leases(noon).empty());
}

TEST_F(ReplicaTest, the_next_term_is_above_all_that_were_seen) {
    (void)link();
    EXPECT_EQ(activate(a_), Term{1});
    (void)step(a_, BecameBackup{});
    EXPECT_EQ(activate(b_), Term{2});
    Replica again(one, {}, Term{1'700'000'000});
    EXPECT_EQ(of<PersistTerm>(again.step(now_, BecameActive{})).at(0).term, Term{1'700'000'001});
}

TEST_F(ReplicaTest, what_was_given_back_is_gone_everywhere) {
    (void)link();
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1), lease(101, 2)});
    const auto actions = serve(a_, {lease(101, 2)});
    EXPECT_EQ(b_.leases(noon), leases({lease(101, 2)}));
    EXPECT_EQ(of<Apply>(actions).at(0).changes, (std::vector<Change>{{ip(100), std::nullopt}}));
    EXPECT_EQ(b_.table().size(), 2u) << "the tombstone";
}

// Its renewal was on the way to the new gateway's server when the role came.
TEST_F(ReplicaTest, a_renewal_outlives_the_lease_that_the_new_gateway_s_server_had) {
    (void)link();
    (void)activate(a_);
    (void)serve(b_, {lease(100, 1, Seconds(60)), lease(101, 2)});
    (void)serve(a_, {lease(100, 1, Seconds(7200)), lease(101, 2)});
    (void)step(a_, BecameBackup{});
    (void)activate(b_);
    now_ = {now_.instant + 60s, noon + Seconds(60)};
    EXPECT_EQ(of<Apply>(serve(b_, {lease(101, 2)})), std::vector<Apply>{});
    EXPECT_EQ(a_.leases(now_.wall), leases({lease(100, 1, Seconds(7200)), lease(101, 2)}));
    EXPECT_EQ(b_.leases(now_.wall), a_.leases(now_.wall));
}

TEST_F(ReplicaTest, a_client_that_gives_its_address_back_gives_back_what_it_was_promised_elsewhere) {
    (void)link();
    (void)activate(a_);
    (void)serve(b_, {lease(100, 1, Seconds(60)), lease(101, 2)});
    (void)serve(a_, {lease(100, 1, Seconds(7200)), lease(101, 2)});
    (void)step(a_, BecameBackup{});
    (void)activate(b_);
    (void)serve(b_, {lease(101, 2)});
    EXPECT_EQ(a_.leases(noon), leases({lease(101, 2)}));
}

TEST_F(ReplicaTest, what_is_missing_from_a_part_of_the_file_is_not_gone) {
    (void)link();
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1), lease(101, 2)});
    (void)step(a_, LocalLeases{{leases({lease(102, 3)}), {}}, false});
    EXPECT_EQ(b_.leases(noon).size(), 3u);
}

// dnsmasq's file may lie in memory, or be spoilt by a hostile host name.
class ForgetfulServer : public ReplicaTest {
protected:
    void SetUp() override {
        (void)link();
        (void)activate(a_);
        (void)serve(a_, {lease(100, 1), lease(101, 2)});
        (void)step(a_, ServerRestarted{});
    }
};

TEST_F(ForgetfulServer, gave_back_nothing_of_what_it_lacks_after_a_restart) {
    (void)step(a_, LocalLeases{{}, false});  // an empty file
    (void)serve(a_, {lease(102, 3)});
    EXPECT_EQ(b_.leases(noon), leases({lease(100, 1), lease(101, 2), lease(102, 3)}));
}

TEST_F(ForgetfulServer, is_believed_again_from_its_first_whole_file_on) {
    (void)serve(a_, {lease(100, 1), lease(101, 2)});
    (void)serve(a_, {lease(101, 2)});
    EXPECT_EQ(b_.leases(noon), leases({lease(101, 2)}));
}

TEST_F(ForgetfulServer, and_gives_away_what_it_forgot) {
    (void)serve(a_, {lease(100, 3)});
    EXPECT_EQ(b_.leases(noon), leases({lease(100, 3), lease(101, 2)}));
}

TEST_F(ForgetfulServer, that_forgot_before_the_term_was_on_disk) {
    (void)step(a_, BecameBackup{});
    const auto asked = of<PersistTerm>(step(a_, BecameActive{}));
    (void)serve(a_, {lease(101, 2), lease(102, 3)});
    (void)step(a_, TermPersisted{asked.at(0).term});
    EXPECT_EQ(b_.leases(noon), leases({lease(100, 1), lease(101, 2), lease(102, 3)}));
}

TEST_F(ReplicaTest, a_tombstone_is_kept_until_what_it_replaced_has_ended) {
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1)});
    (void)serve(a_, {});
    ASSERT_EQ(a_.table().size(), 1u);
    now_ = {now_.instant + 3600s, noon + Seconds(3600)};
    (void)step(a_, TimeReached{});
    EXPECT_EQ(a_.table().size(), 1u) << "a node whose clock is behind may still hold it";
    now_ = {now_.instant + 24h, now_.wall + Seconds(24 * 3600)};
    (void)step(a_, TimeReached{});
    EXPECT_TRUE(a_.table().empty());
}

// Its server, too, forgot it at once.
TEST_F(ReplicaTest, a_lease_that_ended_only_by_a_wrong_clock_is_still_there) {
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1)});
    const auto right = now_;
    now_.wall += Seconds(2 * 3600);
    (void)link();
    (void)step(a_, TimeReached{});
    Replica again(one, a_.image(), Term{1});
    (void)again.step(now_, TimeReached{});
    EXPECT_TRUE(again.leases(now_.wall).empty() && b_.leases(now_.wall).empty());
    now_ = right;
    EXPECT_EQ(again.leases(noon), leases({lease(100, 1)}));
    EXPECT_EQ(b_.leases(noon), leases({lease(100, 1)}));
    EXPECT_EQ(b_.wanted(noon), (std::vector<Change>{{ip(100), lease(100, 1)}}));
}

// It is long over what others knew of the address; and longer still what they gave back.
TEST_F(ReplicaTest, what_has_lapsed_is_as_if_it_had_never_been) {
    (void)link();
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1, Seconds(60)), lease(101, 2, Seconds(60))});
    (void)serve(a_, {lease(100, 1, Seconds(60))});
    (void)step(a_, BecameBackup{});
    now_ = {now_.instant + 600s, noon + Seconds(600)};
    (void)serve(b_, {lease(100, 3), lease(101, 4)});  // nobody has heard of these
    (void)activate(b_);
    EXPECT_EQ(a_.leases(now_.wall), leases({lease(100, 3), lease(101, 4)}));
}

TEST_F(ReplicaTest, what_is_not_kept_any_more_need_not_be_kept_elsewhere) {
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1, Seconds(60))});
    now_ = {now_.instant + 121s, noon + Seconds(121)};
    EXPECT_EQ(of<Apply>(step(a_, TimeReached{})), (std::vector<Apply>{{{{ip(100), std::nullopt, true}}}}));
}

TEST_F(ReplicaTest, what_was_fed_into_the_server_is_no_news) {
    (void)link();
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1)});
    (void)step(a_, BecameBackup{});
    (void)activate(b_);
    const auto before = b_.knowledge();
    (void)serve(b_, {lease(100, 1, Seconds(3601))});
    EXPECT_EQ(b_.knowledge(), before);
    (void)serve(b_, {lease(100, 1, Seconds(3700))});
    EXPECT_NE(b_.knowledge(), before) << "a renewal is";
}

TEST_F(ReplicaTest, a_new_active_publishes_only_what_nobody_has_heard_of) {
    (void)link();
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1), lease(101, 2)});
    (void)serve(a_, {lease(101, 2)});
    (void)step(a_, BecameBackup{});
    (void)serve(b_, {lease(100, 1), lease(101, 9), lease(102, 3)});  // an old file
    (void)activate(b_);
    EXPECT_EQ(a_.leases(noon), leases({lease(101, 2), lease(102, 3)}));
}

TEST_F(ReplicaTest, who_was_active_all_along_has_the_true_file) {
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1)});
    (void)serve(a_, {});
    Replica again(one, a_.image(), Term{1});
    (void)again.step(now_, LocalLeases{{leases({lease(100, 2)}), {}}, true});
    (void)again.step(now_, BecameActive{true});
    (void)again.step(now_, TermPersisted{Term{2}});
    EXPECT_EQ(again.leases(noon), leases({lease(100, 2)}));
}

TEST_F(ReplicaTest, split_brain_is_said_once_on_each_side) {
    (void)activate(a_);
    (void)activate(b_);
    const auto said = of<SplitBrain>(link());
    EXPECT_EQ(said, (std::vector<SplitBrain>{{two}, {one}}));
    EXPECT_TRUE(of<SplitBrain>(serve(a_, {lease(100, 1)})).empty());
    (void)step(b_, BecameBackup{});
    EXPECT_FALSE(of<SplitBrain>(step(b_, BecameActive{})).empty());
}

TEST_F(ReplicaTest, a_node_that_comes_back_learns_what_was_deleted_meanwhile) {
    (void)link();
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1)});
    unlink();
    (void)serve(a_, {});
    (void)link();
    EXPECT_TRUE(b_.leases(noon).empty());
}

TEST_F(ReplicaTest, the_first_server_duid_stays) {
    (void)link();
    (void)activate(a_);
    (void)step(a_, LocalLeases{{{}, {1, 2, 3}}, true});
    EXPECT_EQ(b_.server_duid()->duid, (Bytes{1, 2, 3}));
    (void)step(a_, BecameBackup{});
    (void)activate(b_);
    (void)step(b_, LocalLeases{{{}, {4, 5, 6}}, true});
    EXPECT_EQ(b_.server_duid()->duid, (Bytes{1, 2, 3}));
    EXPECT_EQ(a_.server_duid(), b_.server_duid());
}

TEST_F(ReplicaTest, the_image_is_written_soon_and_restores_everything) {
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1)});
    now_.instant += persist_delay;
    EXPECT_EQ(of<Persist>(step(a_, TimeReached{})).size(), 1u);
    const auto read = decode_image(encode_image(a_.image()));
    ASSERT_TRUE(read.has_value());
    const Replica again(one, *read);
    EXPECT_EQ(again.leases(noon), a_.leases(noon));
    EXPECT_EQ(again.knowledge(), a_.knowledge());
}

TEST_F(ReplicaTest, a_peer_that_does_not_answer_costs_one_message_now_and_then) {
    (void)activate(a_);
    (void)a_.step(now_, PeerUp{two});
    messages_ = 0;
    for (unsigned i = 0; i < 1000; ++i) (void)serve(a_, {lease(100, 1, Seconds(3600 + 10 * i))});
    EXPECT_EQ(messages_, 0) << "one is in flight";
    for (int i = 0; i < 60; ++i) {
        now_.instant += 1s;
        (void)step(a_, TimeReached{});
    }
    EXPECT_LE(messages_, 10);
    EXPECT_EQ(a_.lag(two, now_.instant)->behind, 60s);
}

TEST_F(ReplicaTest, ten_thousand_leases_in_few_messages) {
    Leases many;
    for (unsigned i = 1; i <= 10'000; ++i) {
        auto next = lease(1, 1);
        next.address = IpAddress::v4(10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i));
        many.emplace(next.address, next);
    }
    (void)activate(a_);
    (void)step(a_, LocalLeases{{many, {}}, true});
    messages_ = 0;
    (void)link();
    EXPECT_EQ(b_.leases(noon), many);
    EXPECT_LE(messages_, 100);
}

}  // namespace
}  // namespace dhcpsync::replica_test
