// A kernel without something that vrrpd can use: it is said once, and all that does not need it works.
#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"

namespace lab {
namespace {

class Kernel : public HomeTest {
protected:
    void start_without(Router& router, Lacks feature, const VrrpText& text) {
        router.run_on_kernel_without(feature);
        router.start(text);
    }
};

TEST_F(Kernel, without_nf_tables_is_said_once_and_addresses_still_move) {
    const std::string gateway = GatewayText{}.text();
    Router router(home.h003);
    start_without(router, Lacks::nf_tables, {.priority = 200, .after = gateway});
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    ASSERT_EQ(home.h003.must({"nft", "list", "ruleset"}), "") << "the laboratory took nothing away";
    const auto log = router.log();
    const auto said = log.find("this kernel has no nf_tables");
    ASSERT_NE(said, std::string::npos);
    EXPECT_NE(log.find("no NAT", said), std::string::npos) << "what does not work";
    start(home.h001, {.priority = 150, .after = gateway});
    EXPECT_EQ(router.stop(), 0);
    EXPECT_EQ(router.log().find("nf_tables", log.find('\n', said)), std::string::npos) << "said again";
    EXPECT_TRUE(becomes_active(home.h001));
    start_without(router, Lacks::nf_tables, {.priority = 200, .after = gateway});
    EXPECT_TRUE(becomes_active(home.h003));
}

TEST_F(Kernel, without_ipv6_is_said_once_and_ipv4_works) {
    Router router(home.h003);
    const std::string other =
        "vrrp_instance LAN6 {\n"
        "    interface lan0\n    virtual_router_id 6\n    priority 200\n    advert_int 0.1\n"
        "    virtual_ipaddress { fe80::12:1/64 }\n"
        "}\n";
    start_without(router, Lacks::ipv6, {.priority = 200, .after = other + GatewayText{}.text()});
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    EXPECT_TRUE(router.await_log("(LAN6) Entering FAULT STATE")) << "what does not work";
    EXPECT_TRUE(router.await_log("this kernel has no IPv6")) << "why";
    EchoServer echo(home.internet, {Home::internet_address});
    EXPECT_TRUE(tcp_works(home.client, {Home::internet_address}));
    EXPECT_EQ(router.stop(), 0);
}

TEST_F(Kernel, with_ipv6_switched_off_the_ipv4_addresses_of_a_mixed_instance_still_move) {
    home.h003.netns().set_sysctl("net/ipv6/conf/all/disable_ipv6", "1");
    auto& router = start(home.h003, {.priority = 200, .more = "virtual_ipaddress_excluded {\nfd00:12:14::1/64\n}"});
    EXPECT_TRUE(becomes_active(home.h003));
    EXPECT_TRUE(router.await_log("fd00:12:14::1")) << "what does not work";
    EXPECT_TRUE(stays_false([&] { return !holds(home.h003); }, 1s));
}

}  // namespace
}  // namespace lab
