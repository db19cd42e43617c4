// A NETLINK_NETFILTER socket: dumps, and batches carried to the kernel. For Tables and its parts.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "netlink/nft/batch.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/result.hpp"

namespace netlink::nft {

using vrrpd::Result;

// How long a dump is tried that somebody changes under our hands.
struct Patience {
    int tries = 10;
    // Asked between its parts: there is something better to do. It ends with ECANCELED, and so does the connection's
    // use.
    std::function<bool()> ends = {};
};

class Connection {
public:
    [[nodiscard]] static Result<Connection> open(Patience patience = {});

    [[nodiscard]] std::uint32_t port() const { return port_; }
    // Counts the transactions of this network namespace.
    [[nodiscard]] Result<std::uint32_t> generation();

    // All messages that answer a dump request; `ask` adds its attributes. A dump that somebody changed under
    // our hands is repeated.
    using Ask = std::function<void(nlmsghdr*)>;
    [[nodiscard]] Result<std::vector<Bytes>> dump(std::uint16_t type, std::uint16_t family, const Ask& ask = {});

    // Every message's error, by sequence number; empty: applied.
    [[nodiscard]] Result<std::map<std::uint32_t, int>> attempt(Batch& batch);
    // The same, with the first error as the result.
    [[nodiscard]] Result<void> commit(Batch& batch);

private:
    struct Answer {
        std::vector<Bytes> messages;
        bool interrupted = false;
    };
    Connection(vrrpd::Fd fd, std::uint32_t port, Patience patience)
        : fd_(std::move(fd)), port_(port), patience_(std::move(patience)) {}
    [[nodiscard]] Result<Answer> ask_once(std::uint16_t type, std::uint16_t family, std::uint16_t flags,
                                          const Ask& ask);
    [[nodiscard]] Result<void> send(std::span<const std::uint8_t> bytes);
    void make_room(std::size_t size);

    vrrpd::Fd fd_;
    std::uint32_t port_ = 0;
    std::uint32_t sequence_ = 0;
    Patience patience_;
};

}  // namespace netlink::nft
