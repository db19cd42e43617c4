#include "vrrpd/engine/core/trackers.hpp"

#include <algorithm>

namespace vrrpd::engine {

namespace {

using Health = ipc::TrackerState::Health;

constexpr const char* words[] = {"script ", "file ", "process ", "bfd "};

}  // namespace

void Trackers::configure(const config::Config& config) {
    const auto take = [this](Kind kind, const auto& objects) {
        auto& entries = entries_[static_cast<std::size_t>(kind)];
        auto before = std::exchange(entries, {});
        for (const auto& object : objects) {
            const auto known = std::find_if(before.begin(), before.end(),
                                            [&](const Entry& entry) { return entry.name == object.name; });
            entries.push_back(known == before.end() ? Entry{object.name} : std::move(*known));
        }
    };
    take(Kind::script, config.scripts);
    take(Kind::file, config.files);
    take(Kind::process, config.processes);
    take(Kind::bfd, config.bfd_instances);
}

std::optional<Trackers::Object> Trackers::apply(const ipc::TrackerState& state) {
    auto& entries = entries_[static_cast<std::size_t>(state.kind)];
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.name == state.name; });
    if (found == entries.end()) return std::nullopt;
    const bool counts = state.kind != ipc::TrackerState::Kind::process;  // how many run is for the dump alone
    const bool new_to_us =
        found->health != state.health || found->detail != state.detail || (counts && found->number != state.number);
    *found = {state.name, state.health, state.number, state.detail};
    if (!new_to_us) return std::nullopt;
    return Object{static_cast<Kind>(state.kind), static_cast<std::uint32_t>(found - entries.begin())};
}

bool Trackers::judge(const config::Instance& instance, std::vector<proto::Tracked>& tracked,
                     std::vector<std::string>& faults) const {
    bool waits = false;
    for (const auto& track : instance.tracks) {
        const auto& entry = entries_[static_cast<std::size_t>(track.kind)][track.object];
        if (entry.health == Health::disabled) continue;
        auto& now = tracked.emplace_back();
        now.name = words[static_cast<std::size_t>(track.kind)] + entry.name;
        now.weight = track.weight;
        now.reverse = track.reverse;
        now.up = entry.health == Health::up;
        now.known = entry.health != Health::unknown;
        if (track.kind == Kind::file) now.number = entry.number;
        now.word = entry.detail;
        // What weighs may begin without; but a file's number can be a fault whatever it weighs.
        waits = waits || (!now.known && (track.weight == 0 || track.kind == Kind::file));
        if (proto::is_fault(now)) faults.push_back(now.name + ' ' + now.word);
    }
    return waits;
}

Trackers::ProcessState Trackers::process(std::uint32_t number) const {
    const auto& entry = entries_[static_cast<std::size_t>(Kind::process)][number];
    return {entry.health == Health::up, static_cast<unsigned>(entry.number)};
}

std::optional<bool> Trackers::script(std::uint32_t number) const {
    const auto health = entries_[static_cast<std::size_t>(Kind::script)][number].health;
    if (health != Health::up && health != Health::down) return std::nullopt;
    return health == Health::up;
}

std::int64_t Trackers::file(std::uint32_t number) const {
    return entries_[static_cast<std::size_t>(Kind::file)][number].number;
}

bool tracks(const config::Instance& instance, const Trackers::Object& object) {
    return std::any_of(instance.tracks.begin(), instance.tracks.end(), [&](const config::Track& track) {
        return track.kind == object.kind && track.object == object.number;
    });
}

}  // namespace vrrpd::engine
