// libFuzzer's way to one target, which the build names.
#include <cstddef>

#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return vrrpd::fuzz::VRRPD_FUZZ_TARGET::one_input({data, size});
}
