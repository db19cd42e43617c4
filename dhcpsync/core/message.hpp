// What two replicas say to each other. On one connection, in order, one message in flight in each direction: an
// Update is numbered, and the next one leaves when its Ack has come. A message of an earlier connection must not be
// delivered on a later one (TCP and TLS see to that); within one, loss, repetition and disorder do no harm.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "dhcpsync/core/cell.hpp"

namespace dhcpsync {

struct MessageNumber {
    std::uint32_t value = 0;  // the first Update of a connection has 1

    [[nodiscard]] MessageNumber next() const { return {value + 1}; }
    auto operator<=>(const MessageNumber&) const = default;
};

// In every message.
struct Standing {
    Term newest_term;     // the greatest that the sender has seen
    bool active = false;  // the sender is the gateway

    bool operator==(const Standing&) const = default;
};

// By which DHCPv6 clients know their server. The first one ever written stays: they renew with it.
struct ServerDuid {
    Stamp stamp;
    Bytes duid;

    bool operator==(const ServerDuid&) const = default;
};

// Updates up to one with a claim belong together, and are applied together: then the receiver knows what the sender
// claims to know.
struct Update {
    MessageNumber number;
    bool opens = false;  // the first part of a snapshot: what came before and was not claimed is void
    Standing standing;
    std::vector<Cell> cells;
    std::optional<ServerDuid> server_duid;
    std::optional<Knowledge> claim;  // what is new in it since the sender's last claim

    bool operator==(const Update&) const = default;
};

struct Ack {
    MessageNumber number;
    Standing standing;

    bool operator==(const Ack&) const = default;
};

using Message = std::variant<Update, Ack>;

inline constexpr std::size_t most_cells_in_update = 256;

}  // namespace dhcpsync
