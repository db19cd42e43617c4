#include "vrrpd/ctl/page.hpp"

#include <algorithm>

namespace vrrpd::ctl {

namespace {

bool continues(char octet) { return (static_cast<unsigned char>(octet) & 0xc0U) == 0x80; }  // a character of UTF-8

std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

// The octets of the first `count` characters.
std::size_t octets(std::string_view text, std::size_t count) {
    std::size_t at = 0;
    while (at < text.size() && (count > 0 || continues(text[at]))) {
        if (!continues(text[at])) --count;
        ++at;
    }
    return at;
}

// Nothing that a terminal would act on.
std::string tame(std::string_view text) {
    std::string result(text);
    std::replace_if(
        result.begin(), result.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }, '?');
    return result;
}

// How much of `text` goes into a line with `room`: up to a blank, or as much as there is room.
std::size_t piece(std::string_view text, std::size_t room) {
    if (width(text) <= room) return text.size();
    const auto most = octets(text, room);
    const auto blank = text.rfind(' ', most);
    const auto first_word = text.find_first_not_of(' ');
    return blank == std::string_view::npos || blank <= first_word ? most : blank;
}

}  // namespace

void Page::line(std::string_view text, std::size_t hanging) {
    const auto all = tame(text);
    std::string_view rest = all;
    std::string indent;
    do {
        const auto length = piece(rest, columns - indent.size());
        text_ += indent;
        text_ += rest.substr(0, length);
        text_ += '\n';
        rest.remove_prefix(length);
        rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
        indent.assign(std::min(hanging, columns / 2), ' ');
    } while (!rest.empty());
}

void Page::gap() {
    if (!text_.empty()) text_ += '\n';
}

std::string padded(std::string_view text, std::size_t wanted) {
    std::string result(text);
    result.append(wanted > width(text) ? wanted - width(text) : 0, ' ');
    return result + ' ';
}

}  // namespace vrrpd::ctl
