#include "tests/dhcpsync/real_server.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "dhcpsync/lease_file.hpp"
#include "netns-tests/lab/bus_configuration.hpp"
#include "vrrpd/base/fd.hpp"

namespace dhcpsync::test {

namespace {

using namespace std::chrono_literals;

bool wait_for(const std::function<bool()>& holds) {
    for (int i = 0; i < 2000; ++i) {
        if (holds()) return true;
        std::this_thread::sleep_for(5ms);
    }
    return false;
}

bool listens(const std::string& path) {
    const vrrpd::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

// ---- processes ----------------------------------------------------------------------------------

Program::Program(std::vector<std::string> words, const std::string& log) {
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // also when the test is killed
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, 1);
    ::dup2(output, 2);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

void Program::end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void Program::signal(int number) { ::kill(pid_, number); }

bool Program::running() const {
    siginfo_t info{};
    return pid_ > 0 && ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

bool have_real_servers() {
    const auto installed = [](const std::string& name) {
        return ::access(("/usr/sbin/" + name).c_str(), X_OK) == 0 || ::access(("/usr/bin/" + name).c_str(), X_OK) == 0;
    };
    return ::geteuid() == 0 && installed("dnsmasq") && installed("dbus-daemon");
}

// ---- the bus ------------------------------------------------------------------------------------

void RealBus::start() {
    program_.end();
    std::filesystem::remove(path_);
    put(path_ + ".conf", lab::bus_configuration("unix:path=" + path_, more_));
    program_ = Program({"dbus-daemon", "--nofork", "--nopidfile", "--nosyslog", "--config-file=" + path_ + ".conf"},
                       path_ + ".log");
    ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + path_).c_str(), 1);
    EXPECT_TRUE(wait_for([this] { return listens(path_); })) << content(path_ + ".log");
}

// ---- dnsmasq ------------------------------------------------------------------------------------

// On a port of its own number each: all share one namespace, and nobody asks them over the network here.
RealDnsmasq::RealDnsmasq(const Folder& folder, unsigned number, std::string more, std::string range)
    : number_(std::to_string(number)),
      configuration_(folder / ("dnsmasq" + number_ + ".conf")),
      lease_file_(folder / ("leases" + number_)),
      log_(folder / ("dnsmasq" + number_ + ".log")) {
    put(configuration_, fmt::format("port=0\n"
                                    "bind-dynamic\n"
                                    "listen-address=10.12.14.1\n"
                                    "{}\n"
                                    "dhcp-alternate-port={}\n"
                                    "dhcp-leasefile={}\n"
                                    "enable-dbus={}\n"
                                    "{}\n",
                                    range, 10'000 + 2 * number, lease_file_, bus_name(), more));
    start();
}

void RealDnsmasq::start() {
    program_.end();
    program_ = Program({"dnsmasq", "--keep-in-foreground", "--user=root", "--log-facility=-", "--log-dhcp",
                        "--pid-file=", "--conf-file=" + configuration_},
                       log_);
    EXPECT_TRUE(wait_for([this] { return std::filesystem::exists(lease_file_); })) << content(log_);
}

Leases RealDnsmasq::leases() const {
    return read_leases(content(lease_file_), {ExpiryField::until, wall_now()}).book.leases;
}

}  // namespace dhcpsync::test
