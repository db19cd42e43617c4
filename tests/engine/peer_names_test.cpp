// What the members of peer_link are called.
#include "vrrpd/engine/core/peer_names.hpp"

#include <gtest/gtest.h>

#include "tests/engine/values.hpp"

namespace vrrpd::engine::peer_names_test {
namespace {

using namespace test;

config::PeerLink link_of(std::vector<config::Member> members) {
    config::PeerLink result;
    result.members = std::move(members);
    return result;
}

TEST(PeerNames, a_member_is_told_by_name_and_address_and_a_stranger_by_address) {
    PeerNames names;
    names.configure(link_of({{"H001", ip("10.12.14.2")}, {"H002", ip("fd00::3")}}));
    EXPECT_EQ(names.describe(ip("10.12.14.2")), "H001 (10.12.14.2)");
    EXPECT_EQ(names.describe(ip("fd00::3")), "H002 (fd00::3)");
    EXPECT_EQ(names.describe(ip("10.12.14.9")), "10.12.14.9");
    EXPECT_EQ(names.member(ip("10.12.14.9")), std::nullopt);
    EXPECT_TRUE(names.contains(ip("10.12.14.2")));
    EXPECT_FALSE(names.contains(ip("10.12.14.9")));
    EXPECT_EQ(names.addresses().size(), 2U);
}

TEST(PeerNames, another_configuration_leaves_nothing_of_the_one_before) {
    PeerNames names;
    names.configure(link_of({{"H001", ip("10.12.14.2")}}));
    names.configure(link_of({{"H009", ip("10.12.14.9")}}));
    EXPECT_FALSE(names.contains(ip("10.12.14.2")));
    EXPECT_EQ(names.member(ip("10.12.14.9")), "H009");
    names.configure(std::nullopt);
    EXPECT_TRUE(names.addresses().empty());
}

}  // namespace
}  // namespace vrrpd::engine::peer_names_test
