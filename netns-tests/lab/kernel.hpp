// A kernel that lacks something, as the program that is started on it sees it: the sockets that belong to the
// feature cannot be made. A seccomp filter of that program and its children; the machine itself stays whole.
#pragma once

#include <cstdint>

namespace lab {

enum class Lacks : std::uint8_t { nothing, nf_tables, ipv6 };

// For the calling process and all that it starts, until they end. Async-signal-safe: called between fork and exec.
[[nodiscard]] bool take_away(Lacks feature);

}  // namespace lab
