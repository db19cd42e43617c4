// The list of what is ours, and what a sweep takes from a kernel by it.
#include "vrrpd/supervisor/owned.hpp"

#include <gtest/gtest.h>

#include "netlink/fake_kernel.hpp"
#include "vrrpd/engine/core/plan.hpp"
#include "vrrpd/supervisor/sweep.hpp"
#include "vrrpd/supervisor/switches.hpp"

namespace vrrpd::supervisor::owned_test {
namespace {

using netlink::DeviceOption;

Prefix prefix(const char* text) { return *Prefix::parse(text); }

config::VirtualAddress vip(const char* device, const char* text) {
    config::VirtualAddress address;
    address.prefix = prefix(text);
    address.device = device;
    return address;
}

config::Config home() {
    config::Config config;
    config::Instance lan;
    lan.name = "LAN";
    lan.interface = "lan0";
    lan.addresses.push_back(vip("lan0", "10.12.14.1/24"));
    lan.excluded_addresses.push_back(vip("lan1", "fd00::1/64"));
    config::VirtualRoute route;
    route.route.destination = prefix("192.0.2.0/24");
    lan.routes.push_back(route);
    config.instances.push_back(lan);
    config::Gateway gateway;
    gateway.name = "HOME";
    gateway.follows = "LAN";
    gateway.lans.push_back({"lan0", prefix("10.12.14.0/24")});
    gateway.wan.emplace();
    gateway.wan->device = "wan0";
    gateway.wan->held = {prefix("203.0.113.5/29")};
    config.gateways.push_back(gateway);
    return config;
}

TEST(Owned, names_addresses_routes_rules_and_gateways_of_a_configuration) {
    const auto owned = owned_by(home());
    EXPECT_EQ(owned.addresses, (std::vector<OwnedAddress>{{"lan0", prefix("10.12.14.1/24")},
                                                          {"lan1", prefix("fd00::1/64")},
                                                          {"wan0", prefix("203.0.113.5/29")}}));
    EXPECT_EQ(owned.gateways, std::vector<std::string>{"HOME"});
    EXPECT_NE(std::find(owned.routes.begin(), owned.routes.end(), OwnedRoute{prefix("192.0.2.0/24"), 254}),
              owned.routes.end());
    EXPECT_NE(std::find(owned.routes.begin(), owned.routes.end(),
                        OwnedRoute{prefix("0.0.0.0/0"), engine::gateway_table_base}),
              owned.routes.end());
    EXPECT_NE(std::find(owned.rules.begin(), owned.rules.end(),
                        OwnedRule{Family::ipv4, engine::gateway_rule_base, netlink::main_table}),
              owned.rules.end());
}

TEST(Owned, text_and_back) {
    auto owned = owned_by(home());
    owned.switches.push_back({"lan0", DeviceOption::forwarding_ipv4, 0, 1});
    EXPECT_EQ(parse_owned(to_text(owned)), owned);
    EXPECT_EQ(parse_owned(to_text(Owned{})), Owned{});
}

TEST(Owned, a_line_that_makes_no_sense_sweeps_nothing) {
    EXPECT_EQ(parse_owned("address lan0\naddress lan0 nonsense\nroute 10.0.0.0/8\nrule ipv5 1 2\nswitch lan0 x 0 1\n"
                          "teapot 1 2 3\ngateway\n\n"),
              Owned{});
}

TEST(Owned, merging_keeps_the_first_former_value) {
    Owned older, newer;
    older.addresses.push_back({"a", prefix("10.0.0.1/24")});
    older.switches.push_back({"a", DeviceOption::accept_ra, 1, 2});
    newer.addresses = {{"a", prefix("10.0.0.1/24")}, {"b", prefix("10.0.0.2/24")}};
    newer.switches.push_back({"a", DeviceOption::accept_ra, 2, 2});
    newer.switches.push_back({"b", DeviceOption::accept_ra, 1, 2});
    const auto both = merge(older, newer);
    EXPECT_EQ(both.addresses, newer.addresses);
    EXPECT_EQ(both.switches,
              (std::vector<OwnedSwitch>{{"a", DeviceOption::accept_ra, 1, 2}, {"b", DeviceOption::accept_ra, 1, 2}}));
}

TEST(Switches, forwarding_stands_on_lan_and_wan_alone) {
    const auto wanted = switches_of(home());
    const auto has = [&](const char* device, DeviceOption option, int value) {
        return std::count_if(wanted.begin(), wanted.end(), [&](const Switch& one) {
            return one.device == device && one.option == option && one.value == value;
        });
    };
    EXPECT_EQ(has("lan0", DeviceOption::forwarding_ipv4, 1), 1);
    EXPECT_EQ(has("wan0", DeviceOption::forwarding_ipv4, 1), 1);
    EXPECT_EQ(has("lan1", DeviceOption::forwarding_ipv4, 1), 0);
    EXPECT_EQ(has("lan0", DeviceOption::promote_secondaries, 1), 1);
    EXPECT_EQ(has("wan0", DeviceOption::promote_secondaries, 1), 1);
    EXPECT_EQ(has("lan0", DeviceOption::send_redirects, 0), 1);
    EXPECT_EQ(has("all", DeviceOption::forwarding_ipv6, 1), 0);
}

TEST(Switches, ipv6_forwarding_comes_after_accept_ra_and_is_not_put_back) {
    auto config = home();
    config.gateways[0].lans.push_back({"lan0", prefix("fd00::/64")});
    const auto wanted = switches_of(config);
    ASSERT_FALSE(wanted.empty());
    EXPECT_EQ(wanted.back(), (Switch{"all", DeviceOption::forwarding_ipv6, 1, {}, false}));
    EXPECT_NE(std::find(wanted.begin(), wanted.end(), Switch{"wan0", DeviceOption::accept_ra, 2, 1, false}),
              wanted.end());
}

TEST(Switches, a_plain_instance_or_a_gateway_without_wan_forwards_nothing) {
    auto config = home();
    config.gateways[0].wan.reset();
    for (const auto& one : switches_of(config)) EXPECT_EQ(one.option, DeviceOption::promote_secondaries) << one.device;
}

TEST(Switches, what_sends_questions_on_forwards_without_a_wan_too) {
    auto config = home();
    config.gateways[0].wan.reset();
    config.gateways[0].lans.push_back({"lan0", prefix("fd00::/64")});
    config.dns_failovers.emplace_back().follows = config.gateways[0].name;
    const auto wanted = switches_of(config);
    const auto count = [&](const Switch& one) { return std::count(wanted.begin(), wanted.end(), one); };
    EXPECT_EQ(count({"lan0", DeviceOption::forwarding_ipv4, 1, {}}), 1);
    EXPECT_EQ(count({"lan0", DeviceOption::send_redirects, 0, {}}), 1);
    EXPECT_EQ(count({"all", DeviceOption::forwarding_ipv6, 1, {}, false}), 1);
    config.dns_failovers[0].demote = -60;
    for (const auto& one : switches_of(config)) EXPECT_EQ(one.option, DeviceOption::promote_secondaries) << one.device;
}

// ---- against the model of a kernel ------------------------------------------------------------------------

class Collected final : public Log {
public:
    void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
    std::vector<std::string> lines;
};

struct Machine {
    netlink::FakeKernel kernel;
    IfIndex lan = kernel.add_link("lan0");
    Collected log;

    void add(const char* text, std::uint8_t protocol, netlink::Lifetime valid = {}) {
        netlink::Address address;
        address.link = lan;
        address.prefix = prefix(text);
        address.protocol = protocol;
        address.valid = address.preferred = valid;
        const netlink::Request request = netlink::Add{address};
        ASSERT_TRUE(kernel.apply({&request, 1}).front());
    }
    std::vector<std::string> addresses() {
        std::vector<std::string> found;
        const auto snapshot = *kernel.snapshot();
        for (const auto& address : snapshot.addresses)
            if (address.link == lan) found.push_back(address.prefix.to_string());
        return found;
    }
};

TEST(Sweep, takes_what_is_listed_and_tagged_and_nothing_else) {
    Machine machine;
    machine.add("10.12.14.2/24", 0);                             // the host's own
    machine.add("10.12.14.1/24", netlink::protocol_keepalived);  // listed and tagged
    machine.add("10.12.14.9/24", netlink::protocol_keepalived);  // tagged only: a keepalived's
    machine.add("10.12.15.1/24", 0);                             // listed only: the host's
    machine.add("10.12.16.1/24", 0, std::chrono::seconds(30));   // listed, and of finite life
    Owned owned;
    for (const auto* const text : {"10.12.14.1/24", "10.12.15.1/24", "10.12.16.1/24", "10.12.17.1/24"})
        owned.addresses.push_back({"lan0", prefix(text)});
    EXPECT_TRUE(sweep(owned, machine.kernel, machine.log));
    EXPECT_EQ(machine.addresses(), (std::vector<std::string>{"10.12.14.2/24", "10.12.14.9/24", "10.12.15.1/24"}));
    EXPECT_EQ(machine.log.lines.size(), 2u);
    EXPECT_TRUE(sweep(owned, machine.kernel, machine.log));  // nothing is there any more
}

TEST(Sweep, takes_our_rules_and_routes_and_leaves_those_of_others) {
    Machine machine;
    machine.add("10.12.14.2/24", 0);
    netlink::Route ours;
    ours.destination = prefix("0.0.0.0/0");
    ours.hops = {{IpAddress::v4(10, 12, 14, 254), machine.lan}};
    ours.table = engine::gateway_table_base;
    netlink::Route host = ours;
    host.table = netlink::main_table;
    host.protocol = 4;
    netlink::Rule rule;
    rule.priority = engine::gateway_rule_base + 1;
    rule.table = engine::gateway_table_base;
    netlink::Rule foreign = rule;
    foreign.priority = 5;
    foreign.protocol = 0;
    const std::vector<netlink::Request> requests{netlink::Add{ours}, netlink::Add{host}, netlink::Add{rule},
                                                 netlink::Add{foreign}};
    for (const auto& done : machine.kernel.apply(requests)) ASSERT_TRUE(done) << done.error().describe();
    EXPECT_TRUE(sweep(owned_by(home()), machine.kernel, machine.log));

    const auto after = *machine.kernel.snapshot();
    const auto has_route = [&](const netlink::Route& route) {
        return std::any_of(after.routes.begin(), after.routes.end(),
                           [&](const auto& other) { return same_object(route, other); });
    };
    const auto has_rule = [&](const netlink::Rule& one) {
        return std::any_of(after.rules.begin(), after.rules.end(),
                           [&](const auto& other) { return same_object(one, other); });
    };
    EXPECT_FALSE(has_route(ours));
    EXPECT_TRUE(has_route(host));
    EXPECT_FALSE(has_rule(rule));
    EXPECT_TRUE(has_rule(foreign));
}

TEST(Sweep, what_cannot_be_removed_is_said) {
    Machine machine;
    machine.add("10.12.14.1/24", netlink::protocol_keepalived);
    machine.kernel.fail([](const auto& request) { return std::holds_alternative<netlink::Delete>(request); }, EPERM);
    EXPECT_FALSE(sweep(owned_by(home()), machine.kernel, machine.log));
    ASSERT_EQ(machine.log.lines.size(), 1u);
    EXPECT_NE(machine.log.lines[0].find("not swept: delete 10.12.14.1/24"), std::string::npos);
}

TEST(Switches, forwarding_stays_where_somebody_else_has_come_to_live_on_it) {
    Machine machine;
    auto& kernel = machine.kernel;
    const auto changes = changes_needed(switches_of(home()), kernel);
    set(changes, kernel, machine.log);
    ASSERT_TRUE(kernel.set_device_option("all", DeviceOption::forwarding_ipv4, 1));  // Docker: of every device
    restore(changes, kernel, machine.log);
    EXPECT_EQ(kernel.device_option("lan0", DeviceOption::forwarding_ipv4), 1);
    EXPECT_EQ(kernel.device_option("lan0", DeviceOption::promote_secondaries), 0);
}

// Forwarding is switched on for the whole host, and a device that forwards hears no router advertisements.
TEST(Switches, ipv6_forwarding_takes_no_device_the_default_route_that_it_learnt) {
    Machine machine;
    auto& kernel = machine.kernel;
    for (const auto* device : {"wan0", "uplink", "networkd"}) kernel.add_link(device);
    ASSERT_TRUE(kernel.set_device_option("networkd", DeviceOption::accept_ra, 0));
    auto config = home();
    config.gateways[0].lans.push_back({"lan0", prefix("fd00::/64")});
    const auto changes = changes_needed(switches_of(config), kernel);
    set(changes, kernel, machine.log);
    const auto accepts = [&](const char* device) {
        return kernel.device_option(device, DeviceOption::accept_ra).value_or(-1);
    };
    for (const auto* device : {"lan0", "wan0", "uplink", "default"}) EXPECT_EQ(accepts(device), 2) << device;
    EXPECT_EQ(accepts("networkd"), 0);
    EXPECT_EQ(kernel.device_option("all", DeviceOption::forwarding_ipv6), 1);
    restore(changes, kernel, machine.log);
    EXPECT_EQ(kernel.device_option("all", DeviceOption::forwarding_ipv6), 1) << "others may live on it";
    for (const auto* device : {"lan0", "wan0", "uplink", "default"}) EXPECT_EQ(accepts(device), 2) << device;

    // Where the host forwards of its own accord, what it hears is its own affair.
    ASSERT_TRUE(kernel.set_device_option("uplink", DeviceOption::accept_ra, 1));
    set(changes_needed(switches_of(config), kernel), kernel, machine.log);
    EXPECT_EQ(accepts("uplink"), 1);
}

TEST(Switches, are_set_remembered_and_put_back_only_if_still_ours) {
    Machine machine;
    auto& kernel = machine.kernel;
    ASSERT_TRUE(kernel.set_device_option("lan0", DeviceOption::send_redirects, 1));
    const auto changes = changes_needed(switches_of(home()), kernel);
    EXPECT_EQ(changes, (std::vector<OwnedSwitch>{{"lan0", DeviceOption::promote_secondaries, 0, 1},
                                                 {"lan0", DeviceOption::forwarding_ipv4, 0, 1},
                                                 {"lan0", DeviceOption::send_redirects, 1, 0}}));
    set(changes, kernel, machine.log);
    EXPECT_EQ(kernel.device_option("lan0", DeviceOption::forwarding_ipv4), 1);
    EXPECT_TRUE(changes_needed(switches_of(home()), kernel).empty());

    ASSERT_TRUE(kernel.set_device_option("lan0", DeviceOption::send_redirects, 1));  // the administrator's hand
    ASSERT_TRUE(kernel.set_device_option("lan0", DeviceOption::promote_secondaries, 0));
    restore(changes, kernel, machine.log);
    EXPECT_EQ(kernel.device_option("lan0", DeviceOption::forwarding_ipv4), 0);
    EXPECT_EQ(kernel.device_option("lan0", DeviceOption::send_redirects), 1);
    EXPECT_EQ(kernel.device_option("lan0", DeviceOption::promote_secondaries), 0);
    EXPECT_EQ(machine.log.lines.size(), changes.size() + 1) << "three were set, one was put back";
}

// ---- virtual MACs and no_accept

config::Config with_virtual_mac() {
    config::Config config;
    config::Instance instance;
    instance.name = "A";
    instance.interface = "lan0";
    instance.accepts = false;
    instance.virtual_mac.edit().devices = {{"vrrp.7", "lan0", {{0, 0, 0x5e, 0, 1, 7}}}};
    instance.addresses.push_back(vip("vrrp.7", "10.12.14.1/24"));
    config.instances.push_back(instance);
    return config;
}

TEST(Owned, names_virtual_devices_and_that_packets_are_refused) {
    const auto owned = owned_by(with_virtual_mac());
    EXPECT_EQ(owned.devices, std::vector<std::string>{"vrrp.7"});
    EXPECT_TRUE(owned.refuses);
    EXPECT_EQ(parse_owned(to_text(owned)), owned);
    EXPECT_EQ(merge(Owned{}, owned), owned);
    EXPECT_FALSE(owned_by(home()).refuses);
}

TEST(Sweep, takes_a_virtual_device_that_is_listed_and_ours) {
    Machine machine;
    auto& kernel = machine.kernel;
    const auto lan = kernel.snapshot()->link("lan0")->index;
    const std::vector<netlink::Request> made{
        netlink::Add{netlink::Macvlan{"vrrp.7", lan, {{0, 0, 0x5e, 0, 1, 7}}, true}},
        netlink::Add{netlink::Macvlan{"vrrp.8", lan, {{0, 0, 0x5e, 0, 1, 8}}, true}}};
    for (const auto& result : kernel.apply(made)) ASSERT_TRUE(result);
    kernel.add_link("vrrp.9");
    auto owned = owned_by(with_virtual_mac());
    owned.devices.push_back("vrrp.9");
    EXPECT_TRUE(sweep(owned, kernel, machine.log));
    const auto now = kernel.snapshot();
    EXPECT_EQ(now->link("vrrp.7"), nullptr);
    EXPECT_NE(now->link("vrrp.8"), nullptr) << "not listed";
    EXPECT_NE(now->link("vrrp.9"), nullptr) << "not ours";
}

// The larger of the device's own and that of all is in force; so each device keeps what it had in effect, and the
// virtual one can have none.
TEST(Switches, a_filter_of_all_devices_becomes_that_of_each_and_goes_back) {
    Machine machine;
    auto& kernel = machine.kernel;
    const auto option = DeviceOption::rp_filter;
    kernel.add_link("wan0");
    const auto value = [&](const char* device) { return kernel.device_option(device, option).value(); };
    ASSERT_TRUE(kernel.set_device_option("all", option, 1));
    ASSERT_TRUE(kernel.set_device_option("wan0", option, 2));
    ASSERT_TRUE(kernel.set_device_option("lan0", DeviceOption::arp_ignore, 2));
    const auto wanted = switches_of(with_virtual_mac());
    const auto changes = changes_needed(wanted, kernel);
    set(changes, kernel, machine.log);
    EXPECT_EQ(value("all"), 0);
    EXPECT_EQ(value("default"), 1);
    EXPECT_EQ(value("lan0"), 1);
    EXPECT_EQ(value("wan0"), 2) << "more than that of all";
    EXPECT_EQ(kernel.device_option("lan0", DeviceOption::arp_ignore), 2) << "stricter than needed: left alone";
    EXPECT_EQ(kernel.device_option("lan0", DeviceOption::arp_filter), 1);
    EXPECT_EQ(kernel.device_option("lan0", DeviceOption::arp_announce), 2);
    EXPECT_TRUE(changes_needed(wanted, kernel).empty());
    restore(changes, kernel, machine.log);
    EXPECT_EQ(value("all"), 1);
    EXPECT_EQ(value("default"), 0);
    EXPECT_EQ(value("lan0"), 0);
    EXPECT_EQ(value("wan0"), 2);
    EXPECT_EQ(kernel.device_option("lan0", DeviceOption::arp_filter), 0);
}

}  // namespace
}  // namespace vrrpd::supervisor::owned_test
