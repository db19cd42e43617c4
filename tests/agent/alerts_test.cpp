#include "vrrpd/agent/alerts.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace vrrpd::agent::alerts_test {
namespace {

using namespace std::chrono_literals;
using proto::Role;

class AlertsTest : public testing::Test {
protected:
    [[nodiscard]] std::vector<std::string> names(Duration time) {
        std::vector<std::string> result;
        for (const auto& event : alerts_.step(Instant(time))) result.push_back(event.name);
        return result;
    }
    using Names = std::vector<std::string>;
    Alerts alerts_;
};

TEST_F(AlertsTest, a_role_that_moves_is_told_once) {
    alerts_.role("HOME", Role::backup, false);
    EXPECT_EQ(names(1s), Names{});
    alerts_.role("HOME", Role::active, false);
    alerts_.role("HOME", Role::active, false);
    EXPECT_EQ(names(2s), Names{"became_active"});
    EXPECT_EQ(names(3s), Names{});
    alerts_.role("HOME", Role::backup, false);
    EXPECT_EQ(names(4s), Names{"stopped_being_active"});
}

TEST_F(AlertsTest, who_has_been_active_all_along_did_not_become_it) {
    alerts_.role("HOME", Role::active, true);
    EXPECT_EQ(names(1s), Names{});
    alerts_.role("HOME", Role::backup, false);
    EXPECT_EQ(names(2s), Names{"stopped_being_active"});
}

TEST_F(AlertsTest, not_ready_is_told_when_it_lasts_and_its_end) {
    alerts_.role("HOME", Role::backup, false);
    alerts_.readiness("HOME", {"WAN wan0 is down"});
    EXPECT_EQ(names(1s), Names{});
    EXPECT_EQ(alerts_.next_deadline(), Instant(11s));
    alerts_.readiness("HOME", {"another reason"});
    EXPECT_EQ(names(10s), Names{});
    const auto events = alerts_.step(Instant(11s));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0], (Event{"HOME", "not_ready", "this stand-in could not take over now: another reason"}));
    EXPECT_EQ(names(60s), Names{});
    EXPECT_FALSE(alerts_.next_deadline());
    alerts_.readiness("HOME", {});
    EXPECT_EQ(names(61s), Names{"ready"});
}

TEST_F(AlertsTest, what_passes_by_itself_is_not_told) {
    alerts_.role("HOME", Role::backup, false);
    alerts_.readiness("HOME", {"WAN wan0 is down"});
    EXPECT_EQ(names(1s), Names{});
    alerts_.readiness("HOME", {});
    EXPECT_EQ(names(9s), Names{});
    alerts_.readiness("HOME", {"WAN wan0 is down"});
    EXPECT_EQ(names(12s), Names{});
}

TEST_F(AlertsTest, the_active_is_no_stand_in) {
    alerts_.role("HOME", Role::active, true);
    alerts_.readiness("HOME", {"WAN wan0 is down"});
    EXPECT_EQ(names(1s), Names{});
    EXPECT_EQ(names(60s), Names{});
}

TEST_F(AlertsTest, services_are_told_when_they_die_and_live_again) {
    alerts_.service("HOME", "dns", true, "");
    EXPECT_EQ(names(1s), Names{});
    alerts_.service("HOME", "dns", false, "all forwarders are dead");
    alerts_.service("HOME", "dns", false, "all forwarders are dead");
    alerts_.service("HOME", "dhcp", false, "nobody listens on port 67");
    EXPECT_EQ(names(2s), (Names{"dns_down", "dhcp_down"}));
    alerts_.service("HOME", "dns", true, "H003 answers");
    EXPECT_EQ(names(3s), Names{"dns_up"});
}

TEST_F(AlertsTest, split_brain_is_told) {
    alerts_.split_brain("HOME", "H003", true, "both are Active");
    EXPECT_EQ(alerts_.step(Instant(1s)), (std::vector<Event>{{"HOME", "split_brain", "H003: both are Active"}}));
}

TEST(AlertText, is_one_line_of_json_that_fits_into_a_message) {
    const Event event{"HOME", "not_ready", "line\nbreak \"quoted\" \xff" + std::string(5000, '\x80')};
    const auto text = to_json(event, "H001", 1786709045s);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_LT(text.size() + event.gateway.size(), 4000U);
    const auto document = nlohmann::json::parse(text);
    EXPECT_EQ(document["event"], "not_ready");
    EXPECT_EQ(document["gateway"], "HOME");
    EXPECT_EQ(document["host"], "H001");
    EXPECT_EQ(document["time"], "2026-08-14T12:04:05Z");
}

TEST(IsoTime, is_utc) {
    EXPECT_EQ(iso_time(0s), "1970-01-01T00:00:00Z");
    EXPECT_EQ(iso_time(951827696s), "2000-02-29T12:34:56Z");
}

}  // namespace
}  // namespace vrrpd::agent::alerts_test
