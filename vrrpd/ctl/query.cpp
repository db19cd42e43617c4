#include "vrrpd/ctl/query.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "vrrpd/base/fd.hpp"

namespace vrrpd::ctl {

namespace {

constexpr timeval patience{5, 0};  // it answers within a second or two, or not at all
constexpr std::size_t answer_max = 64 << 20;

std::string remedy(int code, const std::string& path) {
    switch (code) {
        case ENOENT:
        case ECONNREFUSED:
            return "is vrrpd running? See systemctl status vrrpd; another --runtime-dir is given here by the same "
                   "option";
        case EACCES:
        case EPERM:
            return "only root and the group of " + path + " may ask: try sudo, or join that group (_vrrpd)";
        default:
            return "see the log of vrrpd";
    }
}

tl::unexpected<std::string> cannot(int code, const std::string& path) {
    return tl::unexpected<std::string>(
        fmt::format("cannot ask vrrpd at {}: {}; {}", path, std::strerror(code), remedy(code, path)));
}

tl::expected<std::string, std::string> read_answer(const Fd& socket, const std::string& path) {
    std::string answer;
    std::array<char, 65536> piece;
    for (;;) {
        const auto got = recv(socket.get(), piece.data(), piece.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot(errno == EAGAIN ? ETIMEDOUT : errno, path);
        if (got == 0) break;
        answer.append(piece.data(), static_cast<std::size_t>(got));
        if (answer.size() > answer_max) return cannot(EMSGSIZE, path);
    }
    if (!answer.empty()) return answer;
    return tl::unexpected<std::string>("vrrpd at " + path +
                                       " hung up: only root and the group of the socket (_vrrpd) may ask");
}

}  // namespace

tl::expected<std::string, std::string> ask(const std::string& runtime_dir, const std::string& request) {
    const auto path = runtime_dir + "/control";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return cannot(ENAMETOOLONG, path);
    std::memcpy(address.sun_path, path.data(), path.size());
    const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket || setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return cannot(errno, path);
    const auto line = request + '\n';
    if (send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) != std::ssize(line)) return cannot(errno, path);
    return read_answer(socket, path);
}

}  // namespace vrrpd::ctl
