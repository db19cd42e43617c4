// A DNS forwarder in the test's own process and loop, which misbehaves as it is told. On port 53 of a loopback address.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dnsfailover/exchange.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/base/socket_address.hpp"

namespace dnsfailover::test {

// What it does with a query. By default what has to be resolved is there if its name has two labels, as google.com has.
struct Manner {
    bool udp = true, tcp = true;   // false: swallows it
    bool upstream = true;          // false: swallows what it has to resolve
    std::optional<Rcode> rcode{};  // of all that it has to resolve
    Duration takes{0};
    bool wrong_id = false, wrong_question = false, wrong_source = false;
    bool truncates = false;          // over UDP
    bool slow_tcp = false;           // answers octet by octet
    unsigned copies = 1;             // floods
    std::optional<Bytes> garbage{};  // instead of any answer
};

class FakeForwarder {
public:
    FakeForwarder(vrrpd::Loop& loop, const char* address);

    [[nodiscard]] Endpoint endpoint() const { return {address_, port}; }
    // For the loop's one deadline.
    [[nodiscard]] Deadline next_deadline() const;
    void time_reached();

    Manner manner;
    unsigned udp_queries = 0, tcp_queries = 0;

private:
    static constexpr std::uint16_t port = 53;

    struct Connection {
        vrrpd::Fd fd;
        std::optional<vrrpd::Loop::Watch> watch;  // after the descriptor: ends before it
    };
    struct Later {
        Instant at;
        Bytes message;
        vrrpd::SocketAddress to{};  // UDP
        int connection = -1;        // TCP
    };

    void datagram();
    void connection();
    void stream(std::size_t which);
    void answer(BytesView query, Later how);
    void send(const Later& later);
    [[nodiscard]] Bytes response(BytesView query, bool udp) const;

    vrrpd::Loop& loop_;
    IpAddress address_;
    vrrpd::Fd udp_, tcp_, elsewhere_;  // elsewhere: another address, to answer from
    std::vector<Connection> connections_;
    std::vector<Later> later_;
    vrrpd::Loop::Watch udp_watch_, tcp_watch_;
};

}  // namespace dnsfailover::test
