// The pure cores ask nothing of the system: no symbol of theirs names a clock, randomness, a thread, a file, a
// socket or a stream. This is what makes a run from a seed exact.
#include <gtest/gtest.h>

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

// Of C: these whole names. Of C++: whatever the name has in it.
const std::set<std::string> denied_names{
    "time",       "clock",    "gettimeofday", "clock_gettime", "clock_nanosleep", "nanosleep", "usleep",  "sleep",
    "rand",       "random",   "drand48",      "getrandom",     "getentropy",      "socket",    "bind",    "connect",
    "send",       "sendto",   "sendmsg",      "recv",          "recvfrom",        "recvmsg",   "open",    "open64",
    "openat",     "fopen",    "fopen64",      "read",          "write",           "close",     "ioctl",   "fork",
    "execve",     "system",   "popen",        "getenv",        "setenv",          "getpid",    "syscall", "stat",
    "fstat",      "readlink", "glob",         "poll",          "epoll_wait",      "select",    "signal",  "sigaction",
    "getaddrinfo"};
const std::array denied_parts{"pthread_create", "std::chrono::_V2::", "std::random_device", "std::thread",
                              "basic_ofstream", "basic_ifstream",     "basic_filebuf",      "std::cout",
                              "std::cerr",      "std::filesystem",    "std::locale",        "ios_base"};

void expect_pure(const std::string& archive, const std::string& shell) {
    const auto symbols = undefined_symbols(archive, shell);
    ASSERT_FALSE(symbols.empty()) << "nm says nothing about " << archive;
    for (const auto& symbol : symbols) {
        const auto plain = symbol.substr(0, symbol.find('@'));
        EXPECT_FALSE(denied_names.contains(plain)) << archive << " uses " << symbol;
        for (const auto* part : denied_parts) {
            EXPECT_EQ(symbol.find(part), std::string::npos) << archive << " uses " << symbol;
        }
    }
}

TEST(PureCores, proto_asks_nothing_of_the_system) { expect_pure(PROTO_ARCHIVE, ""); }
TEST(PureCores, dhcpsync_asks_nothing_of_the_system) { expect_pure(DHCPSYNC_ARCHIVE, ""); }
TEST(PureCores, config_asks_nothing_of_the_system) { expect_pure(CONFIG_ARCHIVE, "files.cpp"); }

}  // namespace
