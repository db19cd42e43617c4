#include "netns-tests/lab/capture.hpp"

#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "netns-tests/lab/header_sizes.hpp"
#include "vrrpd/proto/announce.hpp"

namespace lab {

using vrrpd::BytesView;
using vrrpd::IpAddress;
using vrrpd::MacAddress;
namespace proto = vrrpd::proto;

namespace {

constexpr std::size_t kept_bytes = 256;

Time as_time(const timespec& stamp) {
    return Time(std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec));
}

std::uint16_t ethertype(const Frame& frame) {
    if (frame.bytes.size() < ethernet_header_size) return 0;
    return static_cast<std::uint16_t>(frame.bytes[12] << 8 | frame.bytes[13]);
}

// An IP packet's outside and inside.
struct Packet {
    proto::Envelope envelope;
    std::uint8_t protocol = 0;
    BytesView payload;
};

std::optional<Packet> ipv4(BytesView bytes) {
    if (bytes.size() < 20) return std::nullopt;
    const std::size_t header = (bytes[0] & 15u) * 4u;
    const std::size_t total = std::min<std::size_t>(static_cast<std::size_t>(bytes[2] << 8 | bytes[3]), bytes.size());
    if (header < 20 || total < header) return std::nullopt;
    return Packet{
        {*IpAddress::from_bytes(bytes.subspan(12, 4)), *IpAddress::from_bytes(bytes.subspan(16, 4)), bytes[8]},
        bytes[9],
        bytes.subspan(header, total - header)};
}

std::optional<Packet> ipv6(BytesView bytes) {
    if (bytes.size() < 40) return std::nullopt;
    return Packet{
        {*IpAddress::from_bytes(bytes.subspan(8, 16)), *IpAddress::from_bytes(bytes.subspan(24, 16)), bytes[7]},
        bytes[6],
        bytes.subspan(40)};
}

std::optional<Packet> packet(const Frame& frame) {
    const BytesView bytes(frame.bytes);
    switch (ethertype(frame)) {
        case ETHERTYPE_IP:
            return ipv4(bytes.subspan(ethernet_header_size));
        case ETHERTYPE_IPV6:
            return ipv6(bytes.subspan(ethernet_header_size));
        default:
            return std::nullopt;
    }
}

std::optional<IpAddress> arp_sender(const Frame& frame) {
    if (ethertype(frame) != ETHERTYPE_ARP || frame.bytes.size() < 42) return std::nullopt;
    return IpAddress::from_bytes(BytesView(frame.bytes).subspan(28, 4));
}

// The advert as it would be without a password or a trailer (IPv4): a capture knows neither.
vrrpd::Bytes unauthenticated(BytesView payload, const proto::Envelope& envelope) {
    vrrpd::Bytes message(payload.begin(), payload.end());
    if (!envelope.source.is_v4()) return message;
    const bool v2 = message[0] >> 4 == 2;
    const std::size_t size = 8 + 4 * std::size_t{message[3]} + (v2 ? proto::password_size : 0);
    if (message.size() == size + proto::trailer_size) message.resize(size);
    // The type becomes 0, and the checksum grows by what it was (RFC 1624).
    const unsigned type = v2 ? std::exchange(message[4], std::uint8_t{0}) : 0;
    unsigned sum = static_cast<unsigned>(message[6] << 8 | message[7]) + (type << 8);
    sum = (sum & 0xffff) + (sum >> 16);
    message[6] = static_cast<std::uint8_t>(sum >> 8);
    message[7] = static_cast<std::uint8_t>(sum);
    return message;
}

}  // namespace

double milliseconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

MacAddress source_mac(const Frame& frame) {
    MacAddress mac;
    if (frame.bytes.size() >= ethernet_header_size) std::copy_n(frame.bytes.begin() + 6, 6, mac.bytes.begin());
    return mac;
}

std::optional<IpAddress> source(const Frame& frame) {
    const auto seen = packet(frame);
    return seen ? std::optional(seen->envelope.source) : std::nullopt;
}

std::optional<IpAddress> destination(const Frame& frame) {
    const auto seen = packet(frame);
    return seen ? std::optional(seen->envelope.destination) : std::nullopt;
}

std::optional<proto::Advertisement> advert(const Frame& frame) {
    auto seen = packet(frame);
    if (!seen) return std::nullopt;
    const bool behind_ah = seen->protocol == proto::ah_protocol && seen->payload.size() > proto::ah_size;
    if (behind_ah) seen->payload = seen->payload.subspan(proto::ah_size);
    if (!behind_ah && seen->protocol != proto::ip_protocol) return std::nullopt;
    if (seen->payload.size() < 8) return std::nullopt;
    const auto message = unauthenticated(seen->payload, seen->envelope);
    // As the message says of itself: a capture takes every version and interval.
    proto::ReceivePolicy policy;
    policy.version = seen->payload[0] >> 4 == 2 ? proto::Version::v2 : proto::Version::v3;
    policy.family = seen->envelope.source.family();
    if (policy.version == proto::Version::v2) policy.interval = std::chrono::seconds(seen->payload[5]);
    policy.unicast = !seen->envelope.destination.is_multicast();
    const auto decoded = proto::decode(message, seen->envelope, policy);
    return decoded ? std::optional(decoded->advert) : std::nullopt;
}

std::string Frame::describe() const {
    const auto time = milliseconds(at.time_since_epoch() % std::chrono::minutes(1));
    if (const auto seen = advert(*this)) {
        return fmt::format("{:9.3f} {} VRRP vrid {} priority {} interval {} cs", time, port, seen->vrid.value(),
                           seen->priority.value(), seen->interval.count());
    }
    if (const auto claim = proto::read_claim(bytes)) {
        return fmt::format("{:9.3f} {} claims {} at {}", time, port, claim->address.to_string(),
                           claim->mac.to_string());
    }
    const auto seen = packet(*this);
    return fmt::format("{:9.3f} {} {} -> {} type {:04x}, {} octets", time, port,
                       seen ? seen->envelope.source.to_string() : source_mac(*this).to_string(),
                       seen ? seen->envelope.destination.to_string() : "-", ethertype(*this), bytes.size());
}

Match all(std::vector<Match> conditions) {
    return [conditions = std::move(conditions)](const Frame& frame) {
        return std::all_of(conditions.begin(), conditions.end(), [&](const Match& match) { return match(frame); });
    };
}

Match from(const Host& host) {
    return [prefix = host.name() + "-"](const Frame& frame) { return frame.port.starts_with(prefix); };
}

Match sent_by(const Host& host, const std::string& device) {
    return [mac = host.mac(device)](const Frame& frame) {
        const auto sender = source_mac(frame).to_string();
        return sender == mac || sender.starts_with("00:00:5e:00:0");  // FRR speaks from its virtual MAC
    };
}

Match adverts() {
    return [](const Frame& frame) { return advert(frame).has_value(); };
}

Match priority(unsigned value) {
    return [value](const Frame& frame) {
        const auto seen = advert(frame);
        return seen && seen->priority.value() == value;
    };
}

Match no_priority(unsigned value) {
    return [value](const Frame& frame) {
        const auto seen = advert(frame);
        return seen && seen->priority.value() != value;
    };
}

Match claims(const IpAddress& address) {
    return [address](const Frame& frame) {
        const auto claim = proto::read_claim(frame.bytes);
        return claim && claim->address == address;
    };
}

Match speaks_as(const IpAddress& address) {
    return [address](const Frame& frame) {
        return source(frame) == address || arp_sender(frame) == address || claims(address)(frame);
    };
}

Match dhcp_answers() {
    constexpr std::array<std::uint8_t, 4> from_67_to_68{0, 67, 0, 68};
    return [from_67_to_68](const Frame& frame) {
        const auto seen = packet(frame);
        return seen && seen->protocol == IPPROTO_UDP && seen->payload.size() >= from_67_to_68.size() &&
               std::equal(from_67_to_68.begin(), from_67_to_68.end(), seen->payload.begin());
    };
}

Match since(Time time) {
    return [time](const Frame& frame) { return frame.at >= time; };
}

Match before(Time time) {
    return [time](const Frame& frame) { return frame.at < time; };
}

Capture::Capture(const Switches& switches, const std::string& segment) : switches_(switches), segment_(segment) {
    socket_ = switches_.netns().make_inside([] {
        vrrpd::Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
        const int on = 1, buffer = 64 << 20;
        if (!socket || setsockopt(socket.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
            setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0) {
            give_up("packet socket: " + std::string(std::strerror(errno)));
        }
        return socket;
    });
    thread_ = std::thread([this] { receive(); });
}

Capture::~Capture() {
    ending_ = true;
    thread_.join();
}

void Capture::receive() {
    // Inside of the switches' namespace, so that device numbers have their names.
    switches_.netns().inside([this] {
        while (!ending_) {
            pollfd ready{socket_.get(), POLLIN, 0};
            if (poll(&ready, 1, 20) > 0) take(socket_.get());
        }
    });
}

void Capture::take(int socket) {
    std::array<std::uint8_t, kept_bytes> bytes;
    alignas(cmsghdr) std::array<char, 128> control;
    sockaddr_ll sender{};
    iovec part{bytes.data(), bytes.size()};
    for (;;) {
        msghdr message{&sender, sizeof sender, &part, 1, control.data(), control.size(), 0};
        const auto length = recvmsg(socket, &message, MSG_DONTWAIT);
        if (length < 0) return;
        const bool leaving = sender.sll_pkttype == PACKET_OUTGOING;
        if (leaving && (bytes[0] & 1) == 0) continue;  // for one host alone
        const auto port = port_name(sender.sll_ifindex);
        if (port.empty()) continue;
        timespec stamp{};
        for (auto* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
            if (at->cmsg_type == SCM_TIMESTAMPNS) std::memcpy(&stamp, CMSG_DATA(at), sizeof stamp);
        }
        const std::lock_guard lock(mutex_);
        (leaving ? heard_ : frames_).push_back({as_time(stamp), port, {bytes.begin(), bytes.begin() + length}});
    }
}

std::string Capture::port_name(int index) {
    for (const auto& [known, name] : port_names_) {
        if (known == index) return name;
    }
    char device[IF_NAMESIZE] = "";
    if (if_indextoname(static_cast<unsigned>(index), device) == nullptr) return {};
    // A port is named HOST-DEVICE and the devices of a segment begin with its name: lan0, wan0.
    const std::string name = device;
    const auto dash = name.find('-');
    const bool ours = dash != std::string::npos && name.substr(dash + 1).starts_with(segment_);
    return port_names_.emplace_back(index, ours ? name : "").second;
}

std::vector<Frame> Capture::frames(const Match& match) const {
    const std::lock_guard lock(mutex_);
    std::vector<Frame> found;
    std::copy_if(frames_.begin(), frames_.end(), std::back_inserter(found), match);
    return found;
}

std::size_t Capture::count(const Match& match) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(frames_.begin(), frames_.end(), match));
}

std::optional<Frame> Capture::first(const Match& match) const {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(frames_.begin(), frames_.end(), match);
    return at == frames_.end() ? std::nullopt : std::optional(*at);
}

std::optional<Frame> Capture::last(const Match& match) const {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(frames_.rbegin(), frames_.rend(), match);
    return at == frames_.rend() ? std::nullopt : std::optional(*at);
}

std::optional<Frame> Capture::last_heard(const Host& hearer, const Match& match) const {
    const auto at_hearer = from(hearer);  // its port, here on the way out
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(heard_.rbegin(), heard_.rend(),
                                 [&](const Frame& frame) { return at_hearer(frame) && match(frame); });
    return at == heard_.rend() ? std::nullopt : std::optional(*at);
}

std::optional<Frame> Capture::await(const Match& match, std::chrono::milliseconds limit) const {
    std::optional<Frame> found;
    std::size_t seen = 0;  // each frame is looked at once
    wait_until(
        [&] {
            const std::lock_guard lock(mutex_);
            while (!found && seen < frames_.size()) {
                if (match(frames_[seen])) found = frames_[seen];
                ++seen;
            }
            return found.has_value();
        },
        limit);
    return found;
}

unsigned Capture::lost() const {
    tpacket_stats statistics{};
    socklen_t size = sizeof statistics;
    getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size);
    return statistics.tp_drops;
}

}  // namespace lab
