// What the installed rules do to packets: a lan client and a lan server behind a router, an internet host beyond it.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "netlink/nft/tables.hpp"
#include "nft_world.hpp"
#include "vrrpd/base/bytes.hpp"

namespace netlink::nft::nft_traffic_test {
namespace {

using nft_test::home;
using nft_test::Space;
using vrrpd::Bytes;
using vrrpd::Fd;
using namespace std::chrono_literals;

constexpr int patience_ms = 500;

bool readable(const Fd& fd) {
    pollfd ready{fd.get(), POLLIN, 0};
    return ::poll(&ready, 1, patience_ms) == 1;
}

sockaddr_in at(const char* address, std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &out.sin_addr);
    return out;
}

std::string name_of(const sockaddr_in& peer) {
    char text[INET_ADDRSTRLEN] = {};
    return ::inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
}

Fd socket_at(const Space& space, int type, const sockaddr_in& local) {
    Fd fd;
    space.in([&] {
        fd = Fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
        const int yes = 1;
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        const timeval patience{0, patience_ms * 1000};
        ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);  // connect() too
        ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local), 0);
        if (type == SOCK_STREAM) {
            ASSERT_EQ(::listen(fd.get(), 4), 0);
        }
    });
    return fd;
}

// One TCP or UDP conversation. What the server sees as the client's address; empty if nothing came, or no answer went
// back.
struct Conversation {
    const Space& client;
    const Space& server;

    std::string udp(const char* to, std::uint16_t port, std::uint16_t served) const {
        const Fd listener = socket_at(server, SOCK_DGRAM, at("0.0.0.0", served));
        const Fd caller = socket_at(client, SOCK_DGRAM, at("0.0.0.0", 0));
        const auto target = at(to, port);
        char byte = 'q';
        if (::connect(caller.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) return {};
        if (::send(caller.get(), &byte, 1, 0) != 1 || !readable(listener)) return {};
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        EXPECT_EQ(::recvfrom(listener.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&peer), &size), 1);
        EXPECT_EQ(::sendto(listener.get(), &byte, 1, 0, reinterpret_cast<const sockaddr*>(&peer), size), 1);
        return readable(caller) ? name_of(peer) : "";
    }

    std::string tcp(const char* to, std::uint16_t port, std::uint16_t served, int* segment = nullptr) const {
        const Fd listener = socket_at(server, SOCK_STREAM, at("0.0.0.0", served));
        Fd caller;
        const auto target = at(to, port);
        bool connected = false;
        client.in([&] {
            caller = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            const timeval patience{0, patience_ms * 1000};
            ::setsockopt(caller.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
            connected = ::connect(caller.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0;
        });
        if (!connected || !readable(listener)) return {};
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        const Fd accepted(::accept(listener.get(), reinterpret_cast<sockaddr*>(&peer), &size));
        socklen_t length = sizeof *segment;
        if (segment) {
            EXPECT_EQ(::getsockopt(accepted.get(), IPPROTO_TCP, TCP_MAXSEG, segment, &length), 0);
        }
        return name_of(peer);
    }
};

class NftTraffic : public nft_test::NeedsRoot {
protected:
    struct World {
        Space client, server, router, internet;
    };

    void SetUp() override {
        NeedsRoot::SetUp();
        if (IsSkipped()) return;
        world_ = std::make_unique<World>();
        router().run(
            "ip link add lan0 type bridge && ip link set lan0 up && ip addr add 10.12.14.4/24 dev lan0 && "
            "ip addr add 10.12.14.1/24 dev lan0 && sysctl -q net.ipv4.ip_forward=1");
        attach(world_->client, "lan_c", "10.12.14.10/24");
        attach(world_->server, "lan_s", "10.12.14.20/24");
        router().run("ip link set lan_c master lan0 && ip link set lan_s master lan0");
        attach(world_->internet, "wan0", "198.51.100.1/24");
        router().run("ip addr add 198.51.100.4/24 dev wan0");
        for (const auto* host : {&world_->client, &world_->server}) host->run("ip route add default via 10.12.14.1");
        world_->internet.run(
            "ip route add 203.0.113.5/32 via 198.51.100.4 && ip route add 10.12.14.0/24 via 198.51.100.4");
        router().in([&] { tables_ = std::move(*open_tables()); });
    }
    // A veth from the router's `device` to eth0 of another namespace.
    void attach(const Space& other, const std::string& device, const std::string& address) {
        router().run("ip link add " + device + " type veth peer name eth0 netns " + other.path() + " && ip link set " +
                     device + " up");
        other.run("ip link set eth0 up && ip addr add " + address + " dev eth0");
    }
    void prepare(const GatewayRules& gateway) {
        router().in([&] {
            const auto done = tables_->install(std::span(&gateway, 1));
            ASSERT_TRUE(done) << done.error().describe();
        });
    }
    void act_for(const GatewayRules& gateway, std::chrono::milliseconds lifetime) {
        router().in([&] { ASSERT_TRUE(tables_->open_fence(gateway.name, lifetime)); });
    }
    // The virtual address is another router's. What comes here all the same comes to the router's own.
    void stand_in() {
        router().run("ip addr del 10.12.14.1/24 dev lan0");
        for (const auto* host : {&world_->client, &world_->server})
            host->run("ip route replace default via 10.12.14.4");
    }
    // The router becomes the gateway.
    void install(const GatewayRules& gateway) {
        prepare(gateway);
        act_for(gateway, 1min);
    }
    const Space& router() const { return world_->router; }
    Conversation from_client() const { return {world_->client, world_->internet}; }

    std::unique_ptr<World> world_;
    std::unique_ptr<Tables> tables_;
};

GatewayRules forwarding() {
    auto gateway = home();
    gateway.hairpin = true;
    const auto server = IpAddress::v4(10, 12, 14, 20);
    gateway.forwards = {{Transport::tcp, {443, 443}, server, 8443},
                        {Transport::udp, {5000, 5009}, server, 6000},
                        {Transport::tcp, {2222, 2222}, IpAddress::v4(10, 12, 14, 1), 22}};
    return gateway;
}

GatewayRules holding() {
    auto gateway = forwarding();
    gateway.held = {*Prefix::parse("203.0.113.5/32")};
    return gateway;
}

TEST_F(NftTraffic, masquerade_shows_the_routers_own_address) {
    EXPECT_EQ(from_client().udp("198.51.100.1", 7000, 7000), "10.12.14.10") << "the road itself, without rules";
    install(home());
    EXPECT_EQ(from_client().udp("198.51.100.1", 7001, 7001), "198.51.100.4");
    EXPECT_EQ(from_client().tcp("198.51.100.1", 7002, 7002), "198.51.100.4");
}

TEST_F(NftTraffic, a_held_address_is_what_the_internet_sees) {
    router().run("ip addr add 203.0.113.5/32 dev wan0");
    install(holding());
    EXPECT_EQ(from_client().tcp("198.51.100.1", 7000, 7000), "203.0.113.5");
}

TEST_F(NftTraffic, new_connections_from_the_wan_stay_out) {
    const Conversation inward{world_->internet, world_->server};
    EXPECT_EQ(inward.tcp("10.12.14.20", 8443, 8443), "198.51.100.1") << "the road itself, without rules";
    install(home());
    EXPECT_EQ(inward.tcp("10.12.14.20", 8443, 8443), "");
    EXPECT_EQ(inward.udp("10.12.14.20", 6000, 6000), "");
    const Conversation to_router{world_->internet, router()};
    EXPECT_EQ(to_router.tcp("198.51.100.4", 22, 22), "198.51.100.1") << "the host's own input is left alone";
}

TEST_F(NftTraffic, forwards_reach_a_lan_host_and_the_router_itself) {
    const Conversation inward{world_->internet, world_->server};
    const Conversation to_router{world_->internet, router()};
    router().run("ip addr add 203.0.113.5/32 dev wan0");
    for (const auto& [gateway, address] :
         {std::pair(forwarding(), "198.51.100.4"), std::pair(holding(), "203.0.113.5")}) {
        install(gateway);
        EXPECT_EQ(inward.tcp(address, 443, 8443), "198.51.100.1");
        EXPECT_EQ(inward.udp(address, 5000, 6000), "198.51.100.1");
        EXPECT_EQ(inward.udp(address, 5009, 6009), "198.51.100.1") << "a range keeps its offset";
        EXPECT_EQ(inward.udp(address, 5010, 6010), "");
        EXPECT_EQ(to_router.tcp(address, 2222, 22), "198.51.100.1");
    }
}

TEST_F(NftTraffic, hairpin_through_the_wan_address_and_not_through_the_virtual_one) {
    const Conversation inside{world_->client, world_->server};
    const Conversation to_router{world_->client, router()};
    router().run("ip addr add 203.0.113.5/32 dev wan0");
    for (const auto& [gateway, address] :
         {std::pair(forwarding(), "198.51.100.4"), std::pair(holding(), "203.0.113.5")}) {
        install(gateway);
        EXPECT_EQ(inside.tcp(address, 443, 8443), "10.12.14.4") << "from the router, so that the answer comes back";
        EXPECT_EQ(inside.udp(address, 5001, 6001), "10.12.14.4");
        EXPECT_EQ(to_router.tcp(address, 2222, 22), "10.12.14.10");
        EXPECT_EQ(to_router.tcp("10.12.14.1", 443, 443), "10.12.14.10") << "the gateway's own service";
    }
}

// --- a stand-in, whose host routes and serves of its own right ----------------------------------------

void expect_own_life(const Conversation& outward, const Conversation& inward, const Conversation& hairpin) {
    EXPECT_EQ(outward.udp("198.51.100.1", 7000, 7000), "10.12.14.10") << "what it routes is not translated";
    EXPECT_EQ(inward.tcp("198.51.100.4", 443, 443), "198.51.100.1") << "its own service on a port that is forwarded";
    EXPECT_EQ(hairpin.tcp("198.51.100.4", 443, 443), "10.12.14.10") << "from inside, too";
}

TEST_F(NftTraffic, a_stand_in_translates_and_forwards_nothing) {
    stand_in();
    router().run("ip link set wan0 mtu 1400");
    const Conversation inward{world_->internet, router()}, hairpin{world_->client, router()};
    for (auto gateway : {forwarding(), holding()}) {
        gateway.clamp_mss = true;
        prepare(gateway);
        expect_own_life(from_client(), inward, hairpin);
        int segment = 0;
        EXPECT_EQ(from_client().tcp("198.51.100.1", 7001, 7001, &segment), "10.12.14.10");
        EXPECT_GT(segment, 1400);
        EXPECT_EQ((Conversation{world_->internet, world_->server}.tcp("10.12.14.20", 8443, 8443)), "")
            << "forwarding is on for our sake: the lan stays shut";
    }
}

TEST_F(NftTraffic, a_gateway_that_was_one_forwards_nothing_more) {
    stand_in();
    const Conversation inward{world_->internet, router()}, hairpin{world_->client, router()};
    for (const auto& gateway : {forwarding(), holding()}) {
        install(gateway);
        act_for(gateway, 0ms);
        EXPECT_EQ(inward.tcp("198.51.100.4", 443, 443), "198.51.100.1");
        EXPECT_EQ(hairpin.tcp("198.51.100.4", 443, 443), "10.12.14.10");
    }
    install(forwarding());
    act_for(forwarding(), 1ms);
    ::poll(nullptr, 0, 50);
    expect_own_life(from_client(), inward, hairpin);
}

TEST_F(NftTraffic, what_a_client_still_sends_to_the_former_gateway_is_masqueraded_and_never_as_a_held_address) {
    stand_in();
    install(home());
    act_for(home(), 0ms);
    EXPECT_EQ(from_client().udp("198.51.100.1", 7000, 7000), "198.51.100.4");
    router().run("ip addr add 203.0.113.5/32 dev wan0");
    install(holding());
    EXPECT_EQ(from_client().udp("198.51.100.1", 7001, 7001), "203.0.113.5");
    act_for(holding(), 0ms);
    EXPECT_EQ(from_client().udp("198.51.100.1", 7002, 7002), "10.12.14.10") << "it is another host's by now";
}

TEST_F(NftTraffic, a_flow_that_lives_goes_on_as_it_began_when_the_role_has_ended) {
    stand_in();
    install(home());
    const Fd listener = socket_at(world_->internet, SOCK_DGRAM, at("0.0.0.0", 7000));
    const Fd caller = socket_at(world_->client, SOCK_DGRAM, at("0.0.0.0", 5000));
    const auto target = at("198.51.100.1", 7000);
    ASSERT_EQ(::connect(caller.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target), 0);
    const auto ask = [&]() -> std::string {  // who asked, as the server sees it
        char byte = 'q';
        if (::send(caller.get(), &byte, 1, 0) != 1 || !readable(listener)) return {};
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        EXPECT_EQ(::recvfrom(listener.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&peer), &size), 1);
        EXPECT_EQ(::sendto(listener.get(), &byte, 1, 0, reinterpret_cast<const sockaddr*>(&peer), size), 1);
        if (!readable(caller)) return {};
        EXPECT_EQ(::recv(caller.get(), &byte, 1, 0), 1);
        return name_of(peer);
    };
    EXPECT_EQ(ask(), "198.51.100.4");
    act_for(home(), 1ms);
    ::poll(nullptr, 0, 50);
    EXPECT_EQ(from_client().udp("198.51.100.1", 7001, 7001), "10.12.14.10") << "a new one is not translated";
    EXPECT_EQ(ask(), "198.51.100.4");
    install(forwarding());
    act_for(forwarding(), 0ms);
    EXPECT_EQ(ask(), "198.51.100.4") << "over a change of the rules";
}

TEST_F(NftTraffic, the_segment_size_is_clamped_to_the_way_out) {
    router().run("ip link set wan0 mtu 1400");
    auto gateway = home();
    int segment = 0;
    install(gateway);
    EXPECT_EQ(from_client().tcp("198.51.100.1", 7000, 7000, &segment), "198.51.100.4");
    EXPECT_GT(segment, 1400);
    gateway.clamp_mss = true;
    install(gateway);
    EXPECT_EQ(from_client().tcp("198.51.100.1", 7000, 7000, &segment), "198.51.100.4");
    EXPECT_LE(segment, 1400 - 40);
}

// --- the fence ----------------------------------------------------------------------------------

// Frames as a program with a packet socket sends them. The last byte is a mark by which the receiver knows them.
Bytes ethernet(std::uint16_t type, const Bytes& payload) {
    Bytes frame(6, 0xff);
    vrrpd::ByteWriter out(frame);
    out.bytes(Bytes{2, 0, 0, 0, 0, 9}).u16(type).bytes(payload);
    return frame;
}
Bytes arp(std::uint16_t operation, const IpAddress& sender) {
    Bytes body;
    vrrpd::ByteWriter(body)
        .u16(1)
        .u16(0x0800)
        .u8(6)
        .u8(4)
        .u16(operation)
        .bytes(Bytes{2, 0, 0, 0, 0, 9})
        .bytes(sender.bytes())
        .zeros(6)
        .bytes(Bytes{10, 12, 14, 1});
    return ethernet(0x0806, body);
}
Bytes ipv4(std::uint8_t protocol, const IpAddress& source, const Bytes& payload) {
    Bytes body;
    vrrpd::ByteWriter(body)
        .u8(0x45)
        .u8(0)
        .u16(static_cast<std::uint16_t>(20 + payload.size()))
        .u32(0)
        .u8(64)
        .u8(protocol)
        .u16(0)
        .bytes(source.bytes())
        .bytes(Bytes{10, 12, 14, 10})
        .bytes(payload);
    return ethernet(0x0800, body);
}
Bytes ipv6(std::uint8_t protocol, const IpAddress& source, const Bytes& payload) {
    Bytes body;
    vrrpd::ByteWriter(body)
        .u32(0x60000000)
        .u16(static_cast<std::uint16_t>(payload.size()))
        .u8(protocol)
        .u8(255)
        .bytes(source.bytes())
        .bytes(IpAddress::parse("ff02::1")->bytes())
        .bytes(payload);
    return ethernet(0x86dd, body);
}
Bytes udp(std::uint16_t from, std::uint16_t to) {
    Bytes out;
    vrrpd::ByteWriter(out).u16(from).u16(to).u16(12).u16(0).u32(0);
    return out;
}
Bytes advertisement(const IpAddress& target) {
    Bytes out;
    vrrpd::ByteWriter(out).u8(136).u8(0).u16(0).u32(0x20000000).bytes(target.bytes());
    return out;
}

Bytes router_advertisement() {  // RFC 4861 4.2: lifetime 1800 s
    Bytes out;
    vrrpd::ByteWriter(out).u8(134).u8(0).u16(0).u8(64).u8(0).u16(1800).u32(0).u32(0);
    return out;
}
// The same behind a hop-by-hop header, with which a filter that looks at a fixed place is passed by.
Bytes behind_options(std::uint8_t protocol, const Bytes& payload) {
    Bytes out;
    vrrpd::ByteWriter(out).u8(protocol).u8(0).u8(1).u8(4).u32(0).bytes(payload);  // PadN
    return out;
}

class NftFence : public NftTraffic {
protected:
    void SetUp() override {
        NftTraffic::SetUp();
        if (IsSkipped()) return;
        sender_ = packet_socket(router(), "lan0");
        receiver_ = packet_socket(world_->client, "eth0");
    }
    static Fd packet_socket(const Space& space, const char* device) {
        Fd fd;
        space.in([&] {
            fd = Fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
            sockaddr_ll local{};
            local.sll_family = AF_PACKET;
            local.sll_protocol = htons(ETH_P_ALL);
            local.sll_ifindex = static_cast<int>(::if_nametoindex(device));
            ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local), 0);
        });
        return fd;
    }
    // Whether the frame reaches the client: it is seen before a frame that nobody stops.
    bool passes(const Bytes& frame) { return passes(frame, frame); }
    bool passes(const Bytes& frame, const Bytes& as_seen) {
        const Bytes last = ethernet(0x88b5, {1, 2, 3});  // IEEE's local experimental EtherType
        for (const auto* one : {&frame, &last})
            EXPECT_EQ(::send(sender_.get(), one->data(), one->size(), 0) < 0 && one == &last, false);
        bool seen = false;
        Bytes got(2048);
        while (readable(receiver_)) {
            const auto size = static_cast<std::size_t>(::recv(receiver_.get(), got.data(), got.size(), 0));
            if (size >= as_seen.size() && std::equal(as_seen.begin(), as_seen.end(), got.begin())) seen = true;
            if (size >= last.size() && std::equal(last.begin(), last.end(), got.begin())) return seen;
        }
        ADD_FAILURE() << "even the plain frame did not arrive";
        return seen;
    }
    Fd sender_, receiver_;
};

TEST_F(NftFence, stops_packet_sockets_too_and_lets_a_stand_ins_own_traffic_through) {
    auto gateway = home();
    const auto vip6 = *IpAddress::parse("fe80::1");
    gateway.virtual_addresses.push_back(vip6);
    gateway.fence_router_advertisements = true;
    const auto vip = gateway.virtual_addresses[0], own = IpAddress::v4(10, 12, 14, 4);
    const auto own6 = *IpAddress::parse("fe80::4");
    const std::pair<const char*, Bytes> forbidden[] = {
        {"DHCP answer", ipv4(17, own, udp(67, 68))},
        {"DHCPv6 answer", ipv6(17, own6, udp(547, 546))},
        {"ARP answer", arp(2, vip)},
        {"gratuitous ARP", arp(1, vip)},
        {"IPv4 from the VIP", ipv4(17, vip, udp(53, 4000))},
        {"IPv6 from the VIP", ipv6(17, vip6, udp(53, 4000))},
        {"advertisement of the VIP", ipv6(58, own6, advertisement(vip6))},
        {"router advertisement", ipv6(58, own6, router_advertisement())},
        {"router advertisement behind options", ipv6(0, own6, behind_options(58, router_advertisement()))},
        {"DHCPv6 answer behind options", ipv6(0, own6, behind_options(17, udp(547, 546)))},
    };
    const std::pair<const char*, Bytes> allowed[] = {
        {"DHCP request", ipv4(17, own, udp(68, 67))},
        {"DHCPv6 request", ipv6(17, own6, udp(546, 547))},
        {"router solicitation", ipv6(58, own6, {133, 0, 0, 0, 0, 0, 0, 0})},
        {"ARP probe", arp(1, IpAddress{})},
        {"own ARP", arp(2, own)},
        {"own IPv4", ipv4(17, own, udp(53, 4000))},
        {"own advertisement", ipv6(58, own6, advertisement(own6))},
        {"VRRP of an address owner", ipv4(112, vip, Bytes(20, 0))},
    };
    install(gateway);
    const auto open_for = [&](std::chrono::milliseconds lifetime) {
        router().in([&] { ASSERT_TRUE(tables_->open_fence(gateway.name, lifetime)); });
    };
    open_for(0ms);
    for (const auto& [what, frame] : forbidden) EXPECT_FALSE(passes(frame)) << what;
    for (const auto& [what, frame] : allowed) EXPECT_TRUE(passes(frame)) << what;
    open_for(1min);
    for (const auto& [what, frame] : forbidden) EXPECT_TRUE(passes(frame)) << what;
    open_for(1ms);
    ::poll(nullptr, 0, 50);
    for (const auto& [what, frame] : forbidden) EXPECT_FALSE(passes(frame)) << what << ", after its time ran out";
}

// The tag is beside the packet, as a VLAN device hands it down to the device below.
TEST_F(NftFence, a_vlan_on_the_lan_device_is_another_lan) {
    auto gateway = home();
    gateway.lans[0].device = "lan_c";  // a port of the bridge: what comes in at the other one goes out here
    prepare(gateway);
    sender_ = packet_socket(world_->server, "eth0");
    const auto answer = ipv4(17, IpAddress::v4(10, 12, 14, 4), udp(67, 68));
    EXPECT_FALSE(passes(answer, answer));
    auto tagged = answer;
    const Bytes tag{0x81, 0x00, 0x00, 0x07};
    tagged.insert(tagged.begin() + 12, tag.begin(), tag.end());
    EXPECT_TRUE(passes(tagged, answer)) << "of a DHCP server of its own there";
}

TEST_F(NftFence, a_hosts_own_router_advertisements_are_left_alone_where_the_gateway_owns_none) {
    const auto frame = ipv6(58, *IpAddress::parse("fe80::4"), router_advertisement());
    install(home());
    router().in([&] { ASSERT_TRUE(tables_->open_fence(home().name, 0ms)); });
    EXPECT_TRUE(passes(frame));
}

}  // namespace
}  // namespace netlink::nft::nft_traffic_test
