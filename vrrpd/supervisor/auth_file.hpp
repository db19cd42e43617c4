// STATE/auth: the counters of AH and auth_hmac, so that a restart of the daemon does not take what was heard before a
// second time. Written at the stop and, while they change, now and then: a crash of the whole daemon
// or a loss of power costs at most save_interval of memory. No key is in it. Beside them, what BFD sessions counted.
#pragma once

#include <string>
#include <string_view>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/time.hpp"
#include "vrrpd/ipc/shared_state.hpp"

namespace vrrpd::supervisor {

// A line for each router that has something to remember, and for each BFD session. What makes no sense is left out.
[[nodiscard]] std::string auth_text(ipc::SharedState& state);
void restore_auth(std::string_view text, ipc::SharedState& state);

class AuthFile {
public:
    static constexpr Duration save_interval = std::chrono::seconds(60);

    // An empty path: nothing is kept.
    AuthFile(std::string path, Log& log) : path_(std::move(path)), log_(log) {}

    void restore(ipc::SharedState& state, Instant now);
    void save(ipc::SharedState& state);
    [[nodiscard]] Deadline next_deadline() const { return path_.empty() ? std::nullopt : save_at_; }
    void step(ipc::SharedState& state, Instant now);

private:
    std::string path_;
    Log& log_;
    std::string saved_;
    Deadline save_at_;
    bool failure_said_ = false;
};

}  // namespace vrrpd::supervisor
