// What of its place among processes the engine takes by itself, and gives back.
#include "vrrpd/engine/process_place.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <fstream>
#include <string>

namespace vrrpd::engine::process_place_test {
namespace {

class RecordingLog final : public Log {
public:
    void write(LogLevel, std::string_view line) override { text += std::string(line) + '\n'; }
    std::string text;
};

#ifdef VRRPD_SANITIZE
constexpr bool can_lock = false;  // the sanitizers make mlockall() do nothing
#else
constexpr bool can_lock = true;
#endif

long locked_kilobytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmLck:")) return std::stol(line.substr(6));
    return -1;
}

std::string name() {
    char text[16] = {};
    prctl(PR_GET_NAME, text, 0, 0, 0);
    return text;
}

// Of what may be locked; what it was comes back with the object.
class MemoryLimit {
public:
    explicit MemoryLimit(rlim_t octets) {
        getrlimit(RLIMIT_MEMLOCK, &before_);
        const rlimit wanted{octets, before_.rlim_max};
        is_set_ = setrlimit(RLIMIT_MEMLOCK, &wanted) == 0;
    }
    MemoryLimit(const MemoryLimit&) = delete;
    MemoryLimit& operator=(const MemoryLimit&) = delete;
    ~MemoryLimit() { setrlimit(RLIMIT_MEMLOCK, &before_); }
    [[nodiscard]] bool is_set() const { return is_set_; }

private:
    rlimit before_{};
    bool is_set_ = false;
};

TEST(ProcessPlace, is_taken_as_configured_and_given_back) {
    const MemoryLimit limit(1 << 20);
    const auto name_before = name();
    RecordingLog log;
    ProcessPlace place(log);
    config::Config config;
    config.lock_memory = true;
    config.process.edit().engine_name = "placed";
    place.take(config);
    EXPECT_EQ(log.text, "");
    EXPECT_EQ(name(), "placed");
    EXPECT_EQ(locked_kilobytes() > 0, can_lock);
    place.take({});
    EXPECT_EQ(name(), "vrrpd-engine");
    EXPECT_EQ(locked_kilobytes(), 0);
    config.process.edit() = {};
    config.process.edit().process_names = true;
    place.take(config);
    EXPECT_EQ(name(), "keepalived_vrrp");
    place.take({});
    prctl(PR_SET_NAME, name_before.c_str(), 0, 0, 0);
}

TEST(ProcessPlace, memory_is_locked_unasked_where_no_limit_stands) {
    const auto name_before = name();
    RecordingLog log;
    ProcessPlace place(log);
    {
        const MemoryLimit none(RLIM_INFINITY);
        if (!none.is_set()) GTEST_SKIP() << "SKIPPED: RLIMIT_MEMLOCK cannot be raised here";
        place.take({});
        EXPECT_EQ(locked_kilobytes() > 0, can_lock);
    }
    const MemoryLimit limit(1 << 20);
    place.take({});
    EXPECT_EQ(locked_kilobytes(), 0);
    EXPECT_EQ(log.text, "");
    prctl(PR_SET_NAME, name_before.c_str(), 0, 0, 0);
}

}  // namespace
}  // namespace vrrpd::engine::process_place_test
