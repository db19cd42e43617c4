// Free memory back to the system. For shells that just let go of much: a parsed configuration, the work of a take-over.
#pragma once

#include <malloc.h>

namespace vrrpd {

#ifdef VRRPD_SANITIZE
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

// The heap keeps what was freed for what may come, page by page; a daemon that idles for months needs it no more. Not
// under a sanitizer, whose heap is another one and keeps everything.
inline void give_back_free_memory() {
    if constexpr (!sanitized) ::malloc_trim(0);
}

}  // namespace vrrpd
