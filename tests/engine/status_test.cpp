// The status: golden, since others read it.
#include "vrrpd/engine/core/status.hpp"

#include <gtest/gtest.h>

#include "tests/engine/values.hpp"

namespace vrrpd::engine::status_test {
namespace {

using namespace test;

const Instant start = Instant(100s);

std::optional<std::string> member(const IpAddress& address) {
    return address == ip("10.12.14.4") ? std::optional<std::string>("H003") : std::nullopt;
}

std::string only_instance(const Router& router, Instant now = start) {
    StatusReport report(false);
    report.add({router, router.troubles->faults, {"route 192.0.2.0/24"}, "G"}, now, member);
    const auto text = report.text();
    const std::string before = R"({"observing":false,"instances":[)",
                      after = R"(],"sync_groups":[],"bfd":[],"gateways":[]})";
    EXPECT_EQ(text.substr(0, before.size()), before);
    EXPECT_EQ(text.substr(text.size() - after.size()), after);
    return text.substr(before.size(), text.size() - before.size() - after.size());
}

// What step() says is the engine's to do; here it is the state that counts.
void drive(Router& router, const proto::Event& event) { (void)router.machine.step(start, event); }

TEST(Status, a_stand_in_with_all_there_is_to_tell) {
    auto config = instance();
    config.excluded_addresses = {vip("10.12.14.9/32")};
    config.parameters.advert_interval = Centiseconds(10);
    Router router(config, {});
    router.since = start - 1500ms;
    drive(router, proto::Start{});
    drive(router, proto::Received{priority(254), Centiseconds(10), ip("10.12.14.4"), ip("10.12.14.2")});
    drive(router, proto::PriorityChanged{priority(80)});
    router.troubles.edit().tracked = {{"wan0", -120, false, false}, {"lan1", 10, true, true}};
    router.troubles.edit().rejected[static_cast<std::size_t>(proto::Rejection::wrong_checksum)] = 2;
    router.counters = {7, 6, 5, 4, 3, 2};
    EXPECT_EQ(only_instance(router),
              R"({"name":"LAN","interface":"lan0","family":"ipv4","vrid":1,"state":"BACKUP","since":1.5,)"
              R"("priority":200,"effective_priority":80,"reasons":[)"
              R"({"name":"wan0","weight":-120,"reverse":false,"up":false,"number":null,"contributes":-120},)"
              R"({"name":"lan1","weight":10,"reverse":true,"up":true,"number":null,"contributes":-10}],"faults":[],)"
              R"("missing":["route 192.0.2.0/24"],"sync_group":"G",)"
              R"("master":{"address":"10.12.14.4","name":"H003"},"advert_interval":0.1,"down_interval":0.369,)"
              R"("addresses":["10.12.14.1/24","10.12.14.9/32"],)"
              R"("counters":{"adverts_received":7,"adverts_sent":6,"priority_zero_received":5,)"
              R"("priority_zero_sent":4,"became_master":3,"released_master":2,"rejected":{"checksum":2}}})");
}

TEST(Status, the_master_is_a_stranger_or_nobody) {
    const auto config = instance();
    Router router(config, {});
    EXPECT_NE(only_instance(router).find(R"("state":"FAULT","since":100.0,)"), std::string::npos);
    EXPECT_NE(only_instance(router).find(R"("master":null)"), std::string::npos);
    drive(router, proto::Start{});
    EXPECT_NE(only_instance(router).find(R"("master":null)"), std::string::npos) << "nobody was heard";
    drive(router, proto::Received{priority(254), Centiseconds(100), ip("10.12.14.7"), ip("10.12.14.2")});
    EXPECT_NE(only_instance(router).find(R"("master":{"address":"10.12.14.7","name":null})"), std::string::npos);
    drive(router, proto::Received{proto::Priority::resign(), Centiseconds(100), ip("10.12.14.7"), ip("10.12.14.2")});
    EXPECT_NE(only_instance(router).find(R"("master":null)"), std::string::npos) << "it resigned";
}

TEST(Status, faults_and_names_that_are_no_utf8_are_told) {
    auto config = instance();
    config.name = "L\xe9\"N";
    Router router(config, {});
    router.troubles.edit().faults = {"lan0 is down"};
    const auto text = only_instance(router);
    EXPECT_NE(text.find(R"("faults":["lan0 is down"])"), std::string::npos) << text;
    EXPECT_NE(text.find("{\"name\":\"L\xef\xbf\xbd\\\"N\""), std::string::npos) << text;
}

TEST(Status, a_gateway) {
    config::Gateway home;
    home.name = "HOME";
    home.follows = "LAN";
    Readiness readiness;
    StatusReport report(true);
    report.add({home, readiness, {}, std::nullopt, {}, true}, proto::Role::active);
    readiness.wan = proto::Tracked{"wan0", -120, false, false};
    readiness.services = {{"dns", -60, false, false}, {"dhcp", -60, false, true}};  // which is up again
    const netlink::nft::GatewayRules::DnsServer server{ip("10.12.14.2"), 5353};
    report.add({home, readiness, {"wan0 is down"}, ip("198.51.100.1"), {server}, false}, proto::Role::backup);
    EXPECT_EQ(report.text(),
              R"({"observing":true,"instances":[],"sync_groups":[],"bfd":[],"gateways":[)"
              R"({"name":"HOME","follows":"LAN","state":"MASTER","ready":true,"obstacles":[],"wan":null,"dns":[],)"
              R"("services":[],"fence":"open"},)"
              R"({"name":"HOME","follows":"LAN","state":"BACKUP","ready":false,"obstacles":["wan0 is down"],)"
              R"("wan":{"device":"wan0","next_hop":"198.51.100.1","up":false,"weight":-120},)"
              R"("dns":[{"address":"10.12.14.2","port":5353}],"services":[{"name":"dns","weight":-60}],)"
              R"("fence":"shut"}]})");
}

TEST(Router, VR_009_the_identification_counts_and_is_never_0) {
    const config::Instance config;
    Router router(config, {});
    EXPECT_EQ(router.next_identification(), 1);
    router.identification = 0xfffe;
    EXPECT_EQ(router.next_identification(), 0xffff);
    EXPECT_EQ(router.next_identification(), 1) << "the kernel would put another one in its place";
}

}  // namespace
}  // namespace vrrpd::engine::status_test
