#include "dhcpsync/lease_file.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace dhcpsync {

using vrrpd::fail;
using vrrpd::Fd;
using vrrpd::OsError;
using vrrpd::Result;

namespace {

// The file itself: a symbolic link's folder does not hear of it. Its folder: a file that appears, is replaced, or may
// be read from now on.
constexpr std::uint32_t file_events = IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t folder_events = IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM;
constexpr std::uint32_t other_file_events = IN_ATTRIB | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM;

// For what no event tells of: a folder that is not there yet, a file system without events, a queue that ran over.
constexpr Duration audit_interval = std::chrono::seconds(5);

// A large file that changes all the time, since dnsmasq writes all of it for each lease, takes a quarter of the time.
constexpr int rest_for_work = 3;

}  // namespace

WallTime wall_now() {
    timespec ts{};
    clock_gettime(CLOCK_REALTIME, &ts);
    return WallTime(Seconds(ts.tv_sec));
}

LeaseFile::LeaseFile(vrrpd::Loop& loop, vrrpd::Log& log, std::string path, ExpiryField expiry,
                     std::function<void(Believed&)> believed)
    : loop_(loop),
      log_(log),
      path_(std::move(path)),
      expiry_(expiry),
      believed_(std::move(believed)),
      follower_(expiry),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    const auto slash = path_.rfind('/');
    folder_ = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    name_ = slash == std::string::npos ? path_ : path_.substr(slash + 1);
    if (inotify_)
        watch_ = loop.on_readable(inotify_.get(), [this] { read_events(); });
    else
        log_.warning("lease file {}: it cannot be watched ({}), so it is looked at every 5 seconds only", path_,
                     std::strerror(errno));
    watch();
    audit_at_ = loop_.now() + audit_interval;
    look();
}

void LeaseFile::look() { follow(Changed{}); }

// What dnsmasq granted a moment ago, before this host stopped to be the gateway, must not wait for a quiet file.
void LeaseFile::read_now() {
    const auto text = read();
    if (!text) return;
    auto result = read_leases(*text, {expiry_, now().wall});
    Believed believed{std::move(result.book), std::move(result.faults), false};
    believed_(believed);
}

void LeaseFile::step() {
    if (const auto due = look_at(); due && *due <= loop_.now()) {
        const auto began = vrrpd::boot_now();
        follow(LookDue{});
        const auto ended = vrrpd::boot_now();
        rest_until_ = ended + rest_for_work * (ended - began);
    }
    if (audit_at_ && *audit_at_ <= loop_.now()) audit();
}

Deadline LeaseFile::look_at() const {
    const auto due = follower_.next_deadline();
    return due ? Deadline(std::max(*due, rest_until_)) : due;
}

// ---- events -------------------------------------------------------------------------------------

void LeaseFile::watch() {
    if (folder_watch_ < 0) folder_watch_ = ::inotify_add_watch(inotify_.get(), folder_.c_str(), folder_events);
    watch_file();
}

// The same file gives the same watch again; another file of that name a new one.
void LeaseFile::watch_file() {
    const int before = file_watch_;
    file_watch_ = ::inotify_add_watch(inotify_.get(), path_.c_str(), file_events);
    if (before >= 0 && before != file_watch_) ::inotify_rm_watch(inotify_.get(), before);
}

void LeaseFile::read_events() {
    alignas(inotify_event) std::array<char, 4096> buffer{};
    bool changed = false, other_file = false;
    for (;;) {
        const auto got = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (got <= 0) break;
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* name = buffer.data() + at + sizeof event;
            at += sizeof event + event.len;
            if (event.wd == file_watch_ && (event.mask & IN_IGNORED) != 0) file_watch_ = -1;
            if (event.wd == folder_watch_ && (event.mask & IN_IGNORED) != 0) folder_watch_ = -1;
            const bool ours = event.wd == file_watch_ || (event.len > 0 && name_ == name);
            if (!ours && (event.mask & (IN_Q_OVERFLOW | IN_IGNORED)) == 0) continue;
            changed = true;
            other_file |= (event.mask & (other_file_events | IN_Q_OVERFLOW | IN_IGNORED)) != 0;
        }
    }
    if (other_file) watch();
    if (changed) follow(Changed{});
}

void LeaseFile::audit() {
    audit_at_ = loop_.now() + audit_interval;
    if (file_watch_ < 0 || folder_watch_ < 0) watch();
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0) status = {};
    const Mark mark{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec,
                    status.st_mtim.tv_nsec};
    if (mark != mark_) follow(Changed{});
}

void LeaseFile::follow(FileEvent event) {
    for (auto& action : follower_.step(now(), std::move(event))) {
        if (auto* believed = std::get_if<Believed>(&action)) {
            believed_(*believed);
            continue;
        }
        auto text = read();
        if (text)
            follow(Content{std::move(*text)});
        else
            follow(Unreadable{});
    }
}

Moment LeaseFile::now() const { return {loop_.now(), wall_now()}; }

// ---- reading ------------------------------------------------------------------------------------

Result<std::string> LeaseFile::read() {
    auto text = [this]() -> Result<std::string> {
        const Fd file(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        if (!file) return fail(errno, "open");
        struct stat status {};
        if (::fstat(file.get(), &status) != 0) return fail(errno, "look at");
        mark_ = {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec,
                 status.st_mtim.tv_nsec};
        if (!S_ISREG(status.st_mode)) return fail(EINVAL, "read");
        std::string content;
        content.resize(std::min(mark_.size, largest) + 1);
        std::size_t size = 0;
        for (;;) {
            const auto got = ::read(file.get(), content.data() + size, content.size() - size);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return fail(errno, "read");
            size += static_cast<std::size_t>(got);
            if (size > largest) return fail(EFBIG, "read");
            if (got == 0) break;
            if (size == content.size()) content.resize(std::min(2 * size, largest + 1));
        }
        content.resize(size);
        return content;
    }();
    if (text)
        read_well();
    else
        could_not_read(text.error());
    return text;
}

void LeaseFile::read_well() {
    missing_ = false;
    if (!std::exchange(trouble_, {}).empty()) log_.notice("lease file {}: it is read now", path_);
}

void LeaseFile::could_not_read(const OsError& error) {
    if (error.code != EINVAL && error.code != EFBIG) mark_ = {};  // looked at again, though it did not change
    missing_ = error.code == ENOENT;
    auto trouble = remedy(error);
    if (trouble == trouble_) return;
    trouble_ = std::move(trouble);
    log_.warning("lease file {}: {}", path_, trouble_);
}

std::string LeaseFile::remedy(const OsError& error) const {
    switch (error.code) {
        case ENOENT:
            return "it is not there yet; is the DHCP server running, and is this its dhcp-leasefile?";
        case EACCES:
        case EPERM:
            return fmt::format(
                "user id {0} may not read it. As root: setfacl -m u:{0}:r {1}, and setfacl -m u:{0}:x for "
                "each folder above it that others may not enter; or chmod o+r {1}",
                ::geteuid(), path_);
        case EINVAL:
            return "it is not a regular file; name the DHCP server's lease file in lease_file";
        case EFBIG:
            return fmt::format("it is larger than {} MiB and not read; no DHCP server has so many leases",
                               largest >> 20);
        default:
            return fmt::format("cannot {} it: {}; it is tried again every 5 seconds", error.what,
                               std::strerror(error.code));
    }
}

}  // namespace dhcpsync
