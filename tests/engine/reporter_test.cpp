// What the agent is told of gateways: once, and again when it is another.
#include "vrrpd/engine/core/reporter.hpp"

#include <gtest/gtest.h>

#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::engine::reporter_test {
namespace {

using proto::Role;

struct Told {
    std::vector<std::string> lines;  // "HOME backup", "HOME ready"
    bool deaf = false;
    Reporter reporter{[this](ipc::Kind kind, const std::string& text) {
        if (deaf) return false;
        const bool standing = kind == ipc::Kind::standing;
        lines.push_back((kind == ipc::Kind::role_change ? "role " : standing ? "standing " : "readiness ") + text);
        return true;
    }};
    std::vector<std::string> after(const std::vector<Reporter::Standing>& now) {
        lines.clear();
        reporter.tell(now);
        return lines;
    }
};
using Lines = std::vector<std::string>;

TEST(Reporter, tells_role_and_readiness_once_and_again_when_it_is_another) {
    Told told;
    EXPECT_EQ(told.after({{"HOME", Role::backup, false, {}}}), (Lines{"role HOME\nbackup\nnew", "readiness HOME"}));
    EXPECT_EQ(told.after({{"HOME", Role::backup, false, {}}}), Lines{});
    EXPECT_EQ(told.after({{"HOME", Role::active, false, {}}}), Lines{"role HOME\nactive\nnew"});
    EXPECT_EQ(told.after({{"HOME", Role::active, false, {"wan0 is down"}}}), Lines{"readiness HOME\nwan0 is down"});
    EXPECT_EQ(told.after({{"HOME", Role::active, false, {}}}), Lines{"readiness HOME"});
}

TEST(Reporter, an_adopted_role_is_a_resumed_one) {
    Told told;
    EXPECT_EQ(told.after({{"HOME", Role::active, true, {}}}).front(), "role HOME\nactive\nresumed");
}

TEST(Reporter, a_priority_is_told_when_it_or_the_time_of_the_role_is_another) {
    using std::chrono::nanoseconds;
    const auto priority = [](unsigned value) { return proto::Priority::configured(value).value(); };
    Told told;
    EXPECT_EQ(told.after({{"HOME", Role::backup, false, {}, priority(200), Instant(nanoseconds(5))}}).back(),
              "standing HOME\n200\n5");
    EXPECT_EQ(told.after({{"HOME", Role::backup, false, {}, priority(200), Instant(nanoseconds(5))}}), Lines{});
    EXPECT_EQ(told.after({{"HOME", Role::backup, false, {}, priority(80), Instant(nanoseconds(5))}}),
              Lines{"standing HOME\n80\n5"});
    EXPECT_EQ(told.after({{"HOME", Role::active, false, {}, priority(80), Instant(nanoseconds(7))}}),
              (Lines{"role HOME\nactive\nnew", "standing HOME\n80\n7"}));
}

TEST(Reporter, gateways_come_and_go_apart) {
    Told told;
    const Reporter::Standing home{"HOME", Role::active, false, {}}, guests{"GUESTS", Role::backup, false, {}};
    EXPECT_EQ(told.after({home}).size(), 2U);
    EXPECT_EQ(told.after({guests, home}), (Lines{"role GUESTS\nbackup\nnew", "readiness GUESTS"}));
    EXPECT_EQ(told.after({guests}), Lines{});
    EXPECT_EQ(told.after({guests, home}).size(), 2U) << "it is new again";
}

TEST(Reporter, what_did_not_get_through_is_told_later) {
    Told told;
    told.deaf = true;
    EXPECT_EQ(told.after({{"HOME", Role::active, false, {}}}), Lines{});
    EXPECT_TRUE(told.reporter.in_arrears());
    told.deaf = false;
    EXPECT_EQ(told.after({{"HOME", Role::active, false, {}}}).size(), 2U);
    EXPECT_FALSE(told.reporter.in_arrears());
}

}  // namespace
}  // namespace vrrpd::engine::reporter_test
