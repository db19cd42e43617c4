// Values to messages and back, without a kernel; and messages that are foreign, short or broken.
#include "netlink/codec.hpp"

#include <gtest/gtest.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace netlink::codec_test {

namespace {

using namespace std::chrono_literals;

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }
Prefix prefix(const char* text) { return Prefix::parse(text).value(); }

Address full_address() {
    Address address;
    address.link = IfIndex{7};
    address.prefix = prefix("10.12.14.1/24");
    address.peer = ip("10.12.14.9");
    address.broadcast = ip("10.12.14.255");
    address.label = "lan0:1";
    address.scope = RT_SCOPE_LINK;
    address.valid = 30s;
    address.preferred = 10s;
    address.no_prefix_route = true;
    address.auto_join = true;
    address.protocol = protocol_keepalived;
    address.permanent = false;  // as the decoder finds no IFA_F_PERMANENT in what we send
    return address;
}

Route multipath_route() {
    Route route;
    route.destination = prefix("10.99.0.0/16");
    route.hops = {NextHop{ip("10.12.14.254"), IfIndex{7}, 1, false, 3U << 16 | 4U},
                  NextHop{ip("2001:db8::1"), IfIndex{8}, 255, true}};
    route.source = ip("10.12.14.4");
    route.table = 4711;
    route.metric = 50;
    route.tos = 0x10;
    route.mtu = 1400;
    return route;
}

Rule full_rule() {
    Rule rule;
    rule.priority = 4711;
    rule.from = prefix("10.12.14.0/24");
    rule.to = prefix("10.13.0.0/16");
    rule.iif = "lan0";
    rule.oif = "wan0";
    rule.fwmark = 0x10;
    rule.fwmask = 0xff;
    rule.table = 100000;
    rule.suppress_prefix_length = 0;
    return rule;
}

Address sent(const Address& address) { return decode_address(encode(address, RTM_NEWADDR, 0).raw()).value(); }
Route sent(const Route& route) { return decode_route(encode(route, RTM_NEWROUTE, 0).raw()).value(); }
Rule sent(const Rule& rule) { return decode_rule(encode(rule, RTM_NEWRULE, 0).raw()).value(); }

TEST(AddressCodec, every_field_goes_out_and_comes_back) {
    EXPECT_EQ(sent(full_address()), full_address());

    Address v6;
    v6.link = IfIndex{7};
    v6.prefix = prefix("2001:db8::1/64");
    v6.no_dad = v6.home = v6.manage_temporary = true;
    v6.preferred = 0s;
    v6.permanent = false;
    EXPECT_EQ(sent(v6), v6);
}

TEST(AddressCodec, is_never_preferred_longer_than_valid) {
    auto address = full_address();
    address.preferred.reset();
    EXPECT_EQ(sent(address).preferred, 30s);
    address.valid = std::chrono::seconds(1ll << 40);
    EXPECT_EQ(sent(address).valid, std::chrono::seconds(0xfffffffe)) << "not taken for forever";
}

TEST(AddressCodec, VR_195_nodad_is_for_ipv6_only) {
    auto address = full_address();
    address.no_dad = true;
    EXPECT_FALSE(sent(address).no_dad);
    address.prefix = prefix("2001:db8::1/64");
    address.peer.reset();
    EXPECT_TRUE(sent(address).no_dad);
}

TEST(AddressCodec, a_deletion_says_only_which_one) {
    const auto message = encode(full_address(), RTM_DELADDR, 0);
    const auto attributes = Attributes::of(message.raw(), sizeof(ifaddrmsg));
    ASSERT_TRUE(attributes);
    EXPECT_EQ(attributes->address(IFA_LOCAL), ip("10.12.14.1"));
    EXPECT_EQ(attributes->address(IFA_ADDRESS), ip("10.12.14.9"));
    for (const int other : {IFA_LABEL, IFA_BROADCAST, IFA_CACHEINFO, IFA_FLAGS, IFA_PROTO}) {
        EXPECT_FALSE(attributes->has(other)) << other;
    }
}

TEST(RouteCodec, every_field_goes_out_and_comes_back) {
    EXPECT_EQ(sent(multipath_route()), multipath_route());

    auto single = multipath_route();
    single.hops.resize(1);
    single.hops.front().onlink = true;
    single.hops.front().realms = 0;
    EXPECT_EQ(sent(single), single);

    Route v6;
    v6.destination = prefix("::/0");
    v6.hops = {NextHop{ip("fe80::1"), IfIndex{7}, 1, false}};
    EXPECT_EQ(sent(v6), v6);

    Route blackhole;
    blackhole.destination = prefix("10.98.0.0/16");
    blackhole.type = RouteType::blackhole;
    EXPECT_EQ(sent(blackhole), blackhole);
}

TEST(RouteCodec, without_a_gateway_it_reaches_the_link) {
    Route route;
    route.destination = prefix("10.98.7.1/16");
    route.hops = {NextHop{std::nullopt, IfIndex{7}, 1, false}};
    EXPECT_EQ(sent(route).scope, RT_SCOPE_LINK);
    EXPECT_EQ(sent(route).destination, prefix("10.98.0.0/16")) << "the kernel refuses host bits";
    route.hops.front().via = ip("10.12.14.254");
    EXPECT_EQ(sent(route).scope, RT_SCOPE_UNIVERSE);
    const auto deletion = encode(route, RTM_DELROUTE, 0);
    EXPECT_EQ(decode_route(deletion.raw())->scope, RT_SCOPE_NOWHERE) << "any scope";
}

TEST(RouteCodec, leaves_out_what_is_no_route_of_ours) {
    auto route = multipath_route();
    route.type = RouteType::multicast;
    EXPECT_TRUE(decode_route(encode(route, RTM_NEWROUTE, 0).raw())) << "with our protocol it is";
    route.protocol = RTPROT_KERNEL;
    for (const int type : {RTN_LOCAL, RTN_BROADCAST, RTN_ANYCAST, RTN_MULTICAST, RTN_NAT}) {
        route.type = static_cast<RouteType>(type);
        EXPECT_FALSE(decode_route(encode(route, RTM_NEWROUTE, 0).raw())) << type;
    }
    rtmsg mpls{};
    mpls.rtm_family = AF_MPLS;
    mpls.rtm_type = RTN_UNICAST;
    EXPECT_FALSE(decode_route(Message(RTM_NEWROUTE, 0, 64).header(mpls).raw()));
}

TEST(RuleCodec, every_field_goes_out_and_comes_back) {
    EXPECT_EQ(sent(full_rule()), full_rule());
    Rule plain;
    plain.family = Family::ipv6;
    plain.priority = 0;
    EXPECT_EQ(sent(plain), plain);
}

TEST(RuleCodec, leaves_out_rules_that_match_on_more_than_ours_can) {
    fib_rule_hdr fixed{};
    fixed.family = AF_INET;
    fixed.action = FR_ACT_TO_TBL;
    fixed.table = RT_TABLE_MAIN;
    EXPECT_TRUE(decode_rule(Message(RTM_NEWRULE, 0, 64).header(fixed).u8(FRA_L3MDEV, 0).raw()));
    for (const int attribute :
         {FRA_DPORT_RANGE + 1, FRA_DPORT_RANGE + 2, FRA_DPORT_RANGE + 7})  // DSCP and younger ones
        EXPECT_FALSE(decode_rule(Message(RTM_NEWRULE, 0, 64).header(fixed).u32(attribute, 1).raw())) << attribute;
    constexpr std::uint8_t reserved_action = 4;
    fixed.action = reserved_action;
    EXPECT_FALSE(decode_rule(Message(RTM_NEWRULE, 0, 64).header(fixed).raw()));
}

TEST(RuleCodec, what_hardly_any_rule_has_goes_out_and_comes_back) {
    auto rule = full_rule();
    auto& extras = rule.extras.edit();
    extras.invert = true;
    extras.tos = 0x10;
    extras.realms = 1U << 16 | 2U;
    extras.tunnel = 0x1234'5678'9abcULL;
    extras.ip_protocol = 6;
    extras.uids = NumberRange{23, 56};
    extras.source_ports = NumberRange{1, 5};
    extras.destination_ports = NumberRange{80, 81};
    extras.suppress_group = 3;
    EXPECT_EQ(sent(rule), rule);
    for (const auto action : {RuleExtras::Action::go_to, RuleExtras::Action::nop, RuleExtras::Action::blackhole,
                              RuleExtras::Action::unreachable, RuleExtras::Action::prohibit}) {
        Rule other;
        other.table = 0;
        other.extras.edit().action = action;
        if (action == RuleExtras::Action::go_to) other.extras.edit().target = 9000;
        EXPECT_EQ(sent(other), other);
    }
    Rule vrf;
    vrf.table = 0;
    vrf.extras.edit().l3mdev = true;
    EXPECT_EQ(sent(vrf), vrf);
}

class LinkCodec : public testing::Test {
protected:
    Message link(std::uint8_t family, std::size_t mac_size = 6) {
        ifinfomsg fixed{};
        fixed.ifi_family = family;
        fixed.ifi_index = 7;
        fixed.ifi_flags = IFF_UP | IFF_RUNNING | IFF_MULTICAST;
        Message message(RTM_NEWLINK, 0, 512);
        message.header(fixed).text(IFLA_IFNAME, "lan0").u32(IFLA_MTU, 1500).u32(IFLA_MASTER, 3);
        message.bytes(IFLA_ADDRESS, std::vector<std::uint8_t>(mac_size, 2));
        message.nested(IFLA_LINKINFO, [](Message& inner) { inner.text(IFLA_INFO_KIND, "veth"); });
        return message;
    }
};

TEST_F(LinkCodec, reads_the_state_of_a_device) {
    const auto read = decode_link(link(AF_UNSPEC).raw());
    ASSERT_TRUE(read);
    Link expected;
    expected.index = IfIndex{7};
    expected.name = "lan0";
    expected.kind = "veth";
    expected.mac.bytes = {2, 2, 2, 2, 2, 2};
    expected.mtu = 1500;
    expected.master = IfIndex{3};
    expected.admin_up = expected.running = expected.multicast = true;
    EXPECT_EQ(*read, expected);
    EXPECT_TRUE(decode_link(link(AF_UNSPEC, 20).raw())->mac.is_zero()) << "InfiniBand";
}

TEST_F(LinkCodec, leaves_out_messages_that_are_not_about_the_device_itself) {
    EXPECT_FALSE(decode_link(link(AF_BRIDGE).raw()));
    auto wireless = link(AF_UNSPEC);
    wireless.u8(IFLA_WIRELESS, 0);
    EXPECT_FALSE(decode_link(wireless.raw()));
}

Message neighbour(bool resolved) {
    ndmsg fixed{};
    fixed.ndm_family = AF_INET;
    fixed.ndm_ifindex = 7;
    nda_cacheinfo times{};
    times.ndm_confirmed = 123;
    Message message(RTM_NEWNEIGH, 0, 256);
    message.header(fixed).address(NDA_DST, ip("198.51.100.1"));
    message.bytes(NDA_CACHEINFO, {reinterpret_cast<const std::uint8_t*>(&times), sizeof times});
    constexpr std::array<std::uint8_t, 6> mac{2, 2, 2, 2, 2, 2};
    if (resolved) message.bytes(NDA_LLADDR, mac);
    return message;
}

TEST(NeighbourCodec, reads_how_long_ago_it_gave_proof_of_life) {
    const auto read = decode_neighbour(neighbour(true).raw());
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, (Neighbour{IfIndex{7}, ip("198.51.100.1"), MacAddress{{2, 2, 2, 2, 2, 2}}, 1230ms}));
    EXPECT_TRUE(decode_neighbour(neighbour(false).raw())->mac.is_zero()) << "it does not answer";
}

// Reads a copy that ends exactly where the message says, so that the sanitizers see one byte too many.
void decode_copy(vrrpd::BytesView wire) {
    std::vector<std::uint32_t> copy((wire.size() + 3) / 4);
    std::memcpy(copy.data(), wire.data(), wire.size());
    auto* message = reinterpret_cast<nlmsghdr*>(copy.data());
    message->nlmsg_len = static_cast<std::uint32_t>(wire.size());
    (void)decode_link(*message);
    (void)decode_address(*message);
    (void)decode_route(*message);
    (void)decode_rule(*message);
    (void)decode_neighbour(*message);
}

TEST(BrokenMessages, are_survived_at_every_length_and_with_every_byte_changed) {
    std::vector<Message> whole;
    whole.push_back(encode(full_address(), RTM_NEWADDR, 0));
    whole.push_back(encode(multipath_route(), RTM_NEWROUTE, 0));
    whole.push_back(encode(full_rule(), RTM_NEWRULE, 0));
    whole.push_back(neighbour(true));
    for (const auto& message : whole) {
        const auto wire = message.wire();
        for (std::size_t size = NLMSG_HDRLEN; size < wire.size(); ++size) decode_copy(wire.first(size));
        std::vector<std::uint8_t> bytes(wire.begin(), wire.end());
        for (std::size_t at = NLMSG_HDRLEN; at < bytes.size(); ++at) {
            for (const std::uint8_t value : std::array<std::uint8_t, 4>{0, 1, 0x7f, 0xff}) {
                const auto before = std::exchange(bytes[at], value);
                decode_copy(bytes);
                bytes[at] = before;
            }
        }
    }
    nlmsghdr empty{};
    empty.nlmsg_len = sizeof empty;
    EXPECT_FALSE(decode_link(empty) || decode_address(empty) || decode_route(empty) || decode_rule(empty) ||
                 decode_neighbour(empty));
}

TEST(Request, asks_for_what_its_kind_needs) {
    const auto flags = [](const Request& request) {
        return encode(request).raw().nlmsg_flags & ~(NLM_F_REQUEST | NLM_F_ACK);
    };
    EXPECT_EQ(flags(Add{full_address()}), NLM_F_CREATE | NLM_F_REPLACE);
    EXPECT_EQ(flags(Add{multipath_route()}), NLM_F_CREATE | NLM_F_EXCL) << "never over a stranger's";
    EXPECT_EQ(flags(Add{full_rule()}), NLM_F_CREATE | NLM_F_EXCL) << "never twice";
    EXPECT_EQ(flags(Delete{full_address()}), 0);
    EXPECT_EQ(encode(Delete{full_rule()}).raw().nlmsg_type, RTM_DELRULE);
    EXPECT_EQ(encode(Delete{multipath_route()}).raw().nlmsg_type, RTM_DELROUTE);
}

}  // namespace

}  // namespace netlink::codec_test
