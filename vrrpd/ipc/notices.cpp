// See notices.hpp. One field a line; a list comes last.
#include "vrrpd/ipc/notices.hpp"

#include <array>
#include <charconv>
#include <string>
#include <utility>

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

template <class Enum>
std::optional<Enum> enumerator(std::string_view text, Enum last) {
    const auto value = number<unsigned>(text);
    if (!value || *value > static_cast<unsigned>(last)) return std::nullopt;
    return static_cast<Enum>(*value);
}

std::optional<std::pair<std::string, bool>> up_or_down(std::string_view text) {
    const auto all = fields<2>(text);
    if (!all || ((*all)[1] != "up" && (*all)[1] != "down")) return std::nullopt;
    return std::pair(std::string((*all)[0]), (*all)[1] == "up");
}

constexpr std::array role_words{std::string_view("initialize"), std::string_view("backup"), std::string_view("active")};

std::optional<proto::Role> role(std::string_view word) {
    for (std::size_t i = 0; i < role_words.size(); ++i)
        if (role_words[i] == word) return static_cast<proto::Role>(i);
    return std::nullopt;
}

}  // namespace

DnsChoice DnsChoice::nobody(const std::string& gateway, Family family) {
    return {gateway, family == Family::ipv4 ? IpAddress::v4(0, 0, 0, 0) : *IpAddress::parse("::"), 0};
}

std::string encode(const DnsChoice& choice) {
    return choice.gateway + '\n' + choice.to.to_string() + '\n' + std::to_string(choice.port);
}

std::string encode(const ServiceWeight& weight) {
    return weight.gateway + '\n' + weight.service + '\n' + std::to_string(weight.weight);
}

std::string encode(const DnsHealth& health) { return health.gateway + (health.up ? "\nup" : "\ndown"); }

std::string encode(const DhcpSilence& silence) { return silence.gateway + (silence.silent ? "\ndown" : "\nup"); }

std::string encode(const WanState& state) { return state.gateway + (state.up ? "\nup" : "\ndown"); }

std::string encode(const RoleChange& change) {
    return change.gateway + '\n' + std::string(role_words[static_cast<std::size_t>(change.role)]) +
           (change.resumed ? "\nresumed" : "\nnew");
}

std::string encode(const Readiness& readiness) {
    std::string text = readiness.gateway;
    for (const auto& obstacle : readiness.obstacles) text += '\n' + obstacle;
    return text;
}

std::string encode(const Standing& standing) {
    return standing.gateway + '\n' + std::to_string(standing.priority) + '\n' +
           std::to_string(standing.since.time_since_epoch().count());
}

std::string encode(const Scan& scan) {
    return scan.gateway + '\n' + scan.first.to_string() + '\n' + scan.last.to_string() + '\n' +
           std::to_string(scan.pace.count());
}

std::string encode(const HostAlive& host) {
    return host.gateway + '\n' + host.address.to_string() + '\n' + host.mac.to_string();
}

std::string encode(const DhcpOffer& offer) { return offer.gateway + '\n' + offer.server.to_string(); }

std::string encode(const TrackerState& state) {
    return state.name + '\n' + std::to_string(static_cast<unsigned>(state.kind)) + '\n' +
           std::to_string(static_cast<unsigned>(state.health)) + '\n' + std::to_string(state.number) + '\n' +
           state.detail;
}

std::string encode(const Notice& notice) {
    return std::to_string(static_cast<unsigned>(notice.object)) + '\t' +
           std::to_string(static_cast<unsigned>(notice.event)) + '\t' + std::to_string(notice.priority) + '\t' +
           notice.name;
}

std::string encode(const Notices& notices) {
    std::string text;
    for (const auto& notice : notices.all) text += encode(notice) + '\n';
    return text;
}

std::string encode(const Units& units) {
    std::string text = units.gateway;
    for (const auto& unit : units.all)
        text += '\n' + std::string(unit.wanted ? "start " : "stop ") + unit.name + ' ' + unit.problem;
    return text;
}

std::string encode(const Alert& alert) { return alert.gateway + '\n' + alert.json; }

template <>
std::optional<DnsChoice> decode(std::string_view text) {
    const auto all = fields<3>(text);
    if (!all) return std::nullopt;
    const auto to = IpAddress::parse((*all)[1]);
    const auto port = number<std::uint16_t>((*all)[2]);
    if (!to || !port || to->is_unspecified() != (*port == 0)) return std::nullopt;
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
std::optional<DnsHealth> decode(std::string_view text) {
    const auto all = up_or_down(text);
    return all ? std::optional(DnsHealth{all->first, all->second}) : std::nullopt;
}

template <>
std::optional<DhcpSilence> decode(std::string_view text) {
    const auto all = up_or_down(text);
    return all ? std::optional(DhcpSilence{all->first, !all->second}) : std::nullopt;
}

template <>
std::optional<WanState> decode(std::string_view text) {
    const auto all = up_or_down(text);
    return all ? std::optional(WanState{all->first, all->second}) : std::nullopt;
}

template <>
std::optional<RoleChange> decode(std::string_view text) {
    const auto all = fields<3>(text);
    const auto is = all ? role((*all)[1]) : std::nullopt;
    if (!is || ((*all)[2] != "resumed" && (*all)[2] != "new")) return std::nullopt;
    return RoleChange{std::string((*all)[0]), *is, (*all)[2] == "resumed"};
}

template <>
std::optional<Readiness> decode(std::string_view text) {
    Readiness result;
    for (bool first = true;; first = false) {
        const auto end = text.find('\n');
        const std::string line(text.substr(0, end));
        if (line.empty()) return std::nullopt;
        if (first)
            result.gateway = line;
        else
            result.obstacles.push_back(line);
        if (end == std::string_view::npos) return result;
        text.remove_prefix(end + 1);
    }
}

template <>
std::optional<Standing> decode(std::string_view text) {
    const auto all = fields<3>(text);
    if (!all) return std::nullopt;
    const auto priority = number<std::uint8_t>((*all)[1]);
    const auto since = number<Duration::rep>((*all)[2]);
    if (!priority || *priority == 0 || !since) return std::nullopt;
    return Standing{std::string((*all)[0]), *priority, Instant(Duration(*since))};
}

template <>
std::optional<Scan> decode(std::string_view text) {
    const auto all = fields<4>(text);
    if (!all) return std::nullopt;
    const auto first = IpAddress::parse((*all)[1]), last = IpAddress::parse((*all)[2]);
    const auto pace = number<std::uint32_t>((*all)[3]);
    if (!first || !last || !pace || first->family() != Family::ipv4 || last->family() != Family::ipv4)
        return std::nullopt;
    return Scan{std::string((*all)[0]), *first, *last, std::chrono::milliseconds(*pace)};
}

template <>
std::optional<HostAlive> decode(std::string_view text) {
    const auto all = fields<3>(text);
    if (!all) return std::nullopt;
    const auto address = IpAddress::parse((*all)[1]);
    const auto mac = MacAddress::parse((*all)[2]);
    if (!address || !mac) return std::nullopt;
    return HostAlive{std::string((*all)[0]), *address, *mac};
}

template <>
std::optional<DhcpOffer> decode(std::string_view text) {
    const auto all = fields<2>(text);
    const auto server = all ? IpAddress::parse((*all)[1]) : std::nullopt;
    if (!server) return std::nullopt;
    return DhcpOffer{std::string((*all)[0]), *server};
}

template <>
std::optional<TrackerState> decode(std::string_view text) {
    const auto all = fields<5>(text);
    if (!all) return std::nullopt;
    const auto kind = enumerator((*all)[1], TrackerState::Kind::process);
    const auto health = enumerator((*all)[2], TrackerState::Health::disabled);
    const auto value = number<std::int64_t>((*all)[3]);
    if (!kind || !health || !value) return std::nullopt;
    return TrackerState{*kind, std::string((*all)[0]), *health, *value, std::string((*all)[4])};
}

// The name comes last: it may hold a tab.
template <>
std::optional<Notice> decode(std::string_view text) {
    std::array<std::string_view, 3> all;
    for (auto& field : all) {
        const auto end = text.find('\t');
        if (end == std::string_view::npos) return std::nullopt;
        field = text.substr(0, end);
        text.remove_prefix(end + 1);
    }
    const auto object = enumerator(all[0], Notice::Object::group);
    const auto event = enumerator(all[1], Notice::Event::backup_priority);
    const auto priority = number<std::uint8_t>(all[2]);
    if (!object || !event || !priority) return std::nullopt;
    return Notice{*object, *event, *priority, std::string(text)};
}

template <>
std::optional<Notices> decode(std::string_view text) {
    Notices notices;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        auto notice = decode<Notice>(text.substr(0, end));
        if (!notice) return std::nullopt;
        notices.all.push_back(std::move(*notice));
        text.remove_prefix(end + 1);
    }
    return notices;
}

// A unit's name has no blank in it; what is said of it has.
template <>
std::optional<Units> decode(std::string_view text) {
    Units units{std::string(text.substr(0, text.find('\n'))), {}};
    if (units.gateway.empty()) return std::nullopt;
    text.remove_prefix(units.gateway.size());
    while (!text.empty()) {
        text.remove_prefix(1);
        const auto line = text.substr(0, text.find('\n'));
        const auto first = line.find(' '), second = line.find(' ', first + 1);
        const auto word = line.substr(0, first);
        if (second == std::string_view::npos || (word != "start" && word != "stop")) return std::nullopt;
        units.all.push_back({std::string(line.substr(first + 1, second - first - 1)), word == "start",
                             std::string(line.substr(second + 1))});
        text.remove_prefix(line.size());
    }
    return units;
}

template <>
std::optional<Alert> decode(std::string_view text) {
    const auto all = fields<2>(text);
    if (!all) return std::nullopt;
    return Alert{std::string((*all)[0]), std::string((*all)[1])};
}

}  // namespace vrrpd::ipc
