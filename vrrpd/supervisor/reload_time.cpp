#include "vrrpd/supervisor/reload_time.hpp"

#include <charconv>
#include <ctime>

namespace vrrpd::supervisor {

namespace {

using std::chrono::system_clock;

// Exactly `digits` of them, and `end` behind (0: nothing need follow); taken off the text.
std::optional<int> take(std::string_view& text, std::size_t digits, char end) {
    if (text.size() < digits + (end != 0 ? 1 : 0)) return std::nullopt;
    int value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + digits, value);
    if (error != std::errc{} || rest != text.data() + digits || text[0] == '-') return std::nullopt;
    if (end != 0 && text[digits] != end) return std::nullopt;
    text.remove_prefix(digits + (end != 0 ? 1 : 0));
    return value;
}

bool take_date(std::string_view& text, std::tm& into) {
    constexpr int first_year = 1900, century = 2000;
    const bool short_year = text.size() > 2 && text[2] == '-';
    const auto year = take(text, short_year ? 2 : 4, '-'), month = take(text, 2, '-'), day = take(text, 2, ' ');
    if (!year || !month || !day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return false;
    into.tm_year = *year + (short_year ? century : 0) - first_year;
    into.tm_mon = *month - 1;
    into.tm_mday = *day;
    return true;
}

bool take_time(std::string_view& text, std::tm& into) {
    const auto hour = take(text, 2, ':'), minute = take(text, 2, ':'), second = take(text, 2, 0);
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return false;
    into.tm_hour = *hour;
    into.tm_min = *minute;
    into.tm_sec = *second;
    return true;
}

// mktime() puts 31 April right; there is no such day.
std::optional<system_clock::time_point> instant_of(std::tm broken, bool utc) {
    const int day = broken.tm_mday;
    broken.tm_isdst = -1;
    const auto seconds = utc ? timegm(&broken) : mktime(&broken);
    if (seconds == -1 || broken.tm_mday != day) return std::nullopt;
    return system_clock::from_time_t(seconds);
}

}  // namespace

std::optional<ReloadTime> parse_reload_time(std::string_view text, system_clock::time_point now) {
    if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    const bool utc = !text.empty() && text.back() == 'Z';
    if (utc) text.remove_suffix(1);
    const std::time_t today = system_clock::to_time_t(now);
    std::tm broken{};
    (utc ? gmtime_r : localtime_r)(&today, &broken);
    const bool has_date = text.find('-') != text.npos;
    if ((has_date && !take_date(text, broken)) || !take_time(text, broken) || !text.empty()) return std::nullopt;
    auto at = instant_of(broken, utc);
    if (!has_date && at && *at <= now) {
        // Tomorrow by the calendar: a day is not always 24 hours. The 32nd is the 1st.
        ++broken.tm_mday;
        broken.tm_isdst = -1;
        at = system_clock::from_time_t(utc ? timegm(&broken) : mktime(&broken));
    }
    if (!at) return std::nullopt;
    return ReloadTime{*at, !has_date};
}

}  // namespace vrrpd::supervisor
