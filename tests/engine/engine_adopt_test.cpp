// Who goes on in the role of an engine before hears first who has it by now: in a whole engine, whose sockets were open
// when another router spoke.
#include <gtest/gtest.h>

#include "tests/engine/advert_frame.hpp"
#include "tests/engine/home.hpp"
#include "tests/engine/values.hpp"
#include "tests/engine/wire.hpp"
#include "tests/proto/router_keys.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/proto/advert.hpp"

namespace vrrpd::engine::engine_adopt_test {
namespace {

using namespace test;
using ipc::Kind;

const IpAddress vip_of_lan = IpAddress::v4(10, 12, 14, 1);

class EngineAdopt : public Home {
protected:
    // Priority 100, and one advert of another router waits when it may go on.
    static void proceed(EngineProcess& engine, Wire& wire, unsigned others_priority) {
        EXPECT_TRUE(engine.await(Kind::standing_by)) << engine.log();
        const proto::Envelope envelope{ip("10.12.14.9"), proto::multicast_group(Family::ipv4)};
        const auto message =
            proto::encode({proto::Version::v3, vrid(1), priority(others_priority), Centiseconds(400), {vip_of_lan}},
                          envelope, proto::ChecksumForm::pseudo_header);
        wire.send(advert_frame(message, envelope));
        constexpr std::uint8_t adopt = 1;
        engine.send(Kind::proceed, {}, adopt);
    }
    static std::string slow() {
        auto text = lan("10.12.14.1/24");
        return text.replace(text.find("advert_int 0.1"), 14, "advert_int 4");
    }
    static Mode standing_by() {
        return {.stand_by = true,
                .left_behind = [](ipc::SharedState& state) { left_active(state, proto::test::key("lan0")); }};
    }
};

TEST_F(EngineAdopt, nobody_goes_on_where_a_better_router_has_the_role_by_now) {
    Wire wire("lan0-far");
    EngineProcess engine(slow(), standing_by());
    proceed(engine, wire, 250);
    EXPECT_TRUE(
        engine.await_line("(LAN) does not go on in the role of the engine before: 10.12.14.9 has it by now, "
                          "with priority 250"))
        << engine.log();
    EXPECT_TRUE(engine.await_line("(LAN) Entering BACKUP STATE")) << engine.log();
    const auto claims = [](const Bytes& frame) {
        const bool advert = frame.size() > 23 && frame[12] == 8 && frame[13] == 0 && frame[23] == proto::ip_protocol;
        return advert || Wire::is_arp(frame, vip_of_lan, vip_of_lan);
    };
    EXPECT_TRUE(wire.next(claims, 500ms).empty()) << "not a word";
    engine.listen(100ms);
    EXPECT_EQ(engine.lines_with("Entering MASTER"), 0U) << engine.log();
}

TEST_F(EngineAdopt, a_lesser_one_does_not_keep_it_from_going_on) {
    Wire wire("lan0-far");
    EngineProcess engine(slow(), standing_by());
    proceed(engine, wire, 50);
    EXPECT_TRUE(engine.await_line("Entering MASTER STATE: adopted")) << engine.log();
    EXPECT_EQ(engine.lines_with("does not go on"), 0U) << engine.log();
}

}  // namespace
}  // namespace vrrpd::engine::engine_adopt_test
