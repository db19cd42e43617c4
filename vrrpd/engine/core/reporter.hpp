// What the agent is told of each gateway: the role of this host, its priority, and why it could not be the gateway.
// Told when it is another than what was told last, so the engine may have it looked at as often as something may have
// changed. Pure, but for what it sends with. The engine's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/ipc/channel.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::engine {

class Reporter {
public:
    // One gateway as it is now.
    struct Standing {
        std::string gateway;
        proto::Role role = proto::Role::initialize;
        bool adopted = false;  // the role is that of an engine that crashed
        std::vector<std::string> obstacles;
        std::optional<proto::Priority> priority = std::nullopt;  // effective; none: nothing is told of it
        Instant since{};                                         // the role is the same
    };
    // false: it did not get through.
    using Send = std::function<bool(ipc::Kind, const std::string&)>;

    explicit Reporter(Send send) : send_(std::move(send)) {}

    // All gateways there are; what was told of any other is forgotten.
    void tell(const std::vector<Standing>& now);
    // Something did not get through: tell() is to be called again.
    [[nodiscard]] bool in_arrears() const { return in_arrears_; }

private:
    struct Told {
        std::optional<proto::Role> role;
        std::optional<std::vector<std::string>> obstacles;
        std::optional<ipc::Standing> standing;
    };
    void tell(const Standing& now, Told& told);

    Send send_;
    std::map<std::string, Told> told_;  // by gateway
    bool in_arrears_ = false;
};

}  // namespace vrrpd::engine
