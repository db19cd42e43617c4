// sim --seed N [--trace]: one run.  sim --runs N [--from SEED]: many.  --groups: of sync groups. Exit code 1 if an
// invariant was violated.
#include <charconv>
#include <cstring>
#include <iostream>
#include <optional>
#include <string_view>

#include "tests/sim/group_world.hpp"
#include "tests/sim/run.hpp"

namespace {

struct Options {
    std::optional<std::uint64_t> seed;
    std::uint64_t runs = 1;
    std::uint64_t from = 1;
    bool trace = false;
    bool groups = false;
    bool ok = true;
};

std::uint64_t number(Options& options, int argc, char** argv, int at) {
    std::uint64_t value = 0;
    const std::string_view word = at < argc ? argv[at] : "";
    const auto result = std::from_chars(word.data(), word.data() + word.size(), value);
    options.ok &= !word.empty() && result.ptr == word.data() + word.size();
    return value;
}

Options read(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--trace")
            options.trace = true;
        else if (word == "--groups")
            options.groups = true;
        else if (word == "--seed")
            options.seed = number(options, argc, argv, ++i);
        else if (word == "--runs")
            options.runs = number(options, argc, argv, ++i);
        else if (word == "--from")
            options.from = number(options, argc, argv, ++i);
        else
            options.ok = false;
    }
    return options;
}

bool one(const Options& options, std::uint64_t seed) {
    auto* const trace = options.trace ? &std::cout : nullptr;
    const auto violation = options.groups ? vrrpd::sim::run_groups(seed, trace) : vrrpd::sim::run(seed, trace);
    if (!violation.empty()) std::cout << "seed " << seed << ": " << violation << '\n';
    return violation.empty();
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = read(argc, argv);
    if (!options.ok) {
        std::cerr << "usage: sim [--groups] --seed N [--trace] | sim [--groups] --runs N [--from SEED]\n";
        return 2;
    }
    if (options.seed) return one(options, *options.seed) ? 0 : 1;
    bool all = true;
    for (std::uint64_t i = 0; i < options.runs; ++i) all &= one(options, options.from + i);
    return all ? 0 : 1;
}
