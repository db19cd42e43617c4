// Foreign rules that drop what the gateway must forward: found, named, and gone once the remedy is done.
#include <gmock/gmock.h>

#include "netlink/nft/tables.hpp"
#include "nft_world.hpp"

namespace netlink::nft::nft_obstacles_test {
namespace {

using nft_test::home;
using nft_test::Space;
using testing::ElementsAre;
using testing::IsEmpty;

class NftObstacles : public nft_test::NeedsRoot {
protected:
    std::vector<std::string> found(const GatewayRules& gateway = home()) { return found(Served{gateway}); }
    std::vector<std::string> found(const Served& gateway) {
        std::vector<std::string> out;
        for (const auto& obstacle : obstacles({gateway})) out.push_back(obstacle.where + ": " + obstacle.remedy);
        return out;
    }
    std::vector<Obstacle> obstacles(const std::vector<Served>& gateways) {
        std::vector<Obstacle> out;
        space().in([&] {
            auto tables = open_tables();
            ASSERT_TRUE(tables) << tables.error().describe();
            auto answer = (*tables)->obstacles(gateways);
            ASSERT_TRUE(answer) << answer.error().describe();
            out = std::move(*answer);
        });
        return out;
    }
    void nft(const std::string& rules) { space().run("nft '" + rules + "'"); }
    Space& space() {
        if (!space_) space_ = std::make_unique<Space>();
        return *space_;
    }

private:
    std::unique_ptr<Space> space_;
};

TEST_F(NftObstacles, none_without_rules_or_with_our_own) {
    EXPECT_THAT(found(), IsEmpty());
    space().in([&] {
        const auto gateway = home();
        auto tables = open_tables();
        ASSERT_TRUE((*tables)->install(std::span(&gateway, 1)));
    });
    EXPECT_THAT(found(), IsEmpty());
}

TEST_F(NftObstacles, docker_is_named_with_the_chain_it_leaves_to_users) {
    nft("table ip filter {"
        " chain DOCKER-USER { counter return; };"
        " chain DOCKER { iifname != \"docker0\" oifname \"docker0\" ip daddr 172.17.0.2 tcp dport 80 accept; };"
        " chain FORWARD { type filter hook forward priority 0; policy drop; counter jump DOCKER-USER;"
        "  oifname \"docker0\" ct state related,established accept; oifname \"docker0\" jump DOCKER;"
        "  iifname \"docker0\" oifname != \"docker0\" accept; }; }");
    EXPECT_THAT(found(),
                ElementsAre("ip filter FORWARD drops lan0->wan0: iptables -I DOCKER-USER -i lan0 -o wan0 -j ACCEPT",
                            "ip filter FORWARD drops answers wan0->lan0: iptables -I DOCKER-USER -i wan0 -o lan0 "
                            "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"));
    nft("insert rule ip filter DOCKER-USER iifname \"lan0\" oifname \"wan0\" accept");
    EXPECT_EQ(found().size(), 1u);
    nft("insert rule ip filter DOCKER-USER iifname \"wan0\" oifname \"lan0\" ct state related,established accept");
    EXPECT_THAT(found(), IsEmpty());
    auto forwarding = home();
    forwarding.forwards = {{Transport::tcp, {80, 80}, forwarding.virtual_addresses[0], 80}};
    EXPECT_THAT(found(forwarding), IsEmpty()) << "to the gateway itself: never forwarded";
    forwarding.forwards = {{Transport::tcp, {80, 80}, IpAddress::v4(10, 12, 14, 20), 80}};
    EXPECT_THAT(
        found(forwarding),
        ElementsAre("ip filter FORWARD drops forwarded ports wan0->lan0: iptables -I DOCKER-USER -i wan0 -o lan0 "
                    "-m conntrack --ctstate DNAT -j ACCEPT"));
}

TEST_F(NftObstacles, ufw_is_named_for_routing_and_for_protocol_112) {
    nft("table ip filter {"
        " chain ufw-user-forward { }; chain ufw-before-forward { ct state related,established accept;"
        "  ip protocol icmp icmp type echo-request accept; jump ufw-user-forward; };"
        " chain ufw-before-input { iifname \"lo\" accept; ct state related,established accept; ct state invalid drop;"
        "  udp sport 67 udp dport 68 accept; ip daddr 224.0.0.251 udp dport 5353 accept; };"
        " chain FORWARD { type filter hook forward priority 0; policy drop; jump ufw-before-forward; };"
        " chain INPUT { type filter hook input priority 0; policy drop; jump ufw-before-input; }; }");
    EXPECT_THAT(
        found(),
        ElementsAre("ip filter FORWARD drops lan0->wan0: ufw route allow in on lan0 out on wan0",
                    "ip filter INPUT drops protocol 112 (VRRP) on lan0: iptables -I ufw-before-input -i lan0 -p 112 "
                    "-j ACCEPT (and the same line, with -A, in /etc/ufw/before.rules)"));
    nft("add rule ip filter ufw-user-forward iifname \"lan0\" oifname \"wan0\" accept");
    nft("insert rule ip filter ufw-before-input iifname \"lan0\" ip protocol 112 accept");
    EXPECT_THAT(found(), IsEmpty());
}

// What its clients live on, once it is the gateway: DHCP and DNS come in on the LAN.
class NftObstaclesOfServices : public NftObstacles {
protected:
    static Served serving() {
        return {home(), true, {{Family::ipv4, 53}, {Family::ipv4, std::nullopt}, {Family::ipv6, 53}}};
    }
};

TEST_F(NftObstaclesOfServices, ufw_drops_requests_and_questions) {
    nft("table ip filter {"
        " chain ufw-user-input { meta l4proto tcp tcp dport 22 accept; };"
        " chain ufw-before-forward { ct state related,established accept; };"
        " chain ufw-before-input { iifname \"lo\" accept; ct state related,established accept; ct state invalid drop;"
        "  ip protocol 112 accept; udp sport 67 udp dport 68 accept; ip daddr 224.0.0.251 udp dport 5353 accept;"
        "  jump ufw-user-input; };"
        " chain FORWARD { type filter hook forward priority 0; policy drop; jump ufw-before-forward;"
        "  iifname \"lan0\" oifname \"wan0\" accept; };"
        " chain INPUT { type filter hook input priority 0; policy drop; jump ufw-before-input; }; }");
    EXPECT_THAT(found(), IsEmpty()) << "without such services";
    EXPECT_THAT(
        found(serving()),
        ElementsAre("ip filter INPUT drops DHCP requests (UDP port 67) on lan0: ufw allow in on lan0 to any port 67 "
                    "proto udp",
                    "ip filter INPUT drops DNS questions (port 53) on lan0: ufw allow in on lan0 to any port 53",
                    "ip filter FORWARD drops DNS questions for the server of another router, lan0->lan0: ufw route "
                    "allow in on lan0 out on lan0"));
    nft("add rule ip filter ufw-user-input iifname \"lan0\" udp dport 67 accept");
    nft("add rule ip filter ufw-user-input iifname \"lan0\" meta l4proto { tcp, udp } th dport 53 accept");
    nft("add rule ip filter FORWARD iifname \"lan0\" oifname \"lan0\" accept");
    EXPECT_THAT(found(serving()), IsEmpty());
}

TEST_F(NftObstaclesOfServices, docker_drops_what_goes_back_into_the_lan) {
    nft("table ip filter { chain DOCKER-USER { counter return; };"
        " chain FORWARD { type filter hook forward priority 0; policy drop; jump DOCKER-USER;"
        "  iifname \"lan0\" oifname \"wan0\" accept; iifname \"wan0\" accept; }; }");
    EXPECT_THAT(found(serving()),
                ElementsAre("ip filter FORWARD drops DNS questions for the server of another router, lan0->lan0: "
                            "iptables -I DOCKER-USER -i lan0 -o lan0 -j ACCEPT"));
}

TEST_F(NftObstaclesOfServices, a_plain_nft_firewall_gets_rules_for_both_transports) {
    nft("table inet filter { chain input { type filter hook input priority 0; policy drop; meta l4proto 112 accept;"
        " udp dport 67 accept; udp dport 5353 accept; }; }");
    auto elsewhere = serving();
    elsewhere.dns = {{Family::ipv4, 5300}};
    EXPECT_THAT(found(elsewhere),
                ElementsAre("inet filter input drops DNS questions (port 5300) on lan0: nft insert rule inet filter "
                            "input iifname \"lan0\" meta l4proto { tcp, udp } th dport 5300 accept"));
}

TEST_F(NftObstacles, a_plain_nft_firewall_with_a_verdict_map) {
    nft("table inet filter {"
        " chain input { type filter hook input priority 0; policy drop; iif lo accept;"
        "  ct state vmap { established : accept, related : accept, invalid : drop }; tcp dport 22 accept; };"
        " chain forward { type filter hook forward priority 0; ct state vmap { established : accept, related : accept "
        "};"
        "  iifname { \"eth7\", \"eth8\" } accept; counter reject; }; }");
    EXPECT_THAT(found(),
                ElementsAre("inet filter forward drops lan0->wan0: nft insert rule inet filter forward iifname "
                            "\"lan0\" oifname \"wan0\" accept",
                            "inet filter input drops protocol 112 (VRRP) on lan0: nft insert rule inet filter "
                            "input iifname \"lan0\" meta l4proto 112 accept"));
    nft("insert rule inet filter forward iifname \"lan0\" oifname \"wan0\" accept");
    nft("insert rule inet filter input iifname \"lan0\" meta l4proto 112 accept");
    EXPECT_THAT(found(), IsEmpty());
}

TEST_F(NftObstacles, firewalld_and_iptables_have_their_own_commands) {
    nft("table inet firewalld { chain filter_FORWARD { type filter hook forward priority 10; ct state "
        "established,related "
        "accept; reject; }; }; table ip6 filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; "
        "}");
    const auto obstacles = found();
    ASSERT_EQ(obstacles.size(), 1u) << "ip6 concerns nobody whose lan is IPv4";
    EXPECT_THAT(obstacles[0], testing::StartsWith("inet firewalld filter_FORWARD drops lan0->wan0: firewall-cmd "));
    auto six = home();
    six.lans = {{"lan0", *Prefix::parse("fd00:12::/64")}};
    EXPECT_THAT(found(six), testing::Contains(
                                "ip6 filter FORWARD drops lan0->wan0: ip6tables -I FORWARD -i lan0 -o wan0 -j ACCEPT"));
}

TEST_F(NftObstacles, what_cannot_be_judged_gets_the_benefit_of_the_doubt) {
    nft("table inet filter { chain forward { type filter hook forward priority 0; policy drop;"
        " meta mark 7 accept; }; }");
    EXPECT_THAT(found(), IsEmpty()) << "an accept under a condition not known";
    nft("flush ruleset; table inet filter { chain forward { type filter hook forward priority 0; meta mark 7 drop; }; "
        "}");
    EXPECT_THAT(found(), IsEmpty()) << "a drop under a condition not known";
    nft("flush ruleset; table inet filter { chain leaf { drop; }; chain forward { type filter hook forward priority 0;"
        " iifname \"lan*\" goto leaf; accept; }; }");
    EXPECT_EQ(found().size(), 1u);
}

TEST_F(NftObstacles, each_is_in_the_way_of_its_own_gateway) {
    auto guests = home();
    guests.name = "GUESTS";
    guests.lans = {{"lan1", *Prefix::parse("10.12.15.0/24")}};
    guests.virtual_addresses = {IpAddress::v4(10, 12, 15, 1)};
    nft("table inet filter { chain forward { type filter hook forward priority 0;"
        " iifname \"lan1\" oifname \"wan0\" drop; }; }");
    const Obstacle expected{"GUESTS", "inet filter forward drops lan1->wan0",
                            "nft insert rule inet filter forward iifname \"lan1\" oifname \"wan0\" accept"};
    EXPECT_THAT(obstacles({{home()}, {guests}}), ElementsAre(expected));

    nft("insert rule inet filter forward oifname \"wan0\" drop");
    const auto both = obstacles({{home()}, {guests}});
    ASSERT_EQ(both.size(), 2u);
    EXPECT_EQ(both[0].gateway, "HOME");
    EXPECT_EQ(both[1].gateway, "GUESTS");
}

}  // namespace
}  // namespace netlink::nft::nft_obstacles_test
