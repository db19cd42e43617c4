// The text of `vrrpctl status`. golden/NAME.json is what the daemon answers, golden/NAME.txt what people see.
#include "vrrpd/ctl/render.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <nlohmann/json.hpp>

namespace vrrpd::ctl::render_test {
namespace {

using nlohmann::json;

std::string golden(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(std::string(VRRPD_SOURCE_DIR "/tests/ctl/golden/") + name).rdbuf();
    return text.str();
}

void expect_80_columns(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

class Golden : public testing::TestWithParam<std::pair<const char*, bool>> {};

TEST_P(Golden, reads_like_this) {
    const std::string name = GetParam().first;
    const auto got = render(golden(name + ".json"));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->text, golden(name + ".txt"));
    EXPECT_EQ(got->all_is_well, GetParam().second);
    expect_80_columns(got->text);
}

INSTANTIATE_TEST_SUITE_P(Render, Golden,
                         testing::Values(std::pair("stand-in-not-ready", false), std::pair("active-all-is-well", true),
                                         std::pair("split-brain-and-more", false),
                                         std::pair("engine-silent-no-link", false), std::pair("no-gateway", false),
                                         std::pair("stand-in-without-peers", true)));

TEST(Render, units_of_while_active_are_listed_and_what_systemctl_refuses_is_wrong) {
    auto document = json::parse(golden("active-all-is-well.json"));
    auto& units = document["gateways"][0]["units"];
    units = json::parse(R"([{"name":"a.service","wanted":true,"problem":""}])");
    auto got = render(document.dump());
    EXPECT_NE(got->text.find("  unit a.service is started\n"), std::string::npos) << got->text;
    EXPECT_TRUE(got->all_is_well);
    units.push_back({{"name", "b.timer"}, {"wanted", false}, {"problem", "ended with code 5"}});
    got = render(document.dump());
    EXPECT_NE(got->text.find("  unit b.timer is stopped, but systemctl ended with code 5\n"), std::string::npos);
    EXPECT_FALSE(got->all_is_well);
}

// ---- the Active is judged, too: who watches by the exit status has no other word of it

TEST(Render, obstacles_of_an_active_gateway_are_wrong) {
    auto document = json::parse(golden("active-all-is-well.json"));
    auto& home = document["gateways"][0];
    home["obstacles"] = home["candidates"][0]["obstacles"] = {"wan0 is down", "no DNS forwarder answers"};
    const auto got = render(document.dump());
    EXPECT_FALSE(got->all_is_well);
    EXPECT_NE(got->text.find("  This host (H003) is the gateway, and NOT WELL, because\n"
                             "    - wan0 is down\n    - no DNS forwarder answers\n"),
              std::string::npos)
        << got->text;
}

TEST(Render, obstacles_of_another_one_that_is_active_are_wrong) {
    auto document = json::parse(golden("stand-in-without-peers.json"));
    auto& candidates = document["gateways"][0]["candidates"];
    auto other = candidates[0];
    other["self"] = false;
    other["host"] = "H009";
    other["state"] = "MASTER";
    candidates.push_back(other);
    EXPECT_TRUE(render(document.dump())->all_is_well);
    candidates.back()["obstacles"] = {"wan0 is down"};
    const auto got = render(document.dump());
    EXPECT_FALSE(got->all_is_well);
    EXPECT_NE(got->text.find("is the gateway, and NOT WELL:"), std::string::npos) << got->text;
    candidates.back()["state"] = "BACKUP";
    EXPECT_TRUE(render(document.dump())->all_is_well) << "another stand-in answers for itself";
}

TEST(Render, what_a_take_over_could_not_get_is_wrong) {
    auto document = json::parse(golden("active-all-is-well.json"));
    document["instances"][0]["missing"] = {"route 192.0.2.0/24 via 203.0.113.9"};
    const auto got = render(document.dump());
    EXPECT_FALSE(got->all_is_well);
    EXPECT_NE(got->text.find("  DEGRADED: it could not get, or has lost, route 192.0.2.0/24 via 203.0.113.9\n"),
              std::string::npos)
        << got->text;
}

TEST(Render, where_no_forwarder_lives_it_is_said_who_is_asked) {
    auto document = json::parse(golden("active-all-is-well.json"));
    document["dns"][0]["answers"] = "";
    document["dns"][0]["none_alive"] = true;
    const auto got = render(document.dump());
    EXPECT_FALSE(got->all_is_well);
    EXPECT_NE(got->text.find("DNS of HOME: what the gateway itself has at port 53 of the virtual address\n"
                             "  NONE of the forwarders answers\n"),
              std::string::npos)
        << got->text;
}

TEST(Render, questions_that_go_to_a_dead_forwarder_are_wrong) {
    auto document = json::parse(golden("active-all-is-well.json"));
    document["dns"][0]["trouble"] = "";
    EXPECT_TRUE(render(document.dump())->all_is_well);
    document["dns"][0]["trouble"] = "H003, the DNS forwarder of this host, is dead";
    const auto got = render(document.dump());
    EXPECT_FALSE(got->all_is_well);
    EXPECT_NE(got->text.find("  TROUBLE: H003, the DNS forwarder of this host, is dead\n"), std::string::npos)
        << got->text;
}

TEST(Render, what_is_no_status_is_refused) {
    for (const auto* text : {"", "{", "[]", "{}", "5", R"({"error":"unknown request"})"})
        EXPECT_FALSE(render(text)) << text;
}

// Every value of the document replaced by values of other kinds, one after the other.
TEST(Render, a_strange_document_is_shown_as_far_as_it_goes) {
    const auto good = json::parse(golden("split-brain-and-more.json"));
    const auto flat = good.flatten();
    for (const auto& [path, value] : flat.items()) {
        for (const auto& other :
             {json(nullptr), json("\x1b[2J"), json(-1e300), json::array({json::object()}), json(true)}) {
            auto spoilt = good;
            spoilt[json::json_pointer(path)] = other;
            if (const auto got = render(spoilt.dump())) {
                expect_80_columns(got->text);
                EXPECT_EQ(got->text.find('\x1b'), std::string::npos);
            }
        }
    }
}

TEST(Painted, marks_what_matters_and_changes_nothing_else) {
    const auto text = golden("stand-in-not-ready.txt");
    auto colours = painted(text);
    EXPECT_NE(colours.find("\x1b[1;31mNO, because\x1b[0m"), std::string::npos);
    EXPECT_NE(colours.find("\x1b[1;32mMASTER\x1b[0m"), std::string::npos);
    for (auto at = colours.find('\x1b'); at != std::string::npos; at = colours.find('\x1b'))
        colours.erase(at, colours.find('m', at) - at + 1);
    EXPECT_EQ(colours, text);
}

TEST(Duration, is_as_exact_as_people_need) {
    EXPECT_EQ(duration(0), "0 s");
    EXPECT_EQ(duration(59.4), "59 s");
    EXPECT_EQ(duration(60), "1 min");
    EXPECT_EQ(duration(3599), "59 min");
    EXPECT_EQ(duration(19200), "5 h 20 min");
    EXPECT_EQ(duration(273600), "3 d 4 h");
    EXPECT_EQ(duration(-5), "0 s");
    EXPECT_EQ(duration(std::nan("")), "0 s");
    EXPECT_EQ(duration(1e300), duration(1e10));
}

}  // namespace
}  // namespace vrrpd::ctl::render_test
