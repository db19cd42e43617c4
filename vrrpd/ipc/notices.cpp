// See notices.hpp. One field a line.
#include "vrrpd/ipc/notices.hpp"

#include <array>
#include <charconv>

namespace vrrpd::ipc {

namespace {

template <std::size_t Count>
std::optional<std::array<std::string_view, Count>> fields(std::string_view text) {
    std::array<std::string_view, Count> result;
    for (std::size_t i = 0; i < Count; ++i) {
        const auto end = text.find('\n');
        if ((end == std::string_view::npos) != (i + 1 == Count)) return std::nullopt;
        result[i] = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return result;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string encode(const DnsChoice& choice) {
    return choice.gateway + '\n' + choice.to.to_string() + '\n' + std::to_string(choice.port);
}

std::string encode(const ServiceWeight& weight) {
    return weight.gateway + '\n' + weight.service + '\n' + std::to_string(weight.weight);
}

std::string encode(const WanState& state) { return state.gateway + (state.up ? "\nup" : "\ndown"); }

template <>
std::optional<DnsChoice> decode(std::string_view text) {
    const auto all = fields<3>(text);
    if (!all) return std::nullopt;
    const auto to = IpAddress::parse((*all)[1]);
    const auto port = number<std::uint16_t>((*all)[2]);
    if (!to || !port || *port == 0) return std::nullopt;
    return DnsChoice{std::string((*all)[0]), *to, *port};
}

template <>
std::optional<ServiceWeight> decode(std::string_view text) {
    const auto all = fields<3>(text);
    const auto weight = all ? number<int>((*all)[2]) : std::nullopt;
    if (!weight) return std::nullopt;
    return ServiceWeight{std::string((*all)[0]), std::string((*all)[1]), *weight};
}

template <>
std::optional<WanState> decode(std::string_view text) {
    const auto all = fields<2>(text);
    if (!all || ((*all)[1] != "up" && (*all)[1] != "down")) return std::nullopt;
    return WanState{std::string((*all)[0]), (*all)[1] == "up"};
}

}  // namespace vrrpd::ipc
