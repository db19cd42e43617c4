#include "netns-tests/lab/mail_sink.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace lab {

using vrrpd::Fd;

namespace {

constexpr int glance_ms = 20;  // between looks at whether it shall stop

bool readable(const Fd& fd) {
    pollfd waiting{fd.get(), POLLIN, 0};
    return ::poll(&waiting, 1, glance_ms) > 0;
}

bool say(const Fd& client, std::string_view text) {
    return ::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

}  // namespace

Fd MailSink::listen(const vrrpd::IpAddress& address, std::uint16_t port) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    std::memcpy(&where.sin_addr, address.bytes().data(), sizeof where.sin_addr);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
        ::listen(socket.get(), 64) != 0)
        return {};
    return socket;
}

MailSink::MailSink(Fd listener, Manner manner)
    : listener_(std::move(listener)), manner_(manner), thread_([this] { run(); }) {}

MailSink::~MailSink() {
    stopping_ = true;
    thread_.join();
}

std::uint16_t MailSink::port() const {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&own), &size);
    return ntohs(own.sin_port);
}

std::vector<std::string> MailSink::letters() const {
    const std::lock_guard lock(mutex_);
    return letters_;
}

void MailSink::run() {
    while (!stopping_) {
        if (!readable(listener_)) continue;
        const Fd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        ++connections_;
        if (client && manner_ != Manner::closing) serve(client);
    }
}

// false: it has said what it says before it listens.
bool MailSink::pours(const Fd& client) const {
    switch (manner_.load()) {
        case Manner::garbage:
            return say(client, "SSH-2.0-OpenSSH_9.2p1\r\n");
        case Manner::endless:
            return say(client, "220-" + std::string(2000, 'x') + "\r\n");
        case Manner::silent:
            usleep(1000 * glance_ms);
            return true;
        default:
            return false;
    }
}

std::string MailSink::answer(const std::string& line, bool letter) const {
    const auto manner = manner_.load();
    if (letter) return manner == Manner::busy ? "451 come back later" : "250 queued";
    if (line.starts_with("DATA")) return "354 go on";
    if (line.starts_with("QUIT")) return "221 bye";
    if (manner == Manner::strict && line.starts_with("RCPT") && !line.ends_with("example.org>"))
        return "550 not one of ours";
    return manner == Manner::wordy ? "250-sink\r\n250-does what it can\r\n250 that is" : "250 fine";
}

void MailSink::serve(const Fd& client) {
    while (!stopping_ && pours(client)) {
        std::array<char, 512> part{};
        if (readable(client) && ::recv(client.get(), part.data(), part.size(), MSG_DONTWAIT) <= 0) return;
    }
    say(client, manner_ == Manner::wordy ? "220-sink\r\n220 at your service\r\n" : "220 sink\r\n");
    std::string all, line;
    bool in_letter = false, had_letter = false;
    while (!stopping_) {
        char byte = 0;
        if (!readable(client)) continue;
        if (::recv(client.get(), &byte, 1, 0) != 1) break;
        all += byte;
        line += byte;
        if (byte != '\n') continue;
        line.erase(line.find_last_not_of("\r\n") + 1);
        const bool letter_ends = in_letter && line == ".";
        if (letter_ends || !in_letter) say(client, answer(line, letter_ends) + "\r\n");
        if (letter_ends) in_letter = false;
        if (line == "DATA") in_letter = had_letter = true;
        line.clear();
    }
    const std::lock_guard lock(mutex_);
    if (had_letter) letters_.push_back(all);
}

}  // namespace lab
