// How announcements are paced and repeated beyond the usual: garp_group, garp_extra_if.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/handlers.hpp"

namespace vrrpd::config {

std::optional<unsigned> announce_count(Reader& reader, const Statement& s) {
    const auto value = reader.integer(s);
    if (!value) return std::nullopt;
    if (*value == 0) reader.fault(Severity::error, s.place(1), fmt::format("{} 0: 1 is used", s.keyword.name));
    return static_cast<unsigned>(std::max<std::int64_t>(*value, 1));
}

void set_extra_announcements(Reader& reader, const Statement& s, AnnounceDraft& into) {
    if (s.keyword.name.ends_with("garp_intvl"))
        reader.fault(Severity::error, s.place(),
                     fmt::format("{} is deprecated: write {}garp_extra_if", s.keyword.name,
                                 s.keyword.name.starts_with("vrrp_") ? "vrrp_" : ""));
    std::size_t at = 1;
    bool everywhere = false;
    if (s.size() > at && s.word(at) == "all") {
        everywhere = true;
        ++at;
    }
    const auto value = s.size() > at ? parse_integer(s.word(at)) : std::nullopt;
    if (!value || *value < s.keyword.low || *value > s.keyword.high) {
        reader.fault(Severity::error, s.place(std::min(at, s.size() - 1)),
                     fmt::format("{} '{}' is ignored: write a number of seconds from {} to {}", s.keyword.name,
                                 s.size() > at ? s.word(at) : "", s.keyword.low, s.keyword.high));
        return;
    }
    into.extra = static_cast<unsigned>(*value);
    into.extra_everywhere = everywhere;
}

void open_garp_group(Reader& reader, const Statement& s) {
    reader.draft().garp_groups.push_back({{}, s.place()});
    reader.enter(s);
}

namespace {

GarpGroup& group_of(Reader& reader) { return reader.draft().garp_groups.back().value; }

template <auto Field>
void set_interval(Reader& reader, const Statement& s) {
    if (const auto value = reader.millionths(s)) group_of(reader).*Field = from_millionths(*value);
}

// A device is paced in one group; the first that names it keeps it.
void add_device(Reader& reader, const Statement& s, std::size_t word) {
    const auto& device = s.word(word);
    for (const auto& group : reader.draft().garp_groups) {
        if (std::find(group.value.devices.begin(), group.value.devices.end(), device) == group.value.devices.end())
            continue;
        reader.fault(Severity::error, s.place(word),
                     fmt::format("{} has a garp_group already: it is left in that one", device));
        return;
    }
    group_of(reader).devices.push_back(device);
}

void set_device(Reader& reader, const Statement& s) { add_device(reader, s, 1); }

void add_devices(Reader& reader, const Statement& s) {
    for (std::size_t word = 0; word < s.size(); ++word) add_device(reader, s, word);
}

constexpr Keyword garp_table[] = {
    usually("(none)",
            {"garp_interval", 'C', Support::acted, Shape::decimal, set_interval<&GarpGroup::arp>, 1, any_time}),
    usually("(none)", {"gna_interval", 'C', Support::acted, Shape::decimal, set_interval<&GarpGroup::na>, 1, any_time}),
    {"interface", 'C', Support::acted, Shape::word, set_device},
    {"interfaces", 'C', Support::acted, Shape::items, add_devices},
};

}  // namespace

void resolve_garp_groups(Reader& reader) {
    for (auto& draft : reader.draft().garp_groups) {
        const auto report = [&](std::string_view text) {
            reader.fault(Severity::error, draft.place, fmt::format("garp_group {}", text));
        };
        auto& group = draft.value;
        if (group.devices.empty())
            report("names no interface: it is dropped");
        else if (group.arp == Duration(0) && group.na == Duration(0))
            report("has neither garp_interval nor gna_interval: it is dropped");
        else
            reader.draft().config.garp_groups.push_back(std::move(group));
    }
}

std::span<const Keyword> garp_group_keywords() { return garp_table; }

}  // namespace vrrpd::config
