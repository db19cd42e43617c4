// Leases for tests: fixed ones by example, any ones by property.
#pragma once

#include <rapidcheck.h>

#include <string>

#include "dhcpsync/core/message.hpp"

namespace dhcpsync::sample {

inline constexpr WallTime noon{Seconds(1'700'000'000)};

inline IpAddress ip(unsigned last) { return IpAddress::v4(10, 12, 14, static_cast<std::uint8_t>(last)); }

inline Bytes mac(unsigned last) { return {0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(last)}; }

inline Bytes option61(unsigned last) {
    auto id = mac(last);
    id.insert(id.begin(), 1);
    return id;
}

inline Lease lease(unsigned address, unsigned client, Seconds length = Seconds(3600)) {
    return {ip(address), Client4{{1, mac(client)}, option61(client)}, "client" + std::to_string(client), noon + length};
}

inline Lease lease6(unsigned address, unsigned client, bool temporary = false) {
    const auto at = IpAddress::parse("fd00::" + std::to_string(address)).value();
    return {at, Client6{option61(client), Iaid{client}, temporary}, "six", noon + Seconds(3600)};
}

inline Leases leases(const std::vector<Lease>& list) {
    Leases result;
    for (const auto& one : list) result.emplace(one.address, one);
    return result;
}

// ---- any ----------------------------------------------------------------------------------------

inline Bytes any_bytes(std::size_t least, std::size_t most) {
    const auto size = *rc::gen::inRange(least, most + 1);
    return *rc::gen::container<Bytes>(size, rc::gen::arbitrary<std::uint8_t>());
}

inline IpAddress any_address() {
    if (*rc::gen::arbitrary<bool>())
        return IpAddress::v4(10, 0, *rc::gen::arbitrary<std::uint8_t>(), *rc::gen::arbitrary<std::uint8_t>());
    auto bytes = *rc::gen::container<Bytes>(16, rc::gen::arbitrary<std::uint8_t>());
    bytes[0] = 0xfd;
    return IpAddress::from_bytes(bytes).value();
}

inline std::string any_host_name() {
    const auto size = *rc::gen::inRange<std::size_t>(0, longest_host_name + 1);
    return *rc::gen::container<std::string>(size, rc::gen::elementOf(std::string("abcXYZ019-")));
}

inline Client any_client(const IpAddress& address) {
    if (address.is_v6()) {
        return Client6{any_bytes(0, 40), Iaid{*rc::gen::arbitrary<std::uint32_t>()}, *rc::gen::arbitrary<bool>()};
    }
    Hardware hardware{*rc::gen::arbitrary<std::uint8_t>(), any_bytes(0, longest_hardware_address)};
    if (hardware.type == 0) hardware.address.clear();
    return Client4{hardware, any_bytes(0, 30)};
}

inline WallTime any_expiry() {
    return *rc::gen::arbitrary<bool>() ? never : noon + Seconds(*rc::gen::inRange(1, 100'000'000));
}

inline Lease any_lease() {
    const auto address = any_address();
    return {address, any_client(address), any_host_name(), any_expiry()};
}

inline Stamp any_stamp() {
    return {{Term{*rc::gen::inRange<std::uint64_t>(1, 4)}, NodeId{*rc::gen::inRange(1u, 4u)}},
            Sequence{*rc::gen::inRange<std::uint64_t>(1, 5)}};
}

}  // namespace dhcpsync::sample
