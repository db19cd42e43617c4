// Whose a name of the abstract Unix namespace is. Anybody may bind any, so a name alone proves nothing. The
// supervisor's.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

namespace vrrpd::supervisor {

// The user who made the socket with this name (without its leading zero) in this network namespace, as the kernel knows
// it (sock_diag(7)), whether it listens or not. none: there is no such socket, or the kernel does not say.
[[nodiscard]] std::optional<uid_t> owner_of_abstract_name(std::string_view name);

}  // namespace vrrpd::supervisor
