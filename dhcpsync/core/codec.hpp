// The parts that messages and images are made of, as bytes and back. For wire.cpp and image.cpp alone. All numbers are
// big-endian; 64-bit ones for what counts, so that nothing wraps; a length goes before what it measures.
//
// A Decoder that met something wrong stays failed, as a ByteReader does; what it returns then means nothing.
#pragma once

#include "dhcpsync/core/message.hpp"

namespace dhcpsync {

class Encoder {
public:
    explicit Encoder(Bytes& out) : out_(out) {}

    void u8(std::size_t value);
    void u16(std::size_t value);
    void u32(std::uint32_t value);
    void u64(std::uint64_t value);
    void flag(bool value) { u8(value ? 1 : 0); }
    void blob(BytesView bytes);  // at most 255

    void put(const Stamp& stamp);
    void put(const Author& author);
    void put(const Knowledge& knowledge);
    void put(const ServerDuid& duid);
    void put(const Standing& standing);
    void put(const Cell& cell);

private:
    void put(WallTime time) { u64(static_cast<std::uint64_t>(time.time_since_epoch().count())); }
    void put(const Version& version);
    void put(const Client4& client);
    void put(const Client6& client);

    vrrpd::ByteWriter out_;
};

class Decoder {
public:
    explicit Decoder(BytesView bytes) : in_(bytes) {}

    [[nodiscard]] bool ok() const { return ok_ && in_.ok(); }
    [[nodiscard]] bool at_end() const { return in_.remaining() == 0; }

    std::uint8_t u8() { return in_.u8(); }
    std::uint16_t u16() { return in_.u16(); }
    std::uint32_t u32() { return in_.u32(); }
    std::uint64_t u64();
    bool flag();

    Stamp stamp();
    Knowledge knowledge();
    ServerDuid server_duid();
    Standing standing();
    Cell cell();

private:
    void expect(bool good) { ok_ = ok_ && good; }
    Bytes blob(std::size_t most);
    WallTime wall_time();
    Author author();
    IpAddress address();
    Version version(const IpAddress& address);
    Lease lease(const IpAddress& address);
    Client client(bool v4);

    vrrpd::ByteReader in_;
    bool ok_ = true;
};

}  // namespace dhcpsync
