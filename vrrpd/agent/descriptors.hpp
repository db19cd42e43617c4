// The numbers of the descriptors that the supervisor gives the agent. For these two.
#pragma once

namespace vrrpd::agent {

inline constexpr int channel_descriptor = 3;
inline constexpr int configuration_descriptor = 4;  // sealed lines
inline constexpr int last_descriptor = configuration_descriptor;

}  // namespace vrrpd::agent
