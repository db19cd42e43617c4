// A virtual LAN: routers that run the cores of production (VirtualRouter, encode/decode, Announcer), links that lose,
// delay, duplicate, reorder and damage, one client that believes the last announcement. Driven by a seed; the same
// seed gives the same run.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/timeline.hpp"
#include "vrrpd/proto/advert.hpp"
#include "vrrpd/proto/announce.hpp"
#include "vrrpd/proto/machine.hpp"

namespace vrrpd::sim {

struct Segment {
    Family family = Family::ipv4;
    proto::AnnouncePolicy announce;
    Duration delay{0};  // the longest a packet takes while all is well
    Duration late{0};   // the latest a timer is served while all is well
};

// What the links do to packets, until it is changed.
struct Weather {
    double loss = 0;
    double duplication = 0;
    double damage = 0;   // one bit flipped
    Duration jitter{0};  // added to the delay: reorders
};

// A packet at its destination.
struct Arrival {
    Bytes message;
    IpAddress source;
    bool damaged = false;
};

struct Node {
    std::size_t index = 0;
    IpAddress address;
    proto::RouterParameters parameters;
    std::optional<proto::VirtualRouter> router;  // none: the machine is off
    std::optional<proto::Announcer> announcer;
    bool holds = false;       // the virtual addresses are on its interface
    bool ready = true;        // what it is told when it comes up
    bool heard = false;       // it heard a router since it started, or was one
    bool held = false;        // the squatter was there when it asked last who holds the addresses
    Instant stalled_until{};  // until then it serves nothing; packets queue
    std::uint64_t life = 0;   // wake-ups of an earlier life are void
    Deadline wake;            // the deadline it will be woken for
    std::vector<Arrival> queued;

    [[nodiscard]] bool up() const { return router.has_value(); }
    [[nodiscard]] bool active() const { return router && router->role() == proto::Role::active; }
};

class World : public Timeline {
public:
    World(std::uint64_t seed, const Segment& segment, std::ostream* trace);

    std::size_t add(const proto::RouterParameters& parameters);

    // What may happen to a router.
    void start(std::size_t node);
    void power_off(std::size_t node);
    void restart_engine(std::size_t node);  // crashes, and the next one adopts
    void stop(std::size_t node);            // cleanly
    void interrupt(std::size_t node);       // a fault, cured at once
    void stall(std::size_t node, Duration time);
    void fail_claim(std::size_t node);
    void change_priority(std::size_t node, proto::Priority priority);
    void set_ready(std::size_t node, bool ready);
    void reconfigure(std::size_t node, const proto::RouterParameters& parameters);

    // What may happen to the LAN.
    void block(std::size_t from, std::size_t to) { blocked_[from * most_nodes + to] = true; }
    void heal() { blocked_.assign(most_nodes * most_nodes, false); }
    void set_weather(const Weather& weather) { weather_ = weather; }
    void set_squatter(bool there);  // a host that holds the address without VRRP, and answers for it

    [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
    [[nodiscard]] const Segment& segment() const { return segment_; }
    [[nodiscard]] std::optional<std::size_t> client_believes() const { return client_; }
    [[nodiscard]] std::size_t role_changes() const { return role_changes_; }

private:
    static constexpr std::size_t most_nodes = 8;

    void boot(Node& node);
    void begin(Node& node);
    void step(Node& node, const proto::Event& event);
    void serve(Node& node);  // queued packets, then timers
    void arm(Node& node);
    void perform(Node& node, const proto::Actions& actions);
    void perform(Node& node, const proto::SendAdvert& action);
    void perform(Node& node, const proto::Claim& action);
    void perform(Node& node, const proto::Release& action);
    void perform(Node& node, const proto::Probe& action);
    void perform(Node& node, const proto::AnnounceAgain& action);
    void perform(Node& node, const proto::Transition& action);
    void perform(Node&, const proto::Note&) {}
    void perform(Node&, const proto::Wants&) {}  // of groups: group_world.hpp
    void announce(Node& node);
    void carry(const Node& from, std::size_t to, const Bytes& message);
    void arrive(Node& node, const Bytes& message, const IpAddress& source, bool damaged);
    void receive(Node& node, const Arrival& arrival);
    [[nodiscard]] proto::ReceivePolicy policy(const Node& node) const;
    void say(const Node& node, const std::string& what);

    Segment segment_;
    std::vector<Node> nodes_;
    std::vector<bool> blocked_ = std::vector<bool>(most_nodes * most_nodes);
    Weather weather_;
    bool squatter_ = false;
    std::optional<std::size_t> client_;
    std::size_t role_changes_ = 0;
};

}  // namespace vrrpd::sim
