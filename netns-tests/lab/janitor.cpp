#include "netns-tests/lab/janitor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "netns-tests/lab/process.hpp"
#include "netns-tests/lab/service_manager.hpp"
#include "netns-tests/lab/wait.hpp"

namespace lab {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view mark = "vrl-";
constexpr const char* namespaces = "/run/netns";

// Written by the signal handler's side only through close() and waitpid(), which it may call.
int lifeline = -1;
pid_t janitor = -1;

std::string prefix_of(int pid) { return fmt::format("{}{}-", mark, pid); }
fs::path directory_of(int pid) { return fmt::format("/tmp/{}{}", mark, pid); }

// Ctrl-C: let the janitor finish before the shell's prompt comes back.
void end_by_signal(int number) {
    close(lifeline);
    waitpid(janitor, nullptr, 0);
    signal(number, SIG_DFL);
    raise(number);
}

void end_by_return() {
    if (janitor <= 0) return;
    close(lifeline);
    waitpid(janitor, nullptr, 0);
    janitor = -1;
}

[[noreturn]] void watch(int end_of_lifeline, int parent) {
    setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_NAME, "lab-janitor");
    char nothing = 0;
    while (read(end_of_lifeline, &nothing, 1) < 0 && errno == EINTR) {}
    sweep(parent);
    _exit(0);
}

std::vector<std::string> names_with(const std::string& prefix) {
    std::vector<std::string> names;
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(namespaces, gone)) {
        if (entry.path().filename().string().starts_with(prefix)) names.push_back(entry.path().filename());
    }
    return names;
}

// Names left by laboratories whose process is no more.
void sweep_stale() {
    for (const auto& name : names_with(std::string(mark))) {
        int pid = 0;
        std::from_chars(name.data() + mark.size(), name.data() + name.size(), pid);
        if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) sweep(pid);
    }
}

}  // namespace

std::string name_prefix() { return prefix_of(getpid()); }
std::string directory() { return directory_of(getpid()); }

void sweep(int pid) {
    const auto names = names_with(prefix_of(pid));
    const auto nobody_left = [&] {
        bool found = false;
        for (const auto& name : names) {
            for (const pid_t process : processes_in(name)) {
                kill(process, SIGKILL);
                found = true;
            }
        }
        return !found;
    };
    wait_until(nobody_left, std::chrono::seconds(5));
    for (const auto& name : names) run({"ip", "netns", "del", name});
    remove_cgroups(prefix_of(pid));
    std::error_code ignored;  // a file that cannot be removed is no reason to leave the rest
    if (std::getenv("LAB_KEEP") == nullptr) fs::remove_all(directory_of(pid), ignored);
}

void start_janitor() {
    if (geteuid() != 0) give_up("network namespaces need root: run this as root");
    sweep_stale();
    fs::create_directories(directory());
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) give_up("pipe failed");
    const int parent = getpid();
    janitor = fork();
    if (janitor < 0) give_up("fork failed");
    if (janitor == 0) {
        close(ends[1]);
        watch(ends[0], parent);
    }
    close(ends[0]);
    lifeline = ends[1];
    signal(SIGINT, end_by_signal);
    signal(SIGTERM, end_by_signal);
    signal(SIGPIPE, SIG_IGN);
    std::atexit(end_by_return);
}

}  // namespace lab
