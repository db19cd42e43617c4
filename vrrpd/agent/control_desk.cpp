#include "vrrpd/agent/control_desk.hpp"

#include <utility>

namespace vrrpd::agent {

ControlDesk::ControlDesk(Loop& loop, Log& log, Fd listener, Port port)
    : loop_(loop),
      port_(std::move(port)),
      socket_(loop, log, std::move(listener),
              [this](ControlSocket::Client client, const std::string& request) { asked(client, request); }) {}

void ControlDesk::asked(ControlSocket::Client client, const std::string& request) {
    if (request != "status") {
        // Not repeated: it is whatever somebody typed.
        socket_.answer(client, "{\"error\":\"unknown request; this version knows: status\"}\n");
        return;
    }
    waiting_.push_back({client, loop_.now() + engine_patience});
    port_.ask_engine();
}

void ControlDesk::engine_said(const std::string& json) {
    if (waiting_.empty()) return;
    const auto text = port_.compose(json);
    for (const auto& one : std::exchange(waiting_, {})) socket_.answer(one.client, text);
}

Deadline ControlDesk::next_deadline() const {
    return earlier(socket_.next_deadline(), waiting_.empty() ? Deadline() : Deadline(waiting_.front().until));
}

void ControlDesk::time_reached() {
    while (!waiting_.empty() && waiting_.front().until <= loop_.now()) {
        socket_.answer(waiting_.front().client, port_.compose(std::nullopt));
        waiting_.erase(waiting_.begin());
    }
    socket_.time_reached();
}

}  // namespace vrrpd::agent
