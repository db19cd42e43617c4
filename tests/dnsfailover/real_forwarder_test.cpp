// The states of real forwarders, dnsmasq and unbound, whose upstream is a forwarder of the test's own.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>

#include "tests/dnsfailover/probing.hpp"

namespace dnsfailover::test::real_forwarder_test {
namespace {

// A process of the test's own; killed with it.
class Process {
public:
    explicit Process(std::vector<std::string> words) {
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        EXPECT_EQ(::posix_spawn(&pid_, arguments[0], nullptr, nullptr, arguments.data(), environ), 0) << arguments[0];
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process() {
        if (pid_ <= 0) return;
        send(SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    void send(int signal) const { EXPECT_EQ(::kill(pid_, signal), 0); }

private:
    pid_t pid_ = -1;
};

constexpr const char* dnsmasq = "/usr/sbin/dnsmasq";
constexpr const char* unbound = "/usr/sbin/unbound";
constexpr const char* real_address = "127.0.0.53";
const std::string upstream_address = "127.0.0.3";  // of fakes[0]

std::vector<std::string> command_of(const std::string& program) {
    if (program == unbound) return {program, "-d", "-c", testing::TempDir() + "dnsfailover-unbound.conf"};
    return {program,
            "-k",
            "-C",
            "/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--bind-interfaces",
            "--user=root",
            "--pid-file",
            "--log-facility=/dev/null",
            std::string("--listen-address=") + real_address,
            "--server=" + upstream_address};
}

void write_unbound_conf() {
    std::ofstream(testing::TempDir() + "dnsfailover-unbound.conf")
        << "server:\n  interface: " << real_address << "\n  do-daemonize: no\n  username: \"\"\n  chroot: \"\"\n"
        << "  pidfile: \"\"\n  use-syslog: no\n  logfile: \"/dev/null\"\n  verbosity: 0\n  num-threads: 1\n"
        << "  module-config: \"iterator\"\n  do-not-query-localhost: no\n  access-control: 127.0.0.0/8 allow\n"
        << "remote-control:\n  control-enable: no\nforward-zone:\n  name: \".\"\n  forward-addr: " << upstream_address
        << "\n";
}

// By the program.
class RealForwarder : public Probing, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        if (::access(GetParam(), X_OK) != 0) GTEST_SKIP() << "SKIPPED: " << GetParam() << " is not installed";
        Probing::SetUp();
        if (IsSkipped()) return;
        write_unbound_conf();
        run();
    }
    void run() { process.emplace(command_of(GetParam())); }
    // Alone; the fake one is its upstream.
    void ask_it() { ask({{"real", {*IpAddress::parse(real_address)}, quick_checks()}}); }
    std::optional<Process> process;
};

TEST_P(RealForwarder, is_OK) {
    ask_it();
    until(Health::ok, slack);
    pass(3 * bound);
    EXPECT_EQ(prober->monitor(0).health(), Health::ok);
}

TEST_P(RealForwarder, killed_and_started_again) {
    ask_it();
    until(Health::ok, slack);
    process.reset();
    expect(Health::dead, Symptom::silent);
    run();
    until(Health::ok, slack);
}

TEST_P(RealForwarder, stopped) {
    ask_it();
    until(Health::ok, slack);
    process->send(SIGSTOP);
    expect(Health::dead, Symptom::silent);
    process->send(SIGCONT);
    until(Health::ok, slack);
}

TEST_P(RealForwarder, with_a_black_holed_upstream) {
    ask_it();
    until(Health::ok, slack);
    fakes[0]->manner.upstream = false;
    expect(Health::upstream_down, Symptom::nothing_resolves);
    pass(3 * bound);
    EXPECT_EQ(prober->monitor(0).health(), Health::upstream_down) << "and alive all the time";
}

TEST_P(RealForwarder, without_upstream_from_the_start) {
    fakes[0]->manner.upstream = false;
    ask_it();
    expect(Health::upstream_down, Symptom::nothing_resolves);
}

TEST_P(RealForwarder, whose_upstream_is_refused) {
    ask_it();
    until(Health::ok, slack);
    kill(0);
    expect(Health::upstream_down, Symptom::nothing_resolves);
}

INSTANTIATE_TEST_SUITE_P(Programs, RealForwarder, testing::Values(dnsmasq, unbound),
                         [](const auto& about) { return std::string(about.param == dnsmasq ? "dnsmasq" : "unbound"); });

}  // namespace
}  // namespace dnsfailover::test::real_forwarder_test
