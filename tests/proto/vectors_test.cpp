// Golden vectors: frames that keepalived and FRR sent, captured elsewhere and read from there. Every VRRP message
// gets its verdict, every one that we would send ourselves is made again octet for octet, and so are the
// announcements.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/proto/pcap.hpp"
#include "vrrpd/proto/announce.hpp"

namespace vrrpd::proto::vectors_test {
namespace {

namespace fs = std::filesystem;

const fs::path folder = fs::path(VRRPD_SHARED_DIR) / "vectors";
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

// vectors/README.md: the password, and the key under id 1.
Authentication authentication_of(const std::string& name) {
    constexpr std::string_view eight = "s3cr3tpw", four = "1234";
    Authentication result;
    const auto word = has(name, "pass4") ? four : eight;
    if (has(name, "-ah")) result.type = AuthType::ah;
    if (has(name, "-pass")) result.type = AuthType::password;
    if (result.type != AuthType::none) result.password = Secret(Bytes(word.begin(), word.end()));
    if (!has(name, "hmac")) return result;
    Bytes key;
    for (std::uint8_t octet = 0; octet < 32; ++octet) key.push_back(octet);
    result.hmac.keys = {{1, Secret(key)}};
    result.hmac.active_key = 1;
    return result;
}

// The captures are as old as they are: the clock is that of the trailer.
WallTime signed_at(const Bytes& message) {
    ByteReader in(BytesView(message).last(trailer_size).subspan(4));
    const auto seconds = in.u32();
    const auto fraction = in.u16();
    // Rounded up, so that the fraction comes out the same.
    return WallTime(std::chrono::seconds(seconds) +
                    std::chrono::nanoseconds((std::uint64_t{fraction} * 1'000'000'000 + 65'535) / 65'536));
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

void check_advert(const std::string& name, const Packet& packet, Authenticator& authenticator) {
    const std::vector<Peer> peers{{packet.envelope.source}};
    auto policy = policy_for(packet, peers);
    if (authenticator.settings().wanted()) policy.authenticator = &authenticator;
    if (authenticator.takes_trailer()) policy.now = signed_at(packet.payload);
    const auto decoded = decode(packet.payload, packet.envelope, policy);
    ASSERT_TRUE(decoded) << proto::name(decoded.error());
    // A peer of its own for each unicast copy, which all carry the same number.
    if (!policy.unicast) authenticator.accept(packet.envelope.source, true, decoded->proof);
    Authenticator sender(authenticator.settings());
    const auto credentials = sender.seal(decoded->advert, packet.envelope.source, policy.now);
    EXPECT_EQ(encode(decoded->advert, packet.envelope, form_of(name), credentials), packet.payload);
    if (policy.version == Version::v3 && policy.family == Family::ipv4) {
        EXPECT_EQ(decoded->form, form_of(name));
    }
    EXPECT_EQ(decoded->advert.vrid, *Vrid::make(51));
    if (!policy.authenticator) return;
    auto changed = packet.payload;
    changed.back() ^= 1;
    EXPECT_FALSE(decode(changed, packet.envelope, policy));
}

// The whole IPv4 packet is made again: AH covers its header, too.
void check_ah(const Bytes& frame, const Packet& packet, Authenticator& authenticator) {
    const auto ip = BytesView(frame).subspan(14);
    const auto headers = ip.first(ipv4_header_size + ah_size);
    const auto message = BytesView(packet.payload).subspan(ah_size);
    const std::vector<Peer> peers{{packet.envelope.source}};
    auto policy = policy_for({packet.envelope, ip_protocol, {0x21}}, peers);
    policy.authenticator = &authenticator;
    const auto decoded = decode(message, packet.envelope, policy, headers);
    ASSERT_TRUE(decoded) << proto::name(decoded.error());
    if (!policy.unicast) authenticator.accept(packet.envelope.source, true, decoded->proof);
    EXPECT_EQ(decode(message, packet.envelope, policy).error(), Rejection::wrong_auth_type) << "without its AH";

    const auto sequence = static_cast<std::uint32_t>(decoded->proof.sequence);
    Authenticator sender(authenticator.settings());
    sender.restore({sequence - 1, 0, {}});
    const auto credentials = sender.seal(decoded->advert, packet.envelope.source, {});
    EXPECT_EQ(credentials.ah_sequence, sequence);
    const auto again = encode(decoded->advert, packet.envelope, ChecksumForm::pseudo_header, credentials);
    EXPECT_EQ(again, Bytes(message.begin(), message.end()));
    const auto identification = static_cast<std::uint16_t>(ip[4] << 8 | ip[5]);
    auto header = ipv4_header(packet.envelope, {ah_protocol, ah_size + again.size(), identification});
    const auto ah = sender.ah_header(header, again, sequence);
    EXPECT_EQ(Bytes(ah.begin(), ah.end()), Bytes(headers.begin() + ipv4_header_size, headers.end()));
    header[10] = ip[10], header[11] = ip[11];  // the checksum is the kernel's
    EXPECT_EQ(Bytes(header.begin(), header.end()), Bytes(ip.begin(), ip.begin() + ipv4_header_size));
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
    Authenticator authenticator(authentication_of(GetParam()));
    for (const auto& frame : frames) {
        SCOPED_TRACE(&frame - frames.data());
        if (ethertype(frame) == 0x0806) announced += check_garp(frame);
        const auto packet = read_ip(frame);
        if (!packet) continue;
        if (packet->protocol == icmpv6_protocol) announced += check_na(frame, *packet);
        if (packet->protocol == ip_protocol) check_advert(GetParam(), *packet, authenticator);
        if (packet->protocol == ah_protocol) check_ah(frame, *packet, authenticator);
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
}  // namespace vrrpd::proto::vectors_test
