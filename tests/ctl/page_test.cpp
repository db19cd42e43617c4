#include "vrrpd/ctl/page.hpp"

#include <gtest/gtest.h>

#include <random>

namespace vrrpd::ctl::page_test {
namespace {

std::string page(std::string_view text, std::size_t hanging = 2) {
    Page result;
    result.line(text, hanging);
    return result.text();
}

TEST(Page, a_short_line_stays) {
    EXPECT_EQ(page("  a b"), "  a b\n");
    EXPECT_EQ(page(""), "\n");
    EXPECT_EQ(page(std::string(80, 'x')), std::string(80, 'x') + '\n');
}

TEST(Page, a_long_line_breaks_at_a_blank) {
    EXPECT_EQ(page(std::string(78, 'x') + " yy zz"), std::string(78, 'x') + "\n  yy zz\n");
    EXPECT_EQ(page(std::string(77, 'x') + " yy zz", 4), std::string(77, 'x') + " yy\n    zz\n");
}

TEST(Page, a_word_longer_than_a_line_is_cut) {
    EXPECT_EQ(page(std::string(100, 'x')), std::string(80, 'x') + "\n  " + std::string(20, 'x') + '\n');
    EXPECT_EQ(page("  " + std::string(100, 'x')), "  " + std::string(78, 'x') + "\n  " + std::string(22, 'x') + '\n');
}

TEST(Page, nothing_reaches_the_terminal_that_it_would_act_on) { EXPECT_EQ(page("a\x1b[2J\n\tb\x7f"), "a?[2J??b?\n"); }

TEST(Page, a_character_of_utf8_counts_once_and_is_not_cut) {
    std::string umlauts;
    for (int i = 0; i < 90; ++i) umlauts += "\xc3\xa4";
    EXPECT_EQ(page(umlauts), umlauts.substr(0, 160) + "\n  " + umlauts.substr(160) + '\n');
    EXPECT_EQ(padded("\xc3\xa4", 3), "\xc3\xa4   ");
}

TEST(Page, whatever_comes_fits) {
    std::mt19937 random(3);
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (auto length = random() % 400; length > 0; --length)
            text += static_cast<char>(random() % 4 == 0 ? ' ' : random());
        std::size_t width = 0;
        for (const char letter : page(text, random() % 100)) {
            const bool goes_on = (static_cast<unsigned char>(letter) & 0xc0U) == 0x80;
            width = letter == '\n' ? 0 : width + (goes_on ? 0 : 1);
            ASSERT_LE(width, columns) << text;
        }
    }
}

}  // namespace
}  // namespace vrrpd::ctl::page_test
