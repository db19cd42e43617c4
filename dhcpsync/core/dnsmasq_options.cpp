// dnsmasq's options out of its command line and files, in order; see dnsmasq_conf.hpp.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "dhcpsync/core/dnsmasq_conf.hpp"

namespace dhcpsync {

namespace {

constexpr std::string_view command_line = "the command line of dnsmasq";

constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// A character of a line, and whether quotes took its meaning away.
struct Character {
    char value;
    bool quoted;

    [[nodiscard]] bool is(char c) const { return !quoted && value == c; }
    [[nodiscard]] bool blank() const { return !quoted && is_blank(value); }
};
using Characters = std::vector<Character>;

char escaped(char c) {
    switch (c) {
        case 't':
            return '\t';
        case 'n':
            return '\n';
        case 'b':
            return '\b';
        case 'r':
            return '\r';
        case 'e':
            return '\033';
        default:
            return c;  // " and the backslash itself
    }
}

// Up to the closing quote; false: there is none.
bool read_quoted(std::string_view line, std::size_t& at, Characters& into) {
    for (++at; at < line.size(); ++at) {
        if (line[at] == '"') return true;
        const bool escape = line[at] == '\\' && at + 1 < line.size() &&
                            std::string_view("\"tnebr\\").find(line[at + 1]) != std::string_view::npos;
        into.push_back({escape ? escaped(line[++at]) : line[at], true});
    }
    return false;
}

// Without its comment, which begins with a # after a blank. nullopt: a quote stays open.
std::optional<Characters> read_line(std::string_view line) {
    Characters characters;
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (line[at] == '#' && (characters.empty() || characters.back().blank())) break;
        if (line[at] != '"') {
            characters.push_back({line[at], false});
        } else if (!read_quoted(line, at, characters)) {
            return std::nullopt;
        }
    }
    return characters;
}

using At = Characters::const_iterator;

std::string trimmed(At first, At last) {
    while (first != last && first->blank()) ++first;
    while (first != last && std::prev(last)->blank()) --last;
    std::string text;
    for (; first != last; ++first) text += first->value;
    return text;
}

std::vector<std::string> split(At first, At last) {
    std::vector<std::string> fields;
    if (trimmed(first, last).empty()) return fields;
    for (;;) {
        const auto comma = std::find_if(first, last, [](const Character& c) { return c.is(','); });
        fields.push_back(trimmed(first, comma));
        if (comma == last) return fields;
        first = std::next(comma);
    }
}

Characters plain(std::string_view text) {
    Characters characters;
    for (const char c : text) characters.push_back({c, false});
    return characters;
}

bool ends_with(std::string_view text, std::string_view end) { return !end.empty() && text.ends_with(end); }

// The extensions of conf-dir: with a star only those are read, without one those are not.
bool wanted(std::string_view name, const std::vector<std::string>& conf_dir) {
    if (name.empty() || name.front() == '.' || name.back() == '~') return false;
    if (name.front() == '#' && name.back() == '#') return false;
    bool some = false;
    bool matches = false;
    for (std::size_t i = 1; i < conf_dir.size(); ++i) {
        const std::string_view extension = conf_dir[i];
        if (extension.empty() || extension == "*") continue;
        if (extension.front() != '*') {
            if (ends_with(name, extension)) return false;
            continue;
        }
        some = true;
        matches |= ends_with(name, extension.substr(1));
    }
    return !some || matches;
}

std::string below(const std::string& directory, const std::string& name) {
    return directory.empty() || directory.back() == '/' ? directory + name : directory + "/" + name;
}

// Letters of dnsmasq's command line that take a value, and the long names of those that matter here.
constexpr std::string_view letters_with_value = "rmpclsitugaxSCATHQIBFGOMXVUjPJWY24678073";
constexpr auto letter_names = std::to_array<std::pair<char, std::string_view>>({
    {'a', "listen-address"}, {'C', "conf-file"},         {'7', "conf-dir"},       {'F', "dhcp-range"},
    {'G', "dhcp-host"},      {'O', "dhcp-option"},       {'i', "interface"},      {'I', "except-interface"},
    {'l', "dhcp-leasefile"}, {'X', "dhcp-lease-max"},    {'p', "port"},           {'K', "dhcp-authoritative"},
    {'5', "no-ping"},        {'z', "bind-interfaces"},   {'6', "dhcp-script"},    {'9', "leasefile-ro"},
    {'1', "enable-dbus"},    {'2', "no-dhcp-interface"}, {'s', "domain"},         {'M', "dhcp-boot"},
    {'S', "server"},         {'U', "dhcp-vendorclass"},  {'j', "dhcp-userclass"}, {'J', "dhcp-ignore"},
    {'4', "dhcp-mac"},
});

std::string name_of(char letter) {
    for (const auto& [known, name] : letter_names)
        if (known == letter) return std::string(name);
    return {letter};
}

class OptionReader {
public:
    explicit OptionReader(DnsmasqTexts& texts) : texts_(texts) {}

    DnsmasqText run(const std::vector<std::string>& words) {
        for (std::size_t i = 0; i < words.size(); ++i) read_word(words, i);
        if (!file_given_) read_default();
        for (const auto& path : command_line_files_) read_file(path, {std::string(command_line)});
        return std::move(text_);
    }

private:
    void read_default() {
        const std::string path(dnsmasq_default_file);
        seen_.insert(path);
        if (const auto content = texts_.read(path)) read_text(path, *content);
    }

    void read_word(const std::vector<std::string>& words, std::size_t& i) {
        const std::string_view word = words[i];
        const bool value_follows = i + 1 < words.size() && !words[i + 1].starts_with('-');
        if (word.starts_with("--") && word.size() > 2) {
            const auto equals = word.find('=');
            const std::string name(word.substr(2, equals == std::string_view::npos ? equals : equals - 2));
            if (equals != std::string_view::npos) return option_of_command_line(name, word.substr(equals + 1));
            return option_of_command_line(name, value_follows ? std::string_view(words[++i]) : std::string_view());
        }
        if (!word.starts_with('-') || word.size() < 2) return fault({std::string(command_line)});
        for (std::size_t at = 1; at < word.size(); ++at) {
            if (letters_with_value.find(word[at]) == std::string_view::npos) {
                option_of_command_line(name_of(word[at]), {});
                continue;
            }
            const bool here = at + 1 < word.size();
            const bool next = !here && i + 1 < words.size();
            const std::string_view value = here ? word.substr(at + 1) : next ? std::string_view(words[++i]) : "";
            return option_of_command_line(name_of(word[at]), value);
        }
    }

    void option_of_command_line(const std::string& name, std::string_view value) {
        const auto characters = plain(value);
        if (name != "conf-file")
            return act({name, split(characters.begin(), characters.end()), {std::string(command_line)}});
        file_given_ = true;
        if (!value.empty()) command_line_files_.emplace_back(value);
    }

    void fault(TextPlace at) {
        if (text_.faulty.size() < DnsmasqText::most_options) text_.faulty.push_back(std::move(at));
    }

    [[nodiscard]] bool full() {
        text_.too_much |=
            text_.files.size() >= DnsmasqText::most_files || text_.options.size() >= DnsmasqText::most_options;
        return text_.too_much;
    }

    // Keeps the option, and goes where it leads.
    void act(DnsmasqOption option) {
        if (full()) return;
        const auto where = option.at;
        if (option.name == "conf-file") {
            read_files(option.value(), where);
        } else if (option.name == "conf-dir") {
            read_directory(option.fields, where);
        } else if (option.name == "conf-script") {
            hide(option.value(), where);
        } else if (option.name == "dhcp-hostsfile" || option.name == "dhcp-hostsdir") {
            read_values(option.value(), "dhcp-host", where);
        } else if (option.name == "dhcp-optsfile" || option.name == "dhcp-optsdir") {
            read_values(option.value(), "dhcp-option", where);
        }
        text_.options.push_back(std::move(option));
    }

    void read_files(const std::string& pattern, const TextPlace& from) {
        if (pattern.find_first_of("*?[") == std::string::npos) return read_file(pattern, from);
        const auto paths = texts_.glob(pattern);
        const auto directory = pattern.substr(0, pattern.rfind('/'));
        if (paths.empty() && !texts_.list(directory)) return hide(pattern, from);
        for (const auto& path : paths) read_file(path, from);
    }

    void read_file(const std::string& path, const TextPlace& from) {
        if (path == "/dev/null") return;
        if (full() || !seen_.insert(path).second) return;  // dnsmasq reads none twice, either
        if (const auto content = texts_.read(path)) return read_text(path, *content);
        hide(path, from);
    }

    void hide(const std::string& path, const TextPlace& from) {
        text_.unread.push_back(from);
        text_.hidden.push_back(path);
    }

    void read_directory(const std::vector<std::string>& fields, const TextPlace& from) {
        if (fields.empty()) return fault(from);
        auto names = texts_.list(fields[0]);
        if (!names) return hide(fields[0], from);
        std::sort(names->begin(), names->end());
        for (const auto& name : *names)
            if (wanted(name, fields)) read_file(below(fields[0], name), from);
    }

    // A file, or every file of a directory, whose lines are the values of one option.
    void read_values(const std::string& path, const std::string& name, const TextPlace& from) {
        const auto names = texts_.list(path);
        if (!names) return read_value_file(path, name, from);
        for (const auto& file : *names)
            if (wanted(file, {path})) read_value_file(below(path, file), name, from);
    }

    void read_value_file(const std::string& path, const std::string& name, const TextPlace& from) {
        if (full()) return;
        const auto content = texts_.read(path);
        if (!content) return text_.unread.push_back(from);
        text_.files.push_back(path);
        each_line(path, *content, [&](const Characters& line, const TextPlace& at) {
            if (!full()) text_.options.push_back({name, split(line.begin(), line.end()), at});
        });
    }

    void read_text(const std::string& path, const std::string& content) {
        text_.files.push_back(path);
        each_line(path, content, [&](const Characters& line, const TextPlace& at) {
            const auto equals = std::find_if(line.begin(), line.end(), [](const Character& c) { return c.is('='); });
            auto name = trimmed(line.begin(), equals);
            if (name.empty() || name.find(' ') != std::string::npos) return fault(at);
            act({std::move(name),
                 equals == line.end() ? std::vector<std::string>() : split(std::next(equals), line.end()), at});
        });
    }

    template <class Act>
    void each_line(const std::string& path, std::string_view content, Act act_on) {
        for (unsigned number = 1; !content.empty() && !full(); ++number) {
            const auto end = std::min(content.find('\n'), content.size());
            const TextPlace at{path, number};
            const auto line = read_line(content.substr(0, end));
            content.remove_prefix(std::min(end + 1, content.size()));
            if (!line) {
                fault(at);
            } else if (!trimmed(line->begin(), line->end()).empty()) {
                act_on(*line, at);
            }
        }
    }

    DnsmasqTexts& texts_;
    DnsmasqText text_;
    std::set<std::string> seen_;
    std::vector<std::string> command_line_files_;
    bool file_given_ = false;
};

}  // namespace

std::string DnsmasqOption::value() const {
    std::string text;
    for (const auto& field : fields) text += (&field == fields.data() ? "" : ",") + field;
    return text;
}

DnsmasqText read_dnsmasq(const std::vector<std::string>& words, DnsmasqTexts& texts) {
    return OptionReader(texts).run(words);
}

}  // namespace dhcpsync
