// See dump.hpp. A script a line, its fields behind tabs; the command, which may hold anything, comes last.
#include "vrrpd/ipc/dump.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace vrrpd::ipc {

namespace {

constexpr std::size_t numbers = 4;  // in the order of encode()

}  // namespace

std::string encode(const std::vector<ScriptState>& scripts) {
    std::string text;
    for (const auto& script : scripts) {
        auto command = script.command;
        std::replace(command.begin(), command.end(), '\n', ' ');
        text += script.name;
        for (const unsigned number : {static_cast<unsigned>(script.run), script.result, script.user, script.group})
            text += '\t' + std::to_string(number);
        text += '\t' + command + '\n';
    }
    return text;
}

std::vector<ScriptState> decode_scripts(std::string_view text) {
    std::vector<ScriptState> scripts;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto take = [&line] {
            const auto field = line.substr(0, line.find('\t'));
            line.remove_prefix(std::min(field.size() + 1, line.size()));
            return field;
        };
        ScriptState script;
        script.name = take();
        std::array<unsigned, numbers> values{};
        bool fits = true;
        for (auto& value : values) {
            const auto field = take();
            const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
            fits = fits && error == std::errc() && end == field.data() + field.size();
        }
        if (!fits || values[0] > static_cast<unsigned>(ScriptState::Run::killing)) continue;
        script.run = static_cast<ScriptState::Run>(values[0]);
        script.result = values[1];
        script.user = values[2];
        script.group = values[3];
        script.command = line;
        scripts.push_back(std::move(script));
    }
    return scripts;
}

}  // namespace vrrpd::ipc
