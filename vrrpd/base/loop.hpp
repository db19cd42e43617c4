// The event loop of a process: descriptors, and one timer set from the earliest deadline. Over
// Boost.Asio, which is named in loop.cpp alone. For shells (supervisor, engine) and their tests.
//
// One turn: ready descriptors are served, each with the clock read before it, then the deadline handler
// runs if its time has come. So a packet that is already queued is seen before a timer that is due; and
// what comes faster than it is read delays no timer by more than one handler's work.
#pragma once

#include <functional>
#include <memory>

#include "vrrpd/base/time.hpp"

namespace vrrpd {

// CLOCK_BOOTTIME, for shells that are not inside a loop turn.
[[nodiscard]] Instant boot_now();
[[nodiscard]] WallTime wall_now();

class Loop {
public:
    // While it lives the descriptor is watched. It must end before its Loop, and before the descriptor
    // is closed.
    class Watch {
    public:
        Watch() = default;
        Watch(Watch&&) noexcept;
        Watch& operator=(Watch&&) noexcept;
        ~Watch();

        // Calls `ready` once, as soon as the descriptor can be written: a connect is done, or what waits to be
        // sent finds room again. Asked for anew while it is pending, the newer `ready` counts.
        void when_writable(std::function<void()> ready);

    private:
        friend class Loop;
        struct State;
        explicit Watch(std::shared_ptr<State> state);
        std::shared_ptr<State> state_;
    };

    Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    // Calls `ready` whenever `fd` can be read (level-triggered).
    [[nodiscard]] Watch on_readable(int fd, std::function<void()> ready);

    // The one deadline. `due` is set once; set_deadline(nullopt) disarms.
    void on_deadline(std::function<void()> due);
    void set_deadline(Deadline deadline);

    // Called before every wait: the place to set the deadline from all that may have changed.
    void before_wait(std::function<void()> prepare);

    // The instant at which the handler that runs now was called.
    [[nodiscard]] Instant now() const;

    // Reads the clock anew: after long work outside a handler.
    void refresh();

    void run();  // until stop()
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vrrpd
