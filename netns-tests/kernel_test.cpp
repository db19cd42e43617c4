// A kernel without something that vrrpd can use: it is said once, and all that does not need it works.
#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"

namespace lab::kernel_test {
namespace {

class Kernel : public HomeTest {
protected:
    void start_without(Router& router, Lacks feature, const VrrpText& text) {
        router.run_on_kernel_without(feature);
        router.start(text);
    }
    static std::size_t times(const Router& router, std::string_view text) {
        const auto log = router.log();
        std::size_t count = 0;
        for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
        return count;
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

// The unit that shuts the fence at boot, and the one that takes it away.
TEST_F(Kernel, without_nf_tables_there_is_no_fence_to_shut_and_none_to_remove) {
    Router router(home.h003);
    router.configure(VrrpText{.after = GatewayText{}.text()}.text());
    router.run_on_kernel_without(Lacks::nf_tables);
    const auto said = router.command({"--fence"});
    EXPECT_EQ(said.status, 1) << said.text;
    EXPECT_NE(said.text.find("this kernel has no nf_tables"), std::string::npos) << said.text;
    EXPECT_NE(said.text.find("modprobe nf_tables"), std::string::npos) << "what to do: " << said.text;
    EXPECT_EQ(router.command({"--unfence"}).status, 0);
}

TEST_F(Kernel, without_netdev_egress_the_fence_stands_in_output_and_that_is_said_once) {
    const std::string gateway = GatewayText{}.text();
    Router router(home.h003);
    router.run_on_kernel_without(Lacks::netdev_egress);
    router.configure(VrrpText{.after = gateway}.text());
    const auto shut = router.command({"--fence"});
    EXPECT_EQ(shut.status, 0) << shut.text;
    const auto rules = [&] { return home.h003.must({"nft", "list", "ruleset"}); };
    EXPECT_NE(rules().find("table inet vrrpd-fence"), std::string::npos) << rules();
    EXPECT_EQ(rules().find("egress"), std::string::npos) << "the laboratory took nothing away: " << rules();

    router.start(VrrpText{.priority = 200, .after = gateway});
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    EXPECT_TRUE(router.await_log("this kernel has no netdev egress hook (Linux 5.16 has)"));
    EXPECT_EQ(rules().find("egress"), std::string::npos) << rules();
    EchoServer echo(home.internet, {Home::internet_address});
    EXPECT_TRUE(tcp_works(home.client, {Home::internet_address})) << "NAT needs none";
    router.reload(VrrpText{.priority = 190, .after = gateway}.text());
    ASSERT_TRUE(router.await_log("reloaded"));
    EXPECT_EQ(times(router, "netdev egress"), 1U) << "said again";
    EXPECT_EQ(router.stop(), 0);
    EXPECT_NE(rules().find("table inet vrrpd-fence"), std::string::npos) << "it survives a stop";
    EXPECT_EQ(router.command({"--unfence"}).status, 0);
    EXPECT_EQ(rules(), "");
}

TEST_F(Kernel, without_macvlan_is_said_once_and_instances_without_use_vmac_work) {
    Router router(home.h003);
    const std::string virtual_mac =
        "vrrp_instance VMAC {\n"
        "    interface lan0\n    virtual_router_id 6\n    priority 200\n    advert_int 0.1\n    use_vmac\n"
        "    virtual_ipaddress { 10.12.14.6/24 }\n"
        "}\n";
    start_without(router, Lacks::macvlan, {.priority = 200, .after = virtual_mac + GatewayText{}.text()});
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    EXPECT_TRUE(router.await_log(
        "(VMAC) Entering FAULT STATE: this kernel has no macvlan, which use_vmac needs (modprobe macvlan)"))
        << "what does not work, why, and what to do";
    EXPECT_FALSE(home.h003.run({"ip", "link", "show", "dev", "vrrp.6"}).ok()) << "the laboratory took nothing away";
    EchoServer echo(home.internet, {Home::internet_address});
    EXPECT_TRUE(tcp_works(home.client, {Home::internet_address}));
    std::this_thread::sleep_for(2s);  // some of the tries that go on meanwhile
    EXPECT_EQ(times(router, "has no macvlan"), 1U) << "said again";
    EXPECT_FALSE(holds(home.h003, IpAddress::v4(10, 12, 14, 6)));
    EXPECT_EQ(router.stop(), 0);
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
    std::this_thread::sleep_for(2s);  // some of the tries that go on meanwhile
    EXPECT_EQ(times(router, "this kernel has no IPv6"), 1U) << "said again";
    EXPECT_EQ(times(router, "(LAN6) Entering FAULT STATE"), 1U) << "said again";
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
}  // namespace lab::kernel_test
