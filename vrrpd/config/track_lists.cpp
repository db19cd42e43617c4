// The lists that name what is tracked: track_interface, track_script, track_file, track_process, track_bfd, track_dns;
// and what comes of them in a sync group.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/items.hpp"
#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {

// keepalived leaves an item out that goes on with anything but `weight W`; a weight that is none is ignored alone.
std::optional<WeightWords> read_tracked_weight(Reader& reader, const Statement& s, std::int64_t most) {
    constexpr std::int64_t most_written = 254;
    const auto report = [&](std::size_t word, const std::string& text) {
        reader.fault(Severity::error, s.place(word), text);
    };
    WeightWords words;
    if (s.size() == 1) return words;
    if (s.word(1) != "weight" || s.size() == 2) {
        report(1, s.size() == 2 && s.word(1) == "weight"
                      ? fmt::format("a value is missing after weight: {} is not tracked", s.word(0))
                      : fmt::format("unknown word '{}', so {} is not tracked: write weight N, and reverse or noreverse "
                                    "behind it",
                                    s.word(1), s.word(0)));
        return std::nullopt;
    }
    const auto weight = parse_integer(s.word(2));
    if (!weight || *weight < -most_written || *weight > most_written) {
        report(2, fmt::format("weight '{}' is ignored: write a number from -{} to {}", s.word(2), most, most));
    } else {
        words.weight = static_cast<int>(std::clamp(*weight, -most, most));
        if (*words.weight != *weight)
            report(2, fmt::format("weight {} is too much: {} is used", *weight, *words.weight));
    }
    if (s.size() == 3) return words;
    if (s.word(3) == "reverse" || s.word(3) == "noreverse")
        words.reverse = s.word(3) == "reverse";
    else
        report(3, fmt::format("unknown word '{}' is ignored: write reverse or noreverse", s.word(3)));
    return words;
}

namespace {

std::string_view kind_word(Track::Kind kind) {
    constexpr std::string_view words[] = {"script", "file", "process", "bfd"};
    return words[static_cast<std::size_t>(kind)];
}

void read_tracked(Reader& reader, const Statement& s, Track::Kind as) {
    const auto kind = kind_word(as);
    const bool weighs_to_the_edge = as == Track::Kind::file || as == Track::Kind::process;
    const auto given = read_tracked_weight(reader, s, weighs_to_the_edge ? 254 : 253);
    const auto& trackers = reader.draft().trackers;
    const auto found = trackers.find({as, s.word(0)});
    if (found == trackers.end()) {
        reader.fault(Severity::error, s.place(),
                     fmt::format("there is no {} '{}' above this line: it is not tracked", kind, s.word(0)));
        return;
    }
    const auto& tracker = found->second;
    if (!given) return;
    TrackDraft track{{as, given->reverse.value_or(tracker.reverse),
                      static_cast<std::int16_t>(given->weight.value_or(tracker.weight)), *tracker.object},
                     s.place(),
                     s.word(0)};
    auto& list = reader.in_group() ? reader.draft().groups.back().tracks : reader.instance().tracks;
    const bool twice = std::any_of(list.begin(), list.end(), [&](const TrackDraft& other) {
        return other.value.kind == track.value.kind && other.value.object == track.value.object;
    });
    if (twice)
        reader.fault(Severity::error, s.place(),
                     fmt::format("{} '{}' is tracked twice: once is enough", kind, s.word(0)));
    else
        list.push_back(std::move(track));
}

// ---- of the whole

// What one member of a sync group tracks for itself may weigh only if the group says so.
std::vector<Track> tracks_in_group(Reader& reader, const std::vector<TrackDraft>& drafts, const SyncGroupDraft& group) {
    std::vector<Track> kept;
    for (const auto& draft : drafts) {
        auto track = draft.value;
        const bool neutral = track.weight == 0 || group.tracking_weight || track.kind == Track::Kind::process;
        if (!neutral) {
            const bool usual = track.kind == Track::Kind::file && track.weight == 1;
            reader.fault(Severity::error, draft.place,
                         fmt::format("{} '{}' weighs, and vrrp_sync_group {} moves as one: {}; write "
                                     "sync_group_tracking_weight to keep the weight",
                                     kind_word(track.kind), draft.name, group.name,
                                     usual ? "its weight counts as 0" : "it is not tracked"));
            if (!usual) continue;
            track.weight = 0;
        }
        kept.push_back(track);
    }
    return kept;
}

std::vector<Track> own_tracks(const std::vector<TrackDraft>& drafts) {
    std::vector<Track> kept;
    for (const auto& draft : drafts) kept.push_back(draft.value);
    return kept;
}

void weigh_nothing_for_owner(Reader& reader, const Instance& instance, std::vector<TrackDraft>& drafts) {
    if (!instance.parameters.priority.is_owner()) return;
    std::erase_if(drafts, [&](const TrackDraft& draft) {
        if (draft.value.weight == 0) return false;
        reader.fault(Severity::error, draft.place,
                     fmt::format("({}) a weight changes nothing at priority 255: {} '{}' is not tracked", instance.name,
                                 kind_word(draft.value.kind), draft.name));
        return true;
    });
}

const SyncGroupDraft* group_of(const Draft& draft, const std::string& instance) {
    for (const auto& group : draft.groups)
        if (std::find(group.members.begin(), group.members.end(), instance) != group.members.end()) return &group;
    return nullptr;
}

void note_unused(Reader& reader) {
    const auto& draft = reader.draft();
    for (const auto& [key, tracker] : draft.trackers) {
        const auto kind = key.first;
        const auto object = tracker.object;
        if (!object || kind == Track::Kind::bfd) continue;  // a session is run for the neighbour's sake, too
        const bool used =
            std::any_of(draft.config.instances.begin(), draft.config.instances.end(), [&](const auto& one) {
                return std::any_of(one.tracks.begin(), one.tracks.end(),
                                   [&](const Track& track) { return track.kind == kind && track.object == *object; });
            });
        if (!used)
            reader.fault(Severity::note, tracker.place,
                         fmt::format("nothing tracks {} '{}': it is not watched", kind_word(kind), key.second));
    }
}

}  // namespace

void read_tracked_interface(Reader& reader, const Statement& s) {
    const auto tracked = read_tracked_weight(reader, s, 253);
    if (!tracked) return;
    if (!is_device_name(s.word(0))) {
        reader.fault(Severity::error, s.place(), fmt::format("'{}' cannot be the name of an interface", s.word(0)));
        return;
    }
    const TrackInterface item{s.word(0), tracked->weight.value_or(0), tracked->reverse.value_or(false)};
    const auto same = [&](const TrackInterface& other) { return other.device == item.device; };
    const auto add_to = [&](auto& list) {
        const bool is_new = std::none_of(list.begin(), list.end(), same);
        if (is_new)
            list.push_back(item);
        else
            reader.fault(Severity::error, s.place(),
                         fmt::format("{} is tracked twice: the first one counts", item.device));
        return is_new;
    };
    if (reader.in_group())
        add_to(reader.group().interfaces);
    else if (add_to(reader.instance().value.track_interfaces))
        reader.instance().track_places.push_back(s.place());
}

// Whether there is a dns_failover for it is known when the whole text is read.
void read_tracked_dns(Reader& reader, const Statement& s) {
    const auto tracked = read_tracked_weight(reader, s, 253);
    if (!tracked) return;
    if (reader.in_group()) {
        reader.group().dns.push_back({s.word(0), tracked->weight.value_or(0), tracked->reverse.value_or(false)});
        reader.group().dns_places.push_back(s.place());
        return;
    }
    auto& instance = reader.instance();
    instance.value.track_dns.push_back({s.word(0), tracked->weight.value_or(0), tracked->reverse.value_or(false)});
    instance.dns_places.push_back(s.place());
}

void resolve_tracks(Reader& reader) {
    auto& draft = reader.draft();
    for (std::size_t i = 0; i < draft.instances.size(); ++i) {
        auto& instance = draft.config.instances[i];
        auto& own = draft.instances[i].tracks;
        weigh_nothing_for_owner(reader, instance, own);
        const auto* group = group_of(draft, instance.name);
        auto tracks = group ? tracks_in_group(reader, own, *group) : own_tracks(own);
        if (group) {
            auto theirs = group->tracks;
            weigh_nothing_for_owner(reader, instance, theirs);
            for (const auto& track : own_tracks(theirs)) tracks.push_back(track);  // alike for all, so it may weigh
        }
        tracks.shrink_to_fit();
        instance.tracks = std::move(tracks);
    }
    note_unused(reader);
    resolve_bfd(reader);
}

void read_tracked_script(Reader& reader, const Statement& s) { read_tracked(reader, s, Track::Kind::script); }
void read_tracked_file(Reader& reader, const Statement& s) { read_tracked(reader, s, Track::Kind::file); }
void read_tracked_process(Reader& reader, const Statement& s) { read_tracked(reader, s, Track::Kind::process); }
void read_tracked_bfd(Reader& reader, const Statement& s) { read_tracked(reader, s, Track::Kind::bfd); }

}  // namespace vrrpd::config
