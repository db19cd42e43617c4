// global_defs, as far as instances take from it what they do not say themselves. Part of what parse() gives: Config has
// what came of it, this is what stands in the text, for who shows it (the dump of the global definitions).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/proto/announce.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::config {

// Of global_defs or of an instance, as it stood.
struct AnnounceDraft {
    std::optional<unsigned> delay, repeat, refresh, refresh_repeat, lower_delay, lower_repeat;
    std::optional<unsigned> extra;  // garp_extra_if
    bool extra_everywhere = false;  // ... all
};

struct Globals {
    std::optional<proto::Version> version;
    AnnounceDraft announce;
    bool min_garp = false;
    std::optional<IpAddress> group4, group6;
    std::string default_interface = "eth0";  // keepalived's
    std::uint8_t down_timer_adverts = 3;
    bool lower_prio_no_advert = false;
    // parse() sets it where the text does not: off, as keepalived has it, but on where there is a gateway. Without a
    // last advert of the one that yields, the other never learns that there were two, and does not announce again
    // (keepalived issue 166).
    std::optional<bool> higher_prio_send_advert;
    bool check_unicast_source = false, v3_checksum_as_v2 = false, owner_ignores_adverts = false;
    bool skips_address_check = false;  // vrrp_skip_check_adv_addr
    bool strict = false;
    bool priority_changes = false;                                // vrrp_notify_priority_changes
    std::optional<bool> mail, mail_vrrp;                          // smtp_alert, smtp_alert_vrrp
    std::string virtual_prefix = "vrrp", virtual_address_prefix;  // vmac_prefix, vmac_addr_prefix; empty: the former
};

// How an instance announces that says nothing of it.
[[nodiscard]] proto::AnnouncePolicy usual_announcements(const Globals& globals);

}  // namespace vrrpd::config
