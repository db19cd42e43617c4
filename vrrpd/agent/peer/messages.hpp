// The link's own messages: hello, which opens a connection and comes again when what it says has changed, and
// keep-alive. Pure. Newer versions append fields, which older ones ignore.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/agent/peer/frame.hpp"
#include "vrrpd/base/bytes.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::agent {

inline constexpr FrameType hello_type = 1;
inline constexpr FrameType keep_alive_type = 2;

// What a member's wall clock shows. Only ever compared with another member's: nothing is ordered by it.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

// A hash over settings that are meant to be alike on all members ("vrrp", "dnsmasq", "adguard").
struct Fingerprint {
    using Digest = std::array<std::uint8_t, 32>;

    std::string name;
    Digest digest{};
    bool operator==(const Fingerprint&) const = default;
};

struct Hello {
    std::uint64_t incarnation = 0;  // of the process: another number, another process
    std::string name;               // the member's
    std::string version;            // the program's
    proto::Role role = proto::Role::initialize;
    std::vector<Fingerprint> fingerprints;  // of what is readable there; at most 255
    bool operator==(const Hello&) const = default;
};

struct KeepAlive {
    WallTime wall;
};

struct ReceivedHello {
    Hello hello;
    WallTime wall;  // at which it was sent
};

// Texts longer than 255 octets are cut.
[[nodiscard]] Bytes encode(const Hello& hello, WallTime wall);
[[nodiscard]] Bytes encode(const KeepAlive& message);

// nullopt: too short, or a text with anything but printable ASCII: it ends up in logs and on terminals.
[[nodiscard]] std::optional<ReceivedHello> decode_hello(BytesView payload);
[[nodiscard]] std::optional<KeepAlive> decode_keep_alive(BytesView payload);

}  // namespace vrrpd::agent
