#include "tests/proto/pcap.hpp"

#include <fstream>

namespace vrrpd::proto {

namespace {

std::uint32_t little_endian(BytesView bytes, std::size_t at) {
    return static_cast<std::uint32_t>(bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16) |
           static_cast<std::uint32_t>(bytes[at + 3]) << 24;
}

Packet read_ipv4(BytesView ip) {
    const std::size_t header = (ip[0] & 15u) * 4u;
    const std::size_t total = static_cast<std::size_t>(ip[2] << 8 | ip[3]);
    const auto payload = ip.subspan(header, total - header);
    return {{*IpAddress::from_bytes(ip.subspan(12, 4)), *IpAddress::from_bytes(ip.subspan(16, 4)), ip[8]},
            ip[9],
            Bytes(payload.begin(), payload.end())};
}

Packet read_ipv6(BytesView ip) {
    const auto payload = ip.subspan(40, static_cast<std::size_t>(ip[4] << 8 | ip[5]));
    return {{*IpAddress::from_bytes(ip.subspan(8, 16)), *IpAddress::from_bytes(ip.subspan(24, 16)), ip[7]},
            ip[6],
            Bytes(payload.begin(), payload.end())};
}

}  // namespace

std::vector<Bytes> read_pcap(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    const Bytes all{std::istreambuf_iterator<char>(in), {}};
    constexpr std::size_t file_header = 24, record_header = 16;
    if (all.size() < file_header || little_endian(all, 0) != 0xa1b2c3d4) return {};
    std::vector<Bytes> frames;
    for (std::size_t at = file_header; at + record_header <= all.size();) {
        const std::size_t length = little_endian(all, at + 8);
        const auto frame = BytesView(all).subspan(at + record_header, length);
        frames.emplace_back(frame.begin(), frame.end());
        at += record_header + length;
    }
    return frames;
}

std::uint16_t ethertype(const Bytes& frame) { return static_cast<std::uint16_t>(frame.at(12) << 8 | frame.at(13)); }

std::optional<Packet> read_ip(const Bytes& frame) {
    const auto ip = BytesView(frame).subspan(14);
    if (ethertype(frame) == 0x0800) return read_ipv4(ip);
    if (ethertype(frame) == 0x86dd) return read_ipv6(ip);
    return std::nullopt;
}

}  // namespace vrrpd::proto
