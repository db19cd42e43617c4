// Leases move with the gateway: a client keeps its address and its server, whoever is Active.
#include <signal.h>

#include <deque>
#include <filesystem>
#include <fstream>

#include "netns-tests/dhcp_fixture.hpp"
#include "netns-tests/gateway_config.hpp"

namespace lab::dhcp_test {
namespace {

class DhcpLab : public HomeTest {
protected:
    Bus bus{home.h003};
    DhcpServer server{home.h003, bus};
    DhcpCard card{home.client, "lan0"};
};

TEST_F(DhcpLab, client_gets_keeps_and_gives_back) {
    bus.start();
    server.start();
    auto& router = start(home.h003, {.after = GatewayText{}.text()});
    ASSERT_TRUE(becomes_active(home.h003));
    DhcpClient client(card, 1), other(card, 2);
    ASSERT_EQ(client.join(), DhcpAnswer::ack);
    EXPECT_EQ(client.lease()->server, Home::vip);
    EXPECT_EQ(client.lease()->routers, std::vector{Home::vip});
    EXPECT_EQ(client.lease()->dns, std::vector{Home::vip});
    EXPECT_EQ(client.lease()->time, 1h);
    const auto address = client.lease()->address;
    EXPECT_EQ(client.renew(), DhcpAnswer::ack);
    EXPECT_EQ(client.rebind(), DhcpAnswer::ack);
    EXPECT_EQ(client.reboot(), DhcpAnswer::ack);
    EXPECT_TRUE(client.has(address));
    EXPECT_TRUE(server.leases().contains(address));
    EXPECT_EQ(other.join(), DhcpAnswer::ack);
    EXPECT_FALSE(other.has(address));
    client.release();
    EXPECT_TRUE(wait_until([&] { return !server.leases().contains(address); }));
    EXPECT_EQ(router.stop(), 0);
    EXPECT_EQ(other.renew(), DhcpAnswer::none);
}

// What `vrrpd -t` says of such a dnsmasq is so.
class DhcpOwnAddress : public HomeTest {
protected:
    Bus bus{home.h003};
    DhcpServer server{home.h003, bus, {.more = "listen-address=10.12.14.4"}};
    DhcpCard card{home.client, "lan0"};
};

TEST_F(DhcpOwnAddress, beside_the_virtual_one_answers_without_that_and_is_the_server) {
    const auto own = IpAddress::v4(10, 12, 14, 4);
    bus.start();
    server.start();
    DhcpClient client(card, 1);
    ASSERT_EQ(client.join(), DhcpAnswer::ack) << "a stand-in";
    EXPECT_EQ(client.lease()->server, own);
    home.h003.must({"ip", "addr", "add", "10.12.14.1/24", "dev", "lan0"});
    EXPECT_EQ(client.rebind(), DhcpAnswer::ack);
    EXPECT_EQ(client.lease()->server, own);
}

class DhcpMove : public DhcpTest {
protected:
    // A client that joined, and whose lease every stand-in has.
    void join(DhcpClient& who) {
        ASSERT_EQ(who.join(), DhcpAnswer::ack);
        EXPECT_EQ(who.lease()->server, Home::vip);
        for (const auto* stand_in : {&h001, &h002}) EXPECT_TRUE(comes_to_know(*stand_in, who));
    }
    static StoredLease stored(const Site& site, const IpAddress& address) {
        EXPECT_TRUE(wait_until([&] { return site.server.leases().contains(address); }, 5s)) << site.host.name();
        return site.server.leases()[address];
    }
    // Renewed by unicast: the same address, from the same server id. One that is not answered is asked again, as
    // clients do: dnsmasq notices an address that it is bound to some milliseconds after the LAN does.
    static void expect_renewed(DhcpClient& who, const IpAddress& address) {
        auto answer = DhcpAnswer::none;
        wait_until([&] { return (answer = who.renew()) != DhcpAnswer::none; }, 3s);
        EXPECT_EQ(answer, DhcpAnswer::ack);
        ASSERT_TRUE(who.has(address));
        EXPECT_EQ(who.lease()->server, Home::vip);
    }

    void kill_every_dnsmasq() {
        for (auto* site : {&h001, &h002}) site->server.process().kill_all();
        for (auto* site : {&h001, &h002}) ASSERT_TRUE(await_alert(*site, "dhcp_down", 20s));
        h003.server.process().kill_all();
        ASSERT_TRUE(await_alert(h003, "dhcp_down", 20s));
    }
    void expect_role_stays(const Site& with, std::chrono::milliseconds time) {
        const auto from_now = wall_clock();
        std::this_thread::sleep_for(time);
        for (const auto* site : sites()) {
            if (site == &with) continue;
            const auto claims = all({from(site->host), adverts(), no_priority(0), since(from_now)});
            EXPECT_EQ(home.lan.count(claims), 0u) << site->host.name();
        }
        EXPECT_TRUE(holds(with.host));
    }

    DhcpClient client{card, 1}, other{card, 2, {1, 2, 0xdc, 0, 0, 0, 2}};
};

// A death weighs two seconds after it is known, and without preempt_delay the role moves then.
constexpr auto weighed = 4s;

TEST_F(DhcpMove, client_keeps_its_address_through_two_power_losses) {
    start_all();
    join(client);
    join(other);
    const auto address = client.lease()->address, others = other.lease()->address;
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    expect_renewed(client, address);
    DhcpClient newcomer(card, 3);
    ASSERT_EQ(newcomer.join(), DhcpAnswer::ack);
    EXPECT_FALSE(newcomer.has(address) || newcomer.has(others));
    EXPECT_TRUE(comes_to_know(h002, newcomer));
    home.h001.lose_power();
    ASSERT_TRUE(becomes_active(home.h002));
    expect_renewed(client, address);
    expect_renewed(other, others);
    const auto newcomers = newcomer.lease()->address;
    EXPECT_EQ(newcomer.reboot(), DhcpAnswer::ack);
    EXPECT_TRUE(newcomer.has(newcomers));
}

// As README has it: the agent finds the dnsmasq that runs, with the rights of nobody.
TEST_F(DhcpMove, dnsmasq_and_its_files_are_found) {
    auto found = text();
    found.dnsmasq_files = "lease_file auto\n        restart_unit dnsmasq";
    start_all(found);
    for (auto* site : sites())
        EXPECT_TRUE(site->router.await_log("the leases of the DHCP server are in " + site->server.lease_file()));
    join(client);
    const auto address = client.lease()->address;
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    expect_renewed(client, address);
}

TEST_F(DhcpMove, stand_in_has_the_whole_lease) {
    start_all();
    join(client);  // and stays: a lease file that became empty is not believed to say that all are gone
    join(other);
    const auto address = other.lease()->address;
    const auto given = stored(h003, address);
    for (const auto* stand_in : {&h001, &h002}) {
        const auto known = stored(*stand_in, address);
        EXPECT_EQ(known.client_id, given.client_id);
        EXPECT_EQ(known.host_name, given.host_name);
        EXPECT_LE(std::chrono::abs(known.expires - given.expires), 2s);
    }
    other.release();
    for (const auto* site : {&h003, &h001, &h002})
        EXPECT_TRUE(wait_until([&] { return !site->server.leases().contains(address); }, 5s)) << site->host.name();
}

TEST_F(DhcpMove, planned_stop_loses_nothing_and_a_return_brings_the_news_back) {
    auto patient = text();
    patient.instance = "preempt_delay 2";  // meanwhile it can put its dnsmasq right
    start_all(patient);
    join(client);
    const auto address = client.lease()->address;
    ASSERT_EQ(other.join(), DhcpAnswer::ack);
    const auto last_word = other.lease()->address;
    EXPECT_EQ(h003.router.stop(), 0);  // right after it gave a lease
    ASSERT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(comes_to_know(h001, other));
    expect_renewed(client, address);
    client.release();
    DhcpClient newcomer(card, 3);
    ASSERT_EQ(newcomer.join(), DhcpAnswer::ack);
    h003.start_router();
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    EXPECT_TRUE(comes_to_know(h003, newcomer));
    expect_renewed(other, last_word);
    EXPECT_TRUE(wait_until([&] { return !h003.server.leases().contains(address); }, 5s)) << "given back meanwhile";
}

TEST_F(DhcpMove, role_leaves_a_host_whose_dnsmasq_died) {
    start_all();
    join(client);
    const auto address = client.lease()->address;
    h003.server.process().kill_all();
    ASSERT_TRUE(becomes_active(home.h001, 20s));
    expect_renewed(client, address);
    EXPECT_TRUE(await_alert(h003, "dhcp_down"));
    h003.server.start();
    ASSERT_TRUE(becomes_active(home.h003, 20s));
    expect_renewed(client, address);
}

// For the bus and the port it lives: a firewall drops what clients ask. Only a stand-in can tell.
TEST_F(DhcpMove, role_leaves_a_host_whose_dnsmasq_answers_nobody) {
    auto watched = text();
    watched.dhcp_sync = "probe 2";
    start_all(watched);
    join(client);
    const auto address = client.lease()->address;
    for (const auto* stand_in : {&h001, &h002})
        ASSERT_TRUE(stand_in->router.await_log("DHCP server 10.12.14.1 answers on the LAN", 10s));
    home.h003.must(
        {"nft", "table inet shut {\n chain in {\n type filter hook input priority 0;\n udp dport 67 drop\n }\n}"});
    ASSERT_TRUE(becomes_active(home.h001, 40s));
    EXPECT_TRUE(await_alert(h003, "the stand-ins get no offer from it any more"));
    expect_renewed(client, address);
    // The next one was never asked before, and there it stays until somebody has looked after the first one.
    expect_role_stays(h001, 3s);
    home.h003.must({"nft", "delete table inet shut"});
    h003.server.start();
    ASSERT_TRUE(becomes_active(home.h003, 20s));
    expect_renewed(client, address);
}

// Nor does the loss of its link move it then: a link is no server.
TEST_F(DhcpMove, role_stays_when_every_dnsmasq_is_dead) {
    start_all();
    kill_every_dnsmasq();
    expect_role_stays(h003, weighed);
    home.h003.must({"nft",
                    "table ip filter {\n  chain INPUT { type filter hook input priority 0; policy accept;\n"
                    "    tcp dport 8725 drop\n    tcp sport 8725 drop\n }\n}"});
    for (const auto* peer : {"H001", "H002"})
        ASSERT_TRUE(h003.router.await_log(std::string("peer ") + peer + ": connection lost", 10s));
    expect_role_stays(h003, weighed);
}

TEST_F(DhcpMove, role_goes_to_the_last_whose_dnsmasq_lives) {
    start_all();
    join(client);
    const auto address = client.lease()->address;
    h003.server.process().kill_all();
    ASSERT_TRUE(becomes_active(home.h001, 20s));
    h001.server.process().kill_all();
    ASSERT_TRUE(becomes_active(home.h002, 20s));
    expect_role_stays(h002, weighed);
    expect_renewed(client, address);
    // Nor does one take it back that returns, and knows of no weight yet.
    h003.router.stop();
    h003.start_router();
    ASSERT_TRUE(h003.router.await_log("Changing effective priority from 200 to 80", 20s));
    expect_role_stays(h002, weighed);
}

TEST_F(DhcpMove, role_passes_by_a_stand_in_whose_dnsmasq_is_dead) {
    start_all();
    h001.server.process().kill_all();
    ASSERT_TRUE(await_alert(h001, "dhcp_down", 20s));
    const auto dead = wall_clock();
    h003.server.process().kill_all();
    ASSERT_TRUE(becomes_active(home.h002, 20s));
    expect_role_stays(h002, weighed);
    EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), no_priority(0), since(dead)})), 0u);
}

TEST_F(DhcpMove, all_three_restart_at_once_and_lose_nothing) {
    start_all();
    join(client);
    join(other);
    const auto address = client.lease()->address, others = other.lease()->address;
    std::this_thread::sleep_for(1500ms);  // the replica is written within a second
    for (auto* site : sites()) site->kill_all();
    // The one that comes back first has lost its dnsmasq's file as well.
    std::filesystem::remove(h001.server.lease_file());
    const auto logged_before = h001.router.log().size();
    h001.start();
    ASSERT_TRUE(becomes_active(home.h001, 15s));
    EXPECT_TRUE(comes_to_know(h001, client));
    EXPECT_TRUE(comes_to_know(h001, other));
    // Alone it is a gateway as any other, and says who is missing.
    expect_renewed(client, address);
    DhcpClient newcomer(card, 3);
    EXPECT_EQ(newcomer.join(), DhcpAnswer::ack);
    for (const std::string peer : {"H003 (10.12.14.4)", "H002 (10.12.14.3)"}) {
        const auto line = "peer " + peer + ": cannot connect: ";
        EXPECT_TRUE(wait_until([&] { return h001.router.log().find(line, logged_before) != std::string::npos; }))
            << peer;
    }
    for (auto* site : {&h003, &h002}) site->start();
    ASSERT_TRUE(becomes_active(home.h003, 20s));
    expect_renewed(client, address);
    expect_renewed(other, others);
}

TEST_F(DhcpMove, peer_with_a_wrong_key_gets_nothing_and_changes_nothing) {
    auto wrong = text();
    wrong.key_file = make_key("other.key");
    configure(h003, text());
    configure(h001, text());
    configure(h002, wrong);
    for (auto* site : sites()) site->start();
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    ASSERT_EQ(client.join(), DhcpAnswer::ack);
    EXPECT_TRUE(comes_to_know(h001, client));
    EXPECT_TRUE(wait_until([&] { return h002.router.logged("key") || h003.router.logged("key"); }, 10s));
    EXPECT_TRUE(stays_false([&] { return knows(h002, client); }, 2s)) << "it has no key";
    EXPECT_TRUE(holds(home.h003));
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    expect_renewed(client, client.lease()->address);
}

TEST_F(DhcpMove, host_that_is_alive_without_a_lease_keeps_its_address) {
    start_all();
    // What dnsmasq gives a client follows from its MAC address: every router offers this one the same address.
    const auto offer = client.discover();
    ASSERT_TRUE(offer);
    DhcpClient squatter(card, 77);
    squatter.squat(offer->address, Home::vip);
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    ASSERT_TRUE(wait_until([&] { return h001.server.leases().contains(offer->address); }, 10s)) << "never found";
    ASSERT_EQ(client.join(), DhcpAnswer::ack);
    EXPECT_FALSE(client.has(offer->address));
    EXPECT_EQ(squatter.renew(), DhcpAnswer::ack) << "its lease is found again";
    EXPECT_TRUE(squatter.has(offer->address));
}

// dnsmasq 2.90 dies of one lease more than its table holds, and the agent has the rights of nobody.
TEST_F(DhcpMove, table_whose_size_the_agent_cannot_read_is_not_overrun) {
    const auto secret = directory() + "/secret.conf";
    std::ofstream(secret) << "dhcp-lease-max=2\n";
    std::filesystem::permissions(secret, std::filesystem::perms(0600));
    std::ofstream(h001.server.configuration(), std::ios::app) << "conf-file=" << secret << '\n';
    start_all();
    EXPECT_TRUE(h001.router.await_log(secret + " cannot be read, and it may hold a dhcp-lease-max"));
    std::deque<DhcpClient> clients;
    for (unsigned number = 1; number <= 5; ++number) {
        ASSERT_EQ(clients.emplace_back(card, number).join(), DhcpAnswer::ack);
        EXPECT_TRUE(comes_to_know(h002, clients.back()));
    }
    EXPECT_TRUE(stays_false([&] { return !h001.server.process().running(); }, 1s));
    EXPECT_TRUE(h001.server.leases().empty());
}

class DhcpForEver : public DhcpTest {
protected:
    DhcpForEver() : DhcpTest({.range = "10.12.14.101,10.12.14.199,255.255.255.0,infinite"}) {}
};

TEST_F(DhcpForEver, lease_without_an_end_moves_as_it_is) {
    start_all();
    DhcpClient client(card, 1);
    ASSERT_EQ(client.join(), DhcpAnswer::ack);
    const auto address = client.lease()->address;
    ASSERT_TRUE(comes_to_know(h001, client));
    EXPECT_EQ(h001.server.leases()[address].expires, std::chrono::sys_seconds{}) << "0 in the file";
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(wait_until([&] { return client.renew() == DhcpAnswer::ack; }, 3s));
    EXPECT_TRUE(client.has(address));
    EXPECT_EQ(client.lease()->time, std::chrono::seconds(0xffffffff));
}

// A dnsmasq that does not speak D-Bus: its lease file is written while it stands still.
class DhcpNoBus : public DhcpTest {
protected:
    DhcpNoBus() : DhcpTest({.bus = false}) {
        for (const auto* site : sites()) write_restart_command(*site);
    }
    static pid_t dnsmasq_pid(const Site& site) {
        pid_t pid = 0;
        std::ifstream(pid_file(site)) >> pid;
        return pid;
    }
    // Its fence drops what a DHCP server says, whether it is open or not.
    static bool gives_no_leases(const Site& site) {
        return site.host.must({"nft", "list", "table", "netdev", "vrrpd"}).find("\t\tmeta protocol ip udp sport 67") !=
               std::string::npos;
    }
    // Asks until the site's dnsmasq is another one than this; returns when the former was seen last.
    static Time ask_until_restarted(const Site& site, pid_t before, DhcpClient& client) {
        auto seen = wall_clock();
        EXPECT_TRUE(wait_until([&] {
            const auto now = wall_clock();
            const auto pid = dnsmasq_pid(site);
            if (pid == before) seen = now;
            (void)client.rebind(10ms);
            return pid > 0 && pid != before;
        }));
        return seen;
    }
    [[nodiscard]] HomeText no_bus() const {
        auto changed = text();
        changed.dnsmasq = "bus off\n        restart_command $RESTART";
        return changed;
    }
};

TEST_F(DhcpNoBus, lease_file_is_written_and_the_server_restarted_at_a_take_over) {
    start_all(no_bus());
    DhcpClient client(card, 1), second(card, 2), newcomer(card, 3);
    const auto first = dnsmasq_pid(h001);
    ASSERT_EQ(client.join(), DhcpAnswer::ack);
    ASSERT_TRUE(comes_to_know(h001, client));
    ASSERT_TRUE(wait_until([&] { return dnsmasq_pid(h001) != first && dnsmasq_pid(h001) > 0; }))
        << "a stand-in is restarted, too";
    const auto before = dnsmasq_pid(h001);
    // ... but not again within a minute.
    ASSERT_EQ(second.join(), DhcpAnswer::ack);
    EXPECT_TRUE(stays_false([&] { return knows(h001, second); }, 1s));
    EXPECT_EQ(dnsmasq_pid(h001), before);
    const auto address = client.lease()->address, seconds = second.lease()->address;
    EXPECT_TRUE(wait_until([&] { return gives_no_leases(h001); })) << "it is too late when the fence opens";
    const auto lost = wall_clock();
    home.h003.lose_power();
    const auto restarted = ask_until_restarted(h001, before, client);
    EXPECT_TRUE(holds(home.h001));
    for (const auto& frame : home.lan.frames(all({from(home.h001), dhcp_answers(), since(lost)})))
        EXPECT_GT(frame.at, restarted) << "out of its old table: " << frame.describe();
    EXPECT_TRUE(comes_to_know(h001, second));
    ASSERT_TRUE(wait_until([&] { return newcomer.join() == DhcpAnswer::ack; }, 5s));
    EXPECT_FALSE(newcomer.has(address) || newcomer.has(seconds));
    for (auto* who : {&client, &second}) EXPECT_TRUE(wait_until([&] { return who->renew() == DhcpAnswer::ack; }, 5s));
    EXPECT_TRUE(client.has(address));
    EXPECT_TRUE(second.has(seconds));
    EXPECT_FALSE(gives_no_leases(h001));
}

}  // namespace
}  // namespace lab::dhcp_test
