#include "vrrpd/agent/status_document.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "vrrpd/agent/alerts.hpp"

namespace vrrpd::agent {

namespace {

using Json = nlohmann::ordered_json;

double seconds(Duration duration) {
    return static_cast<double>(std::chrono::round<std::chrono::milliseconds>(duration).count()) / 1e3;
}

// The words of operators, as in the engine's part.
const char* state(proto::Role role) {
    switch (role) {
        case proto::Role::active:
            return "MASTER";
        case proto::Role::backup:
            return "BACKUP";
        case proto::Role::initialize:
            return "FAULT";
    }
    return "";
}

// What the engine says is ours; but it crosses a version boundary for a moment in an upgrade.
Json parsed(const std::optional<std::string>& engine) {
    if (!engine) return {};
    return Json::parse(*engine, nullptr, false);
}

Json list_of(const Json& document, const char* key) {
    const auto at = document.is_object() ? document.find(key) : document.end();
    return document.is_object() && at != document.end() && at->is_array() ? *at : Json::array();
}

std::string name_of(const Json& object) {
    const auto at = object.is_object() ? object.find("name") : object.end();
    return object.is_object() && at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Json candidate(const std::string& host, const GatewaySummary& gateway, const std::string& version) {
    Json result{{"host", host},
                {"self", false},
                {"state", state(gateway.role)},
                {"since", seconds(gateway.role_age)},
                {"priority", nullptr},
                {"ready", gateway.obstacles.empty()},
                {"obstacles", gateway.obstacles},
                {"dhcp", to_string(gateway.dhcp)},
                {"dns", to_string(gateway.dns)},
                {"version", version}};
    if (gateway.priority) result["priority"] = *gateway.priority;
    return result;
}

const GatewaySummary* find(const Summary& summary, const std::string& gateway) {
    const auto at = std::find_if(summary.gateways.begin(), summary.gateways.end(),
                                 [&](const GatewaySummary& one) { return one.gateway == gateway; });
    return at == summary.gateways.end() ? nullptr : &*at;
}

// A peer that is not connected, or does not speak of this gateway, is a candidate of whom nothing is known.
Json other_candidate(const StatusInputs& inputs, const PeerStatus& peer, const std::string& gateway) {
    const auto heard = std::find_if(inputs.heard.begin(), inputs.heard.end(),
                                    [&](const StatusInputs::Heard& one) { return one.peer == peer.name; });
    const auto* said = heard == inputs.heard.end() ? nullptr : find(heard->summary, gateway);
    if (!said) {
        std::string trouble = "it does not say anything about this gateway";
        if (!peer.link) trouble = peer.trouble.empty() ? "not connected" : "not connected: " + peer.trouble;
        return Json{{"host", peer.name}, {"self", false}, {"trouble", trouble}};
    }
    auto result = candidate(peer.name, *said, heard->summary.version);
    // Its age grew since it was told.
    result["since"] = seconds(said->role_age + (inputs.now - heard->at));
    result["heard"] = seconds(inputs.now - heard->at);
    return result;
}

Json split_brain(const StatusInputs& inputs, const std::string& gateway) {
    auto result = Json::array();
    for (const auto& split : inputs.splits)
        if (split.gateway == gateway)
            result.push_back(
                {{"peer", split.peer}, {"since", seconds(inputs.now - split.since)}, {"we_stay", split.we_stay}});
    return result;
}

Json units(const StatusInputs& inputs, const std::string& gateway) {
    auto result = Json::array();
    for (const auto& units : inputs.units)
        for (const auto& unit : units.all)
            if (units.gateway == gateway)
                result.push_back({{"name", unit.name}, {"wanted", unit.wanted}, {"problem", unit.problem}});
    return result;
}

Json gateway(const StatusInputs& inputs, const GatewaySummary& own, Json engine) {
    Json result{{"name", own.gateway},
                {"state", state(own.role)},
                {"since", seconds(own.role_age)},
                {"ready", own.obstacles.empty()},
                {"obstacles", own.obstacles},
                {"candidates", Json::array()},
                {"split_brain", split_brain(inputs, own.gateway)},
                {"units", units(inputs, own.gateway)}};
    auto& candidates = result["candidates"];
    candidates.push_back(candidate(inputs.host, own, inputs.version));
    candidates.back()["self"] = true;
    for (const auto& peer : inputs.peers) candidates.push_back(other_candidate(inputs, peer, own.gateway));
    if (engine.is_object())
        for (const auto& [key, value] : engine.items())
            if (!result.contains(key)) result[key] = value;
    return result;
}

Json gateways(const StatusInputs& inputs, const Json& engine) {
    auto result = Json::array();
    const auto theirs = list_of(engine, "gateways");
    for (const auto& own : inputs.own.gateways) {
        const auto at =
            std::find_if(theirs.begin(), theirs.end(), [&](const Json& one) { return name_of(one) == own.gateway; });
        result.push_back(gateway(inputs, own, at == theirs.end() ? Json() : *at));
    }
    return result;
}

Json peer(const PeerStatus& status, Instant now) {
    Json result{{"host", status.name}, {"address", status.address.to_string()}, {"connected", nullptr}};
    if (const auto& link = status.link) {
        result["connected"] = seconds(now - link->since);
        result["version"] = link->hello.version;
        result["clock_offset"] = seconds(link->clock_offset);
        result["drift"] = link->drift;
        result["queued"] = link->queued;
    }
    result["trouble"] = status.trouble;
    return result;
}

Json leases(const std::optional<LeasesStatus>& status) {
    if (!status) return nullptr;
    const auto& service = status->service;
    Json result{{"gateway", status->gateway},
                {"lease_file", service.lease_file},
                {"count", service.leases},
                {"missing", service.missing},
                {"refused", service.refused},
                {"faulty", service.faulty},
                {"quarantined", service.quarantined},
                {"fed", service.fed},
                {"caught_up", status->caught_up},
                {"trouble", service.trouble},
                {"server", {{"alive", service.health.alive}, {"why", service.health.why}}},
                {"term", service.term.value},
                {"offers", nullptr},
                {"lags", Json::array()}};
    if (service.offers) result["offers"] = service.offers->to_string();
    for (const auto& [peer_id, lag] : service.lags) {
        const auto name = status->names.find(peer_id);
        result["lags"].push_back({{"host", name == status->names.end() ? "" : name->second},
                                  {"complete", lag.complete},
                                  {"behind", seconds(lag.behind)},
                                  {"last", seconds(lag.last_round)}});
    }
    return result;
}

Json forwarder(const DnsStatus::Forwarder& status, Instant now) {
    Json result{{"name", status.name},       {"address", status.address.to_string()},
                {"port", status.port},       {"health", status.health},
                {"symptom", status.symptom}, {"since", seconds(now - status.since)},
                {"latency", nullptr}};
    if (status.latency)
        result["latency"] =
            static_cast<double>(std::chrono::round<std::chrono::microseconds>(*status.latency).count()) / 1e6;
    return result;
}

Json dns(const DnsStatus& status, Instant now) {
    Json result{{"gateway", status.gateway},   {"mode", status.redirects ? "redirect" : "demote"},
                {"answers", status.answers},   {"since", seconds(now - status.since)},
                {"why", status.why},           {"may_differ", status.may_differ},
                {"wan_down", status.wan_down}, {"none_alive", status.none_alive},
                {"trouble", status.trouble},   {"forwarders", Json::array()}};
    for (const auto& one : status.forwarders) result["forwarders"].push_back(forwarder(one, now));
    return result;
}

std::string engine_remark(const StatusInputs& inputs, const Json& engine) {
    if (!inputs.engine) return "the engine did not answer in time: its part is missing";
    return engine.is_object() ? "ok" : "the engine's answer is not understood: its part is missing";
}

}  // namespace

std::string status_document(const StatusInputs& inputs) {
    const auto engine = parsed(inputs.engine);
    Json result{{"version", inputs.version},
                {"host", inputs.host},
                {"time", iso_time(inputs.wall)},
                {"engine", engine_remark(inputs, engine)},
                {"observing", engine.is_object() && engine.value("observing", Json()) == true},
                {"instances", list_of(engine, "instances")},
                {"sync_groups", list_of(engine, "sync_groups")},
                {"bfd", list_of(engine, "bfd")},
                {"gateways", gateways(inputs, engine)},
                {"peer_link", {{"configured", inputs.peer_link_configured}, {"trouble", inputs.peer_link_trouble}}},
                {"peers", Json::array()},
                {"leases", leases(inputs.leases)},
                {"dns", Json::array()}};
    for (const auto& one : inputs.peers) result["peers"].push_back(peer(one, inputs.now));
    for (const auto& one : inputs.dns) result["dns"].push_back(dns(one, inputs.now));
    return result.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace vrrpd::agent
