// The distance between announcements: vrrp_garp_interval, vrrp_gna_interval, garp_group.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::garp_group_test {
namespace {

using namespace std::chrono_literals;

TEST(GarpGroup, keeps_its_devices_and_both_intervals) {
    const auto parsed = parse_text(
        "garp_group {\ngarp_interval 0.0015\ngna_interval 2\ninterfaces {\neth0\neth1\n}\n}\n"
        "garp_group {\ngarp_interval 1\ninterface eth2\n}\n"
        "global_defs {\nvrrp_garp_interval 0.001\nvrrp_gna_interval 0.002\n}\n");
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    EXPECT_EQ(parsed.config.garp_groups, (std::vector<GarpGroup>{{1500us, 2s, {"eth0", "eth1"}}, {1s, 0s, {"eth2"}}}));
    EXPECT_EQ(parsed.config.garp_interval, 1ms);
    EXPECT_EQ(parsed.config.gna_interval, 2ms);
}

TEST(GarpGroup, what_is_of_no_use_is_said) {
    const auto parsed = parse_text(
        "garp_group {\ngarp_interval 1\n}\ngarp_group {\ninterface eth0\n}\n"
        "garp_group {\ngna_interval 1\ninterface eth1\n}\ngarp_group {\ngna_interval 3\ninterface eth1\n}\n");
    EXPECT_TRUE(says(parsed.faults, "vrrpd.conf:1:1: garp_group names no interface: it is dropped"));
    EXPECT_TRUE(says(parsed.faults, "garp_group has neither garp_interval nor gna_interval"));
    EXPECT_TRUE(says(parsed.faults, "eth1 has a garp_group already: it is left in that one"));
    EXPECT_EQ(parsed.config.garp_groups, (std::vector<GarpGroup>{{0s, 1s, {"eth1"}}}));
    EXPECT_TRUE(parsed.can_start());
}

}  // namespace
}  // namespace vrrpd::config::garp_group_test
