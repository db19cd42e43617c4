// Connections in the table of a network namespace of the test's own, put there by ctnetlink; and which of them are
// left.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "netlink/ct/purge.hpp"
#include "netlink/message.hpp"
#include "netlink/socket.hpp"
#include "tests/netlink/world.hpp"

namespace netlink::ct::ct_purge_test {
namespace {

constexpr int room = 1024;
constexpr int create = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
constexpr int read = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;

struct Ends {
    const char* source;
    const char* destination;
    [[nodiscard]] Ends back() const { return {destination, source}; }
};

struct Connection {
    Ends original, reply;
    std::uint16_t port = 53;  // the client's
    std::uint16_t zone = 0;
    std::uint8_t protocol = IPPROTO_UDP;
    std::uint16_t served = 4000;  // the server's port
};

Connection plain(Ends ends) { return {ends, ends.back()}; }

IpAddress address(const std::string& text) { return IpAddress::parse(text).value(); }

void put(Message& message, int type, std::uint16_t value) {
    const std::uint16_t wire = htons(value);
    message.bytes(type, {reinterpret_cast<const std::uint8_t*>(&wire), sizeof wire});
}

void put_ports(Message& message, const Connection& connection, bool original) {
    message.u8(CTA_PROTO_NUM, connection.protocol);
    if (connection.protocol == IPPROTO_ICMP) {
        put(message, CTA_PROTO_ICMP_ID, connection.port);
        message.u8(CTA_PROTO_ICMP_TYPE, original ? 8 : 0).u8(CTA_PROTO_ICMP_CODE, 0);
        return;
    }
    put(message, CTA_PROTO_SRC_PORT, original ? connection.port : connection.served);
    put(message, CTA_PROTO_DST_PORT, original ? connection.served : connection.port);
}

void put_tuple(Message& message, const Connection& connection, bool original) {
    const auto& ends = original ? connection.original : connection.reply;
    const bool v6 = address(ends.source).is_v6();
    message.nested(original ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY, [&](Message& tuple) {
        tuple.nested(CTA_TUPLE_IP, [&](Message& ip) {
            ip.address(v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, address(ends.source));
            ip.address(v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, address(ends.destination));
        });
        tuple.nested(CTA_TUPLE_PROTO, [&](Message& ports) { put_ports(ports, connection, original); });
    });
}

nfgenmsg header(int family) { return {static_cast<std::uint8_t>(family), NFNETLINK_V0, 0}; }

Message creation(const Connection& connection) {
    Message message(create, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, room);
    message.header(header(address(connection.original.source).is_v6() ? AF_INET6 : AF_INET));
    put_tuple(message, connection, true);
    put_tuple(message, connection, false);
    message.u32(CTA_TIMEOUT, htonl(120));
    if (connection.zone != 0) put(message, CTA_ZONE, connection.zone);
    return message;
}

class Purge : public testing::Test {
protected:
    void SetUp() override {
        if (!namespace_.entered()) GTEST_SKIP() << "SKIPPED: a network namespace of our own needs root";
        auto socket = Socket::open(NETLINK_NETFILTER, 1 << 20);
        ASSERT_TRUE(socket) << socket.error().describe();
        socket_.emplace(std::move(*socket));
        if (const auto tracked = table(); !tracked) GTEST_SKIP() << "SKIPPED: this kernel tracks no connections";
    }

    void add(const Connection& connection) {
        std::vector<Message> one;
        one.push_back(creation(connection));
        const auto acks = socket_->send(one);
        ASSERT_TRUE(acks && acks->front());
        ASSERT_EQ(acks->front()->code, 0) << connection.original.source << " > " << connection.original.destination
                                          << ": " << std::strerror(acks->front()->code);
    }
    // "original source > original destination / reply source > reply destination", nullopt: no such table.
    std::optional<std::multiset<std::string>> table() {
        std::multiset<std::string> found;
        Message question(read, NLM_F_REQUEST | NLM_F_DUMP, room);
        question.header(header(AF_UNSPEC));
        const auto answered = socket_->ask(question, "read the connections", [&](const nlmsghdr& entry) {
            const auto attributes = Attributes::of(entry, sizeof(nfgenmsg)).value();
            found.insert(ends(attributes, CTA_TUPLE_ORIG) + " / " + ends(attributes, CTA_TUPLE_REPLY));
        });
        if (!answered) return std::nullopt;
        return found;
    }
    static std::string ends(const Attributes& entry, int tuple) {
        const auto ip = entry.nested(tuple).nested(CTA_TUPLE_IP);
        const bool v6 = ip.has(CTA_IP_V6_SRC);
        return ip.address(v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC).value().to_string() + " > " +
               ip.address(v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST).value().to_string();
    }
    // The table as it should be.
    static std::multiset<std::string> text(const std::vector<Connection>& connections) {
        std::multiset<std::string> lines;
        for (const auto& connection : connections)
            lines.insert(std::string(connection.original.source) + " > " + connection.original.destination + " / " +
                         connection.reply.source + " > " + connection.reply.destination);
        return lines;
    }

    netlink::test::OwnNamespace namespace_;
    std::optional<Socket> socket_;
};

constexpr auto client = "10.12.14.100", server = "10.12.14.20", internet = "203.0.113.10";
constexpr auto vip = "10.12.14.1", vip6 = "fd00:12:14::1";
constexpr auto held_wan = "198.51.100.10", own_wan = "198.51.100.4";

const std::vector<IpAddress> withdrawn{address(vip), address(held_wan), address(vip6)};

TEST_F(Purge, takes_what_has_a_withdrawn_address_at_an_end_and_nothing_else) {
    const std::vector<Connection> stale{
        plain({client, vip}),
        {{client, vip}, {server, client}, 80},             // a forwarded port
        {{client, internet}, {internet, held_wan}, 1000},  // translated to the held address
        {{internet, held_wan}, {server, internet}, 443},   // forwarded from it
        {{server, own_wan}, {server, vip}, 444},           // hairpin
        {{vip, internet}, {internet, own_wan}, 123},       // of a program that bound the virtual address
        {{client, vip}, {vip, client}, 53, 7},             // in a zone
        {{client, vip}, {vip, client}, 9, 0, IPPROTO_ICMP},
        {{client, vip}, {vip, client}, 22, 0, IPPROTO_UDPLITE},
        plain({"fd00:12:14::64", vip6}),
    };
    const std::vector<Connection> others{
        plain({own_wan, internet}),                       // the host's own
        {{client, internet}, {internet, own_wan}, 1001},  // masqueraded
        plain({client, "10.12.14.4"}),
        {{client, "10.12.14.4"}, {"10.12.14.4", client}, 53, 7},
        plain({"fd00:12:14::64", "fd00:12:14::4"}),
        {{client, "10.12.14.4"}, {"10.12.14.4", client}, 9, 0, IPPROTO_ICMP},
    };
    for (const auto* connections : {&stale, &others})
        for (const auto& connection : *connections) add(connection);
    ASSERT_EQ(table()->size(), stale.size() + others.size());

    const auto count = purge({withdrawn});
    ASSERT_TRUE(count) << count.error().describe();
    EXPECT_EQ(*count, stale.size());
    EXPECT_EQ(*table(), text(others));
    EXPECT_EQ(purge({withdrawn}).value(), 0u) << "nothing is left to do";
}

TEST_F(Purge, of_a_port_takes_what_was_opened_towards_it) {
    const std::vector<Connection> questions{
        {{client, vip}, {server, client}, 1},  // answered elsewhere
        {{"fd00:12:14::64", vip6}, {vip6, "fd00:12:14::64"}, 1},
    };
    const std::vector<Connection> others{
        {{client, vip}, {vip, client}, 1, 0, IPPROTO_UDP, 67},
        {{client, "10.12.14.4"}, {"10.12.14.4", client}, 1},
        {{vip, internet}, {internet, own_wan}, 1},  // from the address, not towards it
        {{client, vip}, {vip, client}, 9, 0, IPPROTO_ICMP},
    };
    for (const auto* connections : {&questions, &others})
        for (const auto& connection : *connections) add(connection);
    EXPECT_EQ(purge({withdrawn, 4000}).value(), questions.size());
    EXPECT_EQ(*table(), text(others));
}

TEST_F(Purge, no_address_takes_nothing) {
    add(plain({client, vip}));
    EXPECT_EQ(purge(Which{}).value(), 0u);
    EXPECT_EQ(table()->size(), 1u);
}

// Deleted while the table is read, over many answers of the kernel.
TEST_F(Purge, a_large_table_is_gone_through_to_its_end) {
    constexpr std::uint16_t many = 5000;
    for (std::uint16_t port = 1; port <= many; ++port) {
        add({{client, vip}, {vip, client}, port});
        add({{client, internet}, {internet, own_wan}, port});
    }
    EXPECT_EQ(purge({withdrawn}).value(), many);
    const auto left = *table();
    EXPECT_EQ(left.size(), many);
    EXPECT_EQ(left.count("10.12.14.100 > 203.0.113.10 / 203.0.113.10 > 198.51.100.4"), many);
}

}  // namespace
}  // namespace netlink::ct::ct_purge_test
