// Programs that the lab starts: short commands, and daemons that live until they are killed. Each may
// run inside a network namespace. For the lab and its tests; nothing here is used by vrrpd.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "netns-tests/lab/kernel.hpp"

namespace lab {

using Arguments = std::vector<std::string>;

// The laboratory itself is broken (no root, a tool is missing, `ip` refused): nothing that follows could
// be believed, so the program ends. The janitor cleans up behind it.
[[noreturn]] void give_up(const std::string& why);

// What a file holds; of one that is not there, nothing.
[[nodiscard]] std::string content_of(const std::string& path);

struct Output {
    int status = 0;    // exit status, or 128 + signal
    std::string text;  // stdout and stderr
    [[nodiscard]] bool ok() const { return status == 0; }
};

// Runs a command to its end. `netns` is a descriptor of a network namespace, -1: ours.
Output run(const Arguments& arguments, int netns = -1, std::string_view input = {}, Lacks lacks = Lacks::nothing);
// The same for commands that must work: gives up when one does not.
std::string must(const Arguments& arguments, int netns = -1, std::string_view input = {});

// A daemon in the foreground, its output in a file. Ends with this object (SIGKILL), children included.
class Process {
public:
    Process() = default;
    Process(const Arguments& arguments, int netns, const std::string& log_file, Lacks lacks = Lacks::nothing);
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool running();
    void signal(int number) const;
    // Waits for the end: the exit status as in Output, or -1 when it still runs after `limit`.
    int wait(std::chrono::milliseconds limit);
    int stop(std::chrono::milliseconds limit = std::chrono::seconds(5));  // SIGTERM, then wait()
    void kill_all();                                                      // SIGKILL, children too, then wait()

private:
    void reap(int flags);

    pid_t pid_ = -1;
    int status_ = -1;
};

// All descendants, parents before their children.
[[nodiscard]] std::vector<pid_t> descendants(pid_t pid);
// The first of them that calls itself so ("vrrpd-agent"); 0: none.
[[nodiscard]] pid_t descendant(pid_t pid, std::string_view name);
// Every process whose network namespace is the named one.
[[nodiscard]] std::vector<pid_t> processes_in(const std::string& netns_name);

}  // namespace lab
