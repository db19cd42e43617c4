// interface_up_down_delays: what a flapping device counts as.
#include "vrrpd/engine/core/link_damper.hpp"

#include <gtest/gtest.h>

#include "tests/engine/values.hpp"
#include "vrrpd/engine/core/conditions.hpp"

namespace vrrpd::engine::link_damper_test {
namespace {

using namespace test;
using Verdict = LinkDamper::Verdict;

class Damper : public testing::Test {
protected:
    Damper() { damper.configure({{"lan0", 2s, 3s}}); }
    void at(Duration now, bool carrier) {
        auto picture = home();
        picture.links[0].running = carrier;
        damper.look(Instant(now), world(picture));
        kernel = world(picture);
    }
    [[nodiscard]] Verdict verdict() const { return damper.verdict("lan0"); }
    [[nodiscard]] bool faulty() const { return !evaluate(instance(), kernel, {{}, {}, {}, &damper}).faults.empty(); }
    LinkDamper damper;
    World kernel;
};

TEST_F(Damper, a_device_that_goes_down_counts_as_up_for_a_while) {
    at(0s, true);
    EXPECT_EQ(damper.next_deadline(), std::nullopt);
    at(10s, false);
    EXPECT_EQ(verdict(), Verdict::still_up);
    EXPECT_FALSE(faulty());
    EXPECT_EQ(damper.next_deadline(), Instant(12s));
    at(12s, false);
    EXPECT_EQ(verdict(), Verdict::as_it_is);
    EXPECT_TRUE(faulty());
}

TEST_F(Damper, one_that_comes_up_counts_as_down_for_a_while) {
    at(0s, true);
    at(1s, false);
    at(3s, false);
    at(4s, true);
    EXPECT_EQ(verdict(), Verdict::still_down);
    EXPECT_TRUE(faulty());
    at(7s, true);
    EXPECT_FALSE(faulty());
}

TEST_F(Damper, a_flap_within_the_delay_never_happened) {
    at(0s, true);
    at(1s, false);
    at(2s, true);
    EXPECT_EQ(damper.next_deadline(), std::nullopt);
    at(2500ms, false);
    EXPECT_EQ(damper.next_deadline(), Instant(4500ms)) << "counted anew";
    EXPECT_FALSE(faulty());
}

TEST_F(Damper, holds_from_when_the_device_was_first_up) {
    at(0s, false);
    EXPECT_TRUE(faulty()) << "not up yet: nothing to wait for";
    at(1s, true);
    EXPECT_FALSE(faulty());
}

TEST_F(Damper, a_reload_keeps_what_was_seen) {
    at(0s, true);
    at(1s, false);
    damper.configure({{"lan0", 2s, 3s}, {"wan0", 1s, 1s}});
    EXPECT_EQ(verdict(), Verdict::still_up);
    damper.configure({});
    EXPECT_EQ(verdict(), Verdict::as_it_is);
}

}  // namespace
}  // namespace vrrpd::engine::link_damper_test
