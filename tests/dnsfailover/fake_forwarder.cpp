#include "tests/dnsfailover/fake_forwarder.hpp"

#include <algorithm>
#include <array>

#include "tests/dnsfailover/samples.hpp"
#include "vrrpd/base/assert.hpp"

namespace dnsfailover::test {

namespace {

vrrpd::Fd bound_socket(int type, const Endpoint& endpoint) {
    const auto at = vrrpd::socket_address(endpoint.address, endpoint.port, endpoint.interface);
    vrrpd::Fd fd(::socket(at.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    ASSERT(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    ASSERT(::bind(fd.get(), at.get(), at.size) == 0);
    if (type == SOCK_STREAM) ASSERT(::listen(fd.get(), 16) == 0);
    return fd;
}

constexpr std::size_t header = 12;

// The first label of what a forwarder answers by itself.
bool is_own(BytesView query) {
    static constexpr std::string_view own = "healthcheck";
    return query.size() > header + own.size() && std::equal(own.begin(), own.end(), query.begin() + header + 1,
                                                            [](char a, std::uint8_t b) { return a == b; });
}

bool has_two_labels(BytesView query) {
    unsigned labels = 0;
    for (auto at = header; at < query.size() && query[at] != 0; at += query[at] + 1U) ++labels;
    return labels == 2;
}

}  // namespace

FakeForwarder::FakeForwarder(vrrpd::Loop& loop, const char* address)
    : loop_(loop),
      address_(IpAddress::parse(address).value()),
      udp_(bound_socket(SOCK_DGRAM, endpoint())),
      tcp_(bound_socket(SOCK_STREAM, endpoint())),
      elsewhere_(bound_socket(SOCK_DGRAM, {IpAddress::v4(127, 9, 9, 9), 0})),
      udp_watch_(loop.on_readable(udp_.get(), [this] { datagram(); })),
      tcp_watch_(loop.on_readable(tcp_.get(), [this] { connection(); })) {}

Deadline FakeForwarder::next_deadline() const {
    Deadline first;
    for (const auto& each : later_) first = vrrpd::earlier(first, each.at);
    return first;
}

void FakeForwarder::time_reached() {
    const auto due = std::stable_partition(later_.begin(), later_.end(),
                                           [this](const Later& each) { return each.at > loop_.now(); });
    for (auto each = due; each != later_.end(); ++each) send(*each);
    later_.erase(due, later_.end());
}

void FakeForwarder::datagram() {
    std::array<std::uint8_t, 512> query;
    Later how;
    how.to.size = sizeof how.to.storage;
    const auto got = ::recvfrom(udp_.get(), query.data(), query.size(), 0, reinterpret_cast<sockaddr*>(&how.to.storage),
                                &how.to.size);
    if (got < 0) return;
    ++udp_queries;
    if (manner.udp) answer(BytesView(query).first(static_cast<std::size_t>(got)), how);
}

void FakeForwarder::connection() {
    vrrpd::Fd fd(::accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    const auto which = connections_.size();
    auto watch = loop_.on_readable(fd.get(), [this, which] { stream(which); });
    connections_.push_back({std::move(fd), std::move(watch)});
}

void FakeForwarder::stream(std::size_t which) {
    auto& connection = connections_[which];
    std::array<std::uint8_t, 512> query;
    const auto got = ::recv(connection.fd.get(), query.data(), query.size(), 0);
    if (got <= 2) {
        connection.watch.reset();
        connection.fd.reset();
        return;
    }
    ++tcp_queries;
    Later how;
    how.connection = static_cast<int>(which);
    if (manner.tcp) answer(BytesView(query).subspan(2, static_cast<std::size_t>(got) - 2), how);
}

void FakeForwarder::answer(BytesView query, Later how) {
    if (!manner.upstream && !is_own(query)) return;
    const bool udp = how.connection < 0;
    how.message = response(query, udp);
    how.at = loop_.now() + manner.takes;
    if (udp) {
        for (unsigned copy = 0; copy < manner.copies; ++copy) later_.push_back(how);
        return;
    }
    how.message.insert(how.message.begin(), {static_cast<std::uint8_t>(how.message.size() >> 8),
                                             static_cast<std::uint8_t>(how.message.size())});
    const auto piece = manner.slow_tcp ? 1 : how.message.size();
    const auto whole = how.message;
    for (std::size_t at = 0; at < whole.size(); at += piece, how.at += std::chrono::milliseconds(1)) {
        how.message.assign(whole.begin() + static_cast<std::ptrdiff_t>(at),
                           whole.begin() + static_cast<std::ptrdiff_t>(std::min(at + piece, whole.size())));
        later_.push_back(how);
    }
}

Bytes FakeForwarder::response(BytesView query, bool udp) const {
    if (manner.garbage) return *manner.garbage;
    Bytes message(query.begin(), query.end());
    const bool exists = has_two_labels(query) && !manner.rcode;
    const auto rcode = is_own(query) || exists ? Rcode::noerror : manner.rcode.value_or(Rcode::nxdomain);
    message[2] |= 0x80;
    message[3] = static_cast<std::uint8_t>(0x80 | static_cast<std::uint8_t>(rcode));
    if (exists) {
        const auto record = sample::a_record(IpAddress::v4(192, 0, 2, 7));
        message[7] = 1;
        message.insert(message.end(), record.begin(), record.end());
    }
    if (manner.truncates && udp) message[2] |= 0x02;
    if (manner.wrong_id) message[1] ^= 1;
    if (manner.wrong_question) message[header + 1] = 'x';
    return message;
}

void FakeForwarder::send(const Later& later) {
    if (later.connection >= 0) {
        const auto& fd = connections_[static_cast<std::size_t>(later.connection)].fd;
        if (fd) (void)::send(fd.get(), later.message.data(), later.message.size(), MSG_NOSIGNAL);
        return;
    }
    const auto& fd = manner.wrong_source ? elsewhere_ : udp_;
    (void)::sendto(fd.get(), later.message.data(), later.message.size(), 0,
                   reinterpret_cast<const sockaddr*>(&later.to.storage), later.to.size);
}

}  // namespace dnsfailover::test
