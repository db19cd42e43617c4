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

// What the supervisor alone knows of a tracked script: told with the request for DumpForm::data.
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
[[nodiscard]] std::string encode(const std::vector<ScriptState>& scripts);
// Text that does not fit is left out.
[[nodiscard]] std::vector<ScriptState> decode_scripts(std::string_view text);

}  // namespace vrrpd::ipc
