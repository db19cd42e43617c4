// Addresses, links, device options, events.
#include "tests/netlink/contract.hpp"

namespace netlink::test::contract_address_test {

namespace {

class AddressContract : public KernelContract {};

TEST_P(AddressContract, lists_links_with_their_state) {
    const auto now = snapshot();
    ASSERT_TRUE(now.link("lan0"));
    const auto& lan = *now.link("lan0");
    EXPECT_EQ(now.link(lan.index), &lan);
    EXPECT_EQ(lan.index, world_->lan);
    EXPECT_EQ(lan.kind, "veth");
    EXPECT_EQ(lan.mtu, 1500u);
    EXPECT_FALSE(lan.mac.is_zero());
    EXPECT_TRUE(lan.usable());
    EXPECT_TRUE(lan.multicast && lan.arp);
    EXPECT_FALSE(lan.loopback);
    EXPECT_EQ(now.link("lan9"), nullptr);
}

TEST_P(AddressContract, adds_and_deletes_an_address_of_each_family) {
    for (const auto* text : {"10.12.14.1/24", "2001:db8::1/64"}) {
        const auto vip = on_lan(text);
        add(vip);
        const auto held = find(vip);
        ASSERT_TRUE(held) << text;
        EXPECT_EQ(held->protocol, protocol_keepalived);
        EXPECT_TRUE(held->permanent);
        EXPECT_FALSE(held->valid);
        remove(vip);
        EXPECT_FALSE(find(vip)) << text;
    }
}

TEST_P(AddressContract, keeps_the_properties_of_an_address) {
    auto vip = on_lan("10.12.14.1/24");
    vip.label = "lan0:vip";
    vip.broadcast = address("10.12.14.255");
    vip.no_prefix_route = true;
    add(vip);
    const auto held = find(vip);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->label, "lan0:vip");
    EXPECT_EQ(held->broadcast, address("10.12.14.255"));
    EXPECT_TRUE(held->no_prefix_route);
    EXPECT_TRUE(routes_to("10.12.14.0/24").empty());

    auto far = on_lan("192.0.2.1/32");
    far.peer = address("192.0.2.9");
    add(far);
    ASSERT_TRUE(find(far));
    EXPECT_EQ(find(far)->peer, address("192.0.2.9"));

    auto deprecated = on_lan("2001:db8::5/64");
    deprecated.no_dad = true;
    deprecated.preferred = 0s;
    add(deprecated);
    ASSERT_TRUE(find(deprecated));
    EXPECT_TRUE(find(deprecated)->no_dad);
    EXPECT_FALSE(find(deprecated)->tentative);
    EXPECT_EQ(find(deprecated)->preferred, 0s);
    EXPECT_FALSE(find(deprecated)->valid);
}

TEST_P(AddressContract, adding_what_is_there_sets_lifetimes_anew) {
    for (const auto* text : {"10.12.14.1/24", "2001:db8::1/64"}) {
        auto vip = on_lan(text);
        vip.valid = 30s;
        add(vip);
        ASSERT_TRUE(find(vip)->valid) << text;
        EXPECT_LE(*find(vip)->valid, 30s);
        EXPECT_FALSE(find(vip)->permanent);
        vip.valid = 300s;
        add(vip);
        ASSERT_TRUE(find(vip)->valid) << text;
        EXPECT_GT(*find(vip)->valid, 290s);
        vip.valid.reset();
        add(vip);
        EXPECT_FALSE(find(vip)->valid) << text;
    }
    EXPECT_EQ(addresses().size(), 2u);
}

TEST_P(AddressContract, an_address_whose_lifetime_ends_goes) {
    auto v4 = on_lan("10.12.14.1/24");
    auto v6 = on_lan("2001:db8::1/64");
    const auto forever = on_lan("10.12.15.1/24");
    v4.valid = v6.valid = 1s;
    add(v4);
    add(v6);
    add(forever);
    (void)world_->changes();
    world_->pass(3500ms);
    EXPECT_FALSE(find(v4));
    EXPECT_FALSE(find(v6));
    EXPECT_TRUE(find(forever));
    EXPECT_EQ(count<AddressGone>(world_->changes(), [&](const auto& e) { return same_object(e.address, v4); }), 1u);
}

TEST_P(AddressContract, a_renewed_address_stays) {
    auto vip = on_lan("10.12.14.1/24");
    vip.valid = 2s;
    for (int i = 0; i < 4; ++i) {
        add(vip);
        world_->pass(1000ms);
        EXPECT_TRUE(find(vip)) << "after " << i + 1 << " s";
    }
}

TEST_P(AddressContract, the_second_address_of_a_subnet_is_secondary) {
    add(on_lan("10.12.14.4/24"));
    add(on_lan("10.12.14.1/24"));
    add(on_lan("10.12.14.9/32"));
    EXPECT_FALSE(find(on_lan("10.12.14.4/24"))->secondary);
    EXPECT_TRUE(find(on_lan("10.12.14.1/24"))->secondary);
    EXPECT_FALSE(find(on_lan("10.12.14.9/32"))->secondary);
}

TEST_P(AddressContract, secondaries_go_with_their_primary) {
    add(on_lan("10.12.14.4/24"));
    add(on_lan("10.12.14.1/24"));
    remove(on_lan("10.12.14.4/24"));
    EXPECT_TRUE(addresses().empty());
    EXPECT_TRUE(routes_to("10.12.14.0/24").empty());
}

TEST_P(AddressContract, promote_secondaries_keeps_them) {
    ASSERT_TRUE(kernel().set_device_option("lan0", DeviceOption::promote_secondaries, 1));
    EXPECT_EQ(kernel().device_option("lan0", DeviceOption::promote_secondaries).value(), 1);
    add(on_lan("10.12.14.4/24"));
    add(on_lan("10.12.14.1/24"));
    remove(on_lan("10.12.14.4/24"));
    ASSERT_EQ(addresses().size(), 1u);
    EXPECT_EQ(addresses().front().prefix, prefix("10.12.14.1/24"));
    EXPECT_FALSE(addresses().front().secondary);
    ASSERT_EQ(routes_to("10.12.14.0/24").size(), 1u);
    EXPECT_EQ(routes_to("10.12.14.0/24").front().source, address("10.12.14.1"));
}

TEST_P(AddressContract, deleting_what_is_not_there_succeeds) {
    for (const auto* text : {"10.12.14.1/24", "2001:db8::1/64"}) {
        auto vip = on_lan(text);
        remove(vip);
        vip.link = IfIndex{9999};
        remove(vip);
    }
    remove(via_lan("10.99.0.0/16", "10.12.14.254"));
    remove(via_lan("10.99.0.0/16", nullptr, 4711));
    remove(via_lan("2001:db8:9::/48", nullptr));
    Rule rule;
    rule.priority = 4711;
    remove(rule);
    rule.family = Family::ipv6;
    remove(rule);
}

TEST_P(AddressContract, an_address_of_another_length_is_another_address) {
    add(on_lan("10.12.14.1/24"));
    remove(on_lan("10.12.14.1/32"));
    EXPECT_TRUE(find(on_lan("10.12.14.1/24")));
    add(on_lan("2001:db8::1/64"));
    remove(on_lan("2001:db8::1/128"));
    EXPECT_TRUE(find(on_lan("2001:db8::1/64")));
}

TEST_P(AddressContract, an_error_keeps_its_errno_and_names_what_was_tried) {
    auto nowhere = on_lan("10.12.14.1/24");
    nowhere.link = IfIndex{9999};
    const auto no_device = apply(Add{nowhere});
    ASSERT_FALSE(no_device);
    EXPECT_EQ(no_device.error().code, ENODEV);
    EXPECT_EQ(no_device.error().what.find("add 10.12.14.1/24 dev #9999"), 0u) << no_device.error().what;

    const auto no_way = apply(Add{via_lan("10.99.0.0/16", "10.12.14.254")});
    ASSERT_FALSE(no_way);
    EXPECT_EQ(no_way.error().code, ENETUNREACH);
    EXPECT_EQ(no_way.error().what.find("add 10.99.0.0/16 via 10.12.14.254"), 0u) << no_way.error().what;

    auto lifeless = on_lan("10.12.14.1/24");
    lifeless.valid = 0s;
    ASSERT_FALSE(apply(Add{lifeless}));
    EXPECT_EQ(apply(Add{lifeless}).error().code, EINVAL);
}

TEST_P(AddressContract, one_failure_among_a_thousand_stops_nothing) {
    std::vector<Request> requests;
    for (int i = 0; i < 1000; ++i) {
        auto vip = on_lan("10.0.0.0/16");
        vip.prefix.address =
            IpAddress::v4(10, 0, static_cast<std::uint8_t>(i / 250), static_cast<std::uint8_t>(i % 250 + 1));
        if (i == 500) vip.link = IfIndex{9999};
        requests.emplace_back(Add{vip});
    }
    const auto results = kernel().apply(requests);
    ASSERT_EQ(results.size(), 1000u);
    for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].has_value(), i != 500) << i;
    EXPECT_EQ(results[500].error().code, ENODEV);
    EXPECT_EQ(addresses().size(), 999u);
    EXPECT_EQ(kernel().apply({}).size(), 0u);
}

TEST_P(AddressContract, a_device_that_is_deleted_takes_everything_along) {
    add(on_lan("10.12.14.4/24"));
    add(on_lan("10.12.14.1/24"));
    add(via_lan("10.99.0.0/16", "10.12.14.254"));
    (void)world_->changes();
    world_->remove_device("lan0");
    EXPECT_EQ(snapshot().link("lan0"), nullptr);
    EXPECT_TRUE(addresses().empty());
    EXPECT_TRUE(routes_to("10.99.0.0/16").empty());
    remove(on_lan("10.12.14.1/24"));
    EXPECT_EQ(apply(Add{on_lan("10.12.14.1/24")}).error().code, ENODEV);
    const auto changes = world_->changes();
    EXPECT_EQ(count<LinkGone>(changes, [](const auto& e) { return e.link.name == "lan0"; }), 1u);
    EXPECT_EQ(count<AddressGone>(changes, [](const auto& e) { return e.address.prefix.address.is_v4(); }), 2u);
}

TEST_P(AddressContract, device_options_are_per_device) {
    for (const auto option : {DeviceOption::forwarding_ipv4, DeviceOption::forwarding_ipv6,
                              DeviceOption::promote_secondaries, DeviceOption::send_redirects}) {
        const int before = kernel().device_option("wan0", option).value();
        for (const int value : {1, 0}) {
            ASSERT_TRUE(kernel().set_device_option("lan0", option, value));
            EXPECT_EQ(kernel().device_option("lan0", option).value(), value);
            EXPECT_EQ(kernel().device_option("wan0", option).value(), before);
        }
    }
    ASSERT_TRUE(kernel().set_device_option("lan0", DeviceOption::accept_ra, 2));
    EXPECT_EQ(kernel().device_option("lan0", DeviceOption::accept_ra).value(), 2);
    EXPECT_EQ(kernel().device_option("lan9", DeviceOption::accept_ra).error().code, ENOENT);
    EXPECT_EQ(kernel().set_device_option("lan9", DeviceOption::accept_ra, 1).error().code, ENOENT);
}

TEST_P(AddressContract, tells_what_changed) {
    const auto vip = on_lan("10.12.14.1/24");
    add(vip);
    add(via_lan("10.99.0.0/16", "10.12.14.254"));
    Rule rule;
    rule.priority = 4711;
    add(rule);
    const auto is_vip = [&](const auto& e) { return same_object(e.address, vip); };
    const auto is_route = [](const auto& e) { return e.route.destination == prefix("10.99.0.0/16"); };
    const auto is_rule = [&](const auto& e) { return e.rule == rule; };
    auto changes = world_->changes();
    EXPECT_EQ(count<AddressAdded>(changes, is_vip), 1u);
    EXPECT_EQ(count<RouteAdded>(changes, is_route), 1u);
    EXPECT_EQ(count<RuleAdded>(changes, is_rule), 1u);
    EXPECT_EQ(count<RouteAdded>(changes, [](const auto& e) { return e.route.table == local_table; }), 0u);
    add(vip);
    EXPECT_EQ(count<AddressAdded>(world_->changes(), is_vip), 1u) << "renewed";
    remove(via_lan("10.99.0.0/16", "10.12.14.254"));
    remove(rule);
    remove(vip);
    changes = world_->changes();
    EXPECT_EQ(count<AddressGone>(changes, is_vip), 1u);
    EXPECT_EQ(count<RouteGone>(changes, is_route), 1u);
    EXPECT_EQ(count<RuleGone>(changes, is_rule), 1u);
    EXPECT_TRUE(world_->changes().empty());
}

INSTANTIATE_TEST_SUITE_P(On, AddressContract, both_kernels(), name_of_kernel);

}  // namespace

}  // namespace netlink::test::contract_address_test
