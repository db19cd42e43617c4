#include "netns-tests/lab/traffic.hpp"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "netns-tests/lab/wait.hpp"

namespace lab {

using vrrpd::Family;
using vrrpd::Fd;
using vrrpd::IpAddress;

namespace {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress as_socket_address(const Endpoint& endpoint) {
    SocketAddress result;
    const auto bytes = endpoint.address.bytes();
    if (endpoint.address.is_v4()) {
        auto* in = reinterpret_cast<sockaddr_in*>(&result.storage);
        in->sin_family = AF_INET;
        in->sin_port = htons(endpoint.port);
        std::memcpy(&in->sin_addr, bytes.data(), bytes.size());
        result.size = sizeof *in;
    } else {
        auto* in6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(endpoint.port);
        std::memcpy(&in6->sin6_addr, bytes.data(), bytes.size());
        result.size = sizeof *in6;
    }
    return result;
}

IpAddress address_of(const SocketAddress& from) {
    if (from.storage.ss_family == AF_INET) {
        const auto* in = reinterpret_cast<const sockaddr_in*>(&from.storage);
        return *IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&in->sin_addr), 4});
    }
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&from.storage);
    return *IpAddress::from_bytes({in6->sin6_addr.s6_addr, 16});
}

int domain(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }

Fd make_socket(const Host& host, Family family, int type) {
    return host.netns().make_inside([&] {
        Fd fd(socket(domain(family), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!fd) give_up("socket: " + std::string(std::strerror(errno)));
        return fd;
    });
}

void bind_to(const Fd& fd, const Endpoint& endpoint) {
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto address = as_socket_address(endpoint);
    if (bind(fd.get(), address.get(), address.size) != 0) give_up("bind: " + std::string(std::strerror(errno)));
}

bool ready(const Fd& fd, short events, std::chrono::milliseconds limit) {
    pollfd wanted{fd.get(), events, 0};
    return poll(&wanted, 1, static_cast<int>(limit.count())) > 0;
}

// Connected within `limit`.
bool connect_to(const Fd& fd, const Endpoint& server, std::chrono::milliseconds limit) {
    auto address = as_socket_address(server);
    if (connect(fd.get(), address.get(), address.size) == 0) return true;
    if (errno != EINPROGRESS || !ready(fd, POLLOUT, limit)) return false;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0;
}

}  // namespace

void Worker::stop() {
    ending_ = true;
    if (thread_.joinable()) thread_.join();
}

std::optional<vrrpd::Bytes> ask_once(const Host& client, std::uint16_t source_port, const Endpoint& server,
                                     vrrpd::BytesView question, std::chrono::milliseconds limit) {
    const auto socket = make_socket(client, server.address.family(), SOCK_DGRAM);
    const bool v4 = server.address.is_v4();
    auto own = as_socket_address({*IpAddress::parse(v4 ? "0.0.0.0" : "::"), source_port});
    auto address = as_socket_address(server);
    // A process that another thread is just starting may still have the socket of the last question.
    const int on = 1;
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(socket.get(), own.get(), own.size) != 0) give_up("the client's port is taken");
    if (connect(socket.get(), address.get(), address.size) != 0) return std::nullopt;  // no route now
    if (send(socket.get(), question.data(), question.size(), MSG_NOSIGNAL) < 0) return std::nullopt;
    if (!ready(socket, POLLIN, limit)) return std::nullopt;
    vrrpd::Bytes answer(2048);
    const auto got = recv(socket.get(), answer.data(), answer.size(), 0);
    if (got < 0) return std::nullopt;
    answer.resize(static_cast<std::size_t>(got));
    return answer;
}

EchoServer::EchoServer(const Host& host, const Endpoint& at)
    : udp_(make_socket(host, at.address.family(), SOCK_DGRAM)),
      listener_(make_socket(host, at.address.family(), SOCK_STREAM)) {
    bind_to(udp_, at);
    bind_to(listener_, at);
    if (listen(listener_.get(), 16) != 0) give_up("listen: " + std::string(std::strerror(errno)));
    worker_.start([this] { step(); });
}

std::vector<IpAddress> EchoServer::askers() const {
    const std::lock_guard lock(mutex_);
    return askers_;
}

void EchoServer::step() {
    std::vector<pollfd> wanted{{udp_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const auto& stream : streams_) wanted.push_back({stream.get(), POLLIN, 0});
    if (poll(wanted.data(), wanted.size(), 20) <= 0) return;
    answer_datagrams();
    if (Fd stream(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)); stream) {
        streams_.push_back(std::move(stream));
    }
    answer_streams();
}

void EchoServer::answer_datagrams() {
    char bytes[2048];
    SocketAddress from;
    for (;;) {
        from.size = sizeof from.storage;
        const auto length = recvfrom(udp_.get(), bytes, sizeof bytes, 0, from.get(), &from.size);
        if (length < 0) return;
        sendto(udp_.get(), bytes, static_cast<std::size_t>(length), 0, from.get(), from.size);
        const std::lock_guard lock(mutex_);
        const auto asker = address_of(from);
        if (std::find(askers_.begin(), askers_.end(), asker) == askers_.end()) askers_.push_back(asker);
    }
}

void EchoServer::answer_streams() {
    char bytes[2048];
    for (auto& stream : streams_) {
        for (;;) {
            const auto length = recv(stream.get(), bytes, sizeof bytes, 0);
            if (length <= 0) {
                if (length == 0 || errno != EAGAIN) stream.reset();
                break;
            }
            send(stream.get(), bytes, static_cast<std::size_t>(length), MSG_NOSIGNAL);
        }
    }
    std::erase_if(streams_, [](const Fd& stream) { return !stream; });
}

Pinger::Pinger(const Host& client, const Endpoint& server)
    : socket_(make_socket(client, server.address.family(), SOCK_DGRAM)) {
    const int on = 1;
    setsockopt(socket_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    auto address = as_socket_address(server);
    // Connecting needs a route but sends nothing; errors of ICMP come back through send() and are no answer.
    if (connect(socket_.get(), address.get(), address.size) != 0) give_up("the client has no route to the server");
    worker_.start([this] { step(); });
}

void Pinger::step() {
    {
        const std::lock_guard lock(mutex_);
        const std::uint64_t number = asked_.size();
        asked_.push_back(wall_clock());
        answered_.push_back(false);
        send(socket_.get(), &number, sizeof number, MSG_NOSIGNAL);
    }
    const auto next = std::chrono::steady_clock::now() + period;
    while (std::chrono::steady_clock::now() < next) {
        ready(socket_, POLLIN, std::chrono::milliseconds(1));
        collect();
    }
}

void Pinger::collect() {
    std::uint64_t number = 0;
    alignas(cmsghdr) char control[128];
    iovec part{&number, sizeof number};
    for (;;) {
        msghdr message{nullptr, 0, &part, 1, control, sizeof control, 0};
        if (recvmsg(socket_.get(), &message, MSG_DONTWAIT) != sizeof number) return;
        timespec stamp{};
        for (auto* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
            if (at->cmsg_type == SCM_TIMESTAMPNS) std::memcpy(&stamp, CMSG_DATA(at), sizeof stamp);
        }
        const std::lock_guard lock(mutex_);
        replies_.emplace_back(std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec));
        if (number < answered_.size()) answered_[number] = true;
    }
}

bool Pinger::answered_since(Time time) const {
    const std::lock_guard lock(mutex_);
    return !replies_.empty() && replies_.back() >= time;
}

bool Pinger::await_answer(std::chrono::milliseconds limit) const {
    const auto asked = wall_clock();
    return wait_until([&] { return answered_since(asked); }, limit);
}

std::chrono::nanoseconds Pinger::longest_silence(Time from) const {
    const std::lock_guard lock(mutex_);
    auto at = std::lower_bound(replies_.begin(), replies_.end(), from);
    Time previous = from;
    std::chrono::nanoseconds longest{0};
    for (; at != replies_.end(); previous = *at++) longest = std::max(longest, *at - previous);
    return std::max(longest, wall_clock() - previous);
}

std::size_t Pinger::unanswered(Time from) const {
    const std::lock_guard lock(mutex_);
    const auto until = wall_clock() - std::chrono::milliseconds(50);
    std::size_t count = 0;
    for (std::size_t i = 0; i < asked_.size(); ++i) {
        if (asked_[i] >= from && asked_[i] < until && !answered_[i]) ++count;
    }
    return count;
}

Conversation::Conversation(const Host& client, const Endpoint& server)
    : socket_(make_socket(client, server.address.family(), SOCK_STREAM)) {
    connected_ = connect_to(socket_, server, std::chrono::seconds(5));
    if (connected_) worker_.start([this] { step(); });
}

void Conversation::step() {
    char bytes[64] = {};
    const auto sent = send(socket_.get(), bytes, sizeof bytes, MSG_NOSIGNAL);
    if (sent > 0) said_ += static_cast<std::uint64_t>(sent);
    if (sent < 0 && errno != EAGAIN) broken_ = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    for (;;) {
        const auto length = recv(socket_.get(), bytes, sizeof bytes, 0);
        if (length == 0 || (length < 0 && errno != EAGAIN)) broken_ = true;
        if (length <= 0) return;
        heard_ += static_cast<std::uint64_t>(length);
    }
}

bool Conversation::goes_on(std::chrono::milliseconds limit) const {
    const std::uint64_t until_now = said_;
    return connected_ && wait_until([&] { return broken_ || heard_ > until_now; }, limit) && !broken_;
}

Download::Download(const Host& client, const Host& server, const Endpoint& at)
    : listener_(make_socket(server, at.address.family(), SOCK_STREAM)),
      reader_(make_socket(client, at.address.family(), SOCK_STREAM)) {
    bind_to(listener_, at);
    if (listen(listener_.get(), 1) != 0) give_up("listen: " + std::string(std::strerror(errno)));
    connected_ = connect_to(reader_, at, std::chrono::seconds(5)) && ready(listener_, POLLIN, std::chrono::seconds(1));
    if (!connected_) return;
    sender_ = Fd(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    server_.start([this] { send_more(); });
    client_.start([this] { read_more(); });
}

void Download::send_more() {
    const char bytes[1000] = {};
    const auto sent = send(sender_.get(), bytes, sizeof bytes, MSG_NOSIGNAL);
    if (sent > 0) said_ += static_cast<std::uint64_t>(sent);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void Download::read_more() {
    char bytes[4096];
    if (!ready(reader_, POLLIN, std::chrono::milliseconds(10))) return;
    const auto length = recv(reader_.get(), bytes, sizeof bytes, 0);
    if (length > 0) heard_ += static_cast<std::uint64_t>(length);
}

void Download::say_something() const { send(reader_.get(), "", 1, MSG_NOSIGNAL); }

bool Download::goes_on(std::chrono::milliseconds limit) const {
    const std::uint64_t until_now = said_;
    return connected_ && wait_until([&] { return heard_ > until_now; }, limit);
}

bool tcp_works(const Host& client, const Endpoint& server, std::chrono::milliseconds limit) {
    const auto fd = make_socket(client, server.address.family(), SOCK_STREAM);
    if (!connect_to(fd, server, limit)) return false;
    const char word[] = "hello";
    char echo[sizeof word] = {};
    if (send(fd.get(), word, sizeof word, MSG_NOSIGNAL) != sizeof word || !ready(fd, POLLIN, limit)) return false;
    return recv(fd.get(), echo, sizeof echo, 0) == sizeof word && std::memcmp(word, echo, sizeof word) == 0;
}

Injector::Injector(const Host& host, const std::string& device) {
    socket_ = host.netns().make_inside([&] {
        Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
        sockaddr_ll address{};
        address.sll_family = AF_PACKET;
        address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
        if (!fd || bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            give_up("packet socket on " + device + ": " + std::strerror(errno));
        }
        return fd;
    });
}

bool Injector::send(vrrpd::BytesView frame) const {
    if (::send(socket_.get(), frame.data(), frame.size(), 0) >= 0) return true;
    if (errno != ENOBUFS) give_up("send: " + std::string(std::strerror(errno)));
    return false;
}

}  // namespace lab
