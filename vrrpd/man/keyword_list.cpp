#include "vrrpd/man/keyword_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "vrrpd/config/values.hpp"

namespace vrrpd::man {

namespace {

using config::Block;
using config::Keyword;
using config::Shape;
using config::Support;

bool is_acted_on(const Keyword& keyword) {
    return keyword.support == Support::acted || keyword.support == Support::accepted;
}

std::string numbers(const Keyword& keyword) {
    constexpr auto no_bound = std::numeric_limits<std::int32_t>::max();
    if (keyword.high == no_bound) return fmt::format("{} or more", keyword.low);
    return fmt::format("{} to {}", keyword.low, keyword.high);
}

std::string decimals(const Keyword& keyword, std::string_view unit) {
    return fmt::format("{} to {} {}", config::decimal_text(keyword.low), config::decimal_text(keyword.high), unit);
}

std::string choices(const Keyword& keyword) {
    std::string text(keyword.choices);
    std::replace(text.begin(), text.end(), ' ', '|');
    return text;
}

// Those whose handler takes the words apart may have choices and a range, too.
std::string words(const Keyword& keyword, const char* any_words) {
    if (keyword.low == 0 && keyword.high == 0) return keyword.choices.empty() ? any_words : choices(keyword);
    return keyword.choices.empty() ? numbers(keyword) : fmt::format("{} {}", choices(keyword), numbers(keyword));
}

std::string roff(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '-' || c == '\\') escaped += '\\';
        escaped += c == '\\' ? 'e' : c;
    }
    return escaped;
}

std::string line(const Keyword& keyword, std::size_t width) {
    const auto text = argument(keyword);
    const auto* const between = text.empty() || keyword.usual.empty() ? "" : "; ";
    auto line = fmt::format("{:{}}  {}{}{}", keyword.name, width, text, between, keyword.usual);
    line.erase(line.find_last_not_of(' ') + 1);
    return roff(line) + '\n';
}

std::string list_of(Block block) {
    std::size_t width = 0;
    for (const auto& keyword : config::keywords(block))
        if (is_acted_on(keyword)) width = std::max(width, keyword.name.size());
    std::string text = fmt::format(".SS {}\n.EX\n", config::name(block));
    for (const auto& keyword : config::keywords(block))
        if (is_acted_on(keyword)) text += line(keyword, width);
    return text + ".EE\n";
}

}  // namespace

std::string argument(const Keyword& keyword) {
    switch (keyword.shape) {
        case Shape::nothing:
            return "";
        case Shape::integer:
            return numbers(keyword);
        case Shape::optional_integer:
            return fmt::format("[{}]", numbers(keyword));
        case Shape::decimal:
            return decimals(keyword, "s");
        case Shape::milliseconds:
            return decimals(keyword, "ms");
        case Shape::optional_switch:
            return "[on|off]";
        case Shape::choice:
            return choices(keyword);
        case Shape::address:
            return "ADDRESS";
        case Shape::word:
        case Shape::command:
            return words(keyword, "WORD ...");
        case Shape::optional_words:
            return words(keyword, "[WORD ...]");
        case Shape::block:
            return "{ }";
        case Shape::named_block:
            return "NAME { }";
        case Shape::items:
            return "{ one a line }";
        case Shape::skip_block:
            return "[WORD ...] { }";
    }
    return "";
}

std::string keyword_list() {
    std::string text =
        ".SH EVERY KEYWORD\n"
        "Made from the tables of the program that reads them: what may follow each keyword that is acted on and, "
        "behind a\n"
        "semicolon, what holds if it is not given; in parentheses, where that comes from. s: seconds, ms: "
        "milliseconds,\n"
        "[\\|]: may be left away.\n";
    for (auto block = Block::root; block <= config::last_block; block = static_cast<Block>(static_cast<int>(block) + 1))
        text += list_of(block);
    return text;
}

}  // namespace vrrpd::man
