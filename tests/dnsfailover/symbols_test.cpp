// The core asks nothing of the system: every symbol that its archive takes from others is on this list of memory,
// text and our own vocabulary. No clock, random source, thread, file, socket or stream is.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace {

constexpr std::array allowed{"dnsfailover::",
                             "vrrpd::",
                             "fmt::",
                             "std::__throw_",
                             "std::__cxx11::basic_string<",
                             "std::_Rb_tree",
                             "operator new(",
                             "operator delete(",
                             "memcpy",
                             "memmove",
                             "memset",
                             "memcmp",
                             "memchr",
                             "strlen",
                             "abort",
                             "fprintf",
                             "stderr",  // ASSERT says its last words
                             "__stack_chk_fail",
                             "__cxa_",
                             "__gxx_personality_v0",
                             "_Unwind_Resume",
                             "__assert_fail",
                             "_GLOBAL_OFFSET_TABLE_",
                             "vtable for __cxxabiv1::",
                             "vtable for std::bad_",
                             "typeinfo for std::bad_",
                             "typeinfo for fmt::",
                             "std::terminate",
                             "std::bad_",
                             "std::exception::",
                             "typeinfo for std::exception",
                             "std::length_error",
                             "std::out_of_range",
                             "std::logic_error",
                             "std::runtime_error"};

std::string_view between(std::string_view text) {
    const auto at = text.find(" U ");
    return at == std::string_view::npos ? std::string_view{}
                                        : text.substr(at + 3, text.find_last_not_of('\n') - at - 2);
}

TEST(PureCore, takes_nothing_from_others_but_memory_and_text) {
    const std::string command = std::string("nm -u -C --no-sort '") + CORE_ARCHIVE + "' 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> nm(popen(command.c_str(), "r"), pclose);
    ASSERT_TRUE(nm);
    std::array<char, 65536> line{};
    int symbols = 0;
    while (std::fgets(line.data(), line.size(), nm.get())) {
        const auto symbol = between(line.data());
        if (symbol.empty()) continue;
        ++symbols;
        bool known = false;
        for (const std::string_view each : allowed) known = known || symbol.starts_with(each);
        EXPECT_TRUE(known) << symbol;
    }
    EXPECT_GT(symbols, 10) << "nm says nothing about " << CORE_ARCHIVE;
}

}  // namespace
