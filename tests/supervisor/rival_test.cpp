// What is in the way of a start beside a keepalived, and how the kernel's list of sockets is read.
#include "vrrpd/supervisor/rival.hpp"

#include <gmock/gmock.h>

#include "tests/engine/values.hpp"

namespace vrrpd::supervisor::rival_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char heading[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer "
    "drops\n";

TEST(Rival, sockets_of_vrrp_are_seen) {
    const std::string other =
        "    1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 70 2 0 0\n";
    const std::string vrrp =
        "  112: 00000000:0070 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 71 2 0 0\n";
    const std::string ah =
        "   51: 00000000:0033 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 72 2 0 0\n";
    const std::string vrrp6 =
        "  112: 00000000000000000000000000000000:0070 00000000000000000000000000000000:0000 07 "
        "00000000:00000000 00:00000000 00000000     0        0 73 2 0 0\n";
    EXPECT_FALSE(tells_of_vrrp(""));
    EXPECT_FALSE(tells_of_vrrp(heading));
    EXPECT_FALSE(tells_of_vrrp(heading + other));
    EXPECT_TRUE(tells_of_vrrp(heading + other + vrrp));
    EXPECT_TRUE(tells_of_vrrp(heading + ah));
    EXPECT_TRUE(tells_of_vrrp(heading + vrrp6));
    EXPECT_FALSE(tells_of_vrrp("  112: 00000070"));
}

Rival with(config::Instance instance) {
    instance.name = "THEIRS";
    config::Config config;
    config.instances = {std::move(instance)};
    return {7, "/etc/keepalived/keepalived.conf", std::move(config)};
}

config::Config ours() {
    config::Config config;
    config.instances = {engine::test::instance()};
    return config;
}

TEST(Rival, shares_a_virtual_router_of_the_same_device_and_family) {
    auto theirs = engine::test::instance();
    theirs.addresses.clear();
    EXPECT_THAT(with(theirs).shared_with(ours()), ElementsAre(HasSubstr("virtual_router_id 1 on lan0")));
    auto other = theirs;
    other.interface = "lan1";
    EXPECT_THAT(with(other).shared_with(ours()), IsEmpty());
    other = theirs;
    other.family = Family::ipv6;
    EXPECT_THAT(with(other).shared_with(ours()), IsEmpty());
    other = theirs;
    other.vrid = engine::test::vrid(2);
    EXPECT_THAT(with(other).shared_with(ours()), IsEmpty());
}

// As we run them beside each other, too.
TEST(Rival, shares_no_virtual_router_whose_adverts_go_another_way) {
    auto theirs = engine::test::instance();
    theirs.addresses.clear();
    theirs.group = IpAddress::v4(239, 0, 0, 1);
    EXPECT_THAT(with(theirs).shared_with(ours()), IsEmpty());
    theirs.group.reset();
    theirs.peers = {proto::Peer{IpAddress::v4(10, 12, 14, 9)}};
    EXPECT_THAT(with(theirs).shared_with(ours()), IsEmpty());
    auto mine = ours();
    mine.instances.front().peers = theirs.peers;
    EXPECT_THAT(with(theirs).shared_with(mine), ElementsAre(HasSubstr("virtual_router_id 1 on lan0")));
    mine.instances.front().source = IpAddress::v4(10, 12, 14, 4);
    EXPECT_THAT(with(theirs).shared_with(mine), ElementsAre(HasSubstr("virtual_router_id 1 on lan0")))
        << "theirs may be the same";
    theirs.source = IpAddress::v4(10, 12, 14, 5);
    EXPECT_THAT(with(theirs).shared_with(mine), IsEmpty());
}

TEST(Rival, shares_an_address_whatever_it_calls_its_router) {
    auto theirs = engine::test::instance();
    theirs.vrid = engine::test::vrid(51);
    theirs.excluded_addresses = std::exchange(theirs.addresses, {});
    EXPECT_THAT(with(theirs).shared_with(ours()), ElementsAre(HasSubstr("the virtual address 10.12.14.1")));
}

TEST(Rival, what_could_not_be_read_is_no_proof) {
    EXPECT_THAT((Rival{7, "keepalived.conf", std::nullopt}.shared_with(ours())), IsEmpty());
}

}  // namespace
}  // namespace vrrpd::supervisor::rival_test
