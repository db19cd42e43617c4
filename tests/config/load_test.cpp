// The grammar: comments, quotes, braces, includes, @ID lines, definitions, sequences.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::load_test {
namespace {

std::string lines_of(const std::string& text, const std::string& id = "H003") {
    return joined(load_text(text, id).lines);
}

TEST(Load, strips_comments_outside_quotes) {
    EXPECT_EQ(lines_of("a b # c\n! d\n  e\t f ! g"), "a b / e f");
    EXPECT_EQ(lines_of("a \"b # c\" d # e"), "a b # c d");
    EXPECT_EQ(lines_of("a \\# b \\! c"), "a # b ! c");
    EXPECT_EQ(lines_of("script \"/s \\\"a # b\\\" c\" # d"), "script /s \"a # b\" c");
    EXPECT_EQ(lines_of("a${_HASH}b c${_BANG}d"), "a#b c!d");
}

TEST(Load, splits_braces_anywhere_into_lines) {
    EXPECT_EQ(lines_of("vrrp_instance A{"), "vrrp_instance A / {");
    EXPECT_EQ(lines_of("x { 10.0.0.1 } y"), "x / { / 10.0.0.1 / } / y");
    EXPECT_EQ(lines_of("script \"a { b }\""), "script a { b }");
}

// As Debian's keepalived 2.2.7 reads them.
TEST(Load, commands_stand_in_either_quotes_and_with_escapes) {
    const auto command = [](const std::string& text) {
        const auto loaded = load_text("script " + text);
        EXPECT_TRUE(loaded.faults.empty()) << text;
        return loaded.lines.at(0).words.at(1).text;
    };
    EXPECT_EQ(command("'/bin/echo a b'"), "/bin/echo a b");
    EXPECT_EQ(command(R"('/bin/sh -c "echo a"')"), R"(/bin/sh -c "echo a")");
    EXPECT_EQ(command(R"("/bin/echo 'a b' \"x y\" c")"), R"(/bin/echo 'a b' "x y" c)");
    EXPECT_EQ(command(R"(/bin/echo\ x y)"), "/bin/echo x");
    EXPECT_EQ(command(R"("/bin/echo \101 \\ {a}")"), R"(/bin/echo A \ {a})");
    EXPECT_EQ(command(R"("/bin/echo a"b c)"), "/bin/echo ab");
    EXPECT_EQ(lines_of("a 'b c' d"), "a 'b c' d") << "of other keywords a ' is no quote";
    EXPECT_EQ(load_text("notify '/bin/n a' root").lines.at(0).words.size(), 3U);
    EXPECT_EQ(lines_of("script '/bin/s' }"), "script /bin/s / }");
    EXPECT_TRUE(says(load_text("script '/bin/echo # x'").faults, "1:8: a closing ' is missing"));
}

TEST(Load, a_byte_order_mark_is_told) {
    const auto loaded = load_text("\xef\xbb\xbfglobal_defs {\r\n}\r\n");
    EXPECT_EQ(joined(loaded.lines), "global_defs / { / }");
    EXPECT_TRUE(says(loaded.faults, "vrrpd.conf:1:1: the file begins with a byte order mark"));
    EXPECT_EQ(config_test_status(loaded.faults, false, true), 5);
}

// As Debian's keepalived 2.2.7 reads them: after expansion, wherever they come from.
TEST(Load, includes_may_come_out_of_definitions) {
    FakeFiles files;
    files.files["/etc/a.conf"] =
        "include one.conf\n$P=two\ninclude ${P}.conf\n$I=include\n$I one.conf\n~SEQ(i, 1, 2) include ${i}.conf\n"
        "@H003 include ours.conf\n@H001 include theirs.conf\n$M=first ${Q} \\\ninclude two.conf \\\nlast\n$M\n"
        "v ${Q} ${R}\n";
    files.files["/etc/one.conf"] = "$Q=q\none\n";
    files.files["/etc/two.conf"] = "two ${Q}\n";
    files.files["/etc/1.conf"] = "n1";
    files.files["/etc/2.conf"] = "n2";
    files.files["/etc/ours.conf"] = "$R=r";
    LoadOptions options;
    options.id = "H003";
    options.root = "/etc/a.conf";
    const auto loaded = load(options, files);
    EXPECT_EQ(joined(loaded.lines), "one / two q / one / n1 / n2 / first q / two q / last / v q r");
    EXPECT_TRUE(loaded.faults.empty());
}

TEST(Load, conditions_are_judged_once_but_again_out_of_a_definition) {
    EXPECT_EQ(lines_of("$E=\n$E @H003 yes\n$E @H001 no\n$E $A=2\nv $A"), "yes / v 2");
    EXPECT_EQ(lines_of("@H003 @H001 x\n@H003 @H003 y"), "@H001 x / @H003 y") << "unknown keywords, as there";
    EXPECT_EQ(lines_of("~SEQ(i, 1, 2) @H003 a_$i\n~SEQ(i, 1, 2) @H001 b_$i"), "a_1 / a_2");
    EXPECT_EQ(lines_of("$1A=x\n$V =x"), "$1A=x / $V =x") << "not definitions";
    EXPECT_EQ(lines_of("$E=$1A=x\n$E y"), "$1A=x y");
}

TEST(Load, a_line_whose_sequence_is_wrong_is_left_out) {
    const auto loaded = load_text("~SEQ(i, 1, -1, 3) a\nb\n~SEQ(i, x) c\n");
    EXPECT_EQ(joined(loaded.lines), "b");
    ASSERT_EQ(loaded.faults.size(), 2U);
    EXPECT_TRUE(says(loaded.faults, "never reaches 3: the line is left out"));
    EXPECT_FALSE(loaded.faults[0].prevents_start) << "keepalived runs with the rest";
}

TEST(Load, keeps_file_line_and_column) {
    const auto loaded = load_text("\n  priority\t100 \"x y\"\n");
    ASSERT_EQ(loaded.lines.size(), 1U);
    EXPECT_EQ(loaded.lines[0].at, (Position{"vrrpd.conf", 2, 3}));
    EXPECT_EQ(loaded.lines[0].words[1], (Word{"100", 12, false}));
    EXPECT_EQ(loaded.lines[0].words[2], (Word{"x y", 16, true}));
}

TEST(Load, column_of_an_expanded_word_is_that_of_its_definition_use) {
    const auto loaded = load_text("$LAN=enp5s0\ninterface $LAN x\n");
    ASSERT_EQ(loaded.lines.size(), 1U);
    EXPECT_EQ(loaded.lines[0].words[1], (Word{"enp5s0", 11, false}));
    EXPECT_EQ(loaded.lines[0].words[2].column, 16U);
}

TEST(Load, reports_an_unbalanced_quote_and_takes_the_rest) {
    const auto loaded = load_text("script \"a b\nnext");
    EXPECT_EQ(joined(loaded.lines), "script a b / next");
    ASSERT_EQ(loaded.faults.size(), 1U);
    EXPECT_EQ(loaded.faults[0].describe(), "vrrpd.conf:1:8: a closing \" is missing");
}

TEST(Load, keeps_lines_of_this_host_only) {
    const std::string text = "@H003 priority 200\n@H001 priority 150\n@^H003 nopreempt\nend";
    EXPECT_EQ(lines_of(text, "H003"), "priority 200 / end");
    EXPECT_EQ(lines_of(text, "H001"), "priority 150 / nopreempt / end");
}

TEST(Load, warns_a_host_that_no_line_names) {
    const auto near = load_text("@H001 priority 150", "h001");
    ASSERT_EQ(near.faults.size(), 1U);
    EXPECT_EQ(near.faults[0].severity, Severity::note);
    EXPECT_EQ(near.faults[0].describe(),
              "vrrpd.conf:1:1: no @ID line names this host: it is 'h001', the line says 'H001', and case matters");
    EXPECT_TRUE(says(load_text("@H001 a\n@H002 b", "web").faults, "(the lines name H001, H002): give -i ID"));
    EXPECT_TRUE(load_text("@H001 a\n@H002 b", "H002").faults.empty());
}

TEST(Load, expands_definitions) {
    EXPECT_EQ(lines_of("$A=1\n$B=x${A}y\nv $A ${B} $A/2 $A,3 $A.4"), "v 1 x1y 1/2 1,3 $A.4");
    EXPECT_EQ(lines_of("$A=1\nv $A\n$A=2\nv $A"), "v 1 / v 2");
    EXPECT_EQ(lines_of("@H001 $L=a\n@H003 $L=b\ninterface $L"), "interface b");
}

TEST(Load, expands_predefined_names) {
    FakeFiles files;
    files.files["/etc/v/main.conf"] = "a ${_PWD} ${_INSTANCE} ${_ENV HOME}";
    files.variables["HOME"] = "/root";
    LoadOptions options;
    options.id = "H001";
    options.root = "/etc/v/main.conf";
    EXPECT_EQ(joined(load(options, files).lines), "a /etc/v H001 /root");
}

TEST(Load, random_is_in_range_and_fixed_by_a_seed) {
    const auto one = lines_of("random_seed 5\n~SEQ(i, 20) ${_RANDOM 3 5}");
    EXPECT_EQ(one, lines_of("random_seed 5\n~SEQ(i, 20) ${_RANDOM 3 5}"));
    EXPECT_NE(one, lines_of("random_seed 6\n~SEQ(i, 20) ${_RANDOM 3 5}"));
    EXPECT_EQ(one.find_first_not_of("random_seed 0123456789/"), std::string::npos);
    EXPECT_NE(one.find("/ 4"), std::string::npos);
}

TEST(Load, expands_definitions_of_several_lines) {
    EXPECT_EQ(lines_of("$B= \\\nvrrp_instance X { \\\n# a comment { \\\n priority 5 \\\n}\n$B\nend"),
              "vrrp_instance X / { / priority 5 / } / end");
    EXPECT_EQ(lines_of("$IN= \\\nb \\\nc\n$OUT= \\\na \\\n$IN \\\nd\n$OUT"), "a / b / c / d");
    EXPECT_EQ(lines_of("$B= \\\n@H001 one \\\n@H003 three\n$B"), "three");
    EXPECT_TRUE(
        says(load_text("$B= \\\na \\\nb\n$B x").faults, "4:1: B stands for several lines and must end its line"));
}

TEST(Load, keeps_an_undefined_reference_whole_and_says_so) {
    const auto loaded = load_text("auth_pass ${NONE} x");
    EXPECT_EQ(joined(loaded.lines), "auth_pass ${NONE} x");
    ASSERT_EQ(loaded.faults.size(), 1U);
    EXPECT_EQ(loaded.faults[0].describe(),
              "vrrpd.conf:1:11: ${NONE} is not defined: write '$NONE=value' on a line before it");
    EXPECT_TRUE(load_text("script \"echo ${HOME}\"").faults.empty());
}

TEST(Load, a_definition_of_itself_ends) {
    EXPECT_TRUE(says(load_text("$A=$B\n$B=$A\nx $A").faults, "contains itself"));
    EXPECT_TRUE(says(load_text("$A= \\\nx \\\n$A\n$A").faults, "contains itself"));
}

TEST(Load, an_empty_or_hash_definition_switches_lines) {
    EXPECT_EQ(lines_of("$ON=\n$OFF=${_HASH}\n$ON a\n$OFF b\n$ON @H003 c\n$ON @H001 d"), "a / c");
}

TEST(Load, repeats_sequences) {
    EXPECT_EQ(lines_of("~SEQ(i, 3) ip 10.0.${i}.1"), "ip 10.0.1.1 / ip 10.0.2.1 / ip 10.0.3.1");
    EXPECT_EQ(lines_of("~SEQ(i, 2, 1) $i"), "2 / 1");
    EXPECT_EQ(lines_of("~SEQ(i, 1, 3, 8) $i"), "1 / 4 / 7");
    EXPECT_EQ(lines_of("~SEQx(i, 0x8, 11) ${i}"), "8 / 9 / a / b");
    EXPECT_EQ(lines_of("~SEQ(i, 2) ~SEQ(j, 5, 6) $i $j"), "1 5 / 1 6 / 2 5 / 2 6");
    EXPECT_EQ(lines_of("$N=2\n~SEQ(i, $N) $i"), "1 / 2");
    EXPECT_EQ(lines_of("$B= \\\na $i \\\nb\n$R=~SEQ(i, 2) $B\n$R"), "a 1 / b / a 2 / b");
}

TEST(Load, repeats_lists) {
    EXPECT_EQ(lines_of("~LST(v, a, b) x $v"), "x a / x b");
    EXPECT_EQ(lines_of("~LST({a,b}, {1,}, {3,4}) x${a}y${b}"), "x1y / x3y4");
    EXPECT_TRUE(says(load_text("~LST({a,b}, {1}) x").faults, "does not give a value to each"));
}

TEST(Load, a_sequence_restores_a_definition_of_its_name) {
    EXPECT_EQ(lines_of("$i=9\n~SEQ(i, 2) $i\n$i"), "1 / 2 / 9");
}

TEST(Load, bad_sequences_are_errors_at_once) {
    EXPECT_TRUE(says(load_text("~SEQ(i, 1000000000) x $i").faults, "~SEQ makes 1000000000 lines"));
    EXPECT_TRUE(says(load_text("~SEQ(i, 1, -1, 5) x").faults, "never reaches 5"));
    EXPECT_TRUE(says(load_text("~SEQ(i, 1, 0, 5) x").faults, "never reaches 5"));
    EXPECT_TRUE(says(load_text("~SEQ(i, a) x").faults, "'a' in ~SEQ is not a number"));
    EXPECT_TRUE(says(load_text("~SEQ(i, 3 x").faults, "')' is missing"));
}

TEST(Load, nested_sequences_stop_at_the_limit) {
    const auto loaded = load_text("~SEQ(i, 9000) ~SEQ(j, 9000) ~SEQ(k, 9000) x $i $j $k");
    EXPECT_TRUE(says(loaded.faults, "too long"));
    EXPECT_LE(loaded.lines.size(), 1'000'000U);
}

TEST(Load, doubling_definitions_stop_at_the_limit) {
    std::string text = "$A0=\n";
    for (int i = 1; i < 31; ++i) {
        const auto below = "${A" + std::to_string(i - 1) + "}";
        text += "$A" + std::to_string(i) + "=" + below + below + "\n";
    }
    EXPECT_FALSE(load_text(text + "x ${A30}").faults.empty());
}

TEST(Load, a_line_over_1023_characters_is_an_error) {
    const auto loaded = load_text("x " + std::string(1100, 'y'));
    EXPECT_TRUE(says(loaded.faults, "vrrpd.conf:1:1024: the line is longer than 1023 characters"));
    EXPECT_EQ(loaded.lines.size(), 1U);
}

TEST(Load, a_nul_byte_drops_the_line) {
    const auto loaded = load_text(std::string("a\nb\0c\nd", 7));
    EXPECT_EQ(joined(loaded.lines), "a / d");
    EXPECT_EQ(loaded.faults.size(), 1U);
}

// ---- includes --------------------------------------------------------------------------------------

class Include : public ::testing::Test {
protected:
    Loaded run() {
        LoadOptions options;
        options.id = "H003";
        options.root = "/etc/v.conf";
        options.all_includes_fatal = all_fatal;
        return load(options, files);
    }
    std::string lines() { return joined(run().lines); }
    FakeFiles files;
    bool all_fatal = false;
};

TEST_F(Include, is_relative_to_its_own_file) {
    files.files = {{"/etc/v.conf", "a\ninclude d/x.conf\nd ${_PWD}"},
                   {"/etc/d/x.conf", "b ${_PWD}\ninclude y.conf"},
                   {"/etc/d/y.conf", "c"}};
    EXPECT_EQ(lines(), "a / b /etc/d / c / d /etc");
}

TEST_F(Include, reads_globs_and_alternatives_in_order) {
    files.files = {
        {"/etc/v.conf", "include d/*.conf\ninclude d/{b,a}.conf"}, {"/etc/d/a.conf", "a"}, {"/etc/d/b.conf", "b"}};
    EXPECT_EQ(lines(), "a / b / b / a");
}

TEST_F(Include, honours_conditions) {
    files.files = {
        {"/etc/v.conf", "@H001 include a.conf\n@H003 include b.conf"}, {"/etc/a.conf", "a"}, {"/etc/b.conf", "b"}};
    EXPECT_EQ(lines(), "b");
}

// keyword, pattern, whether it is an error: as keepalived.conf(5) has it, and 2.2.7 does it.
struct Policy {
    const char* line;
    bool fatal;
};
class IncludePolicies : public Include, public ::testing::WithParamInterface<Policy> {};

TEST_P(IncludePolicies, fail_as_in_the_table) {
    files.files = {{"/etc/v.conf", GetParam().line}, {"/etc/a.conf", "a"}, {"/etc/dir", "(directory)"}};
    const auto loaded = run();
    ASSERT_EQ(loaded.faults.size(), 1U);
    EXPECT_EQ(config_test_status(loaded.faults, loaded.file_missing, false), GetParam().fatal ? 6 : 0);
    EXPECT_EQ(loaded.faults[0].prevents_start, GetParam().fatal);
}

INSTANTIATE_TEST_SUITE_P(Surface_2_3, IncludePolicies,
                         ::testing::Values(Policy{"include none.conf", false}, Policy{"include *.none", false},
                                           Policy{"include dir", false}, Policy{"includer none.conf", false},
                                           Policy{"includer dir", true}, Policy{"includem none.conf", true},
                                           Policy{"includem *.none", false}, Policy{"includem dir", true},
                                           Policy{"includew *.none", true}, Policy{"includew none.conf", true},
                                           Policy{"includeb {a,b}.conf", true}, Policy{"includeb *.none", false},
                                           Policy{"includea *.none", true}, Policy{"includea {a,b}.conf", true}));

TEST_F(Include, an_alternative_that_matches_nothing_is_named) {
    files.files = {{"/etc/v.conf", "include {a,zz}.conf\ninclude"}, {"/etc/a.conf", "a"}};
    const auto loaded = run();
    EXPECT_EQ(joined(loaded.lines), "a");
    EXPECT_TRUE(says(loaded.faults, "/etc/v.conf:1:9: no file matches 'zz.conf'"));
    EXPECT_TRUE(says(loaded.faults, "/etc/v.conf:2:1: the name of a file is missing after include"));
    EXPECT_EQ(config_test_status(loaded.faults, false, true), 5);
}

TEST_F(Include, all_are_fatal_on_demand) {
    files.files = {{"/etc/v.conf", "include none.conf"}};
    all_fatal = true;
    EXPECT_TRUE(run().faults.at(0).prevents_start);
}

TEST_F(Include, a_loop_is_said_with_its_chain) {
    files.files = {{"/etc/v.conf", "include d/x.conf"},
                   {"/etc/d/x.conf", "include .././v.conf"},
                   {"/etc/d/../v.conf", ""},
                   {"/etc/d/.././v.conf", ""}};
    const auto loaded = run();
    ASSERT_EQ(loaded.faults.size(), 1U);
    EXPECT_TRUE(
        says(loaded.faults,
             "/etc/d/x.conf:1: files include each other without end: /etc/v.conf -> /etc/d/x.conf -> /etc/v.conf"));
    EXPECT_TRUE(loaded.faults[0].prevents_start);
}

TEST_F(Include, a_missing_root_is_an_error_unless_called_as_keepalived) {
    LoadOptions options;
    const auto strict = load(options, files);
    EXPECT_TRUE(strict.file_missing);
    EXPECT_EQ(config_test_status(strict.faults, strict.file_missing, false), 6);
    options.as_keepalived = true;
    const auto lenient = load(options, files);
    EXPECT_EQ(config_test_status(lenient.faults, lenient.file_missing, true), 0);
}

TEST_F(Include, the_gateway_file_comes_second) {
    files.files = {{"/etc/v.conf", "a"}, {"/etc/gateway.conf", "b"}};
    LoadOptions options;
    options.root = "/etc/v.conf";
    options.gateway_file = "/etc/gateway.conf";
    const auto loaded = load(options, files);
    EXPECT_EQ(joined(loaded.lines), "a / b");
    EXPECT_EQ(loaded.lines[1].at.file, "/etc/gateway.conf");
    options.gateway_file = "/etc/none.conf";
    EXPECT_TRUE(load(options, files).faults.at(0).prevents_start);
}

}  // namespace
}  // namespace vrrpd::config::load_test
