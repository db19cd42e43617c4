// An address that comes to a router which is Active is asked for first; while somebody answers it stays absent.
#include "vrrpd/engine/core/absent_addresses.hpp"

#include <gtest/gtest.h>

#include "tests/engine/values.hpp"

namespace vrrpd::engine::absent_addresses_test {
namespace {

using namespace test;
using Place = AbsentAddresses::Place;
using Wanted = AbsentAddresses::Wanted;

const Instant start = Instant(100s);
const MacAddress another{{2, 0, 0, 0, 9, 9}}, a_third{{2, 0, 0, 0, 9, 8}};
const Place nine{IfIndex{lan0}, ip("10.12.14.9")};

class Absent : public testing::Test {
protected:
    // As the engine does it, until `end`: the times of all questions, and of what is free.
    struct Seen {
        std::vector<Instant> questions, free;
    };
    Seen run(Instant end) {
        Seen seen;
        while (const auto at = absent.next_deadline()) {
            if (*at > end) break;
            now = std::max(now, *at);
            const auto due = absent.step(picture, now);
            seen.questions.insert(seen.questions.end(), due.questions.size(), now);
            seen.free.insert(seen.free.end(), due.free.size(), now);
        }
        now = end;
        return seen;
    }
    void ask(const char* address = "10.12.14.9/24", std::uint32_t link = lan0) {
        absent.ask_first({held(link, address)}, picture, now);
    }
    auto answer(const MacAddress& mac = another, const char* address = "10.12.14.9") {
        return absent.answered(IfIndex{lan0}, {ip(address), mac}, now);
    }

    AbsentAddresses absent;
    World picture = world(home());
    Instant now = start;
};

TEST_F(Absent, is_free_when_nobody_answers_three_questions_in_200_ms) {
    ask();
    EXPECT_TRUE(absent.contains(nine));
    const auto seen = run(start + 1s);
    ASSERT_EQ(seen.questions.size(), 3U);
    EXPECT_EQ(seen.questions[0], start);
    EXPECT_LT(seen.questions[2], start + 140ms);
    ASSERT_EQ(seen.free.size(), 1U);
    EXPECT_GE(seen.free[0], start + 199ms);
    EXPECT_LE(seen.free[0], start + 200ms);
    EXPECT_TRUE(absent.empty());
}

TEST_F(Absent, what_stands_on_this_host_already_is_not_asked_for) {
    ask("10.12.14.4/24");
    ask("198.51.100.7/24", lan0);  // on wan0 now
    EXPECT_TRUE(absent.empty());
}

TEST_F(Absent, where_nobody_can_be_asked_there_is_nothing_to_wait_for) {
    auto snapshot = home();
    snapshot.links[0].arp = false;
    picture = world(snapshot);
    ask();
    ask("10.12.14.9/24", 77);
    EXPECT_TRUE(absent.empty());
}

TEST_F(Absent, stays_absent_while_somebody_answers_and_is_asked_for_ever_more_seldom) {
    ask();
    Instant asked = start;
    Duration pause{0};
    for (int series = 0; series < 8; ++series) {
        const auto at = absent.next_deadline();
        ASSERT_TRUE(at);
        if (series > 0) {
            EXPECT_GE(*at - asked, pause);
            EXPECT_LE(*at - asked, AbsentAddresses::longest_pause);
            pause = *at - asked;
        }
        now = asked = *at;
        EXPECT_EQ(absent.step(picture, now).questions.size(), 1U);
        EXPECT_EQ(answer().size(), series == 0 ? 1U : 0U) << "said once";
        EXPECT_TRUE(answer().empty()) << "a second answer to one question";
    }
    EXPECT_EQ(pause, AbsentAddresses::longest_pause);
    EXPECT_EQ(absent.holder(nine), another);
    EXPECT_EQ(answer(a_third).size(), 1U) << "another one is news";
}

TEST_F(Absent, is_free_when_its_holder_falls_silent) {
    ask();
    (void)absent.step(picture, now);
    (void)answer();
    const auto seen = run(start + 10s);
    EXPECT_EQ(seen.questions.size(), 3U);
    ASSERT_EQ(seen.free.size(), 1U);
    EXPECT_GE(seen.free[0], start + AbsentAddresses::first_pause + 199ms);
}

TEST_F(Absent, an_answer_for_another_address_or_on_another_device_is_none) {
    ask();
    (void)absent.step(picture, now);
    EXPECT_TRUE(answer(another, "10.12.14.8").empty());
    EXPECT_TRUE(absent.answered(IfIndex{wan0}, {ip("10.12.14.9"), another}, now).empty());
    EXPECT_EQ(run(start + 1s).free.size(), 1U);
}

TEST_F(Absent, waits_for_its_device_to_be_up_and_asks_then) {
    auto snapshot = home();
    snapshot.links[0].running = false;
    picture = world(snapshot);
    ask();
    EXPECT_TRUE(absent.step(picture, now).questions.empty());
    EXPECT_EQ(absent.next_deadline(), std::nullopt) << "the device tells";
    picture = world(home());
    now += 1h;
    EXPECT_EQ(absent.step(picture, now).questions.size(), 1U);
    picture = world(snapshot);  // and down again, half asked
    EXPECT_TRUE(absent.step(picture, now + 1s).questions.empty());
    picture = world(home());
    now += 2s;
    EXPECT_EQ(absent.step(picture, now).questions.size(), 1U);
    EXPECT_EQ(run(now + 1s).questions.size(), 2U) << "from the beginning";
}

TEST_F(Absent, on_a_virtual_device_is_asked_for_on_the_one_below) {
    auto snapshot = home();
    auto device = link(9, "vrrp.1");
    device.kind = "macvlan";
    device.alias = netlink::macvlan_alias;
    device.base = IfIndex{lan0};
    device.running = device.admin_up = false;  // until it is raised
    snapshot.links.push_back(device);
    picture = world(snapshot);
    ask("10.12.14.9/24", 9);
    EXPECT_TRUE(absent.contains({IfIndex{9}, ip("10.12.14.9")}));
    const auto due = absent.step(picture, now);
    ASSERT_EQ(due.questions.size(), 1U);
    EXPECT_EQ(due.questions[0].on, IfIndex{lan0});
    EXPECT_EQ(answer().size(), 1U);
}

TEST_F(Absent, that_somebody_puts_on_this_host_by_hand_is_absent_no_more) {
    ask();
    auto snapshot = home();
    snapshot.addresses.push_back(held(lan0, "10.12.14.9/24"));
    picture = world(snapshot);
    const auto due = absent.step(picture, now);
    EXPECT_TRUE(due.questions.empty());
    EXPECT_EQ(due.free.size(), 1U);
    EXPECT_TRUE(absent.empty());
}

TEST_F(Absent, many_are_asked_for_in_turns) {
    for (int i = 1; i <= 250; ++i) ask(("10.12.13." + std::to_string(i) + "/24").c_str());
    EXPECT_EQ(absent.step(picture, now).questions.size(), AbsentAddresses::questions_a_turn);
    EXPECT_EQ(absent.next_deadline(), now) << "at once, when the sockets were served";
    const auto seen = run(start + 1s);
    EXPECT_EQ(seen.questions.size(), 250 * 3 - AbsentAddresses::questions_a_turn);
    EXPECT_EQ(seen.free.size(), 250U);
}

TEST_F(Absent, rests_while_nobody_wants_it_and_is_asked_for_anew_when_somebody_does) {
    ask();
    (void)absent.step(picture, now);
    (void)answer();
    absent.review([](const Place&) { return Wanted::later; }, now);
    EXPECT_TRUE(absent.contains(nine)) << "it is known to be somebody's";
    EXPECT_EQ(absent.next_deadline(), std::nullopt);
    EXPECT_TRUE(absent.step(picture, now + 1h).free.empty());
    now += 2h;
    absent.review([](const Place&) { return Wanted::now; }, now);
    EXPECT_EQ(absent.next_deadline(), now);
    EXPECT_EQ(absent.holder(nine), std::nullopt);
    absent.review([](const Place&) { return Wanted::never; }, now);
    EXPECT_TRUE(absent.empty());
}

// ---- what is held back

TEST_F(Absent, is_held_back_with_the_routes_that_want_it_for_a_source) {
    Desired wanted;
    wanted.addresses = {held(lan0, "10.12.14.1/24"), held(lan0, "10.12.14.9/24")};
    netlink::Route from_nine, plain;
    from_nine.destination = prefix("192.0.2.0/24");
    from_nine.source = ip("10.12.14.9");
    plain.destination = prefix("203.0.113.0/24");
    wanted.routes = {from_nine, plain};
    wanted.rules = {netlink::Rule{}};
    ask();
    auto rest = wanted;
    absent.hold_back(rest, picture);
    EXPECT_EQ(rest.addresses, std::vector{held(lan0, "10.12.14.1/24")});
    EXPECT_TRUE(rest.routes.empty() && rest.rules.empty()) << "they may need it: until it is known";
    (void)absent.step(picture, now);
    (void)answer();
    rest = wanted;
    absent.hold_back(rest, picture);
    EXPECT_EQ(rest.routes, std::vector{plain});
    EXPECT_EQ(rest.rules.size(), 1U);
}

TEST_F(Absent, an_absent_address_of_others_holds_nothing_back) {
    ask("10.12.14.99/24");
    Desired wanted;
    wanted.addresses = {held(lan0, "10.12.14.9/24")};
    wanted.rules = {netlink::Rule{}};
    auto rest = wanted;
    absent.hold_back(rest, picture);
    EXPECT_EQ(rest, wanted);
}

}  // namespace
}  // namespace vrrpd::engine::absent_addresses_test
