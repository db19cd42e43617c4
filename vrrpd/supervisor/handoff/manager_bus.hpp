// What a command of the unit asks systemd itself (org.freedesktop.systemd1), over its private socket: so it needs no
// D-Bus daemon. It waits for the answers; no daemon may use it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>

#include "vrrpd/base/result.hpp"

struct sd_bus;

namespace vrrpd::supervisor {

class ManagerBus {
public:
    static constexpr char private_socket[] = "/run/systemd/private";

    // Only root may.
    [[nodiscard]] static Result<ManagerBus> open(const std::string& socket = private_socket);

    struct Unit {
        std::string name, path;
    };
    // Whose cgroup a process is in.
    [[nodiscard]] Result<Unit> unit_of(pid_t pid);
    // What is being done with it: "restart", "stop", ... (systemd's JobType); empty: nothing.
    [[nodiscard]] Result<std::string> job_of(const Unit& unit);
    // A new scope that holds this process, which may be in another unit; systemd ends it with its last process, or
    // after `limit`. That is asked for; when it is done unit_of() tells.
    [[nodiscard]] Result<void> move_into_scope(const std::string& name, const std::string& description, pid_t process,
                                               std::chrono::seconds limit);

private:
    struct Closer {
        void operator()(sd_bus* bus) const;
    };
    using Handle = std::unique_ptr<sd_bus, Closer>;
    explicit ManagerBus(Handle bus) : bus_(std::move(bus)) {}

    Handle bus_;
};

}  // namespace vrrpd::supervisor
