#include "vrrpd/engine/dump.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "vrrpd/engine/bfd_dump.hpp"
#include "vrrpd/engine/dump_words.hpp"

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

std::int64_t whole_seconds(Duration duration) { return duration_cast<std::chrono::seconds>(duration).count(); }

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

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
    const auto vip = [&](const config::VirtualAddress& address) { return dumped(address, router.installed); };
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

Json data_of(const Router& router, const config::Config& config, DumpMoment moment) {
    const auto& instance = *router.config;
    const auto& p = instance.parameters;
    Json data;
    data["iname"] = instance.name;
    data["dont_track_primary"] = instance.track_primary ? 0 : 1;
    data["skip_check_adv_addr"] = 0;
    data["strict_mode"] = instance.strict ? 1 : 0;
    const auto& devices = instance.virtual_mac->devices;
    const bool own_device = !devices.empty() && devices.front().base == instance.interface;
    data["vmac_ifname"] = own_device ? devices.front().name : "";
    if (!instance.interface.empty()) data["ifp_ifname"] = own_device ? devices.front().name : instance.interface;
    data["master_priority"] = router.master_priority;
    data["last_transition"] = static_cast<double>(transition(router, moment).count()) / 1e6;
    add_announcements(data, *instance.announce);
    data["lower_prio_no_advert"] = p.answer_lower_priority ? 0 : 1;
    data["higher_prio_send_advert"] = p.advert_before_yielding ? 1 : 0;
    data["vrid"] = instance.vrid.value();
    data["base_priority"] = p.priority.value();
    data["effective_priority"] = router.machine.effective_priority().value();
    data["vipset"] = router.installed;
    data["promote_secondaries"] = false;
    data["adver_int"] = number(p.advert_interval);
    data["master_adver_int"] = number(router.machine.learnt_interval());
    data["accept"] = instance.accepts ? 1 : 0;
    data["nopreempt"] = !p.preempt;
    data["preempt_delay"] = whole_seconds(p.preempt_delay);
    const auto state = static_cast<int>(dumped_state(router));
    data["state"] = state;
    data["wantstate"] = state;
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

// Each line may give it a weight of its own; the first one's is told.
int weight_of(std::uint32_t process, const config::Config& config) {
    for (const auto& instance : config.instances)
        for (const auto& track : instance.tracks)
            if (track.kind == config::Track::Kind::process && track.object == process) return track.weight;
    return 0;
}

Json process_of(std::uint32_t number_in_config, const config::Config& config, const Trackers& trackers) {
    const auto& process = config.processes[number_in_config];
    const auto state = trackers.process(number_in_config);
    const auto enough = state.running >= process.quorum && state.running <= process.quorum_max.value_or(UINT32_MAX);
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
    // Only a delay keeps the judgement from following the number.
    result["fork_delay_timer_running"] = enough && !state.up;
    result["terminate_delay_timer_running"] = !enough && state.up;
    result["full_command"] = process.full_command;
    result["weight"] = weight_of(number_in_config, config);
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

// ---- keepalived.data ------------------------------------------------------------------------------------

std::string interval_text(const proto::RouterParameters& p) {
    if (p.version == proto::Version::v2) return fmt::format("{} sec", whole_seconds(p.advert_interval));
    return fmt::format("{} milli-sec", duration_cast<std::chrono::milliseconds>(p.advert_interval).count());
}

const char* enabled(bool yes) { return yes ? "enabled" : "disabled"; }
const char* truth(bool yes) { return yes ? "true" : "false"; }

// The lines below a router's name: " = " between a key and its value.
class Topology {
public:
    Topology(const Router& router, const config::Config& config, DumpMoment moment)
        : router_(router), instance_(*router.config), config_(config), moment_(moment) {
        text_ = fmt::format(" VRRP Instance = {}\n", instance_.name);
    }

    std::string text() {
        state();
        transport();
        announcements();
        numbers();
        addresses("Virtual IP", instance_.addresses, true);
        addresses("Virtual IP Excluded", instance_.excluded_addresses, false);
        list("Virtual Routes", instance_.routes);
        list("Virtual Rules", instance_.rules);
        tracked();
        text_ += tracked_bfd_text(instance_, config_);
        notify();
        return std::move(text_);
    }

private:
    template <class Value>
    void line(std::string_view key, const Value& value) {
        text_ += fmt::format("   {} = {}\n", key, value);
    }
    void item(const std::string& value) { text_ += fmt::format("     {}\n", value); }

    void state() {
        const auto now = name(dumped_state(router_));
        line("VRRP Version", static_cast<int>(instance_.parameters.version));
        if (instance_.sync_group) line("Sync group", config_.sync_groups[*instance_.sync_group].name);
        line("State", now);
        line("Wantstate", now);
        line("Number of interface and track script faults", router_.troubles->faults.size());
        for (const auto& fault : router_.troubles->faults) item(fault);
        line("Last transition", time_text(transition(router_, moment_)));
        if (const auto due = router_.machine.next_deadline())
            line("Read timeout", time_text(in_unix_time(moment_.wall + (*due - moment_.now))));
        line("Master down timer",
             fmt::format("{} usecs", duration_cast<microseconds>(router_.machine.down_interval()).count()));
    }

    void transport() {
        line("Interface", instance_.interface);
        if (!instance_.track_primary) text_ += "   VRRP interface tracking disabled\n";
        if (router_.source)
            line("Using src_ip", router_.source->to_string() + (instance_.source ? " (from configuration)" : ""));
        for (const auto& peer : instance_.peers)
            line("Unicast Peer",
                 fmt::format("{} min_ttl {} max_ttl {}", peer.address.to_string(), peer.min_ttl, peer.max_ttl));
    }

    void announcements() {
        const auto& policy = *instance_.announce;
        line("Gratuitous ARP delay", whole_seconds(policy.second_block));
        line("Gratuitous ARP repeat", policy.repeat);
        line("Gratuitous ARP refresh", whole_seconds(policy.refresh));
        line("Gratuitous ARP refresh repeat", policy.refresh_repeat);
        line("Gratuitous ARP lower priority delay", whole_seconds(policy.lower_prio_second_block));
        line("Gratuitous ARP lower priority repeat", policy.lower_prio_repeat);
    }

    void numbers() {
        const auto& p = instance_.parameters;
        line("Down timer adverts", p.down_timer_adverts);
        line("Send advert after receive lower priority advert", truth(p.answer_lower_priority));
        line("Send advert after receive higher priority advert", truth(p.advert_before_yielding));
        line("Virtual Router ID", instance_.vrid.value());
        line("Priority", p.priority.value());
        line("Effective priority", router_.machine.effective_priority().value());
        line("Advert interval", interval_text(p));
        line("Preempt", enabled(p.preempt));
        if (p.preempt_delay != Duration(0)) line("Preempt delay", fmt::format("{} secs", in_seconds(p.preempt_delay)));
    }

    void addresses(std::string_view title, const std::vector<config::VirtualAddress>& list, bool counted) {
        if (list.empty()) return;
        text_ += counted ? fmt::format("   {} ({}):\n", title, list.size()) : fmt::format("   {} :\n", title);
        for (const auto& address : list) item(dumped(address, router_.installed));
    }

    template <class Items>
    void list(std::string_view title, const Items& items) {
        if (items.empty()) return;
        text_ += fmt::format("   {} :\n", title);
        for (const auto& one : items) item(dumped(one));
    }

    // What weighs now, as the status tells it: interfaces, scripts, files, processes and services alike.
    void tracked() {
        if (router_.troubles->tracked.empty()) return;
        text_ += "   Tracked :\n";
        for (const auto& one : router_.troubles->tracked)
            item(fmt::format("{} weight {}{}, {}", one.name, one.weight, one.reverse ? " reverse" : "",
                             one.number ? fmt::format("value {}", *one.number)
                             : one.up   ? "UP"
                                        : "DOWN"));
    }

    void notify() {
        const auto& notify = *instance_.notify;
        for (const auto& [key, title, member] : dumped_scripts)
            if (const auto& script = notify.*member; script.is_given()) line(title, dumped(script));
        line("Notify priority changes", truth(notify.priority_changes));
    }

    const Router& router_;
    const config::Instance& instance_;
    const config::Config& config_;
    DumpMoment moment_;
    std::string text_;
};

std::string group_text(const DumpedGroup& group, const config::Config& config) {
    auto text = fmt::format(
        " VRRP Sync Group = {}, {}\n   Num member fault {}, num member init {}\n   VRRP member instances :\n",
        group.config->name, name(group.state), group.faulty, group.beginning);
    for (const auto member : group.config->members) text += fmt::format("     {}\n", config.instances[member].name);
    text += fmt::format("   Using smtp notification = {}\n", group.config->mail ? "yes" : "no");
    for (const auto& [key, title, script] : dumped_scripts)
        if (const auto& given = (*group.config->notify).*script; given.is_given())
            text += fmt::format("   {} = {}\n", title, dumped(given));
    return text;
}

std::string script_text(const config::TrackedScript& script) {
    return fmt::format(
        " VRRP Script = {}\n   Command = {}\n   Interval = {} sec\n   Timeout = {} sec\n   Rise = {}\n   Fall = {}\n",
        script.name, dumped(script.script), in_seconds(script.interval), in_seconds(script.timeout), script.rise,
        script.fall);
}

}  // namespace

void Dump::add(const Router& router, DumpMoment moment) {
    switch (form_) {
        case ipc::DumpForm::json: {
            const Json object{{"data", data_of(router, *config_, moment)}, {"stats", stats_of(router)}};
            if (!body_.empty()) body_ += ',';
            // Names come from a file and need not be UTF-8.
            body_ += with_slashes_escaped(object.dump(-1, ' ', false, Json::error_handler_t::replace));
            return;
        }
        case ipc::DumpForm::data:
            body_ += Topology(router, *config_, moment).text();
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
    auto text = "------< VRRP Topology >------\n" + body_;
    if (!groups.empty()) text += "------< VRRP Sync groups >------\n";
    for (const auto& group : groups) text += group_text(group, *config_);
    if (!config_->scripts.empty()) text += "------< VRRP Scripts >------\n";
    for (const auto& script : config_->scripts) text += script_text(script);
    return text + sessions_;
}

}  // namespace vrrpd::engine
