// Virtual devices: macvlans of ours.
#include "tests/netlink/contract.hpp"

namespace netlink::test::contract_macvlan_test {

namespace {

constexpr MacAddress virtual_mac{{0x00, 0x00, 0x5e, 0x00, 0x01, 0x33}};

class MacvlanContract : public KernelContract {
protected:
    Macvlan over(IfIndex base, bool up) { return {"vrrp.51", base, virtual_mac, up}; }
    std::optional<Link> device(const char* name = "vrrp.51") {
        const auto now = snapshot();
        const auto* found = now.link(name);
        return found ? std::optional(*found) : std::nullopt;
    }
    int option(DeviceOption which) { return kernel().device_option("vrrp.51", which).value_or(-1); }
    static auto named(const char* name) {
        return [name](const auto& event) { return event.link.name == name; };
    }
};

TEST_P(MacvlanContract, is_made_down_and_says_whose_it_is) {
    add(over(world_->lan, false));
    const auto made = device();
    ASSERT_TRUE(made);
    EXPECT_TRUE(is_ours(*made));
    EXPECT_EQ(made->kind, "macvlan");
    EXPECT_EQ(made->mac, virtual_mac);
    EXPECT_EQ(made->base, world_->lan);
    EXPECT_FALSE(made->admin_up);
    EXPECT_EQ(option(DeviceOption::arp_ignore), 1);
    EXPECT_EQ(option(DeviceOption::rp_filter), 0);
    EXPECT_EQ(option(DeviceOption::promote_secondaries), 1);
    EXPECT_EQ(option(DeviceOption::accept_ra), 0);
    EXPECT_GE(count<LinkChanged>(world_->changes(), named("vrrp.51")), 1u);
}

TEST_P(MacvlanContract, goes_up_and_down_without_an_address_of_its_own) {
    add(over(world_->lan, false));
    const auto index = device()->index;
    add(over(world_->lan, true));
    EXPECT_TRUE(device()->usable());
    EXPECT_EQ(device()->index, index) << "the same one";
    for (const auto& entry : snapshot().addresses) EXPECT_NE(entry.link, index) << describe(entry, "vrrp.51");
    add(over(world_->lan, true));
    EXPECT_TRUE(device()->admin_up) << "twice is once";
    add(over(world_->lan, false));
    EXPECT_FALSE(device()->admin_up);
}

TEST_P(MacvlanContract, carries_addresses_which_go_with_it) {
    add(over(world_->lan, true));
    auto vip = on_lan("10.12.14.1/24");
    vip.link = device()->index;
    add(vip);
    EXPECT_TRUE(find(vip));
    remove(over(world_->lan, false));
    EXPECT_FALSE(device());
    EXPECT_FALSE(find(vip));
    EXPECT_EQ(count<LinkGone>(world_->changes(), named("vrrp.51")), 1u);
    remove(over(world_->lan, false));  // absent: no fault
    remove(vip);
}

TEST_P(MacvlanContract, goes_with_its_base) {
    add(over(world_->lan, true));
    world_->remove_device("lan0");
    EXPECT_FALSE(device());
    EXPECT_EQ(apply(Add{over(world_->lan, true)}).error().code, ENODEV);
}

TEST_P(MacvlanContract, another_device_of_that_name_is_left_alone) {
    Macvlan wrong{"wan0", world_->lan, virtual_mac, false};
    const auto before = device("wan0");
    const auto result = apply(Add{wrong});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, EEXIST);
    EXPECT_NE(result.error().describe().find("wan0"), std::string::npos) << result.error().describe();
    remove(wrong);
    EXPECT_EQ(device("wan0"), before);
}

TEST_P(MacvlanContract, one_of_ours_elsewhere_is_not_bent) {
    add(over(world_->lan, false));
    EXPECT_EQ(apply(Add{over(world_->wan, true)}).error().code, EEXIST);
    auto other = over(world_->lan, true);
    other.mac.bytes[5] = 0x34;
    EXPECT_EQ(apply(Add{other}).error().code, EEXIST);
    EXPECT_FALSE(device()->admin_up);
    EXPECT_EQ(device()->base, world_->lan);
}

TEST_P(MacvlanContract, stands_between_other_requests_in_order) {
    auto vip = on_lan("10.12.14.9/24");
    const std::vector<Request> requests{Add{vip}, Add{over(world_->lan, true)}, Delete{vip}};
    for (const auto& result : kernel().apply(requests)) EXPECT_TRUE(result) << result.error().describe();
    EXPECT_TRUE(device()->admin_up);
    EXPECT_FALSE(find(vip));
}

INSTANTIATE_TEST_SUITE_P(Macvlans, MacvlanContract, both_kernels(), name_of_kernel);

// A macvlan of somebody else's, which the model cannot have.
TEST(Macvlan, of_another_program_is_neither_taken_nor_deleted) {
    const auto world = real_world();
    if (!world) GTEST_SKIP() << "SKIPPED: a network namespace of our own needs root";
    run_ip("link add vrrp.51 link lan0 address 00:00:5e:00:01:33 type macvlan mode private");
    const Request put = Add{Macvlan{"vrrp.51", world->lan, virtual_mac, true}};
    const Request drop = Delete{Macvlan{"vrrp.51", world->lan, virtual_mac, true}};
    EXPECT_EQ(world->kernel().apply({&put, 1}).front().error().code, EEXIST);
    EXPECT_TRUE(world->kernel().apply({&drop, 1}).front());
    const auto now = world->kernel().snapshot().value();
    ASSERT_TRUE(now.link("vrrp.51"));
    EXPECT_FALSE(now.link("vrrp.51")->admin_up);
}

TEST(Macvlan, a_base_that_cannot_carry_one_is_said) {
    const auto world = real_world();
    if (!world) GTEST_SKIP() << "SKIPPED: a network namespace of our own needs root";
    const Request put = Add{Macvlan{"vrrp.51", IfIndex{1}, virtual_mac, true}};
    const auto result = world->kernel().apply({&put, 1}).front();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, EINVAL);
    EXPECT_EQ(world->kernel().snapshot()->link("vrrp.51"), nullptr);
}

}  // namespace

}  // namespace netlink::test::contract_macvlan_test
