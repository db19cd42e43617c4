// The Unix socket at which vrrpctl asks: one line a connection, one document back, then it is closed. Never waits for a
// client. The agent's; the supervisor opens the socket, its mode says who may connect.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"

namespace vrrpd::agent {

inline constexpr std::size_t clients_max = 8;
inline constexpr std::size_t request_max = 64;                     // octets of a line
inline constexpr Duration client_limit = std::chrono::seconds(2);  // from accept to the end

class ControlSocket {
public:
    using Client = std::uint64_t;  // never given twice
    // Is answered by answer(), at once or later.
    using Ask = std::function<void(Client, const std::string& request)>;

    ControlSocket(Loop& loop, Log& log, Fd listener, Ask ask);
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    // Of no consequence when the client is gone.
    void answer(Client client, std::string text);

    // The loop's one deadline is the owner's.
    [[nodiscard]] Deadline next_deadline() const;
    void time_reached();

private:
    struct Connection {
        Fd socket;
        Instant until;
        std::string request;
        bool asked = false;
        std::string answer;
        std::size_t sent = 0;
        Loop::Watch watch;  // last: ends before the descriptor
    };

    void watch_listener();
    void accept();
    [[nodiscard]] bool make_room();
    [[nodiscard]] bool may_ask(int socket);
    void readable(Client client);
    void flush(Client client);
    void end(Client client);

    Loop& loop_;
    Log& log_;
    Ask ask_;
    std::map<Client, Connection> clients_;
    Client last_ = 0;
    bool said_refused_ = false;
    Deadline accept_at_;  // while it is not watched: no room, or no descriptors
    Fd listener_;
    Loop::Watch watch_;
};

}  // namespace vrrpd::agent
