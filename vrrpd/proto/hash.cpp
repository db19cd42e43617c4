// See hash.hpp. Both functions fill blocks of 64 octets and pad alike; they differ in the octets' order and in what
// is done with a block.
#include "vrrpd/proto/hash.hpp"

#include <algorithm>
#include <bit>
#include <span>

#include "vrrpd/base/secret.hpp"

namespace vrrpd::proto {

namespace {

constexpr std::size_t block_size = 64;
using Block = std::span<const std::uint8_t, block_size>;

std::uint32_t little_endian(Block block, std::size_t word) {
    const auto* octet = block.data() + 4 * word;
    return octet[0] | static_cast<std::uint32_t>(octet[1]) << 8 | static_cast<std::uint32_t>(octet[2]) << 16 |
           static_cast<std::uint32_t>(octet[3]) << 24;
}

std::uint32_t big_endian(Block block, std::size_t word) {
    const auto* octet = block.data() + 4 * word;
    return static_cast<std::uint32_t>(octet[0]) << 24 | static_cast<std::uint32_t>(octet[1]) << 16 |
           static_cast<std::uint32_t>(octet[2]) << 8 | octet[3];
}

class Md5 {
public:
    using Digest = Md5Digest;
    static constexpr bool big_endian_length = false;

    void take(Block block) {
        auto [a, b, c, d] = state_;
        for (unsigned i = 0; i < 64; ++i) {
            const auto [mixed, word] = mix(i, b, c, d);
            const auto sum = a + mixed + sines[i] + little_endian(block, word);
            a = d;
            d = c;
            c = b;
            b += std::rotl(sum, shifts[i / 16][i % 4]);
        }
        state_[0] += a;
        state_[1] += b;
        state_[2] += c;
        state_[3] += d;
    }

    [[nodiscard]] Digest digest() const {
        Digest result{};
        for (std::size_t i = 0; i < result.size(); ++i)
            result[i] = static_cast<std::uint8_t>(state_[i / 4] >> (8 * (i % 4)));
        return result;
    }

private:
    struct Mixed {
        std::uint32_t value;
        std::size_t word;
    };
    // RFC 1321 3.4: F, G, H, I, and which word of the block goes with each.
    static Mixed mix(unsigned i, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
        switch (i / 16) {
            case 0:
                return {(b & c) | (~b & d), i};
            case 1:
                return {(b & d) | (c & ~d), (5 * i + 1) % 16};
            case 2:
                return {b ^ c ^ d, (3 * i + 5) % 16};
            default:
                return {c ^ (b | ~d), (7 * i) % 16};
        }
    }

    static constexpr int shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    // 2^32 * abs(sin(i + 1))
    static constexpr std::uint32_t sines[64] = {
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
        0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
        0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
        0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
        0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
        0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
        0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
        0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

    std::array<std::uint32_t, 4> state_{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
};

class Sha256 {
public:
    using Digest = Sha256Digest;
    static constexpr bool big_endian_length = true;

    void take(Block block) {
        const auto schedule = schedule_of(block);
        auto [a, b, c, d, e, f, g, h] = state_;
        for (std::size_t i = 0; i < schedule.size(); ++i) {
            const auto sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
            const auto first = h + sum1 + ((e & f) ^ (~e & g)) + cubes[i] + schedule[i];
            const auto sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
            const auto second = sum0 + ((a & b) ^ (a & c) ^ (b & c));
            h = g;
            g = f;
            f = e;
            e = d + first;
            d = c;
            c = b;
            b = a;
            a = first + second;
        }
        const std::uint32_t round[] = {a, b, c, d, e, f, g, h};
        for (std::size_t i = 0; i < state_.size(); ++i) state_[i] += round[i];
    }

    [[nodiscard]] Digest digest() const {
        Digest result{};
        for (std::size_t i = 0; i < result.size(); ++i)
            result[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
        return result;
    }

private:
    static std::array<std::uint32_t, 64> schedule_of(Block block) {
        std::array<std::uint32_t, 64> w{};
        for (std::size_t i = 0; i < 16; ++i) w[i] = big_endian(block, i);
        for (std::size_t i = 16; i < w.size(); ++i) {
            const auto sigma0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
            const auto sigma1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16] + sigma0 + w[i - 7] + sigma1;
        }
        return w;
    }

    // The first 32 bits of the fractions of the cube roots of the first 64 primes.
    static constexpr std::uint32_t cubes[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

    std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
};

// `before` octets, whole blocks, were taken already.
template <class Hash>
typename Hash::Digest finish(Hash hash, BytesView text, std::size_t before) {
    const std::uint64_t bits = (before + text.size()) * 8;
    for (; text.size() >= block_size; text = text.subspan(block_size)) hash.take(Block(text.first(block_size)));
    // What is left, one bit, zeros, and the length in the last eight octets.
    std::array<std::uint8_t, 2 * block_size> end{};
    std::copy(text.begin(), text.end(), end.begin());
    end[text.size()] = 0x80;
    const std::size_t size = text.size() < block_size - 8 ? block_size : 2 * block_size;
    for (std::size_t i = 0; i < 8; ++i)
        end[size - 8 + i] = static_cast<std::uint8_t>(bits >> 8 * (Hash::big_endian_length ? 7 - i : i));
    for (std::size_t at = 0; at < size; at += block_size) hash.take(Block(end.data() + at, block_size));
    return hash.digest();
}

// RFC 2104 2.
template <class Hash>
typename Hash::Digest hmac(BytesView key, BytesView text) {
    std::array<std::uint8_t, block_size> pad{};
    if (key.size() > block_size) {
        const auto shorter = finish(Hash(), key, 0);
        std::copy(shorter.begin(), shorter.end(), pad.begin());
    } else {
        std::copy(key.begin(), key.end(), pad.begin());
    }
    constexpr std::uint8_t inner_pad = 0x36, outer_pad = 0x5c;
    Hash inner, outer;
    for (auto& octet : pad) octet ^= inner_pad;
    inner.take(pad);
    for (auto& octet : pad) octet ^= inner_pad ^ outer_pad;
    outer.take(pad);
    Secret::wipe(pad.data(), pad.size());
    return finish(outer, finish(inner, text, block_size), block_size);
}

}  // namespace

Md5Digest hmac_md5(BytesView key, BytesView text) { return hmac<Md5>(key, text); }
Sha256Digest hmac_sha256(BytesView key, BytesView text) { return hmac<Sha256>(key, text); }

}  // namespace vrrpd::proto
