// The blocks vrrp_script, vrrp_track_process and track_file: what may be tracked. Who tracks it is in track_lists.cpp;
// bfd_instance is in bfd.cpp.
#include <fmt/format.h>

#include <cstdlib>

#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/tracker_blocks.hpp"

namespace vrrpd::config {

TrackerDraft* read_tracker(Reader& reader, const Statement& s, Track::Kind kind) {
    auto& all = reader.draft().trackers;
    const auto [entry, is_new] = all.try_emplace({kind, s.word(1)});
    if (!is_new) {
        reader.fault(Severity::error, s.place(1),
                     fmt::format("{} {} stands twice: this one is skipped", s.keyword.name, s.word(1)));
        reader.skip(s);
        return nullptr;
    }
    auto& tracker = entry->second;
    tracker.place = s.place();
    reader.open_tracker(tracker);
    reader.enter(s);
    if (tracker.complete) return &tracker;
    reader.fault(Severity::error, s.place(),
                 fmt::format("{} {} does not say what to watch: it is left out", s.keyword.name, s.word(1)));
    all.erase(entry);
    return nullptr;
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
    reader.tracker().script_timeout = from_millionths(*value == 0 ? second : *value);
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
    goes_on({"script", 'A', Support::acted, Shape::command, set_script}),
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
    usually("0", goes_on({"weight", 'B', Support::acted, Shape::integer, read_weight, -254, 254})),
    usually("1", {"quorum", 'B', Support::acted, Shape::integer, set_quorum, 1, 65'535}),
    usually("(none)", {"quorum_max", 'B', Support::acted, Shape::integer, set_quorum_max, 0, 65'535}),
    usually("(none)", {"delay", 'C', Support::acted, Shape::decimal, set_delays, 1, 3600 * second}),
    usually("(none)", {"fork_delay", 'C', Support::acted, Shape::decimal, set_delays, 1, 3600 * second}),
    usually("(none)", {"terminate_delay", 'C', Support::acted, Shape::decimal, set_delays, 1, 3600 * second}),
    {"full_command", 'C', Support::acted, Shape::nothing, set_full_command},
};

constexpr Keyword track_file_table[] = {
    goes_on({"file", 'B', Support::acted, Shape::word, set_file}),
    usually("1", goes_on({"weight", 'B', Support::acted, Shape::integer, read_weight, -254, 254})),
    {"init_file", 'B', Support::acted, Shape::optional_words, set_init_file},
};

}  // namespace

void open_vrrp_script(Reader& reader, const Statement& s) {
    auto* const tracker = read_tracker(reader, s, Track::Kind::script);
    if (tracker == nullptr) return;
    auto& script = tracker->script;
    script.timeout = tracker->script_timeout.value_or(script.interval);
    keep(reader.draft().config.scripts, script, s.word(1), *tracker);
}

void open_track_process(Reader& reader, const Statement& s) {
    auto* const tracker = read_tracker(reader, s, Track::Kind::process);
    if (tracker == nullptr) return;
    auto& process = tracker->process;
    if (!process.parameters.empty() && process.match == TrackedProcess::Match::none)
        process.match = TrackedProcess::Match::exact;
    // As in keepalived: who asks for parameters means the command as it was called, not the process's short name.
    if (process.match != TrackedProcess::Match::none) process.full_command = true;
    keep(reader.draft().config.processes, process, s.word(1), *tracker);
}

void open_track_file(Reader& reader, const Statement& s) {
    auto* const tracker = read_tracker(reader, s, Track::Kind::file);
    if (tracker == nullptr) return;
    if (!tracker->weight_given) tracker->weight = 1;
    keep(reader.draft().config.files, tracker->file, s.word(1), *tracker);
}

std::span<const Keyword> script_keywords() { return script_table; }
std::span<const Keyword> track_process_keywords() { return track_process_table; }
std::span<const Keyword> track_file_keywords() { return track_file_table; }

}  // namespace vrrpd::config
