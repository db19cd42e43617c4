// vrrp_strict and strict_mode: what is taken out of an instance, as Debian's keepalived 2.2.7 does it on
// the same text: one report for each thing that the instance asked for, none for what global_defs did.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::strict_test {
namespace {

Instance strict(const std::string& more, const std::string& globals = "") {
    auto parsed = parse_instance(more, "vrrp_strict\n" + globals);
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{}) << more;
    EXPECT_EQ(parse_instance("strict_mode\n" + more, globals).config.instances, parsed.config.instances)
        << "the instance's own word means the same";
    return parsed.config.instances.at(0);
}

Instance repaired(const std::string& more, const std::string& said) {
    auto parsed = parse_instance(more, "vrrp_strict");
    EXPECT_EQ(errors(parsed.faults).size(), 1U) << more;
    EXPECT_TRUE(says(parsed.faults, said)) << more;
    EXPECT_EQ(config_test_status(parsed.faults, false, true), 5) << more;
    EXPECT_TRUE(parsed.can_start());
    return parsed.config.instances.at(0);
}

TEST(Strict, is_the_standards_behaviour) {
    const auto v = strict("");
    EXPECT_TRUE(v.strict);
    EXPECT_FALSE(v.accepts);
    EXPECT_FALSE(v.parameters.answer_lower_priority);
    EXPECT_FALSE(v.parameters.advert_before_yielding);
    EXPECT_EQ(v.announce->lower_prio_repeat, 0U);
    EXPECT_FALSE(parse_instance("").config.instances[0].strict);
    EXPECT_FALSE(parse_instance("strict_mode off\npreempt_delay 5", "vrrp_strict").config.instances[0].strict);
}

// 2.2.7 is strict whatever stands behind vrrp_strict; its successors read a switch there, and so do we.
TEST(Strict, a_switch_behind_it_counts_which_is_said) {
    const auto off = parse_instance("", "vrrp_strict no");
    EXPECT_FALSE(off.config.instances[0].strict);
    EXPECT_EQ(errors(off.faults), std::vector<std::string>{});
    EXPECT_TRUE(says(off.faults, "vrrp_strict is off; keepalived up to 2.2 takes it for on"));
    EXPECT_TRUE(parse_instance("", "vrrp_strict yes").config.instances[0].strict);
    const auto neither = parse_instance("", "vrrp_strict maybe");
    EXPECT_FALSE(neither.config.instances[0].strict);
    EXPECT_EQ(errors(neither.faults).size(), 1U);
}

TEST(Strict, the_owner_accepts_and_heeds_nobody) {
    const auto v = strict("priority 255");
    EXPECT_TRUE(v.accepts);
    EXPECT_TRUE(v.ignores_adverts);
}

TEST(Strict, takes_out_what_the_standard_does_not_know) {
    EXPECT_EQ(repaired("preempt_delay 5", "preempt_delay").parameters.preempt_delay, Duration::zero());
    EXPECT_EQ(repaired("down_timer_adverts 5", "down_timer_adverts").parameters.down_timer_adverts, 3U);
    EXPECT_EQ(repaired("garp_lower_prio_repeat 5", "garp_lower_prio").announce->lower_prio_repeat, 0U);
    EXPECT_FALSE(repaired("lower_prio_no_advert off", "lower_prio_no_advert").parameters.answer_lower_priority);
    EXPECT_FALSE(repaired("higher_prio_send_advert", "higher_prio_send").parameters.advert_before_yielding);
    EXPECT_FALSE(
        repaired("authentication {\nauth_type PASS\nauth_pass abc\n}", "no authentication").authentication->wanted());
    EXPECT_FALSE(repaired("version 3\nauthentication {\nauth_type PASS\nauth_pass abc\n}", "no authentication")
                     .authentication->wanted());
    EXPECT_TRUE(repaired("use_vmac\nvmac_xmit_base", "vmac_xmit_base").virtual_mac->sender);
    EXPECT_EQ(repaired("use_vmac 02:00:00:00:00:01", "MAC address cannot be chosen").virtual_mac->sender,
              MacAddress::parse("00:00:5e:00:01:07"));
}

TEST(Strict, globals_are_overruled_in_silence) {
    const auto v = strict("",
                          "vrrp_garp_lower_prio_delay 3\nvrrp_lower_prio_no_advert off\n"
                          "vrrp_higher_prio_send_advert on\nvrrp_down_timer_adverts 5");
    EXPECT_FALSE(v.parameters.answer_lower_priority);
    EXPECT_FALSE(v.parameters.advert_before_yielding);
    EXPECT_EQ(v.parameters.down_timer_adverts, 3U);
}

TEST(Strict, state_is_the_owners_or_not) {
    EXPECT_TRUE(strict("state MASTER").parameters.priority.is_owner()) << "where no priority is written";
    EXPECT_EQ(repaired("state MASTER\npriority 100", "for priority 255 alone").parameters.priority.value(), 100);
    (void)repaired("state BACKUP\npriority 255", "is the owner's");
    (void)strict("state MASTER\npriority 255");
}

TEST(Strict, accept_is_version_3s) {
    EXPECT_FALSE(repaired("accept", "accept is not possible in version 2").accepts);
    EXPECT_TRUE(strict("version 3\naccept").accepts);
}

TEST(Strict, VR_044_ipv6_is_version_3_and_begins_link_local) {
    const auto of = [](const std::string& more, const std::string& addresses) {
        return parse_text("vrrp_instance V {\ninterface eth0\nvirtual_router_id 7\nstrict_mode\n" + more +
                          "\nvirtual_ipaddress {\n" + addresses + "\n}\n}");
    };
    EXPECT_TRUE(errors(of("", "fe80::1/64\nfd00::1/64").faults).empty());
    const auto global = of("", "fd00::1/64");
    EXPECT_TRUE(says(global.faults, "must be link-local"));
    EXPECT_TRUE(global.can_start());
    const auto v2 = of("version 2", "fe80::1/64");
    EXPECT_TRUE(says(v2.faults, "version 2 has no IPv6"));
    EXPECT_EQ(v2.config.instances[0].parameters.version, proto::Version::v3);
}

TEST(Strict, needs_an_address) {
    for (const auto* more : {"", "no_virtual_ipaddress"}) {
        const auto parsed = parse_text(
            std::string("global_defs {\nvrrp_strict\n}\nvrrp_instance V {\ninterface eth0\nvirtual_router_id 7\n") +
            more + "\n}");
        EXPECT_FALSE(parsed.can_start()) << more;
        EXPECT_TRUE(says(parsed.faults, "strict mode needs one")) << more;
    }
}

// keepalived 2.2.7 runs it without a word, newer ones refuse.
TEST(Strict, unicast_runs_with_a_warning) {
    const auto parsed = parse_instance("unicast_peer {\n10.0.0.3\n}", "vrrp_strict");
    EXPECT_TRUE(parsed.can_start());
    EXPECT_EQ(config_test_status(parsed.faults, false, true), 0);
    EXPECT_TRUE(says(parsed.faults, "unicast_peer is not the standard's"));
    EXPECT_TRUE(parsed.config.instances[0].unicast());
}

TEST(Strict, auth_hmac_is_enforced) {
    const std::string key(64, 'a');
    const auto v =
        repaired("version 3\nauth_hmac {\nkey 1 hex:" + key + "\nactive_key 1\nmode permissive\n}", "enforce");
    EXPECT_EQ(v.authentication->hmac.mode, proto::HmacMode::enforce);
    EXPECT_FALSE(v.authentication->hmac.keys.empty());
}

}  // namespace
}  // namespace vrrpd::config::strict_test
