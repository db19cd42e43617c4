// reload_time_file: a point in time for the next reload. Pure but for the C library's knowledge of the
// time zone.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace vrrpd::supervisor {

struct ReloadTime {
    std::chrono::system_clock::time_point at;
    bool every_day = false;  // without a date: with reload_repeat it holds for every day
    bool operator==(const ReloadTime&) const = default;
};

// "HH:MM:SS", "YY-MM-DD HH:MM:SS" or "YYYY-MM-DD HH:MM:SS", each with a Z behind it for UTC; nothing else but one end
// of line. A time of day is the next one after `now`. nullopt: it is something else, or no such time.
[[nodiscard]] std::optional<ReloadTime> parse_reload_time(std::string_view text,
                                                          std::chrono::system_clock::time_point now);

}  // namespace vrrpd::supervisor
