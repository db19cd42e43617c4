#include "vrrpd/agent/peer/connection.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace vrrpd::agent {

namespace {
constexpr std::size_t piece_size = 32 * 1024;  // more waits for the next turn, so that timers and others are served
}

Connection::Connection(Loop& loop, Fd socket, TlsSession session, std::function<void()> readable)
    : loop_(loop),
      socket_(std::move(socket)),
      session_(std::move(session)),
      watch_(loop.on_readable(socket_.get(), std::move(readable))) {
    flush();
}

bool Connection::receive() {
    std::array<std::uint8_t, piece_size> piece;
    const auto got = recv(socket_.get(), piece.data(), piece.size(), 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR || fail(std::strerror(errno));
    if (got == 0)
        return fail(secured() ? "closed by the other end"
                              : "closed during the handshake; has it another key, or another list of members?");
    Bytes plaintext;
    const bool goes_on = session_.receive({piece.data(), static_cast<std::size_t>(got)}, plaintext);
    frames_.append(plaintext);
    if (!goes_on) return fail(session_.failure());
    flush();
    return true;
}

void Connection::send(const Frame& frame) {
    Bytes plaintext;
    append_frame(plaintext, frame);
    session_.send(plaintext);
    flush();
}

void Connection::flush() {
    if (out_.empty()) moved_ = loop_.now();
    session_.take_output(out_);
    while (!out_.empty()) {
        const auto put = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
        if (put < 0 && (errno == EAGAIN || errno == EINTR)) return watch_.when_writable([this] { flush(); });
        if (put < 0) {  // receive() comes to its end next
            fail(std::strerror(errno));
            return out_.clear();
        }
        moved_ = loop_.now();
        out_.erase(out_.begin(), out_.begin() + put);
    }
}

Deadline Connection::stalls_at() const { return out_.empty() ? Deadline() : Deadline(moved_ + stall_limit); }

bool Connection::fail(std::string why) {
    if (failure_.empty()) failure_ = std::move(why);  // what follows from it is less telling
    return false;
}

}  // namespace vrrpd::agent
