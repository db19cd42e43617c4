// What three processes say to each other at a handoff (vrrpd(8), --handoff): the command that asks for it, the daemon
// that runs, and its successor. They may be of different versions, so nothing here is a struct of either: a word, a
// text, and descriptors that a list of names explains. The supervisor's.
//
//     daemon     -> command    welcome    or refused, with the reason in the text
//     command    -> daemon     request    descriptors: executable, directory; text: the successor's command line
//     daemon     -> command    said       text: how it goes on;  done / refused: how it ended
//     successor  -> daemon     hello      text: the layout of the shared state that it can read
//     daemon     -> successor  state      everything that it needs; the daemon still does all the work
//     successor  -> daemon     standing   text: the pid of its engine; descriptor: our end of its channel
//     daemon     -> successor  go         the daemon's engine has left. text: "adopt", or "anew"
//     successor  -> daemon     ready      its engine does the work
//     daemon     -> successor  yours      files, agent and service manager are left to it
//
// A daemon that waits aside (make_way.hpp) has a successor that the service manager starts, and takes no other:
//
//     daemon     -> successor  welcome    text: "aside"; or later, with the reason in the text
//     successor  -> daemon     here       instead of request; it goes on with hello, on the same channel
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/result.hpp"

namespace vrrpd::supervisor {

struct HandoffMessage {
    std::string word;
    std::string text;
    std::map<std::string, Fd> descriptors;  // by name
};

class HandoffSocket {
public:
    HandoffSocket() = default;
    explicit HandoffSocket(Fd socket) : socket_(std::move(socket)) {}
    [[nodiscard]] static Result<std::pair<HandoffSocket, HandoffSocket>> pair();

    [[nodiscard]] int fd() const { return socket_.get(); }
    explicit operator bool() const { return static_cast<bool>(socket_); }

    using Descriptors = std::vector<std::pair<std::string, int>>;  // those below zero are left out
    // false: the other end is gone, or its queue is full. Never waits.
    bool send(std::string_view word, std::string_view text = {}, const Descriptors& descriptors = {});
    enum class State : std::uint8_t { message, empty, closed };
    // Whatever makes no sense closes the socket: it is no handoff that we know.
    [[nodiscard]] State receive(HandoffMessage& into);
    // For those who have nothing else to do. none: closed, or not in time.
    [[nodiscard]] std::optional<HandoffMessage> wait_for(std::chrono::milliseconds limit);

private:
    Fd socket_;
};

// RUNTIME/handoff: root alone may connect.
[[nodiscard]] Result<HandoffSocket> listen_for_handoffs(const std::string& path);
// none: nobody listens there.
[[nodiscard]] std::optional<HandoffSocket> connect_for_handoff(const std::string& path);
inline constexpr std::string_view waits_aside = "aside";
// The daemon there if it waits aside; it has said welcome. none: it does not, or none runs.
[[nodiscard]] std::optional<HandoffSocket> connect_to_waiting(const std::string& path);

// Many strings as one, and back. nullopt: it is spoilt.
[[nodiscard]] std::string pack(const std::vector<std::string>& parts);
[[nodiscard]] std::optional<std::vector<std::string>> unpack(std::string_view packed);

}  // namespace vrrpd::supervisor
