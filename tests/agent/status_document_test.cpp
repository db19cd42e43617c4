#include "vrrpd/agent/status_document.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace vrrpd::agent::status_document_test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

StatusInputs inputs() {
    StatusInputs result;
    result.version = "0.1.0";
    result.host = "H001";
    result.now = Instant(100s);
    result.engine =
        R"({"instances":[{"name":"LAN","vrid":1}],"gateways":[{"name":"HOME","follows":"LAN","state":"x"}]})";
    result.own = {"0.1.0", {{"HOME", proto::Role::backup, 5s, 150, {"WAN wan0 is down"}, ServiceState::up, {}}}};
    result.peer_link_configured = true;
    PeerStatus connected{"H003", IpAddress::v4(10, 12, 14, 4), std::nullopt, ""};
    connected.link = {Instant(40s), Dialler::we, {1, "H003", "0.2.0", proto::Role::active, {}}, -7ms, {"dnsmasq"}, 12};
    result.peers = {connected, {"H002", IpAddress::v4(10, 12, 14, 3), std::nullopt, "cannot connect: refused"}};
    result.heard = {{"H003", {"0.2.0", {{"HOME", proto::Role::active, 60s, 200, {}}}}, Instant(98s)}};
    return result;
}

json document(const StatusInputs& inputs) { return json::parse(status_document(inputs)); }

TEST(StatusDocument, shows_every_candidate) {
    const auto got = document(inputs());
    EXPECT_EQ(got["engine"], "ok");
    EXPECT_EQ(got["instances"], json::parse(R"([{"name":"LAN","vrid":1}])"));
    ASSERT_EQ(got["gateways"].size(), 1U);
    const auto& home = got["gateways"][0];
    EXPECT_EQ(home["follows"], "LAN");
    EXPECT_EQ(home["state"], "BACKUP") << "the engine's word for what we know does not count";
    EXPECT_EQ(home["ready"], false);
    const auto& candidates = home["candidates"];
    ASSERT_EQ(candidates.size(), 3U);
    EXPECT_EQ(candidates[0]["host"], "H001");
    EXPECT_EQ(candidates[0]["self"], true);
    EXPECT_EQ(candidates[0]["obstacles"], json::parse(R"(["WAN wan0 is down"])"));
    EXPECT_EQ(candidates[1]["state"], "MASTER");
    EXPECT_EQ(candidates[1]["priority"], 200);
    EXPECT_EQ(candidates[1]["since"], 62.0) << "its age grew since";
    EXPECT_EQ(candidates[1]["heard"], 2.0);
    EXPECT_EQ(candidates[2],
              json::parse(R"({"host":"H002","self":false,"trouble":"not connected: cannot connect: refused"})"));
}

TEST(StatusDocument, shows_the_peers) {
    const auto peers = document(inputs())["peers"];
    ASSERT_EQ(peers.size(), 2U);
    EXPECT_EQ(peers[0]["connected"], 60.0);
    EXPECT_EQ(peers[0]["clock_offset"], -0.007);
    EXPECT_EQ(peers[0]["drift"], json::parse(R"(["dnsmasq"])"));
    EXPECT_TRUE(peers[1]["connected"].is_null());
    EXPECT_EQ(peers[1]["trouble"], "cannot connect: refused");
}

TEST(StatusDocument, says_that_the_engine_is_silent_or_strange) {
    auto silent = inputs();
    silent.engine.reset();
    EXPECT_EQ(document(silent)["engine"], "the engine did not answer in time: its part is missing");
    EXPECT_EQ(document(silent)["gateways"][0]["candidates"].size(), 3U);
    for (const auto* text : {"", "{", "5", "[]", "null"}) {
        silent.engine = text;
        EXPECT_EQ(document(silent)["engine"], "the engine's answer is not understood: its part is missing") << text;
    }
    for (const auto* text : {R"({"gateways":5})", R"({"gateways":[5,{"name":7}],"instances":{}})"}) {
        silent.engine = text;
        EXPECT_EQ(document(silent)["engine"], "ok");
        EXPECT_EQ(document(silent)["instances"], json::array());
    }
}

TEST(StatusDocument, shows_leases_and_their_lag) {
    auto all = inputs();
    EXPECT_TRUE(document(all)["leases"].is_null());
    all.leases.emplace();
    all.leases->gateway = "HOME";
    all.leases->names = {{{7}, "H003"}};
    auto& service = all.leases->service;
    service.leases = 42;
    service.health = {false, "nobody listens on port 67"};
    service.lags = {{{7}, {false, 30ms, 12ms}}};
    const auto leases = document(all)["leases"];
    EXPECT_EQ(leases["count"], 42);
    EXPECT_EQ(leases["server"]["why"], "nobody listens on port 67");
    EXPECT_EQ(leases["lags"], json::parse(R"([{"host":"H003","complete":false,"behind":0.03,"last":0.012}])"));
}

TEST(StatusDocument, shows_who_answers_dns) {
    auto all = inputs();
    DnsStatus dns;
    dns.gateway = "HOME";
    dns.answers = "H001";
    dns.since = Instant(90s);
    dns.may_differ = true;
    dns.forwarders = {{"H003", IpAddress::v4(10, 12, 14, 4), 53, "DEAD", "silent", Instant(89s), {}},
                      {"H001", IpAddress::v4(10, 12, 14, 2), 53, "OK", "none", Instant(10s), 1500us}};
    all.dns = {dns};
    const auto got = document(all)["dns"][0];
    EXPECT_EQ(got["answers"], "H001");
    EXPECT_EQ(got["since"], 10.0);
    EXPECT_EQ(got["may_differ"], true);
    EXPECT_EQ(got["forwarders"][1]["latency"], 0.0015);
    EXPECT_TRUE(got["forwarders"][0]["latency"].is_null());
}

TEST(StatusDocument, shows_a_split) {
    auto all = inputs();
    all.splits = {{SplitBrain::Notice::What::began, "HOME", "H003", Instant(88s), true},
                  {SplitBrain::Notice::What::began, "OFFICE", "H003", Instant(88s), true}};
    EXPECT_EQ(document(all)["gateways"][0]["split_brain"],
              json::parse(R"([{"peer":"H003","since":12.0,"we_stay":true}])"));
}

TEST(StatusDocument, shows_the_units_of_while_active) {
    auto all = inputs();
    all.units = {{"HOME", {{"a.service", true, {}}, {"b.timer", false, "ended with code 5"}}},
                 {"OFFICE", {{"c", true, {}}}}};
    EXPECT_EQ(document(all)["gateways"][0]["units"],
              json::parse(R"([{"name":"a.service","wanted":true,"problem":""},)"
                          R"({"name":"b.timer","wanted":false,"problem":"ended with code 5"}])"));
}

TEST(StatusDocument, is_json_whatever_the_words_are) {
    auto all = inputs();
    all.host = "H\xff\n";
    EXPECT_FALSE(document(all)["host"].get<std::string>().empty());
}

}  // namespace
}  // namespace vrrpd::agent::status_document_test
