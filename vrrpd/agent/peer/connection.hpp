// One TCP connection with TLS on it: frames in, frames out. Never waits, and never holds more than queue_limit and
// a few frames. For PeerLink, which is called when there is something to read, and which ends a connection by
// destroying it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "vrrpd/agent/peer/frame.hpp"
#include "vrrpd/agent/peer/tls.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/loop.hpp"

namespace vrrpd::agent {

inline constexpr std::size_t queue_limit = 1 << 20;                // octets that wait to be sent
inline constexpr Duration stall_limit = std::chrono::seconds(10);  // in which none of them leaves

class Connection {
public:
    // Of a socket that is connected, or about to be.
    Connection(Loop& loop, Fd socket, TlsSession session, std::function<void()> readable);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Reads one piece of what has come. false: it is over, failure() says why; what came before is still in
    // next_frame().
    [[nodiscard]] bool receive();
    [[nodiscard]] std::optional<Frame> next_frame() { return frames_.next(); }  // good until the next receive()
    [[nodiscard]] FrameDecoder::Fault fault() const { return frames_.fault(); }

    [[nodiscard]] bool secured() const { return session_.secured(); }
    [[nodiscard]] bool has_room(std::size_t payload) const { return out_.size() + payload <= queue_limit; }
    [[nodiscard]] std::size_t queued() const { return out_.size(); }
    // Queues a frame, and sends what can be sent. Only when secured().
    void send(const Frame& frame);
    // When a reader that takes nothing has had time enough.
    [[nodiscard]] Deadline stalls_at() const;

    [[nodiscard]] const std::string& failure() const { return failure_; }

private:
    // Sends what waits; the rest as soon as there is room.
    void flush();
    bool fail(std::string why);

    Loop& loop_;
    Fd socket_;
    TlsSession session_;
    Loop::Watch watch_;
    FrameDecoder frames_;
    Bytes out_;      // ciphertext
    Instant moved_;  // when the queue last began, or shrank
    std::string failure_;
};

}  // namespace vrrpd::agent
