// Two routers on four switches, with files that hold much: a thousand instances, or one with a thousand addresses.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "netns-tests/lab/capture.hpp"
#include "netns-tests/lab/network.hpp"
#include "tests/bench/subject.hpp"

namespace bench {

// A configuration, and the addresses it brings.
struct Load {
    std::string configuration;
    std::string batch;  // lines for `ip -batch` that add the same addresses
    std::size_t instances = 0;
    std::size_t addresses = 0;
};

inline constexpr std::size_t thousand = 1000;  // how many instances are many

// Further lines of a file of many instances.
struct Lines {
    std::string global_defs, blocks, instance;
};

// One address each, spread over the four interfaces.
[[nodiscard]] Load many_instances(std::size_t count, const Lines& more = {});
[[nodiscard]] Load many_addresses(std::size_t virtual_addresses, std::size_t excluded);  // one instance
[[nodiscard]] std::chrono::nanoseconds start_interval();  // silence that makes an instance of these files Active

struct Crowd {
    Crowd();

    lab::Switches switches;
    lab::Host first, second;
    lab::Host bystander;  // nothing runs there: for `ip -batch`
};

// RTM_NEWADDR, first to last, while `ip -batch` adds the addresses.
[[nodiscard]] std::chrono::nanoseconds time_of_ip_batch(const lab::Host& host, const Load& load);

// The same on the stand-in, while the Active is told to end. nullopt: not all of them came.
[[nodiscard]] std::optional<std::chrono::nanoseconds> mass_take_over(Subject& active, const Subject& standby,
                                                                     const Load& load);

}  // namespace bench
