// One dns_failover block at work: asks its forwarders, decides who answers, and says so. The agent's.
//
// Nothing is told before it is known: what an agent before this one decided stays in force until then. Nobody is sent
// to a server that is dead: while all are, what this router itself has at port 53 of the virtual address is asked.
// After a reload a service whose block did not change goes on (the agent keeps it), and one whose block did begins with
// the choices of the one before: a reload alone sends no client elsewhere, and ends no hold-down.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dnsfailover/core/selector.hpp"
#include "dnsfailover/prober.hpp"
#include "vrrpd/agent/dns_status.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::agent {

// What comes of it, for the engine.
struct DnsOutcomes {
    std::function<void(const ipc::DnsChoice&)> choose;  // of one family; the other one's stays
    std::function<void(const ipc::ServiceWeight&)> weigh;
    std::function<void(const ipc::DnsHealth&)> judge;  // of this host's own forwarder
};

// This host, as a forwarder's line may name it.
struct Self {
    std::string name;                  // -i, or the host name
    std::optional<IpAddress> address;  // as a member of peer_link
    bool operator==(const Self&) const = default;
};

class DnsService {
public:
    struct Setup {
        config::DnsFailover block;
        Self self;
        bool operator==(const Setup&) const = default;
    };

    // With `demote` the own forwarder is the one that matters. What `outcomes` names outlives the service; `before`,
    // the service whose place it takes, if there was one, is not used after the constructor.
    DnsService(Loop& loop, Log& log, Setup setup, DnsOutcomes outcomes, const DnsService* before = nullptr);
    DnsService(const DnsService&) = delete;
    DnsService& operator=(const DnsService&) = delete;

    [[nodiscard]] Deadline next_deadline() const;
    void step();

    // From the engine.
    void wan_changed(const ipc::WanState& state);
    void host_silent(const IpAddress& address);

    [[nodiscard]] const Setup& setup() const { return setup_; }
    [[nodiscard]] DnsStatus status() const;

private:
    // A Selector over some of the forwarders, in an order of its own.
    struct Choice {
        std::vector<std::size_t> order;
        dnsfailover::Selector selector;
        std::optional<ipc::DnsChoice> told{};  // last
        [[nodiscard]] std::size_t chosen() const { return order[selector.chosen()]; }
    };

    // `answering`: who answered before; nullptr: nobody.
    [[nodiscard]] Choice choice_of(std::vector<std::size_t> order, const config::Forwarder* answering) const;
    [[nodiscard]] std::optional<ipc::DnsChoice> decided(const Choice& choice) const;
    [[nodiscard]] const config::Forwarder* answering(Family family) const;
    [[nodiscard]] const config::Forwarder* counting_for(const DnsService& before) const;
    [[nodiscard]] const config::Forwarder& forwarder(std::size_t number) const { return config_.forwarders[number]; }
    void healths_changed(std::size_t which, const dnsfailover::HealthChange& change);
    // `event` with the forwarder's own number.
    void decide(const dnsfailover::SelectorEvent& event);
    void step(Choice& choice, const dnsfailover::SelectorEvent& event);
    void step_own(const dnsfailover::SelectorEvent& event);
    void tell(Choice& choice, bool moved);
    void tell_of_own();
    void weigh(int weight);
    void judge(bool up);
    [[nodiscard]] bool is_known(std::size_t which) const;
    [[nodiscard]] bool own_is_up() const;
    [[nodiscard]] std::string heading(const Choice& choice) const;
    [[nodiscard]] std::string describe(const Choice& choice) const;
    [[nodiscard]] std::string describe_weight() const;  // demote
    [[nodiscard]] std::string trouble() const;
    void add_forwarders(DnsStatus& result) const;

    Loop& loop_;
    Log& log_;
    Setup setup_;
    const config::DnsFailover& config_ = setup_.block;
    DnsOutcomes outcomes_;
    std::optional<std::size_t> own_;  // of the forwarders, this host's
    dnsfailover::Prober prober_;
    std::vector<Choice> choices_;  // redirect: one for each family of addresses; demote: none
    std::optional<Choice> ours_;   // the own one first: does it bear a weight, has it alone lost its upstream?
    std::optional<int> weight_;    // told last
    std::optional<bool> up_;       // told last
};

}  // namespace vrrpd::agent
