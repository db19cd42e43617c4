// Hosts with a router on each of several LANs, their routers in one sync group: the cores of production (VirtualRouter,
// SyncGroup) as the engine wires them. Adverts are values here; their bytes are world.hpp's affair. Driven by a seed.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "tests/sim/timeline.hpp"
#include "vrrpd/proto/machine.hpp"
#include "vrrpd/proto/sync_group.hpp"

namespace vrrpd::sim {

class GroupWorld : public Timeline {
public:
    struct Timing {
        Duration delay{0};  // the longest a packet takes
        Duration late{0};   // the latest a timer is served
    };

    GroupWorld(std::uint64_t seed, std::size_t lans, const Timing& timing, std::ostream* trace);

    void add(const proto::RouterParameters& parameters);

    // What may happen to a host, or to its place on one LAN.
    void start(std::size_t host);
    void power_off(std::size_t host);
    void stop(std::size_t host);
    void stall(std::size_t host, Duration time);
    void change_priority(std::size_t host, proto::Priority priority);
    void set_ready(std::size_t host, bool ready);
    void fail_claim(std::size_t host, std::size_t lan);
    void set_cable(std::size_t host, std::size_t lan, bool plugged);
    // Adverts of `from` on this LAN no longer reach the others, or those of the others no longer reach it.
    void mute(std::size_t from, std::size_t lan) { at(from, lan).mute = true; }
    void deafen(std::size_t to, std::size_t lan) { at(to, lan).deaf = true; }
    void set_loss(double loss) { loss_ = loss; }
    void heal();

    [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }
    [[nodiscard]] bool up(std::size_t host) const { return hosts_[host].up; }
    [[nodiscard]] bool stalled(std::size_t host) const { return now_ < hosts_[host].stalled_until; }
    [[nodiscard]] const proto::VirtualRouter& router(std::size_t host, std::size_t lan) const {
        return hosts_[host].members[lan].router;
    }
    // Hosts whose router on this LAN is Active.
    [[nodiscard]] std::vector<std::size_t> active(std::size_t lan) const;
    [[nodiscard]] std::size_t role_changes() const { return role_changes_; }

private:
    struct Place {  // a router, and its port on the LAN
        explicit Place(const proto::RouterParameters& parameters) : router(parameters) {}
        proto::VirtualRouter router;
        bool plugged = true;
        bool mute = false, deaf = false;
        bool holds = false;
    };
    struct Host {
        IpAddress address;
        proto::RouterParameters parameters;
        std::vector<Place> members;  // by LAN
        proto::SyncGroup group;
        bool up = false, ready = true, moving = false;
        std::uint64_t life = 0;
        Instant stalled_until{};
        Deadline wake;
        std::vector<std::pair<std::size_t, proto::Received>> queued;  // by LAN, while it is stalled
    };

    [[nodiscard]] Place& at(std::size_t host, std::size_t lan) { return hosts_[host].members[lan]; }
    void drive(std::size_t host, std::size_t lan, const proto::Event& event);
    void news(std::size_t host, std::size_t lan, proto::SyncGroup::News news);
    void obey(std::size_t host, const proto::SyncGroup::Tell& order);
    void perform(std::size_t host, std::size_t lan, const proto::Action& action);
    void send(std::size_t host, std::size_t lan, proto::Priority priority);
    void arrive(std::size_t host, std::size_t lan, const proto::Received& advert);
    void serve(std::size_t host);
    void arm(std::size_t host);
    void look(std::size_t host);
    void say(std::size_t host, const std::string& what);

    std::size_t lans_;
    Timing timing_;
    std::vector<Host> hosts_;
    double loss_ = 0;
    std::size_t role_changes_ = 0;
};

// One run from a seed: faults, quiet, and again. What went wrong; empty if nothing did. `trace` may be null.
[[nodiscard]] std::string run_groups(std::uint64_t seed, std::ostream* trace);

}  // namespace vrrpd::sim
