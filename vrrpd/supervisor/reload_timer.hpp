// Watches the file of reload_time_file: made, changed or deleted it schedules, moves or cancels a reload. The
// supervisor's.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/supervisor/reload_time.hpp"

namespace vrrpd::supervisor {

class ReloadTimer {
public:
    ReloadTimer(Loop& loop, Log& log, std::function<void()> reload);

    // The file of a configuration; empty: none. `repeat`: reload_repeat.
    void watch(const std::string& path, bool repeat);
    [[nodiscard]] Deadline next_deadline() const { return look_at_; }
    void step(Instant now);

private:
    void read();
    void read_events();
    void fire();

    Loop& loop_;
    Log& log_;
    std::function<void()> reload_;
    std::string path_;
    bool repeat_ = false;
    std::optional<ReloadTime> due_;
    Deadline look_at_;  // the clock of the day may be set: it is looked at now and then
    Fd inotify_;
    Loop::Watch watch_;  // ends before inotify_
};

}  // namespace vrrpd::supervisor
