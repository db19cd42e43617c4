// Words -> numbers, switches and addresses.
#include "vrrpd/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace vrrpd::config {
namespace {

std::optional<std::int64_t> digits(std::string_view text, int base) {
    std::int64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
}

// from_chars takes no '+'; and "+-1" is no number.
bool strip_plus(std::string_view& text) {
    if (text.empty() || text[0] != '+') return true;
    text.remove_prefix(1);
    return text.empty() || text[0] != '-';
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
    if (!strip_plus(text)) return std::nullopt;
    return digits(text, 10);
}

std::optional<std::int64_t> parse_c_integer(std::string_view text) {
    if (!strip_plus(text)) return std::nullopt;
    const bool negative = !text.empty() && text[0] == '-';
    if (negative) text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') return std::nullopt;
    int base = 10;
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text.remove_prefix(2);
        if (text[0] == '-') return std::nullopt;
    } else if (text.size() > 1 && text[0] == '0') {
        base = 8;
    }
    const auto value = digits(text, base);
    if (!value) return std::nullopt;
    return negative ? -*value : *value;
}

std::optional<Decimal> parse_decimal(std::string_view text) {
    if (!strip_plus(text)) return std::nullopt;
    const auto point = text.find('.');
    const auto whole = text.substr(0, point);
    const auto places = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool clean =
        std::all_of(whole.begin(), whole.end(), is_digit) && std::all_of(places.begin(), places.end(), is_digit);
    if (!clean || whole.size() + places.size() == 0 || whole.size() > 12) return std::nullopt;
    Decimal result;
    for (const char c : whole) result.millionths = result.millionths * 10 + (c - '0');
    for (std::size_t i = 0; i < 6; ++i) {
        result.millionths = result.millionths * 10 + (i < places.size() ? places[i] - '0' : 0);
    }
    if (places.size() > 6) {
        result.rounded = true;
        if (places[6] >= '5') ++result.millionths;
    }
    return result;
}

std::string decimal_text(std::int64_t millionths) {
    auto text = fmt::format("{}.{:06}", millionths / 1'000'000, millionths % 1'000'000);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
}

std::optional<bool> parse_boolean(std::string_view text) {
    if (text == "on" || text == "true" || text == "yes") return true;
    if (text == "off" || text == "false" || text == "no") return false;
    return std::nullopt;
}

std::optional<AddressText> parse_address(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    AddressText result{Prefix::host(*address), false, slash != std::string_view::npos};
    if (!result.length_given) return result;
    const auto length = parse_integer(text.substr(slash + 1));
    if (length && *length >= 0 && *length <= static_cast<std::int64_t>(address_bits(address->family()))) {
        result.prefix.length = static_cast<std::uint8_t>(*length);
    } else {
        result.bad_length = true;
    }
    return result;
}

std::optional<IpAddress> parse_bare_address(std::string_view text) {
    return IpAddress::parse(text.substr(0, text.find_first_of("/-")));
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto value = parse_integer(text);
    if (!value || *value < 1 || *value > 65'535) return std::nullopt;
    return static_cast<std::uint16_t>(*value);
}

namespace {

// Parts of 1 to `longest` characters, all of which `fit`, with a dot between two of them.
template <class Fits>
bool dotted(std::string_view text, std::size_t longest, Fits fits) {
    for (;;) {
        const auto part = text.substr(0, text.find('.'));
        if (part.empty() || part.size() > longest || !fits(part)) return false;
        if (part.size() == text.size()) return true;
        text.remove_prefix(part.size() + 1);
    }
}

constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

bool has_name_characters(std::string_view text) {
    return text.find_first_not_of(name_characters) == std::string_view::npos;
}

}  // namespace

bool is_domain_name(std::string_view text) {
    constexpr std::size_t longest_name = 253, longest_label = 63;  // RFC 1035 2.3.4, as text
    if (!text.empty() && text.back() == '.') text.remove_suffix(1);
    return text.size() <= longest_name && dotted(text, longest_label, has_name_characters);
}

bool is_bus_name(std::string_view text) {
    constexpr std::size_t longest = 255;
    const auto element = [](std::string_view part) {
        return (part[0] < '0' || part[0] > '9') && has_name_characters(part);
    };
    return text.size() <= longest && text.find('.') != std::string_view::npos && dotted(text, longest, element);
}

bool is_unit_name(std::string_view text) {
    constexpr std::size_t longest = 255;
    const auto other = [](char c) { return c == ':' || c == '.' || c == '\\' || c == '@'; };
    const auto fits = [&](char c) { return other(c) || name_characters.find(c) != std::string_view::npos; };
    return !text.empty() && text.size() <= longest && text[0] != '-' && std::all_of(text.begin(), text.end(), fits);
}

bool is_device_name(std::string_view text) {
    constexpr std::size_t longest = 15;  // IFNAMSIZ - 1
    return !text.empty() && text.size() <= longest && text.find('/') == std::string_view::npos && text != "." &&
           text != ".." &&
           std::none_of(text.begin(), text.end(), [](char c) { return c == ' ' || (c >= 0 && c < 32); });
}

}  // namespace vrrpd::config
