// See dump.hpp. A script or an identity a line, which begins with its kind; the fields stand behind tabs, what may hold
// anything comes last.
#include "vrrpd/ipc/dump.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace vrrpd::ipc {

namespace {

constexpr char script_line = 's', identity_line = 'i';

// The fields of a line, one after the other.
class Fields {
public:
    explicit Fields(std::string_view line) : line_(line) {}

    std::string_view word() {
        const auto field = line_.substr(0, line_.find('\t'));
        line_.remove_prefix(std::min(field.size() + 1, line_.size()));
        return field;
    }
    unsigned number() {
        const auto field = word();
        unsigned value = 0;
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
        fits_ = fits_ && error == std::errc() && end == field.data() + field.size();
        return value;
    }
    [[nodiscard]] std::string_view rest() const { return line_; }
    [[nodiscard]] bool fits() const { return fits_; }

private:
    std::string_view line_;
    bool fits_ = true;
};

std::optional<ScriptState> script_of(Fields line) {
    ScriptState script;
    script.name = line.word();
    const auto run = line.number();
    script.result = line.number();
    script.user = line.number();
    script.group = line.number();
    script.command = line.rest();
    if (!line.fits() || run > static_cast<unsigned>(ScriptState::Run::killing)) return std::nullopt;
    script.run = static_cast<ScriptState::Run>(run);
    return script;
}

std::optional<ScriptIdentity> identity_of(Fields line) {
    ScriptIdentity identity;
    identity.uid = line.number();
    identity.gid = line.number();
    identity.user = line.word();
    identity.group = line.rest();
    if (!line.fits()) return std::nullopt;
    return identity;
}

}  // namespace

std::string encode(const KnownScripts& scripts) {
    std::string text;
    for (const auto& script : scripts.tracked) {
        auto command = script.command;
        std::replace(command.begin(), command.end(), '\n', ' ');
        text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", script_line, script.name, static_cast<unsigned>(script.run),
                            script.result, script.user, script.group, command);
    }
    for (const auto& one : scripts.identities)
        text += fmt::format("{}\t{}\t{}\t{}\t{}\n", identity_line, one.uid, one.gid, one.user, one.group);
    return text;
}

KnownScripts decode_scripts(std::string_view text) {
    KnownScripts scripts;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        Fields fields(line);
        const auto kind = fields.word();
        if (kind == std::string_view(&script_line, 1)) {
            if (auto script = script_of(fields)) scripts.tracked.push_back(std::move(*script));
        } else if (kind == std::string_view(&identity_line, 1)) {
            if (auto identity = identity_of(fields)) scripts.identities.push_back(std::move(*identity));
        }
    }
    return scripts;
}

std::string quoted(const std::vector<std::string>& command) {
    std::string text;
    for (const auto& word : command) text += fmt::format("{}'{}'", text.empty() ? "" : " ", word);
    return text;
}

std::string identity_text(const std::vector<ScriptIdentity>& known, std::string_view user, std::string_view group) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const auto& one) { return one.user == user && one.group == group; });
    return found == known.end() ? std::string() : fmt::format(", uid:gid {}:{}", found->uid, found->gid);
}

}  // namespace vrrpd::ipc
