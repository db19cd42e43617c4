// Answers what comes in at the control socket. The engine knows a part of the status; it is asked, and not waited for
// longer than a moment. The agent's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/agent/control_socket.hpp"

namespace vrrpd::agent {

inline constexpr Duration engine_patience = std::chrono::seconds(1);

class ControlDesk {
public:
    struct Port {
        std::function<void()> ask_engine;  // engine_said() follows, or not
        // The status document; nullopt: the engine did not answer.
        std::function<std::string(const std::optional<std::string>& engine)> compose;
    };

    ControlDesk(Loop& loop, Log& log, Fd listener, Port port);

    void engine_said(const std::string& json);

    [[nodiscard]] Deadline next_deadline() const;
    void time_reached();

private:
    void asked(ControlSocket::Client client, const std::string& request);

    struct Waiting {
        ControlSocket::Client client;
        Instant until;
    };
    Loop& loop_;
    Port port_;
    std::vector<Waiting> waiting_;
    ControlSocket socket_;  // last: it calls us
};

}  // namespace vrrpd::agent
