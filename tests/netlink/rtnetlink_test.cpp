// What only the real kernel does: lost answers and events, other programs' changes, IPv6 switched off, no rights.
#include "netlink/rtnetlink.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <thread>

#include "tests/netlink/world.hpp"

namespace netlink::test::rtnetlink_test {

namespace {

constexpr int tiny_buffer = 1;  // the kernel makes its minimum of it: two or three messages

class RealKernel : public testing::Test {
protected:
    void SetUp() override {
        world_ = real_world();
        if (!world_) GTEST_SKIP() << "SKIPPED: a network namespace of our own needs root";
        (void)world_->changes();
    }
    std::vector<Request> many(int count) {
        std::vector<Request> requests;
        for (int i = 0; i < count; ++i) {
            Address vip;
            vip.link = world_->lan;
            vip.prefix = Prefix::host(
                IpAddress::v4(10, 1, static_cast<std::uint8_t>(i / 200), static_cast<std::uint8_t>(i % 200)));
            requests.emplace_back(Add{vip});
        }
        return requests;
    }
    Address on_lan(const char* text) {
        Address vip;
        vip.link = world_->lan;
        vip.prefix = Prefix::parse(text).value();
        return vip;
    }
    std::ptrdiff_t held_in_10_1() {
        const auto now = world_->kernel().snapshot().value();
        return std::count_if(now.addresses.begin(), now.addresses.end(),
                             [](const Address& a) { return Prefix::parse("10.1.0.0/16")->contains(a.prefix.address); });
    }
    template <class Event>
    std::vector<Event> events() {
        std::vector<Event> found;
        for (const auto& change : world_->changes()) {
            if (const auto* event = std::get_if<Event>(&change)) found.push_back(*event);
        }
        return found;
    }

    std::unique_ptr<World> world_;
};

TEST_F(RealKernel, asks_again_where_answers_were_lost) {
    const auto cramped = open_rtnetlink(tiny_buffer).value();
    auto requests = many(200);
    std::get<Address>(std::get<Add>(requests[150]).object).link = IfIndex{9999};
    const auto results = cramped->apply(requests);
    ASSERT_EQ(results.size(), 200u);
    for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].has_value(), i != 150) << i;
    EXPECT_EQ(results[150].error().code, ENODEV);
    EXPECT_EQ(held_in_10_1(), 199);
}

TEST_F(RealKernel, a_lost_event_is_an_overrun) {
    auto cramped = Monitor::open(tiny_buffer).value();
    for (const auto& result : world_->kernel().apply(many(100))) ASSERT_TRUE(result);
    std::size_t overruns = 0, added = 0;
    for (auto some = cramped.read(); !some.empty(); some = cramped.read()) {
        for (const auto& change : some) {
            overruns += std::holds_alternative<Overrun>(change);
            added += std::holds_alternative<AddressAdded>(change);
        }
    }
    EXPECT_EQ(overruns, 1u);
    EXPECT_LT(added, 100u);

    run_ip("addr add 10.2.0.1/32 dev lan0");
    const auto later = cramped.read();
    EXPECT_TRUE(std::any_of(later.begin(), later.end(), [](const Change& change) {
        return std::holds_alternative<AddressAdded>(change);
    })) << "it goes on afterwards";
}

TEST_F(RealKernel, the_ordinary_monitor_holds_a_thousand_addresses) {
    for (const auto& result : world_->kernel().apply(many(1000))) ASSERT_TRUE(result);
    std::size_t added = 0;
    for (const auto& change : world_->changes()) {
        EXPECT_FALSE(std::holds_alternative<Overrun>(change));
        added += std::holds_alternative<AddressAdded>(change);
    }
    EXPECT_EQ(added, 1000u);
}

TEST_F(RealKernel, sees_what_other_programs_change) {
    run_ip("addr add 10.12.14.4/24 dev lan0");
    run_ip("addr add 10.12.14.1/24 dev lan0");
    const auto added = events<AddressAdded>();
    ASSERT_EQ(added.size(), 2u);
    EXPECT_TRUE(added[1].address.secondary);
    run_ip("addr flush dev lan0 scope global");
    EXPECT_EQ(events<AddressGone>().size(), 2u);
    run_ip("rule add priority 4711 lookup 99");
    ASSERT_EQ(events<RuleAdded>().size(), 1u);
    run_ip("link set lan0 mtu 1400");
    const auto links = events<LinkChanged>();
    ASSERT_FALSE(links.empty());
    EXPECT_EQ(links.back().link.mtu, 1400u);
}

TEST_F(RealKernel, a_routing_daemons_table_is_not_even_heard) {
    auto monitor = Monitor::open().value();
    const auto heard = [&monitor] {
        std::vector<std::string> routes;
        for (auto some = monitor.read(); !some.empty(); some = monitor.read())
            for (const auto& change : some) {
                if (const auto* added = std::get_if<RouteAdded>(&change))
                    routes.push_back("+" + added->route.destination.to_string());
                if (const auto* gone = std::get_if<RouteGone>(&change))
                    routes.push_back("-" + gone->route.destination.to_string());
            }
        return routes;
    };
    using Heard = std::vector<std::string>;
    const auto prefix = [](const char* text) { return Prefix::parse(text).value(); };
    run_ip("addr add 10.12.14.4/24 dev lan0");
    ASSERT_TRUE(monitor.follow(RouteInterest({prefix("10.99.0.0/16"), prefix("2001:db8:1::/48")})));
    (void)heard();
    run_ip("route add 10.98.7.0/24 via 10.12.14.9");
    run_ip("route add 10.99.0.0/16 via 10.12.14.9");
    run_ip("route add default via 10.12.14.9");
    run_ip("route del 10.98.7.0/24");
    run_ip("route del 10.99.0.0/16");
    EXPECT_EQ(heard(), (Heard{"+10.99.0.0/16", "+0.0.0.0/0", "-10.99.0.0/16"}));
    run_ip("-6 route add 2001:db8:2:3::/64 dev lan0");
    run_ip("-6 route add 2001:db8:1::/48 dev lan0");
    EXPECT_EQ(heard(), Heard{"+2001:db8:1::/48"});

    run_ip("link set lan0 mtu 1400");
    const auto others = monitor.read();
    EXPECT_TRUE(std::any_of(others.begin(), others.end(), [](const Change& change) {
        return std::holds_alternative<LinkChanged>(change);
    })) << "all but routes is heard as before";

    ASSERT_TRUE(monitor.follow(RouteInterest()));
    (void)heard();
    run_ip("route add 10.98.7.0/24 via 10.12.14.9");
    EXPECT_EQ(heard(), Heard{"+10.98.7.0/24"}) << "all of them again";
    ASSERT_TRUE(monitor.follow(RouteInterest())) << "twice is no error";
}

TEST_F(RealKernel, carrier_is_seen_and_routes_stay) {
    run_ip("addr add 10.12.14.4/24 dev lan0");
    (void)world_->changes();
    world_->set_up("lan0-peer", false);
    std::optional<Link> lan;  // the far end's carrier reaches it by a work queue of the kernel
    for (int look = 0; look < 300 && !lan; ++look) {
        for (const auto& event : events<LinkChanged>())
            if (event.link.name == "lan0") lan = event.link;
        if (!lan) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_TRUE(lan);
    EXPECT_TRUE(lan->admin_up);
    EXPECT_FALSE(lan->running);
    const auto routes = world_->kernel().snapshot()->routes;
    EXPECT_TRUE(std::any_of(routes.begin(), routes.end(),
                            [](const Route& route) { return route.destination == Prefix::parse("10.12.14.0/24"); }));
}

TEST_F(RealKernel, a_port_that_leaves_its_bridge_is_not_gone) {
    run_ip("link add br0 type bridge");
    run_ip("link set lan0 master br0");
    EXPECT_TRUE(world_->kernel().snapshot()->link("lan0")->master);
    (void)world_->changes();
    run_ip("link set lan0 nomaster");
    EXPECT_TRUE(events<LinkGone>().empty());
    EXPECT_FALSE(world_->kernel().snapshot()->link("lan0")->master);
}

TEST_F(RealKernel, works_on_where_ipv6_is_off) {
    run_ip("link set lan0 mtu 1000");  // below 1280 the device has no IPv6 half
    const std::vector<Request> requests{Add{on_lan("10.12.14.1/24")}, Add{on_lan("2001:db8::1/64")},
                                        Delete{on_lan("2001:db8::1/64")}, Delete{on_lan("10.12.14.1/24")}};
    const auto results = world_->kernel().apply(requests);
    EXPECT_TRUE(results[0]);
    EXPECT_FALSE(results[1]);
    EXPECT_TRUE(results[2]) << results[2].error().describe();
    EXPECT_TRUE(results[3]);
    EXPECT_EQ(world_->kernel().device_option("lan0", DeviceOption::accept_ra).error().code, ENOENT);
}

TEST_F(RealKernel, an_odd_device_name_leads_nowhere) {
    for (const auto* name : {"", ".", "..", "lan0/../wan0", "../../../ipv4/ip_forward"}) {
        EXPECT_EQ(world_->kernel().set_device_option(name, DeviceOption::forwarding_ipv4, 1).error().code, ENODEV);
    }
}

TEST_F(RealKernel, reads_without_rights_and_says_what_it_may_not_change) {
    // Rights belong to the thread here (a raw system call: the C library would change all threads).
    std::thread([this] {
        constexpr auto nobody = 65534;
        ASSERT_EQ(::syscall(SYS_setresuid, nobody, nobody, nobody), 0);
        const auto kernel = open_rtnetlink();
        ASSERT_TRUE(kernel);
        EXPECT_TRUE((*kernel)->snapshot());
        const Request request = Add{on_lan("10.12.14.1/24")};
        const auto results = (*kernel)->apply({&request, 1});
        ASSERT_FALSE(results.front());
        EXPECT_EQ(results.front().error().code, EPERM);
        EXPECT_TRUE(Monitor::open());
    }).join();
}

}  // namespace

}  // namespace netlink::test::rtnetlink_test
