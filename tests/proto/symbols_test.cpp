// The pure cores ask nothing of the system: no symbol of theirs names a clock, randomness, a thread, a file, a
// socket or a stream. This is what makes a run from a seed exact.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <set>
#include <string>

namespace {

// Of all members but `shell`, the one that is allowed to ask (config's real FileSource).
std::set<std::string> undefined_symbols(const std::string& archive, const std::string& shell) {
    const auto command = "nm -u -C --no-sort '" + archive + "' 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> nm(popen(command.c_str(), "r"), pclose);
    std::set<std::string> symbols;
    std::array<char, 4096> line{};
    bool skipped = false;
    while (nm && std::fgets(line.data(), line.size(), nm.get())) {
        const std::string text(line.data());
        if (text.ends_with(".o:\n")) skipped = text == shell + ".o:\n";
        if (skipped) continue;
        const auto at = text.find(" U ");
        if (at != std::string::npos) symbols.insert(text.substr(at + 3, text.find_last_not_of('\n') - at - 2));
    }
    return symbols;
}

// What C and the compiler lend: memory, text, exceptions, wide division, and the last words of ASSERT. Nothing else.
const std::set<std::string> allowed_names{"memcpy",
                                          "memmove",
                                          "memset",
                                          "memcmp",
                                          "memchr",
                                          "strlen",
                                          "strcmp",
                                          "strerror",
                                          "snprintf",
                                          "fprintf",
                                          "stderr",
                                          "abort",
                                          "__memcpy_chk",
                                          "__memmove_chk",
                                          "__memset_chk",
                                          "__fprintf_chk",
                                          "__snprintf_chk",
                                          "__assert_fail",
                                          "__udivti3",
                                          "__umodti3",
                                          "__divti3",
                                          "__modti3",
                                          "__dso_handle",
                                          "_Unwind_Resume",
                                          "__gxx_personality_v0",
                                          "__stack_chk_fail",
                                          "_GLOBAL_OFFSET_TABLE_"};
// Which names of the C++ library are left to the linker differs from compiler to compiler, so of those the ones that
// ask are listed: a core that asks past them ends in a name of C, or is caught by what tests/tidy lets it include.
const std::array denied_parts{"std::chrono::_V2::",
                              "std::random_device",
                              "std::thread",
                              "basic_ofstream",
                              "basic_ifstream",
                              "basic_filebuf",
                              "std::cout",
                              "std::cerr",
                              "std::filesystem",
                              "std::locale",
                              "ios_base",
                              "std::mutex",
                              "std::condition_variable",
                              "std::getenv",
                              "vrrpd::boot_now",
                              "vrrpd::wall_now",
                              "vrrpd::Loop"};

bool is_of_cplusplus(const std::string& symbol) {
    return symbol.find("::") != std::string::npos || symbol.find('(') != std::string::npos ||
           symbol.find(" for ") != std::string::npos;
}

// keepalived's dumps tell the time of the day in the host's zone, and the status is JSON: libfmt and nlohmann-json look
// at the locale for both.
const std::set<std::string> of_text{"localtime_r", "localeconv", "__dynamic_cast", "__libc_single_threaded"};

enum class Text { plain, local };

bool is_allowed(const std::string& symbol, Text text) {
    if (is_of_cplusplus(symbol))
        return std::none_of(denied_parts.begin(), denied_parts.end(), [&](const std::string& part) {
            const bool of_locale = part == "std::locale" || part == "ios_base";
            return symbol.find(part) != std::string::npos && !(of_locale && text == Text::local);
        });
    const auto name = symbol.substr(0, symbol.find('@'));
    return name.starts_with("__cxa_") || allowed_names.contains(name) ||
           (text == Text::local && of_text.contains(name));
}

void expect_pure(const std::string& archive, const std::string& shell, Text text = Text::plain) {
    const auto symbols = undefined_symbols(archive, shell);
    ASSERT_FALSE(symbols.empty()) << "nm says nothing about " << archive;
    for (const auto& symbol : symbols) EXPECT_TRUE(is_allowed(symbol, text)) << archive << " uses " << symbol;
}

TEST(PureCores, proto_asks_nothing_of_the_system) { expect_pure(PROTO_ARCHIVE, ""); }
TEST(PureCores, dhcpsync_asks_nothing_of_the_system) { expect_pure(DHCPSYNC_ARCHIVE, ""); }
TEST(PureCores, engine_asks_nothing_of_the_system) { expect_pure(ENGINE_ARCHIVE, "", Text::local); }
TEST(PureCores, config_asks_nothing_of_the_system) { expect_pure(CONFIG_ARCHIVE, "files.cpp"); }

}  // namespace
