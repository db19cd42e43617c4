#include "netns-tests/lab/dns.hpp"

#include <string>

#include "netns-tests/lab/traffic.hpp"
#include "vrrpd/base/bytes.hpp"

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
    constexpr std::size_t header = 12;
    static std::uint16_t id = 0;
    vrrpd::Bytes question;
    vrrpd::ByteWriter out(question);
    out.u16(++id).u16(0x0100).u16(1).u16(0).u16(0).u16(0);  // recursion desired, one question
    for (const std::string label : {"who", "answers", "example"}) {
        out.u8(static_cast<std::uint8_t>(label.size()));
        for (const char c : label) out.u8(static_cast<std::uint8_t>(c));
    }
    out.u8(0).u16(1).u16(1);  // A, IN
    const auto answer = ask_once(client, 40053, {server, 53}, question, limit);
    if (!answer || answer->size() < question.size() + header) return std::nullopt;
    if ((*answer)[0] != question[0] || (*answer)[1] != question[1]) return std::nullopt;
    return IpAddress::from_bytes(vrrpd::BytesView(*answer).last(4));  // its one record ends with it
}

}  // namespace lab
