// Two routers of one VRID on one device, as keepalived runs them: a multicast one and a unicast one, in a whole engine.
#include <gtest/gtest.h>

#include "tests/engine/advert_frame.hpp"
#include "tests/engine/home.hpp"
#include "tests/engine/values.hpp"
#include "tests/engine/wire.hpp"
#include "tests/proto/router_keys.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/proto/advert.hpp"

namespace vrrpd::engine::engine_pair_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;

const IpAddress own = IpAddress::v4(10, 12, 14, 4), peer = IpAddress::v4(10, 12, 14, 9);
const IpAddress group = IpAddress::v4(224, 0, 0, 18), another_group = IpAddress::v4(239, 0, 0, 1);

class EnginePair : public Home {
protected:
    static std::string router(const std::string& name, unsigned vrid, const std::string& address,
                              const std::string& more = {}) {
        return "vrrp_instance " + name + " {\n interface lan0\n virtual_router_id " + std::to_string(vrid) +
               "\n advert_int 0.3\n version 3\n" + more + " virtual_ipaddress {\n " + address + "\n }\n}\n";
    }
    static std::string unicast(const std::string& more = {}) {
        return router("UNI", 1, "10.12.14.2/24", " unicast_peer {\n 10.12.14.9\n }\n" + more);
    }
    static std::string pair() { return router("MULTI", 1, "10.12.14.1/24") + unicast(); }

    // Adverts of a better router, for a while.
    static void advertise(EngineProcess& engine, const IpAddress& to, const char* address) {
        Wire wire("lan0-far");
        const proto::Envelope envelope{peer, to};
        const auto message =
            proto::encode({proto::Version::v3, vrid(1), priority(250), Centiseconds(30), {ip(address)}}, envelope,
                          proto::ChecksumForm::pseudo_header);
        const auto frame = advert_frame(message, envelope);
        for (int i = 0; i < 10; ++i) {
            wire.send(frame);
            engine.listen(50ms);
        }
    }
};

TEST_F(EnginePair, each_becomes_active_and_obeys_its_own_adverts_alone) {
    EngineProcess engine(pair());
    ASSERT_TRUE(engine.await_line("(MULTI) took over") && engine.await_line("(UNI) took over")) << engine.log();
    EXPECT_TRUE(stands("10.12.14.1/24") && stands("10.12.14.2/24"));

    advertise(engine, own, "10.12.14.2");
    EXPECT_EQ(engine.lines_with("(UNI) Entering BACKUP STATE"), 2U) << engine.log();
    EXPECT_EQ(engine.lines_with("(MULTI) Entering BACKUP STATE"), 1U) << engine.log();
    EXPECT_FALSE(stands("10.12.14.2/24"));

    advertise(engine, group, "10.12.14.1");
    EXPECT_EQ(engine.lines_with("(MULTI) Entering BACKUP STATE"), 2U) << engine.log();
    EXPECT_EQ(engine.lines_with("refused"), 0U) << engine.log();
}

// A stand-in with unicast peers sends nothing by itself: after a cable was pulled no switch would know where it is.
TEST_F(EnginePair, the_unicast_one_announces_where_its_adverts_are_to_go) {
    Wire wire("lan0-far");
    EngineProcess engine(unicast());
    EXPECT_TRUE(wire.hears_arp(own, own, 5000ms)) << engine.log();
}

TEST_F(EnginePair, who_multicasts_announces_no_address_of_its_own) {
    Wire wire("lan0-far");
    EngineProcess engine(router("MULTI", 1, "10.12.14.1/24"));
    ASSERT_TRUE(engine.await_line("(MULTI) took over")) << engine.log();
    EXPECT_FALSE(wire.hears_arp(own, own, 300ms));
}

TEST_F(EnginePair, groups_tell_them_apart_too) {
    EngineProcess engine(router("MULTI", 1, "10.12.14.1/24") +
                         router("GROUP", 1, "10.12.14.2/24", " mcast_dst_ip 239.0.0.1\n"));
    ASSERT_TRUE(engine.await_line("(MULTI) took over") && engine.await_line("(GROUP) took over")) << engine.log();
    advertise(engine, another_group, "10.12.14.2");
    EXPECT_EQ(engine.lines_with("(GROUP) Entering BACKUP STATE"), 2U) << engine.log();
    EXPECT_EQ(engine.lines_with("(MULTI) Entering BACKUP STATE"), 1U) << engine.log();
}

// The socket is in the group for another router.
TEST_F(EnginePair, an_advert_to_a_group_that_is_not_its_own_is_nobodys) {
    EngineProcess engine(router("MULTI", 1, "10.12.14.1/24") +
                         router("GROUP", 2, "10.12.14.2/24", " mcast_dst_ip 239.0.0.1\n"));
    ASSERT_TRUE(engine.await_line("(MULTI) took over") && engine.await_line("(GROUP) took over")) << engine.log();
    advertise(engine, another_group, "10.12.14.1");
    EXPECT_EQ(engine.lines_with("(MULTI) Entering BACKUP STATE"), 1U) << engine.log();
}

TEST_F(EnginePair, sources_tell_unicast_routers_apart) {
    netlink::test::run_ip("addr add 10.12.14.5/24 dev lan0");
    EngineProcess engine(
        router("FOUR", 1, "10.12.14.1/24", " unicast_src_ip 10.12.14.4\n unicast_peer {\n 10.12.14.9\n }\n") +
        router("FIVE", 1, "10.12.14.2/24", " unicast_src_ip 10.12.14.5\n unicast_peer {\n 10.12.14.9\n }\n"));
    ASSERT_TRUE(engine.await_line("(FOUR) took over") && engine.await_line("(FIVE) took over")) << engine.log();
    advertise(engine, IpAddress::v4(10, 12, 14, 5), "10.12.14.2");
    EXPECT_EQ(engine.lines_with("(FIVE) Entering BACKUP STATE"), 2U) << engine.log();
    EXPECT_EQ(engine.lines_with("(FOUR) Entering BACKUP STATE"), 1U) << engine.log();
}

// The engine before had one of them.
TEST_F(EnginePair, a_crash_leaves_each_its_own_role) {
    const auto active_just_now = [](ipc::SharedState& state) {
        auto key = proto::test::key("lan0");
        key.group.reset();
        left_active(state, key);
    };
    std::string slow = pair();
    for (auto at = slow.find("0.3"); at != slow.npos; at = slow.find("0.3")) slow.replace(at, 3, "20");
    EngineProcess engine(slow, {.adopt = true, .left_behind = active_just_now});
    EXPECT_TRUE(engine.await_line("(UNI) Entering MASTER STATE")) << engine.log();
    EXPECT_TRUE(engine.await_line("(MULTI) Entering BACKUP STATE")) << engine.log();
    EXPECT_EQ(engine.lines_with("(MULTI) Entering MASTER"), 0U) << engine.log();
}

}  // namespace
}  // namespace vrrpd::engine::engine_pair_test
