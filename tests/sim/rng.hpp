// Random numbers that are the same on every machine and library (SplitMix64, public domain by S. Vigna).
#pragma once

#include <cstdint>
#include <vector>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::sim {

class Rng {
public:
    explicit Rng(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    std::size_t below(std::size_t bound) {
        ASSERT(bound > 0);
        return static_cast<std::size_t>(next() % bound);
    }
    bool chance(double probability) { return static_cast<double>(next() >> 11) * 0x1p-53 < probability; }
    Duration up_to(Duration most) {
        return Duration(static_cast<Duration::rep>(next() % static_cast<std::uint64_t>(most.count() + 1)));
    }
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }

private:
    std::uint64_t state_;
};

}  // namespace vrrpd::sim
