// A real keepalived on the same host: the first start of whoever comes from it.
#include <fstream>

#include "netns-tests/fixture.hpp"

namespace lab::rival_test {
namespace {

class RivalTest : public HomeTest {
protected:
    // keepalived with files of its own, in the network of this host.
    Process keepalived(Host& host, const VrrpText& text) const {
        const auto file = [](const char* suffix) { return directory() + "/rival." + suffix; };
        std::ofstream(file("conf")) << text.text();
        return Process({"keepalived", "-P", "-n", "-l", "-f", file("conf"), "-i", host.name(), "-p", file("pid"), "-r",
                        file("vrrp.pid")},
                       host.netns().fd(), file("log"));
    }

    Router router{home.h003, Daemon::vrrpd};
};

TEST_F(RivalTest, keepalived_with_the_same_virtual_router_is_named_and_nothing_starts) {
    auto rival = keepalived(home.h003, {.priority = 100});
    ASSERT_TRUE(becomes_active(home.h003, 10s));
    router.start(VrrpText{.name = "OURS", .priority = 200});
    EXPECT_EQ(router.process().wait(5s), 1);
    EXPECT_TRUE(router.logged("keepalived (pid " + std::to_string(rival.pid()) + ") speaks VRRP on this host"))
        << router.log();
    EXPECT_TRUE(router.logged("virtual_router_id 1 on lan0, of its vrrp_instance LAN and of ours, OURS"))
        << router.log();
    EXPECT_TRUE(router.logged("systemctl disable --now keepalived")) << router.log();
    EXPECT_EQ(rival.stop(), 0);
    router.start(VrrpText{.name = "OURS", .priority = 200});
    EXPECT_TRUE(becomes_active(home.h003)) << router.log();
}

TEST_F(RivalTest, same_address_under_another_number_is_in_the_way_too) {
    auto rival = keepalived(home.h003, {.vrid = 51, .priority = 100});
    ASSERT_TRUE(becomes_active(home.h003, 10s));
    router.start(VrrpText{.priority = 200});
    EXPECT_EQ(router.process().wait(5s), 1);
    EXPECT_TRUE(router.logged("the virtual address 10.12.14.1, of its vrrp_instance LAN")) << router.log();
}

TEST_F(RivalTest, observing_beside_it_is_the_first_evening_s_command) {
    auto rival = keepalived(home.h003, {.priority = 100});
    ASSERT_TRUE(becomes_active(home.h003, 10s));
    router.configure(VrrpText{.priority = 200}.text());
    router.start(Arguments{"--observe"});
    EXPECT_TRUE(router.await_log("observing beside it")) << router.log();
    EXPECT_TRUE(router.await_log("would have")) << router.log();
    EXPECT_EQ(router.stop(), 0);
}

TEST_F(RivalTest, keepalived_with_other_virtual_routers_may_run_on) {
    auto rival = keepalived(home.h003, {.vrid = 51, .priority = 100, .addresses = {"10.12.14.99/24"}});
    ASSERT_TRUE(wait_until([&] { return holds(home.h003, IpAddress::v4(10, 12, 14, 99)); }, 10s));
    router.start(VrrpText{.priority = 200});
    EXPECT_TRUE(becomes_active(home.h003)) << router.log();
    EXPECT_TRUE(router.logged("for other virtual routers than ours")) << router.log();
}

TEST_F(RivalTest, keepalived_in_another_network_is_no_concern) {
    auto rival = keepalived(home.h001, {.priority = 100});
    ASSERT_TRUE(becomes_active(home.h001, 10s));
    router.start(VrrpText{.priority = 200});
    EXPECT_TRUE(becomes_active(home.h003)) << router.log();
    EXPECT_FALSE(router.logged("speaks VRRP on this host")) << router.log();
}

}  // namespace
}  // namespace lab::rival_test
