// Whole agents, each in a thread of its own, and the test as the supervisor and the engine of all of them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/agent/members.hpp"
#include "vrrpd/agent/agent.hpp"

namespace vrrpd::agent::test {

// The configuration that `text` makes for `id`, sealed as the supervisor does it.
[[nodiscard]] Fd sealed(const std::string& text, const std::string& id);
// A file of mode 0600 with a key, that has no name any more.
[[nodiscard]] Fd key_file(char digit = '5');
// A gateway HOME on 127.x addresses for all members of `link`; `more` is added.
[[nodiscard]] std::string home(const config::PeerLink& link, const std::string& more = {});

class Host {
public:
    explicit Host(std::string id);
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    ~Host();

    void tell(ipc::Kind kind, const std::string& text = {}, int memfd = -1);
    // The supervisor is late to read: nothing that the agent says gets through any more.
    void fill_the_queue();
    // What the agent said so far; log lines go to `log`.
    void read();
    [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(5));
    [[nodiscard]] long logged(std::string_view part) const { return log.count(part); }
    [[nodiscard]] std::vector<std::string> said(ipc::Kind kind) const;
    // The engine's part of the status is answered with this; empty: it does not answer.
    std::string engine_status;

    const std::string id;
    RecordingLog log;
    std::vector<ipc::Message> messages;

private:
    std::pair<ipc::Channel, ipc::Channel> ends_;
    std::thread thread_;
};

// Until `done`, while all of them are read.
[[nodiscard]] bool run_until(const std::vector<Host*>& hosts, const std::function<bool()>& done,
                             Duration limit = std::chrono::seconds(5));

}  // namespace vrrpd::agent::test
