// What of its place among processes the engine takes by itself, and gives back.
#include "vrrpd/engine/process_place.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <fstream>
#include <string>

namespace vrrpd::engine::process_place_test {
namespace {

class RecordingLog final : public Log {
public:
    void write(LogLevel, std::string_view line) override { text += std::string(line) + '\n'; }
    std::string text;
};

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

TEST(ProcessPlace, is_taken_as_configured_and_given_back) {
    const auto name_before = name();
    RecordingLog log;
    ProcessPlace place(log);
    config::Config config;
    config.lock_memory = true;
    config.process.edit().engine_name = "placed";
    place.take(config);
    EXPECT_EQ(log.text, "");
    EXPECT_EQ(name(), "placed");
    EXPECT_GT(locked_kilobytes(), 0);
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

}  // namespace
}  // namespace vrrpd::engine::process_place_test
