// What the agent and the engine tell each other, through the supervisor: values, and the text they travel as. Both
// ends are one build; text that does not fit is a spoilt message and has no value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vrrpd/base/ip.hpp"

namespace vrrpd::ipc {

// agent -> engine: clients of this gateway get their DNS answers from there.
struct DnsChoice {
    std::string gateway;
    IpAddress to;
    std::uint16_t port = 0;
    bool operator==(const DnsChoice&) const = default;
};

// agent -> engine: what a service of this gateway weighs on its router's priority now. 0: nothing.
struct ServiceWeight {
    std::string gateway;
    std::string service;  // "dns"
    int weight = 0;
    bool operator==(const ServiceWeight&) const = default;
};

// engine -> agent.
struct WanState {
    std::string gateway;
    bool up = true;
    bool operator==(const WanState&) const = default;
};

// Names are words of a configuration file: no line break is in them.
[[nodiscard]] std::string encode(const DnsChoice& choice);
[[nodiscard]] std::string encode(const ServiceWeight& weight);
[[nodiscard]] std::string encode(const WanState& state);
template <class Notice>
[[nodiscard]] std::optional<Notice> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<DnsChoice> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<ServiceWeight> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<WanState> decode(std::string_view text);

}  // namespace vrrpd::ipc
