// The number of the one descriptor that the agent is started with. For the supervisor and the agent.
#pragma once

namespace vrrpd::agent {

inline constexpr int channel_descriptor = 3;

}  // namespace vrrpd::agent
