// The demonstration shows what it says, tells when it cannot, and cleans up after itself, however it ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "netns-tests/lab/janitor.hpp"
#include "netns-tests/lab/process.hpp"
#include "netns-tests/lab/wait.hpp"

namespace lab::demo_test {
namespace {

using namespace std::chrono_literals;

class Demo : public testing::Test {
protected:
    // Started, and in the middle of it: all three routers run.
    void SetUp() override {
        demo_ = Process({LAB_DEMO}, -1, log_);
        ASSERT_TRUE(wait_until([&] { return log().find("All three run") != std::string::npos; }, 30s)) << log();
        pid_ = demo_.pid();
        daemons_ = descendants(pid_);
        ASSERT_GE(daemons_.size(), 6u) << "a supervisor and an engine each";
        ASSERT_EQ(left_behind().size(), 8u) << "six hosts, the switches, and the directory";
    }
    void TearDown() override { std::filesystem::remove(log_); }

    [[nodiscard]] std::string log() const {
        std::ostringstream text;
        text << std::ifstream(log_).rdbuf();
        return text.str();
    }
    // Its namespaces and files: all carry its number.
    [[nodiscard]] std::vector<std::string> left_behind() const {
        std::vector<std::string> found;
        for (const auto* place : {"/run/netns", "/tmp"}) {
            for (const auto& entry : std::filesystem::directory_iterator(place)) {
                const auto name = entry.path().filename().string() + "-";
                if (name.starts_with("vrl-" + std::to_string(pid_) + "-")) found.push_back(entry.path());
            }
        }
        return found;
    }
    [[nodiscard]] bool daemons_are_gone() const {
        return std::all_of(daemons_.begin(), daemons_.end(), [](pid_t pid) { return kill(pid, 0) != 0; });
    }

    const std::string log_ = directory() + "/demo.log";
    Process demo_;
    pid_t pid_ = -1;
    std::vector<pid_t> daemons_;
};

TEST_F(Demo, ends_at_ctrl_c_and_leaves_nothing_behind) {
    kill(-pid_, SIGINT);  // the whole group, as the terminal does
    EXPECT_EQ(demo_.wait(5s), 128 + SIGINT);
    EXPECT_EQ(left_behind(), std::vector<std::string>{}) << "the prompt was back before all was clean";
    EXPECT_TRUE(wait_until([&] { return daemons_are_gone(); }, 5s));
}

TEST_F(Demo, leaves_nothing_behind_when_it_is_killed) {
    kill(pid_, SIGKILL);
    EXPECT_EQ(demo_.wait(5s), 128 + SIGKILL);
    EXPECT_TRUE(wait_until([&] { return left_behind().empty() && daemons_are_gone(); }, 5s));
}

TEST(DemoToItsEnd, is_as_it_should_be) {
    const auto shown = run({LAB_DEMO});
    EXPECT_EQ(shown.status, 0) << shown.text;
    EXPECT_NE(shown.text.find("\nAll as it should be.\n"), std::string::npos) << shown.text;
    EXPECT_EQ(shown.text.find("NOT SO"), std::string::npos) << shown.text;
}

TEST(DemoToItsEnd, says_that_a_vrrpd_which_does_not_run_shows_nothing) {
    const auto shown = run({"env", "VRRPD=/bin/false", LAB_DEMO});
    EXPECT_EQ(shown.status, 1) << shown.text;
    EXPECT_NE(shown.text.find("NOT SO: the vrrpd of H003 ended at once"), std::string::npos) << shown.text;
    EXPECT_EQ(shown.text.find("All three run"), std::string::npos) << shown.text;
}

}  // namespace
}  // namespace lab::demo_test
