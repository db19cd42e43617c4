#include "netns-tests/lab/dns.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "netns-tests/lab/traffic.hpp"
#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/fd.hpp"

namespace lab {

using vrrpd::IpAddress;

namespace {

Process start(const Host& host, const IpAddress& own, std::vector<std::string> more) {
    std::vector<std::string> words{
        "dnsmasq",     "--keep-in-foreground", "--conf-file=/dev/null", "--user=root",
        "--pid-file=", "--bind-interfaces",    "--no-resolv",           "--listen-address=" + own.to_string(),
        "--no-hosts",  "--log-facility=-"};
    words.insert(words.end(), more.begin(), more.end());
    return Process(words, host.netns().fd(), "/dev/null");
}

vrrpd::Bytes make_question(const std::string& top_level = "example") {
    static std::atomic<std::uint16_t> id = 0;
    vrrpd::Bytes question;
    vrrpd::ByteWriter out(question);
    out.u16(++id).u16(0x0100).u16(1).u16(0).u16(0).u16(0);  // recursion desired, one question
    for (const auto& label : {std::string("who"), std::string("answers"), top_level}) {
        out.u8(static_cast<std::uint8_t>(label.size()));
        for (const char c : label) out.u8(static_cast<std::uint8_t>(c));
    }
    out.u8(0).u16(1).u16(1);  // A, IN
    return question;
}

std::optional<IpAddress> answer_in(const std::optional<vrrpd::Bytes>& answer, const vrrpd::Bytes& question) {
    constexpr std::size_t header = 12;
    if (!answer || answer->size() < question.size() + header) return std::nullopt;
    if ((*answer)[0] != question[0] || (*answer)[1] != question[1]) return std::nullopt;
    return IpAddress::from_bytes(vrrpd::BytesView(*answer).last(4));  // its one record ends with it
}

}  // namespace

Process start_forwarder(const Host& host, const IpAddress& own, const IpAddress& answer) {
    return start(host, own, {"--address=/#/" + answer.to_string()});
}

Process start_forwarder_below(const IpAddress& upstream, const Host& host, const IpAddress& own,
                              const IpAddress& answer) {
    return start(
        host, own,
        {"--address=/example/healthcheck.adguardhome.test/" + answer.to_string(), "--server=" + upstream.to_string()});
}

Process start_forwarder_that_denies(const Host& host, const IpAddress& own) {
    return start(host, own, {"--local=/#/"});
}

std::optional<IpAddress> resolve(const Host& client, const IpAddress& server, std::chrono::milliseconds limit) {
    const auto question = make_question();
    return answer_in(ask_once(client, 40053, {server, 53}, question, limit), question);
}

namespace {

constexpr std::uint16_t asking_port = 40054;
constexpr int asking_pace = 20;  // ms

sockaddr_in socket_address(const IpAddress& address, std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    std::memcpy(&result.sin_addr, address.bytes().data(), address.bytes().size());
    return result;
}

vrrpd::Fd open_asking() {
    vrrpd::Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto own = socket_address(IpAddress::v4(0, 0, 0, 0), asking_port);
    if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0)
        give_up(std::string("a socket to ask from: ") + std::strerror(errno));
    return fd;
}

// Of whichever question: a slow one is an answer when it comes.
bool has_answer(vrrpd::BytesView message) {
    vrrpd::ByteReader in(message);
    in.take(6);
    return in.u16() > 0 && in.ok();
}

}  // namespace

Asking::Asking(const Host& client, Name name) : socket_(client.netns().make_inside(open_asking)), name_(name) {
    worker_.start([this] { step(); });
    const auto is_answered = [this] {
        const std::lock_guard lock(mutex_);
        return answered_.has_value();
    };
    if (!wait_until(is_answered)) give_up("nobody answers the client's questions");
}

void Asking::step() {
    const auto question = make_question(name_ == Name::outside ? "elsewhere" : "example");
    const auto server = socket_address(Home::vip, 53);
    // No route, nobody who answers ARP: as if it had been lost.
    (void)sendto(socket_.get(), question.data(), question.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&server), sizeof server);
    pollfd wanted{socket_.get(), POLLIN, 0};
    for (const auto end = wall_clock() + std::chrono::milliseconds(asking_pace); wall_clock() < end;) {
        if (poll(&wanted, 1, asking_pace) <= 0) continue;
        std::array<std::uint8_t, 2048> buffer;
        const auto got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 || !has_answer(vrrpd::BytesView(buffer).first(static_cast<std::size_t>(got)))) continue;
        const std::lock_guard lock(mutex_);
        const auto now = wall_clock();
        if (answered_) longest_ = std::max<std::chrono::nanoseconds>(longest_, now - *answered_);
        answered_ = now;
    }
}

std::chrono::milliseconds Asking::longest_wait() const {
    const std::lock_guard lock(mutex_);
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::max<std::chrono::nanoseconds>(longest_, wall_clock() - *answered_));
}

std::optional<IpAddress> resolve_over_tcp(const Host& client, const IpAddress& server,
                                          std::chrono::milliseconds limit) {
    const auto question = make_question();
    vrrpd::Bytes message;
    vrrpd::ByteWriter(message).u16(static_cast<std::uint16_t>(question.size())).bytes(question);
    const auto socket =
        client.netns().make_inside([] { return vrrpd::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); });
    const timeval patience{limit.count() / 1000, (limit.count() % 1000) * 1000};
    for (const int direction : {SO_RCVTIMEO, SO_SNDTIMEO})
        setsockopt(socket.get(), SOL_SOCKET, direction, &patience, sizeof patience);
    const auto address = socket_address(server, 53);
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return std::nullopt;
    if (send(socket.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) return std::nullopt;
    vrrpd::Bytes answer(2048);
    const auto got = recv(socket.get(), answer.data(), answer.size(), 0);  // dnsmasq writes it at once
    if (got < 2) return std::nullopt;
    return answer_in(vrrpd::Bytes(answer.begin() + 2, answer.begin() + got), question);
}

}  // namespace lab
