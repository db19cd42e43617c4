// Octets that nobody may see: a password, a key. It has no text form on purpose: it neither prints nor formats, and
// its memory is wiped. Used by everybody that holds one.
#pragma once

#include <cstdint>
#include <utility>

#include "vrrpd/base/bytes.hpp"

namespace vrrpd {

// How long it takes says nothing about where two of one length differ.
[[nodiscard]] inline bool equal_in_constant_time(BytesView a, BytesView b) {
    if (a.size() != b.size()) return false;
    unsigned differing = 0;
    for (std::size_t i = 0; i < a.size(); ++i) differing |= static_cast<unsigned>(a[i] ^ b[i]);
    return differing == 0;
}

class Secret {
public:
    Secret() = default;
    explicit Secret(Bytes octets) : octets_(std::move(octets)) {}
    Secret(const Secret&) = default;
    Secret(Secret&&) noexcept = default;
    Secret& operator=(Secret other) noexcept {
        octets_.swap(other.octets_);
        return *this;
    }
    ~Secret() { wipe(octets_.data(), octets_.size()); }

    [[nodiscard]] bool empty() const { return octets_.empty(); }
    // For the computation that needs it, and for nothing else.
    [[nodiscard]] BytesView reveal() const { return octets_; }
    bool operator==(const Secret& other) const { return equal_in_constant_time(octets_, other.octets_); }

    // Also of what was a secret on its way here. Volatile: the compiler may not leave it out.
    static void wipe(void* memory, std::size_t size) {
        auto* octet = static_cast<volatile std::uint8_t*>(memory);
        while (size-- > 0) *octet++ = 0;
    }

private:
    Bytes octets_;
};

}  // namespace vrrpd
