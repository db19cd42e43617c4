// The far end of a device: every frame that arrives there, and frames that are sent from there.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"
#include "vrrpd/proto/announce.hpp"

namespace vrrpd::engine::test {

inline bool readable(int fd, std::chrono::milliseconds limit = std::chrono::milliseconds(1000)) {
    pollfd waiting{fd, POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(limit.count())) == 1;
}

class Wire {
public:
    explicit Wire(const char* device) : fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL))) {
        sockaddr_ll at{};
        at.sll_family = AF_PACKET;
        at.sll_protocol = htons(ETH_P_ALL);
        at.sll_ifindex = static_cast<int>(if_nametoindex(device));
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
        const int yes = 1;
        EXPECT_EQ(::setsockopt(fd_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes), 0);
    }
    // The next frame for which `wanted` holds; empty: none came in time.
    template <class Wanted>
    Bytes next(Wanted&& wanted, std::chrono::milliseconds limit = std::chrono::milliseconds(1000)) {
        using Clock = std::chrono::steady_clock;
        using std::chrono::milliseconds;
        Bytes frame(4096);
        for (const auto until = Clock::now() + limit;;) {
            const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
            if (!readable(fd_.get(), std::max(left, milliseconds(0))) || left < milliseconds(0)) return {};
            const auto got = ::recv(fd_.get(), frame.data(), frame.size(), 0);
            if (got <= 0) continue;
            const Bytes whole(frame.begin(), frame.begin() + got);
            if (wanted(whole)) return whole;
        }
    }
    void send(const Bytes& frame) {
        EXPECT_EQ(::send(fd_.get(), frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
    }

    // An ARP request for `target` from `sender` (an address of the IP protocol, not of the device).
    bool hears_arp(const IpAddress& target, const IpAddress& sender,
                   std::chrono::milliseconds limit = std::chrono::milliseconds(1000)) {
        return !next([&](const Bytes& frame) { return is_arp(frame, target, sender); }, limit).empty();
    }
    static bool is_arp(const Bytes& frame, const IpAddress& target, const IpAddress& sender) {
        constexpr std::ptrdiff_t sender_at = 28, target_at = 38;
        return frame.size() >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 1 &&
               std::equal(sender.bytes().begin(), sender.bytes().end(), frame.begin() + sender_at) &&
               std::equal(target.bytes().begin(), target.bytes().end(), frame.begin() + target_at);
    }
    // A question of IPv6 who has `target`, from nobody (RFC 4862 5.4.2).
    bool hears_nd_probe(const IpAddress& target, std::chrono::milliseconds limit = std::chrono::milliseconds(1000)) {
        constexpr std::ptrdiff_t sender_at = 22, target_at = 62;
        const auto is_probe = [&](const Bytes& frame) {
            return frame.size() >= 78 && frame[12] == 0x86 && frame[13] == 0xdd && frame[20] == IPPROTO_ICMPV6 &&
                   frame[54] == 135 &&
                   std::all_of(frame.begin() + sender_at, frame.begin() + sender_at + 16,
                               [](auto octet) { return octet == 0; }) &&
                   std::equal(target.bytes().begin(), target.bytes().end(), frame.begin() + target_at);
        };
        return !next(is_probe, limit).empty();
    }
    // From a host with this address.
    void answer_nd(const IpAddress& from, const MacAddress& mac) { send(proto::unsolicited_na(from, mac, false)); }
    // From a host with this address: an answer to `to`, or (to itself) a gratuitous one.
    void answer_arp(const IpAddress& from, const MacAddress& mac, const IpAddress& to) {
        Bytes frame;
        ByteWriter(frame).bytes(MacAddress::broadcast().bytes).bytes(mac.bytes).u16(ETH_P_ARP);
        ByteWriter(frame).u16(1).u16(ETH_P_IP).u8(6).u8(4).u16(2).bytes(mac.bytes).bytes(from.bytes());
        ByteWriter(frame).bytes(MacAddress::broadcast().bytes).bytes(to.bytes());
        send(frame);
    }

private:
    Fd fd_;
};

}  // namespace vrrpd::engine::test
