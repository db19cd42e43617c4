#include "dnsfailover/exchange.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "vrrpd/base/socket_address.hpp"

namespace dnsfailover {

namespace {

using vrrpd::fail;

// Who floods a probe with answers that do not fit is no forwarder to rely on.
constexpr unsigned most_misfits = 256;
// More than any answer to a probe: without EDNS a datagram has at most 512 octets (RFC 1035 4.2.1).
using Chunk = std::array<std::uint8_t, 4096>;

bool sent_whole(int fd, BytesView message) {
    return ::send(fd, message.data(), message.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(message.size());
}

// Readiness may be announced in vain (a bad checksum, a signal).
bool in_vain() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

vrrpd::Result<Exchange> Exchange::begin(const Endpoint& to, Transport transport, Query query) {
    const bool udp = transport == Transport::udp;
    const auto address = vrrpd::socket_address(to.address, to.port, to.interface);
    vrrpd::Fd fd(
        ::socket(address.storage.ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail(errno, "open a socket for a DNS probe");
    const int connected = ::connect(fd.get(), address.get(), address.size);
    if (connected != 0 && errno != EINPROGRESS) return fail(errno, "connect to " + to.address.to_string());
    if (udp && !sent_whole(fd.get(), encode(query))) return fail(errno, "send to " + to.address.to_string());
    return Exchange(std::move(fd), udp ? Stage::reading_datagrams : Stage::connecting, std::move(query));
}

std::uint32_t Exchange::awaits() const { return stage_ == Stage::connecting ? EPOLLOUT : EPOLLIN; }

Exchange::Progress Exchange::proceed() {
    switch (stage_) {
        case Stage::connecting:
            return send_over_stream();
        case Stage::reading_stream:
            return read_stream();
        case Stage::reading_datagrams:
            break;
    }
    return read_datagram();
}

// A connection that failed says so here, too.
Exchange::Progress Exchange::send_over_stream() {
    const auto message = encode(query_);
    Bytes framed;
    vrrpd::ByteWriter(framed).u16(static_cast<std::uint16_t>(message.size())).bytes(message);  // RFC 1035 4.2.2
    if (!sent_whole(fd_.get(), framed)) return Progress::failed;
    stage_ = Stage::reading_stream;
    return Progress::waiting;
}

Exchange::Progress Exchange::read_stream() {
    Chunk chunk;
    const auto got = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && in_vain()) return Progress::waiting;
    if (got <= 0) return Progress::failed;
    received_.insert(received_.end(), chunk.begin(), chunk.begin() + got);
    vrrpd::ByteReader in(received_);
    const auto message = in.take(in.u16());
    if (!in.ok()) return Progress::waiting;
    return fits(message) ? Progress::answered : Progress::failed;
}

Exchange::Progress Exchange::read_datagram() {
    Chunk chunk;
    const auto got = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
    if (got < 0) return in_vain() ? Progress::waiting : Progress::failed;
    if (fits(BytesView(chunk).first(static_cast<std::size_t>(got)))) return Progress::answered;
    return misfits_ < most_misfits ? Progress::waiting : Progress::failed;
}

bool Exchange::fits(BytesView message) {
    auto answer = decode(message, query_);
    if (answer) answer_ = std::move(*answer);
    misfits_ += answer ? 0 : 1;
    return answer.has_value();
}

}  // namespace dnsfailover
