// vrrpctl asks the whole daemon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "tests/supervisor/machine.hpp"

namespace vrrpd::supervisor::test::vrrpctl_program_test {
namespace {

using testing::HasSubstr;
using testing::Not;

class VrrpctlProgram : public testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, for network namespaces";
        machine_.emplace();
    }
    [[nodiscard]] Ended vrrpctl(const std::string& words, const std::string& before = {}) const {
        const auto program = std::filesystem::path(VRRPD_PROGRAM).parent_path() / "vrrpctl";
        return machine_->shell(before + program.string() + " " + words + " --runtime-dir " + machine_->file("run"));
    }
    // Once it has that in it.
    [[nodiscard]] Ended status_with(const std::string& part) const {
        Ended got;
        EXPECT_TRUE(eventually([&] { return (got = vrrpctl("status")).text.find(part) != std::string::npos; }))
            << got.text;
        return got;
    }

    std::optional<Machine> machine_;
};

TEST_F(VrrpctlProgram, tells_who_is_the_gateway) {
    machine_->shell("ip neigh replace 198.51.100.1 lladdr 02:00:00:00:00:01 dev wan0");
    machine_->start({"-f", "home.conf"});
    const auto got = status_with(") is the gateway.");
    EXPECT_THAT(got.text, HasSubstr("LAN: MASTER for "));
    EXPECT_THAT(got.text, HasSubstr("VRID 1 on lan0, priority "));
    EXPECT_THAT(got.text, Not(HasSubstr("did not answer")));
    EXPECT_THAT(got.text, Not(HasSubstr("\x1b"))) << "no terminal, no colours";
    const auto json = vrrpctl("status --json").text;
    EXPECT_THAT(json, HasSubstr(R"("engine":"ok")"));
    EXPECT_THAT(json, HasSubstr(R"("fence":"open")"));
}

TEST_F(VrrpctlProgram, says_why_a_stand_in_could_not_take_over) {
    machine_->shell("ip link set lan0 down");
    machine_->start({"-f", "home.conf"});
    const auto got = status_with("could take over now: NO, because");
    EXPECT_EQ(got.code, 1);
    EXPECT_THAT(got.text, HasSubstr("NOBODY is known to be the gateway"));
    EXPECT_THAT(got.text, HasSubstr("lan0"));
}

TEST_F(VrrpctlProgram, is_answered_after_a_reload_and_by_a_new_agent) {
    const pid_t pid = machine_->start({"-f", "home.conf"});
    (void)status_with(") is the gateway.");
    kill(pid, SIGHUP);
    (void)status_with(") is the gateway.");
    machine_->shell("kill -KILL $(pgrep -P " + std::to_string(pid) + " vrrpd-agent)");
    EXPECT_TRUE(eventually([&] {
        return machine_->get("log").find("the agent was ended by signal") != std::string::npos ||
               machine_->get("log").find("it is started again") != std::string::npos;
    }));
    (void)status_with(") is the gateway.");
}

TEST_F(VrrpctlProgram, strangers_are_not_answered) {
    machine_->start({"-f", "home.conf"});
    (void)status_with(") is the gateway.");
    machine_->shell("chmod 755 . run");
    const auto got = vrrpctl("status", "setpriv --reuid 12345 --regid 12345 --clear-groups ");
    EXPECT_EQ(got.code, 3);
    EXPECT_THAT(got.text, HasSubstr("only root and the group of"));
}

}  // namespace
}  // namespace vrrpd::supervisor::test::vrrpctl_program_test
