// Where a fault is, what it says, what is read on after it, and what -t ends with.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/config/every_block.hpp"
#include "tests/config/fake_files.hpp"
#include "vrrpd/config/keywords.hpp"

namespace vrrpd::config::faults_test {
namespace {

using Texts = std::vector<std::string>;

int status(const std::vector<Fault>& faults) { return config_test_status(faults, false, false); }

constexpr const char* rest = "interface eth0\nvirtual_router_id 7\nvirtual_ipaddress {\n10.0.0.1/24\n}\n}\n";

TEST(Faults, point_at_the_word_that_is_wrong) {
    const auto parsed = parse_text("vrrp_instance V {\n   priority\t300\n" + std::string(rest));
    EXPECT_EQ(errors(parsed.faults),
              Texts{"vrrpd.conf:2:13: priority '300' is not in range: write a number from 1 to 255"});
    EXPECT_EQ(parsed.config.instances.at(0).parameters.priority.value(), 100);
    EXPECT_TRUE(parsed.can_start());
    EXPECT_EQ(status(parsed.faults), 5);
}

TEST(Faults, point_into_the_included_file) {
    FakeFiles files;
    files.files["/etc/v.conf"] = "vrrp_instance V {\ninclude more.conf\n" + std::string(rest);
    files.files["/etc/more.conf"] = "\n  advert_int fast\n";
    LoadOptions options;
    options.root = "/etc/v.conf";
    const auto loaded = load(options, files);
    EXPECT_EQ(
        errors(parse(loaded.lines, "H003").faults),
        Texts{"/etc/more.conf:2:14: advert_int 'fast' is not a number of seconds: write seconds from 0.01 to 255"});
}

TEST(Faults, all_are_told_in_the_order_of_the_text) {
    const auto parsed =
        parse_text("vrrp_instance V {\npriority x\nadvert_int x\nnopreemt\npreempt_delay 2000\n" + std::string(rest));
    EXPECT_EQ(errors(parsed.faults),
              (Texts{"vrrpd.conf:2:10: priority 'x' is not a whole number: write a number from 1 to 255",
                     "vrrpd.conf:3:12: advert_int 'x' is not a number of seconds: write seconds from 0.01 to 255",
                     "vrrpd.conf:4:1: unknown keyword 'nopreemt' in vrrp_instance: did you mean nopreempt?",
                     "vrrpd.conf:5:15: preempt_delay '2000' is not in range: write seconds from 0 to 1000"}));
}

TEST(Faults, an_unknown_block_is_skipped_to_its_own_end) {
    const auto parsed = parse_text("vrrp_instance V {\nfrobnicate a b {\n priority 1\n deeper { x }\n}\npriority 50\n" +
                                   std::string(rest));
    EXPECT_EQ(errors(parsed.faults), Texts{"vrrpd.conf:2:1: unknown keyword 'frobnicate' in vrrp_instance"});
    ASSERT_EQ(parsed.config.instances.size(), 1U);
    EXPECT_EQ(parsed.config.instances[0].parameters.priority.value(), 50);
    EXPECT_TRUE(parsed.can_start());
}

TEST(Faults, a_word_of_another_block_is_told_where_it_belongs) {
    const auto parsed = parse_instance("", "virtual_router_id 5");
    EXPECT_TRUE(says(parsed.faults, "unknown keyword 'virtual_router_id' in global_defs: it belongs in vrrp_instance"));
    EXPECT_TRUE(says(parse_text("Vrrp_instance A {\n}\n").faults, "did you mean vrrp_instance?"));
}

TEST(Faults, the_nearest_word_is_near) {
    EXPECT_EQ(nearest_keyword(Block::nat, "masqerade"), "masquerade");
    EXPECT_EQ(nearest_keyword(Block::vrrp_instance, "virtual_ipadress"), "virtual_ipaddress");
    EXPECT_EQ(nearest_keyword(Block::vrrp_instance, "prioirty"), "priority");
    EXPECT_EQ(nearest_keyword(Block::vrrp_instance, "completely_else"), "");
    EXPECT_EQ(nearest_keyword(Block::vrrp_instance, "x"), "");
    EXPECT_EQ(nearest_keyword(Block::vrrp_instance, std::string(5000, 'a')), "");
}

// keepalived ends at once where most values are missing; of some it says so, and runs.
TEST(Faults, some_keywords_do_without_their_value) {
    const auto left_out = parse_instance("kernel_rx_buf_size",
                                         "router_id\nnotification_email_from\nscript_user\n"
                                         "vrrp_priority\ndefault_interface");
    EXPECT_EQ(errors(left_out.faults).size(), 6U);
    EXPECT_TRUE(says(left_out.faults, "vrrpd.conf:2:1: a value is missing after router_id: it is left out"));
    EXPECT_EQ(status(left_out.faults), 5);
    EXPECT_TRUE(left_out.can_start());
    EXPECT_EQ(status(parse_instance("", "smtp_server").faults), 2);
}

TEST(Faults, a_missing_parameter_is_class_2_and_does_not_end_the_reading) {
    const auto parsed = parse_text("vrrp_instance V {\npriority\nadvert_int x\n" + std::string(rest));
    EXPECT_EQ(errors(parsed.faults).size(), 2U);
    EXPECT_EQ(errors(parsed.faults).at(0), "vrrpd.conf:2:1: a value is missing after priority");
    EXPECT_FALSE(parsed.can_start());
    EXPECT_EQ(status(parsed.faults), 2);
}

TEST(Faults, braces_that_do_not_pair_are_told_with_their_block) {
    EXPECT_EQ(errors(parse_text("vrrp_instance V\n" + std::string(rest)).faults),
              Texts{"vrrpd.conf:1:1: '{' is missing after vrrp_instance"});
    EXPECT_TRUE(says(parse_text("vrrp_instance V {\ninterface eth0\nvirtual_ipaddress {\n10.0.0.1").faults,
                     "vrrpd.conf:3:1: '}' is missing: virtual_ipaddress is never closed"));
    EXPECT_TRUE(says(parse_text("vrrp_instance V {\ninterface eth0\n").faults,
                     "vrrpd.conf:1:1: '}' is missing: vrrp_instance is never closed"));
    EXPECT_EQ(errors(parse_text("global_defs {\n}\n}\n").faults),
              Texts{"vrrpd.conf:3:1: unexpected '}': no block is open here"});
    EXPECT_TRUE(says(parse_instance("priority 5 {\n x\n}").faults, "7:12: unexpected '{' after priority"));
    EXPECT_TRUE(says(parse_text("vrrp_instance V {\n{\n x\n}\n" + std::string(rest)).faults,
                     "vrrpd.conf:2:1: unexpected '{': the block is skipped"));
}

// keepalived reads on as if nothing were wrong; but at a reload that would withdraw what was swallowed.
TEST(Faults, a_forgotten_brace_names_the_block_that_it_swallowed) {
    const std::string open = "vrrp_instance V {\ninterface eth0\nvirtual_router_id 7\nvirtual_ipaddress {\n10.0.0.1\n";
    const std::string next =
        "vrrp_instance W {\ninterface eth0\nvirtual_router_id 8\nvirtual_ipaddress {\n10.0.0.2\n}\n}\n";
    const auto two = parse_text(open + next);
    EXPECT_TRUE(says(two.faults,
                     "vrrpd.conf:4:1: '}' is missing: virtual_ipaddress is never closed; vrrp_instance in "
                     "line 6 is taken as part of it"));
    EXPECT_FALSE(two.balanced);
    EXPECT_TRUE(two.can_start());
    EXPECT_EQ(status(two.faults), 5);
    const auto one = parse_text(open + "}\n" + next);
    EXPECT_TRUE(says(one.faults,
                     "vrrpd.conf:1:1: '}' is missing: vrrp_instance is never closed; vrrp_instance in line "
                     "7 is taken as part of it"));
    EXPECT_FALSE(one.balanced);
    const auto skipped = parse_text("virtual_server 10.0.0.1 80 {\ndelay_loop 1\n" + next);
    EXPECT_TRUE(says(skipped.faults,
                     "vrrpd.conf:1:1: '}' is missing: virtual_server is never closed; vrrp_instance in "
                     "line 3 is taken as part of it"));
    EXPECT_FALSE(skipped.balanced);
    EXPECT_FALSE(parse_text(next + "}\n").balanced);
    EXPECT_FALSE(parse_text("vrrp_instance W\n" + next).balanced);
    EXPECT_TRUE(parse_text(open + "}\n}\n" + next).balanced);
}

TEST(Faults, a_closed_sub_block_of_ours_that_is_not_ended_prevents_a_start) {
    EXPECT_FALSE(parse_text("gateway G {\nfollows X").can_start());
}

TEST(Faults, a_keyword_may_stand_in_quotes) {
    const auto parsed = parse_text("\"vrrp_instance\" V {\n\"priority\" \"50\"\n" + std::string(rest));
    EXPECT_EQ(errors(parsed.faults), Texts{});
    EXPECT_EQ(parsed.config.instances.at(0).parameters.priority.value(), 50);
}

TEST(Faults, words_before_a_block_are_told) {
    EXPECT_TRUE(says(parse_text("vrrp_instance V W {\n" + std::string(rest)).faults,
                     "vrrpd.conf:1:17: unexpected words before the '{' of vrrp_instance"));
}

TEST(Faults, surplus_words_after_a_value_are_no_fault) {
    EXPECT_TRUE(errors(parse_instance("priority 100 200\nadvert_int 2 x").faults).empty());
}

TEST(Faults, a_duplicate_name_skips_the_second_block) {
    const auto parsed = parse_text("vrrp_instance V {\npriority 1\n" + std::string(rest) +
                                   "vrrp_instance V {\npriority 2\n" + std::string(rest));
    ASSERT_EQ(parsed.config.instances.size(), 1U);
    EXPECT_EQ(parsed.config.instances[0].parameters.priority.value(), 1);
    EXPECT_EQ(errors(parsed.faults), Texts{"vrrpd.conf:9:15: vrrp_instance V stands twice: this one is skipped"});
}

TEST(Faults, the_load_balancer_is_skipped_with_one_note_each) {
    const auto parsed = parse_text(
        "virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\nTCP_CHECK {\n}\n}\n}\n"
        "virtual_server 10.0.0.1 81 {\nx\n}\nvirtual_server_group G {\n10.0.0.1 80\n}\nSSL {\n}\n");
    EXPECT_TRUE(errors(parsed.faults).empty());
    EXPECT_EQ(parsed.faults.size(), 3U);
    EXPECT_TRUE(says(parsed.faults, "vrrpd.conf:1:1: virtual_server: part of keepalived's load balancer"));
}

TEST(Faults, what_is_not_acted_on_is_said_once_with_its_consequence) {
    const auto parsed = parse_instance("use_ipvlan", "enable_script_security\nenable_traps");
    EXPECT_TRUE(errors(parsed.faults).empty());
    EXPECT_TRUE(says(parsed.faults, "use_ipvlan: not supported, ignored: addresses stand on the interface itself"));
    EXPECT_TRUE(says(parsed.faults, "enable_traps: not supported, ignored: there is no SNMP agent"));
    EXPECT_EQ(status(parsed.faults), 0);
    EXPECT_TRUE(parsed.can_start());
}

TEST(Faults, snmp_is_one_warning_and_d_bus_is_another) {
    const auto parsed =
        parse_instance("",
                       "enable_snmp_vrrp\nenable_snmp_rfcv2\nenable_snmp_rfcv3\nenable_snmp_rfc\nenable_snmp_checker\n"
                       "enable_snmp_keepalived\nenable_traps\nsnmp_socket unix:/x\nenable_dbus\ndbus_service_name a.b\n"
                       "dbus_no_interface_name");
    EXPECT_EQ(parsed.faults.size(), 2U);
    EXPECT_TRUE(says(parsed.faults, "enable_snmp_vrrp: not supported, ignored: there is no SNMP agent"));
    EXPECT_TRUE(says(parsed.faults, "enable_dbus: not supported, ignored: there is no D-Bus service"));
    EXPECT_EQ(status(parsed.faults), 0);
}

TEST(Faults, what_helps_instead_is_said) {
    const auto parsed = parse_instance("", "bfd_priority -3\nbfd_rlimit_rttime 9\nnftables x");
    EXPECT_EQ(parsed.faults.size(), 3U);
    EXPECT_TRUE(says(parsed.faults, "bfd_priority: not supported, ignored: BFD is spoken by the process of"));
    EXPECT_TRUE(says(parsed.faults, "nftables: not supported, ignored: packet rules are always nftables'"));
}

template <class Check>
void for_each_keyword(const Check& check) {
    for (auto block = Block::root; block <= last_block; block = static_cast<Block>(static_cast<int>(block) + 1))
        for (const auto& keyword : keywords(block)) check(block, keyword);
}

bool is_acted_on(const Keyword& keyword) {
    return keyword.support == Support::acted || keyword.support == Support::accepted;
}

// The keyword as it may stand in a file.
std::string written(const Keyword& keyword) {
    const std::string name(keyword.name);
    switch (keyword.shape) {
        case Shape::nothing:
        case Shape::optional_words:
        case Shape::optional_switch:
        case Shape::optional_integer:
            return name;
        case Shape::integer:
            return name + " " + std::to_string(keyword.low);
        case Shape::items:
        case Shape::skip_block:
            return name + " {\n x\n}";
        default:
            return name + " x";
    }
}

bool warns_of(const std::vector<Fault>& faults, const Keyword& keyword) {
    const auto begin = std::string(keyword.name) + ": ";
    return std::any_of(faults.begin(), faults.end(), [&](const Fault& fault) {
        return fault.severity == Severity::warning && fault.text.starts_with(begin);
    });
}

// Every keyword that does not act says so: none is ever silent (issue: tiers B and C one warning each).
TEST(Faults, no_keyword_is_ignored_in_silence) {
    for_each_keyword([](Block block, const Keyword& keyword) {
        if (!is_acted_on(keyword)) {
            EXPECT_TRUE(warns_of(parse_text(with(block, written(keyword))).faults, keyword)) << written(keyword);
            return;
        }
        const bool has_effect = keyword.handle != nullptr || keyword.support == Support::accepted;
        const bool opens = keyword.shape == Shape::block || keyword.shape == Shape::named_block;
        // include_check is obeyed where the files are read.
        EXPECT_TRUE(has_effect || opens || keyword.name == "include_check") << name(block) << " " << keyword.name;
    });
}

TEST(Faults, none_is_silent_beside_others_but_those_of_snmp_and_d_bus) {
    for (auto block = Block::root; block <= last_block; block = static_cast<Block>(static_cast<int>(block) + 1)) {
        std::string lines;
        for (const auto& keyword : keywords(block))
            if (!is_acted_on(keyword)) lines += written(keyword) + '\n';
        const auto faults = parse_text(with(block, lines)).faults;
        std::set<std::string_view> told;
        for (const auto& keyword : keywords(block)) {
            if (is_acted_on(keyword)) continue;
            const bool first = keyword.part_of.empty() || told.insert(keyword.part_of).second;
            EXPECT_EQ(warns_of(faults, keyword), first) << name(block) << " " << keyword.name;
        }
    }
}

TEST(Faults, a_repeated_one_is_told_once) {
    const auto parsed = parse_text("vrrp_instance V {\n~SEQ(i, 5) priority x\n" + std::string(rest));
    EXPECT_EQ(errors(parsed.faults).size(), 1U);
}

TEST(Faults, thousands_are_counted_not_listed) {
    std::string text = "vrrp_instance V {\n";
    for (int i = 0; i < 1500; ++i) text += "junk_word\n";
    const auto parsed = parse_text(text + rest);
    EXPECT_LE(parsed.faults.size(), 1001U);
    EXPECT_EQ(parsed.faults.back().describe(), "and 500 faults more");
    // A fault that is not listed still stops a start.
    std::string ours = "gateway G {\n";
    for (int i = 0; i < 1500; ++i) ours += "junk_word\n";
    EXPECT_FALSE(parse_text(text + rest + ours + "}\n").can_start());
}

TEST(Status, is_the_larger_of_several_but_a_missing_parameter_wins) {
    const auto fault = [](Severity severity) { return Fault{severity, {}, "", false}; };
    EXPECT_EQ(status({}), 0);
    EXPECT_EQ(status({fault(Severity::note)}), 0);
    EXPECT_EQ(status({fault(Severity::unusable)}), 4);
    EXPECT_EQ(status({fault(Severity::unusable), fault(Severity::error)}), 5);
    EXPECT_EQ(status({fault(Severity::security), fault(Severity::error)}), 6);
    EXPECT_EQ(status({fault(Severity::security), fault(Severity::missing)}), 2);
    EXPECT_EQ(config_test_status({}, true, true), 0);
    EXPECT_EQ(config_test_status({}, true, false), 6);
}

}  // namespace
}  // namespace vrrpd::config::faults_test
