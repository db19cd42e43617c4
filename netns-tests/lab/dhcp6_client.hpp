// A client of a DHCPv6 server: asks for one address, and does what the test says, when it says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "netns-tests/lab/network.hpp"
#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/ip.hpp"

namespace lab {

struct Dhcp6Lease {
    vrrpd::IpAddress address;
    vrrpd::Bytes server;  // its DUID
    std::chrono::seconds valid{0};
};

// RFC 8415, as far as dnsmasq and one address need it.
class Dhcp6Client {
public:
    // At the host's own link-local address on `device`. `number` is in its DUID.
    Dhcp6Client(const Host& host, const std::string& device, std::uint8_t number);

    [[nodiscard]] const std::optional<Dhcp6Lease>& lease() const { return lease_; }

    // SOLICIT to REPLY. false: no answer to one of the two, or no address.
    bool join();
    // By the server that it knows: others ignore it. false: no answer, or no address.
    bool renew();

private:
    enum class Type : std::uint8_t { solicit = 1, advertise = 2, request = 3, renew = 5, reply = 7 };

    [[nodiscard]] std::optional<Dhcp6Lease> ask(Type type, Type wanted, const std::optional<Dhcp6Lease>& known);
    [[nodiscard]] vrrpd::Bytes message(Type type, const std::optional<Dhcp6Lease>& known) const;

    vrrpd::Fd socket_;
    unsigned device_;  // its index
    vrrpd::Bytes duid_;
    std::uint32_t transaction_ = 0;
    std::optional<Dhcp6Lease> lease_;
};

}  // namespace lab
