#include "vrrpd/engine/core/dump_topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "vrrpd/engine/core/bfd_dump.hpp"
#include "vrrpd/engine/core/dump_words.hpp"
#include "vrrpd/proto/envelope.hpp"

namespace vrrpd::engine {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using Kind = config::Track::Kind;

std::string time_text(WallTime time) { return engine::time_text(duration_cast<microseconds>(time.time_since_epoch())); }

std::string milliseconds_text(Duration time) {
    return fmt::format("{} milli-sec", duration_cast<std::chrono::milliseconds>(time).count());
}

std::string interval_text(const proto::RouterParameters& p) {
    if (p.version == proto::Version::v2) return fmt::format("{} sec", whole_seconds(p.advert_interval));
    return milliseconds_text(p.advert_interval);
}

const char* enabled(bool yes) { return yes ? "enabled" : "disabled"; }
const char* truth(bool yes) { return yes ? "true" : "false"; }
const char* yes_or_no(bool yes) { return yes ? "yes" : "no"; }

// "     10.12.14.1/24 dev lan0 ...", a line each.
template <class Items>
std::string lines_of(const Items& items) {
    std::string text;
    for (const auto& one : items) text += fmt::format("     {}\n", dumped(one));
    return text;
}

std::string notify_text(const config::Notify& notify, const ipc::KnownScripts& known) {
    std::string text;
    for (const auto& [key, title, member] : dumped_scripts)
        if (const auto& script = notify.*member; script.is_given())
            text += fmt::format("   {} = {}{}\n", title, dumped(script),
                                ipc::identity_text(known.identities, script.user, script.group));
    return text;
}

// The lines below a router's name: " = " between a key and its value.
class Topology {
public:
    Topology(const Router& router, const std::vector<std::string>& faults, const DumpContext& context,
             DumpMoment moment)
        : router_(router), faults_(faults), instance_(*router.config), context_(context), moment_(moment) {
        text_ = fmt::format(" VRRP Instance = {}\n", instance_.name);
    }

    std::string text() {
        state();
        times();
        transport();
        announcements();
        numbers();
        authentication();
        addresses("Virtual IP", instance_.addresses, true);
        addresses("Virtual IP Excluded", instance_.excluded_addresses, false);
        unicast();
        list("Virtual Routes", instance_.routes);
        list("Virtual Rules", instance_.rules);
        tracks();
        notify();
        tracked_now();
        return std::move(text_);
    }

private:
    template <class Value>
    void line(std::string_view key, const Value& value) {
        text_ += fmt::format("   {} = {}\n", key, value);
    }
    void bare(std::string_view words) { text_ += fmt::format("   {}\n", words); }
    void item(const std::string& value) { text_ += fmt::format("     {}\n", value); }

    void state() {
        const auto now = dumped_state(router_, faults_);
        line("VRRP Version", static_cast<int>(instance_.parameters.version));
        if (instance_.sync_group) line("Sync group", context_.config.sync_groups[*instance_.sync_group].name);
        if (instance_.family == Family::ipv6) bare("Using Native IPv6");
        line("State", name(now));
        if (const auto peer = router_.machine.active_peer(); now == DumpedState::backup && peer) {
            line("Master router", peer->to_string());
            line("Master priority", router_.master_priority);
            if (instance_.parameters.version == proto::Version::v3)
                line("Master advert int", fmt::format("{:.2f} sec", in_seconds(router_.machine.learnt_interval())));
        }
        // keepalived tells of its other flags elsewhere, and yet says "none" only where it has none of them.
        const bool others = !instance_.parameters.preempt || !instance_.track_primary ||
                            instance_.promotes_secondaries || instance_.skips_address_check;
        bare(instance_.unicast() || others ? "Flags:" : "Flags: none");
        if (instance_.unicast()) item("Using unicast");
        line("Wantstate", name(wanted_state(router_, now)));
        line("Number of config faults", 0);
        line("Number of interface and track script faults", router_.troubles->faults.size());
        for (const auto& fault : faults_) item(fault);
        line("Number of track scripts init", router_.waits ? 1 : 0);
    }

    void times() {
        line("Last transition", time_text(moment_.wall - (moment_.now - router_.since)));
        if (const auto due = router_.machine.next_deadline())
            line("Read timeout", time_text(moment_.wall + (*due - moment_.now)));
        else
            line("Read timeout", "DISABLED");
        line("Master down timer",
             fmt::format("{} usecs", duration_cast<microseconds>(router_.machine.down_interval()).count()));
    }

    void transport() {
        if (const auto* device = own_device(instance_)) {
            bare(fmt::format("Use VMAC, i/f name {}, is_up = {}, xmit_base = {}", device->name, truth(router_.active()),
                             truth(!instance_.virtual_mac->sender)));
            line("Interface", fmt::format("{}, vmac on {}{}", device->name, device->base,
                                          instance_.virtual_mac->sender ? "" : ", xmit base i/f"));
        } else {
            line("Interface", instance_.interface);
        }
        if (!instance_.track_primary) bare("VRRP interface tracking disabled");
        if (instance_.skips_address_check) bare("Skip checking advert IP addresses");
        if (instance_.strict) bare("Enforcing strict VRRP compliance");
        line("Using src_ip", !router_.source
                                 ? "(none)"
                                 : router_.source->to_string() + (instance_.source ? " (from configuration)" : ""));
        if (instance_.unicast()) return;
        const auto group = instance_.group.value_or(proto::multicast_group(instance_.family));
        bare(fmt::format("Multicast address {}{}", group.to_string(),
                         group.is_v6() && router_.link ? fmt::format(", ifindex {}", router_.link.value) : ""));
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
        int total = p.priority.value();
        for (const auto& one : router_.troubles->tracked) total += proto::contribution(one);
        line("Total priority", total);
        line("Advert interval", interval_text(p));
        if (p.version == proto::Version::v3 && router_.machine.role() == proto::Role::backup)
            line("Master advert interval", milliseconds_text(router_.machine.learnt_interval()));
        line("Accept", enabled(instance_.accepts));
        line("Preempt", enabled(p.preempt));
        if (p.preempt_delay != Duration(0)) line("Preempt delay", fmt::format("{} secs", in_seconds(p.preempt_delay)));
        line("Promote_secondaries", enabled(instance_.promotes_secondaries));
    }

    // Which kind, and never with what. Version 3 has none.
    void authentication() {
        const auto type = instance_.authentication->type;
        if (instance_.parameters.version != proto::Version::v2) return;
        line("Authentication type", type == proto::AuthType::none ? "none"
                                    : type == proto::AuthType::ah ? "IPSEC_AH"
                                                                  : "SIMPLE_PASSWORD");
        if (type == proto::AuthType::password) line("Password", "********");
    }

    void addresses(std::string_view title, const std::vector<config::VirtualAddress>& list, bool counted) {
        if (list.empty()) return;
        bare(counted ? fmt::format("{} ({}):", title, list.size()) : fmt::format("{} :", title));
        for (const auto& address : list) item(dumped(address, instance_, router_.installed));
    }

    void unicast() {
        if (!instance_.unicast()) return;
        if (instance_.family == Family::ipv4) line("Unicast TTL", instance_.unicast_ttl);
        bare(fmt::format("Check unicast src : {}", yes_or_no(instance_.check_unicast_source)));
        bare("Unicast Peer :");
        for (const auto& peer : instance_.peers)
            item(fmt::format("{} min_ttl {} max_ttl {}", peer.address.to_string(), peer.min_ttl, peer.max_ttl));
        line("Unicast checksum compatibility", "no");
    }

    template <class Items>
    void list(std::string_view title, const Items& items) {
        if (items.empty()) return;
        bare(fmt::format("{} :", title));
        text_ += lines_of(items);
    }

    void tracks() {
        if (!instance_.track_interfaces.empty()) bare("Tracked interfaces :");
        for (const auto& one : instance_.track_interfaces)
            item(fmt::format("{} weight {}", one.device, dumped_weight(one)));
        const auto& config = context_.config;
        tracks("Tracked scripts :", Kind::script, config.scripts, " ");
        tracks("Tracked files :", Kind::file, config.files, ", ");
        tracks("Tracked processes :", Kind::process, config.processes, ", ");
        text_ += tracked_bfd_text(instance_, config);
    }

    template <class Objects>
    void tracks(std::string_view title, Kind kind, const Objects& objects, std::string_view between) {
        bool titled = false;
        for (const auto& track : instance_.tracks) {
            if (track.kind != kind) continue;
            if (!std::exchange(titled, true)) bare(title);
            item(fmt::format("{}{}weight {}", objects.at(track.object).name, between, dumped_weight(track)));
        }
    }

    void notify() {
        const auto& notify = *instance_.notify;
        line("Using smtp notification", yes_or_no(instance_.mail));
        line("Notify deleted", notify.deleted_state ? "Deleted" : "Fault");
        text_ += notify_text(notify, context_.scripts);
        line("Notify priority changes", truth(notify.priority_changes));
    }

    // Of our own: what weighs now, as the status tells it, services and DNS included.
    void tracked_now() {
        if (router_.troubles->tracked.empty()) return;
        bare("Tracked now :");
        for (const auto& one : router_.troubles->tracked)
            item(fmt::format("{} weight {}, {}", one.name, dumped_weight(one),
                             one.number ? fmt::format("value {}", *one.number)
                             : one.up   ? "UP"
                                        : "DOWN"));
    }

    const Router& router_;
    const std::vector<std::string>& faults_;
    const config::Instance& instance_;
    const DumpContext& context_;
    DumpMoment moment_;
    std::string text_;
};

template <class Items>
std::string section(std::string_view title, const Items& items) {
    return items.empty() ? std::string() : fmt::format("------< {} >------\n", title) + lines_of(items);
}

bool is_tracked(Kind kind, std::uint32_t object, const config::Config& config) {
    return std::any_of(config.instances.begin(), config.instances.end(), [&](const config::Instance& instance) {
        return tracks(instance, {kind, object});
    });
}

// Who tracks an object, a line each.
std::string tracking_text(Kind kind, std::uint32_t object, const config::Config& config) {
    std::string text = "   Tracking instances :\n";
    for (const auto& instance : config.instances)
        for (const auto& track : instance.tracks)
            if (track.kind == kind && track.object == object)
                text += fmt::format("     {}, weight {}\n", instance.name, dumped_weight(track));
    return text;
}

const char* word(ipc::ScriptState::Run run) {
    static constexpr std::array words{"idle", "running", "requested termination", "forcing termination"};
    return words[static_cast<std::size_t>(run)];
}

std::string script_text(std::uint32_t number, const config::Config& config, const Trackers& trackers,
                        const ipc::ScriptState& state) {
    const auto& script = config.scripts[number];
    const auto health = trackers.script(number);
    // keepalived's other word for one without a result is INIT; GOOD and BAD are what exporters know.
    const char* const status = !health ? "INIT" : *health ? "GOOD" : "BAD";
    return fmt::format(
        " VRRP Script = {}\n   Command = {}\n   Interval = {} sec\n   Timeout = {} sec\n   Weight = {}\n   Rise = {}\n"
        "   Fall = {}\n   Result = {}\n   Insecure = no\n   Init state = unknown\n   Status = {}\n"
        "   Script uid:gid = {}:{}\n   VRRP instances :\n{}   State = {}\n",
        script.name, state.command.empty() ? dumped(script.script) : state.command, in_seconds(script.interval),
        in_seconds(script.timeout), dumped_weight(script), script.rise, script.fall, state.result, status, state.user,
        state.group, tracking_text(Kind::script, number, config), word(state.run));
}

std::string group_text(const DumpedGroup& group, const DumpContext& context) {
    auto text = fmt::format(
        " VRRP Sync Group = {}, {}\n   Num member fault {}, num member init {}\n   VRRP member instances :\n",
        group.config->name, name(group.state), group.faulty, group.beginning);
    for (const auto member : group.config->members)
        text += fmt::format("     {}\n", context.config.instances[member].name);
    return text + fmt::format("   Using smtp notification = {}\n", yes_or_no(group.config->mail)) +
           notify_text(*group.config->notify, context.scripts);
}

std::string process_text(std::uint32_t number, const config::Config& config, const Trackers& trackers) {
    const auto& process = config.processes[number];
    const auto state = trackers.process(number);
    const auto delay = delay_of(state, process);
    auto text = fmt::format(" VRRP Track process = {}\n   Process = {}\n", process.name, process.process);
    if (!process.parameters.empty()) text += fmt::format("   Parameters = {}\n", fmt::join(process.parameters, " "));
    text += fmt::format("   Min processes = {}\n", process.quorum);
    if (process.quorum_max) text += fmt::format("   Max processes = {}\n", *process.quorum_max);
    return text + fmt::format(
                      "   Current processes = {}\n   Have quorum = {}\n   Weight = {}\n   Terminate delay = {:f}s\n"
                      "   Fork delay = {:f}s\n   Fork delay timer {}running\n   Terminate delay timer {}running\n"
                      "   Full command = {}\n{}",
                      state.running, truth(state.up), dumped_weight(process), in_seconds(process.terminate_delay),
                      in_seconds(process.fork_delay), delay == ProcessDelay::fork ? "" : "not ",
                      delay == ProcessDelay::terminate ? "" : "not ", truth(process.full_command),
                      tracking_text(Kind::process, number, config));
}

}  // namespace

std::string topology_text(const Router& router, const std::vector<std::string>& faults, const DumpContext& context,
                          DumpMoment moment) {
    return Topology(router, faults, context, moment).text();
}

std::string statics_text(const config::StaticEntries& statics) {
    return section("Static Addresses", statics.addresses) + section("Static Routes", statics.routes) +
           section("Static Rules", statics.rules);
}

std::string groups_text(const std::vector<DumpedGroup>& groups, const DumpContext& context) {
    std::string text = groups.empty() ? "" : "------< VRRP Sync groups >------\n";
    for (const auto& group : groups) text += group_text(group, context);
    return text;
}

std::string scripts_text(const DumpContext& context, const Trackers& trackers) {
    const auto& config = context.config;
    const auto& states = context.scripts.tracked;
    std::string text;
    for (std::uint32_t number = 0; number < config.scripts.size(); ++number) {
        if (!is_tracked(Kind::script, number, config)) continue;  // it is not run
        const auto known = std::find_if(states.begin(), states.end(),
                                        [&](const auto& state) { return state.name == config.scripts[number].name; });
        text += script_text(number, config, trackers, known != states.end() ? *known : ipc::ScriptState{});
    }
    return text.empty() ? text : "------< VRRP Scripts >------\n" + text;
}

std::string files_text(const config::Config& config, const Trackers& trackers) {
    std::string text = config.files.empty() ? "" : "------< VRRP Track files >------\n";
    for (std::uint32_t number = 0; number < config.files.size(); ++number)
        text += fmt::format(" Track file = {}\n   File = {}\n   Status = {}\n   Weight = {}\n{}",
                            config.files[number].name, config.files[number].path, trackers.file(number),
                            dumped_weight(config.files[number]), tracking_text(Kind::file, number, config));
    return text;
}

std::string processes_text(const config::Config& config, const Trackers& trackers) {
    std::string text = config.processes.empty() ? "" : "------< VRRP Track processes >------\n";
    for (std::uint32_t number = 0; number < config.processes.size(); ++number)
        text += process_text(number, config, trackers);
    return text;
}

}  // namespace vrrpd::engine
