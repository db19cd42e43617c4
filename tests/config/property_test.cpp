// Whatever stands in a file, reading it ends soon and without a crash, and its result keeps its promises.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/config/fake_files.hpp"
#include "vrrpd/config/keywords.hpp"

namespace vrrpd::config::property_test {
namespace {

// What must hold of every text: the bounds of its reading, and the places of its faults. That it ends at all, ctest's
// time limit watches.
void expect_bounded(const std::string& text) {
    const auto loaded = load_text(text);
    const auto parsed = parse(loaded.lines, "H003");
    RC_ASSERT(loaded.lines.size() <= 200'000U);
    RC_ASSERT(loaded.faults.size() <= 1100U);
    RC_ASSERT(parsed.faults.size() <= 1001U);
    for (const auto& line : loaded.lines) RC_ASSERT(!line.words.empty());
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const auto& fault : parsed.faults) {
        RC_ASSERT(fault.at.line <= lines);
        RC_ASSERT(!fault.text.empty());
    }
    RC_ASSERT(deserialize(serialize(loaded.lines)) == loaded.lines);
    // What may run is complete.
    if (!parsed.can_start()) return;
    for (const auto& instance : parsed.config.instances) {
        RC_ASSERT(!instance.interface.empty() || instance.source.has_value());
        RC_ASSERT(instance.parameters.advert_interval.count() >= 1);
        for (const auto& address : instance.addresses) {
            RC_ASSERT(!address.device.empty());
            RC_ASSERT(address.prefix.address.family() == instance.family);
        }
    }
    for (const auto& gateway : parsed.config.gateways) RC_ASSERT(parsed.config.instance(gateway.follows) != nullptr);
}

RC_GTEST_PROP(AnyText, of_random_bytes, (const std::string& text)) { expect_bounded(text); }

// Text that gets further: keywords, values and the signs that mean something, in any order.
std::vector<std::string> vocabulary() {
    std::vector<std::string> words{"{",
                                   "}",
                                   "\n",
                                   "\n",
                                   "\n",
                                   " ",
                                   "\"",
                                   "#",
                                   "!",
                                   "\\",
                                   "\\\n",
                                   "@H003 ",
                                   "@^H003 ",
                                   "@H001 ",
                                   "$A=",
                                   "$A",
                                   "${A}",
                                   "${_PWD}",
                                   "~SEQ(A,3)",
                                   "~SEQ(A,12)",
                                   "~LST(A,b,c)",
                                   "~SEQ(",
                                   "$A= \\\n",
                                   "${_RANDOM 1 5}",
                                   "10.0.0.1",
                                   "10.0.0.1/24",
                                   "fe80::1/64",
                                   "0.5",
                                   "255",
                                   "-1",
                                   "lan0",
                                   "wan0",
                                   "G",
                                   "V",
                                   "table",
                                   "via",
                                   "dev",
                                   "preference",
                                   "from",
                                   "nexthop",
                                   "include vrrpd.conf\n"};
    for (auto block = Block::root; block <= last_block; block = static_cast<Block>(static_cast<int>(block) + 1)) {
        for (const auto& keyword : keywords(block)) words.emplace_back(keyword.name);
    }
    return words;
}

RC_GTEST_PROP(AnyText, of_words_that_mean_something, ()) {
    static const auto words = vocabulary();
    const auto picked = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(words));
    std::string text;
    for (const auto& word : picked) text += word + " ";
    expect_bounded(text);
}

// A line end is a word, too.
constexpr const char* good_file =
    "global_defs { \n vrrp_version 3 \n } \n "
    "vrrp_instance V { \n interface lan0 \n virtual_router_id 1 \n advert_int 0.1 \n "
    "virtual_ipaddress { \n 10.0.0.1/24 dev lan0 \n } \n virtual_routes { \n default via 10.0.0.2 dev lan0 \n } \n } "
    "\n "
    "gateway G { \n follows V \n lan lan0 10.0.0.0/24 \n wan wan0 { \n address own \n via auto \n } \n "
    "nat { \n masquerade \n port_forward tcp 1-9 to 10.0.0.3:80 \n } \n } \n "
    "peer_link { \n member H003 10.0.0.4 \n member H001 10.0.0.5 \n } \n";

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    std::istringstream in(text);
    for (std::string word; std::getline(in, word, ' ');) words.push_back(word);
    return words;
}

TEST(AnyText, begins_with_a_good_file) { EXPECT_EQ(errors(parse_text(good_file).faults), std::vector<std::string>{}); }

// A good file with one word exchanged, dropped or doubled.
RC_GTEST_PROP(AnyText, of_a_good_file_with_one_word_wrong, ()) {
    static const auto words = vocabulary();
    static const auto good = words_of(good_file);
    auto changed = good;
    const auto at = *rc::gen::inRange<std::size_t>(0, changed.size());
    const auto how = *rc::gen::inRange(0, 3);
    if (how == 0) changed[at] = *rc::gen::elementOf(words);
    if (how == 1) changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(at));
    if (how == 2) changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(at), changed[at]);
    std::string text;
    for (const auto& word : changed) text += word + " ";
    expect_bounded(text);
}

}  // namespace
}  // namespace vrrpd::config::property_test
