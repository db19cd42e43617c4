// Authenticated adverts of a whole engine: what leaves on the wire, and that its numbers go on after a crash.
#include <gtest/gtest.h>

#include "tests/engine/home.hpp"
#include "tests/engine/wire.hpp"
#include "tests/proto/router_keys.hpp"
#include "vrrpd/base/loop.hpp"

namespace vrrpd::engine::engine_auth_test {
namespace {

using namespace test;
using namespace std::chrono_literals;

class EngineAuth : public Home {
protected:
    // The owner: Active at once.
    static std::string owner(int version, const std::string& more) {
        return "vrrp_instance LAN {\n interface lan0\n virtual_router_id 1\n priority 255\n advert_int 1\n version " +
               std::to_string(version) + "\n" + more + " virtual_ipaddress {\n 10.12.14.1/24\n }\n}\n";
    }
    static std::string ah(const std::string& password) {
        return "authentication {\n auth_type AH\n auth_pass " + password + "\n }\n";
    }
    static ipc::AuthRecord& record(ipc::SharedState& state) {
        return state.auth(*state.record(proto::test::key("lan0")));
    }
    static Bytes next_of(Wire& wire, std::uint8_t protocol) {
        return wire.next(
            [protocol](const Bytes& frame) {
                return frame.size() > 34 && frame[12] == 8 && frame[13] == 0 && frame[23] == protocol;
            },
            5000ms);
    }
    static std::uint32_t ah_sequence(const Bytes& frame) {
        ByteReader in(BytesView(frame).subspan(14 + proto::ipv4_header_size + 8));
        return in.u32();
    }
    static std::uint64_t hmac_sequence(const Bytes& frame) {
        ByteReader in(BytesView(frame).last(proto::trailer_size).subspan(4));
        const std::uint64_t seconds = in.u32();
        return seconds << 32 | in.u32();
    }
    static constexpr std::string_view hmac =
        "auth_hmac {\n key 1 0123456789abcdef0123456789abcdef\n active_key 1\n }\n";
};

TEST_F(EngineAuth, VR_028_the_numbers_of_ah_go_on_after_a_crash) {
    Wire wire("lan0-far");
    EngineProcess engine(owner(2, ah("secret")), {.left_behind = [](auto& state) {
                             ipc::store({41, 0, {}}, record(state));
                         }});
    const auto first = next_of(wire, proto::ah_protocol);
    ASSERT_FALSE(first.empty()) << engine.log();
    EXPECT_EQ(ah_sequence(first), 42u);
    EXPECT_TRUE(eventually([&] { return record(engine.state()).ah_sequence >= 43; }));
    EXPECT_EQ(ah_sequence(next_of(wire, proto::ah_protocol)), 43u);
}

TEST_F(EngineAuth, a_reload_changes_the_password_and_keeps_the_numbers) {
    Wire wire("lan0-far");
    EngineProcess engine(owner(2, ah("secret")));
    ASSERT_EQ(ah_sequence(next_of(wire, proto::ah_protocol)), 1u) << engine.log();
    engine.reload(owner(2, ah("other")));
    ASSERT_TRUE(engine.await(ipc::Kind::reloaded));
    const auto next = next_of(wire, proto::ah_protocol);
    ASSERT_FALSE(next.empty());
    EXPECT_GE(ah_sequence(next), 2u);
    engine.reload(owner(2, ""));
    ASSERT_TRUE(engine.await(ipc::Kind::reloaded));
    const auto plain = next_of(wire, proto::ip_protocol);
    ASSERT_FALSE(plain.empty());
    EXPECT_EQ(plain[14 + proto::ipv4_header_size + 4], 0) << "without authentication";
    EXPECT_EQ(engine.lines_with("Entering MASTER"), 1u) << engine.log();
}

TEST_F(EngineAuth, VR_253_the_numbers_of_auth_hmac_go_on_after_a_crash) {
    const auto ahead = (static_cast<std::uint64_t>(wall_now().time_since_epoch() / 1s) + 3) << 32;
    Wire wire("lan0-far");
    EngineProcess engine(owner(3, std::string(hmac)), {.left_behind = [ahead](auto& state) {
                             ipc::store({0, ahead, {}}, record(state));
                         }});
    const auto first = next_of(wire, proto::ip_protocol);
    ASSERT_FALSE(first.empty()) << engine.log();
    EXPECT_EQ(hmac_sequence(first), ahead + 1) << "its clock was 3 s ahead of ours: within the window";
}

TEST_F(EngineAuth, an_advert_that_is_refused_moves_nothing_and_is_said_once) {
    Wire wire("lan0-far");
    EngineProcess engine(owner(3, std::string(hmac)));
    const auto ours = next_of(wire, proto::ip_protocol);
    ASSERT_FALSE(ours.empty()) << engine.log();
    // The same from another address: what it says is right, but not whose it is.
    auto forged = ours;
    forged[6 + 5] ^= 1;
    forged[14 + 15] = 9;
    forged[14 + 10] = forged[14 + 11] = 0;
    unsigned sum = 0;
    for (std::size_t i = 14; i < 34; i += 2) sum += static_cast<unsigned>(forged[i] << 8 | forged[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    forged[24] = static_cast<std::uint8_t>(~sum >> 8);
    forged[25] = static_cast<std::uint8_t>(~sum);
    // The VRRP checksum has the source in its pseudo-header: it changed by 9 - 4.
    const auto old = static_cast<unsigned>(forged[40] << 8 | forged[41]);
    const auto changed = old >= 5 ? old - 5 : old + 0xffff - 5;
    forged[40] = static_cast<std::uint8_t>(changed >> 8);
    forged[41] = static_cast<std::uint8_t>(changed);
    for (int i = 0; i < 5; ++i) wire.send(forged);
    EXPECT_TRUE(engine.await_line("advert from 10.12.14.9 refused: hmac (signed with another key")) << engine.log();
    engine.listen(300ms);
    EXPECT_EQ(engine.lines_with("refused"), 1u) << engine.log();
    EXPECT_TRUE(ipc::load(record(engine.state())).marks.empty());
}

}  // namespace
}  // namespace vrrpd::engine::engine_auth_test
