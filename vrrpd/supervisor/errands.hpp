// What the supervisor does for the agent because it alone may: runs the alert command of a gateway, replaces the lease
// file of the DHCP server and restarts it. Every order is checked against the configuration. Nothing here waits. The
// supervisor's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/ipc/channel.hpp"
#include "vrrpd/supervisor/lease_file.hpp"
#include "vrrpd/supervisor/scripts/command_runner.hpp"

namespace vrrpd::supervisor {

// What of a configuration they need.
struct ErrandNeeds {
    std::map<std::string, std::vector<std::string>> alerts;  // by gateway: the command and its words
    std::optional<DhcpServer> dhcp;                          // one that may be restarted
};

class Errands {
public:
    // `leases_written` gets the answer to each write_leases: what went wrong, empty: it is done.
    Errands(Log& log, std::function<void(const std::string&)> leases_written);

    void expect(ErrandNeeds needs) { needs_ = std::move(needs); }
    void alert(const ipc::Message& message);
    void write_leases(ipc::Message message);
    [[nodiscard]] bool idle() const { return alerts_.idle() && restarts_.idle(); }

    void child_ended();  // somebody's child ended: perhaps one of ours
    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

private:
    Log& log_;
    std::function<void(const std::string&)> leases_written_;
    ErrandNeeds needs_;
    CommandRunner alerts_, restarts_;
};

}  // namespace vrrpd::supervisor
