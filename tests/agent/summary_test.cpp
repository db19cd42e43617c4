#include "vrrpd/agent/summary.hpp"

#include <gtest/gtest.h>

#include <random>

namespace vrrpd::agent::summary_test {
namespace {

using namespace std::chrono_literals;

GatewaySummary home() {
    return {"HOME",
            proto::Role::backup,
            1500ms,
            150,
            {"WAN wan0 is down"},
            ServiceState::up,
            ServiceState::down,
            ServiceState::down,
            {7}};
}

TEST(Summary, comes_back_as_it_was_sent) {
    Summary summary{"0.1.0", {home(), home()}};
    summary.gateways[1].priority.reset();
    summary.gateways[1].obstacles.clear();
    EXPECT_EQ(decode_summary(encode(summary)), summary);
}

TEST(Summary, never_exceeds_its_limit_and_still_says_not_ready) {
    Summary summary{"0.1.0", {}};
    for (int i = 0; i < 100; ++i) {
        summary.gateways.push_back(home());
        summary.gateways.back().obstacles.assign(20, std::string(1000, '"'));
    }
    const auto text = encode(summary);
    EXPECT_LE(text.size(), summary_max);
    const auto got = decode_summary(text);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->gateways.size(), summary_gateways_max);
    for (const auto& gateway : got->gateways) EXPECT_FALSE(gateway.obstacles.empty());
}

TEST(Summary, what_a_peer_says_is_printable_and_bounded) {
    const std::string hostile =
        R"({"version":"\u001b[2J","gateways":[{"name":"H\nOME","role":"emperor","for_ms":-5,"priority":9999,)"
        R"("obstacles":["\u0007",5,{"a":1}],"dhcp":7,"dns":"sideways","lan_dhcp":"no","term":-7}]})";
    const auto got = decode_summary(hostile);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->version, "?[2J");
    EXPECT_EQ(got->gateways, (std::vector<GatewaySummary>{{"H?OME", proto::Role::initialize, 0ms, {}, {"?"}}}));
}

TEST(Summary, huge_numbers_are_none) {
    const auto got = decode_summary(
        R"({"gateways":[{"name":"A","for_ms":18446744073709551615,"priority":-1},{"name":"B","priority":1e99}]})");
    ASSERT_TRUE(got);
    for (const auto& gateway : got->gateways) {
        EXPECT_EQ(gateway.role_age, 0ms);
        EXPECT_FALSE(gateway.priority);
    }
}

TEST(Summary, fields_of_a_newer_version_are_skipped) {
    EXPECT_TRUE(decode_summary(R"({"gateways":[{"name":"HOME","mood":"good"}],"weather":[1,2]})"));
}

TEST(Summary, what_is_none_is_refused) {
    for (const auto* text : {"", "{", "[]", "5", "{\"gateways\":5}", "{\"gateways\":[5]}", "{}"})
        EXPECT_FALSE(decode_summary(text)) << text;
    EXPECT_FALSE(decode_summary(std::string(summary_max + 1, ' ')));
    EXPECT_FALSE(decode_summary(std::string(summary_max, '[')));
    std::string many = R"({"gateways":[{})";
    for (std::size_t i = 0; i < summary_gateways_max; ++i) many += ",{}";
    EXPECT_FALSE(decode_summary(many + "]}"));
}

TEST(Summary, spoilt_text_never_harms) {
    const auto good = encode({"0.1.0", {home()}});
    std::mt19937 random(7);
    for (int round = 0; round < 3000; ++round) {
        auto text = good;
        for (int i = 0; i < 4; ++i) text[random() % text.size()] = static_cast<char>(random());
        const auto got = decode_summary(text);
        if (!got) continue;
        for (const auto& gateway : got->gateways) EXPECT_EQ(printable(gateway.gateway, 1000), gateway.gateway);
    }
}

}  // namespace
}  // namespace vrrpd::agent::summary_test
