// The status document (vrrpd/agent/status_document.hpp) as text for people. Pure. For main.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vrrpd::ctl {

struct Rendered {
    std::string text;         // lines of at most 80 columns
    bool all_is_well = true;  // false: something is wrong, or this host could not take over
};

// nullopt: it is no such document.
[[nodiscard]] std::optional<Rendered> render(std::string_view document);

// The words that matter in colours, for a terminal.
[[nodiscard]] std::string painted(std::string_view text);

// "12 s", "3 min", "5 h 20 min", "3 d 4 h".
[[nodiscard]] std::string duration(double seconds);

}  // namespace vrrpd::ctl
