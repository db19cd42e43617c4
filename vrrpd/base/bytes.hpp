// Big-endian bytes, read and written with checks. Used by everything that puts a structure on the
// wire. A reader that ran over the end stays failed; test ok() once after the last read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vrrpd {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

class ByteReader {
public:
    explicit ByteReader(BytesView bytes) : bytes_(bytes) {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::size_t remaining() const { return bytes_.size() - at_; }

    BytesView take(std::size_t count) {
        if (remaining() < count) {
            ok_ = false;
            at_ = bytes_.size();
            return {};
        }
        const auto part = bytes_.subspan(at_, count);
        at_ += count;
        return part;
    }
    std::uint8_t u8() {
        const auto part = take(1);
        return part.empty() ? std::uint8_t{0} : part[0];
    }
    std::uint16_t u16() {
        const auto part = take(2);
        return part.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>(part[0] << 8 | part[1]);
    }
    std::uint32_t u32() {
        const std::uint32_t high = u16();
        return high << 16 | u16();
    }

private:
    BytesView bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

class ByteWriter {
public:
    explicit ByteWriter(Bytes& out) : out_(out) {}

    ByteWriter& u8(std::uint8_t value) {
        out_.push_back(value);
        return *this;
    }
    ByteWriter& u16(std::uint16_t value) {
        return u8(static_cast<std::uint8_t>(value >> 8)).u8(static_cast<std::uint8_t>(value));
    }
    ByteWriter& u32(std::uint32_t value) {
        return u16(static_cast<std::uint16_t>(value >> 16)).u16(static_cast<std::uint16_t>(value));
    }
    ByteWriter& bytes(BytesView part) {
        out_.insert(out_.end(), part.begin(), part.end());
        return *this;
    }
    ByteWriter& zeros(std::size_t count) {
        out_.insert(out_.end(), count, std::uint8_t{0});
        return *this;
    }

private:
    Bytes& out_;
};

}  // namespace vrrpd
