#include "vrrpd/config/own_blocks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vrrpd::config {

bool word_count(Reader& reader, const Statement& s, std::size_t least, std::size_t most, std::string_view usage) {
    if (s.size() >= least && s.size() <= most) return true;
    const bool many = s.size() > most;
    const auto what = many ? fmt::format("unexpected '{}'", s.word(most)) : std::string("too few words");
    reader.fatal(Severity::error, s.place(many ? most : 0), fmt::format("{}: write {}", what, usage));
    return false;
}

std::optional<std::int64_t> own_number(Reader& reader, const Statement& s, std::string_view what) {
    const auto usage = fmt::format("{} from {} to {}", what, s.keyword.low, s.keyword.high);
    if (!word_count(reader, s, 2, 2, fmt::format("{} and {}", s.keyword.name, usage))) return std::nullopt;
    const auto value = parse_integer(s.word(1));
    if (value && *value >= s.keyword.low && *value <= s.keyword.high) return value;
    reader.fatal(Severity::error, s.place(1), fmt::format("{} '{}': write {}", s.keyword.name, s.word(1), usage));
    return std::nullopt;
}

std::optional<std::string> own_path(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 2, 2, fmt::format("{} and one path (in quotes, if it has blanks)", s.keyword.name)))
        return std::nullopt;
    if (s.word(1)[0] == '/') return s.word(1);
    reader.fatal(Severity::error, s.place(1),
                 fmt::format("{} '{}' is no whole path: write it from / on", s.keyword.name, s.word(1)));
    return std::nullopt;
}

std::optional<std::vector<std::string>> own_command(Reader& reader, const Statement& s) {
    const auto& executable = s.line.words[1];
    if (executable.text[0] != '/') {
        reader.fatal(Severity::error, s.place(1),
                     fmt::format("{} '{}': write the whole path of the executable, like /usr/local/bin/tell-me",
                                 s.keyword.name, executable.text));
        return std::nullopt;
    }
    // keepalived's scripts are written so.
    if (executable.quoted && executable.text.find(' ') != std::string::npos) {
        reader.fatal(Severity::error, s.place(1),
                     fmt::format("{} \"{}\" would be one long name: leave the quotes away, or put them around each "
                                 "word that has blanks",
                                 s.keyword.name, executable.text));
        return std::nullopt;
    }
    std::vector<std::string> words;
    for (std::size_t i = 1; i < s.size(); ++i) words.push_back(s.word(i));
    return words;
}

Gateway* followed_gateway(Reader& reader, const Following& following) {
    auto& gateways = reader.draft().config.gateways;
    const auto fatal = [&](Place place, const std::string& text) {
        reader.fatal(Severity::error, place, fmt::format("{}: {}", following.block, text));
        return nullptr;
    };
    if (following.gateway.empty())
        return fatal(following.block_place, "follows is missing: write follows and the name of a gateway");
    const auto found = std::find_if(gateways.begin(), gateways.end(),
                                    [&](const Gateway& gateway) { return gateway.name == following.gateway; });
    if (found != gateways.end()) return &*found;
    return fatal(following.follows_place, fmt::format("there is no gateway {}{}: write the name of one that is there",
                                                      following.gateway, did_you_mean(gateways, following.gateway)));
}

}  // namespace vrrpd::config
