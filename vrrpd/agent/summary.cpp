#include "vrrpd/agent/summary.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <nlohmann/json.hpp>

namespace vrrpd::agent {

namespace {

using nlohmann::json;

constexpr std::array role_words{std::string_view("initialize"), std::string_view("backup"), std::string_view("active")};
constexpr std::array service_words{std::string_view("none"), std::string_view("up"), std::string_view("down")};
constexpr std::int64_t longest_age = 1LL << 48;
constexpr std::int64_t highest_term = std::numeric_limits<std::int64_t>::max();
constexpr int highest_priority = 255;

// A word that only a newer version knows is none that this one could act on: the first.
template <class Value, std::size_t Count>
Value value_of(const std::array<std::string_view, Count>& words, std::string_view word) {
    const auto at = std::find(words.begin(), words.end(), word);
    return static_cast<Value>(at == words.end() ? 0 : at - words.begin());
}

std::string text_of(const json& object, const char* key) {
    const auto at = object.find(key);
    return at == object.end() || !at->is_string() ? std::string()
                                                  : printable(at->get_ref<const std::string&>(), summary_text_max);
}

std::int64_t number_of(const json& object, const char* key, std::int64_t most) {
    const auto at = object.find(key);
    if (at == object.end() || !at->is_number_integer()) return -1;
    if (at->is_number_unsigned() && at->get<std::uint64_t>() > static_cast<std::uint64_t>(most)) return -1;
    return at->get<std::int64_t>();
}

std::vector<std::string> obstacles_of(const json& object) {
    std::vector<std::string> result;
    const auto at = object.find("obstacles");
    if (at == object.end() || !at->is_array()) return result;
    for (const auto& obstacle : *at)
        if (obstacle.is_string() && result.size() < obstacles_max)
            result.push_back(printable(obstacle.get_ref<const std::string&>(), summary_text_max));
    return result;
}

GatewaySummary gateway_of(const json& object) {
    GatewaySummary result;
    result.gateway = text_of(object, "name");
    result.role = value_of<proto::Role>(role_words, text_of(object, "role"));
    result.role_age = std::chrono::milliseconds(std::max<std::int64_t>(0, number_of(object, "for_ms", longest_age)));
    if (const auto priority = number_of(object, "priority", highest_priority); priority >= 0)
        result.priority = static_cast<int>(priority);
    result.obstacles = obstacles_of(object);
    result.dhcp = value_of<ServiceState>(service_words, text_of(object, "dhcp"));
    result.dns = value_of<ServiceState>(service_words, text_of(object, "dns"));
    result.lan_dhcp = value_of<ServiceState>(service_words, text_of(object, "lan_dhcp"));
    result.term.value = static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_of(object, "term", highest_term)));
    return result;
}

json json_of(const GatewaySummary& gateway, std::size_t obstacles) {
    json result{{"name", printable(gateway.gateway, summary_text_max)},
                {"role", to_string(gateway.role)},
                {"for_ms", gateway.role_age.count()},
                {"obstacles", json::array()},
                {"dhcp", to_string(gateway.dhcp)},
                {"dns", to_string(gateway.dns)},
                {"lan_dhcp", to_string(gateway.lan_dhcp)},
                {"term", gateway.term.value}};
    if (gateway.priority) result["priority"] = *gateway.priority;
    for (std::size_t i = 0; i < std::min(gateway.obstacles.size(), obstacles); ++i)
        result["obstacles"].push_back(printable(gateway.obstacles[i], summary_text_max));
    return result;
}

}  // namespace

std::string_view to_string(ServiceState state) { return service_words[static_cast<std::size_t>(state)]; }

std::string_view to_string(proto::Role role) { return role_words[static_cast<std::size_t>(role)]; }

std::string printable(std::string_view text, std::size_t most) {
    std::string result(text.substr(0, most));
    std::replace_if(
        result.begin(), result.end(), [](char letter) { return letter < 0x20 || letter >= 0x7f; }, '?');
    return result;
}

std::string encode(const Summary& summary) {
    // With one obstacle each it always fits: that it is not ready must not get lost with the reasons.
    for (std::size_t obstacles = obstacles_max;; obstacles /= 2) {
        json document{{"version", printable(summary.version, summary_text_max)}, {"gateways", json::array()}};
        for (std::size_t i = 0; i < std::min(summary.gateways.size(), summary_gateways_max); ++i)
            document["gateways"].push_back(json_of(summary.gateways[i], obstacles));
        auto text = document.dump();
        if (text.size() <= summary_max || obstacles == 1) return text;
    }
}

std::optional<Summary> decode_summary(std::string_view text) {
    if (text.size() > summary_max) return std::nullopt;
    const auto document = json::parse(text, nullptr, false);
    if (!document.is_object()) return std::nullopt;
    const auto gateways = document.find("gateways");
    if (gateways == document.end() || !gateways->is_array()) return std::nullopt;
    Summary result{text_of(document, "version"), {}};
    for (const auto& gateway : *gateways) {
        if (!gateway.is_object() || result.gateways.size() == summary_gateways_max) return std::nullopt;
        result.gateways.push_back(gateway_of(gateway));
    }
    return result;
}

}  // namespace vrrpd::agent
