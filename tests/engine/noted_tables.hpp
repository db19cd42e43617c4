// Rules that note what they were told, and refuse what they are told to: for the writer and what stands on it. Used by
// the test's thread and the writer's.
#pragma once

#include <atomic>
#include <cerrno>
#include <thread>

#include "netlink/nft/tables.hpp"

namespace vrrpd::engine::test {

class NotedTables final : public netlink::nft::Tables {
public:
    netlink::nft::Abilities abilities() override { return {true, true, true}; }
    Result<void> install(std::span<const netlink::nft::GatewayRules>) override { return {}; }
    Result<void> install_fence(std::span<const netlink::nft::GatewayRules>) override { return {}; }
    Result<bool> remove_fence() override { return false; }
    Result<bool> open_fence(const std::string&, std::chrono::milliseconds lifetime) override {
        if (fence_refusals > 0) {
            --fence_refusals;
            return fail(EPERM, "open the fence");
        }
        open = lifetime.count() > 0;
        return false;
    }
    Result<void> refuse(std::span<const netlink::nft::Refused> addresses) override {
        refused.push_back(addresses.size());
        return {};
    }
    Result<bool> intact() override { return true; }
    Result<std::vector<netlink::nft::Obstacle>> obstacles(std::span<const netlink::nft::Served>,
                                                          const Hurried& hurried) override {
        ++inspections;
        while (endless && !hurried()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (endless.exchange(false)) return fail(ECANCELED, "read the rules");
        return std::vector<netlink::nft::Obstacle>{};
    }

    std::vector<std::size_t> refused;  // how many, each time
    std::atomic<unsigned> inspections = 0;
    std::atomic<bool> endless = false;    // the rules of others, the first time
    std::atomic<int> fence_refusals = 0;  // so often the kernel refuses to open or shut it
    std::atomic<bool> open = false;       // the fence
};

}  // namespace vrrpd::engine::test
