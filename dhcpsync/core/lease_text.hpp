// dnsmasq's lease file: text -> leases and faults, and back. For the follower, and for the shell that writes a lease
// file. Its format: dnsmasq 2.75 to 2.92, src/lease.c.
//
//     <expiry> <hardware> <ipv4> <host name or *> <client id or *>
//     duid <server duid>
//     <expiry> [T]<iaid> <ipv6> <host name or *> <client duid>
//
// dnsmasq reads tokens, we read lines: one bad record does not take its neighbours along. 2.92 may add agent-info and
// vendorclass lines; they are read over, and never written, since 2.90 loses leases to them.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "dhcpsync/core/lease.hpp"

namespace dhcpsync {

// The first field of a record. A dnsmasq built with HAVE_BROKEN_RTC ("no-RTC" in its --version) writes how long a lease
// is, not until when; the file does not say which it is, but no lease of ours ended before 2001. 0 is for ever in both.
enum class ExpiryField : std::uint8_t { until, length };

struct LeaseFormat {
    ExpiryField expiry = ExpiryField::until;
    WallTime now{};  // what a length counts from
};

enum class TextFault : std::uint8_t {
    not_a_record,  // not the words of any kind of line
    bad_expiry,
    bad_hardware,
    bad_address,
    bad_iaid,
    bad_client_id,
    bad_host_name,  // the lease is used, without the name
    bad_duid,
    duplicate,  // two records of one address: the one that lasts longer is used
    truncated,  // the last line has no end: not used
    too_many,   // more than most_leases: the rest is not read
    long_ago,   // no lease of a clock that was ever set: a length where the end is expected, or a clock that was not
};
inline constexpr std::size_t text_fault_kinds = 12;
[[nodiscard]] std::string_view describe(TextFault fault);

struct FaultyLine {
    std::size_t line;  // from 1
    TextFault fault;

    bool operator==(const FaultyLine&) const = default;
};

// All are counted, the first ones named.
struct TextFaults {
    static constexpr std::size_t most_named = 20;

    std::array<std::size_t, text_fault_kinds> counts{};
    std::vector<FaultyLine> named;

    void add(std::size_t line, TextFault fault);
    [[nodiscard]] std::size_t count(TextFault fault) const { return counts[static_cast<std::size_t>(fault)]; }
    [[nodiscard]] std::size_t total() const;
};

struct LeaseText {
    LeaseBook book;
    TextFaults faults;
};

[[nodiscard]] LeaseText read_leases(std::string_view text, const LeaseFormat& format);

struct WrittenLeases {
    std::string text;
    std::size_t left_out = 0;  // DHCPv6 leases of a book without server DUID: dnsmasq could not read them back
};

// What read_leases() makes the same book of. An expired lease is left out: its length would read as "for ever".
[[nodiscard]] WrittenLeases write_leases(const LeaseBook& book, const LeaseFormat& format);

// "aa:bb:cc:dd:ee:ff", or "06-aa:bb:.." where the type is not Ethernet. Also AddDhcpLease's second argument.
[[nodiscard]] std::string hardware_text(const Hardware& hardware);

}  // namespace dhcpsync
