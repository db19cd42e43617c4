// Whom a message between the agent and the engine is about, and which earlier one it replaces.
#pragma once

#include <optional>
#include <string>

#include "vrrpd/ipc/channel.hpp"

namespace vrrpd::ipc {

struct Topic {
    std::string gateway;  // empty: none
    std::string subject;  // of two messages of a kind with the same, the later one replaces the other
};

// nullopt: the text is spoilt.
[[nodiscard]] std::optional<Topic> topic_of(Kind kind, const std::string& text);

}  // namespace vrrpd::ipc
