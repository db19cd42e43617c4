// Why a message was refused. Order and names are those of VR-140; each has its counter. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vrrpd::proto {

enum class Rejection : std::uint8_t {
    wrong_ttl,       // multicast: not 255; unicast: outside the peer's range
    too_short,       // less than the fixed header
    unknown_vrid,    // no router of ours (counted by the receiver, not by decode)
    own_source,      // our own address: looped or duplicated (VR-127)
    foreign_source,  // unicast: not one of the peers (VR-151)
    wrong_version,   // RFC 9568 7.1
    wrong_type,      // not ADVERTISEMENT (RFC 9568 5.2.2)
    wrong_length,    // shorter or longer than the count says, trailing bytes included
    zero_addresses,  // RFC 9568 5.2.5, erratum 8299
    wrong_checksum,
    invalid_auth_type,  // v2: an authentication type that there is not
    wrong_auth_type,    // v2: an authentication type other than ours (RFC 3768 5.3.6); AH where none is wanted
    wrong_auth_data,    // another password; AH: another SPI or ICV (RFC 2338 7.1)
    replayed,           // AH, auth_hmac: its sequence number was seen already
    no_hmac,            // auth_hmac: nothing is signed where it must be
    malformed_hmac,     // ... a trailer of another type
    stale_hmac,         // ... its time is outside the window
    unknown_key,        // ... we have no key of that number
    wrong_hmac,         // ... another key, or another message
    wrong_interval,     // v2: differs from ours (RFC 3768 7.1); v3: zero (erratum 8301)
    wrong_cast,         // unicast to a multicast router, or the other way round (VR-011)
};
inline constexpr std::size_t rejection_kinds = static_cast<std::size_t>(Rejection::wrong_cast) + 1;
[[nodiscard]] std::string_view name(Rejection kind);  // "checksum", for counters and logs

}  // namespace vrrpd::proto
