// Where the running daemon is asked to make room for its successor (--handoff), and its part of it (handoff_wire.hpp).
// Until the last step it can go on itself, and does so when the successor refuses, dies or is silent: then nothing has
// happened, or an engine of its own adopts what the last one left. The supervisor's.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/supervisor/handoff/handoff_wire.hpp"

namespace vrrpd::supervisor {

class HandoffDesk {
public:
    // What the desk asks of its owner.
    struct Services {
        std::function<std::string()> obstacle;                    // why it cannot be now; empty: it can
        std::function<HandoffSocket::Descriptors()> descriptors;  // for the successor: Inheritance
        std::function<void(bool keep)> let_engine_leave;  // it yields, or hands over; then engine_left() is called
        std::function<void()> failed;                     // after that: an engine of ours goes on
        std::function<void(pid_t successor)> done;        // everything is the successor's; the daemon ends
        bool foreground = true;                           // and so does the successor stay there
        // Of a daemon that waits aside for a successor that comes by itself: until when, and what then.
        Deadline waits_until{};
        std::function<void()> unwanted{};
    };

    HandoffDesk(Loop& loop, Log& log, HandoffSocket listener, Services services);
    HandoffDesk(const HandoffDesk&) = delete;
    HandoffDesk& operator=(const HandoffDesk&) = delete;
    ~HandoffDesk();

    [[nodiscard]] int listener() const { return listener_.fd(); }
    [[nodiscard]] bool under_way() const { return work_ != nullptr; }
    [[nodiscard]] bool has_started(pid_t pid) const { return work_ && work_->successor == pid; }
    void engine_left();
    void give_up(const std::string& why);  // if one is under way

    void child_ended();  // somebody's child ended: perhaps a successor
    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

private:
    enum class Stage : std::uint8_t { asked, judging, opening, leaving, going };
    struct Work {
        HandoffSocket caller;
        Loop::Watch caller_watch;  // ends before its socket
        Stage stage = Stage::asked;
        Instant give_up_at{};
        pid_t successor = -1;
        bool came_by_itself = false;  // the service manager started it, not we
        HandoffSocket socket;
        Loop::Watch watch;
        bool keep = false;  // the successor can read our shared state
        // Of its engine. The channel stays open while we hold it: an engine whose supervisor is killed hands over, and
        // this one must not, for we go on.
        Fd channel, engine;
    };

    void on_caller();
    void on_request();
    void begin(const HandoffMessage& request);
    void take_in();
    void listen_to(pid_t successor, HandoffSocket socket);
    void on_message();
    void obey(HandoffMessage message);
    void hello(const std::string& layout);
    void standing(HandoffMessage message);
    void enter(Stage stage, Duration limit);
    void say(const std::string& how);
    void finish();

    Loop& loop_;
    Log& log_;
    HandoffSocket listener_;
    Services services_;
    Loop::Watch listener_watch_;
    std::unique_ptr<Work> work_;
    std::vector<pid_t> ending_;  // successors that failed
};

}  // namespace vrrpd::supervisor
