// Lines as one text and back: what goes from the supervisor to the engine through the memfd. Numbers in decimal,
// strings as length:bytes; nothing in a configuration can break out of its field.
#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::config {
namespace {

constexpr std::string_view magic = "vrrpd-lines-1\n";

void put(std::string& out, std::size_t number) { fmt::format_to(std::back_inserter(out), "{} ", number); }

void put(std::string& out, std::string_view text) {
    put(out, text.size());
    out.append(text);
}

class Input {
public:
    explicit Input(std::string_view text) : text_(text) {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return text_.empty(); }

    std::size_t number(std::size_t most = std::numeric_limits<unsigned>::max()) {
        std::size_t value = 0;
        const auto* end = text_.data() + text_.size();
        const auto [stop, error] = std::from_chars(text_.data(), end, value);
        if (error != std::errc() || stop == end || *stop != ' ' || value > most) return failed();
        text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()) + 1);
        return value;
    }

    std::string string() {
        const auto size = number();
        if (!ok_ || size > text_.size()) {
            failed();
            return {};
        }
        std::string value(text_.substr(0, size));
        text_.remove_prefix(size);
        return value;
    }

private:
    std::size_t failed() {
        ok_ = false;
        text_ = {};
        return 0;
    }

    std::string_view text_;
    bool ok_ = true;
};

std::optional<Line> read_line(Input& in) {
    Line line;
    line.at.file = in.string();
    line.at.line = static_cast<unsigned>(in.number());
    line.at.column = static_cast<unsigned>(in.number());
    const auto words = in.number();
    for (std::size_t i = 0; i < words && in.ok(); ++i) {
        Word word;
        word.column = static_cast<unsigned>(in.number());
        word.quoted = in.number(1) == 1;
        word.text = in.string();
        line.words.push_back(std::move(word));
    }
    if (!in.ok() || line.words.empty()) return std::nullopt;
    return line;
}

}  // namespace

std::string serialize(const std::vector<Line>& lines) {
    std::string out(magic);
    for (const auto& line : lines) {
        put(out, line.at.file);
        put(out, line.at.line);
        put(out, line.at.column);
        put(out, line.words.size());
        for (const auto& word : line.words) {
            put(out, word.column);
            put(out, word.quoted ? std::size_t{1} : std::size_t{0});
            put(out, word.text);
        }
    }
    return out;
}

std::optional<std::vector<Line>> deserialize(std::string_view text) {
    if (text.substr(0, magic.size()) != magic) return std::nullopt;
    Input in(text.substr(magic.size()));
    std::vector<Line> lines;
    while (!in.at_end()) {
        auto line = read_line(in);
        if (!line) return std::nullopt;
        lines.push_back(std::move(*line));
    }
    if (!in.ok()) return std::nullopt;
    return lines;
}

}  // namespace vrrpd::config
