// The keywords of a vrrp_instance: defaults, what is inherited from global_defs, and the repairs that keepalived makes
// with a report.
#include <gtest/gtest.h>

#include <tuple>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::instance_test {
namespace {

using namespace std::chrono_literals;

// The one instance of a text without errors.
Instance clean(const std::string& more, const std::string& globals = "") {
    auto parsed = parse_instance(more, globals);
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{}) << more;
    return parsed.config.instances.at(0);
}

// ... of a text with one error that says this.
Instance repaired(const std::string& more, const std::string& said, const std::string& globals = "") {
    auto parsed = parse_instance(more, globals);
    EXPECT_EQ(errors(parsed.faults).size(), 1U) << more;
    EXPECT_TRUE(says(parsed.faults, said))
        << more << ": " << (errors(parsed.faults).empty() ? "" : errors(parsed.faults)[0]);
    EXPECT_TRUE(parsed.can_start());
    return parsed.config.instances.at(0);
}

TEST(Instance, has_keepalived_s_defaults) {
    const auto v = clean("");
    EXPECT_EQ(v.name, "V");
    EXPECT_EQ(v.interface, "eth0");
    EXPECT_EQ(v.vrid.value(), 7);
    EXPECT_EQ(v.family, Family::ipv4);
    EXPECT_EQ(v.parameters.version, proto::Version::v2);
    EXPECT_EQ(v.parameters.priority.value(), 100);
    EXPECT_EQ(v.parameters.advert_interval, Centiseconds(100));
    EXPECT_EQ(v.parameters.down_timer_adverts, 3U);
    EXPECT_TRUE(v.parameters.preempt);
    EXPECT_EQ(v.parameters.preempt_delay, Duration::zero());
    EXPECT_TRUE(v.parameters.answer_lower_priority);
    EXPECT_EQ(v.parameters.probe_time, 200ms);  // ours: keepalived asks nobody
    EXPECT_EQ(v.checksum, proto::ChecksumForm::pseudo_header);
    EXPECT_FALSE(v.unicast());
    EXPECT_FALSE(v.group);
    EXPECT_TRUE(v.track_primary);
    EXPECT_EQ(v.unicast_ttl, 255);
    ASSERT_EQ(v.addresses.size(), 1U);
    EXPECT_EQ(v.addresses[0].device, "eth0");
    EXPECT_EQ(*v.announce, proto::AnnouncePolicy{});
}

// ---- version and interval ---------------------------------------------------------------------------

TEST(Instance, takes_its_version_from_itself_the_globals_or_its_family) {
    EXPECT_EQ(clean("version 3").parameters.version, proto::Version::v3);
    EXPECT_EQ(clean("", "vrrp_version 3").parameters.version, proto::Version::v3);
    EXPECT_EQ(clean("version 2", "vrrp_version 3").parameters.version, proto::Version::v2);
    const auto v6 =
        parse_text("vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\nfe80::1/64\n}\n}");
    EXPECT_EQ(v6.config.instances.at(0).family, Family::ipv6);
    EXPECT_EQ(v6.config.instances.at(0).parameters.version, proto::Version::v3);
}

TEST(Instance, refuses_version_2_after_an_ipv6_address) {
    const auto parsed = parse_text(
        "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\nfe80::1/64\n}\nversion 2\n}");
    EXPECT_TRUE(says(parsed.faults, "vrrpd.conf:7:9: version 2 cannot be given to an IPv6 instance"));
    EXPECT_EQ(parsed.config.instances.at(0).parameters.version, proto::Version::v3);
}

TEST(Instance, globals_count_wherever_they_stand) {
    const auto parsed = parse_text(
        "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n"
        "global_defs {\nvrrp_version 3\n}\n");
    EXPECT_EQ(parsed.config.instances.at(0).parameters.version, proto::Version::v3);
}

TEST(Instance, VR_062_VR_063_rounds_an_interval_that_its_version_cannot_carry) {
    EXPECT_EQ(clean("version 3\nadvert_int 0.01").parameters.advert_interval, Centiseconds(1));
    EXPECT_EQ(clean("version 3\nadvert_int 40.95").parameters.advert_interval, Centiseconds(4095));
    EXPECT_EQ(clean("advert_int 255").parameters.advert_interval, Centiseconds(25500));
    EXPECT_EQ(repaired("advert_int 0.1", "7:12: (V) advert_int 0.1 is not possible in version 2: 1 is used")
                  .parameters.advert_interval,
              Centiseconds(100));
    EXPECT_EQ(repaired("advert_int 1.5", "2 is used").parameters.advert_interval, Centiseconds(200));
    EXPECT_EQ(repaired("version 3\nadvert_int 0.105", "0.11 is used").parameters.advert_interval, Centiseconds(11));
    EXPECT_EQ(repaired("version 3\nadvert_int 50", "40.95 is used").parameters.advert_interval, Centiseconds(4095));
    EXPECT_EQ(repaired("advert_int 0", "not in range").parameters.advert_interval, Centiseconds(100));
}

// ---- state and preemption ---------------------------------------------------------------------------

TEST(Instance, VR_082_state_master_without_a_priority_is_the_owner_and_else_starts_like_any_other) {
    EXPECT_EQ(clean("state MASTER").parameters.priority.value(), 255);
    EXPECT_EQ(clean("state MASTER\npriority 150").parameters, clean("state BACKUP\npriority 150").parameters);
    EXPECT_EQ(clean("priority 150\nstate MASTER").parameters.priority.value(), 150);
    EXPECT_EQ(clean("state BACKUP").parameters.priority.value(), 100);
}

TEST(Instance, state_master_with_a_bad_priority_is_100) {
    EXPECT_EQ(repaired("state MASTER\npriority 0", "priority '0' is not in range").parameters.priority.value(), 100);
}

TEST(Instance, master_then_backup_stays_master) {
    EXPECT_EQ(clean("state MASTER\nstate BACKUP").parameters.priority.value(), 255);
}

TEST(Instance, another_state_is_backup_and_case_matters) {
    EXPECT_EQ(repaired("state master", "7:7: unknown state 'master', BACKUP is used").parameters.priority.value(), 100);
}

TEST(Instance, state_master_clears_nopreempt_and_preempt_delay) {
    const auto a = repaired("state MASTER\npriority 9\nnopreempt", "9:1: (V) nopreempt does not go with state MASTER");
    EXPECT_TRUE(a.parameters.preempt);
    const auto b = repaired("state MASTER\npriority 9\npreempt_delay 5", "preempt_delay does not go with state MASTER");
    EXPECT_EQ(b.parameters.preempt_delay, Duration::zero());
}

TEST(Instance, nopreempt_is_undone_by_preempt_and_refused_at_255) {
    EXPECT_FALSE(clean("nopreempt").parameters.preempt);
    EXPECT_TRUE(clean("nopreempt\npreempt").parameters.preempt);
    EXPECT_TRUE(repaired("priority 255\nnopreempt", "nopreempt does not go with priority 255").parameters.preempt);
}

TEST(Instance, preempt_delay_needs_preemption) {
    EXPECT_EQ(clean("preempt_delay 1.5").parameters.preempt_delay, 1500ms);
    EXPECT_EQ(
        repaired("preempt_delay 5\nnopreempt", "preempt_delay does not go with nopreempt").parameters.preempt_delay,
        Duration::zero());
}

TEST(Instance, priority_255_is_warned_of) {
    const auto parsed = parse_instance("priority 255");
    EXPECT_TRUE(errors(parsed.faults).empty());
    EXPECT_TRUE(says(parsed.faults, "(V) priority 255 is for the owner of the address: it takes over at once"));
}

// ---- announcements ------------------------------------------------------------------------------------

TEST(Instance, announcements_are_inherited_from_the_globals) {
    const auto v = clean("",
                         "vrrp_garp_master_delay 7\nvrrp_garp_master_repeat 3\nvrrp_garp_master_refresh 60\n"
                         "vrrp_garp_master_refresh_repeat 2\nvrrp_garp_extra_if all 100");
    EXPECT_EQ(v.announce->second_block, 7s);
    EXPECT_EQ(v.announce->repeat, 3U);
    EXPECT_EQ(v.announce->refresh, 60s);
    EXPECT_EQ(v.announce->refresh_repeat, 2U);
    EXPECT_EQ(v.announce->extra, 100s);
    EXPECT_TRUE(v.announce->extra_everywhere);
}

TEST(Instance, garp_extra_if_of_its_own_replaces_the_global_one_whole) {
    const auto v = clean("garp_extra_if 0", "vrrp_garp_extra_if all 100");
    EXPECT_EQ(v.announce->extra, 0s);
    EXPECT_EQ(clean("garp_extra_if 7", "vrrp_garp_extra_if all 100").announce->extra, 7s);
    EXPECT_FALSE(clean("garp_extra_if 7", "vrrp_garp_extra_if all 100").announce->extra_everywhere);
    EXPECT_EQ(repaired("vmac_garp_intvl 5", "vmac_garp_intvl is deprecated: write garp_extra_if").announce->extra, 5s);
    for (const auto* wrong : {"garp_extra_if", "garp_extra_if all", "garp_extra_if 86401", "garp_extra_if x"})
        EXPECT_EQ(repaired(wrong, "is ignored: write a number of seconds from 0 to 86400").announce->extra, 0s);
}

// As in keepalived: the lower_prio values come from the global master values, not from the instance's own.
TEST(Instance, lower_priority_announcements_are_inherited_from_the_global_master_values) {
    const auto v =
        clean("garp_master_delay 1\ngarp_master_repeat 2", "vrrp_garp_master_delay 8\nvrrp_garp_master_repeat 9");
    EXPECT_EQ(v.announce->second_block, 1s);
    EXPECT_EQ(v.announce->repeat, 2U);
    EXPECT_EQ(v.announce->lower_prio_second_block, 8s);
    EXPECT_EQ(v.announce->lower_prio_repeat, 9U);
    const auto own = clean("garp_lower_prio_delay 3\ngarp_lower_prio_repeat 0", "vrrp_garp_lower_prio_repeat 4");
    EXPECT_EQ(own.announce->lower_prio_second_block, 3s);
    EXPECT_EQ(own.announce->lower_prio_repeat, 0U);
    EXPECT_EQ(clean("", "vrrp_garp_lower_prio_repeat 4").announce->lower_prio_repeat, 4U);
}

TEST(Instance, a_repeat_of_0_is_1) {
    EXPECT_EQ(repaired("garp_master_repeat 0", "garp_master_repeat 0: 1 is used").announce->repeat, 1U);
    EXPECT_EQ(repaired("garp_master_refresh_repeat 0", "0: 1 is used").announce->refresh_repeat, 1U);
    EXPECT_TRUE(says(parse_instance("garp_master_delay 4295").faults, "write a number from 0 to 4294"));
    EXPECT_TRUE(says(parse_instance("", "vrrp_garp_lower_prio_delay 4295").faults, "write a number from 0 to 4294"));
    EXPECT_TRUE(
        says(parse_instance("", "dynamic_interfaces yes").faults, "unknown word 'yes' after dynamic_interfaces"));
}

TEST(Instance, min_garp_stands_for_values_left_at_their_default) {
    const auto v = clean("", "vrrp_min_garp");
    EXPECT_EQ(v.announce->repeat, 1U);
    EXPECT_EQ(v.announce->second_block, Duration::zero());
    EXPECT_EQ(clean("garp_master_repeat 4", "vrrp_min_garp").announce->repeat, 4U);
    EXPECT_EQ(clean("", "vrrp_min_garp\nvrrp_garp_master_repeat 6").announce->repeat, 6U);
    EXPECT_EQ(clean("", "vrrp_min_garp off").announce->repeat, 5U);
}

// ---- other protocol options -----------------------------------------------------------------------------

TEST(Instance, protocol_options_are_inherited_and_overridden) {
    const std::string globals =
        "vrrp_down_timer_adverts 5\nvrrp_lower_prio_no_advert\nvrrp_higher_prio_send_advert on\nv3_checksum_as_v2";
    const auto inherited = clean("version 3", globals);
    EXPECT_EQ(inherited.parameters.down_timer_adverts, 5U);
    EXPECT_FALSE(inherited.parameters.answer_lower_priority);
    EXPECT_TRUE(inherited.parameters.advert_before_yielding);
    EXPECT_EQ(inherited.checksum, proto::ChecksumForm::message_only);
    const auto own = clean(
        "version 3\ndown_timer_adverts 4\nlower_prio_no_advert no\nhigher_prio_send_advert no\nv3_checksum_as_v2 off",
        globals);
    EXPECT_EQ(own.parameters.down_timer_adverts, 4U);
    EXPECT_TRUE(own.parameters.answer_lower_priority);
    EXPECT_FALSE(own.parameters.advert_before_yielding);
    EXPECT_EQ(own.checksum, proto::ChecksumForm::pseudo_header);
}

// Whoever lost a split brain tells the other, which announces again: the gateway's other parts depend on it.
TEST(Instance, a_last_advert_before_yielding_is_keepalived_s_default_but_beside_a_gateway) {
    const std::string gateway = "gateway H {\nfollows V\nlan eth0 10.0.0.0/24\n}\n";
    const auto yields_aloud = [](const std::string& globals, const std::string& after) {
        const auto parsed = parse_text("global_defs {\n" + globals +
                                       "\n}\nvrrp_instance V {\ninterface eth0\nvirtual_router_id 7\nvirtual_ipaddress "
                                       "{\n10.0.0.1/24\n}\n}\n" +
                                       after);
        EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
        EXPECT_EQ(parsed.globals.higher_prio_send_advert,
                  parsed.config.instances.at(0).parameters.advert_before_yielding);
        return parsed.config.instances.at(0).parameters.advert_before_yielding;
    };
    EXPECT_FALSE(yields_aloud("", ""));
    EXPECT_TRUE(yields_aloud("", gateway));
    EXPECT_TRUE(yields_aloud("vrrp_higher_prio_send_advert", ""));
    EXPECT_FALSE(yields_aloud("vrrp_higher_prio_send_advert off", gateway));
}

TEST(Instance, a_bad_switch_leaves_the_option_as_it_is) {
    EXPECT_TRUE(
        repaired("lower_prio_no_advert YES", "write on, true, yes, off, false or no").parameters.answer_lower_priority);
}

TEST(Instance, a_learnt_interval_can_be_capped) {
    EXPECT_EQ(clean("version 3\nmax_learnt_interval 2.5").parameters.learnt_interval_max, 2500ms);
}

// ---- transport --------------------------------------------------------------------------------------------

TEST(Instance, unicast_has_a_source_peers_and_bounds) {
    const auto v =
        clean("unicast_src_ip 10.0.0.3\nunicast_ttl 64\nunicast_peer {\n10.0.0.4\n10.0.0.5 min_ttl 250 max_ttl 254\n}");
    EXPECT_TRUE(v.unicast());
    EXPECT_EQ(v.source, IpAddress::parse("10.0.0.3"));
    EXPECT_EQ(v.unicast_ttl, 64);
    ASSERT_EQ(v.peers.size(), 2U);
    EXPECT_EQ(v.peers[0], (proto::Peer{*IpAddress::parse("10.0.0.4"), 0, 255}));
    EXPECT_EQ(v.peers[1], (proto::Peer{*IpAddress::parse("10.0.0.5"), 250, 254}));
    EXPECT_TRUE(v.check_unicast_source);  // a bound turns it on
    EXPECT_FALSE(clean("unicast_peer {\n10.0.0.4\n}").check_unicast_source);
    EXPECT_TRUE(clean("unicast_peer {\n10.0.0.4\n}", "vrrp_check_unicast_src").check_unicast_source);
}

TEST(Instance, bad_peers_are_left_out) {
    EXPECT_TRUE(repaired("unicast_peer {\nx\n10.0.0.4\n}", "8:1: the peer 'x' is not an IP address").peers.size() == 1);
    EXPECT_EQ(clean("unicast_peer {\n10.0.0.4\n10.0.0.4\n}").peers.size(), 1U) << "keepalived says nothing";
    EXPECT_TRUE(repaired("unicast_peer {\n10.0.0.4\nfe80::4\n}", "this instance is of IPv4").peers.size() == 1);
    for (const auto& [words, said] :
         {std::pair{"min_ttl 300", "min_ttl is ignored: write a number from 0 to 255"},
          std::pair{"max_ttl", "max_ttl is ignored"}, std::pair{"ttl", "unknown word 'ttl' after a peer is ignored"},
          std::pair{"max_ttl 5 min_ttl 6", "min_ttl 6 is more than max_ttl 5"}})
        EXPECT_EQ(repaired("unicast_peer {\n10.0.0.4 " + std::string(words) + "\n}", said).peers.size(), 1U) << words;
}

TEST(Instance, unicast_options_without_peers_fall_back_to_multicast_or_a_fault) {
    EXPECT_FALSE(repaired("unicast_src_ip 10.0.0.3", "no unicast_peer: multicast is used").unicast());
    EXPECT_TRUE(clean("unicast_src_ip 10.0.0.3\nunicast_fault_no_peer").fault_without_peers);
    EXPECT_FALSE(
        clean("unicast_src_ip 10.0.0.3\nunicast_fault_no_peer\nunicast_peer {\n10.0.0.4\n}").fault_without_peers);
}

TEST(Instance, multicast_has_a_source_and_a_group) {
    const auto v = clean("mcast_src_ip 10.0.0.3\ntrack_src_ip\nmcast_dst_ip 224.0.0.100");
    EXPECT_EQ(v.source, IpAddress::parse("10.0.0.3"));
    EXPECT_TRUE(v.track_source);
    EXPECT_EQ(v.group, IpAddress::parse("224.0.0.100"));
    EXPECT_EQ(clean("", "vrrp_mcast_group4 224.0.0.77").group, IpAddress::parse("224.0.0.77"));
    EXPECT_FALSE(repaired("mcast_dst_ip 10.0.0.1", "is not a multicast address").group);
    EXPECT_FALSE(repaired("", "is not an IPv4 multicast address", "vrrp_mcast_group4 ff02::12").group);
    EXPECT_FALSE(clean("", "vrrp_mcast_group6 ff02::77").group);  // of the other family
}

TEST(Instance, the_first_address_says_the_family) {
    const auto parsed = parse_instance("mcast_src_ip fe80::1");  // then comes 10.0.0.1
    EXPECT_TRUE(says(parsed.faults,
                     "9:1: this instance is of IPv6, the address is not: put it into "
                     "virtual_ipaddress_excluded"));
    EXPECT_EQ(parsed.config.instances.at(0).family, Family::ipv6);
}

// ---- tracking -----------------------------------------------------------------------------------------------

TEST(Instance, tracks_interfaces_with_weights) {
    const auto v = clean("track_interface {\neth1\neth2 weight -50\neth3 weight 20 reverse\n}\ndont_track_primary");
    EXPECT_EQ(v.track_interfaces,
              (std::vector<TrackInterface>{{"eth1", 0, false}, {"eth2", -50, false}, {"eth3", 20, true}}));
    EXPECT_FALSE(v.track_primary);
}

TEST(Instance, refuses_tracking_that_cannot_be_meant) {
    EXPECT_TRUE(repaired("track_interface {\neth0\n}", "8:1: (V) eth0 is the instance's own interface")
                    .track_interfaces.empty());
    // As Debian's keepalived 2.2.7 judges them.
    using Tracked = SeldomList<TrackInterface>;
    for (const auto& [item, said, weight] :
         {std::tuple{"eth1 weight 254", "8:13: weight 254 is too much: 253 is used", 253},
          std::tuple{"eth1 weight -254", "8:13: weight -254 is too much: -253 is used", -253},
          std::tuple{"eth1 weight 255", "8:13: weight '255' is ignored: write a number from -253 to 253", 0},
          std::tuple{"eth1 weight x", "8:13: weight 'x' is ignored", 0},
          std::tuple{"eth1 weight 7 revers", "8:15: unknown word 'revers' is ignored", 7},
          std::tuple{"eth1\neth1 weight 5", "9:1: eth1 is tracked twice: the first one counts", 0}})
        EXPECT_EQ(repaired("track_interface {\n" + std::string(item) + "\n}", said).track_interfaces,
                  (Tracked{{"eth1", weight, false}}))
            << item;
    for (const auto* item : {"eth1 wieght 5", "eth1 reverse", "eth1 weight"})
        EXPECT_TRUE(
            repaired("track_interface {\n" + std::string(item) + "\n}", "eth1 is not tracked").track_interfaces.empty())
            << item;
    EXPECT_TRUE(
        repaired("priority 255\ntrack_interface {\neth1 weight 5\n}", "a weight changes nothing at priority 255")
            .track_interfaces.empty());
}

// As in keepalived: trackers are defined above their users.
TEST(Instance, a_tracker_must_stand_above) {
    EXPECT_TRUE(says(parse_instance("track_script {\nchk\n}").faults, "8:1: there is no script 'chk' above this line"));
}

}  // namespace
}  // namespace vrrpd::config::instance_test
