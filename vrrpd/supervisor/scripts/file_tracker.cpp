#include "vrrpd/supervisor/scripts/file_tracker.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "vrrpd/base/write_all.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr std::size_t most_read = 127;  // keepalived's
constexpr Duration retry_after = std::chrono::seconds(5);
constexpr std::uint32_t changes = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_CREATE;
constexpr std::uint32_t watch_ends = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

bool is_link(const std::string& path) {
    struct stat status {};
    return lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

}  // namespace

std::int64_t number_in(std::string_view text) {
    const std::string copy(text.substr(0, std::min(text.find('\0'), most_read)));
    errno = 0;
    return std::strtoll(copy.c_str(), nullptr, 0);  // out of range: the nearest
}

void FileTracker::expect(const std::vector<config::TrackedFile>& files) {
    auto before = std::exchange(all_, {});
    watch_ = {};
    inotify_ = files.empty() ? Fd() : Fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!files.empty() && !inotify_) log_.error("tracked files are not watched: inotify: {}", std::strerror(errno));
    if (inotify_) watch_ = loop_.on_readable(inotify_.get(), [this] { read_events(); });
    for (const auto& known : before)
        if (std::none_of(files.begin(), files.end(), [&](const auto& one) { return one.name == known.file.name; }))
            board_.forget(StateBoard::Kind::file, known.file.name);
    for (const auto& file : files) {
        const auto slash = file.path.rfind('/');
        Tracked tracked{file, slash == std::string::npos ? "." : file.path.substr(0, std::max<std::size_t>(slash, 1)),
                        slash == std::string::npos ? file.path : file.path.substr(slash + 1)};
        const bool is_new =
            std::none_of(before.begin(), before.end(), [&](const auto& one) { return one.file == file; });
        if (is_new) initialise(tracked);
        all_.push_back(std::move(tracked));
    }
    retry_at_.reset();
    for (auto& tracked : all_) follow(tracked);
}

// init_file.
void FileTracker::initialise(const Tracked& tracked) {
    if (!tracked.file.initial) return;
    const int how = O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | (tracked.file.overwrite ? O_TRUNC : O_EXCL);
    const Fd file(open(tracked.file.path.c_str(), how, 0644));
    if (!file && errno == EEXIST && !tracked.file.overwrite) return;
    if (!file || !write_all(file.get(), std::to_string(*tracked.file.initial) + '\n'))
        log_.warning("track_file {}: {} could not be made: {}", tracked.file.name, tracked.file.path,
                     std::strerror(errno));
}

void FileTracker::follow(Tracked& tracked) {
    tracked.watch =
        inotify_ ? inotify_add_watch(inotify_.get(), tracked.directory.c_str(), changes | watch_ends | IN_ONLYDIR) : -1;
    if (tracked.watch < 0) {
        if (!retry_at_)
            log_.warning("track_file {}: directory {} cannot be watched: {}; it is looked for again", tracked.file.name,
                         tracked.directory, std::strerror(errno));
        retry_at_ = loop_.now() + retry_after;
    }
    read(tracked);
}

void FileTracker::step(Instant now) {
    if (!retry_at_ || now < *retry_at_) return;
    Deadline next;
    for (auto& tracked : all_) {
        if (tracked.watch >= 0) continue;
        follow(tracked);
        if (tracked.watch < 0) next = now + retry_after;
    }
    retry_at_ = next;
}

// What cannot be read counts as 0, as what is not there does.
void FileTracker::read(const Tracked& tracked) {
    std::array<char, most_read> text{};
    const Fd file(open(tracked.file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    const bool is_file = file && fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
    const auto got = is_file ? ::read(file.get(), text.data(), text.size()) : 0;
    const auto number = got > 0 ? number_in({text.data(), static_cast<std::size_t>(got)}) : 0;
    board_.set({StateBoard::Kind::file, tracked.file.name, ipc::TrackerState::Health::up, number,
                "is " + std::to_string(number)});
}

void FileTracker::read_events() {
    alignas(inotify_event) std::array<char, 8192> buffer{};
    std::vector<bool> touched(all_.size());
    for (ssize_t got = 0; (got = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0;) {
        for (ssize_t at = 0; at < got;) {
            inotify_event event{};
            std::memcpy(&event, &buffer[static_cast<std::size_t>(at)], sizeof event);
            const char* const name = event.len > 0 ? &buffer[static_cast<std::size_t>(at) + sizeof event] : "";
            at += static_cast<ssize_t>(sizeof event + event.len);
            for (std::size_t i = 0; i < all_.size(); ++i) {
                auto& tracked = all_[i];
                const bool everything = (event.mask & IN_Q_OVERFLOW) != 0;
                if (!everything && event.wd != tracked.watch) continue;
                if ((event.mask & watch_ends) != 0) tracked.watch = -1;
                // Of a link it is another name that changes.
                touched[i] = touched[i] || everything || (event.mask & watch_ends) != 0 || tracked.name == name ||
                             is_link(tracked.file.path);
            }
        }
    }
    for (std::size_t i = 0; i < all_.size(); ++i) {
        if (!touched[i]) continue;
        if (all_[i].watch < 0)
            follow(all_[i]);
        else
            read(all_[i]);
    }
}

}  // namespace vrrpd::supervisor
