// The executable when what surrounds it misbehaves: whoever reads its log, runs its scripts, or has its names.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "tests/supervisor/machine.hpp"
#include "vrrpd/base/fd.hpp"

namespace vrrpd::supervisor::test {
namespace {

using testing::HasSubstr;

class Supervision : public testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, for network namespaces";
        machine_ = std::make_unique<Machine>();
    }
    Machine& machine() { return *machine_; }
    bool has_vip() { return machine().has("10.12.14.1/24"); }

private:
    std::unique_ptr<Machine> machine_;
};

// `vrrpd -n -l | less`: the pager shows a page, and reads no more.
TEST_F(Supervision, a_log_that_nobody_reads_stops_nothing) {
    ASSERT_EQ(mkfifo(machine().file("log").c_str(), 0600), 0);
    const Fd log(open(machine().file("log").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    const pid_t daemon = machine().start({"-f", "home.conf"});
    ASSERT_TRUE(eventually([&] { return has_vip(); }));
    const std::array<char, 1000> filling{};
    while (write(log.get(), filling.data(), filling.size()) > 0) {}
    // Each reload is a few lines more, and each is carried out.
    for (int i = 0; i < 3; ++i) {
        std::string more = home_configuration;
        const auto address = "10.12.14.7" + std::to_string(i) + "/24";
        more.insert(more.find("10.12.14.1/24"), address + "\n        ");
        machine().put("home.conf", more);
        kill(daemon, SIGHUP);
        ASSERT_TRUE(eventually([&] { return machine().has(address); })) << i;
    }
    kill(daemon, SIGTERM);
    EXPECT_EQ(machine().wait(daemon), 0);
    EXPECT_FALSE(has_vip());
}

}  // namespace
}  // namespace vrrpd::supervisor::test
