// Where log lines leave the process: a pipe into a pager, a terminal, the journal's socket, syslog's. Who reads there
// may stop, and must not stop us: from never_wait() on a line that does not fit is kept, of too many the last are lost.
// The supervisor's.
#pragma once

#include <sys/types.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::supervisor {

// The way out. Never waits.
class LogTransport {
public:
    LogTransport() = default;
    LogTransport(const LogTransport&) = delete;
    LogTransport& operator=(const LogTransport&) = delete;
    virtual ~LogTransport() = default;

    // As write(2): how much of it was taken; -1 with EAGAIN: nothing now, try again later.
    virtual ssize_t write(std::string_view record) = 0;
    // What becomes writable then; -1: nothing that one could wait for.
    [[nodiscard]] virtual int fd() const = 0;
};

// A descriptor that is not ours alone, as stderr: it stays as it is, for O_NONBLOCK would hold for the shell, too.
[[nodiscard]] std::unique_ptr<LogTransport> stream_transport(int descriptor);
// A file of our own (-g); it may be a FIFO. A full disk loses lines; a slow one is waited for.
[[nodiscard]] std::unique_ptr<LogTransport> file_transport(Fd file);
// A record is a datagram. A syslog that is started anew is found again.
[[nodiscard]] std::unique_ptr<LogTransport> syslog_transport(std::string path = "/dev/log");

class LogOutlet {
public:
    explicit LogOutlet(std::unique_ptr<LogTransport> transport) : transport_(std::move(transport)) {}

    // Until then put() waits as every program does.
    void never_wait() { patient_ = false; }
    // false: too much is kept, this record is lost.
    [[nodiscard]] bool put(std::string record);
    // Writes of what is kept what can be written now. True: nothing is kept any more.
    bool flush();
    // The same, waiting at most so long.
    void drain(Duration limit);
    // Room enough again that the next lines are not lost at once.
    [[nodiscard]] bool has_room() const;

private:
    void wait(int milliseconds) const;

    std::unique_ptr<LogTransport> transport_;
    bool patient_ = true;
    std::deque<std::string> kept_;
    std::size_t taken_ = 0;  // of the first of them
    std::size_t bytes_ = 0;  // of all
};

}  // namespace vrrpd::supervisor
