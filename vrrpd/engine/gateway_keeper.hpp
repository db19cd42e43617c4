// What the `gateway` blocks need beside their virtual router: the packet rules loaded in every role, the fence
// opened while Active, the WAN watched, foreign rules named. The engine's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/engine/core/next_hop.hpp"
#include "vrrpd/engine/core/readiness.hpp"
#include "vrrpd/engine/core/rule_watch.hpp"
#include "vrrpd/engine/kernel_desk.hpp"
#include "vrrpd/engine/speaker.hpp"
#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::engine {

class GatewayKeeper {
public:
    using Changed = std::function<void(std::size_t gateway)>;  // its Readiness is another now

    GatewayKeeper(Loop& loop, Log& log, KernelDesk& desk, Speaker& speaker, Changed changed);

    // At start and after a reload. The configuration must outlive the keeper or the next call.
    void configure(const config::Config& config);

    // The fence of one gateway: open for so long (renewed by calling again), or shut. What the kernel refuses is tried
    // again until it is done or no longer wanted.
    void open_fence(std::size_t gateway, std::chrono::milliseconds lifetime);
    void shut_fence(std::size_t gateway);
    [[nodiscard]] bool wants_fence_open(std::size_t gateway) const { return states_[gateway].open.has_value(); }
    // What came of it. Without nf_tables there is none that could be shut.
    [[nodiscard]] bool fence_is_open(std::size_t gateway) const {
        return !desk_.has_tables() || loop_.now() < states_[gateway].open_until;
    }
    // When it was opened, or renewed, last.
    [[nodiscard]] Instant fence_opened_at(std::size_t gateway) const { return states_[gateway].opened_at; }
    // It should be open, and the kernel refused that the last time.
    [[nodiscard]] bool fence_is_stuck(std::size_t gateway) const { return !states_[gateway].not_opened.empty(); }

    [[nodiscard]] const Readiness& readiness(std::size_t gateway) const { return states_[gateway].readiness; }
    [[nodiscard]] const std::optional<IpAddress>& next_hop(std::size_t gateway) const { return states_[gateway].via; }
    [[nodiscard]] const std::vector<netlink::nft::GatewayRules::DnsServer>& dns(std::size_t gateway) const {
        return states_[gateway].dns;
    }

    // From the agent: who answers DNS questions, whether this host's own forwarder works, and what a service weighs
    // now (0: nothing). What a reload took away meanwhile is nobody's.
    void dns_chosen(const ipc::DnsChoice& choice);
    // ... before the first configure(): it is in the rules already.
    void remember(const ipc::DnsChoice& choice) { remembered_.push_back(choice); }
    // Whether that is news.
    [[nodiscard]] bool dns_judged(const ipc::DnsHealth& health);
    void service_weighs(const ipc::ServiceWeight& weight);
    // Until it is taken back; of a stand-in it is said for the moment at which its fence opens.
    void dhcp_silenced(const ipc::DhcpSilence& silence);
    // What is in the way of leases and DNS. Until the agent has said so once, that is.
    void services_judged(const ipc::Readiness& services);
    // Those whose own forwarder does not work here, by name.
    [[nodiscard]] const std::vector<std::string>& without_dns() const { return without_dns_; }

    // News from the kernel.
    void world_changed();
    void rules_changed(const netlink::nft::RulesetMonitor::Seen& seen);
    void address_claimed(IfIndex link, const IpAddress& address);

    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

private:
    struct State {
        NextHopWatch next_hop;
        bool routed = false;                            // there is a way out: `via` was given, or a default route found
        std::optional<IpAddress> via;                   // asked for now; none on a point-to-point link
        std::vector<std::string> foreign;               // foreign rules in its way
        std::vector<std::string> forwarding;            // where the kernel does not forward
        std::vector<std::string> forwarding_seen;       // ... at the last look: once is no proof
        std::optional<std::chrono::milliseconds> open;  // the fence should be, and for how long at a time
        Instant opened_at{}, open_until{};              // ... and was, as far as the kernel said
        std::string not_opened;                         // why not, the last time
        bool not_shut = false;                          // ... and it was said
        Deadline fence_at;                              // it is tried again
        bool no_dhcp = false;                           // be it open: not for DHCP
        std::vector<netlink::nft::GatewayRules::DnsServer> dns;  // one of each family at most
        std::vector<proto::Tracked> services;
        std::optional<std::vector<std::string>> of_services;  // as the agent said last; none: nothing yet
        Readiness readiness;
    };

    [[nodiscard]] std::optional<std::size_t> find(const std::string& gateway) const;
    [[nodiscard]] const config::DnsFailover* dns_failover_of(const std::string& gateway) const;
    [[nodiscard]] bool has_services(std::size_t gateway) const;
    void forget_services();
    [[nodiscard]] std::vector<netlink::nft::GatewayRules> wanted_rules() const;
    [[nodiscard]] std::vector<netlink::nft::Served> served() const;
    [[nodiscard]] std::vector<netlink::nft::Served::DnsPath> dns_paths(const std::string& gateway) const;
    void install();
    void fence_opened(const std::string& name, std::chrono::milliseconds lifetime, const Result<bool>& put_back);
    void fence_shut(const std::string& name, const Result<bool>& done);
    void try_fence_again(std::size_t gateway, Instant now);
    void inspect();
    void inspected(const RulesInspected& found);
    void put_right();
    void say_put_right();
    void look_at_switches();
    void switches_seen(const std::vector<AskSwitches::Switch>& off);
    void ask_kernel_for_next_hop(std::size_t gateway, IfIndex wan);
    void judge(std::size_t gateway);
    void say(std::size_t gateway, const Readiness& before) const;
    [[nodiscard]] std::vector<std::string> lan_devices_present() const;

    Loop& loop_;
    Log& log_;
    KernelDesk& desk_;
    Speaker& speaker_;
    Changed changed_;
    const config::Config* config_ = nullptr;
    const std::vector<config::Gateway>* gateways_ = nullptr;  // of it
    std::vector<State> states_;
    std::vector<std::string> without_dns_;
    std::vector<ipc::DnsChoice> remembered_;  // until the first configure()
    std::vector<std::string> present_;        // lan devices when the rules were last installed
    RuleWatch rules_;
    Deadline switches_at_;
    std::string not_installed_;  // why our rules are not
};

}  // namespace vrrpd::engine
