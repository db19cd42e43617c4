// What services.keepalived of NixOS makes, with this program as its package: the text, the command line and the life of
// the unit, unchanged. Run under keepalived's name, and, to tell a fault of the
// scenario from one of ours, with Debian's keepalived.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <ostream>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/janitor.hpp"

namespace lab::nixos_test {
namespace {

// Word for word, with the lines that hold blanks alone. `snmp`: what snmp.enable and its kin put in front.
std::string generated(int priority, const std::string& address, const std::string& snmp = "  \n") {
    return "global_defs {\n  \n" + snmp +
           "  \n}\n\n\nvrrp_instance test {\n  interface lan0\n  state MASTER\n  "
           "virtual_router_id 1\n"
           "  priority " +
           std::to_string(priority) + "\n  \n\n  \n\n  \n  \n\n  virtual_ipaddress {\n    " + address +
           "\n  }\n\n  \n\n  \n\n  \n}\n\n\n";
}

std::string program(Daemon daemon) {
    if (daemon == Daemon::keepalived) return "keepalived";
    const char* const chosen = std::getenv("VRRPD");
    const auto link = directory() + "/keepalived";
    std::filesystem::remove(link);
    std::filesystem::create_symlink(chosen != nullptr ? chosen : LAB_VRRPD, link);
    return link;
}

// A unit of Type=forking. Its /run is its own: both daemons of the test run on one machine.
class Unit {
public:
    Unit(Host& host, Daemon daemon) : host_(host), program_(program(daemon)) {}
    ~Unit() {
        for (const pid_t pid : processes_in(host_.netns().name())) kill(pid, SIGKILL);
    }
    Unit(const Unit&) = delete;
    Unit& operator=(const Unit&) = delete;

    void configure(const std::string& text) const { std::ofstream(file(".conf")) << text; }
    // `more`: of its command line.
    Output start(const std::string& more = {}) const {
        return host_.run({"unshare", "-m", "sh", "-c",
                          "mount -t tmpfs none /run && mkdir /run/keepalived && exec \"$0\" -f " + file(".conf") +
                              " -p " + file(".pid") + more + " </dev/null >" + file(".out") + " 2>&1",
                          program_});
    }
    [[nodiscard]] pid_t main_pid() const {
        const auto text = content_of(file(".pid"));
        return text.empty() ? 0 : static_cast<pid_t>(std::stol(text));
    }
    [[nodiscard]] std::string said() const { return content_of(file(".out")); }
    [[nodiscard]] bool is_gone() const { return processes_in(host_.netns().name()).empty(); }

private:
    [[nodiscard]] std::string file(const std::string& suffix) const {
        return directory() + "/nixos-" + host_.name() + suffix;
    }

    Host& host_;
    std::string program_;
};

class NixOs : public HomeTest, public testing::WithParamInterface<Daemon> {
protected:
    const IpAddress vip = IpAddress::v4(10, 12, 14, 200), other = IpAddress::v4(10, 12, 14, 201),
                    third = IpAddress::v4(10, 12, 14, 202);
    [[nodiscard]] bool moves_to(const Host& winner, const Host& loser, const IpAddress& address) const {
        return wait_until([&] { return holds(winner, address) && !holds(loser, address); }, 15s);
    }
};

TEST_P(NixOs, services_keepalived_runs_unchanged) {
    Unit node1(home.h001, GetParam()), node2(home.h003, GetParam());
    node1.configure(generated(50, "10.12.14.200"));
    node2.configure(generated(100, "10.12.14.200"));
    for (const auto* node : {&node1, &node2}) {
        const auto started = node->start();
        ASSERT_EQ(started.status, 0) << started.text << node->said();
        if (GetParam() == Daemon::vrrpd) {
            EXPECT_GT(node->main_pid(), 0) << "systemd reads it at once";
        }
        ASSERT_TRUE(wait_until([&] { return node->main_pid() > 0; }));
    }
    EXPECT_TRUE(moves_to(home.h003, home.h001, vip)) << node2.said();
    EXPECT_TRUE(home.h001.run({"ping", "-c", "1", "-W", "2", vip.to_string()}).ok());

    home.h003.isolate("lan0");
    EXPECT_TRUE(wait_until([&] { return holds(home.h001, vip); }, 15s)) << "block";
    home.h003.rejoin("lan0");
    EXPECT_TRUE(moves_to(home.h003, home.h001, vip)) << "unblock";

    node1.configure(generated(50, "10.12.14.201"));
    node2.configure(generated(100, "10.12.14.201"));
    for (const auto* node : {&node1, &node2}) kill(node->main_pid(), SIGHUP);
    EXPECT_TRUE(moves_to(home.h003, home.h001, other)) << "reload";
    EXPECT_FALSE(holds(home.h003, vip));

    // snmp.enable changes the command line, so the unit is stopped and started.
    const auto snmp = "  snmp_socket unix:/var/agentx/master\nenable_snmp_keepalived\nenable_traps";
    for (auto* node : {&node1, &node2}) {
        kill(node->main_pid(), SIGTERM);
        ASSERT_TRUE(wait_until([&] { return node->is_gone(); }, 10s));
        node->configure(generated(node == &node1 ? 50 : 100, "10.12.14.202", snmp));
        const auto started = node->start(" --snmp");
        ASSERT_EQ(started.status, 0) << started.text << node->said();
    }
    EXPECT_TRUE(moves_to(home.h003, home.h001, third)) << node2.said();
    EXPECT_FALSE(holds(home.h003, other));

    kill(node2.main_pid(), SIGTERM);
    EXPECT_TRUE(moves_to(home.h001, home.h003, third)) << "stop";
    EXPECT_TRUE(wait_until([&] { return node2.is_gone(); }, 10s)) << "KillMode=process: it ends its own helpers";
    kill(node1.main_pid(), SIGTERM);
    EXPECT_TRUE(wait_until([&] { return node1.is_gone(); }, 10s));
}

INSTANTIATE_TEST_SUITE_P(Daemons, NixOs, testing::Values(Daemon::vrrpd, Daemon::keepalived), [](const auto& about) {
    return about.param == Daemon::vrrpd ? std::string("vrrpd") : std::string("keepalived");
});

// The snippet: it runs, and -t says what it costs.
using NixOsText = HomeTest;
TEST_F(NixOsText, priority_255_runs_and_is_warned_of) {
    Router router(home.h003, Daemon::vrrpd);
    router.configure(
        "global_defs {\n  \n}\n\nvrrp_instance router {\n  interface lan0\n  state MASTER\n  virtual_router_id 1\n"
        "  priority 255\n  \n  virtual_ipaddress {\n    10.12.14.1/24\n  }\n\n  \n}\n");
    const auto checked = router.command({"-t"});
    EXPECT_NE(checked.text.find("255"), std::string::npos) << checked.text;
    EXPECT_NE(checked.text.find("tracking"), std::string::npos) << checked.text;
    router.start();
    EXPECT_TRUE(becomes_active(home.h003));
    EXPECT_EQ(router.stop(), 0);
}

}  // namespace
}  // namespace lab::nixos_test
