// What the kernel can do, found by trying. For Tables.
#pragma once

#include "netlink/nft/connection.hpp"
#include "netlink/nft/tables.hpp"

namespace netlink::nft {

// Sends one batch whose last message cannot succeed: the kernel judges every message and then undoes them all.
[[nodiscard]] Abilities detect(Connection& connection);

}  // namespace netlink::nft
