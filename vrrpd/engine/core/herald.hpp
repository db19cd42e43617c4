// What becomes of instances and sync groups, for the scripts, FIFOs and mail that the supervisor runs, as keepalived
// tells it; and the engine's answers to the supervisor, in one order with it. What a full channel refuses waits. An
// observer tells nobody. Pure, but for what it sends with. The engine's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "vrrpd/engine/core/notice_queue.hpp"
#include "vrrpd/engine/core/router.hpp"
#include "vrrpd/ipc/channel.hpp"

namespace vrrpd::engine {

class Herald {
public:
    using Event = ipc::Notice::Event;
    // false: it did not get through.
    using Send = std::function<bool(ipc::Kind kind, const std::string& text, std::uint8_t detail)>;

    Herald(Send send, bool observes) : send_(std::move(send)), observes_(observes) {}

    // Who is to be told, from now on. It stays where it is until the next one follows.
    void follow(const config::Notification& all) { all_ = &all; }

    void tell(const Router& router, Event event);
    void tell(const Router& router, const proto::Transition& transition);
    // Of remarks only those that keepalived has an event for.
    void tell(const Router& router, const proto::Note& note);
    void tell(const config::SyncGroup& group, Event event);
    void tell_priority(const Router& router);
    // It left the configuration.
    void tell_removed(const Router& router);

    // The supervisor waits for it, for ever if it must; its channel may be full of log lines now.
    void answer(ipc::Kind kind, std::uint8_t detail = 0);

    // What is new, before each wait; what was refused comes with the next flush().
    void flush_news();
    void flush();
    [[nodiscard]] bool has_news() const { return !notices_.empty(); }

private:
    struct Answer {
        ipc::Kind kind;
        std::uint8_t detail;
    };

    [[nodiscard]] bool is_told(const config::Notify& notify, bool mail) const;
    void flush_notices();
    void flush_answers();

    Send send_;
    bool observes_;
    const config::Notification* all_ = nullptr;
    NoticeQueue notices_;
    std::vector<Answer> answers_;  // that did not get through yet
};

}  // namespace vrrpd::engine
