// Static addresses, routes and rules beside an instance: vrrpd and Debian's keepalived with the same file and the same
// hands in it, to the same end states.
#include "netns-tests/fixture.hpp"

namespace lab::static_test {

namespace {

const auto static_lan = IpAddress::v4(10, 12, 14, 77);
const auto static_wan = IpAddress::v4(198, 51, 100, 77);

class Statics : public HomeTest, public testing::WithParamInterface<Daemon> {
protected:
    void SetUp() override {
        router = &start(home.h003,
                        {.priority = 200,
                         .after = "track_group FAR {\n    group {\n        LAN\n    }\n}\n"
                                  "static_ipaddress {\n    10.12.14.77/24 dev lan0\n"
                                  "    198.51.100.77/24 dev wan0 track_group FAR\n}\n"
                                  "static_routes {\n    10.77.0.0/16 via 10.12.14.20 dev lan0\n}\n"
                                  "static_rules {\n    from 10.1.0.0/16 table 51 preference 7000\n}\n"},
                        {}, GetParam());
        ASSERT_TRUE(wait_until([&] { return holds(home.h003) && all_there(); }, 15s)) << what_is_there();
    }
    [[nodiscard]] bool routed() const { return says({"ip", "route"}, "10.77.0.0/16"); }
    [[nodiscard]] bool ruled() const { return says({"ip", "rule"}, "10.1.0.0/16"); }
    [[nodiscard]] bool all_there() const {
        return holds(home.h003, static_lan) && holds(home.h003, static_wan) && routed() && ruled();
    }
    [[nodiscard]] bool says(const Arguments& command, const std::string& text) const {
        return home.h003.must(command).find(text) != std::string::npos;
    }
    [[nodiscard]] std::string what_is_there() const {
        return home.h003.must({"ip", "-br", "addr"}) + home.h003.must({"ip", "route"}) + home.h003.must({"ip", "rule"});
    }
    Router* router = nullptr;
};

TEST_P(Statics, what_somebody_takes_away_comes_back_and_the_role_stays) {
    home.h003.must({"ip", "addr", "del", "10.12.14.77/24", "dev", "lan0"});
    EXPECT_TRUE(wait_until([&] { return all_there(); }, 5s)) << what_is_there();
    // keepalived 2.2.7 puts back the address alone.
    if (GetParam() == Daemon::keepalived) return;
    home.h003.must({"ip", "route", "del", "10.77.0.0/16"});
    EXPECT_TRUE(wait_until([&] { return all_there(); }, 5s)) << what_is_there();
    home.h003.must({"ip", "rule", "del", "preference", "7000"});
    EXPECT_TRUE(wait_until([&] { return all_there(); }, 5s)) << what_is_there();
    EXPECT_TRUE(holds(home.h003));
    EXPECT_FALSE(router->logged("FAULT STATE"));
}

TEST_P(Statics, the_device_of_a_tracked_one_is_a_fault_while_it_is_down) {
    home.h003.unplug("wan0");
    EXPECT_TRUE(wait_until([&] { return !holds(home.h003); }, 5s)) << what_is_there();
    EXPECT_TRUE(router->await_log("Entering FAULT STATE"));
    home.h003.plug("wan0");
    EXPECT_TRUE(wait_until([&] { return holds(home.h003) && all_there(); }, 10s)) << what_is_there();
}

TEST_P(Statics, go_at_the_stop) {
    EXPECT_EQ(router->stop(), 0);
    EXPECT_TRUE(wait_until(
        [&] { return !holds(home.h003, static_lan) && !holds(home.h003, static_wan) && !routed() && !ruled(); }, 5s))
        << what_is_there();
    EXPECT_TRUE(holds(home.h003, IpAddress::v4(10, 12, 14, 4))) << "the host's own";
}

INSTANTIATE_TEST_SUITE_P(Daemons, Statics, testing::Values(Daemon::vrrpd, Daemon::keepalived), [](const auto& each) {
    return each.param == Daemon::vrrpd ? std::string("vrrpd") : std::string("keepalived");
});

}  // namespace
}  // namespace lab::static_test
