// Tables over a connection of the caller's. Its abilities are detected unless they are given, which is how a test makes
// a kernel poorer than it is.
#pragma once

#include <memory>
#include <optional>

#include "netlink/nft/connection.hpp"
#include "netlink/nft/tables.hpp"

namespace netlink::nft {

[[nodiscard]] std::unique_ptr<Tables> make_tables(Connection connection, std::optional<Abilities> abilities);

}  // namespace netlink::nft
