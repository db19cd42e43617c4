// The real dnsmasq and a D-Bus of its own, in the test's network namespace, with files in the test's folder. Ended with
// the test, by process id.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "dhcpsync/core/lease_text.hpp"
#include "tests/dhcpsync/turns.hpp"

namespace dhcpsync::test {

class Program {
public:
    Program() = default;
    Program(std::vector<std::string> words, const std::string& log);
    Program(Program&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    Program& operator=(Program&& other) noexcept {
        std::swap(pid_, other.pid_);
        return *this;
    }
    ~Program() { end(); }

    void end();  // SIGKILL
    void signal(int number);
    [[nodiscard]] bool running() const;  // it did not end by itself

private:
    pid_t pid_ = -1;
};

// Is it installed, and are we root in a namespace of our own? Else tests are skipped.
[[nodiscard]] bool have_real_servers();

class RealBus {
public:
    // `more`: further policies of its configuration, as XML.
    explicit RealBus(const Folder& folder, std::string more = {}) : path_(folder / "bus"), more_(std::move(more)) {
        start();
    }

    void start();  // its address is what DBUS_SYSTEM_BUS_ADDRESS says from now on
    void stop() { program_.end(); }
    Program& program() { return program_; }

private:
    std::string path_, more_;
    Program program_;
};

class RealDnsmasq {
public:
    static constexpr auto default_range = "dhcp-range=10.12.14.100,10.12.14.199,255.255.255.0,1h";
    // Serves 10.12.14.100 to .199 on lo. `number` keeps several apart, on the bus too.
    RealDnsmasq(const Folder& folder, unsigned number, std::string more = {}, std::string range = default_range);

    void start();
    void stop() { program_.end(); }
    Program& program() { return program_; }

    [[nodiscard]] std::string bus_name() const { return "uk.org.thekelleys.dnsmasq" + number_; }
    [[nodiscard]] const std::string& lease_file() const { return lease_file_; }
    [[nodiscard]] const std::string& configuration() const { return configuration_; }
    // As they stand in its file now.
    [[nodiscard]] Leases leases() const;

private:
    std::string number_, configuration_, lease_file_, log_;
    Program program_;
};

}  // namespace dhcpsync::test
