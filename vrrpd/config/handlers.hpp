// Handlers that several tables share: "put the argument there". Internal to vrrpd/config.
#pragma once

#include <limits>

#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {

inline constexpr std::int64_t any = std::numeric_limits<std::int32_t>::max();  // no upper bound worth naming
inline constexpr std::int64_t second = 1'000'000;                              // of a decimal, in millionths
inline constexpr std::int64_t any_time = 4'294'967'295;                        // 32 bits of microseconds, keepalived's

template <auto Field>
void set_announce(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) reader.instance().announce.*Field = static_cast<unsigned>(*value);
}

template <auto Field>
void set_global_announce(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) reader.draft().globals.announce.*Field = static_cast<unsigned>(*value);
}

// A flag or an optional switch of an instance.
template <auto Field>
void switch_instance(Reader& reader, const Statement& s) {
    const auto value = s.keyword.shape == Shape::optional_switch ? reader.boolean(s) : std::optional<bool>(true);
    if (value) reader.instance().*Field = *value;
}

template <auto Field>
void switch_global(Reader& reader, const Statement& s) {
    const auto value = s.keyword.shape == Shape::optional_switch ? reader.boolean(s) : std::optional<bool>(true);
    if (value) reader.draft().globals.*Field = *value;
}

// Block openers that have nothing of their own to do.
inline void enter_block(Reader& reader, const Statement& s) { reader.enter(s); }

}  // namespace vrrpd::config
