// What the blocks of things to be tracked have in common: vrrp_script, vrrp_track_process, track_file, bfd_instance.
// Internal to vrrpd/config.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {

// Reads the block into a draft that those below it may name. nullptr, and it is said why: it stands twice, or has not
// its mandatory word.
[[nodiscard]] TrackerDraft* read_tracker(Reader& reader, const Statement& s, Track::Kind kind);

// weight INT [reverse]
void read_weight(Reader& reader, const Statement& s);

// Numbered when it is complete: whoever names it does so below.
template <class Object>
void keep(std::vector<Object>& all, Object object, const std::string& name, TrackerDraft& tracker) {
    tracker.object = static_cast<std::uint32_t>(all.size());
    object.name = name;
    object.weight = tracker.weight;
    object.reverse = tracker.reverse;
    all.push_back(std::move(object));
}

}  // namespace vrrpd::config
