// What the model has beyond a kernel: failures on order, and a small event queue.
#include "netlink/fake_kernel.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace netlink::fake_kernel_test {

namespace {

std::vector<Request> addresses(IfIndex link, int count) {
    std::vector<Request> requests;
    for (int i = 0; i < count; ++i) {
        Address address;
        address.link = link;
        address.prefix = Prefix::host(IpAddress::v4(10, 0, 0, static_cast<std::uint8_t>(i)));
        requests.emplace_back(Add{address});
    }
    return requests;
}

TEST(FakeKernel, fails_on_order_and_changes_nothing_then) {
    FakeKernel kernel;
    const auto requests = addresses(kernel.add_link("lan0"), 4);
    kernel.fail([](const Request& request) { return std::holds_alternative<Add>(request); }, EBUSY, 2);
    const auto results = kernel.apply(requests);
    ASSERT_EQ(results.size(), 4u);
    EXPECT_EQ(results[0].error(), (vrrpd::OsError{EBUSY, "add 10.0.0.0/32 dev lan0"}));
    EXPECT_EQ(results[1].error().code, EBUSY);
    EXPECT_TRUE(results[2] && results[3]);
    EXPECT_EQ(kernel.snapshot()->addresses.size(), 2u);
}

TEST(FakeKernel, loses_events_beyond_its_capacity) {
    FakeKernel kernel;
    const auto requests = addresses(kernel.add_link("lan0"), 10);
    (void)kernel.read_changes();
    kernel.set_event_capacity(3);
    for (const auto& result : kernel.apply(requests)) EXPECT_TRUE(result);
    const auto changes = kernel.read_changes();
    ASSERT_EQ(changes.size(), 4u);
    EXPECT_TRUE(std::holds_alternative<AddressAdded>(changes[0]));
    EXPECT_TRUE(std::holds_alternative<Overrun>(changes[3]));
    EXPECT_TRUE(kernel.read_changes().empty());
}

TEST(FakeKernel, lifetimes_count_down) {
    FakeKernel kernel;
    Address vip;
    vip.link = kernel.add_link("lan0");
    vip.prefix = *Prefix::parse("10.12.14.1/24");
    vip.valid = std::chrono::seconds(5);
    const Request request = Add{vip};
    EXPECT_TRUE(kernel.apply({&request, 1}).front());
    kernel.advance(std::chrono::milliseconds(3500));
    EXPECT_EQ(kernel.snapshot()->addresses.front().valid, std::chrono::seconds(2));
    kernel.advance(std::chrono::milliseconds(1499));
    EXPECT_EQ(kernel.snapshot()->addresses.size(), 1u);
    kernel.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(kernel.snapshot()->addresses.empty());
}

}  // namespace

}  // namespace netlink::fake_kernel_test
