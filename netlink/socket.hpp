// A netlink socket that asks: requests in batches with their acknowledgements, and dumps. The true errno is kept
// (libnl's own receiver folds it into fewer codes). One owner, one thread. Private to netlink/ and its tests.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "netlink/message.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/result.hpp"

namespace netlink {

using vrrpd::Fd;
using vrrpd::Result;

// The plain option is capped by net.core.rmem_max; the forced one needs CAP_NET_ADMIN. A smaller buffer than asked for
// is no error: what it loses is noticed.
void set_receive_buffer(const Fd& fd, int bytes);

// The kernel's answer to one request.
struct Ack {
    int code = 0;        // errno, positive; 0: done
    std::string reason;  // the kernel's own words (extended acknowledgement), often empty
};

class Socket {
public:
    // `protocol`: NETLINK_ROUTE, or NETLINK_NETFILTER.
    [[nodiscard]] static Result<Socket> open(int protocol, int receive_buffer_bytes);

    // Sends the messages in one go and reads what came back: one Ack each, in order. nullopt: it was lost, for the
    // receive buffer was full; then the request was carried out or not. At most requests_in_flight at a time.
    [[nodiscard]] Result<std::vector<std::optional<Ack>>> send(std::vector<Message>& messages);

    // Sends one message with NLM_F_DUMP or a query, hands every answer to `each`, until the last.
    using Each = std::function<void(const nlmsghdr&)>;
    [[nodiscard]] Result<void> ask(Message& message, const std::string& what, const Each& each);

private:
    explicit Socket(Fd fd) : fd_(std::move(fd)) {}

    [[nodiscard]] Result<void> transmit(vrrpd::BytesView bytes);
    void collect(std::uint32_t first, std::vector<std::optional<Ack>>& acks);

    Fd fd_;
    std::uint32_t sequence_ = 0;
};

}  // namespace netlink
