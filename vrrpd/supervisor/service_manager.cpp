#include "vrrpd/supervisor/service_manager.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "vrrpd/base/fd.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr int moment_ms = 200;  // at boot its queue is full at times

}  // namespace

void tell_manager(std::string_view lines) {
    const char* const said = std::getenv("NOTIFY_SOCKET");
    const std::string_view path = said != nullptr ? said : "";
    sockaddr_un address{};
    if (path.size() < 2 || path.size() >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) return;
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return;
    if (send(socket.get(), lines.data(), lines.size(), MSG_NOSIGNAL) >= 0 || errno != EAGAIN) return;
    pollfd waiting{socket.get(), POLLOUT, 0};
    if (poll(&waiting, 1, moment_ms) > 0) (void)send(socket.get(), lines.data(), lines.size(), MSG_NOSIGNAL);
}

void leave_manager() {
    for (const auto* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
}

Duration watchdog_pace() {
    std::uint64_t limit = 0;
    return sd_watchdog_enabled(0, &limit) > 0 ? Duration(std::chrono::microseconds(limit)) / 2 : Duration(0);
}

}  // namespace vrrpd::supervisor
