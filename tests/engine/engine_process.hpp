// An engine of its own process in the test's network namespace, driven and heard through the channel as the
// supervisor does it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/loop.hpp"
#include "vrrpd/ipc/channel.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/ipc/shared_state.hpp"

namespace vrrpd::engine::test {

struct Mode {
    bool observe = false;
    bool adopt = false;
    bool stand_by = false;
    std::function<void(ipc::SharedState&)> left_behind = {};  // by the engine before
};

// What an engine leaves that crashed while it was Active, so long after its last advert.
inline void left_active(ipc::SharedState& state, const proto::RouterKey& key, Duration ago = Duration(0)) {
    auto* record = state.record(key);
    record->active = 1;
    record->last_advert = (boot_now() - ago).time_since_epoch().count();
}

class EngineProcess {
public:
    static constexpr std::chrono::milliseconds patience{5000};

    EngineProcess(const std::string& configuration, const Mode& mode = {});
    EngineProcess(const EngineProcess&) = delete;
    EngineProcess& operator=(const EngineProcess&) = delete;
    ~EngineProcess();  // killed, if it still runs

    // Reads messages until one of this kind comes, or a log line that contains `text`; false after 5 s.
    bool await(ipc::Kind kind);
    bool await_line(const std::string& text);
    // ... or one of this kind that is a Notice of which `holds` is true.
    template <class Notice>
    bool await(ipc::Kind kind, const std::function<bool(const Notice&)>& holds,
               std::chrono::milliseconds limit = patience) {
        return read_until(
            [&](const ipc::Message& message) {
                const auto notice = message.kind == kind ? ipc::decode<Notice>(message.text) : std::nullopt;
                return notice && holds(*notice);
            },
            limit);
    }
    // The next status; empty after 5 s.
    std::string await_status();
    // Reads for so long.
    void listen(std::chrono::milliseconds time);

    void reload(const std::string& configuration);
    void send(ipc::Kind kind, const std::string& text = {}, std::uint8_t detail = 0);
    void stop();
    void close_channel();
    void kill(int signal) const;
    // The exit code; nullopt: it did not end within 5 s, or a signal ended it.
    std::optional<int> wait();

    [[nodiscard]] std::size_t lines_with(const std::string& text) const;
    [[nodiscard]] std::string log() const;  // all lines so far, for messages of failed expectations
    [[nodiscard]] ipc::SharedState& state() { return *state_; }

private:
    bool read_until(const std::function<bool(const ipc::Message&)>& wanted, std::chrono::milliseconds limit);

    std::optional<ipc::Channel> channel_;
    std::optional<ipc::SharedState> state_;
    int pid_ = -1;
    std::vector<std::string> lines_;
};

// Waits until `holds`, at most 5 s.
bool eventually(const std::function<bool()>& holds);
// What a command prints in the test's namespace.
std::string output_of(const std::string& command);
// What `ip ARGUMENTS` prints in the test's namespace.
std::string ip_output(const std::string& arguments);

}  // namespace vrrpd::engine::test
