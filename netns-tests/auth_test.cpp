// Who may speak as a router of the group: PASS and AH together with Debian's keepalived, in both roles, by multicast
// and unicast; auth_hmac among ours (the packaged keepalived does not speak it; its vectors are tested in tests/proto).
#include <algorithm>
#include <ostream>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/forge.hpp"

namespace lab::auth_test {
namespace {

const char* address_of(const Host& host) { return host.name() == "H003" ? "10.12.14.4" : "10.12.14.2"; }

std::string authentication(const std::string& type, const std::string& password) {
    return "authentication {\n auth_type " + type + "\n auth_pass " + password + "\n }\n";
}

class Auth : public HomeTest {
protected:
    static std::size_t times(const Router& router, std::string_view line) {
        const auto log = router.log();
        std::size_t count = 0;
        for (auto at = log.find(line); at != std::string::npos; at = log.find(line, at + 1)) ++count;
        return count;
    }
};

// ---- PASS and AH with keepalived ------------------------------------------------------------------------

struct Case {
    const char* type;
    bool unicast;
};
std::string name_of(const Case& each) { return std::string(each.type) + (each.unicast ? "_unicast" : "_multicast"); }
void PrintTo(const Case& each, std::ostream* out) { *out << name_of(each); }

class Passwords : public Auth, public testing::WithParamInterface<Case> {
protected:
    Router& start_one(Host& host, int priority, Daemon daemon, const std::string& password = "s3cr3tpw") {
        VrrpText text{.version = 2, .priority = priority};
        text.advert_int = "1";
        text.more = authentication(GetParam().type, password);
        if (GetParam().unicast)
            text.more += std::string("unicast_src_ip ") + address_of(host) + "\n unicast_peer {\n " +
                         address_of(&host == &home.h003 ? home.h001 : home.h003) + "\n }\n";
        return start(host, text, {}, daemon);
    }
    // Only `host` advertises: twice, and the other not since.
    void expect_alone(const Host& host, const Host& other) {
        ASSERT_TRUE(home.lan.await(all({from(host), adverts(), no_priority(0), since(wall_clock())}), 8s))
            << host.name() << " does not advertise";
        std::this_thread::sleep_for(1050ms);
        const auto settled = wall_clock();
        std::this_thread::sleep_for(2100ms);
        EXPECT_EQ(home.lan.count(all({from(other), adverts(), since(settled)})), 0u) << other.name() << " still speaks";
        EXPECT_GE(home.lan.count(all({from(host), adverts(), since(settled)})), 1u);
    }
};

TEST_P(Passwords, ours_yields_to_keepalived_and_takes_over_from_it) {
    auto& ours = start_one(home.h001, 150, Daemon::vrrpd);
    ASSERT_TRUE(home.lan.await(all({from(home.h001), adverts()}), 8s)) << "we never became Active";
    start_one(home.h003, 200, Daemon::keepalived);
    ASSERT_TRUE(home.lan.await(all({from(home.h003), adverts()}), 15s)) << "keepalived never became Active";
    expect_alone(home.h003, home.h001);
    EXPECT_FALSE(holds(home.h001));
    const auto fault = wall_clock();
    home.h003.lose_power();
    const auto last = home.lan.last(all({from(home.h003), adverts(), before(fault)}));
    const auto taken = home.lan.await(all({from(home.h001), adverts(), since(fault)}), 8s);
    ASSERT_TRUE(last && taken);
    EXPECT_LE(taken->at - last->at, down_interval(1s, 150) + 80ms) << milliseconds(taken->at - last->at);
    EXPECT_EQ(times(ours, "refused"), 0u) << ours.log();
}

TEST_P(Passwords, keepalived_yields_to_ours_and_takes_over_from_it) {
    auto& theirs = start_one(home.h001, 150, Daemon::keepalived);
    ASSERT_TRUE(home.lan.await(all({from(home.h001), adverts()}), 15s)) << "keepalived never became Active";
    auto& ours = start_one(home.h003, 200, Daemon::vrrpd);
    expect_alone(home.h003, home.h001);
    EXPECT_TRUE(holds(home.h003));
    EXPECT_EQ(ours.stop(), 0);
    const auto resigned = home.lan.await(all({from(home.h003), priority(0)}), 1s);
    ASSERT_TRUE(resigned);
    const auto taken = home.lan.await(all({from(home.h001), adverts(), since(resigned->at)}), 8s);
    ASSERT_TRUE(taken);
    EXPECT_LE(taken->at - resigned->at, 1100ms) << "it did not take our farewell\n" << theirs.log();
    EXPECT_EQ(times(ours, "refused"), 0u) << ours.log();
}

TEST_P(Passwords, another_password_is_refused_counted_and_said_once) {
    auto& ours = start_one(home.h001, 150, Daemon::vrrpd);
    ASSERT_TRUE(home.lan.await(all({from(home.h001), adverts()}), 8s)) << "we never became Active";
    start_one(home.h003, 200, Daemon::keepalived, "an0ther");
    ASSERT_TRUE(home.lan.await(all({from(home.h003), adverts()}), 15s));
    ASSERT_TRUE(ours.await_log("refused: auth (auth_pass is not ours")) << ours.log();
    std::this_thread::sleep_for(2500ms);
    EXPECT_EQ(times(ours, "refused: "), 1u) << ours.log();
    const auto status = ours.status({"--json"});
    EXPECT_NE(status.text.find("\"auth\":"), std::string::npos) << status.text;
    EXPECT_EQ(ours.log().find("s3cr3tpw"), std::string::npos);
    EXPECT_EQ(status.text.find("s3cr3tpw"), std::string::npos);
    EXPECT_TRUE(holds(home.h001)) << "who has another password is not obeyed";
}

INSTANTIATE_TEST_SUITE_P(WithKeepalived, Passwords,
                         testing::Values(Case{"PASS", false}, Case{"PASS", true}, Case{"AH", false}, Case{"AH", true}),
                         [](const auto& each) { return name_of(each.param); });

TEST_F(Auth, who_speaks_without_ah_is_refused_and_told_apart) {
    VrrpText text{.version = 2, .priority = 150, .advert_int = "1"};
    text.more = authentication("AH", "s3cr3tpw");
    auto& ours = start(home.h001, text, {}, Daemon::vrrpd);
    text.priority = 200;
    text.more = authentication("PASS", "s3cr3tpw");
    start(home.h003, text, {}, Daemon::keepalived);
    EXPECT_TRUE(ours.await_log("refused: auth-type (auth_type is not ours", 10s)) << ours.log();
}

// ---- auth_hmac among ours -------------------------------------------------------------------------------

const std::string hmac =
    "auth_hmac {\n key 1 hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n active_key 1\n }\n";

struct Signed {
    int version;
    bool ipv6;
};
void PrintTo(const Signed& each, std::ostream* out) { *out << each.version << (each.ipv6 ? " IPv6" : " IPv4"); }
class SignedPair : public Auth, public testing::WithParamInterface<Signed> {};

TEST_P(SignedPair, stands_in_for_each_other) {
    const auto [version, ipv6] = GetParam();
    VrrpText text{.version = version, .advert_int = version == 2 ? "1" : "0.1"};
    if (ipv6) text.addresses = {"fe80::12:1/64"};
    const auto vip = ipv6 ? *IpAddress::parse("fe80::12:1") : Home::vip;
    text.more = hmac;
    text.priority = 200;
    start(home.h003, text);
    ASSERT_TRUE(wait_until([&] { return holds(home.h003, vip); }, 8s));
    text.priority = 150;
    auto& ours = start(home.h001, text);
    ASSERT_TRUE(ours.await_log("Entering BACKUP STATE"));
    std::this_thread::sleep_for(version == 2 ? 5s : 1s);
    EXPECT_FALSE(holds(home.h001, vip)) << ours.log();
    EXPECT_EQ(times(ours, "refused"), 0u) << ours.log();
    home.h003.lose_power();
    EXPECT_TRUE(wait_until([&] { return holds(home.h001, vip); }, 8s)) << ours.log();
}

INSTANTIATE_TEST_SUITE_P(Ours, SignedPair, testing::Values(Signed{2, false}, Signed{3, false}, Signed{3, true}),
                         [](const auto& each) {
                             return "v" + std::to_string(each.param.version) + (each.param.ipv6 ? "_ipv6" : "_ipv4");
                         });

TEST_F(Auth, VR_258_unsigned_adverts_move_nobody) {
    auto pair = start_pair({.more = hmac});
    const Injector injector(home.client, "lan0");
    const auto sent = wall_clock();
    for (int i = 0; i < 20; ++i) {
        injector.send(forge({.source = IpAddress::v4(10, 12, 14, 100)}));
        std::this_thread::sleep_for(50ms);
    }
    EXPECT_TRUE(holds(home.h003));
    EXPECT_GE(home.lan.count(all({from(home.h003), adverts(), since(sent)})), 9u) << "the timer was touched";
    for (auto* router : {&pair.active, &pair.backup})
        EXPECT_EQ(times(*router, "refused: hmac-missing (not signed"), 1u) << router->log();
}

// What the dead gateway said is said again by somebody else: it stays dead.
TEST_F(Auth, VR_254_replayed_adverts_keep_no_dead_gateway_alive) {
    auto pair = start_pair({.more = hmac});
    const Injector injector(home.client, "lan0");
    const auto fault = wall_clock();
    home.h003.lose_power();
    const auto heard = home.lan.last(all({from(home.h003), adverts(), before(fault)}));
    ASSERT_TRUE(heard);
    for (int i = 0; i < 30; ++i) {
        injector.send(heard->bytes);
        std::this_thread::sleep_for(20ms);
    }
    const auto took = detection(home.h003, home.h001, fault);
    EXPECT_LE(took, down_interval(100ms, 150) + 80ms) << milliseconds(took);
    EXPECT_TRUE(pair.backup.await_log("refused: replay")) << pair.backup.log();
}

TEST_F(Auth, VR_254_what_was_heard_before_a_restart_is_not_taken_again) {
    const std::string patient = std::string(hmac).insert(hmac.rfind('}'), "time_window 60\n ");
    auto pair = start_pair({.more = patient});
    const auto heard = home.lan.last(all({from(home.h003), adverts()}));
    ASSERT_TRUE(heard);
    std::this_thread::sleep_for(300ms);
    home.h003.lose_power();
    ASSERT_TRUE(wait_until([&] { return holds(home.h001); }));
    EXPECT_EQ(pair.backup.stop(), 0);
    const auto before_start = times(pair.backup, "refused: replay");
    pair.backup.start();
    ASSERT_TRUE(wait_until([&] { return holds(home.h001); }));
    Injector(home.client, "lan0").send(heard->bytes);
    EXPECT_TRUE(wait_until([&] { return times(pair.backup, "refused: replay") > before_start; }, 2s))
        << pair.backup.log();
    EXPECT_TRUE(holds(home.h001));
}

}  // namespace
}  // namespace lab::auth_test
