// See channel.hpp. On the wire: two bytes (kind, detail), then the text.
#include "vrrpd/ipc/channel.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace vrrpd::ipc {

namespace {

constexpr std::size_t header_size = 2;

// Room for the lines of some thousand transitions: the supervisor reads while they come, yet may be late.
constexpr int queue_bytes = 4 << 20;

// Room for one descriptor, without the padding behind it: in that the kernel would put a second one, which a sender
// that means harm passes along and nobody here would ever close.
union ControlBuffer {
    cmsghdr align;
    char bytes[CMSG_LEN(sizeof(int))];
};

void attach(msghdr& message, ControlBuffer& control, int descriptor) {
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    cmsghdr* const part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(part), &descriptor, sizeof descriptor);
}

Fd detach(msghdr& message) {
    const cmsghdr* const part = CMSG_FIRSTHDR(&message);
    if (part == nullptr || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) return {};
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(part), sizeof descriptor);
    return Fd(descriptor);
}

}  // namespace

Result<std::pair<Channel, Channel>> Channel::pair() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail(errno, "make the channel to the engine");
    for (const int end : ends) {
        // Beyond wmem_max with CAP_NET_ADMIN; what is allowed without.
        if (setsockopt(end, SOL_SOCKET, SO_SNDBUFFORCE, &queue_bytes, sizeof queue_bytes) != 0)
            setsockopt(end, SOL_SOCKET, SO_SNDBUF, &queue_bytes, sizeof queue_bytes);
    }
    return std::pair(Channel(Fd(ends[0])), Channel(Fd(ends[1])));
}

bool Channel::send(Kind kind, std::string_view text, std::uint8_t detail, int memfd) {
    std::array<std::uint8_t, header_size> header{static_cast<std::uint8_t>(kind), detail};
    text = text.substr(0, max_text);
    std::array<iovec, 2> parts{iovec{header.data(), header.size()},
                               iovec{const_cast<char*>(text.data()), text.size()}};  // sendmsg only reads it
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    ControlBuffer control{};
    if (memfd >= 0) attach(message, control, memfd);
    return sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

Channel::State Channel::receive(Message& into) {
    std::array<char, header_size + max_text> buffer;
    iovec part{buffer.data(), buffer.size()};
    ControlBuffer control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    ssize_t got = 0;
    do {
        got = recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return errno == EAGAIN ? State::empty : State::closed;
    if (static_cast<std::size_t>(got) < header_size) return State::closed;
    into.kind = static_cast<Kind>(buffer[0]);
    into.detail = static_cast<std::uint8_t>(buffer[1]);
    into.text.assign(buffer.data() + header_size, static_cast<std::size_t>(got) - header_size);
    into.memfd = detach(message);
    return State::message;
}

// ---- sealed text --------------------------------------------------------------------------------------

namespace {
constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
}

Result<Fd> seal(std::string_view text, const char* name) {
    Fd memfd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memfd) return fail(errno, fmt::format("make the memfd {}", name));
    while (!text.empty()) {
        const ssize_t put = write(memfd.get(), text.data(), text.size());
        if (put < 0) return fail(errno, fmt::format("write the memfd {}", name));
        text.remove_prefix(static_cast<std::size_t>(put));
    }
    if (fcntl(memfd.get(), F_ADD_SEALS, all_seals) != 0) return fail(errno, fmt::format("seal the memfd {}", name));
    return memfd;
}

Result<std::string> unseal(int memfd, std::size_t most) {
    // Without the seals the other end could change the text while it is read.
    if (fcntl(memfd, F_GET_SEALS) != all_seals) return fail(EPERM, "read a memfd that is not sealed");
    struct stat status {};
    if (fstat(memfd, &status) != 0) return fail(errno, "ask for the size of a memfd");
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size > most) return fail(EFBIG, fmt::format("read a memfd of {} bytes", size));
    std::string text(size, '\0');
    std::size_t at = 0;
    while (at < text.size()) {
        const ssize_t got = pread(memfd, text.data() + at, text.size() - at, static_cast<off_t>(at));
        if (got <= 0) return fail(got < 0 ? errno : EIO, "read a memfd");
        at += static_cast<std::size_t>(got);
    }
    return text;
}

// ---- the engine's log ---------------------------------------------------------------------------------

void ChannelLog::write(LogLevel level, std::string_view line) {
    if (level < threshold_) return;
    if (!holding_) return send(level, line);
    held_.push_back({level, std::string(line)});
    if (held_.size() == max_held) release();
}

void ChannelLog::release() {
    holding_ = false;
    for (const auto& line : held_) send(line.level, line.text);
    held_.clear();
}

void ChannelLog::send(LogLevel level, std::string_view line) {
    if (lost_ > 0) {
        const auto confession = fmt::format("{} log lines were lost: the supervisor was late to read them", lost_);
        if (channel_.send(Kind::log, confession, static_cast<std::uint8_t>(LogLevel::warning))) lost_ = 0;
    }
    if (!channel_.send(Kind::log, line, static_cast<std::uint8_t>(level))) ++lost_;
}

}  // namespace vrrpd::ipc
