// vrrp_sync_group: its keywords; its members found, and what it tracks given to each of them. The rules by which
// members move are in proto/sync_group.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/handlers.hpp"

namespace vrrpd::config {

void open_sync_group(Reader& reader, const Statement& s) {
    for (const auto& group : reader.draft().groups) {
        if (group.name != s.word(1)) continue;
        reader.fault(Severity::error, s.place(1),
                     fmt::format("vrrp_sync_group {} stands twice: this one is skipped", s.word(1)));
        return reader.skip(s);
    }
    reader.draft().groups.emplace_back();
    reader.group().name = s.word(1);
    reader.group().place = s.place();
    reader.enter(s);
}

namespace {

void group_member(Reader& reader, const Statement& s) {
    for (const auto& word : s.line.words) reader.group().members.push_back(word.text);
}

void keep_group_weights(Reader& reader, const Statement&) { reader.group().tracking_weight = true; }

void deprecate_global_tracking(Reader& reader, const Statement& s) {
    reader.fault(
        Severity::error, s.place(),
        "global_tracking is deprecated and does nothing: take it out; where members shall keep weights of their "
        "own, write sync_group_tracking_weight");
}

constexpr Keyword sync_group_table[] = {
    {"group", 'A', Support::acted, Shape::items, group_member},
    {"track_interface", 'A', Support::acted, Shape::items, read_tracked_interface},
    {"track_dns", 'O', Support::acted, Shape::items, read_tracked_dns},
    {"track_script", 'A', Support::acted, Shape::items, read_tracked_script},
    {"track_file", 'B', Support::acted, Shape::items, read_tracked_file},
    {"track_process", 'B', Support::acted, Shape::items, read_tracked_process},
    {"track_bfd", 'B', Support::acted, Shape::items, read_tracked_bfd},
    {"notify", 'A', Support::acted, Shape::command, read_notify<&Notify::any>},
    {"notify_master", 'A', Support::acted, Shape::command, read_notify<&Notify::master>},
    {"notify_backup", 'A', Support::acted, Shape::command, read_notify<&Notify::backup>},
    {"notify_fault", 'A', Support::acted, Shape::command, read_notify<&Notify::fault>},
    {"notify_stop", 'A', Support::acted, Shape::command, read_notify<&Notify::stop>},
    usually("(smtp_alert_vrrp)", {"smtp_alert", 'B', Support::acted, Shape::optional_switch, read_mail_switch}),
    usually("(the global one)",
            {"notify_priority_changes", 'C', Support::acted, Shape::optional_switch, read_priority_changes}),
    {"sync_group_tracking_weight", 'B', Support::acted, Shape::nothing, keep_group_weights},
    {"global_tracking", 'C', Support::accepted, Shape::nothing, deprecate_global_tracking},
};

class GroupResolver {
public:
    GroupResolver(Reader& reader, SyncGroupDraft& draft) : reader_(reader), draft_(draft) { group_.name = draft.name; }

    void run() {
        auto& groups = reader_.draft().config.sync_groups;
        const auto number = static_cast<std::uint32_t>(groups.size());
        for (const auto& name : draft_.members) add(name, number);
        if (group_.members.empty()) return report("it has no members and is left out");
        if (group_.members.size() == 1) report("it has one member: a group needs two");
        owners();
        if (draft_.notify.value != Notify{}) group_.notify.edit() = draft_.notify.value;
        groups.push_back(std::move(group_));
    }

private:
    void report(const std::string& text) {
        reader_.fault(Severity::error, draft_.place, fmt::format("vrrp_sync_group {}: {}", draft_.name, text));
    }

    void add(const std::string& name, std::uint32_t number) {
        auto& config = reader_.draft().config;
        const auto* known = config.instance(name);
        if (!known) {
            return report(fmt::format("there is no vrrp_instance {}{}: it is left out", name,
                                      did_you_mean(config.instances, name)));
        }
        const auto index = static_cast<std::uint32_t>(known - config.instances.data());
        auto& instance = config.instances[index];
        if (instance.sync_group) {
            const auto& other =
                *instance.sync_group == number ? draft_.name : config.sync_groups[*instance.sync_group].name;
            return report(fmt::format("{} is in the group {} already: it is left out", name, other));
        }
        instance.sync_group = number;
        instance.parameters.grouped = true;
        group_.members.push_back(index);
        if (!draft_.tracking_weight) drop_weights(instance);
        track_interfaces(instance);
        track_dns(reader_.draft().instances[index], instance);
    }

    // Members that weigh differently would each prefer another host.
    void drop_weights(Instance& instance) {
        std::vector<TrackInterface> tracked(instance.track_interfaces.begin(), instance.track_interfaces.end());
        for (auto& one : tracked) {
            if (std::exchange(one.weight, 0) == 0) continue;
            report(fmt::format("the weight of {} in {} counts as 0: write sync_group_tracking_weight to keep it",
                               one.device, instance.name));
        }
        instance.track_interfaces = std::move(tracked);
    }

    void track_interfaces(Instance& instance) {
        std::vector<TrackInterface> tracked(instance.track_interfaces.begin(), instance.track_interfaces.end());
        for (const auto& one : draft_.interfaces) {
            const auto same = [&](const TrackInterface& other) { return other.device == one.device; };
            if (std::any_of(tracked.begin(), tracked.end(), same)) {
                report(fmt::format("{} is tracked by {} and by the group: take one out", one.device, instance.name));
                continue;
            }
            const bool own = one.device == instance.interface && instance.track_primary && one.weight == 0;
            const bool in_vain = one.weight != 0 && instance.parameters.priority.is_owner();
            if (!own && !in_vain) tracked.push_back(one);
        }
        instance.track_interfaces = std::move(tracked);
    }

    // Judged with those of the instance, once the dns_failovers are known.
    void track_dns(InstanceDraft& draft, Instance& instance) {
        for (std::size_t i = 0; i < draft_.dns.size(); ++i) {
            const auto same = [&](const TrackDns& other) { return other.gateway == draft_.dns[i].gateway; };
            if (std::any_of(instance.track_dns.begin(), instance.track_dns.end(), same)) continue;
            instance.track_dns.push_back(draft_.dns[i]);
            draft.dns_places.push_back(draft_.dns_places[i]);
        }
    }

    // keepalived's: an owner cannot take the role at once when others of its group wait for silence.
    void owners() {
        const auto& instances = reader_.draft().config.instances;
        const auto is_owner = [&](std::uint32_t member) { return instances[member].parameters.priority.is_owner(); };
        const auto owners = std::count_if(group_.members.begin(), group_.members.end(), is_owner);
        if (owners != 0 && static_cast<std::size_t>(owners) != group_.members.size())
            report("some members have priority 255 and others have not: all of them wait as the others do");
    }

    Reader& reader_;
    SyncGroupDraft& draft_;
    SyncGroup group_;
};

}  // namespace

void resolve_sync_groups(Reader& reader) {
    for (auto& group : reader.draft().groups) GroupResolver(reader, group).run();
}

std::span<const Keyword> sync_group_keywords() { return sync_group_table; }

}  // namespace vrrpd::config
