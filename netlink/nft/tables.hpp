// Our tables in nf_tables: one atomic batch per change, retried on ERESTART; nobody else's table is ever
// written. Over libmnl and libnftnl, no nft process. Tables are named "vrrpd" (inet; netdev for the fence).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "netlink/nft/gateway.hpp"
#include "vrrpd/base/result.hpp"

namespace netlink::nft {

using vrrpd::Result;

// A foreign rule set that would stop this host from being the gateway: "ip filter FORWARD drops
// lan0->wan0", and what to run.
struct Obstacle {
    std::string gateway;  // the one that it stops
    std::string where;
    std::string remedy;
    bool operator==(const Obstacle&) const = default;
};

// A gateway, and what must get through to its services, beside what it forwards. Foreign rules may stand in its way.
struct Served {
    GatewayRules gateway;
    bool dhcp = false;  // clients ask this host for leases
    struct DnsPath {
        Family family = Family::ipv4;
        std::optional<std::uint16_t> here;  // the port at which a server of this host is asked; none: another host's
        bool operator==(const DnsPath&) const = default;
    };
    std::vector<DnsPath> dns = {};  // that clients' questions may have to take
};

// What this kernel can do; said once at start.
struct Abilities {
    bool nf_tables = false;
    bool netdev_egress = false;  // else the fence stands in inet output, where AF_PACKET and ARP pass it by
    bool late_devices = false;   // a chain may wait for its device (Linux 6.16); else see install()
};

// An address of a virtual router that does not accept packets to it (RFC 9568 6.4.3), and the device that it stands on:
// a link-local address is that device's alone.
struct Refused {
    IpAddress address;
    std::string device;
    bool operator==(const Refused&) const = default;
};

class Tables {
public:
    Tables() = default;
    Tables(const Tables&) = delete;
    Tables& operator=(const Tables&) = delete;
    virtual ~Tables() = default;

    [[nodiscard]] virtual Abilities abilities() = 0;

    // Makes our tables say exactly this, in one batch, without touching what is right already
    // (re-installing the same rules keeps counters, NAT hooks and the fence's state). Empty: removes the
    // inet table; the fence stays until remove_fence().
    // If the kernel refuses the rules, the fence stands alone.
    // A lan device that does not exist gets its part of the fence when install() is called after it appeared: from then
    // on intact() is false.
    [[nodiscard]] virtual Result<void> install(std::span<const GatewayRules> gateways) = 0;
    // The fence alone, for `--fence` before the network is up: shut.
    [[nodiscard]] virtual Result<void> install_fence(std::span<const GatewayRules> gateways) = 0;
    // Whether there was one.
    [[nodiscard]] virtual Result<bool> remove_fence() = 0;

    // Makes this host act as the gateway for so long: its fence is open, and its rules translate and forward. Call
    // again to renew (delete + add in one batch: a plain add does not renew). Zero: shuts the fence, also one that
    // another process installed (`--sweep`), and ends the rest; only what leaves by masquerade is still translated for
    // as long as was left of the last lifetime. Whether our tables had gone, and were put back for it.
    [[nodiscard]] virtual Result<bool> open_fence(const std::string& gateway, std::chrono::milliseconds lifetime) = 0;

    // Packets to exactly these addresses are dropped where they would be this host's; neighbour discovery is not
    // (RFC 9568 6.1). In a table of its own, which is gone when there is none.
    [[nodiscard]] virtual Result<void> refuse(std::span<const Refused> addresses) = 0;

    // Whether our tables stand as installed (the audit, after a foreign `flush ruleset`, and after a lan device
    // appeared or vanished, which takes its chain along). False: call install() again.
    [[nodiscard]] virtual Result<bool> intact() = 0;

    // Foreign base chains and rules that drop what these gateways must forward, or be asked, for each gateway those in
    // its own way. There may be very many rules: ECANCELED as soon as `hurried` says yes.
    using Hurried = std::function<bool()>;
    [[nodiscard]] virtual Result<std::vector<Obstacle>> obstacles(std::span<const Served> gateways,
                                                                  const Hurried& hurried) = 0;
    [[nodiscard]] Result<std::vector<Obstacle>> obstacles(std::span<const Served> gateways) {
        return obstacles(gateways, {});
    }

    // The netlink port that changes of ours come from; for RulesetMonitor.
    [[nodiscard]] virtual std::uint32_t port() const { return 0; }
};

[[nodiscard]] Result<std::unique_ptr<Tables>> open_tables();

// Tells that somebody changed the rule set (NFNLGRP_NFTABLES). The owner watches fd().
class RulesetMonitor {
public:
    struct Seen {
        bool ours_touched = false;  // an event names one of our tables, and we did not send it
        bool foreign_touched = false;
        bool overrun = false;
        std::string by;  // process name and pid of the changer, where the kernel tells
    };
    // Changes that come from the netlink port `ours` (Tables::port()) are not reported.
    [[nodiscard]] static Result<RulesetMonitor> open(std::uint32_t ours = 0);
    RulesetMonitor(RulesetMonitor&&) noexcept;
    RulesetMonitor& operator=(RulesetMonitor&&) noexcept;
    ~RulesetMonitor();

    [[nodiscard]] int fd() const;
    [[nodiscard]] Seen read();

private:
    class Impl;
    explicit RulesetMonitor(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace netlink::nft
