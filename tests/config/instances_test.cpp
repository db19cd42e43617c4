// What is judged of the instances as a whole: those that could not run, pairs that collide, groups, trackers, and the
// global values that the daemon itself takes.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::instances_test {
namespace {

using namespace std::chrono_literals;

std::string instance(const std::string& name, const std::string& body, const std::string& address = "10.0.0.1") {
    return "vrrp_instance " + name + " {\n" + body + "\nvirtual_ipaddress {\n" + address + "\n}\n}\n";
}

TEST(Instances, that_could_not_run_prevent_a_start_and_are_class_5) {
    struct Case {
        const char* text;
        const char* said;
    };
    for (const auto& [text, said] : {
             Case{"vrrp_instance V {\ninterface eth0\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
                  "virtual_router_id is missing"},
             Case{"vrrp_instance V {\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
                  "interface is missing"},
             Case{"vrrp_instance V {\ninterface lo\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
                  "loopback"},
             Case{"vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nversion 3\n}",
                  "virtual_ipaddress is missing"},
         }) {
        const auto parsed = parse_text(text);
        EXPECT_TRUE(says(parsed.faults, said)) << text;
        EXPECT_TRUE(says(parsed.faults, "vrrpd.conf:1:1: (V) ")) << text;
        EXPECT_FALSE(parsed.can_start()) << text;
        EXPECT_EQ(config_test_status(parsed.faults, false, true), 5) << text;
    }
}

TEST(Instances, of_version_2_may_lack_an_address_with_a_report) {
    const auto parsed = parse_text("vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\n}");
    EXPECT_EQ(errors(parsed.faults).size(), 1U);
    EXPECT_TRUE(parsed.can_start());
    EXPECT_TRUE(errors(parse_text("vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nversion 3\n"
                                  "no_virtual_ipaddress\n}")
                           .faults)
                    .empty());
}

TEST(Instances, with_a_unicast_source_need_no_interface) {
    const auto parsed =
        parse_text(instance("V", "virtual_router_id 1\nunicast_src_ip 10.0.0.9\nunicast_peer {\n10.0.0.8\n}"));
    EXPECT_TRUE(parsed.can_start());
    EXPECT_EQ(parsed.config.instances.at(0).addresses.at(0).device, "eth0");  // default_interface
    const auto named =
        parse_text("global_defs {\ndefault_interface lan0\n}\n" +
                   instance("V", "virtual_router_id 1\nunicast_src_ip 10.0.0.9\nunicast_peer {\n10.0.0.8\n}"));
    EXPECT_EQ(named.config.instances.at(0).addresses.at(0).device, "lan0");
}

TEST(Instances, VR_010_VR_060_of_one_vrid_must_not_hear_each_other) {
    const std::string one = instance("A", "interface eth0\nvirtual_router_id 5");
    const auto collides = parse_text(one + instance("B", "interface eth0\nvirtual_router_id 5", "10.0.0.2"));
    EXPECT_TRUE(says(collides.faults, "vrrpd.conf:8:1: (B) has virtual_router_id 5 on eth0, as A has"));
    EXPECT_FALSE(collides.can_start());
    EXPECT_FALSE(
        parse_text(one + instance("B", "interface eth0\nvirtual_router_id 5\nmcast_dst_ip 224.0.0.18")).can_start())
        << "the usual group";
    for (const auto& other :
         {instance("B", "interface eth1\nvirtual_router_id 5", "10.0.0.2"),
          instance("B", "interface eth0\nvirtual_router_id 6", "10.0.0.2"),
          instance("B", "interface eth0\nvirtual_router_id 5", "fe80::1"),
          instance("B", "interface eth0\nvirtual_router_id 5\nmcast_dst_ip 224.0.0.99", "10.0.0.2"),
          instance("B", "interface eth0\nvirtual_router_id 5\nunicast_peer {\n10.0.0.3\n}", "10.0.0.2")}) {
        EXPECT_TRUE(parse_text(one + other).can_start()) << other;
    }
}

TEST(Instances, of_one_vrid_must_not_hear_each_others_copies_by_peer_link) {
    const std::string one =
        instance("A", "interface eth0\nvirtual_router_id 5") +
        instance("B", "interface eth0\nvirtual_router_id 5\nunicast_peer {\n10.0.0.3\n}", "10.0.0.2");
    const auto link = [](const std::string& member) {
        return "peer_link {\nmember H001 10.0.0.4\nmember H002 " + member + "\n}\n";
    };
    EXPECT_TRUE(parse_text(one + link("10.0.0.5"), "H001").can_start());
    const auto confused = parse_text(one + link("10.0.0.3"), "H001");
    EXPECT_TRUE(
        says(confused.faults, "(B) has virtual_router_id 5 on eth0, as A has, whose adverts go to the members"));
    EXPECT_FALSE(confused.can_start());
}

TEST(Instances, more_addresses_than_an_advert_carries_are_excluded) {
    std::string list;
    for (int i = 0; i < 260; ++i) list += "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) + "\n";
    const auto parsed = parse_text(instance("V", "interface eth0\nvirtual_router_id 1", list));
    const auto& v = parsed.config.instances.at(0);
    EXPECT_EQ(v.addresses.size(), 255U);
    EXPECT_EQ(v.excluded_addresses.size(), 5U);
    EXPECT_TRUE(says(parsed.faults, "an advert carries 255 addresses at most: the other 5 go to"));
}

TEST(Groups, name_instances_that_exist_and_are_in_one_group) {
    const std::string two = instance("A", "interface eth0\nvirtual_router_id 5") +
                            instance("B", "interface eth0\nvirtual_router_id 6", "10.0.0.2");
    EXPECT_TRUE(errors(parse_text("vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n" + two).faults).empty());
    EXPECT_TRUE(says(parse_text(two + "vrrp_sync_group G {\ngroup {\nA\nB\nC\n}\n}\n").faults,
                     "vrrp_sync_group G: there is no vrrp_instance C"));
    EXPECT_TRUE(says(parse_text(two + "vrrp_sync_group G {\ngroup {\nA\n}\n}\n").faults, "it has one member"));
    EXPECT_TRUE(says(parse_text(two + "vrrp_sync_group G {\ngroup {\nX\n}\n}\n").faults, "it has no members"));
    EXPECT_TRUE(says(
        parse_text(two + "vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\nvrrp_sync_group H {\ngroup {\nB\nA\n}\n}\n").faults,
        "B is in the group G already"));
}

TEST(Groups, take_weights_away_from_members_unless_told) {
    const std::string tracked =
        instance("A", "interface eth0\nvirtual_router_id 5\ntrack_interface {\neth1 weight 5\n}") +
        instance("B", "interface eth0\nvirtual_router_id 6", "10.0.0.2");
    EXPECT_TRUE(says(parse_text(tracked + "vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n").faults,
                     "the weight of eth1 in A counts as 0"));
    EXPECT_TRUE(
        errors(parse_text(tracked + "vrrp_sync_group G {\nsync_group_tracking_weight\ngroup {\nA\nB\n}\n}\n").faults)
            .empty());
}

TEST(Instances, timer_expired_backup_requires_nopreempt) {
    EXPECT_EQ(parse_instance("nopreempt\ntimer_expired_backup 180").config.instances.at(0).parameters.others_priority,
              proto::Priority::configured(180));
    EXPECT_EQ(parse_instance("nopreempt\nthread_timer_expired").config.instances.at(0).parameters.others_priority,
              proto::Priority::configured(254));
    const auto preempting = parse_instance("timer_expired_backup 180");
    EXPECT_TRUE(says(preempting.faults, "timer_expired_backup requires nopreempt: it is ignored"));
    EXPECT_EQ(preempting.config.instances.at(0).parameters.others_priority, std::nullopt);
}

TEST(Instances, owner_ignore_adverts_is_for_owners) {
    const std::string globals = "global_defs {\nvrrp_owner_ignore_adverts\nvrrp_delay_after_boot 90\n}\n";
    const auto owner = instance("A", "interface eth0\nvirtual_router_id 5\npriority 255");
    EXPECT_TRUE(parse_text(globals + owner).config.instances.at(0).ignores_adverts);
    EXPECT_EQ(parse_text(globals + owner).config.delay_after_boot, std::chrono::seconds(90));
    EXPECT_FALSE(parse_text(owner).config.instances.at(0).ignores_adverts);
    const auto other = parse_instance("owner_ignore_adverts");
    EXPECT_FALSE(other.config.instances.at(0).ignores_adverts);
    EXPECT_TRUE(says(other.faults, "owner_ignore_adverts is for priority 255 alone"));
}

TEST(Trackers, say_what_to_watch) {
    EXPECT_TRUE(
        says(parse_text("vrrp_script s {\ninterval 2\n}\n").faults, "vrrp_script s does not say what to watch"));
    EXPECT_TRUE(says(parse_text("vrrp_script s {\nscript /a\n}\nvrrp_script s {\nscript /b\n}\n").faults,
                     "4:13: vrrp_script s stands twice"));
    EXPECT_TRUE(
        says(parse_text("vrrp_script s {\nscript /a\nweight 5 revers\n}\n").faults, "3:10: unknown word 'revers'"));
    EXPECT_TRUE(
        says(parse_text("bfd_instance b {\nneighbor_ip x\n}\n").faults, "neighbor_ip 'x' is not an IP address"));
}

TEST(Globals, reach_the_daemon) {
    const auto config = parse_instance("",
                                       "router_id r1\nvrrp_startup_delay 2.5\nlog_unknown_vrids\nvrrp_rt_priority 50\n"
                                       "vrrp_no_swap")
                            .config;
    EXPECT_EQ(config.router_id, "r1");
    EXPECT_EQ(config.startup_delay, 2500ms);
    EXPECT_TRUE(config.log_unknown_vrids);
    EXPECT_TRUE(config.realtime);
    EXPECT_EQ(config.realtime_priority, 50);
    EXPECT_TRUE(config.lock_memory);
}

TEST(Globals, a_realtime_priority_is_held_to_its_range) {
    const auto parsed = parse_instance("", "vrrp_rt_priority 200");
    EXPECT_EQ(parsed.config.realtime_priority, 99);
    EXPECT_EQ(errors(parsed.faults).size(), 1U);
    EXPECT_FALSE(parse_instance("", "vrrp_rt_priority x").config.realtime);
}

}  // namespace
}  // namespace vrrpd::config::instances_test
