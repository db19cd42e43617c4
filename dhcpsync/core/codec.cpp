// See codec.hpp. Each put() is followed by the function that reads it.
#include "dhcpsync/core/codec.hpp"

#include "vrrpd/base/assert.hpp"

namespace dhcpsync {

void Encoder::u8(std::size_t value) {
    ASSERT(value <= 0xff);
    out_.u8(static_cast<std::uint8_t>(value));
}

void Encoder::u16(std::size_t value) {
    ASSERT(value <= 0xffff);
    out_.u16(static_cast<std::uint16_t>(value));
}

void Encoder::u32(std::uint32_t value) { out_.u32(value); }

void Encoder::u64(std::uint64_t value) {
    out_.u32(static_cast<std::uint32_t>(value >> 32)).u32(static_cast<std::uint32_t>(value));
}

std::uint64_t Decoder::u64() {
    const std::uint64_t high = in_.u32();
    return high << 32 | in_.u32();
}

bool Decoder::flag() {
    const auto value = in_.u8();
    expect(value <= 1);
    return value == 1;
}

void Encoder::blob(BytesView bytes) {
    u8(bytes.size());
    out_.bytes(bytes);
}

Bytes Decoder::blob(std::size_t most) {
    const auto size = in_.u8();
    expect(size <= most);
    const auto bytes = in_.take(size);
    return {bytes.begin(), bytes.end()};
}

WallTime Decoder::wall_time() { return WallTime(Seconds(static_cast<std::int64_t>(u64()))); }

void Encoder::put(const Author& author) {
    u64(author.term.value);
    u32(author.node.value);
}

Author Decoder::author() {
    const Term term{u64()};
    return {term, NodeId{u32()}};
}

void Encoder::put(const Stamp& stamp) {
    put(stamp.author);
    u64(stamp.sequence.value);
}

Stamp Decoder::stamp() {
    const auto by = author();
    return {by, Sequence{u64()}};
}

void Encoder::put(const Knowledge& knowledge) {
    put(knowledge.floor());
    u16(knowledge.authors().size());
    for (const auto& [author, sequence] : knowledge.authors()) put(Stamp{author, sequence});
}

Knowledge Decoder::knowledge() {
    Knowledge result;
    result.forget_below(author());
    const auto count = u16();
    expect(count <= Knowledge::most_authors);
    for (unsigned i = 0; i < count && ok(); ++i) {
        const auto [author, sequence] = stamp();
        result.learn(author, sequence);
    }
    return result;
}

void Encoder::put(const ServerDuid& duid) {
    put(duid.stamp);
    blob(duid.duid);
}

ServerDuid Decoder::server_duid() {
    const auto by = stamp();
    return {by, blob(longest_client_id)};
}

void Encoder::put(const Standing& standing) {
    u64(standing.newest_term.value);
    flag(standing.active);
}

Standing Decoder::standing() {
    const Term term{u64()};
    return {term, flag()};
}

void Encoder::put(const Client4& client) {
    u8(client.hardware.type);
    blob(client.hardware.address);
    blob(client.id);
}

void Encoder::put(const Client6& client) {
    blob(client.duid);
    u32(client.iaid.value);
    flag(client.temporary);
}

Client Decoder::client(bool v4) {
    if (v4) {
        const auto type = u8();
        auto address = blob(longest_hardware_address);
        return Client4{{type, std::move(address)}, blob(longest_client_id)};
    }
    auto duid = blob(longest_client_id);
    const Iaid iaid{u32()};
    return Client6{std::move(duid), iaid, flag()};
}

void Encoder::put(const Version& version) {
    put(version.stamp);
    put(version.kept_until);
    flag(version.lease.has_value());
    if (!version.lease) return;
    put(version.lease->expires);
    const auto& name = version.lease->host_name;
    blob({reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
    std::visit([this](const auto& client) { put(client); }, version.lease->client);
}

Version Decoder::version(const IpAddress& address) {
    Version result;
    result.stamp = stamp();
    result.kept_until = wall_time();
    if (flag()) result.lease = lease(address);
    return result;
}

Lease Decoder::lease(const IpAddress& address) {
    Lease result;
    result.address = address;
    result.expires = wall_time();
    const auto name = blob(longest_host_name);
    result.host_name.assign(name.begin(), name.end());
    result.client = client(address.is_v4());
    expect(well_formed(result));
    return result;
}

void Encoder::put(const Cell& cell) {
    out_.u8(static_cast<std::uint8_t>(cell.address.family())).bytes(cell.address.bytes());
    u8(cell.versions.size());
    for (const auto& version : cell.versions) put(version);
}

IpAddress Decoder::address() {
    const auto family = static_cast<vrrpd::Family>(u8());
    expect(family == vrrpd::Family::ipv4 || family == vrrpd::Family::ipv6);
    const auto result = IpAddress::from_bytes(in_.take(vrrpd::address_size(family)));
    expect(result.has_value());
    return result.value_or(IpAddress());
}

Cell Decoder::cell() {
    Cell result{address(), {}};
    const auto count = u8();
    expect(count >= 1 && count <= most_versions);
    for (unsigned i = 0; i < count && ok(); ++i) result.versions.push_back(version(result.address));
    expect(result.versions == settled(result.versions));
    return result;
}

}  // namespace dhcpsync
