// Who gets a lease at a take-over because he is there, and how the LAN is asked.
#include "dhcpsync/core/repair.hpp"

#include <gtest/gtest.h>

#include "tests/dhcpsync/sample.hpp"

namespace dhcpsync::repair_test {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using vrrpd::MacAddress;

MacAddress machine(unsigned last) { return {{0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(last)}}; }

class RepairTest : public testing::Test {
protected:
    RepairActions step(const RepairEvent& event) { return repair_.step(now_, event, known()); }
    RepairActions see(unsigned address, unsigned mac_) { return step(HostSeen{ip(address), machine(mac_)}); }
    // The take-over, without its scans.
    std::vector<Lease> take_over() { return protected_by(step(TookOver{})); }

    [[nodiscard]] Repair::Known known() const {
        return {[this](const IpAddress& address) { return leased_.contains(address); },
                [this](const MacAddress& mac_) { return lessees_.contains(mac_); },
                [this](const IpAddress& address, const MacAddress& mac_) {
                    return leased_.contains(address) && !lessees_.contains(mac_);
                }};
    }

    static std::vector<Lease> protected_by(const RepairActions& actions) {
        std::vector<Lease> result;
        for (const auto& action : actions) {
            if (const auto* protect = std::get_if<Protect>(&action)) result.push_back(protect->lease);
        }
        return result;
    }
    static std::vector<ScanPool> scans(const RepairActions& actions) {
        std::vector<ScanPool> result;
        for (const auto& action : actions) {
            if (const auto* scan = std::get_if<ScanPool>(&action)) result.push_back(*scan);
        }
        return result;
    }
    Lease short_lease(unsigned address, unsigned mac_) const {
        return {ip(address), Client4{{1, mac(mac_)}, {}}, "", now_.wall + Seconds(600)};
    }

    Repair repair_{{{ip(100), ip(199)}}, {ip(150)}};
    Moment now_{Instant(1h), noon};
    std::set<IpAddress> leased_;
    std::set<MacAddress> lessees_;
};

TEST_F(RepairTest, who_is_there_without_a_lease_is_protected_at_the_take_over) {
    (void)step(StandsIn{});
    EXPECT_EQ(see(120, 1), RepairActions{}) << "a stand-in only remembers";
    EXPECT_EQ(take_over(), std::vector{short_lease(120, 1)});
}

TEST_F(RepairTest, there_is_room_while_an_address_is_nobody_s) {
    const auto has_lease = [this](const IpAddress& address) { return leased_.contains(address); };
    for (unsigned last = 100; last < 199; ++last) leased_.insert(ip(last));
    EXPECT_TRUE(repair_.has_room(has_lease));
    leased_.insert(ip(199));
    EXPECT_FALSE(repair_.has_room(has_lease));
    leased_.erase(ip(150));
    EXPECT_FALSE(repair_.has_room(has_lease)) << "that one is reserved";
    EXPECT_TRUE(Repair({}, {}).has_room(has_lease)) << "nobody knows";
}

TEST_F(RepairTest, who_answers_the_fast_scan_is_protected_too) {
    EXPECT_EQ(take_over(), std::vector<Lease>{});
    now_.instant += 300ms;
    EXPECT_EQ(protected_by(see(121, 2)), std::vector{short_lease(121, 2)});
    now_.instant += 10min;
    EXPECT_EQ(protected_by(see(122, 3)), std::vector{short_lease(122, 3)}) << "pools may be large";
    (void)step(StandsIn{});
    EXPECT_EQ(see(123, 4), RepairActions{});
}

TEST_F(RepairTest, not_who_has_a_lease_nor_outside_of_the_pool_nor_on_a_reserved_address) {
    (void)step(StandsIn{});
    leased_.insert(ip(120));
    lessees_.insert(machine(120));
    for (const unsigned address : {120u, 99u, 200u, 150u}) EXPECT_EQ(see(address, address), RepairActions{});
    EXPECT_EQ(take_over(), std::vector<Lease>{});
}

TEST_F(RepairTest, not_who_was_seen_long_ago) {
    (void)step(StandsIn{});
    (void)see(120, 1);
    now_.instant += Repair::remembered + 1s;
    EXPECT_EQ(take_over(), std::vector<Lease>{});
}

TEST_F(RepairTest, the_machine_that_was_seen_last_is_the_one) {
    (void)step(StandsIn{});
    (void)see(120, 1);
    (void)see(120, 2);
    EXPECT_EQ(take_over(), std::vector{short_lease(120, 2)});
}

TEST_F(RepairTest, a_proxy_cannot_have_the_pool_leased_to_itself) {
    (void)step(StandsIn{});
    RepairActions said;
    for (unsigned address = 100; address < 200; ++address) {
        for (auto& action : see(address, 9)) said.push_back(action);
    }
    EXPECT_EQ(said, (RepairActions{HasSeveral{machine(9), ip(101)}})) << "once";
    (void)see(120, 1);
    EXPECT_EQ(take_over(), std::vector{short_lease(120, 1)});
}

// Which one the server gave it nobody knows; and the wrong one would cost it that.
TEST_F(RepairTest, a_machine_with_two_addresses_gets_no_lease_until_one_is_long_gone) {
    (void)step(StandsIn{});
    (void)see(120, 1);
    now_.instant += 10min;
    EXPECT_EQ(see(130, 1), (RepairActions{HasSeveral{machine(1), ip(130)}}));
    EXPECT_EQ(take_over(), std::vector<Lease>{});
    now_.instant += 10min;
    EXPECT_EQ(protected_by(see(130, 1)), std::vector{short_lease(130, 1)}) << "it moved";
}

TEST_F(RepairTest, a_machine_with_a_lease_gets_no_second_one_for_its_alias) {
    (void)step(StandsIn{});
    leased_.insert(ip(120));
    lessees_.insert(machine(1));
    EXPECT_EQ(see(120, 1), RepairActions{});
    EXPECT_EQ(see(130, 1), (RepairActions{HasSeveral{machine(1), ip(130)}}));
    EXPECT_EQ(take_over(), std::vector<Lease>{});
    EXPECT_EQ(see(131, 1), RepairActions{}) << "said once";
}

TEST_F(RepairTest, a_machine_that_answers_for_the_address_of_another_one_is_named) {
    (void)step(StandsIn{});
    leased_ = {ip(120), ip(121)};
    EXPECT_EQ(see(120, 1), (RepairActions{TakesAnothers{machine(1), ip(120)}}));
    EXPECT_EQ(see(121, 1), RepairActions{}) << "once";
    EXPECT_EQ(take_over(), std::vector<Lease>{});
}

TEST_F(RepairTest, a_pool_is_gone_through_gently_and_again_and_again) {
    const ScanPool gentle{ip(100), ip(199), 6s};
    EXPECT_EQ(step(StandsIn{}), RepairActions{});
    for (int round = 0; round < 3; ++round) {
        now_.instant = repair_.next_deadline().value();
        EXPECT_EQ(scans(step(ScanDue{})), std::vector{gentle});
        EXPECT_EQ(repair_.next_deadline(), now_.instant + Repair::gentle_round);
    }
}

TEST_F(RepairTest, at_the_take_over_once_and_fast) {
    (void)step(StandsIn{});
    EXPECT_EQ(scans(step(TookOver{})), std::vector{(ScanPool{ip(100), ip(199), Repair::fast_pace})});
    EXPECT_LT(254 * Repair::fast_pace, 1s);
    EXPECT_EQ(repair_.next_deadline(), std::nullopt);
}

// Who scans goes through them one after the other.
TEST_F(RepairTest, large_pools_in_parts_and_ipv6_not_at_all) {
    const auto first = IpAddress::v4(10, 0, 0, 0), last = IpAddress::v4(10, 0, 63, 255);
    Repair repair({{first, last}, {*IpAddress::parse("fd00::1"), *IpAddress::parse("fd00::ffff")}, {last, first}}, {});
    const auto actions = repair.step(now_, TookOver{}, known());
    const auto parts = scans(actions);
    ASSERT_EQ(parts.size(), 4u);
    EXPECT_EQ(parts[0].first, first);
    EXPECT_EQ(parts[0].last, IpAddress::v4(10, 0, 15, 255));
    EXPECT_EQ(parts[1].first, IpAddress::v4(10, 0, 16, 0));
    EXPECT_EQ(parts[3].last, last);
}

TEST_F(RepairTest, the_end_of_the_address_space) {
    Repair repair({{IpAddress::v4(255, 255, 255, 0), IpAddress::v4(255, 255, 255, 255)}}, {});
    EXPECT_EQ(scans(repair.step(now_, TookOver{}, known())).size(), 1u);
}

TEST_F(RepairTest, without_a_pool_there_is_nothing_to_do) {
    Repair repair({}, {});
    EXPECT_EQ(repair.step(now_, StandsIn{}, known()), RepairActions{});
    EXPECT_EQ(repair.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace dhcpsync::repair_test
