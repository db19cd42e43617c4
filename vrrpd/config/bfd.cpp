// The block bfd_instance: its keywords, and what must hold between them.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/tracker_blocks.hpp"

namespace vrrpd::config {
namespace {

constexpr std::int64_t millisecond = 1'000'000;  // as a decimal's millionths
constexpr std::int64_t most_milliseconds = 4'294'967 * millisecond;
constexpr std::uint8_t usual_hops = 255;       // RFC 5881 5
constexpr std::uint8_t keepalived_hops6 = 64;  // what keepalived sends over IPv6 when it is told nothing

BfdDraft& bfd(Reader& reader) { return reader.tracker().bfd; }

void set_neighbor(Reader& reader, const Statement& s) {
    const auto address = reader.address(s);
    if (!address) return;
    bfd(reader).value.neighbor = *address;
    reader.tracker().complete = true;
}

void set_source(Reader& reader, const Statement& s) {
    if (const auto address = reader.address(s)) {
        bfd(reader).value.source = *address;
        bfd(reader).source_place = s.place(1);
    }
}

template <auto Field>
void set_interval(Reader& reader, const Statement& s) {
    constexpr std::int64_t microsecond = 1000;
    const auto value = reader.millionths(s);
    if (!value) return;
    const auto micro = (*value + microsecond / 2) / microsecond;
    if (*value % microsecond != 0)
        reader.fault(Severity::error, s.place(1),
                     fmt::format("{} '{}' has more than three places: {} is used", s.keyword.name, s.word(1),
                                 decimal_text(micro * microsecond)));
    bfd(reader).value.parameters.*Field = proto::BfdInterval(static_cast<std::uint32_t>(micro));
}

void set_multiplier(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s))
        bfd(reader).value.parameters.multiplier = static_cast<std::uint8_t>(*value);
}

void set_passive(Reader& reader, const Statement&) { bfd(reader).value.parameters.passive = true; }

void set_hops(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) bfd(reader).hops = static_cast<std::uint8_t>(*value);
}

void set_max_hops(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) {
        bfd(reader).max_hops = static_cast<int>(*value);
        bfd(reader).max_hops_place = s.place(1);
    }
}

void set_multihop(Reader& reader, const Statement& s) {
    if (const auto value = reader.boolean(s)) bfd(reader).value.multihop = *value;
}

void set_vrrp(Reader& reader, const Statement&) { bfd(reader).for_vrrp = true; }
void set_checker(Reader& reader, const Statement&) { bfd(reader).for_checkers = true; }

constexpr Keyword bfd_table[] = {
    {"neighbor_ip", 'B', Support::acted, Shape::address, set_neighbor},
    {"neighbour_ip", 'B', Support::acted, Shape::address, set_neighbor},
    {"source_ip", 'B', Support::acted, Shape::address, set_source},
    usually("10", {"min_rx", 'B', Support::acted, Shape::milliseconds, set_interval<&proto::BfdParameters::min_rx>,
                   millisecond, most_milliseconds}),
    usually("10", {"min_tx", 'B', Support::acted, Shape::milliseconds, set_interval<&proto::BfdParameters::min_tx>,
                   millisecond, most_milliseconds}),
    usually("1000", {"idle_tx", 'C', Support::acted, Shape::milliseconds, set_interval<&proto::BfdParameters::idle_tx>,
                     1000 * millisecond, most_milliseconds}),
    usually("5", {"multiplier", 'B', Support::acted, Shape::integer, set_multiplier, 1, 255}),
    {"passive", 'C', Support::acted, Shape::nothing, set_passive},
    usually("255", {"ttl", 'C', Support::acted, Shape::integer, set_hops, 1, 255}),
    usually("255", {"hoplimit", 'C', Support::acted, Shape::integer, set_hops, 1, 255}),
    usually("0", {"max_hops", 'C', Support::acted, Shape::integer, set_max_hops, -1, 255}),
    usually("off", {"multihop", 'C', Support::acted, Shape::optional_switch, set_multihop}),
    usually("0", {"weight", 'B', Support::acted, Shape::integer, read_weight, -253, 253}),
    {"vrrp", 'C', Support::acted, Shape::nothing, set_vrrp},
    {"checker", 'C', Support::acted, Shape::nothing, set_checker},
};

// What the neighbour's packets must have left of their hop limit.
std::uint8_t least_hops(Reader& reader, const BfdDraft& draft, const Place& block) {
    if (draft.max_hops < 0 || (draft.value.multihop && !draft.max_hops_place)) return 0;
    const bool usual6 = !draft.hops && draft.value.neighbor.is_v6();
    const int from = draft.hops.value_or(usual6 ? keepalived_hops6 : usual_hops);
    if (draft.max_hops > from) {
        reader.fault(Severity::error, *draft.max_hops_place,
                     fmt::format("max_hops {} is more than the hop limit: {} is used", draft.max_hops, from));
        return 0;
    }
    if (usual6 && !draft.value.multihop && !draft.value.neighbor.is_link_local())
        reader.fault(Severity::note, block,
                     "without hoplimit, packets with 64 hops left are taken, which is what keepalived sends over IPv6; "
                     "write hoplimit 255 on both sides, and nobody from beyond the link can speak for the neighbour "
                     "(RFC 5881 5)");
    return static_cast<std::uint8_t>(from - draft.max_hops);
}

bool is_usable(Reader& reader, const BfdDraft& draft, const Statement& s) {
    const auto& value = draft.value;
    if (value.source && value.source->family() != value.neighbor.family()) {
        reader.fault(Severity::error, *draft.source_place,
                     fmt::format("source_ip {} and neighbor_ip {} are of two families: bfd_instance {} is left out",
                                 value.source->to_string(), value.neighbor.to_string(), s.word(1)));
        return false;
    }
    const auto& all = reader.draft().config.bfd_instances;
    const auto same = std::find_if(all.begin(), all.end(), [&](const BfdInstance& other) {
        return other.neighbor == value.neighbor && other.source == value.source && other.multihop == value.multihop;
    });
    if (same == all.end()) return true;
    reader.fault(Severity::error, s.place(),
                 fmt::format("bfd_instance {} has the neighbor_ip {} of bfd_instance {}: it is left out", s.word(1),
                             value.neighbor.to_string(), same->name));
    return false;
}

// Says why it can never be Up.
void judge_neighbor(Reader& reader, const BfdInstance& value, const Statement& s) {
    const bool nobody = value.neighbor.is_multicast() || value.neighbor.is_unspecified();
    if (nobody || value.source == value.neighbor)
        reader.fault(Severity::note, s.place(),
                     fmt::format("bfd_instance {}: {} is {}, so the session is never Up", s.word(1),
                                 value.neighbor.to_string(), nobody ? "no neighbour's address" : "our own source_ip"));
}

}  // namespace

void open_bfd_instance(Reader& reader, const Statement& s) {
    if (s.word(1).size() > most_bfd_name) {
        reader.fault(Severity::error, s.place(1),
                     fmt::format("bfd_instance {}: the name has more than {} characters: it is left out", s.word(1),
                                 most_bfd_name));
        return reader.skip(s);
    }
    auto* const tracker = read_tracker(reader, s, Track::Kind::bfd);
    if (tracker == nullptr) return;
    const auto leave_out = [&] { reader.draft().trackers.erase({Track::Kind::bfd, s.word(1)}); };
    auto& draft = tracker->bfd;
    if (draft.for_checkers && !draft.for_vrrp) {
        reader.fault(Severity::note, s.place(),
                     fmt::format("bfd_instance {} is for keepalived's checkers alone: it is left out", s.word(1)));
        return leave_out();
    }
    if (!is_usable(reader, draft, s)) return leave_out();
    judge_neighbor(reader, draft.value, s);
    draft.value.hops = draft.hops.value_or(usual_hops);
    draft.value.least_hops = least_hops(reader, draft, s.place());
    keep(reader.draft().config.bfd_instances, draft.value, s.word(1), *tracker);
}

// A link-local address says nothing of the link: it is that of the instance which tracks it.
void resolve_bfd(Reader& reader) {
    auto& config = reader.draft().config;
    for (const auto& instance : config.instances) {
        for (const auto& track : instance.tracks) {
            if (track.kind != Track::Kind::bfd) continue;
            auto& session = config.bfd_instances[track.object];
            if (session.neighbor.is_link_local() && session.device.empty()) session.device = instance.interface;
        }
    }
}

std::span<const Keyword> bfd_keywords() { return bfd_table; }

}  // namespace vrrpd::config
