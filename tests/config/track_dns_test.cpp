// track_dns in an instance: grammar, ranges and faults are those of track_interface.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::track_dns_test {
namespace {

// The items of track_dns stand from line 7 on.
Parsed parse_tracking(const std::string& items, const std::string& id = "H003", const std::string& priority = "100") {
    return parse_text("vrrp_instance LAN {\ninterface lan0\nvirtual_router_id 1\npriority " + priority +
                          "\nversion 3\ntrack_dns {\n" + items +
                          "\n}\nvirtual_ipaddress {\n10.12.14.1/24\n}\n}\n"
                          "gateway HOME {\nfollows LAN\nlan lan0 10.12.14.0/24\n}\n"
                          "dns_failover {\nfollows HOME\nforwarder H003 10.12.14.4\n}\n",
                      id);
}

TEST(TrackDns, names_a_gateway_and_weighs) {
    for (const auto& [items, wanted] : {
             std::pair{"HOME", TrackDns{"HOME", 0, false}},
             std::pair{"HOME weight -50", TrackDns{"HOME", -50, false}},
             std::pair{"HOME weight 253 reverse", TrackDns{"HOME", 253, true}},
         }) {
        const auto parsed = parse_tracking(items);
        EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
        EXPECT_EQ(parsed.config.instances.at(0).track_dns, std::vector<TrackDns>{wanted}) << items;
    }
}

TEST(TrackDns, faulty_items_are_left_out) {
    struct Bad {
        const char* items;
        const char* said;
        std::size_t kept;
    };
    for (const auto& [items, said, kept] : {
             Bad{"HOMW", "7:1: track_dns: no dns_failover follows a gateway HOMW", 0},
             Bad{"HOME weight 254", "7:13: weight 254 is too much: 253 is used", 1},
             Bad{"HOME weight x", "7:13: weight 'x' is ignored: write a number from -253 to 253", 1},
             Bad{"HOME wieght 5", "7:6: unknown word 'wieght'", 0},
             Bad{"HOME weight -5\nHOME", "8:1: track_dns: HOME is tracked already", 1},
         }) {
        const auto parsed = parse_tracking(items);
        EXPECT_TRUE(says(parsed.faults, said)) << items << (parsed.faults.empty() ? "" : parsed.faults[0].describe());
        EXPECT_EQ(parsed.config.instances.at(0).track_dns.size(), kept) << items;
        EXPECT_TRUE(parsed.can_start()) << "as with track_interface";
    }
}

TEST(TrackDns, weighs_nothing_at_an_owner_but_may_be_its_fault) {
    const auto weighed = parse_tracking("HOME weight -5", "H003", "255");
    EXPECT_TRUE(says(weighed.faults, "7:1: track_dns: a weight changes nothing at priority 255"));
    EXPECT_TRUE(weighed.config.instances.at(0).track_dns.empty());
    EXPECT_EQ(parse_tracking("HOME", "H003", "255").config.instances.at(0).track_dns.size(), 1U);
}

TEST(TrackDns, on_a_host_without_a_forwarder_it_is_said_to_be_up) {
    EXPECT_FALSE(says(parse_tracking("HOME").faults, "counts as up"));
    EXPECT_TRUE(says(parse_tracking("HOME", "H009").faults,
                     "7:1: track_dns: no forwarder of HOME is this host (H009), so it counts as up"));
}

TEST(TrackDns, may_stand_in_a_sync_group_as_track_interface_may) {
    const auto parsed = parse_text("vrrp_sync_group G {\ntrack_dns {\nHOME weight 254\nHOME\n}\n}\n");
    EXPECT_TRUE(says(parsed.faults, "3:13: weight 254 is too much: 253 is used"));
    EXPECT_FALSE(says(parsed.faults, "unknown"));
}

}  // namespace
}  // namespace vrrpd::config::track_dns_test
