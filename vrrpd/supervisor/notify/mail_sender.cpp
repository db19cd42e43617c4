#include "vrrpd/supervisor/notify/mail_sender.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/loop.hpp"

namespace vrrpd::supervisor {

namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// false: not in time.
bool wait_for(int fd, short events, Instant until) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - boot_now()).count();
        if (left <= 0) return false;
        pollfd waiting{fd, events, 0};
        constexpr long long longest = 60'000;
        if (::poll(&waiting, 1, static_cast<int>(std::min<long long>(left, longest))) > 0) return true;
    }
}

// Empty: connected.
std::string connect_to(const addrinfo& address, Instant until, Fd& connection) {
    connection = Fd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!connection) return std::strerror(errno);
    if (::connect(connection.get(), address.ai_addr, address.ai_addrlen) == 0) return {};
    if (errno != EINPROGRESS) return std::strerror(errno);
    if (!wait_for(connection.get(), POLLOUT, until)) return "it does not answer";
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(connection.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? std::string() : std::strerror(error);
}

// Each address of the name, until one answers. Empty: connected.
std::string connect_to(const MailServer& server, Fd& connection) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    const int error = getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found);
    if (error != 0) return fmt::format("its address is not found: {}", gai_strerror(error));
    const Addresses addresses(found, freeaddrinfo);
    std::string problem = "it has no address";
    for (const auto* address = found; address != nullptr; address = address->ai_next) {
        problem = connect_to(*address, boot_now() + server.patience, connection);
        if (problem.empty()) return {};
    }
    return "no connection: " + problem;
}

// false: the connection is broken, or takes nothing in time.
bool send_all(int fd, std::string_view words, Instant until) {
    while (!words.empty()) {
        const auto sent = ::send(fd, words.data(), words.size(), MSG_NOSIGNAL);
        if (sent > 0)
            words.remove_prefix(static_cast<std::size_t>(sent));
        else if ((errno != EAGAIN && errno != EINTR) || !wait_for(fd, POLLOUT, until))
            return false;
    }
    return true;
}

void talk(int fd, Duration patience, SmtpDialogue& dialogue) {
    Instant until = boot_now() + patience;
    std::array<char, 4096> buffer{};
    for (;;) {
        const auto words = dialogue.take_words();
        if (!words.empty()) until = boot_now() + patience;
        if (!send_all(fd, words, until)) dialogue.closed();
        if (dialogue.outcome() != SmtpDialogue::Outcome::none) return;
        if (!wait_for(fd, POLLIN, until)) return dialogue.timed_out();
        const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (got > 0)
            dialogue.hear({buffer.data(), static_cast<std::size_t>(got)});
        else if (got == 0 || (errno != EAGAIN && errno != EINTR))
            dialogue.closed();
    }
}

}  // namespace

Delivery deliver(const MailServer& server, Letter letter) {
    const auto named = [&](const std::string& problem) {
        return fmt::format("mail server {} port {}: {}", server.host, server.port, problem);
    };
    Fd connection;
    if (const auto problem = connect_to(server, connection); !problem.empty())
        return {SmtpDialogue::Outcome::failed, named(problem)};
    SmtpDialogue dialogue(std::move(letter));
    talk(connection.get(), server.patience, dialogue);
    return {dialogue.outcome(), dialogue.problem().empty() ? std::string() : named(dialogue.problem())};
}

std::string full_host_name() {
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_CANONNAME;
    if (getaddrinfo(name.data(), nullptr, &hints, &found) != 0) return name.data();
    const Addresses addresses(found, freeaddrinfo);
    return found->ai_canonname != nullptr ? found->ai_canonname : name.data();
}

}  // namespace vrrpd::supervisor
