// Definitions. Sequences are in sequence.cpp.
#include "vrrpd/config/expand.hpp"

#include <fmt/format.h>

#include "vrrpd/config/values.hpp"

namespace vrrpd::config {
namespace {

constexpr unsigned deepest = 32;
constexpr std::size_t longest_line = 65'536;  // after expansion

std::uint64_t hash(std::string_view text) {  // FNV-1a
    std::uint64_t value = 1469598103934665603U;
    for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return value;
}

}  // namespace

// keepalived seeds ${_RANDOM} from the clock. From the host's id it differs between hosts, too, and stays
// over a reload, so that a reload does not change what nobody edited.
Definitions::Definitions(std::string id, FileSource& files) : id_(std::move(id)), files_(files), random_(hash(id_)) {}

std::optional<Definition> Definitions::replace(const std::string& name, std::string value) {
    std::optional<Definition> former;
    if (const auto found = values_.find(name); found != values_.end()) former = std::move(found->second);
    values_[name] = {std::move(value)};
    return former;
}

void Definitions::restore(const std::string& name, std::optional<Definition> former) {
    if (former) {
        values_[name] = std::move(*former);
    } else {
        values_.erase(name);
    }
}

std::optional<Definitions::Reference> Definitions::reference(std::string_view text, std::size_t at) {
    std::size_t end = at + 1;
    const bool braced = end < text.size() && text[end] == '{';
    if (braced) ++end;
    const auto from = end;
    if (end >= text.size() || !is_name_start(text[end])) return std::nullopt;
    while (end < text.size() && is_name(text[end])) ++end;
    if (!braced) {
        const bool ends =
            end == text.size() || is_blank(text[end]) || text[end] == ',' || text[end] == ')' || text[end] == '/';
        if (!ends) return std::nullopt;
        return Reference{std::string(text.substr(from, end - from)), end - at, false};
    }
    while (end < text.size() && text[end] != '}') ++end;
    if (end == text.size()) return std::nullopt;
    return Reference{std::string(text.substr(from, end - from)), end + 1 - at, true};
}

std::string Definitions::random(std::string_view arguments) {
    std::int64_t low = 0;
    std::int64_t high = 32'767;
    const auto words = split_words(Text(arguments, 0)).lines;
    if (!words.empty()) {
        low = parse_integer(words[0][0].text).value_or(low);
        if (words[0].size() > 1) high = parse_integer(words[0][1].text).value_or(high);
    }
    if (low < 0 || high < low || high > 32'767) return "0";
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;  // Knuth's MMIX generator
    const auto width = static_cast<std::uint64_t>(high - low + 1);
    return std::to_string(low + static_cast<std::int64_t>((random_ >> 33) % width));
}

std::optional<Definition> Definitions::value_of(const std::string& name) {
    if (const auto found = values_.find(name); found != values_.end()) return found->second;
    if (name == "_PWD") return Definition{directory_};
    if (name == "_INSTANCE") return Definition{id_};
    if (name == "_HASH") return Definition{"#"};
    if (name == "_BANG") return Definition{"!"};
    const auto blank = name.find_first_of(" \t");
    const auto head = name.substr(0, blank);
    const auto tail =
        blank == std::string::npos ? std::string() : std::string(trim(std::string_view(name).substr(blank)));
    if (head == "_RANDOM") return Definition{random(tail)};
    if (head == "_ENV" && !tail.empty()) {
        if (auto value = files_.environment(tail)) return Definition{std::move(*value)};
    }
    return std::nullopt;
}

// A sequence binds names of its own: what stands beside it is expanded when it is repeated.
void Definitions::expand_value(const Text& value, Expanded& out, Budget& budget, unsigned depth) {
    const bool is_sequence =
        value.chars().find("~SEQ") != std::string_view::npos || value.chars().find("~LST(") != std::string_view::npos;
    if (!is_sequence) return expand_into(value, out, budget, depth);
    out.line.append(value);
    out.again = true;
}

void Definitions::expand_into(const Text& line, Expanded& out, Budget& budget, unsigned depth) {
    const auto chars = line.chars();
    bool quoted = false;
    for (std::size_t at = 0; at < chars.size() && !out.stopped;) {
        if (!budget.spend(1) || out.line.size() > longest_line) {
            out.problem = fmt::format("the definitions make a line longer than {} characters", longest_line);
            out.column = line.column(at);
            out.stopped = true;
            return;
        }
        if (chars[at] == '"') quoted = !quoted;
        const auto found = chars[at] == '$' ? reference(chars, at) : std::nullopt;
        const auto value = found ? value_of(found->name) : std::nullopt;
        if (!value) {
            if (found && found->braced && !quoted) {
                out.problem =
                    fmt::format("${{{0}}} is not defined: write '${0}=value' on a line before it", found->name);
                out.column = line.column(at);
            }
            out.line.append(chars[at], line.column(at));
            ++at;
            continue;
        }
        if (!budget.spend(256)) {
            out.stopped = true;
            return;
        }
        if (depth == deepest) {
            out.problem = fmt::format("the definition of {} contains itself", found->name);
            out.column = line.column(at);
            out.stopped = true;
            return;
        }
        const auto column = line.column(at);
        at += found->length;
        const bool several = value->size() > 1;
        if (several && at < chars.size()) {
            out.problem = fmt::format("{} stands for several lines and must end its line", found->name);
            out.column = column;
            out.stopped = true;
            return;
        }
        if (!value->empty()) expand_value(Text(value->front(), column), out, budget, depth + 1);
        if (several) out.more.insert(out.more.end(), value->begin() + 1, value->end());
    }
}

Definitions::Expanded Definitions::expand(const Text& line, Budget& budget) {
    Expanded out;
    const bool as_it_is = line.size() <= longest_line && line.chars().find('$') == std::string_view::npos;
    if (as_it_is && budget.spend(line.size()))
        out.line = line;
    else if (as_it_is)
        out.stopped = true;
    else
        expand_into(line, out, budget, 0);
    return out;
}

}  // namespace vrrpd::config
