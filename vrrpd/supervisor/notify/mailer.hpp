// Mail of new states (smtp_alert): one letter at a time, each handed over by a child process, so that a mail server
// delays nobody. While the server does not take letters they wait, of each object the newest; after the last try of
// the schedule those that wait are given up. The supervisor's.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "vrrpd/base/log.hpp"
#include "vrrpd/config/script_model.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/supervisor/scripts/command_runner.hpp"

namespace vrrpd::supervisor {

struct MailNeeds {
    config::Mail mail;
    std::string router_id;  // empty: the host's name
    bool operator==(const MailNeeds&) const = default;
};

class Mailer {
public:
    // How long after which failure the next try is; after the last one what waits is given up.
    static constexpr std::array<Duration, 3> pauses{std::chrono::seconds(10), std::chrono::minutes(1),
                                                    std::chrono::minutes(5)};
    static constexpr std::size_t most_waiting = 1000;

    explicit Mailer(Log& log) : log_(log), runner_(log, {1, 0}) {}

    void expect(MailNeeds needs);
    // Of an object that is mailed about; MASTER, BACKUP and FAULT are.
    void tell(const ipc::Notice& notice);

    // Nothing is under way, and nothing could be at once.
    [[nodiscard]] bool idle() const { return !under_way_ && (waiting_.empty() || next_try_); }
    void child_ended();
    [[nodiscard]] Deadline next_deadline() const { return earlier(runner_.next_deadline(), next_try_); }
    void step(Instant now);

private:
    struct Item {
        ipc::Notice notice;
        WallTime at;
    };

    void send_next();
    [[nodiscard]] Command command_for(const Item& item);
    void finished(const Outcome& outcome);
    void try_later(Item item, const Outcome& outcome);
    void enqueue(Item item, bool is_news);

    Log& log_;
    MailNeeds needs_;
    std::deque<Item> waiting_;
    std::optional<Item> under_way_;
    std::size_t failures_ = 0;  // in a row
    Deadline next_try_;
    bool overflow_said_ = false;
    CommandRunner runner_;
};

}  // namespace vrrpd::supervisor
