// The block walker. One statement at a time; a fault never ends the walk.
#include "vrrpd/config/reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/text.hpp"

namespace vrrpd::config {
namespace {

constexpr std::size_t most_faults = 1000;

bool takes_argument(Shape shape) {
    switch (shape) {
        case Shape::word:
        case Shape::integer:
        case Shape::decimal:
        case Shape::milliseconds:
        case Shape::address:
        case Shape::choice:
        case Shape::command:
        case Shape::named_block:
            return true;
        default:
            return false;
    }
}

bool opens_block(Shape shape) {
    return shape == Shape::block || shape == Shape::named_block || shape == Shape::items || shape == Shape::skip_block;
}

// Where else the word would be at home.
std::string belongs_to(Block here, std::string_view word) {
    for (auto block = Block::root; block <= last_block; block = static_cast<Block>(static_cast<int>(block) + 1)) {
        if (block != here && find_keyword(block, word) != nullptr) return fmt::format("it belongs in {}", name(block));
    }
    return {};
}

}  // namespace

// ---- faults ------------------------------------------------------------------------------------------

void Reader::add(Severity severity, Place place, std::string text, bool prevents_start) {
    if (faults_.size() >= most_faults) {
        ++not_shown_;
        hidden_prevents_start_ |= prevents_start;
        return;
    }
    Position at;
    if (place.line < lines_.size()) {
        const auto& line = lines_[place.line];
        at = line.at;
        if (place.word < line.words.size()) at.column = line.words[place.word].column;
    }
    faults_.push_back({place, {severity, at, std::move(text), prevents_start}});
}

void Reader::fault(Severity severity, Place place, std::string text) { add(severity, place, std::move(text), false); }
void Reader::fatal(Severity severity, Place place, std::string text) { add(severity, place, std::move(text), true); }

void Reader::warn_once(const std::string& about, Place place, std::string text) {
    if (warned_.insert(about).second) fault(Severity::warning, place, std::move(text));
}

std::vector<Fault> Reader::take_faults() {
    std::stable_sort(faults_.begin(), faults_.end(),
                     [](const Placed& a, const Placed& b) { return a.place.line < b.place.line; });
    std::vector<Fault> faults;
    std::set<std::string> said;  // a sequence repeats its faults with its lines
    for (auto& placed : faults_) {
        if (said.insert(placed.fault.describe()).second) faults.push_back(std::move(placed.fault));
    }
    if (not_shown_ > 0) {
        faults.push_back({Severity::error, {}, fmt::format("and {} faults more", not_shown_), hidden_prevents_start_});
    }
    return faults;
}

// ---- arguments ---------------------------------------------------------------------------------------

std::optional<std::int64_t> Reader::integer(const Statement& s) {
    const auto value = parse_integer(s.word(1));
    if (value && *value >= s.keyword.low && *value <= s.keyword.high) return value;
    fault(Severity::error, s.place(1),
          fmt::format("{} '{}' is not {}: write a number from {} to {}", s.keyword.name, s.word(1),
                      value ? "in range" : "a whole number", s.keyword.low, s.keyword.high));
    return std::nullopt;
}

std::optional<std::int64_t> Reader::millionths(const Statement& s) {
    const auto value = parse_decimal(s.word(1));
    const bool fits = value && value->millionths >= s.keyword.low && value->millionths <= s.keyword.high;
    if (!fits) {
        const auto* const unit = s.keyword.shape == Shape::milliseconds ? "milliseconds" : "seconds";
        fault(Severity::error, s.place(1),
              fmt::format("{} '{}' is not {}{}: write {} from {} to {}", s.keyword.name, s.word(1),
                          value ? "in range" : "a number of ", value ? "" : unit, unit, decimal_text(s.keyword.low),
                          decimal_text(s.keyword.high)));
        return std::nullopt;
    }
    if (value->rounded) {
        fault(Severity::error, s.place(1),
              fmt::format("{} '{}' has more than six places: {} is used", s.keyword.name, s.word(1),
                          decimal_text(value->millionths)));
    }
    return value->millionths;
}

std::optional<bool> Reader::boolean(const Statement& s) {
    if (s.size() < 2) return true;
    const auto value = parse_boolean(s.word(1));
    if (!value) {
        fault(Severity::error, s.place(1),
              fmt::format("{} '{}': write on, true, yes, off, false or no", s.keyword.name, s.word(1)));
    }
    return value;
}

std::optional<IpAddress> Reader::address(const Statement& s) {
    const auto value = parse_bare_address(s.word(1));
    if (!value) {
        fault(Severity::error, s.place(1),
              fmt::format("{} '{}' is not an IP address: write one like 192.0.2.1 or fe80::1", s.keyword.name,
                          s.word(1)));
    }
    return value;
}

bool Reader::choice(const Statement& s) {
    const auto list = fmt::format(" {} ", s.keyword.choices);
    if (list.find(fmt::format(" {} ", s.word(1))) != std::string::npos) return true;
    fault(Severity::error, s.place(1),
          fmt::format("{} '{}': write one of: {}", s.keyword.name, s.word(1), s.keyword.choices));
    return false;
}

// The value of a keyword that nobody acts on is judged all the same.
void Reader::check_value(const Statement& s) {
    switch (s.keyword.shape) {
        case Shape::integer:
            (void)integer(s);
            return;
        case Shape::optional_integer:
            if (s.size() > 1) (void)integer(s);
            return;
        case Shape::decimal:
        case Shape::milliseconds:
            (void)millionths(s);
            return;
        case Shape::optional_switch:
            (void)boolean(s);
            return;
        case Shape::address:
            (void)address(s);
            return;
        case Shape::choice:
            (void)choice(s);
            return;
        default:
            return;
    }
}

// ---- statements --------------------------------------------------------------------------------------

bool Reader::at(std::string_view brace) const { return next_ < lines_.size() && is_brace(lines_[next_], brace); }

void Reader::skip_balanced() {
    if (!at("{")) return;
    const bool has_name = next_ > 0 && !is_brace(lines_[next_ - 1], "{") && !is_brace(lines_[next_ - 1], "}");
    const Place opened{has_name ? next_ - 1 : next_, 0};
    std::size_t nesting = 0;
    do {
        if (at("{")) ++nesting;
        if (at("}")) --nesting;
        look_for_swallowed(next_++);
    } while (nesting > 0 && next_ < lines_.size());
    if (nesting > 0) never_closed(opened, lines_[opened.line].words[0].text, false);
}

// Where a '}' was forgotten, the next block most often begins.
void Reader::look_for_swallowed(std::size_t index) {
    const auto* const keyword = find_keyword(Block::root, lines_[index].words[0].text);
    const bool opens = keyword != nullptr && opens_block(keyword->shape) && index + 1 < lines_.size() &&
                       is_brace(lines_[index + 1], "{");
    if (opens) swallowed_.push_back(index);
}

void Reader::never_closed(Place opened, std::string_view name, bool prevents_start) {
    balanced_ = false;
    auto text = fmt::format("'}}' is missing: {} is never closed", name);
    const auto first = std::upper_bound(swallowed_.begin(), swallowed_.end(), opened.line);
    if (first != swallowed_.end()) {
        const auto& line = lines_[*first];
        text += fmt::format("; {} in line {} is taken as part of it", line.words[0].text, line.at.line);
    }
    add(Severity::error, opened, std::move(text), prevents_start);
}

void Reader::say_support(const Statement& s) {
    const auto& k = s.keyword;
    const auto because = k.consequence.empty() ? std::string() : fmt::format(": {}", k.consequence);
    switch (k.support) {
        case Support::acted:
        case Support::accepted:
            return;
        case Support::unsupported:
            return warn_once(std::string(k.part_of.empty() ? k.name : k.part_of), s.place(),
                             fmt::format("{}: not supported, ignored{}", k.name, because));
        case Support::lvs:
            return warn_once(
                std::string(k.name), s.place(),
                fmt::format("{}: part of keepalived's load balancer, which vrrpd is not: skipped", k.name));
    }
}

bool Reader::missing(const Statement& s) {
    if (!takes_argument(s.keyword.shape) || s.size() > 1) return false;
    if (s.keyword.survives_without_value) {
        fault(Severity::error, s.place(), fmt::format("a value is missing after {}: it is left out", s.keyword.name));
        return true;
    }
    add(is_our_own(s.keyword) ? Severity::error : Severity::missing, s.place(),
        fmt::format("a value is missing after {}", s.keyword.name), true);
    return true;
}

bool Reader::expect_brace(const Statement& s) {
    if (at("{")) {
        ++next_;
        return true;
    }
    balanced_ = false;
    add(Severity::error, s.place(), fmt::format("'{{' is missing after {}", s.keyword.name), is_our_own(s.keyword));
    // Gone on as if it were there; but at the end of the text there is no block to read.
    return next_ < lines_.size();
}

void Reader::enter(const Statement& s) {
    if (expect_brace(s)) walk(s.keyword.opens, s.place());
}

void Reader::skip(const Statement&) { skip_balanced(); }

void Reader::items(const Statement& s) {
    if (s.keyword.open != nullptr) s.keyword.open(*this, s);
    if (!expect_brace(s)) return;
    while (next_ < lines_.size() && !at("}")) {
        if (at("{")) {
            fault(Severity::error, {next_, 0},
                  fmt::format("unexpected '{{' inside {}: the block is skipped", s.keyword.name));
            skip_balanced();
            continue;
        }
        const auto index = next_++;
        look_for_swallowed(index);
        if (s.keyword.handle != nullptr) s.keyword.handle(*this, Statement{s.keyword, lines_[index], index});
    }
    if (next_ == lines_.size()) {
        never_closed(s.place(), s.keyword.name, is_our_own(s.keyword));
        return;
    }
    ++next_;
}

void Reader::open_block(const Statement& s) {
    const std::size_t words = s.keyword.shape == Shape::named_block ? 2 : 1;
    if (s.keyword.shape != Shape::skip_block && s.size() > words) {
        add(Severity::error, s.place(words), fmt::format("unexpected words before the '{{' of {}", s.keyword.name),
            is_our_own(s.keyword));
    }
    if (s.keyword.shape == Shape::skip_block) return skip_balanced();
    if (s.keyword.shape == Shape::items) return items(s);
    if (s.keyword.handle != nullptr) return s.keyword.handle(*this, s);
    enter(s);
}

void Reader::unknown(Block block, const Line& line, std::size_t index) {
    const auto& word = line.words[0].text;
    const auto near = nearest_keyword(block, word);
    auto advice = belongs_to(block, word);
    if (!near.empty()) advice = fmt::format("did you mean {}?", near);
    add(Severity::error, {index, 0},
        fmt::format("unknown keyword '{}' in {}{}{}", word, name(block), advice.empty() ? "" : ": ", advice),
        is_ours(block));
    if (block != Block::root) look_for_swallowed(index);
    if (at("{")) skip_balanced();
}

void Reader::statement(Block block, const Line& line, std::size_t index) {
    const auto* keyword = find_keyword(block, line.words[0].text);
    if (keyword == nullptr) return unknown(block, line, index);
    const Statement s{*keyword, line, index};
    say_support(s);
    if (missing(s)) return skip_balanced();
    if (opens_block(keyword->shape)) return open_block(s);
    if (keyword->handle != nullptr) {
        keyword->handle(*this, s);
    } else {
        check_value(s);
    }
    if (at("{")) {
        add(Severity::error, {next_, 0}, fmt::format("unexpected '{{' after {}: the block is skipped", keyword->name),
            is_our_own(*keyword));
        skip_balanced();
    }
}

// keepalived's words may come again, and the last one counts; of ours each has one meaning.
void Reader::say_twice(Block block, std::size_t index, std::set<std::string_view>& seen) {
    const auto* keyword = is_ours(block) ? find_keyword(block, lines_[index].words[0].text) : nullptr;
    if (keyword == nullptr || keyword->repeats || seen.insert(keyword->name).second) return;
    fatal(Severity::error, {index, 0},
          fmt::format("{} stands twice in this {}: write it once", keyword->name, name(block)));
}

void Reader::walk(Block block, Place opened) {
    const auto outer = block_;
    block_ = block;
    std::set<std::string_view> seen;
    while (next_ < lines_.size()) {
        if (at("{")) {
            add(Severity::error, {next_, 0}, "unexpected '{': the block is skipped", is_ours(block));
            skip_balanced();
            continue;
        }
        if (at("}")) {
            ++next_;
            if (block != Block::root) {
                block_ = outer;
                return;
            }
            balanced_ = false;
            fault(Severity::error, {next_ - 1, 0}, "unexpected '}': no block is open here");
            continue;
        }
        const auto index = next_++;
        say_twice(block, index, seen);
        statement(block, lines_[index], index);
    }
    if (block != Block::root) {
        never_closed(opened, name(block), is_ours(block));
    }
}

void Reader::read_all() { walk(Block::root, {}); }

}  // namespace vrrpd::config
