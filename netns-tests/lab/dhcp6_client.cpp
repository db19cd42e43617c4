#include "netns-tests/lab/dhcp6_client.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "netns-tests/lab/process.hpp"
#include "netns-tests/lab/wait.hpp"

namespace lab {

using vrrpd::ByteReader;
using vrrpd::Bytes;
using vrrpd::BytesView;
using vrrpd::ByteWriter;
using vrrpd::Fd;
using vrrpd::IpAddress;

namespace {

constexpr std::uint16_t client_port6 = 546, server_port6 = 547;
constexpr std::uint32_t interface_association = 1, transaction_mask = 0xffffff;
constexpr auto patience6 = std::chrono::milliseconds(500);

namespace option6 {
constexpr std::uint16_t client_id = 1, server_id = 2, ia_na = 3, ia_address = 5, elapsed_time = 8;
}

Fd open_dhcp6_socket(const std::string& device) {
    Fd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 own{};
    own.sin6_family = AF_INET6;
    own.sin6_port = htons(client_port6);
    if (!fd ||
        setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, device.c_str(), static_cast<socklen_t>(device.size())) != 0 ||
        bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0)
        give_up("a socket of a DHCPv6 client on " + device + ": " + std::strerror(errno));
    return fd;
}

void put_option(ByteWriter& out, std::uint16_t code, BytesView value) {
    out.u16(code).u16(static_cast<std::uint16_t>(value.size())).bytes(value);
}

// IA_NA, with the address that it has. T1, T2 and the lifetimes are the server's to say.
Bytes association(const std::optional<Dhcp6Lease>& known) {
    Bytes result;
    ByteWriter out(result);
    out.u32(interface_association).u32(0).u32(0);
    if (!known) return result;
    Bytes address;
    ByteWriter(address).bytes(known->address.bytes()).u32(0).u32(0);
    put_option(out, option6::ia_address, address);
    return result;
}

void read_association(BytesView value, Dhcp6Lease& lease) {
    ByteReader in(value);
    in.take(12);
    while (in.remaining() >= 4) {
        const auto code = in.u16();
        ByteReader inner(in.take(in.u16()));
        if (code != option6::ia_address) continue;
        if (const auto address = IpAddress::from_bytes(inner.take(16))) lease.address = *address;
        inner.u32();  // preferred
        lease.valid = std::chrono::seconds(inner.u32());
    }
}

// nullopt: another type or transaction, or no address in it.
std::optional<Dhcp6Lease> read_answer(BytesView message, std::uint8_t type, std::uint32_t transaction) {
    ByteReader in(message);
    if (in.u32() != (std::uint32_t{type} << 24 | transaction)) return std::nullopt;
    Dhcp6Lease lease;
    while (in.remaining() >= 4) {
        const auto code = in.u16();
        const auto value = in.take(in.u16());
        if (code == option6::server_id) lease.server.assign(value.begin(), value.end());
        if (code == option6::ia_na) read_association(value, lease);
    }
    return in.ok() && lease.valid.count() > 0 ? std::optional(lease) : std::nullopt;
}

}  // namespace

Dhcp6Client::Dhcp6Client(const Host& host, const std::string& device, std::uint8_t number)
    : socket_(host.netns().make_inside([&] { return open_dhcp6_socket(device); })),
      device_(host.netns().make_inside([&] { return if_nametoindex(device.c_str()); })) {
    ByteWriter(duid_).u16(3).u16(1).bytes(std::array<std::uint8_t, 6>{2, 0xdc, 6, 0, 0, number});  // DUID-LL, Ethernet
}

Bytes Dhcp6Client::message(Type type, const std::optional<Dhcp6Lease>& known) const {
    Bytes result;
    ByteWriter out(result);
    out.u32(std::uint32_t{static_cast<std::uint8_t>(type)} << 24 | transaction_);
    put_option(out, option6::client_id, duid_);
    if (known) put_option(out, option6::server_id, known->server);
    put_option(out, option6::elapsed_time, std::array<std::uint8_t, 2>{});
    put_option(out, option6::ia_na, association(known));
    return result;
}

std::optional<Dhcp6Lease> Dhcp6Client::ask(Type type, Type wanted, const std::optional<Dhcp6Lease>& known) {
    transaction_ = (transaction_ + 1) & transaction_mask;
    sockaddr_in6 servers{};  // All_DHCP_Relay_Agents_and_Servers
    servers.sin6_family = AF_INET6;
    servers.sin6_port = htons(server_port6);
    servers.sin6_scope_id = device_;
    inet_pton(AF_INET6, "ff02::1:2", &servers.sin6_addr);
    const auto question = message(type, known);
    (void)sendto(socket_.get(), question.data(), question.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&servers), sizeof servers);
    pollfd readable{socket_.get(), POLLIN, 0};
    for (const auto end = wall_clock() + patience6; wall_clock() < end;) {
        if (poll(&readable, 1, static_cast<int>(patience6.count())) <= 0) return std::nullopt;
        std::array<std::uint8_t, 2048> buffer;
        const auto got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0) continue;
        if (auto answer = read_answer(BytesView(buffer).first(static_cast<std::size_t>(got)),
                                      static_cast<std::uint8_t>(wanted), transaction_))
            return answer;
    }
    return std::nullopt;
}

bool Dhcp6Client::join() {
    lease_.reset();
    const auto offer = ask(Type::solicit, Type::advertise, std::nullopt);
    if (offer) lease_ = ask(Type::request, Type::reply, offer);
    return lease_.has_value();
}

bool Dhcp6Client::renew() {
    auto answer = lease_ ? ask(Type::renew, Type::reply, lease_) : std::nullopt;
    if (!answer) return false;
    lease_ = std::move(answer);
    return true;
}

}  // namespace lab
