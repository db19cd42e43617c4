// Where a BFD session is spoken, and how dumps and the status show it.
#include <gtest/gtest.h>

#include "tests/engine/values.hpp"
#include "vrrpd/engine/core/bfd_place.hpp"
#include "vrrpd/engine/core/status.hpp"

namespace vrrpd::engine::bfd_test {
namespace {

using namespace test;

const std::vector<IpAddress> virtual_ones{ip("10.12.14.1")};

config::BfdInstance session_with(const char* neighbor) {
    config::BfdInstance session;
    session.name = "peer";
    session.neighbor = ip(neighbor);
    return session;
}

TEST(BfdPlace, is_the_device_in_whose_network_the_neighbour_is) {
    EXPECT_EQ(place_of(session_with("10.12.14.2"), world(home()), {}), (BfdPlace{IfIndex{lan0}, ip("10.12.14.4")}));
    EXPECT_EQ(place_of(session_with("198.51.100.1"), world(home()), {}), (BfdPlace{IfIndex{wan0}, ip("198.51.100.7")}));
    EXPECT_EQ(place_of(session_with("192.0.2.1"), world(home()), {}), BfdPlace{}) << "the route decides";
}

TEST(BfdPlace, is_never_a_virtual_address) {
    auto picture = home();
    picture.addresses.insert(picture.addresses.begin(), held(lan0, "10.12.14.1/24"));
    EXPECT_EQ(place_of(session_with("10.12.14.2"), world(picture), virtual_ones).source, ip("10.12.14.4"));
    picture.addresses = {held(lan0, "10.12.14.1/24")};
    EXPECT_EQ(place_of(session_with("10.12.14.2"), world(picture), virtual_ones), BfdPlace{});
}

TEST(BfdPlace, an_address_that_is_not_sure_yet_is_not_spoken_from) {
    auto picture = home();
    picture.addresses = {held(lan0, "fd00::4/64"), held(lan0, "fd00::5/64")};
    picture.addresses[0].tentative = true;
    EXPECT_EQ(place_of(session_with("fd00::2"), world(picture), {}).source, ip("fd00::5"));
    picture.addresses[1].dad_failed = true;
    EXPECT_EQ(place_of(session_with("fd00::2"), world(picture), {}), BfdPlace{});
}

TEST(BfdPlace, a_source_that_is_given_counts) {
    auto session = session_with("10.12.14.2");
    session.source = ip("10.12.14.4");
    EXPECT_EQ(place_of(session, world(home()), {}), (BfdPlace{IfIndex{lan0}, ip("10.12.14.4")}));
    session.source = ip("198.51.100.7");  // in another network: behind a router, or so it seems
    EXPECT_EQ(place_of(session, world(home()), {}), (BfdPlace{{}, ip("198.51.100.7")}));
    session.source = ip("10.12.14.99");  // not there yet
    EXPECT_EQ(place_of(session, world(home()), {}), (BfdPlace{{}, ip("10.12.14.99")}));
}

TEST(BfdPlace, over_several_hops_no_device_is_meant) {
    auto session = session_with("10.12.14.2");
    session.multihop = true;
    EXPECT_EQ(place_of(session, world(home()), {}), BfdPlace{});
}

TEST(BfdPlace, of_a_link_local_neighbour_it_is_said_by_who_tracks_it) {
    auto session = session_with("fe80::2");
    EXPECT_EQ(place_of(session, world(home()), {}), BfdPlace{}) << "nothing says where";
    session.device = "lan0";
    EXPECT_EQ(place_of(session, world(home()), {}), (BfdPlace{IfIndex{lan0}, ip("fe80::4")}));
    session.device = {};
    session.source = ip("fe80::4");
    EXPECT_EQ(place_of(session, world(home()), {}), (BfdPlace{IfIndex{lan0}, ip("fe80::4")}));
}

TEST(BfdPlace, a_point_to_point_neighbour_is_found_by_its_address) {
    auto picture = home();
    picture.links.push_back(link(7, "ppp0"));
    picture.addresses.push_back(held(7, "10.9.9.1/32"));
    picture.addresses.back().peer = ip("10.9.9.2");
    EXPECT_EQ(place_of(session_with("10.9.9.2"), world(picture), {}), (BfdPlace{IfIndex{7}, ip("10.9.9.1")}));
}

// ---- what is shown

class BfdShown : public testing::Test {
protected:
    BfdShown() {
        config_.bfd_instances = {session_with("10.12.14.2")};
        auto& session = config_.bfd_instances[0];
        session.parameters = {proto::BfdInterval(50'000), proto::BfdInterval(40'000), proto::BfdInterval(1'000'000), 3,
                              false};
        session.weight = 10;
        auto& router = config_.instances.emplace_back(instance());
        router.tracks = {{config::Track::Kind::bfd, true, -20, 0}};
        counted_ = {9, 8, 1, 0, {}};
        counted_.rejected[0] = 4;
        session_ = proto::BfdSession(session.parameters, {0xabcd, 1});
        drive(proto::BfdStart{});
    }
    void drive(const proto::BfdEvent& event) { (void)session_.step(now_ - 2s, event); }
    void come_up() {
        proto::BfdPacket packet;
        packet.multiplier = 4;
        packet.my_discriminator = 0x1234;
        packet.desired_min_tx = packet.required_min_rx = proto::BfdInterval(60'000);
        packet.state = proto::BfdState::init;
        drive(proto::BfdHeard{packet});
    }
    [[nodiscard]] BfdStatus status() const {
        return {config_.bfd_instances[0], session_, counted_, "lan0", 50'000, now_ - 1500ms};
    }

    const Instant now_ = Instant(100s);
    const DumpMoment moment_{now_, WallTime(std::chrono::microseconds(1795898818'917423))};
    config::Config config_;
    proto::BfdSession session_{{}, {1, 1}};
    ipc::BfdRecord::Counters counted_;
};

TEST_F(BfdShown, in_keepalived_data) {
    Router router(config_.instances[0], {});
    Dump dump(ipc::DumpForm::data, config_);
    dump.add(router, {}, moment_);
    dump.add(std::vector{status()}, moment_);
    const auto text = dump.text();
    EXPECT_NE(text.find("   Tracked BFDs :\n     peer: weight -20 reverse\n"), std::string::npos) << text;
    const std::string section =
        "------< VRRP Track BFDs >------\n VRRP Track BFD = peer\n   Weight = 10\n   Bfd is down\n"
        "   Tracking VRRP instances :\n   Tracking instances :\n     LAN, weight -20 reverse\n";
    EXPECT_NE(text.find(section), std::string::npos) << text;
    come_up();
    dump.add(std::vector{status()}, moment_);
    EXPECT_NE(dump.text().find("   Bfd is up\n"), std::string::npos);
}

TEST_F(BfdShown, in_keepalived_bfd_data) {
    come_up();
    Dump dump(ipc::DumpForm::bfd, config_);
    dump.add(std::vector{status()}, moment_);
    const auto text = dump.text();
    const std::string first =
        "------< BFD Topology >------\n BFD Instance = peer\n   Neighbor IP = 10.12.14.2\n"
        "   Required min RX interval = 40000 us\n   Desired min TX interval = 50000 us\n"
        "   Desired idle TX interval = 1000000 us\n   Detection multiplier = 3\n   TTL = 255\n";
    EXPECT_EQ(text.substr(0, first.size()), first);
    for (const char* line :
         {"   local state = Up\n", "   remote state = Init\n", "   local discriminator = 0xabcd\n",
          "   remote discriminator = 0x1234\n", "   local diag = No Diagnostic\n", "   remote min tx intv = 60000 us\n",
          "   remote detect multiplier = 4\n", "   poll\n", "   local tx intv = 60000 us\n",
          "   local detection time = 240000 us\n", "   remote detection time = 180000 us\n",
          "   last seen = 1795898816.917423 (", "   packets sent = 9\n", "   refused: hops = 4\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST_F(BfdShown, in_the_status) {
    come_up();
    StatusReport report(false);
    report.add(status(), now_);
    EXPECT_EQ(
        report.text(),
        R"({"observing":false,"instances":[],"sync_groups":[],"bfd":[{"name":"peer","neighbor":"10.12.14.2",)"
        R"("interface":"lan0","state":"Up","since":1.5,"diagnostic":"No Diagnostic",)"
        R"("remote_diagnostic":"No Diagnostic","transmit_interval":0.06,"detection_time":0.24,)"
        R"("counters":{"sent":9,"received":8,"became_up":1,"went_down":0,"rejected":{"hops":4}}}],"gateways":[]})");
}

}  // namespace
}  // namespace vrrpd::engine::bfd_test
