#include "netlink/nft/names.hpp"

#include <fmt/format.h>

namespace netlink::nft {

std::string identifier(std::string_view kind, std::string_view name) {
    std::string out = fmt::format("{}_", kind);
    for (const char c : name) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                           c == '-' || c == '.';
        if (plain)
            out += c;
        else
            out += fmt::format("/{:02x}", static_cast<std::uint8_t>(c));
    }
    return out;
}

}  // namespace netlink::nft
