// What a reload finds changed, and the lines' way to the engine and back.
#include "vrrpd/config/diff.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::diff_test {
namespace {

std::string instance(const std::string& name, int vrid, const std::string& more = "") {
    return "vrrp_instance " + name + " {\ninterface eth0\nvirtual_router_id " + std::to_string(vrid) + "\n" + more +
           "\nvirtual_ipaddress {\n10.0.0." + std::to_string(vrid) + "\n}\n}\n";
}

Config config(const std::string& text) {
    auto parsed = parse_text(text);
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    return parsed.config;
}

Difference between(const std::string& before, const std::string& after) { return diff(config(before), config(after)); }

TEST(Diff, of_the_same_text_is_nothing) {
    const auto d = between(instance("A", 1) + instance("B", 2), instance("A", 1) + instance("B", 2));
    EXPECT_TRUE(d.added.empty());
    EXPECT_TRUE(d.removed.empty());
    ASSERT_EQ(d.kept.size(), 2U);
    EXPECT_FALSE(d.kept[0].changed || d.kept[1].changed || d.gateways_changed);
}

TEST(Diff, keeps_a_renamed_or_moved_instance) {
    const auto d = between(instance("A", 1) + instance("B", 2), instance("B", 2) + instance("NEW", 1));
    EXPECT_TRUE(d.added.empty());
    EXPECT_TRUE(d.removed.empty());
    ASSERT_EQ(d.kept.size(), 2U);
    EXPECT_EQ(d.kept[0].before, 1U);
    EXPECT_FALSE(d.kept[0].changed);
    EXPECT_EQ(d.kept[1].before, 0U);
    EXPECT_TRUE(d.kept[1].changed);  // its name
}

TEST(Diff, names_what_came_and_went) {
    const auto d = between(instance("A", 1) + instance("B", 2) + instance("C", 3), instance("B", 2) + instance("D", 4));
    EXPECT_EQ(d.removed, (std::vector<std::size_t>{0, 2}));
    EXPECT_EQ(d.added, (std::vector<std::size_t>{1}));
}

TEST(Diff, another_transport_is_another_router) {
    for (const char* more : {"mcast_dst_ip 224.0.0.99", "unicast_peer {\n10.0.0.9\n}"}) {
        const auto d = between(instance("A", 1), instance("A", 1, more));
        EXPECT_EQ(d.removed.size(), 1U) << more;
        EXPECT_EQ(d.added.size(), 1U) << more;
    }
    const auto kept =
        between(instance("A", 1, "unicast_peer {\n10.0.0.9\n}"), instance("A", 1, "unicast_peer {\n10.0.0.8\n}"));
    ASSERT_EQ(kept.kept.size(), 1U);
    EXPECT_TRUE(kept.kept[0].changed);
}

TEST(Diff, sees_the_blocks_that_are_ours) {
    const std::string lan = "gateway G {\nfollows A\nlan eth0 10.0.0.0/24\n}\n";
    EXPECT_TRUE(between(instance("A", 1), instance("A", 1) + lan).gateways_changed);
    EXPECT_FALSE(between(instance("A", 1) + lan, instance("A", 1) + lan).gateways_changed);
}

// ---- serialize ------------------------------------------------------------------------------------------

TEST(Serialize, keeps_words_that_look_like_its_own_form) {
    const std::vector<Line> lines{
        {{"a b\n", 3, 5}, {{"5 :x", 5, true}, {"", 9, true}, {std::string("\0\n", 2), 11, false}}}};
    EXPECT_EQ(deserialize(serialize(lines)), lines);
    EXPECT_EQ(deserialize(serialize({})), std::vector<Line>{});
}

TEST(Serialize, refuses_what_it_did_not_write) {
    const auto text = serialize({{{"f", 1, 1}, {{"word", 1, false}}}});
    for (std::size_t size = 0; size < text.size(); ++size) {
        // Cut at the end of a line it is a shorter text; here there is one line.
        const auto cut = deserialize(text.substr(0, size));
        EXPECT_TRUE(!cut || cut->empty()) << size;
    }
    EXPECT_EQ(deserialize(""), std::nullopt);
    EXPECT_EQ(deserialize(text + "junk"), std::nullopt);
    EXPECT_EQ(deserialize("vrrpd-lines-1\n9999999999999999999999 "), std::nullopt);
}

rc::Gen<Line> any_line() {
    return rc::gen::map(rc::gen::tuple(rc::gen::arbitrary<std::string>(), rc::gen::arbitrary<std::uint16_t>(),
                                       rc::gen::nonEmpty<std::vector<std::tuple<std::string, std::uint16_t, bool>>>()),
                        [](const auto& parts) {
                            Line line{{std::get<0>(parts), std::get<1>(parts), 1}, {}};
                            for (const auto& [text, column, quoted] : std::get<2>(parts))
                                line.words.push_back({text, column, quoted});
                            return line;
                        });
}

RC_GTEST_PROP(Serialize, lines_come_back_as_they_were, ()) {
    const auto lines = *rc::gen::container<std::vector<Line>>(any_line());
    RC_ASSERT(deserialize(serialize(lines)) == lines);
}

RC_GTEST_PROP(Serialize, junk_never_breaks_it, (const std::string& junk)) {
    const auto lines = deserialize("vrrpd-lines-1\n" + junk);
    if (lines && !junk.empty()) RC_ASSERT(!lines->empty());
}

}  // namespace
}  // namespace vrrpd::config::diff_test
