#include "vrrpd/supervisor/log_outlet.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "vrrpd/base/loop.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr std::size_t most_kept = 256 << 10;  // bytes

bool is_writable(int fd, int milliseconds) {
    pollfd waiting{fd, POLLOUT, 0};
    return ::poll(&waiting, 1, milliseconds) > 0;
}

class FileTransport final : public LogTransport {
public:
    explicit FileTransport(Fd file) : file_(std::move(file)) {}
    ssize_t write(std::string_view record) override { return ::write(file_.get(), record.data(), record.size()); }
    [[nodiscard]] int fd() const override { return file_.get(); }

private:
    Fd file_;
};

class SocketTransport final : public LogTransport {
public:
    explicit SocketTransport(int socket) : socket_(socket) {}
    ssize_t write(std::string_view record) override {
        return ::send(socket_, record.data(), record.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    [[nodiscard]] int fd() const override { return socket_; }

private:
    int socket_;
};

// One that waits, and cannot be opened a second time (a terminal of another user): so little at once that whatever is
// writable takes it.
class SharedTransport final : public LogTransport {
public:
    explicit SharedTransport(int descriptor) : descriptor_(descriptor) {}
    ssize_t write(std::string_view record) override {
        if (is_writable(descriptor_, 0))
            return ::write(descriptor_, record.data(), std::min<std::size_t>(record.size(), PIPE_BUF));
        errno = EAGAIN;
        return -1;
    }
    [[nodiscard]] int fd() const override { return descriptor_; }

private:
    int descriptor_;
};

class SyslogTransport final : public LogTransport {
public:
    explicit SyslogTransport(std::string path) : path_(std::move(path)) { connect(); }

    ssize_t write(std::string_view record) override {
        if (!socket_ && !connect()) return later();
        auto sent = send(record);
        if (sent < 0 && is_of_another_life(errno)) sent = connect() ? send(record) : later();
        return sent < 0 && is_of_another_life(errno) ? later() : sent;
    }
    [[nodiscard]] int fd() const override { return socket_.get(); }

private:
    // It ended; perhaps another runs there already.
    static bool is_of_another_life(int code) {
        return code == ECONNREFUSED || code == ECONNRESET || code == ENOTCONN || code == EPIPE;
    }
    static ssize_t later() {
        errno = EAGAIN;
        return -1;
    }
    bool connect() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {  // as syslog(3) tries them
            socket_ = Fd(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            is_stream_ = type == SOCK_STREAM;
            if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
            if (errno != EPROTOTYPE) break;
        }
        socket_.reset();
        return false;
    }
    ssize_t send(std::string_view record) {
        // On a stream a zero ends the record; the string behind the view has one.
        const auto size = record.size() + (is_stream_ ? 1 : 0);
        const auto sent = ::send(socket_.get(), record.data(), size, MSG_NOSIGNAL);
        return std::min(sent, std::ssize(record));
    }

    std::string path_;
    Fd socket_;
    bool is_stream_ = false;
};

}  // namespace

std::unique_ptr<LogTransport> stream_transport(int descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0 || S_ISREG(status.st_mode))  // a second open would begin at the first byte
        return std::make_unique<FileTransport>(Fd(fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)));
    if (S_ISSOCK(status.st_mode)) return std::make_unique<SocketTransport>(descriptor);
    Fd second(open(fmt::format("/proc/self/fd/{}", descriptor).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (second) return std::make_unique<FileTransport>(std::move(second));
    return std::make_unique<SharedTransport>(descriptor);
}

std::unique_ptr<LogTransport> file_transport(Fd file) { return std::make_unique<FileTransport>(std::move(file)); }

std::unique_ptr<LogTransport> syslog_transport(std::string path) {
    return std::make_unique<SyslogTransport>(std::move(path));
}

bool LogOutlet::put(std::string record) {
    if (!flush() && bytes_ + record.size() > most_kept) return false;
    bytes_ += record.size();
    kept_.push_back(std::move(record));
    while (!flush() && patient_ && transport_->fd() >= 0) wait(-1);
    return true;
}

bool LogOutlet::flush() {
    while (!kept_.empty()) {
        const auto& first = kept_.front();
        const auto put = transport_->write(std::string_view(first).substr(taken_));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && (errno == EAGAIN || errno == ENOBUFS)) return false;
        // Any other failure is of the record, or for ever: it must not keep the others back.
        taken_ += put < 0 ? first.size() : static_cast<std::size_t>(put);
        if (taken_ < first.size()) continue;
        bytes_ -= first.size();
        taken_ = 0;
        kept_.pop_front();
    }
    return true;
}

void LogOutlet::drain(Duration limit) {
    const auto end = boot_now() + limit;
    while (!flush() && transport_->fd() >= 0) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - boot_now()).count();
        if (left <= 0) return;
        wait(static_cast<int>(left));
    }
}

bool LogOutlet::has_room() const { return bytes_ < most_kept / 2; }

void LogOutlet::wait(int milliseconds) const { (void)is_writable(transport_->fd(), milliseconds); }

}  // namespace vrrpd::supervisor
