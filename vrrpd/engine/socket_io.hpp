// Small helpers that every socket of the engine shares: options with errors as values, filters, and reading
// a burst in one system call.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/base/result.hpp"
#include "vrrpd/base/socket_address.hpp"
#include "vrrpd/engine/core/filter.hpp"

namespace vrrpd::engine {

inline constexpr unsigned packets_a_wakeup = 64;  // more wait for the next turn, so timers are served
inline constexpr int wakeups_a_drain = 8;         // before a timer is believed; a flood must not hold it up

// Opens a non-blocking, close-on-exec socket that hears nothing before it is bound and filtered.
[[nodiscard]] Result<Fd> open_socket(int domain, int type, int protocol, const std::string& what);
[[nodiscard]] Result<void> attach(int fd, const Filter& filter);
// A socket option by the level and the name that setsockopt(2) wants; `what` was tried, for people.
struct OptionName {
    int level, name;
};
template <class Value>
[[nodiscard]] Result<void> set_option(int fd, OptionName option, const Value& value, const char* what) {
    if (::setsockopt(fd, option.level, option.name, &value, sizeof value) != 0) return fail(errno, what);
    return {};
}

// A burst of datagrams with their control data.
class Burst {
public:
    static constexpr unsigned size = 16;

    struct Packet {
        BytesView bytes;
        const sockaddr_storage* from;
        const msghdr* header;
    };
    Burst();
    // Hands on what is queued, at most packets_a_wakeup. Returns whether more may wait. The views are good until the
    // handler returns.
    template <class Handler>
    bool read(int fd, Handler&& handler) {
        for (unsigned total = 0; total < packets_a_wakeup; total += size) {
            const unsigned count = receive(fd);
            for (unsigned i = 0; i < count; ++i) handler(packet(i));
            if (count < size) return false;
        }
        return true;
    }

private:
    [[nodiscard]] unsigned receive(int fd);  // recvmmsg
    [[nodiscard]] Packet packet(unsigned index) const;

    // The largest advert is 255 IPv6 addresses: 8 + 255 * 16 octets and its headers.
    static constexpr std::size_t packet_max = 4352;
    static constexpr std::size_t control_max = 128;
    struct Slot {
        std::array<std::uint8_t, packet_max> data;
        alignas(cmsghdr) std::array<std::uint8_t, control_max> control;
        sockaddr_storage from;
    };
    std::unique_ptr<Slot[]> slots_;  // not initialised: a slot that no packet ever fills costs no memory
    std::array<iovec, size> parts_{};
    std::array<mmsghdr, size> messages_{};
};

// What everything that owns sockets needs of the engine around it. One burst serves all: it is read out at once.
struct Surroundings {
    Loop& loop;
    Log& log;
    Burst& burst;
};

}  // namespace vrrpd::engine
