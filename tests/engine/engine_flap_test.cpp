// A better router whose adverts come late, again and again: in a whole engine.
#include <gtest/gtest.h>

#include "tests/engine/advert_frame.hpp"
#include "tests/engine/home.hpp"
#include "tests/engine/values.hpp"
#include "tests/engine/wire.hpp"
#include "vrrpd/proto/advert.hpp"

namespace vrrpd::engine::engine_flap_test {
namespace {

using namespace test;

using EngineFlap = Home;

TEST_F(EngineFlap, VR_153_adverts_that_come_late_are_said_to) {
    const proto::Envelope envelope{ip("10.12.14.9"), proto::multicast_group(Family::ipv4)};
    const auto message =
        proto::encode({proto::Version::v3, vrid(1), priority(250), Centiseconds(10), {ip("10.12.14.1")}}, envelope,
                      proto::ChecksumForm::pseudo_header);
    Wire wire("lan0-far");
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await_line("Entering BACKUP STATE")) << engine.log();
    const std::string line = "10.12.14.9 fell silent and was back before it can have started anew, 3 times within 10";
    for (std::size_t times = 1; times <= 3; ++times) {
        EXPECT_EQ(engine.lines_with(line), 0U) << engine.log();
        wire.send(advert_frame(message, envelope));
        const auto taken = [&] { return engine.lines_with("Entering MASTER STATE: 10.12.14.9 silent"); };
        for (int i = 0; i < 50 && taken() < times; ++i) engine.listen(20ms);
        ASSERT_EQ(taken(), times) << engine.log();
    }
    wire.send(advert_frame(message, envelope));
    EXPECT_TRUE(engine.await_line(line)) << engine.log();
}

}  // namespace
}  // namespace vrrpd::engine::engine_flap_test
