// vrrp_sync_group: its members, what it gives them to track, and a gateway that follows it.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::sync_group_test {
namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }
Prefix net(const char* text) { return *Prefix::parse(text); }

std::string instance(const std::string& name, const std::string& device, const std::string& vrid,
                     const std::string& address, const std::string& more = {}) {
    return "vrrp_instance " + name + " {\ninterface " + device + "\nvirtual_router_id " + vrid +
           "\nvirtual_ipaddress {\n" + address + "\n}\n" + more + "}\n";
}
const std::string two = instance("LAN", "lan0", "1", "10.12.14.1/24") + instance("WAN", "wan0", "2", "203.0.113.5/29");

std::string group(const std::string& more = {}) { return "vrrp_sync_group G {\ngroup {\nLAN\nWAN\n}\n" + more + "}\n"; }

TEST(SyncGroups, know_their_members_in_the_order_of_the_text) {
    const auto parsed = parse_text("vrrp_sync_group G {\ngroup {\nWAN\nLAN\n}\n}\n" + two);
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    const auto& config = parsed.config;
    EXPECT_EQ(config.sync_groups, (std::vector<SyncGroup>{{"G", {1, 0}}}));
    for (const auto& each : config.instances) {
        EXPECT_EQ(each.sync_group, 0U);
        EXPECT_TRUE(each.parameters.grouped);
    }
    EXPECT_FALSE(parse_text(two).config.instances.at(0).parameters.grouped);
}

TEST(SyncGroups, a_second_group_leaves_the_members_of_the_first_alone) {
    const auto parsed = parse_text(two + group() + "vrrp_sync_group H {\ngroup {\nWAN\n}\n}\n");
    EXPECT_TRUE(says(parsed.faults, "WAN is in the group G already"));
    EXPECT_TRUE(says(parsed.faults, "vrrp_sync_group H: it has no members and is left out"));
    EXPECT_EQ(parsed.config.sync_groups.size(), 1U);
    const auto twice = parse_text(two + "vrrp_sync_group G {\ngroup {\nLAN\nWAN\nLAN\n}\n}\n");
    EXPECT_TRUE(says(twice.faults, "LAN is in the group G already"));
    EXPECT_EQ(twice.config.sync_groups.at(0).members.size(), 2U);
}

TEST(SyncGroups, what_the_group_tracks_every_member_tracks) {
    const auto config = parse_text(two + group("track_interface {\neth7\neth8 weight 10 reverse\n}\n")).config;
    const SeldomList<TrackInterface> expected{{"eth7", 0, false}, {"eth8", 10, true}};
    EXPECT_EQ(config.instances.at(0).track_interfaces, expected);
    EXPECT_EQ(config.instances.at(1).track_interfaces, expected);
}

// Each is its own interface's slave already, and the other's fault comes to it by the group.
TEST(SyncGroups, a_member_does_not_track_its_own_interface_for_the_group) {
    const auto config = parse_text(two + group("track_interface {\nlan0\n}\n")).config;
    EXPECT_TRUE(config.instances.at(0).track_interfaces.empty());
    EXPECT_EQ(config.instances.at(1).track_interfaces.size(), 1U);
}

TEST(SyncGroups, weights_of_members_count_only_with_sync_group_tracking_weight) {
    const auto tracked = instance("LAN", "lan0", "1", "10.12.14.1/24", "track_interface {\neth7 weight 5\n}\n") +
                         instance("WAN", "wan0", "2", "203.0.113.5/29");
    const auto without = parse_text(tracked + group());
    EXPECT_TRUE(says(without.faults, "the weight of eth7 in LAN counts as 0"));
    EXPECT_EQ(without.config.instances.at(0).track_interfaces[0].weight, 0);
    const auto with = parse_text(tracked + group("sync_group_tracking_weight\n"));
    EXPECT_EQ(errors(with.faults), std::vector<std::string>{});
    EXPECT_EQ(with.config.instances.at(0).track_interfaces[0].weight, 5);
}

TEST(SyncGroups, owners_beside_others_are_told_that_they_wait) {
    const auto mixed = instance("LAN", "lan0", "1", "10.12.14.1/24", "priority 255\n") +
                       instance("WAN", "wan0", "2", "203.0.113.5/29");
    EXPECT_TRUE(says(parse_text(mixed + group()).faults, "some members have priority 255 and others have not"));
}

TEST(SyncGroups, keep_their_scripts) {
    const auto parsed = parse_text(two + group("notify_master /bin/true\n"));
    const auto& of_group = *parsed.config.sync_groups.at(0).notify;
    EXPECT_EQ(of_group.master.words, (std::vector<std::string>{"/bin/true"}));
    EXPECT_FALSE(parsed.config.instances.at(0).notify->master.is_given());
}

TEST(SyncGroups, global_tracking_is_told_to_be_deprecated) {
    EXPECT_TRUE(says(parse_text(two + group("global_tracking\n")).faults, "global_tracking is deprecated"));
}

// ---- a gateway that follows a group ------------------------------------------------------------------

std::string gateway(const std::string& address = {}) {
    return "gateway HOME {\nfollows G\nlan lan0 10.12.14.0/24\nwan wan0 {\n" + address +
           "via 203.0.113.1\n}\nnat {\nmasquerade\n}\n}\n";
}

TEST(SyncGroupGateway, has_the_lan_addresses_of_all_and_holds_those_on_its_wan) {
    const auto parsed = parse_text(two + group() + gateway());
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    EXPECT_TRUE(parsed.can_start());
    const auto& home = parsed.config.gateways.at(0);
    EXPECT_EQ(home.rules.virtual_addresses, (std::vector<IpAddress>{ip("10.12.14.1")}));
    EXPECT_EQ(home.wan->carried, (std::vector<Prefix>{net("203.0.113.5/29")}));
    EXPECT_TRUE(home.wan->held.empty()) << "they are the instance's";
    EXPECT_EQ(home.rules.held, home.wan->carried);
}

TEST(SyncGroupGateway, is_led_by_who_carries_the_address_of_its_wan) {
    const auto parsed = parse_text(two + group() + gateway());
    const auto followed = parsed.config.followed_by(parsed.config.gateways.at(0));
    ASSERT_EQ(followed.size(), 2U);
    EXPECT_EQ(followed[0]->name, "WAN");
    EXPECT_EQ(followed[1]->name, "LAN");
}

TEST(SyncGroupGateway, address_own_is_obeyed) {
    const auto parsed = parse_text(two + group() + gateway("address own\n"));
    EXPECT_TRUE(parsed.config.gateways.at(0).rules.held.empty());
}

TEST(SyncGroupGateway, needs_a_virtual_address_on_a_lan_device) {
    const auto parsed = parse_text(instance("LAN", "eth7", "1", "10.12.14.1/24") +
                                   instance("WAN", "wan0", "2", "203.0.113.5/29") + group() + gateway());
    EXPECT_TRUE(says(parsed.faults, "G has no virtual address on a lan device"));
    EXPECT_FALSE(parsed.can_start());
}

TEST(SyncGroupGateway, one_that_follows_a_member_alone_is_told_of_the_group) {
    auto text = two + group() + gateway();
    text.replace(text.find("follows G"), 9, "follows LAN");
    EXPECT_TRUE(says(parse_text(text).faults, "LAN is in the vrrp_sync_group G: write follows G"));
}

}  // namespace
}  // namespace vrrpd::config::sync_group_test
