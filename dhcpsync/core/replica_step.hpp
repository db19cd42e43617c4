// One step of a Replica. For replica.cpp (peers, time, roles) and replica_local.cpp (what the local DHCP server did)
// alone.
#pragma once

#include "dhcpsync/core/replica.hpp"

namespace dhcpsync {

class ReplicaStep {
public:
    ReplicaStep(Replica& replica, Moment now) : r_(replica), now_(now) {}

    [[nodiscard]] Actions take(Event& event);

private:
    void on(const PeerUp& event);
    void on(const PeerDown& event);
    void on(FromPeer& event);
    void on(LocalLeases& event);
    void on(const ServerRestarted&) { r_.server_is_new_ = true; }
    void on(const BecameActive& event);
    void on(const BecameBackup&);
    void on(const TermPersisted& event);
    void on(const TimeReached&);

    // Peers
    void receive(NodeId peer, Update& update);
    void receive(NodeId peer, const Ack& ack);
    void heard(NodeId peer, const Standing& standing);
    [[nodiscard]] bool join(const Inbox& inbox);
    void join(const ServerDuid& duid);
    void speak_to_all();
    void send_what_is_due();

    // The local DHCP server
    void adopt(const Leases& leases);
    void publish(const Leases& before, const Leases& after);
    void granted(const Lease& lease, const Lease* before);
    void given_back(const Lease& before);
    void write(const IpAddress& address, std::optional<Lease> lease, Versions kept);
    [[nodiscard]] Versions unaffected(const IpAddress& address, const Lease* after, const Lease* before) const;
    [[nodiscard]] bool adopts(const Lease& lease) const;
    [[nodiscard]] bool is_echo(const Lease& lease) const;
    void found(const Bytes& server_duid);
    [[nodiscard]] Stamp sign();

    // The table
    void replace(const IpAddress& address, Versions versions);
    void report_quarantine(const IpAddress& address, const Versions& before, const Versions& after);
    void want(const IpAddress& address, const Versions& before, const Versions& after);
    void sweep();
    void plan_sweep();
    void dirty();

    [[nodiscard]] bool counts_for_nothing(const Versions& versions) const;
    [[nodiscard]] std::optional<Lease> holder_of(const Versions& versions) const;
    [[nodiscard]] const Versions& at(const IpAddress& address) const;
    template <class One>
    void say(One action) {
        actions_.emplace_back(std::move(action));
    }

    Replica& r_;
    Moment now_;
    Actions actions_;
    std::vector<Change> changes_;
};

}  // namespace dhcpsync
