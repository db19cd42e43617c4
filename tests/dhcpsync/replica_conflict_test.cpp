// Two gateways that did not hear each other gave one address away: what the replicas make of that.
#include "tests/dhcpsync/replica_pair.hpp"

namespace dhcpsync::replica_conflict_test {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using test::ReplicaTest;

TEST_F(ReplicaTest, two_terms_that_conflict_quarantine_the_address_until_one_lease_ends) {
    (void)activate(a_);
    (void)activate(b_);
    (void)serve(a_, {lease(100, 1, Seconds(600))});
    (void)serve(b_, {lease(100, 2, Seconds(3600))});
    const auto actions = link();
    EXPECT_EQ(of<Quarantined>(actions),
              (std::vector<Quarantined>{{ip(100), noon + Seconds(600)}, {ip(100), noon + Seconds(600)}}));
    EXPECT_EQ(a_.quarantined(noon), b_.quarantined(noon));
    EXPECT_EQ(a_.leases(noon), leases({lease(100, 2, Seconds(3600))}));
    // The one who knows of both does not make the other client forgotten by renewing its own.
    (void)serve(b_, {lease(100, 2, Seconds(3700))});
    EXPECT_EQ(a_.quarantined(noon).size(), 1u);
    EXPECT_TRUE(a_.quarantined(noon + Seconds(600)).empty());
}

TEST_F(ReplicaTest, when_the_counting_lease_of_two_ends_the_other_one_counts) {
    (void)activate(a_);
    (void)activate(b_);
    (void)serve(a_, {lease(100, 1, Seconds(3600))});
    (void)serve(b_, {lease(100, 2, Seconds(600))});
    (void)link();
    now_ = {now_.instant + 601s, noon + Seconds(601)};
    const auto actions = step(a_, TimeReached{});
    ASSERT_EQ(of<Apply>(actions).size(), 1u);
    EXPECT_EQ(of<Apply>(actions)[0].changes, (std::vector<Change>{{ip(100), lease(100, 1, Seconds(3600))}}));
}

// Two other nodes gave 100 to two machines: the second one's lease counts, and ends first.
class Contested : public ReplicaTest {
protected:
    static constexpr NodeId three{3};

    static Version version(std::uint64_t term, NodeId author, const Lease& lease) {
        return {{{Term{term}, author}, Sequence{1}}, lease, lease.expires};
    }
    // A snapshot or what follows it, with all that its sender knows.
    static FromPeer from_two(std::uint32_t number, const Versions& versions) {
        Knowledge claim;
        for (const auto& one : versions) claim.learn(one.stamp.author, one.stamp.sequence);
        return {two, Update{{number}, number == 1, {claim.newest_term(), false}, {{ip(100), versions}}, {}, claim}};
    }
    std::vector<Apply> hear_of_two() {
        (void)a_.step(now_, PeerUp{two});
        return of<Apply>(a_.step(now_, from_two(1, both_)));
    }
    void pass(std::chrono::seconds time) { now_ = {now_.instant + time, now_.wall + time}; }

    const Lease longer_ = lease(100, 1, Seconds(3600)), counts_ = lease(100, 2, Seconds(600));
    const Versions both_{version(3, two, counts_), version(2, three, longer_)};
    const Apply longer_counts_{{{ip(100), longer_}}};
};

TEST_F(Contested, a_message_after_the_end_of_the_counting_lease_does_not_hide_that_the_other_one_counts) {
    EXPECT_EQ(hear_of_two(), (std::vector<Apply>{{{{ip(100), counts_}}}}));
    pass(600s);
    auto three_machines = both_;
    three_machines.push_back(version(1, three, lease(100, 3, Seconds(3600))));
    EXPECT_EQ(of<Apply>(a_.step(now_, from_two(2, three_machines))), std::vector<Apply>{longer_counts_});
    EXPECT_TRUE(of<Apply>(a_.step(now_, TimeReached{})).empty()) << "said once";
}

TEST_F(Contested, nor_does_a_start_between_the_two) {
    (void)hear_of_two();
    Replica again(one, a_.image());
    EXPECT_EQ(again.wanted(now_.wall), (std::vector<Change>{{ip(100), counts_}}));
    pass(600s);
    EXPECT_EQ(of<Apply>(again.step(now_, TimeReached{})), std::vector<Apply>{longer_counts_});
}

TEST_F(Contested, a_clock_that_is_set_back_makes_the_ended_lease_count_again) {
    (void)hear_of_two();
    pass(600s);
    EXPECT_EQ(of<Apply>(a_.step(now_, TimeReached{})), std::vector<Apply>{longer_counts_});
    now_ = {now_.instant + sweep_interval, noon};
    EXPECT_EQ(of<Apply>(a_.step(now_, TimeReached{})), (std::vector<Apply>{{{{ip(100), counts_}}}}));
}

TEST_F(ReplicaTest, a_successor_that_knew_is_no_conflict) {
    (void)link();
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1)});
    (void)step(a_, BecameBackup{});
    (void)serve(b_, {lease(100, 1)});  // fed
    (void)activate(b_);
    (void)serve(b_, {lease(100, 2)});  // its server ended the one and gave the other, between two looks
    EXPECT_TRUE(a_.quarantined(noon).empty());
    EXPECT_EQ(a_.leases(noon), leases({lease(100, 2)}));
}

TEST_F(ReplicaTest, a_server_that_never_had_the_lease_makes_a_conflict) {
    (void)link();
    (void)activate(a_);
    (void)serve(a_, {lease(100, 1)});
    (void)step(a_, BecameBackup{});
    (void)serve(b_, {});  // not fed yet
    (void)activate(b_);
    (void)serve(b_, {lease(100, 2)});
    EXPECT_EQ(a_.quarantined(noon).size(), 1u);
}

}  // namespace
}  // namespace dhcpsync::replica_conflict_test
