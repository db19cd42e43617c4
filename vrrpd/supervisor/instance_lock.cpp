#include "vrrpd/supervisor/instance_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr char abstract_name[] = "\0vrrpd";  // without the final zero: six bytes

sockaddr_un address_of_lock(socklen_t& size) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, abstract_name, sizeof abstract_name - 1);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + sizeof abstract_name - 1);
    return address;
}

// Who listens under the name in this network namespace.
pid_t listener() {
    const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    socklen_t size = 0;
    const auto address = address_of_lock(size);
    ucred peer{};
    socklen_t peer_size = sizeof peer;
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) != 0)
        return 0;
    return peer.pid;
}

pid_t pid_in(const std::string& path) {
    const auto text = read_file(path).value_or("");
    pid_t pid = 0;
    std::from_chars(text.data(), text.data() + text.size(), pid);
    return pid;
}

LockAttempt problem(const std::string& what) { return {{}, 0, fmt::format("{}: {}", what, std::strerror(errno))}; }

}  // namespace

LockAttempt take_lock(const std::string& runtime_dir) {
    if (mkdir(runtime_dir.c_str(), 0755) == 0) chmod(runtime_dir.c_str(), 0755);  // whatever the umask says
    const std::string path = runtime_dir + "/lock";
    Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) return problem("open " + path);
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return {{}, pid_in(path), {}};
        return problem("lock " + path);
    }
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    socklen_t size = 0;
    const auto address = address_of_lock(size);
    if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
        if (errno == EADDRINUSE) return {{}, listener(), {}};
        return problem("claim the network namespace");
    }
    if (listen(socket.get(), 0) != 0) return problem("claim the network namespace");  // so that listener() finds us
    const auto pid = fmt::format("{}\n", getpid());
    if (ftruncate(file.get(), 0) != 0 || pwrite(file.get(), pid.data(), pid.size(), 0) < 0)
        return problem("write " + path);
    return {InstanceLock(std::move(file), std::move(socket)), 0, {}};
}

}  // namespace vrrpd::supervisor
