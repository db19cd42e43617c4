// One query on one socket of its own, over UDP or TCP: a fresh source port each, which the kernel draws at random.
// The socket is connected, so the kernel itself drops what another address or port sends, and reports a refusal at
// once. For the Prober alone.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "dnsfailover/core/probe.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/result.hpp"

namespace dnsfailover {

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 53;
    std::uint32_t interface = 0;  // of an IPv6 link-local address
};

class Exchange {
public:
    // Nothing here waits: over UDP the query has left, over TCP the connection is being made.
    [[nodiscard]] static vrrpd::Result<Exchange> begin(const Endpoint& to, Transport transport, Query query);

    enum class Progress : std::uint8_t { waiting, answered, failed };
    // The socket is ready. One system call, so that a flood of answers delays no other exchange.
    [[nodiscard]] Progress proceed();

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] std::uint32_t awaits() const;  // epoll's events; changes once, when TCP is connected
    [[nodiscard]] const Answer& answer() const { return answer_; }  // once answered
    [[nodiscard]] unsigned misfits() const { return misfits_; }     // answers to what was not asked

private:
    enum class Stage : std::uint8_t { connecting, reading_stream, reading_datagrams };

    Exchange(vrrpd::Fd fd, Stage stage, Query query) : fd_(std::move(fd)), stage_(stage), query_(std::move(query)) {}

    Progress send_over_stream();
    Progress read_stream();
    Progress read_datagram();
    [[nodiscard]] bool fits(BytesView message);

    vrrpd::Fd fd_;
    Stage stage_;
    Query query_;
    Bytes received_;  // of a stream: the length and what came of the message
    Answer answer_;
    unsigned misfits_ = 0;
};

}  // namespace dnsfailover
