// The committed corpus of each target, and bytes made from it, as unit tests: what a fuzzer found once stays found,
// also with compilers that have none.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "tests/base/effort.hpp"
#include "tests/fuzz/targets.hpp"

namespace vrrpd::fuzz::replay_test {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Corpus = std::vector<Bytes>;

Corpus corpus_of(const char* target) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(VRRPD_SOURCE_DIR "/tests/fuzz/corpus/") + target))
        paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    Corpus corpus;
    for (const auto& path : paths) {
        std::ifstream in(path, std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return corpus;
}

// A few octets changed, a piece of one input moved into another, an end cut off.
class Mutator {
public:
    explicit Mutator(const Corpus& corpus) : corpus_(corpus) {}

    Bytes next() {
        auto bytes = any();
        for (auto steps = 1 + below(4); steps > 0; --steps) step(bytes);
        return bytes;
    }

private:
    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }
    const Bytes& any() { return corpus_[below(corpus_.size())]; }
    void step(Bytes& bytes) {
        const auto at = static_cast<std::ptrdiff_t>(below(bytes.size() + 1));
        switch (below(5)) {
            case 0:
                if (!bytes.empty()) bytes[below(bytes.size())] = static_cast<std::uint8_t>(random_());
                break;
            case 1:
                if (!bytes.empty()) bytes[below(bytes.size())] ^= static_cast<std::uint8_t>(1U << below(8));
                break;
            case 2:
                bytes.resize(static_cast<std::size_t>(at));
                break;
            case 3:
                bytes.insert(bytes.begin() + at, static_cast<std::uint8_t>(random_()));
                break;
            default: {
                const Bytes other = any();
                const auto from = static_cast<std::ptrdiff_t>(below(other.size() + 1));
                bytes.insert(bytes.begin() + at, other.begin() + from, other.end());
            }
        }
        bytes.resize(std::min<std::size_t>(bytes.size(), 8192));
    }

    const Corpus& corpus_;
    std::mt19937 random_{20'240'501};  // the same bytes each time: a failure is found again
};

class Fuzz : public testing::TestWithParam<Target> {};

TEST_P(Fuzz, takes_its_corpus) {
    const auto corpus = corpus_of(GetParam().name);
    ASSERT_GE(corpus.size(), 5U);
    for (const auto& input : corpus) GetParam().one_input(input);
}

TEST_P(Fuzz, takes_what_is_made_of_it) {
    const auto corpus = corpus_of(GetParam().name);
    ASSERT_FALSE(corpus.empty());
    Mutator mutator(corpus);
    for (std::uint64_t i = 0; i < vrrpd::test::share_of(3000); ++i) GetParam().one_input(mutator.next());
}

INSTANTIATE_TEST_SUITE_P(Targets, Fuzz, testing::ValuesIn(targets),
                         [](const auto& about) { return std::string(about.param.name); });

}  // namespace
}  // namespace vrrpd::fuzz::replay_test
