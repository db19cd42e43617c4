// Failures of the operating system as values.
// Bad input from others has its own enums (proto::Rejection, config::Fault); our own mistakes are
// ASSERTs. What is left, a system call or a kernel request that failed, travels as Result<T>.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace vrrpd {

// One failed request to the operating system.
struct OsError {
    int code = 0;      // errno, positive
    std::string what;  // what was tried, for people: "add 10.12.14.1/24 to lan0"

    [[nodiscard]] std::string describe() const { return what + ": " + std::strerror(code); }
    bool operator==(const OsError&) const = default;
};

template <class T>
using Result = tl::expected<T, OsError>;

[[nodiscard]] inline tl::unexpected<OsError> fail(int code, std::string what) {
    return tl::unexpected<OsError>(OsError{code, std::move(what)});
}

}  // namespace vrrpd
