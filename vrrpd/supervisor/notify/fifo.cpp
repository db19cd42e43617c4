#include "vrrpd/supervisor/notify/fifo.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace vrrpd::supervisor {

Fifo::Fifo(Plan plan, Log& log, mode_t mode) : plan_(std::move(plan)), log_(&log), mode_(mode) { open(); }

Fifo::Fifo(Fifo&& other) noexcept
    : plan_(std::move(other.plan_)),
      log_(other.log_),
      mode_(other.mode_),
      pipe_(std::move(other.pipe_)),
      made_(std::exchange(other.made_, false)),
      full_said_(other.full_said_) {}

Fifo::~Fifo() {
    if (made_) unlink(plan_.path.c_str());
}

// What is in a pipe that nobody holds open is lost: while lines wait for a reader it stays open.
bool Fifo::close() {
    int unread = 0;
    if (pipe_ && ioctl(pipe_.get(), FIONREAD, &unread) == 0 && unread > 0) return false;
    pipe_.reset();
    return true;
}

void Fifo::open() {
    const auto refuse = [&](const std::string& why) {
        log_->error("notify FIFO {} is not written to: {}", plan_.path, why);
        pipe_.reset();
        made_ = false;
    };
    const auto& path = plan_.path;
    if (mkfifo(path.c_str(), 0600) == 0) {
        made_ = true;
        if (mode_ != 0600 && chmod(path.c_str(), mode_) != 0) return refuse(std::strerror(errno));
        if (geteuid() == 0 && lchown(path.c_str(), plan_.owner.user, plan_.owner.group) != 0)
            return refuse(std::strerror(errno));
    } else if (errno != EEXIST) {
        return refuse(std::strerror(errno));
    }
    // Read and write, so that it opens without a reader, and lines wait for one.
    pipe_ = Fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    struct stat status {};
    if (!pipe_ || fstat(pipe_.get(), &status) != 0) return refuse(std::strerror(errno));
    if (!S_ISFIFO(status.st_mode)) return refuse("it is there and no FIFO: remove it");
    if (status.st_uid != plan_.owner.user || status.st_gid != plan_.owner.group)
        return refuse("it belongs to another user or group: remove it, or name them behind its path");
}

void Fifo::write(std::string_view line) {
    if (!pipe_) return;
    if (::write(pipe_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size())) {
        full_said_ = false;
        return;
    }
    if (std::exchange(full_said_, true)) return;
    log_->warning("notify FIFO {} is full, for nobody reads it: what comes now is lost", plan_.path);
}

}  // namespace vrrpd::supervisor
