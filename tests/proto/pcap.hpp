// Reads the classic pcap files of the golden vectors (little endian, microseconds, Ethernet), and the IP header of
// their frames. For tests.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/proto/advert.hpp"

namespace vrrpd::proto {

// The frames of a capture; none if the file is not one.
[[nodiscard]] std::vector<Bytes> read_pcap(const std::filesystem::path& path);

[[nodiscard]] std::uint16_t ethertype(const Bytes& frame);

struct Packet {
    Envelope envelope;
    std::uint8_t protocol = 0;
    Bytes payload;  // as long as the IP header says
};
[[nodiscard]] std::optional<Packet> read_ip(const Bytes& frame);

}  // namespace vrrpd::proto
