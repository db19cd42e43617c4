// A daemon that is measured: ours or Debian's keepalived, started with the same file, and what it costs the host.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "netns-tests/lab/network.hpp"
#include "netns-tests/lab/router.hpp"

namespace bench {

using namespace std::chrono_literals;
using lab::Daemon;

[[nodiscard]] std::string_view name(Daemon daemon);

// User and system, of one process.
[[nodiscard]] std::chrono::milliseconds processor_time(pid_t pid);
// The percent of one processor that it takes, looked at for so long.
[[nodiscard]] double share_of_processor(pid_t pid, std::chrono::seconds time);

inline constexpr double idle_agent_limit = 1;  // of an agent with nothing to do

// Of all processes of a daemon.
struct Cost {
    std::chrono::milliseconds processor{0};  // user and system
    double private_kib = 0;                  // USS: pages that nobody else has mapped
    double private_dirty_kib = 0;            // of these, what is no file's
    std::size_t descriptors = 0;
};

class Subject {
public:
    Subject(lab::Host& host, Daemon daemon) : router_(host, daemon, lab::Detail::usual), daemon_(daemon) {}

    [[nodiscard]] lab::Host& host() const { return router_.host(); }
    void start(const std::string& configuration);
    void reload(const std::string& configuration) const { router_.reload(configuration); }
    // Reads the file as -t does, to the end.
    [[nodiscard]] std::chrono::nanoseconds time_of_test(const std::string& configuration) const;
    // A path of its own in the laboratory's directory.
    [[nodiscard]] std::string file(std::string_view suffix) const { return router_.file(suffix); }
    // Every process of it at once, as power loss does.
    void kill() { router_.process().kill_all(); }
    void terminate() { router_.process().signal(SIGTERM); }
    // Waits for the end of a daemon that was told to end; kills it when it does not.
    void finish();
    // Its log since the last start has `text` at least `count` times.
    bool await_log(std::string_view text, std::size_t count, std::chrono::milliseconds limit) const;
    [[nodiscard]] Cost cost();
    [[nodiscard]] pid_t agent();  // of vrrpd; 0: none

private:
    lab::Router router_;
    Daemon daemon_;
};

}  // namespace bench
