// The dumps that signals ask a running daemon for: the supervisor asks the engine by their form, and writes
// what it gets to the form's file.
#pragma once

#include <cstdint>
#include <string_view>

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

}  // namespace vrrpd::ipc
