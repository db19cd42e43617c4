// Two routers are Active at once: what each gave is kept, who must not speak does not, and people are told.
#include "netns-tests/dhcp_fixture.hpp"

namespace lab::dhcp_split_test {
namespace {

class DhcpSplit : public DhcpTest {
protected:
    void expect_no_answer_from(const Host& host, Time since_then) {
        for (const auto& frame : home.lan.frames(all({from(host), dhcp_answers(), since(since_then)})))
            ADD_FAILURE() << frame.describe();
    }
    // No address has two owners. (A lease that was given back while its giver was cut off may stay there until it ends:
    // who leads is not told to take anything back.)
    [[nodiscard]] bool one_table() {
        std::map<IpAddress, std::string> owners;
        for (const auto* site : sites()) {
            for (const auto& [address, lease] : site->server.leases())
                if (owners.emplace(address, lease.mac).first->second != lease.mac) return false;
        }
        return true;
    }

    DhcpClient before{card, 1}, during{card, 2}, after{card, 3};
};

TEST_F(DhcpSplit, partition_heals_into_one_table_and_one_server) {
    start_all();
    ASSERT_EQ(before.join(), DhcpAnswer::ack);
    EXPECT_TRUE(comes_to_know(h001, before));
    home.h003.isolate("lan0");
    ASSERT_TRUE(wait_until([&] { return holds(home.h001); }));
    EXPECT_TRUE(holds(home.h003)) << "it knows of nothing";
    ASSERT_TRUE(wait_until([&] { return during.join() == DhcpAnswer::ack; }, 3s));
    const auto address = before.lease()->address, given_meanwhile = during.lease()->address;
    before.release();
    EXPECT_TRUE(wait_until([&] { return !h001.server.leases().contains(address); }));
    home.h003.rejoin("lan0");
    ASSERT_TRUE(home.await_holder(home.h003));
    const auto healed = wall_clock() + 100ms;  // what H001 said before it heard H003 may be under way
    for (const auto* site : sites()) EXPECT_TRUE(comes_to_know(*site, during, 10s)) << site->host.name();
    EXPECT_TRUE(one_table());
    EXPECT_EQ(during.renew(), DhcpAnswer::ack);
    EXPECT_TRUE(during.has(given_meanwhile));
    ASSERT_EQ(after.join(), DhcpAnswer::ack);
    EXPECT_FALSE(after.has(given_meanwhile));
    expect_no_answer_from(home.h001, healed);
    expect_no_answer_from(home.h002, healed);
}

// What H003 gave behind its half of the switch to a machine there is written into its dnsmasq as that would write it.
TEST_F(DhcpSplit, address_that_both_gave_away_is_given_to_nobody_else) {
    start_all();
    home.h003.isolate("lan0");
    ASSERT_TRUE(wait_until([&] { return holds(home.h001); }));
    ASSERT_TRUE(wait_until([&] { return during.join() == DhcpAnswer::ack; }, 3s));
    const auto address = during.lease()->address;
    auto command = h003.bus.environment();
    for (const auto& word :
         {std::string("dbus-send"), std::string("--system"), std::string("--print-reply"),
          std::string("--dest=uk.org.thekelleys.dnsmasq"), std::string("/uk/org/thekelleys/dnsmasq"),
          std::string("uk.org.thekelleys.dnsmasq.AddDhcpLease"), "string:" + address.to_string(),
          std::string("string:02:dc:00:00:00:63"), std::string("array:byte:"), std::string("array:byte:"),
          std::string("uint32:3600"), std::string("uint32:0"), std::string("boolean:false")})
        command.push_back(word);
    home.h003.must(command);
    ASSERT_TRUE(wait_until([&] { return h003.server.leases().contains(address); }));
    std::this_thread::sleep_for(500ms);  // as long as it may take to be read
    home.h003.rejoin("lan0");
    ASSERT_TRUE(home.await_holder(home.h003));
    const auto said = "two machines hold " + address.to_string();
    for (auto* site : {&h003, &h001, &h002}) EXPECT_TRUE(site->router.await_log(said, 10s)) << site->host.name();
    DhcpClient newcomer(card, 4);
    ASSERT_TRUE(wait_until([&] { return newcomer.join() == DhcpAnswer::ack; }, 5s));
    EXPECT_FALSE(newcomer.has(address));
    for (const auto* site : sites()) EXPECT_TRUE(site->server.leases().contains(address)) << site->host.name();
}

// Adverts are lost and all else arrives: the peer link tells what VRRP cannot see.
TEST_F(DhcpSplit, two_active_on_a_live_link_are_an_alarm) {
    start_all();
    ASSERT_EQ(before.join(), DhcpAnswer::ack);
    EXPECT_TRUE(comes_to_know(h001, before));
    home.h001.must({"nft",
                    "table ip filter {\n  chain INPUT { type filter hook input priority 0; policy accept;\n"
                    "    ip protocol 112 drop\n }\n}"});
    ASSERT_TRUE(wait_until([&] { return holds(home.h001); }));
    EXPECT_TRUE(holds(home.h003));
    EXPECT_TRUE(await_alert(h003, "split_brain"));
    EXPECT_TRUE(await_alert(h001, "split_brain"));
    EXPECT_TRUE(h001.router.logged("no leases come from here"));
    const auto noticed = wall_clock();
    ASSERT_EQ(during.join(), DhcpAnswer::ack);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(after.discover());
    EXPECT_EQ(before.rebind(), DhcpAnswer::ack);
    EXPECT_GT(home.lan.count(all({from(home.h003), dhcp_answers(), since(noticed)})), 10u);
    expect_no_answer_from(home.h001, noticed);
    home.h001.must({"nft", "delete table ip filter"});
    ASSERT_TRUE(home.await_holder(home.h003));
    EXPECT_TRUE(home.lan.await(all({from(home.h003), claims(Home::vip), since(noticed)}), 5s));
    std::this_thread::sleep_for(1500ms);
    const auto last = home.lan.last(claims(Home::vip));
    ASSERT_TRUE(last);
    EXPECT_EQ(last->port, home.h003.port("lan0")) << "the clients' last word on where .1 is";
    for (const auto* site : sites()) EXPECT_TRUE(comes_to_know(*site, before)) << site->host.name();
    EXPECT_TRUE(one_table());
}

// What became of the other one nobody knows then, and clients need leases.
TEST_F(DhcpSplit, who_was_silent_gives_leases_once_the_other_is_gone) {
    start_all();
    home.h001.must({"nft",
                    "table ip filter {\n  chain INPUT { type filter hook input priority 0; policy accept;\n"
                    "    ip protocol 112 drop\n }\n}"});
    ASSERT_TRUE(await_alert(h001, "split_brain"));
    home.h003.lose_power();
    EXPECT_TRUE(wait_until([&] { return after.join() == DhcpAnswer::ack; }, 10s));
    EXPECT_GT(home.lan.count(all({from(home.h001), dhcp_answers()})), 0u);
}

}  // namespace
}  // namespace lab::dhcp_split_test
