// A router's message, envelope and policy that fit each other, for the tests of encode() and decode().
#pragma once

#include "vrrpd/proto/advert.hpp"

namespace vrrpd::proto::sample {

inline IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

inline Advertisement v3() {
    return {Version::v3,
            *Vrid::make(51),
            *Priority::configured(150),
            Centiseconds(100),
            {ip("10.77.0.100"), ip("10.77.0.101")}};
}
inline Advertisement v2() {
    auto advert = v3();
    advert.version = Version::v2;
    return advert;
}
inline Advertisement v6() {
    auto advert = v3();
    advert.addresses = {ip("fe80::100"), ip("2001:db8:77::100")};
    return advert;
}
inline Envelope multicast() { return {ip("10.77.0.1"), multicast_group(Family::ipv4), 255}; }
inline Envelope multicast6() { return {ip("fe80::a"), multicast_group(Family::ipv6), 255}; }

inline ReceivePolicy policy(Version version = Version::v3, Family family = Family::ipv4) {
    ReceivePolicy policy;
    policy.version = version;
    policy.family = family;
    return policy;
}

inline Bytes hex(std::string_view text) {
    Bytes bytes;
    const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
    }
    return bytes;
}

}  // namespace vrrpd::proto::sample
