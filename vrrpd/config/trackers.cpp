// vrrp_script, vrrp_track_process and track_file, and the lists that name them, and BFD sessions.
// bfd_instance itself is in bfd.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/items.hpp"
#include "vrrpd/config/tracker_blocks.hpp"

namespace vrrpd::config {

void open_tracker(Reader& reader, const Statement& s, const char* kind) {
    const auto key = fmt::format("{} {}", kind, s.word(1));
    TrackerDraft draft;
    draft.kind = kind;
    draft.name = s.word(1);
    draft.place = s.place();
    draft.script.timeout = Duration::zero();  // until it is given: the interval
    const auto [entry, is_new] = reader.draft().trackers.try_emplace(key, std::move(draft));
    if (!is_new) {
        reader.fault(Severity::error, s.place(1),
                     fmt::format("{} {} stands twice: this one is skipped", s.keyword.name, s.word(1)));
        return reader.skip(s);
    }
    reader.open_tracker(key);
    reader.enter(s);
    if (entry->second.complete) return;
    reader.fault(Severity::error, s.place(),
                 fmt::format("{} {} does not say what to watch: it is left out", s.keyword.name, s.word(1)));
    reader.draft().trackers.erase(key);
}

void read_weight(Reader& reader, const Statement& s) {
    auto& tracker = reader.tracker();
    if (const auto value = reader.integer(s)) {
        tracker.weight = static_cast<int>(*value);
        tracker.weight_given = true;
    }
    if (s.size() < 3) return;
    if (s.word(2) == "reverse") {
        tracker.reverse = true;
        return;
    }
    reader.fault(Severity::error, s.place(2), fmt::format("unknown word '{}' after weight: write reverse", s.word(2)));
}

namespace {

// ---- vrrp_script

TrackedScript& script(Reader& reader) { return reader.tracker().script; }

void set_script(Reader& reader, const Statement& s) {
    auto words = split_command(s.word(1));
    if (words.empty()) return;  // said when the block ends
    if (reader.tracker().complete) {
        reader.fault(Severity::error, s.place(), "script is given twice: the first one counts");
        return;
    }
    script(reader).script.words = std::move(words);
    reader.tracker().complete = true;
    if (s.size() <= 2) return;
    reader.fault(Severity::note, s.place(2),
                 fmt::format("'{}' is not part of the script: put quotes around a command with its words, and name "
                             "another user by `user`",
                             s.word(2)));
}

void say_zero(Reader& reader, const Statement& s, std::int64_t millionths) {
    if (millionths == 0)
        reader.fault(Severity::error, s.place(1), fmt::format("{} 0: 1 second is used", s.keyword.name));
}

void set_interval(Reader& reader, const Statement& s) {
    constexpr std::int64_t shortest = second / 1000;
    const auto value = reader.millionths(s);
    if (!value) return;
    say_zero(reader, s, *value);
    script(reader).interval = from_millionths(*value == 0 ? second : std::max(*value, shortest));
}

void set_timeout(Reader& reader, const Statement& s) {
    const auto value = reader.millionths(s);
    if (!value) return;
    say_zero(reader, s, *value);
    script(reader).timeout = from_millionths(*value == 0 ? second : *value);
}

void set_rise(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) script(reader).rise = static_cast<unsigned>(*value);
}

void set_fall(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) script(reader).fall = static_cast<unsigned>(*value);
}

void set_user(Reader& reader, const Statement& s) {
    script(reader).script.user = s.word(1);
    if (s.size() > 2) script(reader).script.group = group_name(s.word(2));
}

// ---- vrrp_track_process

TrackedProcess& process(Reader& reader) { return reader.tracker().process; }

void set_process(Reader& reader, const Statement& s) {
    auto words = split_command(s.word(1));
    for (std::size_t i = 2; i < s.size(); ++i) words.push_back(s.word(i));
    if (words.empty() || reader.tracker().complete) return;
    process(reader).process = std::move(words.front());
    process(reader).parameters.assign(std::make_move_iterator(words.begin() + 1), std::make_move_iterator(words.end()));
    reader.tracker().complete = true;
}

void set_match(Reader& reader, const Statement& s) {
    using Match = TrackedProcess::Match;
    auto& match = process(reader).match;
    if (s.size() < 2) {
        match = Match::exact;
    } else if (s.word(1) == "initial") {
        match = Match::initial;
    } else if (s.word(1) == "partial") {
        match = Match::partial;
    } else {
        reader.fault(Severity::error, s.place(1),
                     fmt::format("param_match '{}': write initial, partial, or nothing", s.word(1)));
    }
}

void say_no_quorum(Reader& reader, const Statement& s, const std::string& why) {
    reader.fault(Severity::error, s.place(1), fmt::format("{} {} {}: it is ignored", s.keyword.name, s.word(1), why));
}

void set_quorum(Reader& reader, const Statement& s) {
    const auto value = reader.integer(s);
    if (!value) return;
    const auto& most = process(reader).quorum_max;
    if (most && *value > *most) return say_no_quorum(reader, s, fmt::format("is more than quorum_max {}", *most));
    process(reader).quorum = static_cast<unsigned>(*value);
}

void set_quorum_max(Reader& reader, const Statement& s) {
    const auto value = reader.integer(s);
    if (!value) return;
    auto& least = process(reader).quorum;
    if (*value == 0 && least == 1) least = 0;  // keepalived's: it must not run
    if (*value < least) return say_no_quorum(reader, s, fmt::format("is less than quorum {}", least));
    process(reader).quorum_max = static_cast<unsigned>(*value);
}

void set_delays(Reader& reader, const Statement& s) {
    const auto value = reader.millionths(s);
    if (!value) return;
    const auto delay = from_millionths(*value);
    if (s.keyword.name != "terminate_delay") process(reader).fork_delay = delay;
    if (s.keyword.name != "fork_delay") process(reader).terminate_delay = delay;
}

void set_full_command(Reader& reader, const Statement&) { process(reader).full_command = true; }

// ---- track_file

void set_file(Reader& reader, const Statement& s) {
    reader.tracker().file.path = s.word(1);
    reader.tracker().complete = true;
}

void set_init_file(Reader& reader, const Statement& s) {
    auto& file = reader.tracker().file;
    file.initial = 0;
    for (std::size_t i = 1; i < s.size(); ++i) {
        if (s.word(i) == "overwrite") {
            file.overwrite = true;
        } else if (const auto value = parse_integer(s.word(i)); value && *value >= -any && *value <= any) {
            file.initial = static_cast<int>(*value);
            constexpr int sensible = 254;
            if (std::abs(file.initial.value_or(0)) > sensible)
                reader.fault(
                    Severity::error, s.place(i),
                    fmt::format("init_file {}: a number from -{} to {} would do", s.word(i), sensible, sensible));
        } else {
            reader.fault(Severity::error, s.place(i),
                         fmt::format("init_file '{}': write a number, overwrite, or both", s.word(i)));
        }
    }
}

constexpr Keyword script_table[] = {
    {"script", 'A', Support::acted, Shape::command, set_script},
    usually("1", {"interval", 'A', Support::acted, Shape::decimal, set_interval, 0, any_time}),
    usually("(interval)", {"timeout", 'A', Support::acted, Shape::decimal, set_timeout, 0, any_time}),
    usually("0", {"weight", 'A', Support::acted, Shape::integer, read_weight, -253, 253}),
    usually("1", {"rise", 'A', Support::acted, Shape::integer, set_rise, 1, any}),
    usually("1", {"fall", 'A', Support::acted, Shape::integer, set_fall, 1, any}),
    {"user", 'A', Support::acted, Shape::command, set_user},
    {"init_fail", 'B', Support::accepted, Shape::nothing},
};

constexpr Keyword track_process_table[] = {
    {"process", 'B', Support::acted, Shape::command, set_process},
    {"param_match", 'C', Support::acted, Shape::optional_words, set_match},
    usually("0", {"weight", 'B', Support::acted, Shape::integer, read_weight, -254, 254}),
    usually("1", {"quorum", 'B', Support::acted, Shape::integer, set_quorum, 1, 65'535}),
    usually("(none)", {"quorum_max", 'B', Support::acted, Shape::integer, set_quorum_max, 0, 65'535}),
    usually("(none)", {"delay", 'C', Support::acted, Shape::decimal, set_delays, 1, 3600 * second}),
    usually("(none)", {"fork_delay", 'C', Support::acted, Shape::decimal, set_delays, 1, 3600 * second}),
    usually("(none)", {"terminate_delay", 'C', Support::acted, Shape::decimal, set_delays, 1, 3600 * second}),
    {"full_command", 'C', Support::acted, Shape::nothing, set_full_command},
};

constexpr Keyword track_file_table[] = {
    {"file", 'B', Support::acted, Shape::word, set_file},
    usually("1", {"weight", 'B', Support::acted, Shape::integer, read_weight, -254, 254}),
    {"init_file", 'B', Support::acted, Shape::optional_words, set_init_file},
};

// ---- the lists

std::string_view kind_word(Track::Kind kind) {
    constexpr std::string_view words[] = {"script", "file", "process", "bfd"};
    return words[static_cast<std::size_t>(kind)];
}

void read_tracked(Reader& reader, const Statement& s, Track::Kind as) {
    const auto kind = kind_word(as);
    const bool weighs_to_the_edge = as == Track::Kind::file || as == Track::Kind::process;
    const auto given = read_tracked_weight(reader, s, weighs_to_the_edge ? 254 : 253);
    const auto& trackers = reader.draft().trackers;
    const auto found = trackers.find(fmt::format("{} {}", kind, s.word(0)));
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
    for (const auto& entry : draft.trackers) {
        const auto& tracker = entry.second;                      // no binding: clang 14 lets no lambda see one
        if (!tracker.object || tracker.kind == "bfd") continue;  // a session is run for the neighbour's sake, too
        const bool used =
            std::any_of(draft.config.instances.begin(), draft.config.instances.end(), [&](const auto& one) {
                return std::any_of(one.tracks.begin(), one.tracks.end(), [&](const Track& track) {
                    return kind_word(track.kind) == tracker.kind && track.object == *tracker.object;
                });
            });
        if (!used)
            reader.fault(Severity::note, tracker.place,
                         fmt::format("nothing tracks {} '{}': it is not watched", tracker.kind, tracker.name));
    }
}

}  // namespace

void open_vrrp_script(Reader& reader, const Statement& s) {
    open_tracker(reader, s, "script");
    const auto key = "script " + s.word(1);
    const auto found = reader.draft().trackers.find(key);
    if (found == reader.draft().trackers.end() || found->second.object) return;
    auto value = found->second.script;
    if (value.timeout == Duration::zero()) value.timeout = value.interval;
    keep(reader, reader.draft().config.scripts, std::move(value), key);
}

void open_track_process(Reader& reader, const Statement& s) {
    open_tracker(reader, s, "process");
    const auto key = "process " + s.word(1);
    const auto found = reader.draft().trackers.find(key);
    if (found == reader.draft().trackers.end() || found->second.object) return;
    auto value = found->second.process;
    if (!value.parameters.empty() && value.match == TrackedProcess::Match::none)
        value.match = TrackedProcess::Match::exact;
    // As in keepalived: who asks for parameters means the command as it was called, not the process's short name.
    if (value.match != TrackedProcess::Match::none) value.full_command = true;
    keep(reader, reader.draft().config.processes, std::move(value), key);
}

void open_track_file(Reader& reader, const Statement& s) {
    open_tracker(reader, s, "file");
    const auto key = "file " + s.word(1);
    const auto found = reader.draft().trackers.find(key);
    if (found == reader.draft().trackers.end() || found->second.object) return;
    if (!found->second.weight_given) found->second.weight = 1;
    keep(reader, reader.draft().config.files, found->second.file, key);
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

std::span<const Keyword> script_keywords() { return script_table; }
std::span<const Keyword> track_process_keywords() { return track_process_table; }
std::span<const Keyword> track_file_keywords() { return track_file_table; }

}  // namespace vrrpd::config
