// A machine for the whole program to run on: a network namespace with a LAN and a WAN device, and a directory
// for its files. For the tests of the executable; they need root.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tests/base/scratch.hpp"
#include "vrrpd/base/fd.hpp"

namespace vrrpd::supervisor::test {

using Words = std::vector<std::string>;

// How a command ended. `text`: all that came out of stdout and stderr until nobody held them any more.
struct Ended {
    int code = 0;  // 128 + number: by a signal; -1: it, or its output, did not end within 20 s
    std::string text;
    std::chrono::milliseconds took{0};
};

class Machine {
public:
    enum class Devices { present, absent };
    explicit Machine(Devices devices = Devices::present);
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;
    ~Machine();  // ends what start() and daemon() left running

    // Runs a command of the system (through a shell) or our executable to its end.
    Ended shell(const std::string& command) const { return run({"/bin/sh", "-c", command}); }
    Ended vrrpd(Words options, const Words& before = {}) const;  // `before`: a command that runs it, "setpriv ..."
    // Our executable under another name.
    Ended vrrpd_as(const std::string& name, const Words& options) const;

    // In the foreground, in a process group of its own, as a terminal does it; its log is in the file "log".
    pid_t start(Words options);
    int wait(pid_t started) const;  // as Ended::code
    // In the background, with its runtime directory in `runtime` (under ours).
    Ended daemon(Words options, const std::string& runtime = "run");

    [[nodiscard]] std::string file(const std::string& name) const { return directory_ + "/" + name; }
    void put(const std::string& name, const std::string& text) const;
    [[nodiscard]] std::string get(const std::string& name) const;
    [[nodiscard]] pid_t pid_in(const std::string& name) const;

    // Addresses, rules, routes and device switches, without what moves by itself.
    [[nodiscard]] std::string state() const;
    [[nodiscard]] std::string nft(const std::string& command) const { return shell("nft " + command + " 2>&1").text; }
    [[nodiscard]] bool has(const std::string& address) const;

private:
    [[nodiscard]] Ended run(const Words& command) const;
    void enter() const;  // in a child: its network namespace, and no terminal

    const vrrpd::test::Scratch scratch_{"program"};
    const std::string& directory_ = scratch_.path();
    Fd space_;
    std::vector<pid_t> running_;
};

// Waits until `holds`, at most 10 s.
[[nodiscard]] bool eventually(const std::function<bool()>& holds);
[[nodiscard]] bool alive(pid_t pid);
[[nodiscard]] unsigned mode_of(const std::string& path);  // 0: it is not there
// The first line of a file that begins so.
[[nodiscard]] std::string line_of(const std::string& path, const std::string& beginning);

// The home of the README as one of its hosts sees it.
extern const char home_configuration[];

}  // namespace vrrpd::supervisor::test
