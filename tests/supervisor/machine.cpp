#include "tests/supervisor/machine.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::supervisor::test {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds limit{20'000};

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

[[noreturn]] void become(const Words& command) {
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));  // exec only reads them
    arguments.push_back(nullptr);
    execvp(arguments.front(), arguments.data());
    _exit(127);
}

// Until the last writer is gone. False: somebody still holds the other end after the limit.
bool read_to_end(int from, std::string& into) {
    const auto until = Clock::now() + limit;
    for (;;) {
        const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now()).count();
        pollfd waiting{from, POLLIN, 0};
        if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) <= 0) return false;
        std::array<char, 4096> part{};
        const ssize_t got = read(from, part.data(), part.size());
        if (got <= 0) return true;
        into.append(part.data(), static_cast<std::size_t>(got));
    }
}

Fd fresh_namespace() {
    const Fd home(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    ASSERT(home && unshare(CLONE_NEWNET) == 0);
    Fd fresh(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    ASSERT(fresh && setns(home.get(), CLONE_NEWNET) == 0);
    return fresh;
}

}  // namespace

const char home_configuration[] = R"(
vrrp_instance LAN {
    interface lan0
    virtual_router_id 1
    version 3
    priority 200
    advert_int 0.1
    virtual_ipaddress {
        10.12.14.1/24
    }
}
gateway HOME {
    follows LAN
    lan lan0 10.12.14.0/24
    wan wan0 {
        address own
        via 198.51.100.1
    }
    nat {
        masquerade
    }
}
)";

Machine::Machine(Devices devices) : space_(fresh_namespace()) {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);  // a daemon's end is seen by us
    put("home.conf", home_configuration);
    shell("ip link set lo up");
    if (devices == Devices::absent) return;
    const auto made = shell(
        "ip link add lan0 type veth peer name lanp && ip link add wan0 type veth peer name wanp &&"
        "for d in lan0 lanp wan0 wanp; do sysctl -qw net.ipv6.conf.$d.disable_ipv6=1 && ip link set $d up; done &&"
        "ip addr add 10.12.14.4/24 dev lan0 && ip addr add 198.51.100.2/24 dev wan0");
    ASSERT(made.code == 0);
}

Machine::~Machine() {
    for (const pid_t pid : running_) {
        if (!alive(pid)) continue;
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
    }
}

void Machine::enter() const {
    setns(space_.get(), CLONE_NEWNET);
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    if (chdir(directory_.c_str()) != 0) _exit(127);
}

Ended Machine::run(const Words& command) const {
    std::array<int, 2> ends{};
    ASSERT(pipe2(ends.data(), O_CLOEXEC) == 0);
    const Fd from(ends[0]);
    Fd into(ends[1]);
    const auto begin = Clock::now();
    const pid_t child = fork();
    if (child == 0) {
        enter();
        dup2(into.get(), STDOUT_FILENO);
        dup2(into.get(), STDERR_FILENO);
        become(command);
    }
    into.reset();
    Ended ended;
    if (!read_to_end(from.get(), ended.text)) {
        kill(child, SIGKILL);
        ended.code = -1;
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (ended.code == 0) ended.code = code_of(status);
    ended.took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
    return ended;
}

Ended Machine::vrrpd(Words options, const Words& before) const {
    Words command = before;
    command.emplace_back(VRRPD_PROGRAM);
    command.insert(command.end(), options.begin(), options.end());
    if (std::find(options.begin(), options.end(), "--runtime-dir") == options.end())
        command.insert(command.end(), {"--runtime-dir", file("run")});
    if (std::find(options.begin(), options.end(), "--state-dir") == options.end())
        command.insert(command.end(), {"--state-dir", file("state")});
    return run(command);
}

Ended Machine::vrrpd_as(const std::string& name, const Words& options) const {
    if (!std::filesystem::exists(file(name))) std::filesystem::create_symlink(VRRPD_PROGRAM, file(name));
    Words command{file(name)};
    command.insert(command.end(), options.begin(), options.end());
    return run(command);
}

pid_t Machine::start(Words options) {
    options.insert(options.begin(), VRRPD_PROGRAM);
    options.insert(options.end(), {"-n", "-l", "-G", "--runtime-dir", file("run"), "--state-dir", file("state")});
    const pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        enter();
        const int log = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        become(options);
    }
    setpgid(child, child);
    running_.push_back(child);
    return child;
}

int Machine::wait(pid_t started) const {
    int status = 0;
    pid_t done = 0;
    if (!eventually([&] { return (done = waitpid(started, &status, WNOHANG)) != 0; }) || done < 0) return -1;
    return code_of(status);
}

Ended Machine::daemon(Words options, const std::string& runtime) {
    options.insert(options.end(), {"--runtime-dir", file(runtime)});
    auto ended = vrrpd(options);
    if (const pid_t pid = pid_in(runtime + "/vrrpd.pid"); pid > 0) running_.push_back(pid);
    return ended;
}

void Machine::put(const std::string& name, const std::string& text) const { std::ofstream(file(name)) << text; }

std::string Machine::get(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(file(name)).rdbuf();
    return text.str();
}

pid_t Machine::pid_in(const std::string& name) const { return std::atoi(get(name).c_str()); }

std::string Machine::state() const {
    return shell(
               "ip -o address; ip rule; ip -6 rule; ip route show table all; ip -6 route show table all;"
               "for d in all default lan0 wan0; do for s in forwarding send_redirects promote_secondaries; do"
               "  echo $d $s $(cat /proc/sys/net/ipv4/conf/$d/$s); done; done;"
               "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding")
        .text;
}

bool Machine::has(const std::string& address) const {
    return shell("ip -o address").text.find(" " + address + " ") != std::string::npos;
}

bool eventually(const std::function<bool()>& holds) {
    const auto until = Clock::now() + milliseconds(10'000);
    while (!holds()) {
        if (Clock::now() > until) return false;
        std::this_thread::sleep_for(milliseconds(10));
    }
    return true;
}

// A process that ended and was not waited for counts as gone.
bool alive(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    const auto at = line.rfind(')');
    return at != std::string::npos && line.size() > at + 2 && line[at + 2] != 'Z' && line[at + 2] != 'X';
}

unsigned mode_of(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
}

std::string line_of(const std::string& path, const std::string& beginning) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        if (line.rfind(beginning, 0) == 0) return line;
    return {};
}

}  // namespace vrrpd::supervisor::test
