// Network namespaces of a test's own: no names, nothing to clean up; they end with their last descriptor.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "netlink/nft/gateway.hpp"
#include "vrrpd/base/fd.hpp"

namespace nft_test {

class Space {
public:
    Space();
    // Runs `work` on a thread inside the namespace; sockets that it opens stay there.
    void in(const std::function<void()>& work) const;
    // Runs a command of a test inside and returns what it prints; a failure fails the test.
    std::string run(const std::string& command) const;
    // For `ip link set X netns PATH`.
    [[nodiscard]] std::string path() const;

private:
    vrrpd::Fd fd_;
};

// Skips aloud where namespaces cannot be made.
class NeedsRoot : public testing::Test {
protected:
    void SetUp() override;
};

// The home of the tests: lan0 with 10.12.14.0/24, wan0, masquerade.
[[nodiscard]] netlink::nft::GatewayRules home();

}  // namespace nft_test
