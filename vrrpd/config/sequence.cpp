// ~SEQ(var, [start,] [step,] end), ~SEQx (hexadecimal), ~LST(var, values) and its tuples.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/expand.hpp"
#include "vrrpd/config/values.hpp"

namespace vrrpd::config {
namespace {

constexpr std::int64_t most_repetitions = 100'000;

// Splits at commas outside braces.
std::vector<std::string> arguments(std::string_view text) {
    std::vector<std::string> parts(1);
    int nesting = 0;
    for (const char c : text) {
        if (c == '{') ++nesting;
        if (c == '}') --nesting;
        if (c == ',' && nesting == 0) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    for (auto& part : parts) part = std::string(trim(part));
    return parts;
}

std::vector<std::string> tuple(std::string_view text) {
    if (text.size() >= 2 && text.front() == '{' && text.back() == '}')
        return arguments(text.substr(1, text.size() - 2));
    return {std::string(text)};
}

std::string problem_of_numbers(const std::vector<std::string>& parts, std::int64_t& start, std::int64_t& step,
                               std::int64_t& end) {
    if (parts.size() < 2 || parts.size() > 4) return "~SEQ needs (name, [start,] [step,] end)";
    std::vector<std::int64_t> numbers;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const auto number = parse_c_integer(parts[i]);
        if (!number) return fmt::format("'{}' in ~SEQ is not a number", parts[i]);
        if (*number > INT32_MAX || *number < INT32_MIN) return fmt::format("'{}' in ~SEQ is too large", parts[i]);
        numbers.push_back(*number);
    }
    end = numbers.back();
    start = numbers.size() > 1 ? numbers[0] : 1;
    step = numbers.size() > 2 ? numbers[1] : (start <= end ? 1 : -1);
    if (step == 0 || (end - start) / step < 0 || ((end > start) != (step > 0) && end != start)) {
        return fmt::format("~SEQ from {} by {} never reaches {}", start, step, end);
    }
    const auto count = (end - start) / step + 1;
    if (count > most_repetitions)
        return fmt::format("~SEQ makes {} lines, at most {} are read", count, most_repetitions);
    return {};
}

std::string fill_numbers(Sequence& sequence, const std::vector<std::string>& parts, bool hexadecimal) {
    std::int64_t start = 0;
    std::int64_t step = 0;
    std::int64_t end = 0;
    if (auto problem = problem_of_numbers(parts, start, step, end); !problem.empty()) return problem;
    sequence.names = {parts[0]};
    for (auto value = start; step > 0 ? value <= end : value >= end; value += step) {
        sequence.values.push_back({hexadecimal ? fmt::format("{:x}", value) : fmt::format("{}", value)});
    }
    return {};
}

std::string fill_list(Sequence& sequence, const std::vector<std::string>& parts) {
    if (parts.size() < 2) return "~LST needs (name, value, ...)";
    sequence.names = tuple(parts[0]);
    for (std::size_t i = 1; i < parts.size(); ++i) {
        auto values = sequence.names.size() == 1 ? std::vector<std::string>{parts[i]} : tuple(parts[i]);
        if (values.size() != sequence.names.size()) {
            return fmt::format("'{}' in ~LST does not give a value to each of {}", parts[i], parts[0]);
        }
        sequence.values.push_back(std::move(values));
    }
    return {};
}

}  // namespace

std::optional<Sequence> Definitions::sequence(const Text& line, Budget& budget, std::string& problem) {
    const auto chars = line.chars();
    const auto at = std::min({chars.find("~SEQ("), chars.find("~SEQx("), chars.find("~LST(")});
    if (at == std::string_view::npos) return std::nullopt;
    const auto open = chars.find('(', at);
    const auto close = chars.find(')', open);
    if (close == std::string_view::npos) {
        problem = "')' is missing after the sequence";
        return std::nullopt;
    }
    const auto inside = expand(line.sub(open + 1, close - open - 1), budget);
    if (!inside.problem.empty()) {
        problem = inside.problem;
        return std::nullopt;
    }
    const auto parts = arguments(inside.line.chars());
    const auto kind = chars.substr(at, open - at);
    Sequence made;
    problem = kind == "~LST" ? fill_list(made, parts) : fill_numbers(made, parts, kind == "~SEQx");
    for (const auto& name : made.names) {
        const bool is_identifier =
            !name.empty() && is_name_start(name[0]) && std::all_of(name.begin(), name.end(), is_name);
        if (!is_identifier) problem = fmt::format("'{}' cannot be the name of a sequence's variable", name);
    }
    if (!problem.empty()) return std::nullopt;
    made.rest = line.sub(0, at);
    made.rest.append(line.sub(close + 1));
    made.rest = made.rest.trimmed();
    return made;
}

}  // namespace vrrpd::config
