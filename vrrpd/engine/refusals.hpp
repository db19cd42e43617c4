// no_accept: which addresses the packet filter keeps from this host now, those of Active instances that do not accept
// (RFC 9568 6.4.3). Put back when somebody takes the rules away. The engine's.
#pragma once

#include <memory>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/kernel_desk.hpp"

namespace vrrpd::engine {

class Refusals {
public:
    Refusals(Log& log, KernelDesk& desk) : log_(log), desk_(desk) {}

    // The rules say this when what is asked of the kernel next is carried out.
    void set(std::vector<netlink::nft::Refused> addresses);
    void rules_changed(const netlink::nft::RulesetMonitor::Seen& seen);
    void look();  // at every audit

private:
    void install(bool anyway);

    Log& log_;
    KernelDesk& desk_;
    std::shared_ptr<const std::vector<netlink::nft::Refused>> addresses_;  // null: there never were any
    bool failure_said_ = false;
};

// Of one instance: what is refused while it is Active.
[[nodiscard]] std::vector<netlink::nft::Refused> refused_by(const config::Instance& instance);

}  // namespace vrrpd::engine
