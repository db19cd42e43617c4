// A DHCP question and its answers: by example (an OFFER of dnsmasq as it came over the wire, a DISCOVER as servers want
// it), and whatever anybody may send.
#include "vrrpd/proto/dhcp_message.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "vrrpd/proto/checksum.hpp"

namespace vrrpd::proto::dhcp_message_test {
namespace {

const DhcpQuestion question{{{2, 0, 0, 0, 0, 4}}, 0x01020304};
const IpAddress server = IpAddress::v4(10, 12, 14, 1);

constexpr std::size_t ip_at = 14, udp_at = ip_at + 20, bootp_at = udp_at + 8, options_at = bootp_at + 240;

BytesView part(const Bytes& frame, std::size_t from, std::size_t count) {
    return BytesView(frame).subspan(from, count);
}
Bytes copy(BytesView bytes) { return {bytes.begin(), bytes.end()}; }

// ---- the question

TEST(DhcpDiscover, is_a_broadcast_from_nobody) {
    const auto frame = dhcp_discover(question);
    ASSERT_EQ(frame.size(), bootp_at + 300) << "RFC 1542 2.1";
    EXPECT_EQ(copy(part(frame, 0, 14)), (Bytes{255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 4, 8, 0}));
    EXPECT_EQ(copy(part(frame, ip_at + 12, 8)), (Bytes{0, 0, 0, 0, 255, 255, 255, 255}));
    EXPECT_EQ(copy(part(frame, udp_at, 6)), (Bytes{0, 68, 0, 67, 308 / 256, 308 % 256}));
}

TEST(DhcpDiscover, has_sound_checksums) {
    const auto frame = dhcp_discover(question);
    EXPECT_EQ(InternetSum().add(part(frame, ip_at, 20)).checksum(), 0);
    InternetSum sum;
    sum.add_pseudo_header({}, IpAddress::v4(255, 255, 255, 255), 17, 308).add(part(frame, udp_at, 308));
    EXPECT_EQ(sum.checksum(), 0);
}

TEST(DhcpDiscover, asks_for_a_broadcast_answer_and_for_no_address) {
    const auto frame = dhcp_discover(question);
    EXPECT_EQ(copy(part(frame, bootp_at, 12)), (Bytes{1, 1, 6, 0, 1, 2, 3, 4, 0, 0, 0x80, 0}));
    EXPECT_EQ(copy(part(frame, bootp_at + 12, 16)), Bytes(16)) << "no address of anybody's";
    EXPECT_EQ(copy(part(frame, bootp_at + 28, 6)), (Bytes{2, 0, 0, 0, 0, 4}));
    EXPECT_EQ(copy(part(frame, options_at - 4, 15)), (Bytes{99, 130, 83, 99, 53, 1, 1, 55, 4, 1, 3, 51, 54, 255, 0}));
}

// ---- the answer

Bytes option(std::uint8_t code, const Bytes& value) {
    Bytes out{code, static_cast<std::uint8_t>(value.size())};
    out.insert(out.end(), value.begin(), value.end());
    return out;
}
Bytes concat(std::initializer_list<Bytes> parts) {
    Bytes out;
    for (const auto& one : parts) out.insert(out.end(), one.begin(), one.end());
    return out;
}
const Bytes is_offer = option(53, {2}), from_server = option(54, {10, 12, 14, 1}), the_end{255};

struct Answer {
    std::uint8_t operation = 2;
    DhcpQuestion to = question;
    std::uint16_t from_port = 67, to_port = 68;
    std::uint16_t fragment = 0;
    std::uint32_t cookie = 0x63825363;
    Bytes sname = Bytes(64), file = Bytes(128);
    Bytes options = concat({is_offer, from_server, option(51, {0, 0, 14, 16}), the_end});
    Bytes ip_options;

    [[nodiscard]] Bytes frame() const {
        Bytes message;
        ByteWriter(message)
            .u8(operation)
            .u8(1)
            .u8(6)
            .u8(0)
            .u32(to.xid)
            .u32(0x8000)
            .u32(0)
            .bytes(Bytes{10, 12, 14, 100})
            .u32(0)
            .u32(0)
            .bytes(to.mac.bytes)
            .zeros(10)
            .bytes(sname)
            .bytes(file)
            .u32(cookie)
            .bytes(options);
        Bytes out;
        const auto udp_length = static_cast<std::uint16_t>(8 + message.size());
        const auto header = static_cast<std::uint8_t>(20 + ip_options.size());
        ByteWriter(out)
            .bytes(MacAddress::broadcast().bytes)
            .bytes(Bytes{2, 0, 0, 0, 0, 1})
            .u16(0x0800)
            .u8(static_cast<std::uint8_t>(0x40 | header / 4))
            .u8(0)
            .u16(static_cast<std::uint16_t>(header + udp_length))
            .u16(7)
            .u16(fragment)
            .u8(64)
            .u8(17)
            .u16(0)
            .bytes(server.bytes())
            .u32(0xffffffff)
            .bytes(ip_options)
            .u16(from_port)
            .u16(to_port)
            .u16(udp_length)
            .u16(0)
            .bytes(message);
        return out;
    }
    [[nodiscard]] tl::expected<IpAddress, NoOffer> read() const { return read_dhcp_offer(frame(), question); }
};

void expect_not_ours(const Answer& answer, const char* what) {
    EXPECT_EQ(answer.read(), tl::make_unexpected(NoOffer::not_ours)) << what;
}
void expect_malformed(const Bytes& options, const char* what) {
    Answer answer;
    answer.options = options;
    EXPECT_EQ(answer.read(), tl::make_unexpected(NoOffer::malformed)) << what;
}

TEST(DhcpOffer, names_its_server) {
    EXPECT_EQ(Answer{}.read(), server);
    Answer padded;
    padded.options = concat({Bytes(5), from_server, Bytes(3), is_offer});
    EXPECT_EQ(padded.read(), server) << "padding between the options, and no end";
    Answer with_options;
    with_options.ip_options = Bytes(8, 1);
    EXPECT_EQ(with_options.read(), server) << "IP options";
    auto trailing = Answer{}.frame();
    trailing.insert(trailing.end(), 40, 0xee);
    EXPECT_EQ(read_dhcp_offer(trailing, question), server) << "the frame's padding";
}

TEST(DhcpOffer, the_first_of_two_servers_counts) {
    Answer twice;  // dnsmasq with dhcp-option-force=54
    twice.options = concat({is_offer, from_server, option(54, {10, 12, 14, 9}), the_end});
    EXPECT_EQ(twice.read(), server);
}

TEST(DhcpOffer, options_may_overflow_into_the_names) {
    Answer answer;
    answer.options = concat({is_offer, option(52, {3}), the_end});
    std::copy(from_server.begin(), from_server.end(), answer.sname.begin());
    answer.sname[from_server.size()] = 255;
    EXPECT_EQ(answer.read(), server) << "both fields, the server in sname";
    answer.options = concat({is_offer, option(52, {1}), the_end});
    EXPECT_EQ(answer.read(), tl::make_unexpected(NoOffer::malformed)) << "sname is a name";
    answer.options = concat({is_offer, the_end});
    EXPECT_EQ(answer.read(), tl::make_unexpected(NoOffer::malformed));
}

TEST(DhcpOffer, what_was_not_asked_is_nobodys_answer) {
    Answer answer;
    answer.to.xid = 5;
    expect_not_ours(answer, "another question");
    answer = {};
    answer.to.mac.bytes[5] = 9;
    expect_not_ours(answer, "another client");
    answer = {};
    answer.operation = 1;
    expect_not_ours(answer, "a question");
    answer = {};
    answer.from_port = 68;
    expect_not_ours(answer, "no server");
    answer = {};
    answer.to_port = 67;
    expect_not_ours(answer, "to a relay");
    for (const auto fragment : std::initializer_list<std::uint16_t>{0x2000, 0x0001}) {
        answer = {};
        answer.fragment = fragment;
        expect_not_ours(answer, "a piece of a datagram");
    }
    for (const auto type : std::initializer_list<std::uint8_t>{1, 3, 5, 6}) {
        answer = {};
        answer.options = concat({option(53, {type}), from_server, the_end});
        expect_not_ours(answer, "no OFFER");
    }
    EXPECT_EQ(read_dhcp_offer(dhcp_discover(question), question), tl::make_unexpected(NoOffer::not_ours)) << "our own";
}

TEST(DhcpOffer, broken_answers_are_told_apart) {
    expect_malformed({}, "no options");
    expect_malformed(concat({from_server, the_end}), "BOOTP");
    expect_malformed(concat({is_offer, the_end}), "no server");
    expect_malformed(concat({is_offer, option(54, {10, 12, 14}), the_end}), "a short address");
    expect_malformed(concat({is_offer, option(54, {0, 0, 0, 0}), the_end}), "nobody");
    expect_malformed(concat({is_offer, option(54, {224, 0, 0, 1}), the_end}), "a group");
    expect_malformed(concat({is_offer, option(54, {255, 255, 255, 255}), the_end}), "everybody");
    expect_malformed(concat({is_offer, Bytes{54, 200, 10}}), "an option longer than the message");
    expect_malformed(concat({is_offer, from_server, Bytes{12}}), "an option without a length");
    Answer answer;
    answer.cookie = 0;
    EXPECT_EQ(answer.read(), tl::make_unexpected(NoOffer::malformed)) << "no DHCP";
}

TEST(DhcpOffer, cut_short_anywhere_it_is_refused) {
    const auto whole = Answer{}.frame();
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(read_dhcp_offer(part(whole, 0, size), question)) << size;
}

RC_GTEST_PROP(DhcpOffer, is_read_from_any_order_of_options, ()) {
    const auto address = *rc::gen::container<std::array<std::uint8_t, 4>>(rc::gen::inRange<std::uint8_t>(1, 223));
    auto parts = std::vector<Bytes>{is_offer, option(54, Bytes(address.begin(), address.end()))};
    const auto others = *rc::gen::container<std::vector<Bytes>>(rc::gen::resize(20, rc::gen::arbitrary<Bytes>()));
    for (const auto& value : others) parts.push_back(option(*rc::gen::inRange<std::uint8_t>(60, 250), value));
    for (std::size_t i = parts.size() - 1; i > 0; --i)
        std::swap(parts[i], parts[*rc::gen::inRange<std::size_t>(0, i + 1)]);
    Answer answer;
    answer.options.clear();
    for (const auto& one : parts) answer.options.insert(answer.options.end(), one.begin(), one.end());
    RC_ASSERT(answer.read() == IpAddress::from_bytes(address).value());
}

RC_GTEST_PROP(DhcpOffer, any_bytes_are_safe_and_spoilt_ones_name_no_stranger, (const Bytes& noise)) {
    (void)read_dhcp_offer(noise, question);
    auto frame = Answer{}.frame();
    const auto at = *rc::gen::inRange<std::size_t>(0, frame.size());
    frame[at] = *rc::gen::arbitrary<std::uint8_t>();
    const auto read = read_dhcp_offer(frame, question);
    const bool in_server = at >= options_at + 5 && at < options_at + 9;
    RC_ASSERT(in_server || !read || *read == server);
}

}  // namespace
}  // namespace vrrpd::proto::dhcp_message_test
