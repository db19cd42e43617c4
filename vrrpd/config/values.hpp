// Numbers, switches and addresses as keepalived's files write them. Used by load and parse. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::config {

// Base 10 only: `064` is 64, `0x64` refused, `+` allowed.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);
// With 0x and 0 prefixes, where keepalived reads C's bases (~SEQ, fwmark, umask).
[[nodiscard]] std::optional<std::int64_t> parse_c_integer(std::string_view text);

// `0.5`, `1`, `1.`, `.5`, `+1`, in millionths. No exponent, no sign but `+`.
struct Decimal {
    std::int64_t millionths = 0;
    bool rounded = false;  // more than six places were given
};
[[nodiscard]] std::optional<Decimal> parse_decimal(std::string_view text);
[[nodiscard]] std::string decimal_text(std::int64_t millionths);
[[nodiscard]] constexpr Duration from_millionths(std::int64_t millionths) { return Duration(millionths * 1000); }

// on true yes / off false no, exactly so.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);

// An address item. `bad_length`: the prefix length was refused and the full one taken, as keepalived does.
struct AddressText {
    Prefix prefix;
    bool bad_length = false;
    bool length_given = false;
};
[[nodiscard]] std::optional<AddressText> parse_address(std::string_view text);
// Cuts the text at `/` or `-` first, as keepalived does for sources and peers.
[[nodiscard]] std::optional<IpAddress> parse_bare_address(std::string_view text);

// 1..65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text);

// A name in the DNS, with or without the dot at its end.
[[nodiscard]] bool is_domain_name(std::string_view text);
// Of a service on a D-Bus, like uk.org.thekelleys.dnsmasq.
[[nodiscard]] bool is_bus_name(std::string_view text);
// Of a unit of systemd, with or without its suffix.
[[nodiscard]] bool is_unit_name(std::string_view text);

// A network device's name: 1..15 characters, no blank, no '/'.
[[nodiscard]] bool is_device_name(std::string_view text);

}  // namespace vrrpd::config
