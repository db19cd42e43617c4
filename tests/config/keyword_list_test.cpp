// The list of keywords in vrrpd.conf(5): what it says of ranges and defaults is what the parser does.
#include "vrrpd/man/keyword_list.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "dnsfailover/core/pace.hpp"
#include "tests/config/every_block.hpp"
#include "tests/config/fake_files.hpp"
#include "vrrpd/config/umask.hpp"
#include "vrrpd/config/values.hpp"
#include "vrrpd/proto/envelope.hpp"

namespace vrrpd::config::keyword_list_test {
namespace {

bool is_acted_on(const Keyword& keyword) {
    return keyword.support == Support::acted || keyword.support == Support::accepted;
}

template <class Check>
void for_each_keyword(const Check& check) {
    for (auto block = Block::root; block <= last_block; block = static_cast<Block>(static_cast<int>(block) + 1))
        for (const auto& keyword : keywords(block))
            if (is_acted_on(keyword)) check(block, keyword);
}

bool is_number(const Keyword& keyword) {
    if (keyword.shape == Shape::word)
        return is_our_own(keyword) && keyword.choices.empty() && keyword.low != keyword.high;
    return keyword.shape == Shape::integer || keyword.shape == Shape::optional_integer ||
           keyword.shape == Shape::decimal || keyword.shape == Shape::milliseconds;
}

std::string written(const Keyword& keyword, std::int64_t value) {
    const bool fraction = keyword.shape == Shape::decimal || keyword.shape == Shape::milliseconds;
    if (!fraction) return std::to_string(value);
    return value < 0 ? "-" + decimal_text(-value) : decimal_text(value);
}

// "" or the fault that names this keyword with this value.
std::string refusal(Block block, const Keyword& keyword, const std::string& value) {
    const auto named = fmt::format("{} '{}'", keyword.name, value);
    for (const auto& fault : parse_text(with(block, fmt::format("{} {}", keyword.name, value))).faults)
        if (fault.severity != Severity::note && fault.text.find(named) != std::string::npos) return fault.text;
    return {};
}

const Keyword& named(Block block, std::string_view name) { return *find_keyword(block, name); }

TEST(KeywordList, the_configuration_of_these_tests_is_right) {
    EXPECT_EQ(errors(parse_text(with(Block::root, "")).faults), std::vector<std::string>{});
}

TEST(KeywordList, names_every_keyword_that_is_acted_on_below_its_block) {
    const auto list = man::keyword_list();
    for_each_keyword([&](Block block, const Keyword& keyword) {
        const auto begin = list.find(fmt::format("\n.SS {}\n", name(block)));
        ASSERT_NE(begin, std::string::npos) << name(block);
        const auto end = list.find("\n.SS ", begin + 1);
        const auto section = list.substr(begin, end - begin);
        EXPECT_TRUE(section.find(fmt::format("\n{} ", keyword.name)) != std::string::npos ||
                    section.find(fmt::format("\n{}\n", keyword.name)) != std::string::npos)
            << keyword.name << " in " << name(block);
    });
}

TEST(KeywordList, says_what_may_follow_and_what_holds_without) {
    EXPECT_EQ(man::argument(named(Block::vrrp_instance, "priority")), "1 to 255");
    EXPECT_EQ(man::argument(named(Block::vrrp_instance, "advert_int")), "0.01 to 255 s");
    EXPECT_EQ(man::argument(named(Block::vrrp_instance, "garp_master_refresh")), "0 or more");
    EXPECT_EQ(man::argument(named(Block::vrrp_instance, "timer_expired_backup")), "[1 to 254]");
    EXPECT_EQ(man::argument(named(Block::bfd, "idle_tx")), "1000 to 4294967 ms");
    EXPECT_EQ(man::argument(named(Block::auth_hmac, "mode")), "enforce|permissive|receive-only");
    EXPECT_EQ(man::argument(named(Block::wan, "down_weight")), "-253 to 0");
    EXPECT_EQ(man::argument(named(Block::dns_failover, "when_dead")), "redirect|demote -253 to -1");
    const auto list = man::keyword_list();
    EXPECT_NE(list.find("\npriority                    1 to 255; 100\n"), std::string::npos) << list;
    EXPECT_NE(list.find("  \\-253 to 0; \\-120\n"), std::string::npos) << list;
}

TEST(KeywordList, every_number_and_switch_has_a_default) {
    for_each_keyword([](Block block, const Keyword& keyword) {
        const bool wanted = is_number(keyword) || keyword.shape == Shape::optional_switch || !keyword.choices.empty();
        EXPECT_FALSE(wanted && keyword.usual.empty()) << keyword.name << " of " << name(block);
    });
}

// These stay "not given" in Config; the default is that of whoever acts on them.
bool has_its_default_elsewhere(const Keyword& keyword) {
    constexpr std::string_view names[] = {"child_wait_time", "umask", "vrrp_mcast_group4", "hold_down"};
    return std::find(std::begin(names), std::end(names), keyword.name) != std::end(names);
}

TEST(KeywordList, a_default_that_is_written_changes_nothing) {
    const auto without = parse_text(with(Block::root, "")).config;
    for_each_keyword([&](Block block, const Keyword& keyword) {
        if (keyword.usual.empty() || keyword.usual.front() == '(' || has_its_default_elsewhere(keyword)) return;
        const auto line = fmt::format("{} {}", keyword.name, keyword.usual);
        const auto parsed = parse_text(with(block, line));
        EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{}) << line;
        EXPECT_TRUE(parsed.config == without) << line << " in " << name(block);
    });
}

TEST(KeywordList, a_default_that_stands_elsewhere_is_that_one) {
    EXPECT_EQ(named(Block::global_defs, "vrrp_mcast_group4").usual, proto::multicast_group(Family::ipv4).to_string());
    EXPECT_EQ(named(Block::global_defs, "vrrp_mcast_group6").usual, proto::multicast_group(Family::ipv6).to_string());
    const auto seconds = [](auto time) {
        return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count());
    };
    EXPECT_EQ(named(Block::dns_failover, "hold_down").usual, seconds(dnsfailover::defaults::hold_down));
    EXPECT_EQ(named(Block::root, "child_wait_time").usual, seconds(default_child_wait));
    EXPECT_EQ(parse_umask(named(Block::global_defs, "umask").usual), default_umask);
}

TEST(KeywordList, a_number_that_is_no_default_changes_something) {
    const auto without = parse_text(with(Block::root, "")).config;
    for_each_keyword([&](Block block, const Keyword& keyword) {
        if (!is_number(keyword) || keyword.support == Support::accepted) return;
        const auto changes = [&](std::int64_t value) {
            return parse_text(with(block, fmt::format("{} {}", keyword.name, written(keyword, value)))).config !=
                   without;
        };
        EXPECT_TRUE(changes(keyword.low) || changes(keyword.high)) << keyword.name << " in " << name(block);
    });
}

TEST(KeywordList, a_number_is_taken_up_to_the_ends_of_its_range_and_not_beyond) {
    for_each_keyword([](Block block, const Keyword& keyword) {
        if (!is_number(keyword)) return;
        for (const auto end : {keyword.low, keyword.high}) {
            const auto value = written(keyword, end);
            EXPECT_EQ(refusal(block, keyword, value), "") << name(block);
        }
        for (const auto beyond : {keyword.low - 1, keyword.high + 1}) {
            const auto value = written(keyword, beyond);
            EXPECT_NE(refusal(block, keyword, value), "") << keyword.name << " " << value << " in " << name(block);
        }
    });
}

}  // namespace
}  // namespace vrrpd::config::keyword_list_test
