// Watches the tracked files by inotify, and reads their numbers. The directory is watched, for a file
// may be replaced, or not be there yet. The supervisor's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/config/script_model.hpp"
#include "vrrpd/supervisor/state_board.hpp"

namespace vrrpd::supervisor {

// The number at the beginning of a file's text, as C reads one: 0 if there is none, the nearest if it does not fit.
[[nodiscard]] std::int64_t number_in(std::string_view text);

class FileTracker {
public:
    FileTracker(Loop& loop, Log& log, StateBoard& board) : loop_(loop), log_(log), board_(board) {}
    FileTracker(const FileTracker&) = delete;
    FileTracker& operator=(const FileTracker&) = delete;
    ~FileTracker() { watch_ = {}; }

    void expect(const std::vector<config::TrackedFile>& files);
    // A directory that was not there is looked for again.
    [[nodiscard]] Deadline next_deadline() const { return retry_at_; }
    void step(Instant now);

private:
    struct Tracked {
        config::TrackedFile file;
        std::string directory, name;
        int watch = -1;  // of the directory; -1: none
    };

    void initialise(const Tracked& tracked);
    void follow(Tracked& tracked);
    void read(const Tracked& tracked);
    void read_events();

    Loop& loop_;
    Log& log_;
    StateBoard& board_;
    Fd inotify_;
    Loop::Watch watch_;  // ends before inotify_
    std::vector<Tracked> all_;
    Deadline retry_at_;
};

}  // namespace vrrpd::supervisor
