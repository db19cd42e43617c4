// The inside of a LeaseService: its parts, and in which order what one of them says goes to the others. For
// lease_service.cpp (the owner's side, the replica) and lease_service_server.cpp (the DHCP server's side) alone.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "dhcpsync/core/feed.hpp"
#include "dhcpsync/core/offer_watch.hpp"
#include "dhcpsync/core/rewrite.hpp"
#include "dhcpsync/lease_file.hpp"
#include "dhcpsync/lease_service.hpp"
#include "dhcpsync/lease_store.hpp"
#include "dhcpsync/server_health.hpp"

namespace dhcpsync {

struct LeaseService::Impl {
    static constexpr Duration chores_interval = std::chrono::seconds(10);
    // At a take-over the old gateway's last word may be that it is one; it has so long to take it back.
    static constexpr Duration split_patience = std::chrono::seconds(1);

    struct PeerState {
        bool told = false;                   // all that it has
        bool active = false;                 // as it said last
        std::optional<MessageNumber> asked;  // the first Update that it had from us as the gateway
        bool knows = false;                  // it has said something since, knowing that we are
        Deadline split_at;                   // it counts as a second gateway, if it knows and still is
    };

    Impl(vrrpd::Loop& loop_, vrrpd::Log& log_, ServiceSetup setup_, ServiceOutcomes outcomes_,
         const Surroundings& around_);
    ~Impl();

    [[nodiscard]] Moment now() const { return {loop.now(), around.wall()}; }
    [[nodiscard]] Seconds clock_now() const;
    void heed_clock();
    [[nodiscard]] Deadline next_deadline() const;
    void step();

    // ---- the replica
    void run(Event event) { perform(replica.step(now(), std::move(event))); }
    void perform(Actions actions);
    void on(const Send& action);
    void on(Apply& action);
    void on(const PersistTerm& action) { store.persist(action.term); }
    void on(const Persist&) { store.write(replica.image()); }
    void on(const SplitBrain& action);
    void on(const TooMuch& action);
    void on(const Quarantined& action);
    void received(NodeId peer, BytesView message);
    void heard(PeerState& peer, const Message& message);
    void consider_splits();
    [[nodiscard]] Deadline split_deadline() const;
    void role_changed(const RoleChange& change);
    [[nodiscard]] std::string name_of(NodeId peer) const;
    [[nodiscard]] std::size_t missing() const;
    [[nodiscard]] bool caught_up() const;
    [[nodiscard]] bool restarts_server() const;
    [[nodiscard]] ServiceStatus status() const;

    // ---- the DHCP server
    void use(const ServerFacts& found);
    void do_chores();
    void believed(Believed& believed);
    void say_faults(const TextFaults& faults);
    void give(const FeedEvent& event);
    void server_on_bus(bool there);
    void health_changed(const HealthChange& change);

    [[nodiscard]] bool expects_bus() const { return bus && facts.may_use_bus; }
    [[nodiscard]] bool by_bus() const { return on_bus && bus->trouble().empty(); }

    // By way of its file.
    [[nodiscard]] bool by_file() const;
    [[nodiscard]] LeaseBook wanted_book() const;
    void fit(Leases& wanted) const;
    [[nodiscard]] const Bytes* wanted_duid() const;
    [[nodiscard]] bool has_other_duid();
    void consider_rewrite();
    void leases_written(const std::string& problem);

    // Hosts without a lease, and whether the LAN is served.
    void repair_on(const RepairEvent& event);
    void act(const ScanPool& action);
    void act(const Protect& action);
    void act(const HasSeveral& action);
    void act(const TakesAnothers& action);
    [[nodiscard]] const Lease* lease_of(const IpAddress& address) const;
    [[nodiscard]] bool has_lease(const IpAddress& address) const { return lease_of(address) != nullptr; }
    [[nodiscard]] bool has_lease(const vrrpd::MacAddress& machine) const;
    [[nodiscard]] Repair::Known known() const;
    void watch_offers();
    void heed_term();
    void heed_offers(OfferWatch::Action action);
    void testified(NodeId peer, const Testimony& testimony);

    vrrpd::Loop& loop;
    vrrpd::Log& log;
    ServiceSetup setup;
    ServiceOutcomes outcomes;
    Surroundings around;

    ServerFacts facts;
    LeaseStore store;
    Replica replica;
    Feed feed;
    Rewriter rewriter;
    Repair repair;
    OfferWatch offer_watch;
    Witnesses witnesses;
    Term gateway_term;                // of the gateway that these two are about
    std::unique_ptr<LeaseFile> file;  // none: not found yet
    std::unique_ptr<ServerBus> bus;   // none: not wanted
    ServerHealth health;

    std::optional<RoleChange> role;
    std::map<NodeId, PeerState> peers;  // that are up
    bool has_heard = false;             // of what any of them has, since the start
    std::set<NodeId> talk_nonsense;     // said once
    std::optional<LeaseBook> book;      // of the local server, as believed
    TextFaults faults;                  // ... of its file, as said
    bool on_bus = false;
    bool lacks_by_file = false;  // the server lacks what only its restart would tell it, as seen last
    std::string write_trouble;
    Bytes stubborn_duid;  // the server's own, which a restart did not change or is not there to change
    std::optional<IpAddress> offers;
    Seconds clock;  // the wall clock, as seen from the other one
    Instant off_bus_since;
    Instant chores_at;
};

}  // namespace dhcpsync
