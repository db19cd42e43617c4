// The agent as the whole program runs it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "tests/supervisor/machine.hpp"

namespace vrrpd::supervisor::test::agent_program_test {
namespace {

class AgentOfProgram : public testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, for network namespaces";
        machine_ = std::make_unique<Machine>();
    }
    Machine& machine() { return *machine_; }
    // Of the newest one; 0: there was none.
    pid_t agent_pid() {
        const auto log = machine().get("log");
        const std::string words = "agent started, pid ";
        const auto at = log.rfind(words);
        return at == log.npos ? 0 : std::atoi(log.c_str() + at + words.size());
    }

private:
    std::unique_ptr<Machine> machine_;
};

TEST_F(AgentOfProgram, the_agent_always_runs_unprivileged_and_its_socket_goes_with_the_daemon) {
    const pid_t daemon = machine().start({"-f", "home.conf"});
    EXPECT_TRUE(eventually([&] { return agent_pid() > 0; })) << machine().get("log");
    const pid_t agent = agent_pid();
    const auto status = "/proc/" + std::to_string(agent) + "/status";
    EXPECT_TRUE(eventually([&] { return line_of(status, "NoNewPrivs:") == "NoNewPrivs:\t1"; }));
    EXPECT_EQ(line_of(status, "CapPrm:"), "CapPrm:\t0000000000000000");
    EXPECT_NE(line_of(status, "Uid:").rfind("Uid:\t0", 0), 0u);
    EXPECT_EQ(mode_of(machine().file("run/control")), 0660u);
    EXPECT_EQ(mode_of(machine().file("state/agent")), 0700u);
    kill(agent, SIGKILL);
    EXPECT_TRUE(eventually([&] { return agent_pid() != agent; })) << "it is started again";
    kill(daemon, SIGTERM);
    EXPECT_EQ(machine().wait(daemon), 0);
    EXPECT_FALSE(std::filesystem::exists(machine().file("run/control")));
}

// The second time the directory is the agent's already.
TEST_F(AgentOfProgram, with_the_capabilities_of_the_unit_alone_the_agent_gets_all_it_needs) {
    std::ifstream unit(VRRPD_SOURCE_DIR "/vrrpd/dist/vrrpd.service.in");
    std::string bounding = "-all";
    for (std::string line; std::getline(unit, line);) {
        if (line.rfind("CapabilityBoundingSet=", 0) != 0) continue;
        std::istringstream names(line.substr(line.find('=') + 1));
        for (std::string name; names >> name;) bounding += ",+" + name.substr(4);
    }
    std::transform(bounding.begin(), bounding.end(), bounding.begin(), [](unsigned char c) { return std::tolower(c); });
    for (int i = 0; i < 2; ++i) {
        machine().put("log", "");
        const auto started = machine().vrrpd({"-f", "home.conf", "-G"}, {"setpriv", "--bounding-set", bounding});
        EXPECT_EQ(started.code, 0) << started.text;
        EXPECT_EQ(started.text, "");
        EXPECT_EQ(mode_of(machine().file("run/control")), 0660u);
        EXPECT_EQ(mode_of(machine().file("state/agent")), 0700u);
        const pid_t daemon = machine().pid_in("run/vrrpd.pid");
        kill(daemon, SIGTERM);
        EXPECT_EQ(machine().wait(daemon), 0);
    }
}

TEST_F(AgentOfProgram, an_observer_has_no_agent_and_makes_no_socket) {
    const pid_t daemon = machine().start({"--observe", "-f", "home.conf"});
    EXPECT_TRUE(eventually([&] { return machine().get("log").find("engine started") != std::string::npos; }));
    usleep(500'000);
    EXPECT_EQ(agent_pid(), 0);
    EXPECT_FALSE(std::filesystem::exists(machine().file("run/control")));
    kill(daemon, SIGTERM);
    EXPECT_EQ(machine().wait(daemon), 0);
}

// From the engine by the supervisor to the agent, and back to a process that is nobody's but its own.
TEST_F(AgentOfProgram, a_role_that_moves_runs_the_alert_command_unprivileged) {
    const auto at = machine().file("");
    std::filesystem::permissions(at, std::filesystem::perms(0755));
    machine().put("alerts", "");
    std::filesystem::permissions(machine().file("alerts"), std::filesystem::perms(0666));
    machine().put("alert.sh",
                  "#!/bin/sh\n{ echo \"$VRRPD_GATEWAY $VRRPD_EVENT $(id -u)\"; cat; } >>" + at + "alerts\n");
    std::filesystem::permissions(machine().file("alert.sh"), std::filesystem::perms(0755));
    std::string text = home_configuration;
    text.insert(text.find("    follows LAN"), "    alert " + at + "alert.sh\n");
    machine().put("alert.conf", text);
    const pid_t daemon = machine().start({"-f", "alert.conf"});
    EXPECT_TRUE(eventually([&] { return machine().get("alerts").find("\n{") != std::string::npos; }))
        << machine().get("log");
    const auto alerts = machine().get("alerts");
    EXPECT_EQ(alerts.rfind("HOME became_active ", 0), 0u) << alerts;
    EXPECT_EQ(alerts.find("became_active 0\n"), std::string::npos) << alerts;
    EXPECT_NE(alerts.find("\"event\":\"became_active\""), std::string::npos) << alerts;
    kill(daemon, SIGTERM);
    EXPECT_EQ(machine().wait(daemon), 0);
    EXPECT_NE(machine().get("alerts").find("HOME stopped_being_active "), std::string::npos) << machine().get("alerts");
}

}  // namespace
}  // namespace vrrpd::supervisor::test::agent_program_test
