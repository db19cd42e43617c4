#include "vrrpd/supervisor/instance_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "vrrpd/supervisor/abstract_name.hpp"
#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor {

namespace {

struct AbstractName {
    sockaddr_un address{};
    socklen_t size = 0;

    std::string name;

    explicit AbstractName(const std::string& instance) : name("vrrpd" + (instance.empty() ? "" : "/" + instance)) {
        name.resize(std::min(name.size(), sizeof address.sun_path - 1));
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path + 1, name.data(), name.size());  // behind a zero
        size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// Who listens under the name in this network namespace.
pid_t listener(const AbstractName& name) {
    const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ucred peer{};
    socklen_t peer_size = sizeof peer;
    if (connect(socket.get(), name.get(), name.size) != 0 ||
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

// A daemon is root's, or of a user like us. Whoever else has the name wants to keep us from running, or does not know.
std::optional<uid_t> stranger_with(const AbstractName& name) {
    const auto owner = owner_of_abstract_name(name.name);
    return owner && *owner != 0 && *owner != geteuid() ? owner : std::nullopt;
}

bool bind_to_any_name(int socket) {
    const sockaddr_un address{AF_UNIX, {}};
    return bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address.sun_family) == 0;
}

LockAttempt problem(const std::string& what) { return {{}, 0, fmt::format("{}: {}", what, std::strerror(errno)), {}}; }

}  // namespace

bool InstanceLock::sign() const {
    const auto text = fmt::format("{}\n{}\n", getpid(), purpose_);
    return ::listen(socket_.get(), 0) == 0 &&  // so that listener() finds us
           ftruncate(file_.get(), 0) == 0 && pwrite(file_.get(), text.data(), text.size(), 0) > 0;
}

LockAttempt take_lock(const std::string& runtime_dir, const std::string& instance, const std::string& purpose) {
    make_parents(runtime_dir);
    if (mkdir(runtime_dir.c_str(), 0755) == 0) chmod(runtime_dir.c_str(), 0755);  // whatever the umask says
    const std::string path = runtime_dir + "/lock";
    Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) return problem("open " + path);
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return {{}, pid_in(path), {}, {}};
        return problem("lock " + path);
    }
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const AbstractName name(instance);
    std::string remark;
    if (bind(socket.get(), name.get(), name.size) != 0) {
        if (errno != EADDRINUSE) return problem("claim the network namespace");
        const auto stranger = stranger_with(name);
        if (!stranger) return {{}, listener(name), {}, {}};
        if (!bind_to_any_name(socket.get())) return problem("claim the network namespace");
        remark = fmt::format(
            "user {} has bound our name in this network namespace (@{}), and is no daemon: it is ignored; that a "
            "second "
            "daemon is not started here is up to you",
            *stranger, name.name);
    }
    LockAttempt attempt{InstanceLock(std::move(file), std::move(socket), purpose), 0, {}, std::move(remark)};
    if (!attempt.lock->sign()) return problem("write " + path);
    return attempt;
}

pid_t holder_for(const std::string& purpose, const std::string& directory) {
    std::vector<std::string> places{directory};
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error))
        if (entry.is_directory(error)) places.push_back(entry.path());
    for (const auto& place : places) {
        const auto path = place + "/lock";
        const Fd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        const bool is_held = file && flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        const auto text = is_held ? read_file(path).value_or("") : std::string();
        const auto second = text.find('\n');
        if (second != text.npos && text.substr(second + 1) == purpose + '\n') return pid_in(path);
    }
    return 0;
}

}  // namespace vrrpd::supervisor
