#include "vrrpd/engine/core/status.hpp"

#include <nlohmann/json.hpp>

#include "vrrpd/engine/core/describe.hpp"
#include "vrrpd/proto/tracking.hpp"

namespace vrrpd::engine {

namespace {

using Json = nlohmann::ordered_json;

double seconds(Duration duration) {
    return static_cast<double>(std::chrono::round<std::chrono::milliseconds>(duration).count()) / 1e3;
}

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json reasons(const std::vector<proto::Tracked>& tracked) {
    auto list = Json::array();
    for (const auto& one : tracked)
        list.push_back({{"name", one.name},
                        {"weight", one.weight},
                        {"reverse", one.reverse},
                        {"up", one.up},
                        {"number", or_null(one.number)},
                        {"contributes", proto::contribution(one)}});
    return list;
}

Json addresses(const config::Instance& instance) {
    auto list = Json::array();
    for (const auto* part : {&instance.addresses, &instance.excluded_addresses})
        for (const auto& address : *part) list.push_back(address.prefix.to_string());
    return list;
}

Json counters(const Router& router) {
    const auto& counted = router.counters;
    auto rejected = Json::object();
    for (std::size_t kind = 0; kind < proto::rejection_kinds; ++kind)
        if (const auto count = router.troubles->rejected[kind]; count > 0)
            rejected[std::string(proto::name(static_cast<proto::Rejection>(kind)))] = count;
    return {{"adverts_received", counted.adverts_received},
            {"adverts_sent", counted.adverts_sent},
            {"priority_zero_received", counted.zero_received},
            {"priority_zero_sent", counted.zero_sent},
            {"became_master", counted.became_active},
            {"released_master", counted.released},
            {"rejected", std::move(rejected)}};
}

Json master(const Router& router, const MemberName& member) {
    const auto peer = router.machine.active_peer();
    if (!peer) return nullptr;
    return {{"address", peer->to_string()}, {"name", or_null(member(*peer))}};
}

// Names come from a file and need not be UTF-8.
void append(std::string& list, const Json& object) {
    if (!list.empty()) list += ',';
    list += object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void StatusReport::add(const RouterStatus& status, Instant now, const MemberName& member) {
    const auto& router = status.router;
    const auto& config = *router.config;
    append(instances_, {{"name", config.name},
                        {"interface", config.interface},
                        {"family", config.family == Family::ipv4 ? "ipv4" : "ipv6"},
                        {"vrid", config.vrid.value()},
                        {"state", name(router.machine.role())},
                        {"since", seconds(now - router.since)},
                        {"priority", config.parameters.priority.value()},
                        {"effective_priority", router.machine.effective_priority().value()},
                        {"reasons", reasons(router.troubles->tracked)},
                        {"faults", status.faults},
                        {"missing", status.missing},
                        {"sync_group", status.sync_group.empty() ? Json(nullptr) : Json(status.sync_group)},
                        {"master", master(router, member)},
                        {"advert_interval", seconds(config.parameters.advert_interval)},
                        {"down_interval", seconds(router.machine.down_interval())},
                        {"addresses", addresses(config)},
                        {"counters", counters(router)}});
}

void StatusReport::add(const GroupStatus& group, Instant now) {
    append(groups_, {{"name", group.name},
                     {"state", name(group.role)},
                     {"since", seconds(now - group.since)},
                     {"members", group.members}});
}

void StatusReport::add(const BfdStatus& status, Instant now) {
    const auto& session = status.session;
    const auto& counted = status.counters;
    auto rejected = Json::object();
    for (std::size_t kind = 0; kind < counted.rejected.size(); ++kind)
        if (const auto count = counted.rejected[kind]; count > 0)
            rejected[std::string(proto::name(static_cast<proto::BfdRejection>(kind)))] = count;
    append(sessions_, {{"name", status.config.name},
                       {"neighbor", status.config.neighbor.to_string()},
                       {"interface", status.device.empty() ? Json(nullptr) : Json(status.device)},
                       {"state", status.observed ? "Unknown" : proto::name(session.state())},
                       {"since", seconds(now - status.since)},
                       {"diagnostic", proto::name(session.diagnostic())},
                       {"remote_diagnostic", proto::name(session.remote().diagnostic)},
                       {"transmit_interval", seconds(session.transmit_interval())},
                       {"detection_time", seconds(session.detection_time())},
                       {"counters",
                        {{"sent", counted.sent},
                         {"received", counted.received},
                         {"became_up", counted.became_up},
                         {"went_down", counted.went_down},
                         {"rejected", std::move(rejected)}}}});
}

void StatusReport::add(const GatewayStatus& gateway, proto::Role role) {
    Json wan(nullptr);
    if (gateway.readiness.wan) {
        const auto& tracked = *gateway.readiness.wan;
        const auto hop = gateway.next_hop ? std::optional(gateway.next_hop->to_string()) : std::nullopt;
        wan = {{"device", tracked.name}, {"next_hop", or_null(hop)}, {"up", tracked.up}, {"weight", tracked.weight}};
    }
    auto dns = Json::array();
    for (const auto& server : gateway.dns)
        dns.push_back({{"address", server.address.to_string()}, {"port", server.port}});
    auto services = Json::array();
    for (const auto& service : gateway.readiness.services)
        if (!service.up) services.push_back({{"name", service.name}, {"weight", service.weight}});
    append(gateways_, {{"name", gateway.config.name},
                       {"follows", gateway.config.follows},
                       {"state", name(role)},
                       {"ready", gateway.obstacles.empty()},
                       {"obstacles", gateway.obstacles},
                       {"wan", std::move(wan)},
                       {"dns", std::move(dns)},
                       {"services", std::move(services)},
                       {"fence", gateway.fence_open ? "open" : "shut"}});
}

std::string StatusReport::text() const {
    return std::string(R"({"observing":)") + (observing_ ? "true" : "false") + R"(,"instances":[)" + instances_ +
           R"(],"sync_groups":[)" + groups_ + R"(],"bfd":[)" + sessions_ + R"(],"gateways":[)" + gateways_ + "]}";
}

}  // namespace vrrpd::engine
