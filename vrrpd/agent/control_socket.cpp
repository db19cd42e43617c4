#include "vrrpd/agent/control_socket.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace vrrpd::agent {

namespace {

constexpr Duration accept_pause = std::chrono::milliseconds(100);
constexpr std::size_t groups_max = 64;

// Root, our own user, and members of our group: whom the socket's mode is meant to let in. Asked again here, since a
// mode is easily changed.
bool is_one_of_us(int socket) {
    ucred who{};
    socklen_t size = sizeof who;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return false;
    if (who.uid == 0 || who.uid == geteuid() || who.gid == getegid()) return true;
    std::array<gid_t, groups_max> groups{};
    size = sizeof groups;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return false;
    const auto* const end = groups.begin() + size / sizeof(gid_t);
    return std::find<const gid_t*>(groups.begin(), end, getegid()) != end;
}

}  // namespace

ControlSocket::ControlSocket(Loop& loop, Log& log, Fd listener, Ask ask)
    : loop_(loop), log_(log), ask_(std::move(ask)), listener_(std::move(listener)) {
    watch_listener();
}

void ControlSocket::watch_listener() {
    accept_at_.reset();
    watch_ = loop_.on_readable(listener_.get(), [this] { accept(); });
}

void ControlSocket::accept() {
    if (!make_room()) {
        watch_ = {};
        accept_at_ = loop_.now() + accept_pause;
        return;
    }
    Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
        watch_ = {};  // a listener that cannot be served would wake the loop without end
        accept_at_ = loop_.now() + accept_pause;
        return;
    }
    if (!may_ask(socket.get())) return;
    const auto client = ++last_;
    auto& connection = clients_[client];
    connection.socket = std::move(socket);
    connection.until = loop_.now() + client_limit;
    connection.watch = loop_.on_readable(connection.socket.get(), [this, client] { readable(client); });
}

// Who waits for our answer stays; who owes us a request, or does not read, gives way: the oldest first.
bool ControlSocket::make_room() {
    if (clients_.size() < clients_max) return true;
    const auto stuck = std::find_if(clients_.begin(), clients_.end(), [](const auto& entry) {
        return !entry.second.asked || !entry.second.answer.empty();
    });
    if (stuck == clients_.end()) return false;
    clients_.erase(stuck);
    return true;
}

bool ControlSocket::may_ask(int socket) {
    if (is_one_of_us(socket)) return true;
    if (!std::exchange(said_refused_, true))
        log_.warning("the control socket refused somebody who is neither root nor of its group: look at its mode");
    return false;
}

void ControlSocket::readable(Client client) {
    auto& connection = clients_.at(client);
    std::array<char, request_max> piece;
    const auto got = recv(connection.socket.get(), piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) return end(client);
    // More than a line is of no interest. Who says no more may still wait for the answer, as far as it goes at once.
    if (connection.asked) {
        if (got == 0 && !connection.answer.empty()) return end(client);
        if (got == 0) connection.watch = {};
        return;
    }
    if (got == 0) return end(client);
    connection.request.append(piece.data(), static_cast<std::size_t>(got));
    const auto line_end = connection.request.find('\n');
    if (line_end == std::string::npos) {
        if (connection.request.size() >= request_max) end(client);
        return;
    }
    connection.asked = true;
    const auto request = connection.request.substr(0, line_end);
    ask_(client, request);
}

void ControlSocket::answer(Client client, std::string text) {
    const auto at = clients_.find(client);
    if (at == clients_.end() || !at->second.answer.empty()) return;
    at->second.answer = std::move(text);
    flush(client);
}

void ControlSocket::flush(Client client) {
    const auto at = clients_.find(client);
    if (at == clients_.end()) return;
    auto& connection = at->second;
    while (connection.sent < connection.answer.size()) {
        const auto put = send(connection.socket.get(), connection.answer.data() + connection.sent,
                              connection.answer.size() - connection.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && errno == EAGAIN) {
            connection.watch = {};  // it may have ended; two of one descriptor there cannot be
            connection.watch = loop_.on_readable(connection.socket.get(), [this, client] { readable(client); });
            return connection.watch.when_writable([this, client] { flush(client); });
        }
        if (put < 0) break;
        connection.sent += static_cast<std::size_t>(put);
    }
    end(client);
}

void ControlSocket::end(Client client) { clients_.erase(client); }

Deadline ControlSocket::next_deadline() const {
    auto due = accept_at_;
    for (const auto& [client, connection] : clients_) due = earlier(due, connection.until);
    return due;
}

void ControlSocket::time_reached() {
    std::erase_if(clients_, [this](const auto& entry) { return entry.second.until <= loop_.now(); });
    if (accept_at_ && *accept_at_ <= loop_.now()) watch_listener();
}

}  // namespace vrrpd::agent
