// What BFD sessions counted, as lines of STATE/auth (auth_file.hpp), for the next daemon.
#pragma once

#include <string>
#include <string_view>

#include "vrrpd/ipc/shared_state.hpp"

namespace vrrpd::supervisor {

// "bfd/NAME SENT RECEIVED UP DOWN [KIND COUNT]...": no device has a name with a '/'.
[[nodiscard]] std::string bfd_counter_lines(const ipc::SharedState& state);
// false: the line is none of these. One that makes no sense is left out.
bool take_bfd_counters(const std::string& line, ipc::SharedState& state);

}  // namespace vrrpd::supervisor
