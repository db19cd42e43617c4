// Adverts that are refused, in a whole engine: a flood of each kind is counted as that kind, costs one line, and moves
// nobody.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/engine/advert_frame.hpp"
#include "tests/engine/home.hpp"
#include "tests/engine/values.hpp"
#include "tests/engine/wire.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/proto/advert.hpp"
#include "vrrpd/proto/checksum.hpp"

namespace vrrpd::engine::engine_rejection_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;
using proto::Authentication;

constexpr unsigned flood = 20;
const IpAddress own = IpAddress::v4(10, 12, 14, 4), other = IpAddress::v4(10, 12, 14, 9);
const proto::Envelope to_all{other, proto::multicast_group(Family::ipv4)};

Bytes octets(std::string_view text) { return {text.begin(), text.end()}; }

Authentication password(std::string_view word) {
    Authentication settings;
    settings.type = proto::AuthType::password;
    settings.password = Secret(octets(word));
    return settings;
}

Authentication signing(std::uint8_t id, std::string_view key) {
    Authentication settings;
    settings.hmac.keys = {{id, Secret(octets(key))}};
    settings.hmac.active_key = id;
    return settings;
}

constexpr std::string_view our_key = "0123456789abcdef0123456789abcdef",
                           another_key = "another key of just 32 octets  .";

// Of a router that is better than ours: whoever takes it for an advert obeys it, and the log says so.
proto::Advertisement advert(unsigned number, proto::Version version = proto::Version::v3) {
    return {version, vrid(number), priority(250), Centiseconds(4000), {IpAddress::v4(10, 12, 14, 1)}};
}

Bytes message(const proto::Advertisement& content, const proto::Envelope& envelope = to_all,
              const proto::Credentials& credentials = {}) {
    return proto::encode(content, envelope, proto::ChecksumForm::pseudo_header, credentials);
}

// Its checksum is right all the same.
Bytes altered(Bytes message, std::size_t at, Bytes octets) {
    std::copy(octets.begin(), octets.end(), message.begin() + static_cast<std::ptrdiff_t>(at));
    message[6] = message[7] = 0;
    proto::InternetSum sum;
    if (message[0] >> 4 == 3)
        sum.add_pseudo_header(to_all.source, to_all.destination, proto::ip_protocol, message.size());
    proto::store_checksum(message, 6, sum.add(message).checksum());
    return message;
}

class EngineRejection : public Home {
protected:
    static std::string backup(const char* name, unsigned number, const std::string& more) {
        return std::string("vrrp_instance ") + name + " {\n interface lan0\n virtual_router_id " +
               std::to_string(number) + "\n advert_int 40\n" + more + " virtual_ipaddress {\n 10.12.14.1/24\n }\n}\n";
    }
    static std::string everybody() {
        return backup("PLAIN", 1, "version 3\n") +
               backup("WORD", 2, "version 2\n authentication {\n auth_type PASS\n auth_pass secret\n }\n") +
               backup("SIGNED", 3,
                      "version 3\n auth_hmac {\n key 1 " + std::string(our_key) + "\n active_key 1\n }\n") +
               backup("PEERS", 4, "version 3\n check_unicast_src\n unicast_peer {\n 10.12.14.2\n }\n");
    }
    void send(const Bytes& body, const proto::Envelope& envelope = to_all) {
        const auto frame = advert_frame(body, envelope);
        for (unsigned i = 0; i < flood; ++i) wire_->send(frame);
    }
    // The engine has counted what came so far.
    static std::string status(EngineProcess& engine) {
        engine.listen(300ms);
        engine.send(Kind::status_wanted);
        return engine.await_status();
    }

    std::optional<Wire> wire_;
};

// In the order in which a message is judged.
std::string counts(std::initializer_list<const char*> kinds) {
    std::string text;
    for (const auto* kind : kinds)
        text += (text.empty() ? "\"" : ",\"") + std::string(kind) + "\":" + std::to_string(flood);
    return "\"rejected\":{" + text + "}";
}

TEST_F(EngineRejection, VR_150_VR_201_each_kind_is_counted_as_what_it_is) {
    ASSERT_EQ(std::system("sysctl -qw net.ipv4.conf.lan0.accept_local=1"), 0);  // for those from our own address
    EngineProcess engine(everybody());
    wire_.emplace("lan0-far");
    for (const auto* name : {"PLAIN", "WORD", "SIGNED", "PEERS"})
        ASSERT_TRUE(engine.await_line("(" + std::string(name) + ") Entering BACKUP")) << engine.log();

    const auto good = message(advert(1));
    send(good, {other, to_all.destination, 254});
    send(Bytes(good.begin(), good.begin() + 2));  // not more than what says whose it is
    send(message(advert(1), {own, to_all.destination}), {own, to_all.destination});
    send(message(advert(1), {other, own}), {other, own});  // unicast
    send(altered(good, 0, {0x21}));
    send(altered(good, 0, {0x32}));
    auto longer = good;
    longer.resize(longer.size() + 4);
    send(longer);
    auto none = advert(1);
    none.addresses.clear();
    send(message(none));
    auto wrong = good;
    wrong[6] ^= 1;
    send(wrong);
    send(altered(good, 4, {0, 0}));

    const auto plain_v2 = message(advert(2, proto::Version::v2));
    send(plain_v2);
    send(altered(plain_v2, 4, {7}));
    send(message(advert(2, proto::Version::v2), to_all,
                 proto::Authenticator(password("other")).seal(advert(2, proto::Version::v2), other, wall_now())));

    const auto sealed = [](const Authentication& settings, Duration ago = 0s) {
        return message(advert(3), to_all, proto::Authenticator(settings).seal(advert(3), other, wall_now() - ago));
    };
    send(message(advert(3)));
    send(sealed(signing(1, another_key)));
    send(sealed(signing(2, our_key)));
    send(sealed(signing(1, our_key), 1h));
    auto of_another_type = sealed(signing(1, our_key));
    of_another_type[of_another_type.size() - proto::trailer_size] ^= 0x80;
    send(of_another_type);

    send(message(advert(4), {other, own}), {other, own});

    const auto seen = status(engine);
    for (const auto& expected :
         {counts({"ttl", "short", "own-source", "version", "type", "length", "no-addresses", "checksum", "interval",
                  "cast"}),
          counts({"auth-type-invalid", "auth-type", "auth"}),
          counts({"hmac-missing", "hmac-malformed", "hmac-stale", "hmac-key", "hmac"}), counts({"foreign-source"})})
        EXPECT_NE(seen.find(expected), std::string::npos) << expected << "\n" << seen;
    EXPECT_EQ(engine.lines_with("refused"), 10U + 3U + 5U + 1U) << "a line for each kind\n" << engine.log();
    EXPECT_EQ(engine.lines_with("Entering"), 4U) << "nobody moved\n" << engine.log();
    EXPECT_EQ(seen.find("\"adverts_received\":1"), std::string::npos) << "nor took one for good\n" << seen;
}

TEST_F(EngineRejection, a_signed_advert_that_is_heard_again_is_a_replay) {
    EngineProcess engine(everybody());
    wire_.emplace("lan0-far");
    ASSERT_TRUE(engine.await_line("(SIGNED) Entering BACKUP")) << engine.log();
    send(message(advert(3), to_all, proto::Authenticator(signing(1, our_key)).seal(advert(3), other, wall_now())));
    const auto seen = status(engine);
    EXPECT_NE(seen.find("\"rejected\":{\"replay\":" + std::to_string(flood - 1) + "}"), std::string::npos) << seen;
    EXPECT_NE(seen.find("\"adverts_received\":1,"), std::string::npos) << seen;
}

}  // namespace
}  // namespace vrrpd::engine::engine_rejection_test
