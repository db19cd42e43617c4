// What the blocks of things to be tracked have in common: vrrp_script, vrrp_track_process, track_file, bfd_instance.
// Internal to vrrpd/config.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {

// Reads the block into a draft that those below it may name; one without its mandatory word is left out.
void open_tracker(Reader& reader, const Statement& s, const char* kind);

// weight INT [reverse]
void read_weight(Reader& reader, const Statement& s);

// Numbered when it is complete: whoever names it does so below.
template <class Object>
void keep(Reader& reader, std::vector<Object>& all, Object object, const std::string& key) {
    const auto found = reader.draft().trackers.find(key);
    if (found == reader.draft().trackers.end()) return;
    found->second.object = static_cast<std::uint32_t>(all.size());
    object.name = found->second.name;
    object.weight = found->second.weight;
    object.reverse = found->second.reverse;
    all.push_back(std::move(object));
}

}  // namespace vrrpd::config
