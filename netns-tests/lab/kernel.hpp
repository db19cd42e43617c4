// A kernel that lacks something, as the program that is started on it, and its children, see it: the machine itself
// stays whole. The sockets that belong to a feature cannot be made, by a seccomp filter; or, where a feature is but a
// word of a message, the kernel is asked for one that it does not have (lab/preload/older_kernel.cpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lab {

enum class Lacks : std::uint8_t { nothing, nf_tables, ipv6, netdev_egress, macvlan };

// Words to stand before the command line; none where take_away() is all.
[[nodiscard]] std::vector<std::string> on_kernel_without(Lacks feature);

// For the calling process and all that it starts, until they end. Async-signal-safe: called between fork and exec.
[[nodiscard]] bool take_away(Lacks feature);

}  // namespace lab
