#include "vrrpd/ctl/arguments.hpp"

#include <gtest/gtest.h>

namespace vrrpd::ctl::arguments_test {
namespace {

using Words = std::vector<std::string>;

TEST(Arguments, status) {
    const auto plain = parse_arguments({"status"});
    EXPECT_EQ(plain.error, "");
    EXPECT_EQ(plain.arguments.command, Command::status);
    EXPECT_FALSE(plain.arguments.json);
    EXPECT_EQ(plain.arguments.runtime_dir, "/run/vrrpd");
    for (const auto& words :
         {Words{"status", "--json", "--runtime-dir", "/tmp/a"}, Words{"--runtime-dir=/tmp/a", "--json", "status"}}) {
        const auto full = parse_arguments(words);
        EXPECT_EQ(full.error, "");
        EXPECT_TRUE(full.arguments.json);
        EXPECT_EQ(full.arguments.runtime_dir, "/tmp/a");
    }
}

TEST(Arguments, keygen) {
    const auto got = parse_arguments({"keygen", "/etc/vrrpd/peer.key"});
    EXPECT_EQ(got.error, "");
    EXPECT_EQ(got.arguments.command, Command::keygen);
    EXPECT_EQ(got.arguments.file, "/etc/vrrpd/peer.key");
}

TEST(Arguments, help_and_version_come_first) {
    for (const auto& words : {Words{"-h"}, Words{"--help"}, Words{"status", "-h"}})
        EXPECT_EQ(parse_arguments(words).arguments.command, Command::help);
    EXPECT_EQ(parse_arguments({"--version"}).arguments.command, Command::version);
}

TEST(Arguments, what_is_wrong_is_said) {
    const std::pair<Words, const char*> cases[] = {
        {{}, "what is it to do? status, or keygen FILE"},
        {{"statu"}, "there is no command statu: status, or keygen FILE"},
        {{"status", "HOME"}, "status takes no further word: HOME"},
        {{"keygen"}, "keygen takes one FILE, as in: vrrpctl keygen /etc/vrrpd/peer.key"},
        {{"keygen", "a", "b"}, "keygen takes one FILE, as in: vrrpctl keygen /etc/vrrpd/peer.key"},
        {{"keygen", "a", "--json"}, "keygen takes one FILE, as in: vrrpctl keygen /etc/vrrpd/peer.key"},
        {{"status", "--jsn"}, "unrecognised option '--jsn'"},
        {{"status", "--runtime-dir"}, "the required argument for option '--runtime-dir' is missing"},
    };
    for (const auto& [words, error] : cases) EXPECT_EQ(parse_arguments(words).error, error);
}

TEST(Help, fits_a_terminal_and_names_every_command) {
    const auto help = help_text();
    for (const auto* word : {"status", "keygen", "--json", "--runtime-dir"})
        EXPECT_NE(help.find(word), std::string::npos);
    std::size_t line = 0;
    for (const char letter : help) {
        line = letter == '\n' ? 0 : line + 1;
        ASSERT_LE(line, 80U) << help;
    }
}

}  // namespace
}  // namespace vrrpd::ctl::arguments_test
