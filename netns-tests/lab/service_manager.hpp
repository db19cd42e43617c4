// systemd on a lab host, as pid 1 of namespaces of its own, with vrrpd installed as `cmake --install` does it: for what
// only a real service manager shows (the units, restarts, the sandbox). What is changed in there stays there.
#pragma once

#include <string>

#include "netns-tests/lab/network.hpp"
#include "netns-tests/lab/process.hpp"

namespace lab {

class ServiceManager {
public:
    // Why there can be none on this machine; empty: there can.
    [[nodiscard]] static std::string missing();

    explicit ServiceManager(Host& host);  // until it is up
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;
    ~ServiceManager();

    // A command of its machine, to its end: {"systemctl", "restart", "vrrpd"}.
    Output run(const Arguments& arguments, std::string_view input = {}) const;
    std::string must(const Arguments& arguments, std::string_view input = {}) const;  // gives up when it fails
    void write(const std::string& path, std::string_view text) const;                 // folders are made
    // "active", "inactive", "failed", ...
    [[nodiscard]] std::string state_of(const std::string& unit) const { return property(unit, "ActiveState"); }
    [[nodiscard]] std::string property(const std::string& unit, const std::string& name) const;
    // The pid there; 0: none.
    [[nodiscard]] int main_pid(const std::string& unit) const { return std::stoi(property(unit, "MainPID")); }
    // What everything in it has logged.
    [[nodiscard]] std::string journal() const;
    bool await_journal(std::string_view text) const;
    // Names and numbers of what runs in it, a line each.
    [[nodiscard]] std::string processes() const;

private:
    std::string cgroup_;
    Process process_;
    pid_t pid_ = 0;
};

// For the janitor: what a laboratory that was killed left. `prefix`: name_prefix() of it.
void remove_cgroups(const std::string& prefix);

}  // namespace lab
