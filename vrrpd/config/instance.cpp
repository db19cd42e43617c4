// vrrp_instance: its keywords. What depends on other blocks is resolved afterwards (resolve.cpp).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/items.hpp"

namespace vrrpd::config {

void open_instance(Reader& reader, const Statement& s) {
    if (!reader.draft().instance_names.insert(s.word(1)).second) {
        reader.fault(Severity::error, s.place(1),
                     fmt::format("vrrp_instance {} stands twice: this one is skipped", s.word(1)));
        return reader.skip(s);
    }
    InstanceDraft draft;
    draft.value.name = s.word(1);
    draft.place = s.place();
    reader.draft().instances.push_back(std::move(draft));
    reader.enter(s);
}

namespace {

void set_state(Reader& reader, const Statement& s) {
    auto& state = reader.instance().state_master;
    if (s.word(1) == "MASTER") {
        state = true;
    } else if (s.word(1) == "BACKUP") {
        state = state.value_or(false);  // "MASTER, then BACKUP" stays MASTER
    } else {
        reader.fault(Severity::error, s.place(1),
                     fmt::format("unknown state '{}', BACKUP is used: write MASTER or BACKUP", s.word(1)));
    }
}

void set_interface(Reader& reader, const Statement& s) {
    if (is_device_name(s.word(1))) {
        reader.instance().value.interface = s.word(1);
    } else {
        reader.fault(Severity::error, s.place(1), fmt::format("'{}' cannot be the name of an interface", s.word(1)));
    }
}

void set_extra(Reader& reader, const Statement& s) { set_extra_announcements(reader, s, reader.instance().announce); }

void set_vrid(Reader& reader, const Statement& s) {
    const auto value = reader.integer(s);
    if (!value) return;
    reader.instance().value.vrid = *proto::Vrid::make(static_cast<unsigned>(*value));
    reader.instance().vrid_given = true;
}

void set_priority(Reader& reader, const Statement& s) {
    const auto value = reader.integer(s);
    auto& instance = reader.instance();
    instance.priority_given = true;  // a bad one is 100, whatever the state
    instance.value.parameters.priority = *proto::Priority::configured(static_cast<unsigned>(value.value_or(100)));
}

void set_advert_interval(Reader& reader, const Statement& s) {
    const auto value = reader.millionths(s);
    if (!value) return;
    reader.instance().advert_millionths = *value;
    reader.instance().advert_place = s.place(1);
}

// `version 2` after an IPv6 item is refused.
void set_version(Reader& reader, const Statement& s) {
    const auto value = reader.integer(s);
    if (!value) return;
    if (*value == 2 && reader.instance().family == Family::ipv6) {
        reader.fault(Severity::error, s.place(1), "version 2 cannot be given to an IPv6 instance: version 3 is used");
        return;
    }
    reader.instance().version = static_cast<proto::Version>(*value);
}

void set_preempt(Reader& reader, const Statement&) { reader.instance().nopreempt = false; }

void set_nopreempt(Reader& reader, const Statement& s) {
    reader.instance().nopreempt = true;
    reader.instance().preempt_place = s.place();
}

void set_preempt_delay(Reader& reader, const Statement& s) {
    const auto value = reader.millionths(s);
    if (!value) return;
    reader.instance().value.parameters.preempt_delay = from_millionths(*value);
    reader.instance().preempt_place = s.place();
}

void set_native_ipv6(Reader& reader, const Statement& s) {
    reader.fault(Severity::note, s.place(), "native_ipv6 is deprecated: the addresses say the family");
    (void)reader.accept_family(Family::ipv6, s.place());
}

void set_down_timer_adverts(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) reader.instance().down_timer_adverts = static_cast<std::uint8_t>(*value);
}

// The highest priority among the others; without a number any of them.
void set_timer_expired(Reader& reader, const Statement& s) {
    constexpr std::int64_t highest = 254;
    const auto value = s.size() > 1 ? reader.integer(s) : std::optional(highest);
    if (!value) return;
    reader.instance().value.parameters.others_priority = proto::Priority::configured(static_cast<unsigned>(*value));
    reader.instance().timer_expired_place = s.place();
}

// Our own extension: the cap on an interval learnt from the Active: a forged one must not silence us for as long as it
// likes.
void set_learnt_interval_max(Reader& reader, const Statement& s) {
    if (const auto value = reader.millionths(s)) {
        reader.instance().value.parameters.learnt_interval_max = from_millionths(*value);
    }
}

void set_source(Reader& reader, const Statement& s, bool multicast) {
    const auto value = reader.address(s);
    auto& instance = reader.instance();
    instance.unicast_word |= !multicast;
    if (!value || !reader.accept_family(value->family(), s.place(1))) return;
    instance.value.source = value;
    instance.multicast_source = multicast;
}
void set_unicast_source(Reader& reader, const Statement& s) { set_source(reader, s, false); }
void set_multicast_source(Reader& reader, const Statement& s) { set_source(reader, s, true); }

void set_group(Reader& reader, const Statement& s) {
    const auto value = reader.address(s);
    if (!value) return;
    if (!value->is_multicast()) {
        reader.fault(
            Severity::error, s.place(1),
            fmt::format("mcast_dst_ip '{}' is not a multicast address: the standard group is used", s.word(1)));
    } else if (reader.accept_family(value->family(), s.place(1))) {
        reader.instance().value.group = value;
    }
}

struct PeerBound {
    std::string_view name;
    std::uint8_t proto::Peer::*value;
};
constexpr std::array peer_bounds = {PeerBound{"min_ttl", &proto::Peer::min_ttl},
                                    PeerBound{"max_ttl", &proto::Peer::max_ttl}};

// [min_ttl N] [max_ttl N]. A word that is wrong is ignored: the peer is one all the same.
void read_peer_bounds(Reader& reader, const Statement& s, proto::Peer& peer) {
    constexpr std::int64_t most = 255;
    for (std::size_t i = 1; i < s.size(); ++i) {
        const auto bound = std::find_if(peer_bounds.begin(), peer_bounds.end(),
                                        [&](const PeerBound& b) { return b.name == s.word(i); });
        if (bound == peer_bounds.end()) {
            reader.fault(
                Severity::error, s.place(i),
                fmt::format("unknown word '{}' after a peer is ignored: write min_ttl N or max_ttl N", s.word(i)));
            continue;
        }
        reader.instance().check_unicast_source = true;  // a bound only means something if the sender is known
        const auto value = ++i < s.size() ? parse_integer(s.word(i)) : std::nullopt;
        if (!value || *value < 0 || *value > most)
            reader.fault(Severity::error, s.place(std::min(i, s.size() - 1)),
                         fmt::format("{} is ignored: write a number from 0 to {} behind it", s.word(i - 1), most));
        else
            peer.*(bound->value) = static_cast<std::uint8_t>(*value);
    }
    if (peer.min_ttl > peer.max_ttl)
        reader.fault(Severity::error, s.place(),
                     fmt::format("min_ttl {} is more than max_ttl {}: nothing that this peer sends is taken",
                                 peer.min_ttl, peer.max_ttl));
}

void read_peer(Reader& reader, const Statement& s) {
    const auto address = parse_bare_address(s.word(0));
    if (!address) {
        reader.fault(Severity::error, s.place(),
                     fmt::format("the peer '{}' is not an IP address and is left out", s.word(0)));
        return;
    }
    if (!reader.accept_family(address->family(), s.place())) return;
    auto& peers = reader.instance().value.peers;
    proto::Peer peer{*address, 0, 255};
    read_peer_bounds(reader, s, peer);
    const bool twice =
        std::any_of(peers.begin(), peers.end(), [&](const auto& one) { return one.address == *address; });
    if (twice)
        reader.fault(Severity::note, s.place(),
                     fmt::format("the peer {} stands twice: the first one counts", s.word(0)));
    else
        peers.push_back(peer);
}

void open_peers(Reader& reader, const Statement&) { reader.instance().unicast_word = true; }

void check_unicast_source(Reader& reader, const Statement&) {
    reader.instance().unicast_word = true;
    reader.instance().check_unicast_source = true;
}

void set_unicast_ttl(Reader& reader, const Statement& s) {
    reader.instance().unicast_word = true;
    if (const auto value = reader.integer(s)) reader.instance().value.unicast_ttl = static_cast<std::uint8_t>(*value);
}

void set_no_track_primary(Reader& reader, const Statement&) { reader.instance().value.track_primary = false; }
void set_track_source(Reader& reader, const Statement&) { reader.instance().value.track_source = true; }

template <bool Accepts>
void set_accept(Reader& reader, const Statement& s) {
    reader.instance().accepts = Accepts;
    reader.instance().accept_place = s.place();
}

void refuse_sync_daemon(Reader& reader, const Statement& s) {
    reader.fault(Severity::error, s.place(), "lvs_sync_daemon_interface is deprecated: take it out");
}

constexpr Keyword instance_table[] = {
    // core
    usually("BACKUP", {"state", 'A', Support::acted, Shape::word, set_state}),
    usually("(default_interface)", {"interface", 'A', Support::acted, Shape::word, set_interface}),
    usually("(mandatory)", {"virtual_router_id", 'A', Support::acted, Shape::integer, set_vrid, 1, 255}),
    usually("100", {"priority", 'A', Support::acted, Shape::integer, set_priority, 1, 255}),
    usually("1", {"advert_int", 'A', Support::acted, Shape::decimal, set_advert_interval, second / 100, 255 * second}),
    usually("(vrrp_version)", {"version", 'A', Support::acted, Shape::integer, set_version, 2, 3}),
    {"preempt", 'A', Support::acted, Shape::nothing, set_preempt},
    {"nopreempt", 'A', Support::acted, Shape::nothing, set_nopreempt},
    usually("0", {"preempt_delay", 'A', Support::acted, Shape::decimal, set_preempt_delay, 0, 1000 * second}),
    {"virtual_ipaddress", 'A', Support::acted, Shape::items, read_virtual_address},
    {"virtual_ipaddress_excluded", 'A', Support::acted, Shape::items, read_excluded_address},
    {"no_virtual_ipaddress", 'C', Support::acted, Shape::nothing, switch_instance<&InstanceDraft::no_addresses_wanted>},
    {"virtual_routes", 'A', Support::acted, Shape::items, read_virtual_route},
    {"virtual_rules", 'B', Support::acted, Shape::items, read_virtual_rule},
    {"promote_secondaries", 'B', Support::accepted, Shape::nothing,
     switch_instance<&InstanceDraft::promote_secondaries>},
    {"native_ipv6", 'C', Support::acted, Shape::nothing, set_native_ipv6},
    usually("(vrrp_down_timer_adverts)",
            {"down_timer_adverts", 'B', Support::acted, Shape::integer, set_down_timer_adverts, 1, 100}),
    usually("(10 x advert_int, 10 at least)", {"max_learnt_interval", 'O', Support::acted, Shape::decimal,
                                               set_learnt_interval_max, second / 100, 3600 * second}),
    usually("(none)",
            {"timer_expired_backup", 'C', Support::acted, Shape::optional_integer, set_timer_expired, 1, 254}),
    usually("(none)",
            {"thread_timer_expired", 'C', Support::acted, Shape::optional_integer, set_timer_expired, 1, 254}),
    usually("(vrrp_strict)",
            {"strict_mode", 'B', Support::acted, Shape::optional_switch, switch_instance<&InstanceDraft::strict>}),
    usually("(nothing)", {"debug", 'C', Support::accepted, Shape::integer, nullptr, 0, 4}),
    {"vrf", 'C', Support::unsupported, Shape::word},
    // transport
    {"unicast_src_ip", 'A', Support::acted, Shape::address, set_unicast_source},
    {"unicast_peer", 'A', Support::acted, Shape::items, read_peer, 0, 0, {}, {}, {}, open_peers},
    {"unicast_fault_no_peer", 'B', Support::acted, Shape::nothing,
     switch_instance<&InstanceDraft::fault_without_peers>},
    usually("255", {"unicast_ttl", 'B', Support::acted, Shape::integer, set_unicast_ttl, 0, 255}),
    {"check_unicast_src", 'B', Support::acted, Shape::nothing, check_unicast_source},
    {"mcast_src_ip", 'A', Support::acted, Shape::address, set_multicast_source},
    {"mcast_dst_ip", 'C', Support::acted, Shape::address, set_group},
    {"track_src_ip", 'B', Support::acted, Shape::nothing, set_track_source},
    usually("(always so)", {"skip_check_adv_addr", 'B', Support::accepted, Shape::optional_switch,
                            switch_instance<&InstanceDraft::skips_address_check>}),
    usually("(the global one)", {"v3_checksum_as_v2", 'C', Support::acted, Shape::optional_switch,
                                 switch_instance<&InstanceDraft::v3_checksum_as_v2>}),
    {"old_unicast_checksum",
     'C',
     Support::unsupported,
     Shape::optional_words,
     nullptr,
     0,
     0,
     {},
     {},
     "both checksum forms are taken, that one is not"},
    usually("(the global one)", {"lower_prio_no_advert", 'B', Support::acted, Shape::optional_switch,
                                 switch_instance<&InstanceDraft::lower_prio_no_advert>}),
    usually("(the global one)", {"higher_prio_send_advert", 'C', Support::acted, Shape::optional_switch,
                                 switch_instance<&InstanceDraft::higher_prio_send_advert>}),
    usually("(the global one)", {"owner_ignore_adverts", 'C', Support::acted, Shape::optional_switch,
                                 switch_instance<&InstanceDraft::owner_ignores_adverts>}),
    goes_on({"kernel_rx_buf_size", 'C', Support::unsupported, Shape::integer, nullptr, 0, any}),
    {"linkbeat_use_polling", 'C', Support::unsupported, Shape::nothing},
    // virtual MAC
    {"use_vmac", 'A', Support::acted, Shape::optional_words, read_use_vmac},
    {"use_vmac_addr", 'C', Support::acted, Shape::nothing, read_use_vmac_addr},
    {"vmac_xmit_base", 'A', Support::acted, Shape::nothing, read_vmac_xmit_base},
    {"use_ipvlan",
     'C',
     Support::unsupported,
     Shape::optional_words,
     nullptr,
     0,
     0,
     {},
     {},
     "addresses stand on the interface itself; use_vmac gives them a device of their own"},
    // tracking
    {"track_interface", 'A', Support::acted, Shape::items, read_tracked_interface},
    {"track_dns", 'O', Support::acted, Shape::items, read_tracked_dns},
    {"dont_track_primary", 'A', Support::acted, Shape::nothing, set_no_track_primary},
    {"track_script", 'A', Support::acted, Shape::items, read_tracked_script},
    {"track_file", 'B', Support::acted, Shape::items, read_tracked_file},
    {"track_process", 'B', Support::acted, Shape::items, read_tracked_process},
    {"track_bfd", 'B', Support::acted, Shape::items, read_tracked_bfd},
    // announcements
    usually("(the global one)", {"garp_master_delay", 'A', Support::acted, Shape::integer,
                                 set_announce<&AnnounceDraft::delay>, 0, longest_delay}),
    usually("(the global one)", {"garp_master_repeat", 'A', Support::acted, Shape::integer,
                                 set_announce_count<&AnnounceDraft::repeat>, 0, any}),
    usually("(the global one)", {"garp_master_refresh", 'A', Support::acted, Shape::integer,
                                 set_announce<&AnnounceDraft::refresh>, 0, any}),
    usually("(the global one)", {"garp_master_refresh_repeat", 'A', Support::acted, Shape::integer,
                                 set_announce_count<&AnnounceDraft::refresh_repeat>, 0, any}),
    usually("(the global one)", {"garp_lower_prio_delay", 'B', Support::acted, Shape::integer,
                                 set_announce<&AnnounceDraft::lower_delay>, 0, longest_delay}),
    usually("(the global one)", {"garp_lower_prio_repeat", 'B', Support::acted, Shape::integer,
                                 set_announce<&AnnounceDraft::lower_repeat>, 0, any}),
    usually("(the global one)", {"garp_extra_if", 'C', Support::acted, Shape::optional_words, set_extra, 0, day}),
    usually("(the global one)", {"vmac_garp_intvl", 'C', Support::acted, Shape::optional_words, set_extra, 0, day}),
    // authentication
    {"authentication", 'A', Support::acted, Shape::block, open_authentication, 0, 0, {}, Block::authentication},
    {"auth_hmac", 'B', Support::acted, Shape::block, open_auth_hmac, 0, 0, {}, Block::auth_hmac},
    // notification and accept
    {"notify", 'A', Support::acted, Shape::command, read_notify<&Notify::any>},
    {"notify_master", 'A', Support::acted, Shape::command, read_notify<&Notify::master>},
    {"notify_backup", 'A', Support::acted, Shape::command, read_notify<&Notify::backup>},
    {"notify_fault", 'A', Support::acted, Shape::command, read_notify<&Notify::fault>},
    {"notify_stop", 'A', Support::acted, Shape::command, read_notify<&Notify::stop>},
    {"notify_deleted", 'C', Support::acted, Shape::optional_words, read_notify_deleted},
    {"notify_master_rx_lower_pri", 'B', Support::acted, Shape::command, read_notify<&Notify::lower_priority>},
    usually("(smtp_alert_vrrp)", {"smtp_alert", 'B', Support::acted, Shape::optional_switch, read_mail_switch}),
    usually("(the global one)",
            {"notify_priority_changes", 'B', Support::acted, Shape::optional_switch, read_priority_changes}),
    {"accept", 'B', Support::acted, Shape::nothing, set_accept<true>},
    {"no_accept", 'B', Support::acted, Shape::nothing, set_accept<false>},
    {"lvs_sync_daemon_interface", 'L', Support::lvs, Shape::word, refuse_sync_daemon},
};

}  // namespace

std::vector<std::string_view> peer_words() {
    std::vector<std::string_view> words;
    append_names(words, peer_bounds);
    return words;
}

std::span<const Keyword> instance_keywords() { return instance_table; }

}  // namespace vrrpd::config
