// Golden vectors: frames that keepalived and FRR sent, captured elsewhere and read from there. Every VRRP message
// gets its verdict, every one that we would send ourselves is made again octet for octet, and so are the
// announcements.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/proto/pcap.hpp"
#include "vrrpd/proto/announce.hpp"

namespace vrrpd::proto {
namespace {

namespace fs = std::filesystem;

const fs::path folder = fs::path(VRRPD_SHARED_DIR) / "vectors";
constexpr std::uint8_t ah_protocol = 51;
constexpr std::uint8_t icmpv6_protocol = 58;

std::vector<std::string> vectors() {
    std::vector<std::string> names;
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(folder, absent)) {
        if (entry.path().extension() == ".pcap") names.push_back(entry.path().stem());
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool has(const std::string& name, std::string_view part) { return name.find(part) != std::string::npos; }

// What decode() must say of the adverts of a vector.
std::optional<Rejection> expected_verdict(const std::string& name) {
    if (has(name, "hmac")) return Rejection::wrong_length;  // the trailer is beyond what the count says
    if (has(name, "pass")) return Rejection::wrong_auth_type;
    return std::nullopt;
}

ReceivePolicy policy_for(const Packet& packet, const std::vector<Peer>& peers) {
    ReceivePolicy policy;
    policy.version = static_cast<Version>(packet.payload.at(0) >> 4);
    policy.family = packet.envelope.source.family();
    policy.unicast = !packet.envelope.destination.is_multicast();
    policy.peers = peers;
    return policy;
}

// keepalived as we do; a vector with another form says so in its name.
ChecksumForm form_of(const std::string& name) {
    return has(name, "cksum-as-v2") ? ChecksumForm::message_only : ChecksumForm::pseudo_header;
}

void check_advert(const std::string& name, const Packet& packet) {
    const std::vector<Peer> peers{{packet.envelope.source}};
    const auto policy = policy_for(packet, peers);
    const auto decoded = decode(packet.payload, packet.envelope, policy);
    const auto refused = decoded ? std::nullopt : std::optional(decoded.error());
    ASSERT_EQ(refused, expected_verdict(name));
    if (!decoded) return;
    EXPECT_EQ(encode(decoded->advert, packet.envelope, form_of(name)), packet.payload);
    if (policy.version == Version::v3 && policy.family == Family::ipv4) {
        EXPECT_EQ(decoded->form, form_of(name));
    }
    EXPECT_EQ(decoded->advert.vrid, *Vrid::make(51));
}

// RFC 4302 2: the header inside, and that a v2 message of another authentication type follows it.
void check_ah(const Packet& packet) {
    const std::size_t header = (packet.payload.at(1) + 2u) * 4u;
    EXPECT_EQ(packet.payload.at(0), ip_protocol);
    const auto message = BytesView(packet.payload).subspan(header);
    const auto decoded = decode(message, packet.envelope, policy_for({packet.envelope, ip_protocol, {0x21}}, {}));
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), Rejection::wrong_auth_type);
}

MacAddress mac_at(const Bytes& frame, std::size_t at) {
    MacAddress mac;
    std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(at), mac.bytes.size(), mac.bytes.begin());
    return mac;
}

// True if it is one.
bool check_garp(const Bytes& frame) {
    const auto address = IpAddress::from_bytes(BytesView(frame).subspan(28, 4)).value();
    const auto target = IpAddress::from_bytes(BytesView(frame).subspan(38, 4)).value();
    if (address != target) return false;  // a question, no announcement
    const auto mac = mac_at(frame, 22);
    EXPECT_EQ(gratuitous_arp(address, mac), frame);
    EXPECT_EQ(read_claim(frame), (AddressClaim{address, mac}));
    return true;
}

// The flow label apart, which the kernel chooses for FRR's; keepalived's is zero as ours.
bool check_na(const Bytes& frame, const Packet& packet) {
    constexpr std::uint8_t neighbour_advertisement = 136;
    if (packet.payload.at(0) != neighbour_advertisement) return false;
    if (packet.envelope.destination != IpAddress::parse("ff02::1")) return false;
    const auto target = IpAddress::from_bytes(BytesView(packet.payload).subspan(8, 16)).value();
    const auto mac = mac_at(frame, frame.size() - 6);
    EXPECT_EQ(read_claim(frame), (AddressClaim{target, mac}));
    if (packet.envelope.source != target) return false;  // FRR sends from the interface's own address
    EXPECT_EQ(unsolicited_na(target, mac, (packet.payload.at(4) & 0x80) != 0), frame);
    return true;
}

class Vector : public testing::TestWithParam<std::string> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Vector);

TEST_P(Vector, every_frame_has_its_verdict_and_is_made_again) {
    const auto frames = read_pcap(folder / (GetParam() + ".pcap"));
    std::size_t vrrp = 0, announced = 0;
    for (const auto& frame : frames) {
        SCOPED_TRACE(&frame - frames.data());
        if (ethertype(frame) == 0x0806) announced += check_garp(frame);
        const auto packet = read_ip(frame);
        if (!packet) continue;
        if (packet->protocol == icmpv6_protocol) announced += check_na(frame, *packet);
        if (packet->protocol == ip_protocol) check_advert(GetParam(), *packet);
        if (packet->protocol == ah_protocol) check_ah(*packet);
        vrrp += packet->protocol == ip_protocol || packet->protocol == ah_protocol;
    }
    EXPECT_GT(vrrp, 0u);
    // Two blocks of five, two addresses each.
    if (GetParam().starts_with("garp-") || GetParam().starts_with("na-"))
        EXPECT_EQ(announced, 20u);
    else
        EXPECT_GT(announced, 0u);
}

INSTANTIATE_TEST_SUITE_P(Captured, Vector, testing::ValuesIn(vectors()), [](const auto& one) {
    auto name = one.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

TEST(Vectors, all_are_there) {
    if (!fs::exists(folder)) GTEST_SKIP() << "no golden vectors: " << folder << " does not exist";
    EXPECT_GE(vectors().size(), 35u);
}

}  // namespace
}  // namespace vrrpd::proto
