// One step of a VirtualRouter: the cells of RFC 9568 6.4's table as overloads of on(state, event). For machine.cpp
// (Initialize, Active, what is common) and machine_backup.cpp (Backup) alone.
#pragma once

#include "vrrpd/proto/machine.hpp"

namespace vrrpd::proto {

class Step {
public:
    Step(VirtualRouter& router, Instant now) : router_(router), now_(now) {}

    [[nodiscard]] Actions take(const Event& event);

private:
    // What a state has no use for.
    template <class State, class Ignored>
    void on(State&, const Ignored&) {}

    // 6.4.1 Initialize
    void on(Initialize&, const Start&);
    void on(Initialize&, const Adopt&);
    void on(Initialize&, const PriorityChanged&);
    void on(Initialize&, const Reconfigured&);

    // 6.4.2 Backup
    void on(Backup&, const Stop&);
    void on(Backup&, const Fault&);
    void on(Backup&, const Received&);
    void on(Backup&, const TimeReached&);
    void on(Backup&, const ProbeAnswered&);
    void on(Backup&, const GroupPromotes&);
    void on(Backup&, const PriorityChanged&);
    void on(Backup&, const Reconfigured&);

    // 6.4.3 Active
    void on(Active&, const Stop&);
    void on(Active&, const Fault&);
    void on(Active&, const Received&);
    void on(Active&, const TimeReached&);
    void on(Active&, const ClaimFailed&);
    void on(Active&, const ObjectLost&);
    void on(Active&, const GroupYields&);
    void on(Active&, const PriorityChanged&);
    void on(Active&, const Reconfigured&);

    template <class State>
    void on(State&, const ReadinessChanged& event) {
        router_.ready_ = event.ready;
    }

    // Changes of state. The reference to the old state is void afterwards.
    void become_active(Cause cause);
    void become_backup(Cause cause, const Received* from);
    void leave(Cause cause);   // Active -> Initialize, or Backup
    void resign(Cause cause);  // ... with a priority-0 advert first
    void moved(Role from, Cause cause, std::optional<IpAddress> peer, Duration silence);

    // Backup
    [[nodiscard]] bool probes_before_claim() const;
    [[nodiscard]] Instant due(const Backup& backup) const;
    [[nodiscard]] Cause promotion_cause(const Backup& backup) const;
    [[nodiscard]] bool may_preempt(Backup& backup, const Received& lower, bool fell);
    void begin_delay(Backup& backup, const Received& lower, bool fell);
    void plan_probe(Backup& backup, Instant not_before);
    void send_probe(Backup& backup);
    void promote(Backup& backup);
    void want(Backup& backup);
    void follow(Backup& backup, const Received& advert);
    void learn(Backup& backup, const Received& advert);
    void shift(Backup& backup, Duration by);

    // Active
    [[nodiscard]] bool stood_still(const Active& active) const;
    void answer(Active& active);
    void answer_lower(Active& active, const Received& lower);
    void yield(Active& active, Cause cause, const Received& better);

    // All
    void say(const Action& action) { actions_.push_back(action); }
    void note(Remark remark);
    void note(Remark remark, const Received& about);
    void heard_from(std::optional<IpAddress>& peer, const IpAddress& source);
    [[nodiscard]] Centiseconds own_interval() const { return router_.parameters_.advert_interval; }
    [[nodiscard]] Centiseconds longest_learnt() const;
    void check() const;  // the invariants between steps

    VirtualRouter& router_;
    Instant now_;
    Actions actions_;
};

}  // namespace vrrpd::proto
