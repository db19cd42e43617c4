#include "vrrpd/config/process_words.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "vrrpd/config/umask.hpp"

namespace vrrpd::config {

namespace {

constexpr std::size_t longest_name = 15;  // TASK_COMM_LEN without its zero
constexpr unsigned most_cpus = 1024;      // CPU_SETSIZE
constexpr unsigned all_permissions = 0777;

void set_name(Reader& reader, const Statement& s, std::string& name) {
    name = s.word(1).substr(0, longest_name);
    if (s.word(1).size() > longest_name)
        reader.fault(Severity::error, s.place(1),
                     fmt::format("a process name has at most {} characters: {} is used", longest_name, name));
}

// "IRUSR", "IWGRP", "IRWXO" ...: what of the nine bits.
std::optional<unsigned> permission(std::string_view name) {
    struct Named {
        std::string_view name;
        unsigned bits;
    };
    constexpr std::array names = {Named{"IRUSR", 0400}, Named{"IWUSR", 0200}, Named{"IXUSR", 0100},
                                  Named{"IRWXU", 0700}, Named{"IRGRP", 0040}, Named{"IWGRP", 0020},
                                  Named{"IXGRP", 0010}, Named{"IRWXG", 0070}, Named{"IROTH", 0004},
                                  Named{"IWOTH", 0002}, Named{"IXOTH", 0001}, Named{"IRWXO", 0007}};
    for (const auto& one : names)
        if (one.name == name) return one.bits;
    return std::nullopt;
}

std::optional<unsigned> permissions(std::string_view words) {
    unsigned bits = 0;
    while (!words.empty()) {
        const auto end = std::min(words.find('|'), words.size());
        const auto one = permission(words.substr(0, end));
        if (!one) return std::nullopt;
        bits |= *one;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return bits;
}

}  // namespace

std::optional<unsigned> parse_umask(std::string_view text) {
    if (text.empty() || text[0] < '0' || text[0] > '9') return text.empty() ? std::nullopt : permissions(text);
    const bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const int base = hex ? 16 : text[0] == '0' ? 8 : 10;
    if (hex) text.remove_prefix(2);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, base);
    if (error != std::errc{} || end != text.data() + text.size() || bits > all_permissions) return std::nullopt;
    return bits;
}

void set_process_name(Reader& reader, const Statement& s) {
    set_name(reader, s, reader.draft().config.process.edit().process_name);
}

void set_engine_name(Reader& reader, const Statement& s) {
    set_name(reader, s, reader.draft().config.process.edit().engine_name);
}

void set_nice(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) reader.draft().config.process.edit().nice = static_cast<int>(*value);
}

void set_max_auto_priority(Reader& reader, const Statement& s) {
    const auto value = s.size() > 1 ? reader.integer(s) : std::optional(s.keyword.high);
    if (value) reader.draft().config.process.edit().max_auto_priority = static_cast<int>(*value);
}

void set_min_auto_delay(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s))
        reader.draft().config.process.edit().min_auto_delay = std::chrono::microseconds(*value);
}

void set_cpus(Reader& reader, const Statement& s) {
    auto& cpus = reader.draft().config.process.edit().cpus;
    for (std::size_t i = 1; i < s.size(); ++i) {
        const auto number = parse_integer(s.word(i));
        if (number && *number >= 0 && *number < most_cpus)
            cpus.push_back(static_cast<unsigned>(*number));
        else
            reader.fault(Severity::error, s.place(i),
                         fmt::format("'{}' is not the number of a processor: 0 is the first", s.word(i)));
    }
}

void set_cpu_limit(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s))
        reader.draft().config.process.edit().cpu_limit = std::chrono::microseconds(*value);
}

void set_child_wait(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s))
        reader.draft().config.process.edit().child_wait = std::chrono::seconds(*value);
}

// Its words may stand apart: "IRWXG | IRWXO".
void set_umask(Reader& reader, const Statement& s) {
    std::string text;
    for (std::size_t i = 1; i < s.size(); ++i) text += s.word(i);
    if (const auto bits = parse_umask(text))
        reader.draft().config.process.edit().umask = *bits;
    else
        reader.fault(Severity::error, s.place(1),
                     fmt::format("'{}' is no umask: write a number like 0177, or names like IRWXG|IRWXO", text));
}

void set_reload_check(Reader& reader, const Statement& s) {
    auto& process = reader.draft().config.process.edit();
    process.check_reload = true;
    if (s.size() > 1) process.check_log = s.word(1);
}

void set_reload_marker(Reader& reader, const Statement& s) {
    reader.draft().config.process.edit().reload_marker = s.size() > 1 ? s.word(1) : std::string();
}

}  // namespace vrrpd::config
