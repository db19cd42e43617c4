// What operators read. Golden: these lines are searched for, so a change of words is a decision.
#include "vrrpd/engine/core/describe.hpp"

#include <gtest/gtest.h>

#include "tests/engine/values.hpp"

namespace vrrpd::engine::describe_test {
namespace {

using namespace test;
using proto::Cause;
using proto::Remark;
using proto::Role;

std::string name_of(const IpAddress& address) {
    return address == ip("10.12.14.4") ? "H003 (10.12.14.4)" : address.to_string();
}

LogLine transition(Role from, Role to, Cause cause, const char* peer = nullptr) {
    proto::Transition value{from, to, cause, std::nullopt, 341ms};
    if (peer) value.peer = ip(peer);
    return describe(value, {"lan0 has no carrier", "wan0 is down"}, name_of);
}

struct Case {
    LogLine line;
    LogLevel level;
    const char* text;
};

void expect_all(const std::vector<Case>& cases) {
    for (const auto& one : cases) {
        EXPECT_EQ(one.line.text, one.text);
        EXPECT_EQ(one.line.level, one.level) << one.text;
    }
}

TEST(Describe, every_way_to_the_role) {
    const auto to_active = [](Cause cause) { return transition(Role::backup, Role::active, cause, "10.12.14.4"); };
    expect_all({
        {to_active(Cause::silence), LogLevel::notice, "Entering MASTER STATE: H003 (10.12.14.4) silent for 341 ms"},
        {to_active(Cause::nobody_heard), LogLevel::notice,
         "Entering MASTER STATE: nobody heard, nobody holds the addresses"},
        {to_active(Cause::resigned), LogLevel::notice,
         "Entering MASTER STATE: H003 (10.12.14.4) gave up the role (priority 0)"},
        {to_active(Cause::preempted_lower), LogLevel::notice,
         "Entering MASTER STATE: preempting H003 (10.12.14.4), which has a lower priority"},
        {transition(Role::initialize, Role::active, Cause::owner), LogLevel::notice,
         "Entering MASTER STATE: priority 255, the address owner"},
        {transition(Role::initialize, Role::active, Cause::adopted), LogLevel::notice,
         "Entering MASTER STATE: adopted from the engine before, still ours"},
    });
}

TEST(Describe, every_way_to_stand_by) {
    const auto to_backup = [](Cause cause) { return transition(Role::active, Role::backup, cause, "10.12.14.2"); };
    expect_all({
        {to_backup(Cause::higher_priority), LogLevel::notice,
         "Entering BACKUP STATE: 10.12.14.2 has a higher priority"},
        {to_backup(Cause::equal_priority), LogLevel::notice,
         "Entering BACKUP STATE: 10.12.14.2 has the same priority and a higher address"},
        {to_backup(Cause::stalled), LogLevel::warning,
         "Entering BACKUP STATE: this process stood still for longer than the others wait; where the machine is only "
         "busy, vrrp_rt_priority 1 in global_defs gives it precedence"},
        {to_backup(Cause::claim_failed), LogLevel::warning,
         "Entering BACKUP STATE: a virtual address could not be added, or did not stay"},
        {to_backup(Cause::object_lost), LogLevel::warning,
         "Entering BACKUP STATE: something that goes with the role was removed by someone else (lost_address "
         "give_up_role)"},
        {transition(Role::initialize, Role::backup, Cause::started), LogLevel::notice,
         "Entering BACKUP STATE: listening"},
    });
}

TEST(Describe, a_fault_names_all_its_reasons) {
    expect_all({{transition(Role::active, Role::initialize, Cause::fault), LogLevel::warning,
                 "Entering FAULT STATE: lan0 has no carrier, wan0 is down"}});
}

TEST(Describe, a_stop_is_no_fault) {
    expect_all({
        {transition(Role::active, Role::initialize, Cause::stopped), LogLevel::notice, "Leaving MASTER STATE: stopped"},
        {transition(Role::backup, Role::initialize, Cause::stopped), LogLevel::notice, "Leaving BACKUP STATE: stopped"},
    });
}

TEST(Describe, a_peer_that_nobody_knows_has_words_too) {
    EXPECT_EQ(transition(Role::backup, Role::active, Cause::resigned).text,
              "Entering MASTER STATE: the other router gave up the role (priority 0)");
}

LogLine remark(Remark what) {
    return describe({what, ip("10.12.14.4"), priority(150), Centiseconds(50)},
                    {priority(200), "10.12.14.1 is held by 02:00:00:00:00:09", {"wan0 is down", "no leases"}}, name_of);
}

TEST(Describe, what_another_router_advertises_instead_of_our_list) {
    const std::vector<config::VirtualAddress> own{vip("10.12.14.1/24"), vip("10.12.14.9/24")};
    EXPECT_EQ(describe_difference(own, {ip("10.12.14.1"), ip("10.12.14.9")}), "");
    EXPECT_EQ(describe_difference(own, {ip("10.12.14.9"), ip("10.12.14.1")}), "") << "the order says nothing";
    EXPECT_EQ(describe_difference(own, {ip("10.12.14.1")}), "without 10.12.14.9");
    EXPECT_EQ(describe_difference(own, {ip("10.12.14.1"), ip("10.12.14.9"), ip("10.12.14.8")}), "with 10.12.14.8");
    EXPECT_EQ(describe_difference(own, {ip("10.12.14.1"), ip("10.12.14.8")}), "without 10.12.14.9, with 10.12.14.8");
    std::vector<IpAddress> many;
    for (std::uint8_t i = 1; i <= 9; ++i) many.push_back(IpAddress::v4(10, 12, 14, i));
    EXPECT_EQ(describe_difference(own, many),
              "with 10.12.14.2, 10.12.14.3, 10.12.14.4, 10.12.14.5, 10.12.14.6, 2 more");
}

TEST(Describe, the_router_that_takes_the_role) {
    const auto better = [](Cause cause) {
        return describe_better({proto::Role::active, proto::Role::backup, cause, ip("10.12.14.4"), {}}, 200,
                               priority(100), name_of);
    };
    EXPECT_EQ(better(Cause::higher_priority),
              "Master received advert from H003 (10.12.14.4) with higher priority 200, ours 100");
    EXPECT_EQ(better(Cause::equal_priority),
              "Master received advert from H003 (10.12.14.4) with same priority 200 but higher IP address than ours");
    EXPECT_EQ(better(Cause::stalled), "");
}

TEST(Describe, every_remark) {
    expect_all({
        {remark(Remark::lower_priority_discarded), LogLevel::info,
         "received lower priority (150) advert from H003 (10.12.14.4) - discarding: ours is 200, preempting"},
        {remark(Remark::not_trying_again_yet), LogLevel::warning,
         "leaving the role to H003 (10.12.14.4) for now, although its priority 150 is lower than ours (200): our "
         "addresses could not be added, or did not stay"},
        {remark(Remark::lower_priority_answered), LogLevel::warning,
         "Received advert from H003 (10.12.14.4) with lower priority 150, ours 200, forcing new election: answered, "
         "addresses announced again"},
        {remark(Remark::lower_priority_not_answered), LogLevel::warning,
         "Received advert from H003 (10.12.14.4) with lower priority 150, ours 200: not answered "
         "(lower_prio_no_advert)"},
        {remark(Remark::equal_priority_peer), LogLevel::warning,
         "H003 (10.12.14.4) has the same priority 200 as we: give each router its own"},
        {remark(Remark::second_owner), LogLevel::error,
         "CONFIGURATION ERROR: H003 (10.12.14.4) has priority 255 too; only one router can own the address"},
        {remark(Remark::interval_learnt), LogLevel::warning,
         "H003 (10.12.14.4) advertises every 500 ms: waiting accordingly; set the same advert_int everywhere"},
        {remark(Remark::interval_clamped), LogLevel::warning,
         "H003 (10.12.14.4) claims to advertise every 500 ms: not believed, cut (max_learnt_interval)"},
        {remark(Remark::held_by_other), LogLevel::warning,
         "staying BACKUP: 10.12.14.1 is held by 02:00:00:00:00:09, whose adverts we do not hear: no vrrpd there, "
         "protocol 112 blocked, or another VRID"},
        {remark(Remark::preempt_delayed), LogLevel::info,
         "H003 (10.12.14.4) has a lower priority (150, ours 200); preempt_delay begins"},
        {remark(Remark::active_fell), LogLevel::info,
         "the priority of H003 (10.12.14.4) fell to 150 (ours 200): taking over in 5.0 s, unless ours falls too"},
        {remark(Remark::waiting_until_ready), LogLevel::info,
         "not yet preempting H003 (10.12.14.4): NOT ready: wan0 is down, no leases"},
        {remark(Remark::not_ready_but_preempting), LogLevel::warning,
         "still NOT ready, but preempting H003 (10.12.14.4) all the same: wan0 is down, no leases"},
        {remark(Remark::late), LogLevel::warning,
         "this process was late by more than a down interval: listening for one more interval"},
    });
}

TEST(Describe, the_steps_of_a_take_over_are_timed_from_its_advert) {
    const Instant began{100s};
    EXPECT_EQ(describe(TakeOver{began, began + 1234us, began + 3400us, began + 12ms}),
              "fence 1.2 ms, kernel 3.4 ms, announced 12 ms");
    EXPECT_EQ(describe(TakeOver{began, std::nullopt, began + 3400us, began + 3900us}),
              "kernel 3.4 ms, announced 3.9 ms");
}

TEST(Describe, durations_read_like_a_person_says_them) {
    EXPECT_EQ(text(0ns), "0.0 ms");
    EXPECT_EQ(text(870us), "0.9 ms");
    EXPECT_EQ(text(30ms), "30 ms");
    EXPECT_EQ(text(341ms), "341 ms");
    EXPECT_EQ(text(1999ms), "1999 ms");
    EXPECT_EQ(text(3609ms), "3.6 s");
    EXPECT_EQ(text(std::chrono::minutes(2)), "120.0 s");
}

TEST(Describe, roles_have_the_names_operators_know) {
    EXPECT_EQ(name(Role::initialize), "FAULT");
    EXPECT_EQ(name(Role::backup), "BACKUP");
    EXPECT_EQ(name(Role::active), "MASTER");
}

TEST(Describe, a_change_of_priority_names_what_changed) {
    const proto::Tracked wan_up{"wan0", -120, false, true}, wan_down{"wan0", -120, false, false};
    const proto::Tracked lan_up{"lan1", 10, false, true}, lan_down{"lan1", 10, false, false};
    EXPECT_EQ(describe_priority(priority(200), priority(80), {wan_up}, {wan_down}),
              "Changing effective priority from 200 to 80: wan0 down");
    EXPECT_EQ(describe_priority(priority(80), priority(200), {wan_down}, {wan_up}),
              "Changing effective priority from 80 to 200: wan0 up");
    EXPECT_EQ(describe_priority(priority(90), priority(80), {lan_up, wan_down}, {lan_down, wan_down}),
              "Changing effective priority from 90 to 80: lan1 down");
    EXPECT_EQ(describe_priority(priority(100), priority(90), {wan_up}, {wan_up}),
              "Changing effective priority from 100 to 90: reconfigured");
}

}  // namespace
}  // namespace vrrpd::engine::describe_test
