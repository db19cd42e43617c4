// All of it into a descriptor that may take it in pieces. For shells that write files.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace vrrpd {

// False: errno says why.
[[nodiscard]] inline bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto put = ::write(fd, text.data(), text.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

}  // namespace vrrpd
