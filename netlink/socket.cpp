#include "netlink/socket.hpp"

#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "netlink/kernel.hpp"
#include "vrrpd/base/assert.hpp"

namespace netlink {

namespace {

constexpr int answer_timeout_ms = 5000;  // the kernel answers at once, or when its lock is free; this is for a hung one

std::optional<Ack> read_ack(const nlmsghdr& message) {
    const auto* error = fixed_header<nlmsgerr>(message);
    if (!error) return std::nullopt;
    Ack ack{-error->error, {}};
    if ((message.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return ack;
    // The attributes stand behind the echoed request, of which NETLINK_CAP_ACK leaves the header only.
    std::size_t skip = sizeof *error;
    if ((message.nlmsg_flags & NLM_F_CAPPED) == 0) skip += error->msg.nlmsg_len - sizeof error->msg;
    if (message.nlmsg_len < NLMSG_HDRLEN + skip) return ack;
    if (const auto attributes = Attributes::of(message, skip)) ack.reason = attributes->text(NLMSGERR_ATTR_MSG);
    return ack;
}

// Goes over the messages of one datagram; false: a part was not whole.
template <class Each>
bool for_each_message(const std::uint8_t* bytes, std::size_t size, Each&& each) {
    const auto* message = reinterpret_cast<const nlmsghdr*>(bytes);
    auto left = static_cast<unsigned>(size);
    for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) each(*message);
    return left == 0;
}

}  // namespace

void set_receive_buffer(const Fd& fd, int bytes) {
    const auto set = [&](int option) { return ::setsockopt(fd.get(), SOL_SOCKET, option, &bytes, sizeof bytes) == 0; };
    if (!set(SO_RCVBUFFORCE)) (void)set(SO_RCVBUF);
}

Result<Socket> Socket::open(int protocol, int receive_buffer_bytes) {
    Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
    if (!fd) return vrrpd::fail(errno, "open a netlink socket of protocol " + std::to_string(protocol));
    set_receive_buffer(fd, receive_buffer_bytes);
    const int on = 1;
    // Kernels that lack one of these are served without: filters are applied again here, reasons stay empty.
    for (const int option : {NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK}) {
        (void)::setsockopt(fd.get(), SOL_NETLINK, option, &on, sizeof on);
    }
    return Socket(std::move(fd));
}

Result<void> Socket::transmit(vrrpd::BytesView bytes) {
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    const auto sent =
        ::sendto(fd_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
    if (sent != static_cast<ssize_t>(bytes.size()))
        return vrrpd::fail(sent < 0 ? errno : EMSGSIZE, "send to the kernel by netlink");
    return {};
}

Result<std::vector<std::optional<Ack>>> Socket::send(std::vector<Message>& messages) {
    ASSERT(messages.size() <= requests_in_flight);
    const auto first = sequence_ + 1;
    vrrpd::Bytes batch;
    for (auto& message : messages) {
        message.set_sequence(++sequence_);
        const auto wire = message.wire();
        batch.insert(batch.end(), wire.begin(), wire.end());
    }
    if (auto sent = transmit(batch); !sent) return tl::unexpected(sent.error());
    std::vector<std::optional<Ack>> acks(messages.size());
    collect(first, acks);
    return acks;
}

// The kernel works within the sender's send(): all answers are waiting by now, those that found room.
void Socket::collect(std::uint32_t first, std::vector<std::optional<Ack>>& acks) {
    constexpr std::size_t room = 512;  // for an acknowledgement with its reason
    alignas(nlmsghdr) std::array<std::array<std::uint8_t, room>, requests_in_flight> buffers;
    std::array<iovec, requests_in_flight> parts{};
    std::array<mmsghdr, requests_in_flight> headers{};
    for (std::size_t i = 0; i < requests_in_flight; ++i) {
        parts[i] = {buffers[i].data(), room};
        headers[i].msg_hdr.msg_iov = &parts[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    for (;;) {
        const int count = ::recvmmsg(fd_.get(), headers.data(), requests_in_flight, MSG_DONTWAIT, nullptr);
        if (count < 0 && (errno == EINTR || errno == ENOBUFS)) continue;  // ENOBUFS is said once, then cleared
        if (count <= 0) return;
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            for_each_message(buffers[i].data(), headers[i].msg_len, [&](const nlmsghdr& message) {
                const auto index = message.nlmsg_seq - first;
                if (message.nlmsg_type == NLMSG_ERROR && index < acks.size()) acks[index] = read_ack(message);
            });
        }
    }
}

Result<void> Socket::ask(Message& message, const std::string& what, const Each& each) {
    message.set_sequence(++sequence_);
    if (auto sent = transmit(message.wire()); !sent) return sent;
    alignas(nlmsghdr) std::array<std::uint8_t, 32768> buffer;  // the kernel fills up to 32 KiB per datagram
    std::optional<int> end;
    bool interrupted = false;
    const auto take = [&](const nlmsghdr& answer) {
        if (answer.nlmsg_seq != sequence_) return;  // left over from an earlier question that failed
        interrupted |= (answer.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        if (answer.nlmsg_type == NLMSG_DONE || answer.nlmsg_type == NLMSG_ERROR) {
            const auto* code = fixed_header<int>(answer);
            end = code ? -*code : 0;
        } else {
            each(answer);
        }
    };
    while (!end) {
        pollfd waiting{fd_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, answer_timeout_ms) == 0) return vrrpd::fail(ETIMEDOUT, what);
        const auto size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
        if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (size < 0) return vrrpd::fail(errno, what);
        if (static_cast<std::size_t>(size) > buffer.size()) return vrrpd::fail(EMSGSIZE, what);
        for_each_message(buffer.data(), static_cast<std::size_t>(size), take);
    }
    if (*end != 0) return vrrpd::fail(*end, what);
    if (interrupted) return vrrpd::fail(EINTR, what);  // it changed while it was read: ask again
    return {};
}

}  // namespace netlink
