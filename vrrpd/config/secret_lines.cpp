// Lines that hold secrets. auth_hmac's `key ID file:PATH`: the file's content takes the place of its name when the text
// is loaded, so that whoever parses the lines later asks no file. And lines without their secrets, for
// those who need none.
#include "vrrpd/config/secret_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vrrpd/config/text.hpp"

namespace vrrpd::config {

namespace {

constexpr std::size_t largest_key_file = 4096;

enum class Secretive { none, authentication, auth_hmac };

Secretive opened_by(const Line& line) {
    const auto& word = line.words[0].text;
    if (word == "authentication") return Secretive::authentication;
    return word == "auth_hmac" ? Secretive::auth_hmac : Secretive::none;
}

// Every line, and in which block it stands.
template <class Visit>
void walk(std::vector<Line>& lines, const Visit& visit) {
    auto next = Secretive::none, inside = Secretive::none;
    for (auto& line : lines) {
        if (is_brace(line, "{")) {
            inside = std::exchange(next, Secretive::none);
            continue;
        }
        if (is_brace(line, "}")) inside = Secretive::none;
        next = opened_by(line);
        visit(line, inside);
    }
}

bool is_key(const Line& line) { return line.words[0].text == "key" && line.words.size() > 2; }

std::string beside(const std::string& file, const std::string& path) {
    const auto slash = file.rfind('/');
    const bool as_it_is = path.empty() || path[0] == '/' || slash == std::string::npos;
    return as_it_is ? path : file.substr(0, slash + 1) + path;
}

void put_in_place(Loaded& loaded, const Line& line, Word& word, FileSource& files) {
    const auto say = [&](Severity severity, std::string text) {
        loaded.faults.push_back({severity, {line.at.file, line.at.line, word.column}, std::move(text), false});
    };
    const auto path = beside(line.at.file, word.text.substr(key_file_prefix.size()));
    auto file = files.read_key(path);
    if (!file) return say(Severity::error, fmt::format("the key is left out: {}", file.error().describe()));
    const std::string key(trim(file->text));
    Secret::wipe(file->text.data(), file->text.size());
    if (key.size() > largest_key_file || key.empty() || key.starts_with(key_file_prefix))
        return say(Severity::error, fmt::format("the key is left out: {} does not hold one", path));
    if (file->open_to_others)
        say(Severity::security,
            fmt::format("{} holds a key and others than its owner can read it: chmod 600 it", path));
    word.text = key;
}

}  // namespace

void read_key_files(Loaded& loaded, FileSource& files) {
    walk(loaded.lines, [&](Line& line, Secretive block) {
        if (block == Secretive::auth_hmac && is_key(line) && line.words[2].text.starts_with(key_file_prefix))
            put_in_place(loaded, line, line.words[2], files);
    });
}

// A key reads as one of which the file could not be read, a password as another one.
std::optional<std::vector<Line>> without_secrets(const std::vector<Line>& lines) {
    const auto secretive = [](const Line& line) { return opened_by(line) != Secretive::none; };
    if (std::none_of(lines.begin(), lines.end(), secretive)) return std::nullopt;
    auto result = lines;
    walk(result, [](Line& line, Secretive block) {
        const bool key = block == Secretive::auth_hmac && is_key(line);
        if (!key && block != Secretive::authentication) return;
        for (std::size_t i = 1; i < line.words.size(); ++i)
            if (!key || i > 1) line.words[i].text = key ? key_file_prefix : "PASS";
    });
    return result;
}

}  // namespace vrrpd::config
