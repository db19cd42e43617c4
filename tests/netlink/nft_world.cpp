#include "nft_world.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <thread>

namespace nft_test {

Space::Space() {
    std::thread([this] {
        if (::unshare(CLONE_NEWNET) == 0) fd_ = vrrpd::Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    }).join();
    if (fd_) run("ip link set lo up");
}

void Space::in(const std::function<void()>& work) const {
    std::thread([&] {
        ASSERT_EQ(::setns(fd_.get(), CLONE_NEWNET), 0);
        work();
    }).join();
}

std::string Space::run(const std::string& command) const {
    std::string output;
    in([&] {
        FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
        ASSERT_NE(pipe, nullptr);
        std::array<char, 4096> part{};
        while (const auto size = std::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), size);
        EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << output;
    });
    return output;
}

std::string Space::path() const { return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get()); }

void NeedsRoot::SetUp() {
    bool able = false;
    std::thread([&] { able = ::unshare(CLONE_NEWNET) == 0; }).join();
    if (!able) GTEST_SKIP() << "SKIPPED: network namespaces need root";
}

netlink::nft::GatewayRules home() {
    netlink::nft::GatewayRules gateway;
    gateway.name = "HOME";
    gateway.lans = {{"lan0", *vrrpd::Prefix::parse("10.12.14.0/24")}};
    gateway.wan = "wan0";
    gateway.virtual_addresses = {vrrpd::IpAddress::v4(10, 12, 14, 1)};
    gateway.masquerade = true;
    return gateway;
}

}  // namespace nft_test
