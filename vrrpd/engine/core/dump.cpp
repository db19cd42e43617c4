#include "vrrpd/engine/core/dump.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "vrrpd/engine/core/bfd_dump.hpp"
#include "vrrpd/engine/core/dump_topology.hpp"
#include "vrrpd/engine/core/dump_words.hpp"

namespace vrrpd::engine {

namespace {

using Json = nlohmann::ordered_json;
using std::chrono::duration_cast;
using std::chrono::microseconds;

microseconds in_unix_time(WallTime time) { return duration_cast<microseconds>(time.time_since_epoch()); }

// When the role began.
microseconds transition(const Router& router, DumpMoment moment) {
    return in_unix_time(moment.wall - (moment.now - router.since));
}

// ---- keepalived.json ------------------------------------------------------------------------------------

// 1 or 0.5, as keepalived writes them.
Json number(Duration duration) {
    const auto whole = whole_seconds(duration);
    return Duration(std::chrono::seconds(whole)) == duration ? Json(whole) : Json(in_seconds(duration));
}

template <class Items, class Text>
void add_list(Json& data, const char* key, const Items& items, Text text) {
    if (items.empty()) return;
    auto list = Json::array();
    for (const auto& item : items) list.push_back(text(item));
    data[key] = std::move(list);
}

void add_announcements(Json& data, const proto::AnnouncePolicy& policy) {
    data["garp_delay"] = number(policy.second_block);
    data["garp_refresh"] = whole_seconds(policy.refresh);
    data["garp_rep"] = policy.repeat;
    data["garp_refresh_rep"] = policy.refresh_repeat;
    data["garp_lower_prio_delay"] = whole_seconds(policy.lower_prio_second_block);
    data["garp_lower_prio_rep"] = policy.lower_prio_repeat;
}

void add_scripts(Json& data, const config::Notify& notify) {
    for (const auto& [key, title, member] : dumped_scripts)
        if (const auto& script = notify.*member; script.is_given()) data[key] = dumped(script);
}

void add_lists(Json& data, const Router& router, const config::Config& config) {
    const auto& instance = *router.config;
    const auto vip = [&](const config::VirtualAddress& address) { return dumped(address, instance, router.installed); };
    add_list(data, "vips", instance.addresses, vip);
    add_list(data, "evips", instance.excluded_addresses, vip);
    const auto words = [](const auto& item) { return dumped(item); };
    add_list(data, "vroutes", instance.routes, words);
    add_list(data, "vrules", instance.rules, words);
    add_list(data, "track_ifp", instance.track_interfaces, [](const auto& tracked) { return tracked.device; });
    std::vector<std::string> scripts, processes;
    for (const auto& track : instance.tracks) {
        if (track.kind == config::Track::Kind::script)
            scripts.push_back(dumped(config.scripts.at(track.object).script));
        else if (track.kind == config::Track::Kind::process)
            processes.push_back(config.processes.at(track.object).name);
    }
    const auto same = [](const std::string& text) { return text; };
    add_list(data, "track_script", scripts, same);
    add_list(data, "track_process", processes, same);
}

Json data_of(const Router& router, const std::vector<std::string>& faults, const config::Config& config,
             DumpMoment moment) {
    const auto& instance = *router.config;
    const auto& p = instance.parameters;
    Json data;
    data["iname"] = instance.name;
    data["dont_track_primary"] = instance.track_primary ? 0 : 1;
    data["skip_check_adv_addr"] = instance.skips_address_check ? 1 : 0;
    data["strict_mode"] = instance.strict ? 1 : 0;
    const auto* device = own_device(instance);
    data["vmac_ifname"] = device != nullptr ? device->name : "";
    if (!instance.interface.empty()) data["ifp_ifname"] = device != nullptr ? device->name : instance.interface;
    data["master_priority"] = router.master_priority;
    data["last_transition"] = static_cast<double>(transition(router, moment).count()) / 1e6;
    add_announcements(data, *instance.announce);
    data["lower_prio_no_advert"] = p.answer_lower_priority ? 0 : 1;
    data["higher_prio_send_advert"] = p.advert_before_yielding ? 1 : 0;
    data["vrid"] = instance.vrid.value();
    data["base_priority"] = p.priority.value();
    data["effective_priority"] = router.machine.effective_priority().value();
    data["vipset"] = router.installed;
    data["promote_secondaries"] = instance.promotes_secondaries;
    data["adver_int"] = number(p.advert_interval);
    data["master_adver_int"] = number(router.machine.learnt_interval());
    data["accept"] = instance.accepts ? 1 : 0;
    data["nopreempt"] = !p.preempt;
    data["preempt_delay"] = whole_seconds(p.preempt_delay);
    const auto state = dumped_state(router, faults);
    data["state"] = static_cast<int>(state);
    data["wantstate"] = static_cast<int>(wanted_state(router, state));
    data["version"] = static_cast<int>(p.version);
    data["smtp_alert"] = instance.mail;
    data["notify_deleted"] = instance.notify->deleted_state;
    add_scripts(data, *instance.notify);
    add_lists(data, router, config);
    const auto auth_type = instance.authentication->type;
    data["auth_type"] = static_cast<int>(auth_type);
    if (auth_type != proto::AuthType::none) data["auth_data"] = "********";  // as keepalived does since 2.4.0
    return data;
}

// The interval's stands second there, and fourth in keepalived.stats.
std::vector<DumpedError> errors_in_json_order() {
    auto errors = dumped_errors();
    const auto interval = std::find_if(errors.begin(), errors.end(),
                                       [](const auto& error) { return error.key == "advert_interval_err"; });
    std::rotate(errors.begin() + 1, interval, interval + 1);
    return errors;
}

Json stats_of(const Router& router) {
    const auto& counted = router.counters;
    Json stats;
    stats["advert_rcvd"] = counted.adverts_received;
    stats["advert_sent"] = counted.adverts_sent;
    stats["become_master"] = counted.became_active;
    stats["release_master"] = counted.released;
    for (const auto& error : errors_in_json_order()) stats[std::string(error.key)] = count(error, router);
    for (const auto& error : dumped_extension_errors(router)) stats[std::string(error.key)] = count(error, router);
    stats["pri_zero_rcvd"] = counted.zero_received;
    stats["pri_zero_sent"] = counted.zero_sent;
    return stats;
}

// keepalived's library writes "/" so; a script that searches the text for it finds it.
std::string with_slashes_escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '/') result += '\\';
        result += c;
    }
    return result;
}

// ---- track_process of json_version 2

const char* match_word(config::TrackedProcess::Match match) {
    using enum config::TrackedProcess::Match;
    return match == exact ? "exact" : match == partial ? "partial" : match == initial ? "initial" : "none";
}

Json process_of(std::uint32_t number_in_config, const config::Config& config, const Trackers& trackers) {
    const auto& process = config.processes[number_in_config];
    const auto state = trackers.process(number_in_config);
    const auto delay = delay_of(state, process);
    Json result;
    result["process"] = process.name;
    std::string parameters;
    for (const auto& word : process.parameters) parameters += (parameters.empty() ? "" : " ") + word;
    if (!parameters.empty()) result["parameters"] = parameters;
    result["param_match"] = match_word(process.match);
    result["min_processes"] = process.quorum;
    if (process.quorum_max) result["max_processes"] = *process.quorum_max;
    result["current_processes"] = state.running;
    result["have_quorum"] = state.up;
    result["fork_delay_timer_running"] = delay == ProcessDelay::fork;
    result["terminate_delay_timer_running"] = delay == ProcessDelay::terminate;
    result["full_command"] = process.full_command;
    result["weight"] = process.weight;
    result["terminate_delay"] = number(process.terminate_delay);
    result["fork_delay"] = number(process.fork_delay);
    return result;
}

// ---- keepalived.stats -----------------------------------------------------------------------------------

std::string stats_text(const Router& router) {
    const auto& counted = router.counters;
    auto text = fmt::format(
        "VRRP Instance: {}\n  Advertisements:\n    Received: {}\n    Sent: {}\n  Became master: {}\n"
        "  Released master: {}\n",
        router.config->name, counted.adverts_received, counted.adverts_sent, counted.became_active, counted.released);
    const auto add = [&](std::span<const DumpedError> errors) {
        for (const auto& error : errors) {
            if (!error.heading.empty()) text += fmt::format("  {}:\n", error.heading);
            text += fmt::format("    {}: {}\n", error.label, count(error, router));
        }
    };
    add(dumped_errors());
    add(dumped_extension_errors(router));
    return text +
           fmt::format("  Priority Zero:\n    Received: {}\n    Sent: {}\n", counted.zero_received, counted.zero_sent);
}

}  // namespace

void Dump::restart(const config::Config& config) {
    config_ = &config;
    body_.clear();
}

void Dump::add(const Router& router, const std::vector<std::string>& faults, DumpMoment moment) {
    switch (form_) {
        case ipc::DumpForm::json: {
            const Json object{{"data", data_of(router, faults, *config_, moment)}, {"stats", stats_of(router)}};
            if (!body_.empty()) body_ += ',';
            // Names come from a file and need not be UTF-8.
            body_ += with_slashes_escaped(object.dump(-1, ' ', false, Json::error_handler_t::replace));
            return;
        }
        case ipc::DumpForm::data:
            body_ += topology_text(router, faults, {*config_, scripts_}, moment);
            return;
        case ipc::DumpForm::stats:
        case ipc::DumpForm::stats_clear:
            body_ += stats_text(router);
            return;
        case ipc::DumpForm::bfd:
            return;
    }
}

void Dump::add(const std::vector<BfdStatus>& sessions, DumpMoment moment) {
    if (form_ == ipc::DumpForm::data) sessions_ = tracked_bfd_text(sessions, *config_);
    if (form_ == ipc::DumpForm::bfd) body_ = bfd_text(sessions, moment);
}

void Dump::add(const netlink::Snapshot& host, const std::vector<DumpedSocket>& sockets) {
    if (form_ != ipc::DumpForm::data) return;
    sockets_ = sockets_text(sockets, *config_);
    interfaces_ = interfaces_text(host, *config_);
}

std::string Dump::json_text(const Trackers& trackers) const {
    const auto routers = '[' + body_ + ']';
    if (config_->json_version == 1) return routers + '\n';
    auto processes = Json::array();
    for (std::uint32_t i = 0; i < config_->processes.size(); ++i)
        processes.push_back(process_of(i, *config_, trackers));
    return "{\"vrrp\":" + routers + ",\"track_process\":" +
           with_slashes_escaped(processes.dump(-1, ' ', false, Json::error_handler_t::replace)) + "}\n";
}

std::string Dump::text(const std::vector<DumpedGroup>& groups, const Trackers& trackers) const {
    if (form_ == ipc::DumpForm::json) return json_text(trackers);
    if (form_ != ipc::DumpForm::data) return body_;
    const DumpContext context{*config_, scripts_};
    return pacing_text(*config_) + statics_text(*config_->statics) + "------< VRRP Topology >------\n" + body_ +
           sockets_ + groups_text(groups, context) + scripts_text(context, trackers) + files_text(*config_, trackers) +
           processes_text(*config_, trackers) + sessions_ + interfaces_;
}

}  // namespace vrrpd::engine
