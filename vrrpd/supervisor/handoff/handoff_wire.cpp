// See handoff_wire.hpp. On the wire: "vrrpd-handoff 1", the word, the names of the descriptors (with blanks between),
// and the text; a line each but for the last.
#include "vrrpd/supervisor/handoff/handoff_wire.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <thread>

#include "vrrpd/base/loop.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr std::string_view greeting = "vrrpd-handoff 1\n";
constexpr std::size_t most_bytes = 64 << 10, most_descriptors = 16;

union ControlBuffer {
    cmsghdr align;
    std::array<char, CMSG_SPACE(most_descriptors * sizeof(int))> bytes;
};

// Up to the next end of line; both are taken away.
std::optional<std::string> take_line(std::string_view& text) {
    const auto end = text.find('\n');
    if (end == text.npos) return std::nullopt;
    std::string line(text.substr(0, end));
    text.remove_prefix(end + 1);
    return line;
}

std::vector<Fd> descriptors_of(msghdr& message) {
    std::vector<Fd> all;
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(part) + i * sizeof descriptor, sizeof descriptor);
            all.emplace_back(descriptor);
        }
    }
    return all;
}

bool parse(std::string_view text, std::vector<Fd> descriptors, HandoffMessage& into) {
    if (text.substr(0, greeting.size()) != greeting) return false;
    text.remove_prefix(greeting.size());
    const auto word = take_line(text), names = take_line(text);
    if (!word || !names) return false;
    into = {*word, std::string(text), {}};
    std::size_t next = 0;
    for (std::string_view rest = *names; !rest.empty();) {
        const auto end = std::min(rest.find(' '), rest.size());
        if (next == descriptors.size()) return false;
        into.descriptors[std::string(rest.substr(0, end))] = std::move(descriptors[next++]);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return next == descriptors.size();
}

std::optional<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return std::nullopt;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    return address;
}

}  // namespace

Result<std::pair<HandoffSocket, HandoffSocket>> HandoffSocket::pair() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail(errno, "make the channel to a successor");
    return std::pair(HandoffSocket(Fd(ends[0])), HandoffSocket(Fd(ends[1])));
}

bool HandoffSocket::send(std::string_view word, std::string_view text, const Descriptors& descriptors) {
    if (!socket_) return false;
    std::string names;
    std::vector<int> numbers;
    for (const auto& [name, number] : descriptors) {
        if (number < 0) continue;
        names += (names.empty() ? "" : " ") + name;
        numbers.push_back(number);
    }
    auto bytes = fmt::format("{}{}\n{}\n{}", greeting, word, names, text);
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    ControlBuffer control{};
    if (!numbers.empty()) {
        const auto size = numbers.size() * sizeof(int);
        message.msg_control = control.bytes.data();
        message.msg_controllen = CMSG_SPACE(size);
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        std::memcpy(CMSG_DATA(header), numbers.data(), size);
    }
    return sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

HandoffSocket::State HandoffSocket::receive(HandoffMessage& into) {
    if (!socket_) return State::closed;
    std::vector<char> buffer(most_bytes);
    iovec part{buffer.data(), buffer.size()};
    ControlBuffer control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    ssize_t got = 0;
    do {
        got = recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) return State::empty;
    if (got > 0 && parse({buffer.data(), static_cast<std::size_t>(got)}, descriptors_of(message), into))
        return State::message;
    socket_.reset();
    return State::closed;
}

std::optional<HandoffMessage> HandoffSocket::wait_for(std::chrono::milliseconds limit) {
    const auto until = boot_now() + limit;
    HandoffMessage message;
    for (;;) {
        const auto state = receive(message);
        if (state == State::message) return message;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - boot_now());
        if (state == State::closed || left.count() <= 0) return std::nullopt;
        pollfd waiting{socket_.get(), POLLIN, 0};
        ::poll(&waiting, 1, static_cast<int>(left.count()));
    }
}

Result<HandoffSocket> listen_for_handoffs(const std::string& path) {
    const auto failed = [&] { return fail(errno, "listen at " + path); };
    const auto address = address_of(path);
    if (!address) return fail(ENAMETOOLONG, "listen at " + path);
    Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return failed();
    unlink(path.c_str());  // we hold the instance's lock: what stands there is a dead daemon's
    const mode_t before = umask(0177);
    const bool bound = bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0;
    const int code = errno;
    umask(before);
    errno = code;
    if (!bound || ::listen(socket.get(), 4) != 0) return failed();
    return HandoffSocket(std::move(socket));
}

std::optional<HandoffSocket> connect_for_handoff(const std::string& path) {
    const auto address = address_of(path);
    Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!address || !socket) return std::nullopt;
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) return std::nullopt;
    return HandoffSocket(std::move(socket));
}

std::optional<HandoffSocket> connect_to_waiting(const std::string& path) {
    constexpr std::chrono::seconds limit{2};
    constexpr std::chrono::milliseconds pause{20};
    constexpr int attempts = 250;  // it may be in the middle of a reload
    for (int i = 0; i < attempts; ++i) {
        auto daemon = connect_for_handoff(path);
        const auto answer = daemon ? daemon->wait_for(limit) : std::nullopt;
        if (!answer) return std::nullopt;
        if (answer->word == "welcome") return answer->text == waits_aside ? std::move(daemon) : std::nullopt;
        if (answer->word != "later") return std::nullopt;
        std::this_thread::sleep_for(pause);
    }
    return std::nullopt;
}

// "SIZE:BYTES" of each.
std::string pack(const std::vector<std::string>& parts) {
    std::string packed;
    for (const auto& part : parts) packed += fmt::format("{}:{}", part.size(), part);
    return packed;
}

std::optional<std::vector<std::string>> unpack(std::string_view packed) {
    std::vector<std::string> parts;
    while (!packed.empty()) {
        std::size_t size = 0;
        const auto [end, error] = std::from_chars(packed.data(), packed.data() + packed.size(), size);
        const auto digits = static_cast<std::size_t>(end - packed.data());
        if (error != std::errc{} || digits == packed.size() || *end != ':') return std::nullopt;
        packed.remove_prefix(digits + 1);
        if (size > packed.size()) return std::nullopt;
        parts.emplace_back(packed.substr(0, size));
        packed.remove_prefix(size);
    }
    return parts;
}

}  // namespace vrrpd::supervisor
