// A machine with two devices to try a Kernel on: the model, or this machine's kernel in a network namespace of the
// test's own, which ends with the test.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "netlink/kernel.hpp"
#include "netlink/monitor.hpp"
#include "vrrpd/base/fd.hpp"

namespace netlink::test {

class World {
public:
    World() = default;
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    virtual ~World() = default;

    virtual Kernel& kernel() = 0;
    virtual std::vector<Change> changes() = 0;  // since the last call
    virtual void set_up(const std::string& device, bool up) = 0;
    virtual void remove_device(const std::string& device) = 0;
    virtual void pass(std::chrono::milliseconds time) = 0;
    virtual void confirm(const std::string& device, const IpAddress& neighbour, const MacAddress& mac) = 0;

    IfIndex lan, wan;  // "lan0", "wan0": up, with carrier, no address but IPv6's link-local one
};

[[nodiscard]] std::unique_ptr<World> fake_world();
// nullptr: not root, or the kernel gives no namespaces.
[[nodiscard]] std::unique_ptr<World> real_world();

// Leaves the calling thread in a fresh network namespace; the destructor takes it back. The fresh one ends when its
// last socket is closed.
class OwnNamespace {
public:
    OwnNamespace();
    OwnNamespace(const OwnNamespace&) = delete;
    OwnNamespace& operator=(const OwnNamespace&) = delete;
    ~OwnNamespace();
    [[nodiscard]] bool entered() const { return entered_; }

private:
    vrrpd::Fd home_;
    bool entered_ = false;
};

// Runs `ip ARGUMENTS` in the caller's namespace; aborts the test program when that fails.
void run_ip(const std::string& arguments);

}  // namespace netlink::test
