// Files -> Lines: includes, @ID lines, definitions and sequences. Every file comes through the
// FileSource; nothing here asks the system.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "vrrpd/config/expand.hpp"
#include "vrrpd/config/route_names.hpp"
#include "vrrpd/config/secret_lines.hpp"
#include "vrrpd/config/values.hpp"

namespace vrrpd::config {
namespace {

constexpr std::size_t longest_raw_line = 1023;  // keepalived's
constexpr std::size_t no_line = 65'536;         // nobody wrote this: a file that is none of ours
constexpr std::size_t deepest_include = 32;
constexpr std::size_t deepest_expansion = 32;
constexpr std::size_t most_lines = 200'000;
constexpr std::size_t most_files = 5'000;  // opened; files that include each other crosswise never end otherwise

// "/a/b" + "../c.conf" -> "/a/c.conf": one file has one name, so that a loop is seen at once.
std::string normal_path(std::string_view path) {
    std::vector<std::string_view> parts;
    const bool absolute = !path.empty() && path[0] == '/';
    while (!path.empty()) {
        const auto slash = std::min(path.find('/'), path.size());
        const auto part = path.substr(0, slash);
        path.remove_prefix(std::min(slash + 1, path.size()));
        if (part.empty() || part == ".") continue;
        const bool goes_up = part == ".." && !parts.empty() && parts.back() != "..";
        if (goes_up) {
            parts.pop_back();
        } else if (part != ".." || !absolute) {
            parts.push_back(part);
        }
    }
    std::string text = absolute ? "/" : "";
    for (std::size_t i = 0; i < parts.size(); ++i) text.append(i > 0 ? "/" : "").append(parts[i]);
    return text.empty() ? "." : text;
}

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// "a{b,c}d" -> "abd", "acd"; nested braces too. For includeb, where every alternative must match.
std::vector<std::string> brace_alternatives(const std::string& pattern) {
    const auto open = pattern.find('{');
    if (open == std::string::npos) return {pattern};
    std::vector<std::string> parts(1);
    int nesting = 0;
    std::size_t at = open;
    for (; at < pattern.size(); ++at) {
        const char c = pattern[at];
        if (c == '{' && nesting++ == 0) continue;
        if (c == '}' && --nesting == 0) break;
        if (c == ',' && nesting == 1) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    if (at == pattern.size() || parts.size() > 64) return {pattern};
    std::vector<std::string> result;
    for (const auto& part : parts) {
        auto more = brace_alternatives(pattern.substr(0, open) + part + pattern.substr(at + 1));
        result.insert(result.end(), more.begin(), more.end());
        if (result.size() > 256) break;
    }
    return result;
}

// What an include keyword insists on.
struct IncludePolicy {
    bool readable = false, match = false, wildcard = false, braces = false;
    // `plain`: what include_check has set for a plain include.
    static std::optional<IncludePolicy> of(std::string_view keyword, const IncludePolicy& plain) {
        if (keyword == "include") return plain;
        if (keyword == "includer") return IncludePolicy{true, false, false, false};
        if (keyword == "includem") return IncludePolicy{true, true, false, false};
        if (keyword == "includew") return IncludePolicy{true, true, true, false};
        if (keyword == "includeb") return IncludePolicy{true, false, false, true};
        if (keyword == "includea") return all();
        return std::nullopt;
    }
    static IncludePolicy all() { return {true, true, true, true}; }
    // By include_check's words; null: no such word.
    static bool IncludePolicy::*check(std::string_view word) {
        if (word == "read") return &IncludePolicy::readable;
        if (word == "match") return &IncludePolicy::match;
        if (word == "wildcard_match") return &IncludePolicy::wildcard;
        if (word == "brace_match") return &IncludePolicy::braces;
        return nullptr;
    }
};

class Loader {
public:
    Loader(const LoadOptions& options, FileSource& files)
        : options_(options), files_(files), definitions_(options.id, files) {}

    Loaded run() {
        read_root(options_.root);
        if (options_.gateway_file) read_second(*options_.gateway_file);
        if (pending_) fault(Severity::error, 0, "the last line of a definition must not end in '\\'");
        warn_of_unnamed_host();
        return std::move(result_);
    }

private:
    void fault(Severity severity, unsigned column, std::string text, bool prevents_start = false) {
        if (result_.faults.size() >= 1000) return;  // the first thousand say enough
        Fault fault{severity, {at_.file, at_.line, column}, std::move(text), prevents_start};
        // A definition or a sequence repeats its faults with its lines.
        if (said_.insert(fault.describe()).second) result_.faults.push_back(std::move(fault));
    }

    void read_root(const std::string& root) {
        const auto matches = files_.glob(root, ".");
        at_ = {root, 0, 0};
        if (matches.empty()) {
            result_.file_missing = true;
            const auto severity = options_.as_keepalived ? Severity::note : Severity::error;
            fault(severity, 0, "there is no such file: write one, or name it with -f", !options_.as_keepalived);
            return;
        }
        if (matches.size() > 1) fault(Severity::note, 0, "the name matches several files; all are read, in order");
        for (const auto& path : matches) read_file(path, Severity::unusable);
    }

    void read_second(const std::string& path) {
        at_ = {path, 0, 0};
        if (files_.glob(path, ".").empty()) {
            fault(Severity::error, 0, "there is no such file: write one, or leave --gateway-file out", true);
            return;
        }
        read_file(path, Severity::unusable);
    }

    // `unreadable`: how bad it is that the file cannot be read.
    void read_file(const std::string& name, Severity unreadable) {
        if (stopped_) return;
        if (++opened_ > most_files) return stop();
        const auto path = normal_path(name);
        if (loops(path)) return;
        const auto text = files_.read(path);
        if (!text) {
            const auto why = text.error().code == 0 ? text.error().what : text.error().describe();
            fault(unreadable, 0, why, unreadable != Severity::note);
            return;
        }
        const auto above = at_;
        const auto plain_above = plain_;
        stack_.push_back(path);
        definitions_.set_directory(directory_of(path));
        read_text(path, *text);
        stack_.pop_back();
        if (!stack_.empty()) definitions_.set_directory(directory_of(stack_.back()));
        at_ = above;
        plain_ = plain_above;  // include_check holds to the end of its file
    }

    bool loops(const std::string& path) {
        const bool again = std::find(stack_.begin(), stack_.end(), path) != stack_.end();
        if (!again && stack_.size() < deepest_include) return false;
        if (!looping_.insert(path).second) return true;
        std::string chain;
        for (const auto& file : stack_) chain += file + " -> ";
        fault(Severity::error, 0, fmt::format("files include each other without end: {}{}", chain, path), true);
        return true;
    }

    void read_text(const std::string& path, std::string_view text) {
        constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
        at_ = {path, 1, 1};
        if (text.starts_with(byte_order_mark)) {
            text.remove_prefix(byte_order_mark.size());
            fault(Severity::error, 1,
                  "the file begins with a byte order mark, with which keepalived does not know its first word: save it "
                  "as UTF-8 without");
        }
        at_ = {path, 0, 0};
        if (!budget_.spend(text.size() + 1)) return stop();
        const auto ends_line = [](char c) { return c == '\n' || c == '{'; };  // a brace becomes a line of its own
        make_room(static_cast<std::size_t>(std::count_if(text.begin(), text.end(), ends_line)));
        while (!text.empty() && !stopped_) {
            const auto end = std::min(text.find('\n'), text.size());
            ++at_.line;
            raw_line(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
    }

    // For so many more lines, so that a long file is not copied again and again; by doubling at least, for many files.
    void make_room(std::size_t more) {
        auto& lines = result_.lines;
        const auto wanted = std::min(lines.size() + more, most_lines);
        if (wanted > lines.capacity()) lines.reserve(std::max(wanted, 2 * lines.capacity()));
    }

    void stop() {
        if (stopped_) return;
        stopped_ = true;
        fault(Severity::error, 0,
              "the configuration is too long, or its includes, definitions and sequences make too much of it", true);
    }

    void raw_line(std::string_view raw) {
        if (raw.find('\0') != std::string_view::npos) {
            return fault(Severity::error, 0, "the line contains a NUL byte and is ignored");
        }
        if (raw.size() > no_line) {
            return fault(Severity::error, 0, fmt::format("the line is longer than {} characters and ignored", no_line));
        }
        if (raw.size() > longest_raw_line) {
            fault(Severity::error, longest_raw_line + 1,
                  fmt::format("the line is longer than {} characters, keepalived would tear it: write it as several",
                              longest_raw_line));
        }
        auto line = without_comment(raw);
        // A line of a definition that is only a comment neither ends the definition nor is part of it.
        const bool only_comment = line.empty() && !trim(raw).empty();
        if (pending_ && only_comment) return;
        if (pending_) return continue_definition(std::move(line));
        line_of(std::move(line), 0);
    }

    // One line, from a file (depth 0) or out of a definition or sequence.
    void line_of(Text line, unsigned depth) {
        line = std::move(line).trimmed();
        if (line.empty() || stopped_) return;
        if (!budget_.spend(line.size() + 64)) return stop();
        if (depth > deepest_expansion) {
            return fault(Severity::error, line.column(0), "a definition contains itself", true);
        }
        if (line[0] == '@' && !meant_for_us(line)) return;
        if (line.empty() || define(line)) return;
        repeat_or_emit(line, depth);
    }

    // `@ID rest` and `@^ID rest`. Leaves the rest in `line`.
    bool meant_for_us(Text& line) {
        const auto chars = line.chars();
        const bool inverted = chars.size() > 1 && chars[1] == '^';
        const std::size_t from = inverted ? 2 : 1;
        std::size_t end = from;
        while (end < chars.size() && !is_blank(chars[end])) ++end;
        const std::string id(chars.substr(from, end - from));
        if (!inverted && named_.size() < 10'000 && !id.empty() &&
            std::find(named_.begin(), named_.end(), id) == named_.end()) {
            if (named_.empty()) first_named_ = {at_.file, at_.line, line.column(0)};
            named_.push_back(id);
        }
        // A definition's further lines belong to it whether it is ours or not.
        const bool ours = (id == options_.id) != inverted;
        const auto rest = line.sub(end).trimmed();
        if (!ours && !rest.empty() && rest[0] == '$' && rest[rest.size() - 1] == '\\') skip_definition(rest);
        line = rest;
        return ours;
    }

    bool include(const Text& line) {
        const auto chars = line.chars();
        std::size_t end = 0;
        while (end < chars.size() && !is_blank(chars[end])) ++end;
        auto policy = IncludePolicy::of(chars.substr(0, end), plain_);
        if (!policy) return false;
        const auto pattern = std::string(trim(chars.substr(end)));
        if (pattern.empty()) {
            fault(Severity::error, line.column(0), "the name of a file is missing after include");
            return true;
        }
        if (options_.all_includes_fatal) policy = IncludePolicy::all();
        include_files(pattern, *policy, line.column(end + 1));
        return true;
    }

    void include_files(const std::string& pattern, const IncludePolicy& policy, unsigned column) {
        const auto directory = directory_of(at_.file);
        const auto alternatives = brace_alternatives(pattern);
        std::vector<std::string> paths;
        std::string unmatched;
        for (const auto& alternative : alternatives) {
            const auto matches = files_.glob(alternative, directory);
            if (matches.empty()) unmatched = alternative;
            paths.insert(paths.end(), matches.begin(), matches.end());
        }
        const bool wildcard = pattern.find_first_of("*?[") != std::string::npos;
        const bool braces = alternatives.size() > 1;
        if (!unmatched.empty()) {
            const bool nothing = paths.empty() && (wildcard ? policy.wildcard : policy.match);
            const bool fatal = nothing || (braces && policy.braces);
            // Exit class 6, as of "an include check failed".
            fault(fatal ? Severity::security : Severity::note, column,
                  fmt::format("no file matches '{}': nothing is included", unmatched), fatal);
        }
        for (const auto& path : paths) read_file(path, policy.readable ? Severity::security : Severity::note);
    }

    // `$NAME=value`, taken apart.
    static std::optional<std::pair<std::string, std::string_view>> definition(std::string_view line) {
        if (line.size() < 2 || line[0] != '$' || !is_name_start(line[1])) return std::nullopt;
        std::size_t end = 2;
        while (end < line.size() && is_name(line[end])) ++end;
        if (end == line.size() || line[end] != '=') return std::nullopt;
        return std::pair{std::string(line.substr(1, end - 1)), trim(line.substr(end + 1))};
    }

    // A value that ends in '\' goes on until a line that does not.
    bool define(const Text& line) {
        const auto found = definition(line.chars());
        if (!found) return false;
        auto [name, value] = *found;
        if (value.empty() || value.back() != '\\') {
            definitions_.define(name, {std::string(value)});
            return true;
        }
        value = trim(value.substr(0, value.size() - 1));
        pending_ = Pending{name, {}, true};
        if (!value.empty()) pending_->lines.emplace_back(value);
        return true;
    }

    void skip_definition(const Text& line) {
        if (define(line) && pending_) pending_->ours = false;
    }

    void continue_definition(Text line) {
        const bool more = !line.empty() && line[line.size() - 1] == '\\';
        if (more) line = line.sub(0, line.size() - 1).trimmed();
        if (!line.empty()) pending_->lines.emplace_back(line.chars());
        if (more) return;
        if (pending_->ours) definitions_.define(pending_->name, std::move(pending_->lines));
        pending_.reset();
    }

    void repeat_or_emit(const Text& line, unsigned depth) {
        std::string problem;
        const auto sequence = definitions_.sequence(line, budget_, problem);
        if (!problem.empty()) return fault(Severity::error, line.column(0), problem + ": the line is left out");
        if (!sequence) return expand(line, depth);
        std::vector<std::optional<Definition>> former(sequence->names.size());
        for (std::size_t i = 0; i < sequence->values.size() && !stopped_; ++i) {
            for (std::size_t name = 0; name < sequence->names.size(); ++name) {
                auto before = definitions_.replace(sequence->names[name], sequence->values[i][name]);
                if (i == 0) former[name] = std::move(before);
            }
            if (!budget_.spend(1)) return stop();
            line_of(sequence->rest, depth + 1);
        }
        for (std::size_t name = 0; name < sequence->names.size(); ++name) {
            definitions_.restore(sequence->names[name], std::move(former[name]));
        }
    }

    // Definitions may hide what begins a line: "$TEST @low ..." with TEST empty.
    static bool begins_anew(const Text& line) {
        if (line.empty() || (line[0] != '@' && line[0] != '$')) return false;
        return line[0] == '@' || definition(line.chars()).has_value();
    }

    void expand(const Text& line, unsigned depth) {
        auto expanded = definitions_.expand(line, budget_);
        if (budget_.exhausted()) return stop();
        if (!expanded.problem.empty()) fault(Severity::error, expanded.column, expanded.problem);
        const bool changed = expanded.line.chars() != line.chars();  // else "@ID @ID word" would be judged twice
        if (expanded.again || !expanded.more.empty() || (changed && begins_anew(expanded.line.trimmed()))) {
            // The first line of a block definition may itself be a sequence, a definition, a condition.
            line_of(expanded.line, depth + 1);
            const auto column = line.column(line.size() - 1);
            for (const auto& more : expanded.more) line_of(Text(more, column), depth + 1);
            return;
        }
        const auto whole = std::move(expanded.line).trimmed();
        if (!include(whole)) emit(whole);
    }

    void emit(const Text& line) {
        // A definition that is ${_HASH} comments its line out.
        if (line.empty() || line[0] == '#' || line[0] == '!') return;
        auto split = split_words(line);
        if (split.unbalanced != 0)
            fault(Severity::error, split.unbalanced, fmt::format("a closing {} is missing", split.quote));
        for (auto& words : split.lines) {
            if (result_.lines.size() >= most_lines) return stop();
            obey(words);
            result_.lines.push_back({{at_.file, at_.line, words[0].column}, std::move(words)});
        }
    }

    // The two keywords that say how the text itself is to be read.
    void obey(const std::vector<Word>& words) {
        if (words[0].text == "include_check") return check_includes(words);
        if (words[0].text != "random_seed" || words.size() < 2) return;
        if (const auto seed = parse_integer(words[1].text)) definitions_.seed(static_cast<std::uint64_t>(*seed));
    }

    // include_check [WORD] [+WORD | -WORD]...: no word means all. A second plain word counts for nothing with
    // keepalived; that is said here.
    void check_includes(const std::vector<Word>& words) {
        plain_ = words.size() == 1 ? IncludePolicy::all() : IncludePolicy{};
        for (std::size_t i = 1; i < words.size(); ++i) {
            std::string_view word = words[i].text;
            const bool is_signed = !word.empty() && (word[0] == '+' || word[0] == '-');
            const bool on = word.empty() || word[0] != '-';
            if (is_signed) word.remove_prefix(1);
            const auto field = IncludePolicy::check(word);
            if (field == nullptr || (!is_signed && i > 1)) {
                fault(Severity::error, words[i].column,
                      fmt::format("include_check '{}': write read, match, wildcard_match or brace_match, from the "
                                  "second on with + or - before it",
                                  words[i].text));
                continue;
            }
            plain_.*field = on;
        }
    }

    // The letters count: `h001` is not `H001`.
    void warn_of_unnamed_host() {
        if (named_.empty() || std::find(named_.begin(), named_.end(), options_.id) != named_.end()) return;
        const auto lower = [](std::string text) {
            for (char& c : text) {
                if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
            }
            return text;
        };
        std::string names;
        for (std::size_t i = 0; i < std::min<std::size_t>(named_.size(), 5); ++i)
            names += (i > 0 ? ", " : "") + named_[i];
        auto text = fmt::format("no @ID line names this host, which is '{}' (the lines name {}): give -i ID",
                                options_.id, names);
        for (const auto& name : named_) {
            if (lower(name) == lower(options_.id))
                text = fmt::format("no @ID line names this host: it is '{}', the line says '{}', and case matters",
                                   options_.id, name);
        }
        result_.faults.push_back({Severity::note, first_named_, text, false});
    }

    struct Pending {
        std::string name;
        Definition lines;
        bool ours = true;
    };

    const LoadOptions& options_;
    FileSource& files_;
    Definitions definitions_;
    Budget budget_;
    Loaded result_;
    std::set<std::string> said_;
    Position at_;
    IncludePolicy plain_;             // of plain includes
    std::set<std::string> looping_;   // files of which a loop was reported
    std::size_t opened_ = 0;          // files, so far
    std::vector<std::string> stack_;  // the files that are open, outermost first
    std::optional<Pending> pending_;
    std::vector<std::string> named_;  // by @ID lines
    Position first_named_;
    bool stopped_ = false;
};

}  // namespace

Loaded load(const LoadOptions& options, FileSource& files) {
    auto loaded = Loader(options, files).run();
    read_key_files(loaded, files);
    read_route_names(loaded, files);
    return loaded;
}

}  // namespace vrrpd::config
