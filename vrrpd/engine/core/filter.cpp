#include "vrrpd/engine/core/filter.hpp"

#include <linux/if_ether.h>

#include <algorithm>
#include <utility>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/proto/advert.hpp"

namespace vrrpd::engine {

namespace {

constexpr std::uint32_t whole_packet = 0xffffffff;
constexpr std::uint16_t vrid_offset = 1;  // RFC 9568 5.1

constexpr std::uint32_t ethernet_header = 14, ethertype = 12;
constexpr std::uint32_t arp_sender = ethernet_header + 14;

sock_filter statement(unsigned code, std::uint32_t value) { return {static_cast<std::uint16_t>(code), 0, 0, value}; }

sock_filter jump(unsigned code, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) {
    return {static_cast<std::uint16_t>(code), if_true, if_false, value};
}

void load_vrid(Family family, Filter& program) {
    if (family == Family::ipv4) {
        program.push_back(statement(BPF_LDX | BPF_B | BPF_MSH, 0));  // X = IP header length
        program.push_back(statement(BPF_LD | BPF_B | BPF_IND, vrid_offset));
    } else {
        program.push_back(statement(BPF_LD | BPF_B | BPF_ABS, vrid_offset));
    }
}

// if (low <= A && A <= high) pass
void pass_range(std::uint32_t low, std::uint32_t high, Filter& program) {
    program.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, low, 0, 2));
    program.push_back(jump(BPF_JMP | BPF_JGT | BPF_K, high, 1, 0));
    program.push_back(statement(BPF_RET | BPF_K, whole_packet));
}

// Drops the packet unless the value at `offset` is this one.
void demand(unsigned size, std::uint32_t offset, std::uint32_t value, Filter& program) {
    program.push_back(statement(BPF_LD | size | BPF_ABS, offset));
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
    program.push_back(statement(BPF_RET | BPF_K, 0));
}

// ... if A, the VRID, is one of these. None: all pass.
void pass_vrids(std::span<const proto::Vrid> vrids, Filter& program) {
    if (vrids.empty()) return program.push_back(statement(BPF_RET | BPF_K, whole_packet));
    std::vector<std::uint8_t> values;
    for (const auto vrid : vrids) values.push_back(vrid.value());
    std::sort(values.begin(), values.end());
    for (std::size_t i = 0; i < values.size();) {
        std::size_t last = i;
        while (last + 1 < values.size() && values[last + 1] <= values[last] + 1) ++last;
        pass_range(values[i], values[last], program);
        i = last + 1;
    }
    program.push_back(statement(BPF_RET | BPF_K, 0));
}

void demand_address(std::uint32_t offset, const IpAddress& address, Filter& program) {
    ByteReader bytes(address.bytes());
    for (; bytes.remaining() > 0; offset += 4) demand(BPF_W, offset, bytes.u32(), program);
}

}  // namespace

Filter vrid_filter(Family family, std::span<const proto::Vrid> vrids) {
    Filter program;
    if (!vrids.empty()) load_vrid(family, program);
    pass_vrids(vrids, program);
    return program;
}

Filter ah_vrid_filter(std::span<const proto::Vrid> vrids) {
    // Next header and payload length, RFC 2402 2.
    constexpr std::uint32_t vrrp_behind_six_words = proto::ip_protocol << 8 | 4;
    Filter program;
    program.push_back(statement(BPF_LDX | BPF_B | BPF_MSH, 0));  // X = IP header length
    program.push_back(statement(BPF_LD | BPF_H | BPF_IND, 0));
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, vrrp_behind_six_words, 1, 0));
    program.push_back(statement(BPF_RET | BPF_K, 0));
    if (!vrids.empty())
        program.push_back(
            statement(BPF_LD | BPF_B | BPF_IND, static_cast<std::uint32_t>(proto::ah_size + vrid_offset)));
    pass_vrids(vrids, program);
    return program;
}

Filter vrrp_packets(Family family, std::uint8_t protocol) {
    constexpr std::uint32_t protocol_offset_v4 = 9, next_header_offset_v6 = 6;
    Filter program;
    demand(BPF_B, family == Family::ipv4 ? protocol_offset_v4 : next_header_offset_v6, protocol, program);
    program.push_back(statement(BPF_RET | BPF_K, whole_packet));
    return program;
}

Filter claim_filter(Family family, const std::optional<IpAddress>& only) {
    // IPv6 with ICMPv6 behind it (RFC 4861 4.4).
    constexpr std::uint32_t next_header = ethernet_header + 6, icmp_type = ethernet_header + 40;
    constexpr std::uint32_t na_target = icmp_type + 8;
    constexpr std::uint32_t icmpv6 = 58, neighbour_advertisement = 136;
    Filter program;
    if (family == Family::ipv4) {
        demand(BPF_H, ethertype, ETH_P_ARP, program);
    } else {
        demand(BPF_B, next_header, icmpv6, program);
        demand(BPF_B, icmp_type, neighbour_advertisement, program);
    }
    if (only) demand_address(family == Family::ipv4 ? arp_sender : na_target, *only, program);
    program.push_back(statement(BPF_RET | BPF_K, whole_packet));
    return program;
}

Filter arp_from(const IpAddress& first, const IpAddress& last) {
    Filter program;
    demand(BPF_H, ethertype, ETH_P_ARP, program);
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, arp_sender));
    pass_range(ByteReader(first.bytes()).u32(), ByteReader(last.bytes()).u32(), program);
    program.push_back(statement(BPF_RET | BPF_K, 0));
    return program;
}

Filter dhcp_answers(std::uint32_t xid) {
    constexpr std::uint32_t fragment = ethernet_header + 6, protocol = ethernet_header + 9;
    constexpr std::uint32_t ports = ethernet_header, xid_at = ports + 8 + 4;  // behind the IP header
    constexpr std::uint32_t in_pieces = 0x3fff, udp = 17, server_to_client = 67 << 16 | 68;
    Filter program;
    demand(BPF_H, ethertype, ETH_P_IP, program);
    demand(BPF_B, protocol, udp, program);
    program.push_back(statement(BPF_LD | BPF_H | BPF_ABS, fragment));
    program.push_back(jump(BPF_JMP | BPF_JSET | BPF_K, in_pieces, 0, 1));
    program.push_back(statement(BPF_RET | BPF_K, 0));
    program.push_back(statement(BPF_LDX | BPF_B | BPF_MSH, ethernet_header));  // X = IP header length
    for (const auto& [offset, value] : {std::pair(ports, server_to_client), std::pair(xid_at, xid)}) {
        program.push_back(statement(BPF_LD | BPF_W | BPF_IND, offset));
        program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
        program.push_back(statement(BPF_RET | BPF_K, 0));
    }
    program.push_back(statement(BPF_RET | BPF_K, whole_packet));
    return program;
}

}  // namespace vrrpd::engine
