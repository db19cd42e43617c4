// Names inside our tables, made from names a user chose. For compile and compile_fence.
#pragma once

#include <string>
#include <string_view>

namespace netlink::nft {

// A word that nft reads back as an identifier, different for different names: every other character becomes "/hex".
[[nodiscard]] std::string identifier(std::string_view kind, std::string_view name);

}  // namespace netlink::nft
