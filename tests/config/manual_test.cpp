// The manual page says of every keyword what the tables do with it, so that neither goes stale.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "vrrpd/config/items.hpp"
#include "vrrpd/config/keywords.hpp"

namespace vrrpd::config::manual_test {
namespace {

const std::string page = std::string(VRRPD_SOURCE_DIR) + "/vrrpd/man/vrrpd.conf.5";

// The words set in bold in each section of the page.
std::map<std::string, std::set<std::string>> bold_words_by_section() {
    std::map<std::string, std::set<std::string>> words;
    std::string section;
    std::ifstream in(page);
    for (std::string line; std::getline(in, line);) {
        std::istringstream fields(line);
        std::string request;
        fields >> request;
        if (request == ".SH" || request == ".SS") {
            std::getline(fields >> std::ws, section);
        } else if (request == ".B" || request == ".BR" || request == ".BI") {
            for (std::string word; fields >> word;) {
                std::erase(word, '"');
                words[section].insert(word);
            }
        }
    }
    return words;
}

bool contains(const std::map<std::string, std::set<std::string>>& words, const std::string& section,
              std::string_view word) {
    const auto found = words.find(section);
    return found != words.end() && found->second.count(std::string(word)) > 0;
}

std::string section_of(const Keyword& keyword) {
    switch (keyword.support) {
        case Support::acted:
        case Support::accepted:
            return {};  // somewhere
        case Support::unsupported:
            return "KNOWN, NOT SUPPORTED";
        case Support::lvs:
            return "LOAD BALANCER";
    }
    return {};
}

TEST(Manual, names_every_keyword_where_it_belongs) {
    const auto words = bold_words_by_section();
    ASSERT_FALSE(words.empty()) << page;
    for (auto block = Block::root; block <= last_block; block = static_cast<Block>(static_cast<int>(block) + 1)) {
        for (const auto& keyword : keywords(block)) {
            const auto section = section_of(keyword);
            bool found = !section.empty() && contains(words, section, keyword.name);
            for (const auto& [name, set] : words) found |= section.empty() && set.count(std::string(keyword.name)) > 0;
            EXPECT_TRUE(found) << keyword.name << " of " << name(block) << " should stand in bold in "
                               << (section.empty() ? "the page" : section);
        }
    }
}

// Blocks that do nothing (yet): their words are read and judged, and stand with them.
bool is_inert(Block block) {
    switch (block) {
        case Block::root:
        case Block::global_defs:
        case Block::vrrp_instance:
        case Block::sync_group:
        case Block::track_group:
        case Block::authentication:
        case Block::auth_hmac:
        case Block::script:
        case Block::track_process:
        case Block::track_file:
        case Block::bfd:
            return false;
        default:
            return !is_ours(block);
    }
}

bool is_acted(Block block, const Keyword& keyword) {
    return !is_inert(block) && (keyword.support == Support::acted || keyword.support == Support::accepted);
}

// Another block may have a word of the same name, which does nothing.
bool does_nothing_elsewhere(std::string_view word) {
    for (auto block = Block::root; block <= last_block; block = static_cast<Block>(static_cast<int>(block) + 1)) {
        const auto* keyword = find_keyword(block, word);
        if (keyword != nullptr && !is_acted(block, *keyword)) return true;
    }
    return false;
}

TEST(Manual, does_not_call_idle_what_is_acted_on) {
    const auto words = bold_words_by_section();
    for (auto block = Block::root; block <= last_block; block = static_cast<Block>(static_cast<int>(block) + 1)) {
        for (const auto& keyword : keywords(block)) {
            if (!is_acted(block, keyword) || does_nothing_elsewhere(keyword.name)) continue;
            for (const char* section : {"KNOWN, NOT SUPPORTED", "LOAD BALANCER"})
                EXPECT_FALSE(contains(words, section, keyword.name)) << keyword.name << " in " << section;
        }
    }
}

// The words of the entry that explains this keyword, down to the next one, without punctuation.
std::set<std::string> words_of_entry(const std::string& keyword) {
    std::ifstream in(page);
    std::set<std::string> words;
    bool within = false, heading = false;
    for (std::string line; std::getline(in, line);) {
        const bool head = line.starts_with(".B ") && (" " + line + " ").find(" " + keyword + " ") != std::string::npos;
        if (line.starts_with(".TP") || line.starts_with(".S")) within = false;
        within |= heading && head;
        heading = line.starts_with(".TP");
        if (!within || head) continue;
        std::string plain;
        for (const char c : line)
            if (c != '\\') plain += std::string_view("(),.;:").find(c) == std::string_view::npos ? c : ' ';
        std::istringstream fields(plain);
        for (std::string word; fields >> word;) words.insert(word);
    }
    return words;
}

TEST(Manual, names_every_word_of_an_item_in_its_entry) {
    const std::pair<const char*, std::vector<std::string_view>> items[] = {{"virtual_ipaddress", address_words()},
                                                                           {"virtual_routes", route_words()},
                                                                           {"virtual_rules", rule_words()},
                                                                           {"unicast_peer", peer_words()}};
    const auto of_static = words_of_entry("static_ipaddress");
    ASSERT_TRUE(of_static.contains("track_group"));
    for (const auto& [keyword, all] : items) {
        const auto said = words_of_entry(keyword);
        EXPECT_FALSE(all.empty()) << keyword;
        for (const auto word : all)
            EXPECT_TRUE(said.contains(std::string(word)) || of_static.contains(std::string(word)))
                << word << " of " << keyword;
    }
}

}  // namespace
}  // namespace vrrpd::config::manual_test
