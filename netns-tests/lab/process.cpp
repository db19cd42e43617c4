#include "netns-tests/lab/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "netns-tests/lab/wait.hpp"
#include "vrrpd/base/fd.hpp"

namespace lab {

using vrrpd::Fd;

namespace {

struct Pipe {
    Fd read, write;
};

Pipe make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) give_up("pipe: " + std::string(std::strerror(errno)));
    return {Fd(ends[0]), Fd(ends[1])};
}

// What stands between vfork and exec must be async-signal-safe, and write to no memory: it is the parent's.
[[noreturn]] void become(char* const* arguments, int netns, int input, int output, Lacks lacks) {
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    // An own group: Ctrl-C reaches the lab alone, which then takes its daemons down in order.
    setpgid(0, 0);
    if (netns >= 0 && setns(netns, CLONE_NEWNET) != 0) _exit(126);
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) _exit(126);
    if (!take_away(lacks)) _exit(126);
    execvp(arguments[0], arguments);
    _exit(127);
}

pid_t start(const Arguments& arguments, int netns, int input, int output, Lacks lacks) {
    auto words = on_kernel_without(lacks);
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> raw;
    for (auto& word : words) raw.push_back(word.data());
    raw.push_back(nullptr);
    // Not fork: to copy the page tables of a laboratory costs more than most commands do. Until the child is another
    // program no handler of ours may run in it.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = vfork();
    if (pid == 0) become(raw.data(), netns, input, output, lacks);
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) give_up("vfork: " + std::string(std::strerror(error)));
    return pid;
}

std::string read_all(int fd) {
    std::string text;
    char buffer[4096];
    for (;;) {
        const auto count = read(fd, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return text;
        text.append(buffer, static_cast<std::size_t>(count));
    }
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto count = write(fd, text.data(), text.size());
        if (count <= 0) return;  // the command did not want it all; its exit status will tell
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

int as_exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

std::string content_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

void give_up(const std::string& why) {
    std::fprintf(stderr, "lab: %s\n", why.c_str());
    std::exit(70);
}

Output run(const Arguments& arguments, int netns, std::string_view input, Lacks lacks) {
    auto in = make_pipe();
    auto out = make_pipe();
    const pid_t pid = start(arguments, netns, in.read.get(), out.write.get(), lacks);
    in.read.reset();
    out.write.reset();
    write_all(in.write.get(), input);
    in.write.reset();
    Output result;
    result.text = read_all(out.read.get());
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    result.status = as_exit_status(status);
    return result;
}

std::string must(const Arguments& arguments, int netns, std::string_view input) {
    auto output = run(arguments, netns, input);
    if (!output.ok()) {
        give_up(
            fmt::format("`{}` ended with {}: {}\n{}", fmt::join(arguments, " "), output.status, output.text, input));
    }
    return std::move(output.text);
}

Process::Process(const Arguments& arguments, int netns, const std::string& log_file, Lacks lacks) {
    const Fd input(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const Fd output(open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!input || !output) give_up("cannot write " + log_file);
    pid_ = start(arguments, netns, input.get(), output.get(), lacks);
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

Process& Process::operator=(Process&& other) noexcept {
    if (this != &other) {
        kill_all();
        pid_ = std::exchange(other.pid_, -1);
        status_ = other.status_;
    }
    return *this;
}

Process::~Process() { kill_all(); }

void Process::reap(int flags) {
    int status = 0;
    if (pid_ > 0 && waitpid(pid_, &status, flags) == pid_) {
        status_ = as_exit_status(status);
        pid_ = -1;
    }
}

bool Process::running() {
    reap(WNOHANG);
    return pid_ > 0;
}

void Process::signal(int number) const {
    if (pid_ > 0) kill(pid_, number);
}

int Process::wait(std::chrono::milliseconds limit) {
    wait_until([this] { return !running(); }, limit);
    return pid_ > 0 ? -1 : status_;
}

int Process::stop(std::chrono::milliseconds limit) {
    signal(SIGTERM);
    return wait(limit);
}

void Process::kill_all() {
    if (!running()) return;
    // Stopped first, so that a supervisor cannot start a new child between our look and our kill.
    signal(SIGSTOP);
    for (const pid_t child : descendants(pid_)) kill(child, SIGKILL);
    signal(SIGKILL);
    reap(0);
}

std::vector<pid_t> descendants(pid_t pid) {
    std::vector<pid_t> found;
    std::ifstream children(fmt::format("/proc/{}/task/{}/children", pid, pid));
    for (pid_t child = 0; children >> child;) {
        found.push_back(child);
        const auto deeper = descendants(child);
        found.insert(found.end(), deeper.begin(), deeper.end());
    }
    return found;
}

pid_t descendant(pid_t pid, std::string_view name) {
    for (const pid_t candidate : descendants(pid)) {
        std::string known;
        std::getline(std::ifstream(fmt::format("/proc/{}/comm", candidate)), known);
        if (known == name) return candidate;
    }
    return 0;
}

std::vector<pid_t> processes_in(const std::string& netns_name) {
    std::vector<pid_t> found;
    struct stat wanted {};
    if (stat(("/run/netns/" + netns_name).c_str(), &wanted) != 0) return found;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
        const auto name = entry.path().filename().string();
        struct stat seen {};
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        if (stat((entry.path() / "ns/net").c_str(), &seen) != 0) continue;  // ended meanwhile
        if (seen.st_ino == wanted.st_ino && seen.st_dev == wanted.st_dev) found.push_back(std::stoi(name));
    }
    return found;
}

}  // namespace lab
