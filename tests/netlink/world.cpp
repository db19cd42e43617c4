#include "tests/netlink/world.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "netlink/fake_kernel.hpp"
#include "netlink/rtnetlink.hpp"
#include "vrrpd/base/assert.hpp"

namespace netlink::test {

namespace {

class FakeWorld final : public World {
public:
    FakeWorld() {
        lan = kernel_.add_link("lan0");
        wan = kernel_.add_link("wan0");
    }
    Kernel& kernel() override { return kernel_; }
    std::vector<Change> changes() override { return kernel_.read_changes(); }
    void set_up(const std::string& device, bool up) override { kernel_.set_link(index(device), up, up); }
    void remove_device(const std::string& device) override { kernel_.remove_link(index(device)); }
    void pass(std::chrono::milliseconds time) override { kernel_.advance(time); }
    void confirm(const std::string& device, const IpAddress& neighbour, const MacAddress& mac) override {
        kernel_.confirm(index(device), neighbour, mac);
    }

private:
    IfIndex index(const std::string& device) { return kernel_.snapshot()->link(device)->index; }

    FakeKernel kernel_;
};

class RealWorld final : public World {
public:
    RealWorld() {
        if (!home_.entered()) return;
        run_ip("link set lo up");
        for (const std::string device : {"lan0", "wan0"}) {
            run_ip("link add " + device + " type veth peer name " + device + "-peer");
            run_ip("link set " + device + "-peer up");
            run_ip("link set " + device + " up");
        }
        lan = IfIndex{if_nametoindex("lan0")};
        wan = IfIndex{if_nametoindex("wan0")};
        kernel_ = open_rtnetlink().value();
        await_carrier();
        monitor_ = std::make_unique<Monitor>(Monitor::open().value());
    }
    [[nodiscard]] bool usable() const { return kernel_ != nullptr; }
    Kernel& kernel() override { return *kernel_; }
    std::vector<Change> changes() override {
        std::vector<Change> all;
        for (auto some = monitor_->read(); !some.empty(); some = monitor_->read()) {
            all.insert(all.end(), some.begin(), some.end());
        }
        return all;
    }
    void set_up(const std::string& device, bool up) override { run_ip("link set " + device + (up ? " up" : " down")); }
    void remove_device(const std::string& device) override { run_ip("link del " + device); }
    void pass(std::chrono::milliseconds time) override { std::this_thread::sleep_for(time); }
    void confirm(const std::string& device, const IpAddress& neighbour, const MacAddress& mac) override {
        run_ip("neigh replace " + neighbour.to_string() + " lladdr " + mac.to_string() + " nud reachable dev " +
               device);
    }

private:
    // The kernel says a little later, and on a busy machine much later, that the other end is there.
    void await_carrier() {
        for (int i = 0; i < 500; ++i) {
            const auto now = kernel_->snapshot().value();
            if (now.link("lan0")->usable() && now.link("wan0")->usable()) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }

    OwnNamespace home_;  // first: the sockets close before it is left
    std::unique_ptr<Kernel> kernel_;
    std::unique_ptr<Monitor> monitor_;
};

}  // namespace

OwnNamespace::OwnNamespace() : home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    entered_ = home_ && ::geteuid() == 0 && ::unshare(CLONE_NEWNET) == 0;
}

OwnNamespace::~OwnNamespace() {
    if (entered_) ASSERT(::setns(home_.get(), CLONE_NEWNET) == 0);
}

void run_ip(const std::string& arguments) {
    const auto command = "ip " + arguments;
    const int status = std::system(command.c_str());
    if (status == 0) return;
    std::fprintf(stderr, "%s: failed\n", command.c_str());
    std::abort();
}

std::unique_ptr<World> fake_world() { return std::make_unique<FakeWorld>(); }

std::unique_ptr<World> real_world() {
    auto world = std::make_unique<RealWorld>();
    if (!world->usable()) return nullptr;
    return world;
}

}  // namespace netlink::test
