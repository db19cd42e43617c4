// What stands beside the instances: static_ipaddress, static_routes and static_rules with their track_group,
// and interface_up_down_delays. Their items are read where the virtual ones are.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {

void open_track_group(Reader& reader, const Statement& s) {
    reader.draft().track_groups.push_back({s.word(1), {}});
    reader.enter(s);
}

void track_static(Reader& reader, const Statement& s, const StaticTrack& track) {
    if (track.group.empty()) return;
    if (track.no_track) {
        reader.fault(Severity::error, s.place(), "track_group and no_track exclude each other: it is not tracked");
    } else if (track.needs_device && track.device.empty()) {
        reader.fault(Severity::error, s.place(), "track_group needs a device in the entry: it is not tracked");
    } else {
        reader.draft().static_tracks.push_back({track.group, track.device, s.place()});
    }
}

// IF DOWN [UP], in seconds
void read_interface_delay(Reader& reader, const Statement& s) {
    constexpr std::int64_t longest = 255'000'000;
    InterfaceDelay delay{s.word(0), {}, {}};
    const auto fault = [&](std::size_t word, std::string_view what) {
        reader.fault(
            Severity::error, s.place(word),
            fmt::format("{}: write INTERFACE and the seconds of its down and its up delay, from 0 to 255", what));
    };
    if (!is_device_name(delay.device)) return fault(0, fmt::format("'{}' cannot be an interface", s.word(0)));
    if (s.size() < 2 || s.size() > 3) return fault(s.size() - 1, "too few or too many words");
    for (std::size_t i = 1; i < s.size(); ++i) {
        const auto value = parse_decimal(s.word(i));
        if (!value || value->millionths > longest) return fault(i, fmt::format("'{}' is no delay", s.word(i)));
        (i == 1 ? delay.down : delay.up) = from_millionths(value->millionths);
    }
    auto& all = reader.draft().config.interface_delays;
    const auto same = [&](const InterfaceDelay& other) { return other.device == delay.device; };
    std::erase_if(all, same);  // the last one counts
    all.push_back(std::move(delay));
}

namespace {

void read_track_group_member(Reader& reader, const Statement& s) {
    for (const auto& word : s.line.words) reader.draft().track_groups.back().members.push_back(word.text);
}

constexpr Keyword track_group_table[] = {
    {"group", 'C', Support::acted, Shape::items, read_track_group_member},
};

void track_device(Reader& reader, const StaticTrackDraft& track, const std::string& member) {
    auto& config = reader.draft().config;
    const auto* known = config.instance(member);
    if (known == nullptr) {
        reader.fault(Severity::error, track.place,
                     fmt::format("track_group {}: there is no vrrp_instance {}", track.group, member));
        return;
    }
    auto& instance = config.instances[static_cast<std::size_t>(known - config.instances.data())];
    const auto& device = track.device.empty() ? reader.draft().globals.default_interface : track.device;
    if (device == instance.interface && instance.track_primary) return;  // tracked anyway
    auto& tracked = instance.track_interfaces;
    if (std::any_of(tracked.begin(), tracked.end(), [&](const auto& each) { return each.device == device; })) return;
    tracked.push_back({device, 0, false});
}

// A device that is down for longer than its peers wait has lost the role there: keepalived's limit.
void cap_down_delays(Config& config) {
    for (auto& delay : config.interface_delays)
        for (const auto& instance : config.instances) {
            if (instance.interface != delay.device) continue;
            const auto& timing = instance.parameters;
            const auto most = Duration(timing.advert_interval) * (std::max<unsigned>(2, timing.down_timer_adverts) - 1);
            delay.down = std::min<Duration>(delay.down, most);
        }
}

}  // namespace

void resolve_statics(Reader& reader) {
    auto& draft = reader.draft();
    if (!draft.config.statics->addresses.empty())
        for (auto& address : draft.config.statics.edit().addresses)
            if (address.device.empty()) address.device = draft.globals.default_interface;
    for (const auto& track : draft.static_tracks) {
        const auto group = std::find_if(draft.track_groups.begin(), draft.track_groups.end(),
                                        [&](const TrackGroupDraft& each) { return each.name == track.group; });
        if (group == draft.track_groups.end()) {
            reader.fault(Severity::error, track.place,
                         fmt::format("there is no track_group {}{}: nobody tracks the entry", track.group,
                                     did_you_mean(draft.track_groups, track.group)));
            continue;
        }
        for (const auto& member : group->members) track_device(reader, track, member);
    }
    cap_down_delays(draft.config);
}

std::span<const Keyword> track_group_keywords() { return track_group_table; }

}  // namespace vrrpd::config
