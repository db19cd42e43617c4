#include "netns-tests/lab/dhcp_client.hpp"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "netns-tests/lab/process.hpp"

namespace lab {

using vrrpd::Bytes;
using vrrpd::BytesView;
using vrrpd::Fd;
using vrrpd::IpAddress;
using vrrpd::MacAddress;

namespace {

constexpr auto arp_patience = std::chrono::milliseconds(200);

// All frames of the device, those for other MAC addresses too: every client has its own.
Fd open_card(const std::string& device) {
    Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL)));
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
    packet_mreq all{};
    all.mr_ifindex = address.sll_ifindex;
    all.mr_type = PACKET_MR_PROMISC;
    if (!fd || bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        setsockopt(fd.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) != 0) {
        give_up("packet socket on " + device + ": " + std::strerror(errno));
    }
    return fd;
}

std::uint32_t next_transaction() {
    static std::atomic<std::uint32_t> last = 0x1ab00000;
    return ++last;
}

DhcpLease as_lease(const DhcpReply& reply) {
    return {reply.address, reply.server, reply.routers, reply.dns, reply.time};
}

}  // namespace

DhcpCard::DhcpCard(const Host& host, const std::string& device)
    : socket_(host.netns().make_inside([&] { return open_card(device); })) {
    worker_.start([this] { step(); });
}

void DhcpCard::send(const Bytes& frame) const {
    // ENETDOWN, ENOBUFS: as if the cable had lost it.
    (void)::send(socket_.get(), frame.data(), frame.size(), 0);
}

void DhcpCard::step() {
    pollfd wanted{socket_.get(), POLLIN, 0};
    if (poll(&wanted, 1, 20) <= 0) return;
    std::array<std::uint8_t, 2048> buffer;
    for (;;) {
        sockaddr_ll from{};
        socklen_t size = sizeof from;
        const auto got =
            recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (got < 0) return;
        if (from.sll_pkttype != PACKET_OUTGOING) take(BytesView(buffer).first(static_cast<std::size_t>(got)));
    }
}

void DhcpCard::take(BytesView frame) {
    if (const auto arp = read_arp(frame)) return take_arp(*arp);
    const auto reply = read_dhcp_reply(frame);
    if (!reply) return;
    const std::lock_guard lock(mutex_);
    const auto waiting = waited_for_.find(reply->transaction);
    if (waiting == waited_for_.end() || waiting->second) return;
    waiting->second = reply;
    news_.notify_all();
}

void DhcpCard::take_arp(const Arp& arp) {
    const std::lock_guard lock(mutex_);
    if (!arp.sender.is_unspecified()) neighbours_[arp.sender] = arp.sender_mac;
    news_.notify_all();
    const auto owner = owned_.find(arp.target);
    if (arp.reply || owner == owned_.end() || arp.sender == arp.target) return;
    send(encode(Arp{true, owner->second, arp.target, arp.sender_mac, arp.sender}));
}

std::optional<DhcpReply> DhcpCard::ask(const DhcpQuestion& question, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    auto& answer = waited_for_[question.transaction];
    send(encode(question));
    news_.wait_for(lock, limit, [&] { return answer.has_value(); });
    auto result = std::move(answer);
    waited_for_.erase(question.transaction);
    return result;
}

std::optional<MacAddress> DhcpCard::mac_of(const IpAddress& target, const MacAddress& own_mac, const IpAddress& own) {
    std::unique_lock lock(mutex_);
    if (!neighbours_.contains(target)) send(encode(Arp{false, own_mac, own, {}, target}));
    if (!news_.wait_for(lock, arp_patience, [&] { return neighbours_.contains(target); })) return std::nullopt;
    return neighbours_.at(target);
}

void DhcpCard::forget(const IpAddress& neighbour) {
    const std::lock_guard lock(mutex_);
    neighbours_.erase(neighbour);
}

void DhcpCard::answer_arp_for(const IpAddress& address, const MacAddress& mac) {
    const std::lock_guard lock(mutex_);
    owned_[address] = mac;
}

void DhcpCard::no_arp_for(const IpAddress& address, const MacAddress& mac) {
    const std::lock_guard lock(mutex_);
    if (const auto owner = owned_.find(address); owner != owned_.end() && owner->second == mac) owned_.erase(owner);
}

DhcpClient::DhcpClient(DhcpCard& card, const MacAddress& mac, Bytes client_id)
    : card_(card), mac_(mac), client_id_(std::move(client_id)) {}

DhcpClient::DhcpClient(DhcpCard& card, unsigned number, Bytes client_id)
    : DhcpClient(
          card,
          MacAddress{{0x02, 0xdc, 0, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}},
          std::move(client_id)) {}

DhcpQuestion DhcpClient::question(DhcpType type) const {
    return {.type = type, .transaction = next_transaction(), .mac = mac_, .client_id = client_id_};
}

DhcpAnswer DhcpClient::take(const std::optional<DhcpReply>& reply) {
    if (!reply) return DhcpAnswer::none;
    const bool granted = reply->type == DhcpType::ack;
    if (!granted || !has(reply->address)) leave();
    if (!granted) return DhcpAnswer::nak;
    lease_ = as_lease(*reply);
    card_.answer_arp_for(lease_->address, mac_);
    return DhcpAnswer::ack;
}

std::optional<DhcpLease> DhcpClient::discover(Limit limit) {
    const auto offer = card_.ask(question(DhcpType::discover), limit);
    return offer && offer->type == DhcpType::offer ? std::optional(as_lease(*offer)) : std::nullopt;
}

DhcpAnswer DhcpClient::join(Limit limit) {
    leave();
    const auto offer = discover(limit);
    if (!offer) return DhcpAnswer::none;
    auto request = question(DhcpType::request);
    request.wanted = offer->address;
    request.server = offer->server;
    return take(card_.ask(request, limit));
}

DhcpAnswer DhcpClient::renew(Limit limit) {
    const auto server_mac = lease_ ? card_.mac_of(lease_->server, mac_, lease_->address) : std::nullopt;
    if (!server_mac) return DhcpAnswer::none;
    auto request = question(DhcpType::request);
    request.own = lease_->address;
    request.unicast_to = lease_->server;
    request.unicast_mac = *server_mac;
    const auto server = lease_->server;
    const auto answer = take(card_.ask(request, limit));
    if (answer == DhcpAnswer::none) card_.forget(server);
    return answer;
}

DhcpAnswer DhcpClient::rebind(Limit limit) {
    if (!lease_) return DhcpAnswer::none;
    auto request = question(DhcpType::request);
    request.own = lease_->address;
    return take(card_.ask(request, limit));
}

DhcpAnswer DhcpClient::reboot(Limit limit) {
    if (!lease_) return DhcpAnswer::none;
    auto request = question(DhcpType::request);
    request.wanted = lease_->address;
    return take(card_.ask(request, limit));
}

void DhcpClient::release() {
    if (!lease_) return;
    auto message = question(DhcpType::release);
    message.own = lease_->address;
    message.server = message.unicast_to = lease_->server;
    const auto server_mac = card_.mac_of(lease_->server, mac_, lease_->address);
    message.unicast_mac = server_mac.value_or(MacAddress::broadcast());
    card_.say(message);
    leave();
}

void DhcpClient::decline() {
    if (!lease_) return;
    auto message = question(DhcpType::decline);
    message.wanted = lease_->address;
    message.server = lease_->server;
    card_.say(message);
    leave();
}

void DhcpClient::squat(const IpAddress& address, const IpAddress& server) {
    leave();
    lease_ = DhcpLease{.address = address, .server = server};
    card_.answer_arp_for(address, mac_);
}

void DhcpClient::leave() {
    if (lease_) card_.no_arp_for(lease_->address, mac_);
    lease_.reset();
}

}  // namespace lab
