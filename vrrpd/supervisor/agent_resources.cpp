#include "vrrpd/supervisor/agent_resources.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "vrrpd/base/account.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr mode_t socket_mode = 0660, directory_mode = 0700;
constexpr int waiting_callers = 16;

// Root and the members of the group may connect. We hold the instance's lock: what stands there is a dead daemon's.
Result<Fd> listen_at(const std::string& path) {
    const auto failed = [&] { return fail(errno, "listen at " + path); };
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return failed();
    }
    std::memcpy(address.sun_path, path.c_str(), path.size());
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return failed();
    unlink(path.c_str());
    // Nobody else's before it has its mode: connecting needs the permission to write.
    const mode_t before = umask(0777);
    const bool bound = bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const int code = errno;
    umask(before);
    errno = code;
    if (!bound) return failed();
    const auto group = geteuid() == 0 ? find_group(own_account) : std::nullopt;
    if (group && chown(path.c_str(), 0, *group) != 0) return failed();
    if (chmod(path.c_str(), socket_mode) != 0 || listen(socket.get(), waiting_callers) != 0) return failed();
    return socket;
}

// The agent's, whoever made it. A link in its place is not followed.
Result<Fd> open_directory(const std::string& path) {
    const auto failed = [&] { return fail(errno, "make the agent's directory " + path); };
    if (mkdir(path.c_str(), directory_mode) != 0 && errno != EEXIST) return failed();
    Fd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory || fchmod(directory.get(), directory_mode) != 0) return failed();
    if (geteuid() != 0) return directory;
    const auto user = agent_account();
    if (user && fchown(directory.get(), user->user, user->group) != 0) return failed();
    return directory;
}

void say_what_is_missing(const Result<Fd>& wanted, const char* consequence, Log& log) {
    if (!wanted) log.warning("{}; {}", wanted.error().describe(), consequence);
}

}  // namespace

AgentResources::AgentResources(const Paths& paths, Log& log, Fd control_socket)
    : log_(log), control_(std::move(control_socket)) {
    if (control_) {
        control_path_ = paths.control_socket;
    } else if (!paths.control_socket.empty()) {
        auto socket = listen_at(paths.control_socket);
        say_what_is_missing(socket, "vrrpctl cannot ask this daemon", log_);
        if (socket) {
            control_ = std::move(*socket);
            control_path_ = paths.control_socket;
        }
    }
    if (!paths.directory.empty()) {
        auto directory = open_directory(paths.directory);
        say_what_is_missing(directory, "this host tells the others of no lease, since a restart would forget it", log_);
        if (directory) directory_ = std::move(*directory);
    }
}

AgentResources::~AgentResources() {
    if (control_ && !control_path_.empty()) unlink(control_path_.c_str());
}

void AgentResources::give(ipc::Channel& agent) const {
    agent.send(ipc::Kind::control_socket, {}, 0, control_.get());
    agent.send(ipc::Kind::state_directory, {}, 0, directory_.get());
}

void AgentResources::give_key(ipc::Channel& agent, const std::string& path) {
    if (path.empty()) return;
    // Non-blocking: a FIFO in its place must not stop us. What is no key file the agent refuses.
    const Fd key(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    std::string trouble;
    if (!key)
        trouble = fmt::format("the key file {} of peer_link cannot be opened: {}; {}", path, std::strerror(errno),
                              errno == ENOENT
                                  ? "make it once with `vrrpctl keygen " + path + "`, and copy it to the other members"
                                  : "the other members are not spoken to");
    if (!trouble.empty() && trouble != key_trouble_) log_.error("{}", trouble);
    key_trouble_ = trouble;
    agent.send(ipc::Kind::peer_key, key ? path : trouble, 0, key.get());
}

}  // namespace vrrpd::supervisor
