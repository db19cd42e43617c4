// `vrrpctl status` in the situations that people ask it in: who is the gateway, and could this stand-in take over now?
#include <functional>
#include <sstream>

#include <nlohmann/json.hpp>

#include "netns-tests/dhcp_fixture.hpp"

namespace lab::status_test {
namespace {

using Json = nlohmann::json;

constexpr int well = 0, unwell = 1, unreachable = 3;  // exit statuses: vrrpctl(1)

Json status(const Site& site) {
    const auto answer = site.router.status({"--json"});
    auto document = Json::parse(answer.text, nullptr, false);
    return document.is_object() ? document : Json::object();
}

Json gateway(const Site& site) {
    const auto document = status(site);
    const auto gateways = document.value("gateways", Json::array());
    return gateways.empty() ? Json::object() : gateways.front();
}

bool ready(const Site& site) { return gateway(site).value("ready", false); }

// One of the reasons why the site could not take over has this text.
bool hindered_by(const Site& site, const std::string& text) {
    const auto found = gateway(site);
    return !found.value("ready", true) &&
           found.value("obstacles", Json::array()).dump().find(text) != std::string::npos;
}

// What one member knows of another.
Json candidate(const Site& teller, const std::string& host) {
    for (const auto& one : gateway(teller).value("candidates", Json::array()))
        if (one.value("host", "") == host) return one;
    return Json::object();
}

class Status : public DhcpTest {
protected:
    void start_and_settle() {
        start_all();
        for (const auto* site : sites()) EXPECT_TRUE(wait_until([&] { return ready(*site); }, 15s)) << shown(*site);
    }
    static std::string shown(const Site& site) { return site.router.status().text; }
    static int exit_status(const Site& site) { return site.router.status().status; }
};

TEST_F(Status, all_is_well_and_everybody_says_the_same) {
    start_and_settle();
    DhcpClient client(card, 1);
    ASSERT_EQ(client.join(), DhcpAnswer::ack);
    for (const auto* site : sites()) {
        const auto tells_all = [&] {
            return candidate(*site, "H003").value("state", "") == "MASTER" &&
                   candidate(*site, "H001").value("state", "") == "BACKUP" &&
                   candidate(*site, "H002").value("state", "") == "BACKUP" &&
                   status(*site)["leases"].value("count", 0) == 1;
        };
        EXPECT_TRUE(wait_until(tells_all, 5s)) << shown(*site);
        EXPECT_TRUE(wait_until([&] { return exit_status(*site) == well; }, 5s)) << shown(*site);
        EXPECT_EQ(status(*site)["leases"]["lease_file"], site->server.lease_file());
        EXPECT_EQ(status(*site)["leases"]["server"]["alive"], true);
    }
    EXPECT_EQ(candidate(h001, "H003").value("priority", 0), 200);
    const auto lags = status(h003)["leases"]["lags"];
    ASSERT_EQ(lags.size(), 2u);
    for (const auto& lag : lags) EXPECT_EQ(lag["complete"], true) << lags.dump();
}

TEST_F(Status, text_fits_into_eighty_columns) {
    start_and_settle();
    std::istringstream lines(shown(h001));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(line.size(), 80u) << line;
    EXPECT_GT(count, 5u);
}

TEST_F(Status, stand_in_says_what_is_in_its_way) {
    start_and_settle();
    home.h001.unplug("wan0");
    EXPECT_TRUE(wait_until([&] { return hindered_by(h001, "wan0"); }, 5s)) << shown(h001);
    EXPECT_EQ(exit_status(h001), unwell);
    EXPECT_TRUE(wait_until([&] { return candidate(h003, "H001").value("ready", true) == false; }, 5s))
        << "nobody is told";
    home.h001.plug("wan0");
    EXPECT_TRUE(wait_until([&] { return ready(h001); }, 15s)) << shown(h001);

    home.h001.must({"nft", "table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }\n}"});
    EXPECT_TRUE(wait_until([&] { return hindered_by(h001, "FORWARD"); }, 5s)) << shown(h001);
    home.h001.must({"nft", "delete table ip filter"});
    EXPECT_TRUE(wait_until([&] { return ready(h001); }, 15s)) << shown(h001);

    h001.server.process().kill_all();
    EXPECT_TRUE(wait_until([&] { return status(h001)["leases"]["server"].value("alive", true) == false; }, 10s));
    EXPECT_TRUE(wait_until([&] { return !ready(h001); }, 5s)) << shown(h001);
    h001.server.start();
    EXPECT_TRUE(wait_until([&] { return ready(h001); }, 20s)) << shown(h001);
}

// Nobody moves; but whoever watches by the exit status has to hear of it, on whatever host.
TEST_F(Status, gateway_without_WAN_is_not_well) {
    start_and_settle();
    for (Host* host : {&home.h003, &home.h001, &home.h002}) host->unplug("wan0");
    EXPECT_TRUE(
        wait_until([&] { return shown(h003).find("is the gateway, and NOT WELL, because") < std::string::npos; }, 5s))
        << shown(h003);
    EXPECT_EQ(exit_status(h003), unwell);
    EXPECT_TRUE(wait_until([&] { return candidate(h001, "H003").value("ready", true) == false; }, 5s)) << shown(h001);
    EXPECT_NE(shown(h001).find("is the gateway, and NOT WELL:"), std::string::npos) << shown(h001);
}

TEST_F(Status, member_that_is_gone_is_not_spoken_for) {
    start_and_settle();
    home.h002.lose_power();
    const auto gone = [&] { return candidate(h001, "H002").contains("trouble"); };
    EXPECT_TRUE(wait_until(gone, 10s)) << shown(h001);
    EXPECT_FALSE(candidate(h001, "H002").contains("state"));
}

TEST_F(Status, member_with_another_key_is_named) {
    auto wrong = text();
    wrong.key_file = make_key("other.key");
    for (auto* site : sites()) {
        configure(*site, site == &h002 ? wrong : text());
        site->start();
    }
    EXPECT_TRUE(wait_until([&] { return candidate(h003, "H001").contains("state"); }, 15s)) << shown(h003);
    const auto trouble_names_key = [&] {
        return candidate(h003, "H002").value("trouble", "").find("key") != std::string::npos ||
               candidate(h002, "H003").value("trouble", "").find("key") != std::string::npos;
    };
    EXPECT_TRUE(wait_until(trouble_names_key, 15s)) << shown(h003) << shown(h002);
}

TEST_F(Status, nobody_to_ask) {
    configure(h003, text());
    const auto answer = h003.router.status();
    EXPECT_EQ(answer.status, unreachable) << answer.text;
    EXPECT_FALSE(answer.text.empty());
}

TEST_F(Status, plain_router_has_a_status_too) {
    h003.router.configure(VrrpText{.priority = 200}.text());
    h003.start_router();
    ASSERT_TRUE(becomes_active(home.h003));
    const auto document = status(h003);
    ASSERT_TRUE(document.contains("instances")) << shown(h003);
    EXPECT_EQ(document["instances"].size(), 1u);
    EXPECT_EQ(document["gateways"].size(), 0u);
    EXPECT_EQ(exit_status(h003), well) << shown(h003);
}

}  // namespace
}  // namespace lab::status_test
