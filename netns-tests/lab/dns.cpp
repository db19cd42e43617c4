#include "netns-tests/lab/dns.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

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

vrrpd::Bytes make_question() {
    static std::uint16_t id = 0;
    vrrpd::Bytes question;
    vrrpd::ByteWriter out(question);
    out.u16(++id).u16(0x0100).u16(1).u16(0).u16(0).u16(0);  // recursion desired, one question
    for (const std::string label : {"who", "answers", "example"}) {
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
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    std::memcpy(&address.sin_addr, server.bytes().data(), server.bytes().size());
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return std::nullopt;
    if (send(socket.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) return std::nullopt;
    vrrpd::Bytes answer(2048);
    const auto got = recv(socket.get(), answer.data(), answer.size(), 0);  // dnsmasq writes it at once
    if (got < 2) return std::nullopt;
    return answer_in(vrrpd::Bytes(answer.begin() + 2, answer.begin() + got), question);
}

}  // namespace lab
