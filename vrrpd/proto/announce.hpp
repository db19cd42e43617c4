// Gratuitous ARP and unsolicited Neighbour Advertisements: their bytes (RFC 5227, RFC 4861 7.2.6), and
// the schedule of keepalived.conf(5) (garp_master_delay and its kin). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::proto {

// A whole Ethernet frame, 42 octets: ARP request, broadcast, sender = target = address, target MAC
// ff:ff:ff:ff:ff:ff as keepalived and FRR send it (VR-170, VR-171).
[[nodiscard]] Bytes gratuitous_arp(const IpAddress& address, const MacAddress& mac);
// RFC 5227 2.1.1: ARP probe, sender address 0.0.0.0.
[[nodiscard]] Bytes arp_probe(const IpAddress& address, const MacAddress& mac);
// RFC 826: whoever has `address` is asked to tell `own`.
[[nodiscard]] Bytes arp_request(const IpAddress& address, const IpAddress& own, const MacAddress& mac);
// A whole Ethernet + IPv6 frame, 86 octets, to ff02::1: Override set, Router as told (VR-190, VR-191).
[[nodiscard]] Bytes unsolicited_na(const IpAddress& address, const MacAddress& mac, bool router);
// RFC 4862 5.4.2: Neighbour Solicitation from :: to the solicited-node group, 78 octets.
[[nodiscard]] Bytes nd_probe(const IpAddress& address, const MacAddress& mac);

// Who answers for an address. From an ARP packet or an NA seen on the link: nullopt for anything that
// is no claim to an address (an ARP probe, say).
struct AddressClaim {
    IpAddress address;
    MacAddress mac;
    bool operator==(const AddressClaim&) const = default;
};
[[nodiscard]] std::optional<AddressClaim> read_claim(BytesView ethernet_frame);

// keepalived's knobs, resolved.
struct AnnouncePolicy {
    unsigned repeat = 5;                              // garp_master_repeat, per address and block
    Duration second_block = std::chrono::seconds(5);  // garp_master_delay; 0: none
    Duration refresh{0};                              // garp_master_refresh; 0: never
    unsigned refresh_repeat = 1;
    unsigned lower_prio_repeat = 5;  // 0: none
    Duration lower_prio_second_block = std::chrono::seconds(5);
    Duration extra{0};              // garp_extra_if: one address of each device so often; 0: never
    bool extra_everywhere = false;  // ... all: not only of those without adverts

    bool operator==(const AnnouncePolicy&) const = default;
};

// The schedule of one router's announcements. All addresses of a round before the next round (VR-173), and all rounds
// of a block are due at once, as keepalived sends them; a distance between frames is kept by who sends them
// (PacedQueue), for it counts over all routers of a device. Nothing is left of it after stop() (keepalived's orphan
// timers are not copied), and it holds no memory of its own while nothing is planned.
class Announcer {
public:
    // The policy must outlive the announcer, or the next set_policy(): a thousand announcers share a few.
    explicit Announcer(const AnnouncePolicy& policy) : policy_(&policy) {}
    explicit Announcer(AnnouncePolicy&&) = delete;
    // A reload changed the knobs: the blocks that are planned stay; what comes again and again does so as they say now.
    // The policy before must still be there.
    void set_policy(const AnnouncePolicy& policy, Instant now);
    void set_policy(AnnouncePolicy&&, Instant) = delete;

    // Claimed: these addresses are there now; the first block starts at once, the second follows, then refreshes.
    void start(Instant now, std::size_t arp_addresses, std::size_t na_addresses);
    // A router of lower priority claimed them: the lower_prio blocks, and one round after 50 ms and after 1 s, since
    // its own announcement may leave after ours (VR-125). Called more often, it never sends more than one round in
    // 50 ms and one block in a second.
    void again(Instant now);
    void stop();

    // The indexes (0-based, ARP addresses first, then NA addresses) to announce now, in order.
    [[nodiscard]] std::vector<std::size_t> due(Instant now);
    // Whether it is time for garp_extra_if: one address of each device that sees no adverts of ours.
    [[nodiscard]] bool extra_is_due(Instant now);
    [[nodiscard]] Deadline next_deadline() const;

private:
    enum class Kind : std::uint8_t { claimed, lower_priority, refresh };
    struct Block {
        Instant at;          // of its first frame
        std::uint32_t sent;  // frames
        std::uint16_t rounds;
        Kind kind;
    };

    void plan(Instant at, Kind kind, unsigned rounds);
    void plan_refresh(Instant from);
    void plan_extra(Instant from);
    void forget(Kind kind);
    void finish(std::vector<Block>::iterator block, Instant now);
    [[nodiscard]] std::vector<Block>::iterator earliest();

    const AnnouncePolicy* policy_;
    std::uint32_t all_ = 0;                    // addresses
    Instant extra_at_ = Instant::max();        // never
    Instant answered_round_ = Instant::min();  // the last lower_prio round that again() sent at once
    Instant answered_block_ = Instant::min();  // ... and the last whole block
    std::vector<Block> blocks_;                // few: at most one of each kind and delay
};

}  // namespace vrrpd::proto
