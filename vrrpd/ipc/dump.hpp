// The dumps that signals ask a running daemon for (keepalived(8), SIGNALS): the supervisor asks the engine by their
// form, and writes what it gets to the form's file.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vrrpd::ipc {

enum class DumpForm : std::uint8_t {
    data,  // is followed by bfd where there are BFD sessions
    stats,
    stats_clear,
    json,
    bfd,
};

// keepalived's names, which monitoring knows.
[[nodiscard]] constexpr std::string_view file_name(DumpForm form) {
    switch (form) {
        case DumpForm::data:
            return "keepalived.data";
        case DumpForm::stats:
        case DumpForm::stats_clear:
            return "keepalived.stats";
        case DumpForm::json:
            return "keepalived.json";
        case DumpForm::bfd:
            return "keepalived_bfd.data";
    }
    return {};
}

// What the supervisor alone knows of scripts is told with the request for DumpForm::data. Of one that is tracked:
struct ScriptState {
    enum class Run : std::uint8_t { idle, running, terminating, killing };

    std::string name;
    Run run = Run::idle;
    unsigned result = 0;  // keepalived's count, from 0 to rise + fall - 1: good from rise on
    uid_t user = 0;
    gid_t group = 0;
    std::string command;  // as it is run, quoted word by word
    bool operator==(const ScriptState&) const = default;
};
// Whom the user and the group of a script's line are on this host; both empty: who runs scripts that name nobody.
struct ScriptIdentity {
    std::string user, group;
    uid_t uid = 0;
    gid_t gid = 0;
    bool operator==(const ScriptIdentity&) const = default;
};
struct KnownScripts {
    std::vector<ScriptState> tracked;
    std::vector<ScriptIdentity> identities;

    bool operator==(const KnownScripts&) const = default;
};
[[nodiscard]] std::string encode(const KnownScripts& scripts);
// Text that does not fit is left out.
[[nodiscard]] KnownScripts decode_scripts(std::string_view text);

// "'/usr/bin/echo' 'hello'", as keepalived writes a command.
[[nodiscard]] std::string quoted(const std::vector<std::string>& command);
// ", uid:gid 0:0", as keepalived writes it behind a command; empty where nobody is known of that name.
[[nodiscard]] std::string identity_text(const std::vector<ScriptIdentity>& known, std::string_view user,
                                        std::string_view group);

}  // namespace vrrpd::ipc
