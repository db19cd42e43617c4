#include "vrrpd/supervisor/reload_timer.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor {

namespace {

using std::chrono::system_clock;

constexpr Duration look_interval = std::chrono::seconds(30);

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

ReloadTimer::ReloadTimer(Loop& loop, Log& log, std::function<void()> reload)
    : loop_(loop), log_(log), reload_(std::move(reload)) {}

void ReloadTimer::watch(const std::string& path, bool repeat) {
    repeat_ = repeat;
    if (path == path_) return;
    watch_ = {};
    inotify_.reset();
    due_.reset();
    look_at_.reset();
    path_ = path;
    if (path.empty()) return;
    inotify_ = Fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    constexpr auto changes = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
    if (!inotify_ || inotify_add_watch(inotify_.get(), directory_of(path).c_str(), changes | IN_ONLYDIR) < 0) {
        log_.warning("reload_time_file {}: its directory cannot be watched: {}; no reload is scheduled", path,
                     std::strerror(errno));
        return;
    }
    watch_ = loop_.on_readable(inotify_.get(), [this] { read_events(); });
    read();
}

// What happens to other files in the directory costs a look, too.
void ReloadTimer::read_events() {
    std::array<char, 4096> events{};
    while (::read(inotify_.get(), events.data(), events.size()) > 0) {}
    read();
}

void ReloadTimer::read() {
    const auto before = due_;
    const auto text = read_file(path_);
    due_ = text ? parse_reload_time(*text, system_clock::now()) : std::nullopt;
    look_at_ = due_ ? Deadline(boot_now()) : std::nullopt;
    if (text && !text->empty() && !due_)
        log_.warning("reload_time_file {}: '{}' is no time: write HH:MM:SS or YYYY-MM-DD HH:MM:SS", path_,
                     text->substr(0, text->find('\n')));
    if (before == due_) return;
    if (due_)
        log_.info("a reload is scheduled for {:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(system_clock::to_time_t(due_->at)));
    else
        log_.info("no reload is scheduled any more");
}

void ReloadTimer::step(Instant now) {
    if (!look_at_ || now < *look_at_ || !due_) return;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_->at - system_clock::now());
    if (left.count() <= 0) return fire();
    look_at_ = now + std::min<Duration>(left, look_interval);
}

void ReloadTimer::fire() {
    const bool again = due_->every_day && repeat_;
    due_.reset();
    look_at_.reset();
    if (again)
        read();
    else if (unlink(path_.c_str()) != 0)
        log_.warning("reload_time_file {} cannot be removed: {}", path_, std::strerror(errno));
    log_.notice("the time of {} has come: reloading", path_);
    reload_();
}

}  // namespace vrrpd::supervisor
