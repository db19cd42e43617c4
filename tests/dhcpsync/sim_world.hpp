// Three routers that replicate leases, in a world that is unkind to them: links lose, delay, reorder, repeat and break;
// routers crash and come back with what was on their disk; roles move, two are Active at once. Driven by a seed.
//
// Each router has a DHCP server (a model of dnsmasq: leases in a file that survives), a Replica and a Feed, wired as
// the agent's shell wires them. Whatever passes between replicas goes through encode() and decode().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "dhcpsync/core/feed.hpp"
#include "dhcpsync/core/replica.hpp"
#include "tests/dhcpsync/sim_run.hpp"
#include "tests/sim/rng.hpp"

namespace dhcpsync::sim {

using vrrpd::sim::Rng;

struct Weather {
    double loss = 0;
    double repetition = 0;
    Duration delay{0};  // at most; what is sent later may arrive earlier
};

struct Node {
    std::size_t index = 0;
    // What survives a crash.
    Leases server;  // dnsmasq goes on when we crash
    bool serves = true;
    std::uint64_t server_life = 0;
    Seconds clock_error{0};
    Bytes image;
    Term term;
    // What does not.
    std::unique_ptr<Replica> replica;  // none: crashed
    std::unique_ptr<Feed> feed;
    bool active = false;  // the router's role, VRRP's: survives a crash of ours
    std::uint64_t life = 0;
    bool to_be_read = false;                 // the lease file, soon
    std::vector<Change>* reading = nullptr;  // while the lease file is read: where changes go

    [[nodiscard]] bool up() const { return replica != nullptr; }
    [[nodiscard]] NodeId id() const { return {static_cast<std::uint32_t>(index + 1)}; }
};

// What is to be told of it, to watch invariants.
struct Observer {
    std::function<void()> stepped;                         // after every step of a replica
    std::function<void(const Node&, const Lease&)> gives;  // right before a server acknowledges this to a client
    std::function<void(const Lease&)> given_back;
    std::function<void(const Node&)> unsettled;  // it, or its server, has begun anew
};

class World {
public:
    static constexpr std::size_t size = 3;
    static constexpr unsigned pool = 12;  // addresses; few, so that they are fought for

    World(std::uint64_t seed, Servers servers);

    void run_for(Duration time);

    // What may happen to a router.
    void crash(std::size_t node);
    void start(std::size_t node);
    void set_active(std::size_t node, bool active);

    // What clients do at a router's DHCP server.
    void grant(std::size_t node, unsigned client);
    void release(std::size_t node);
    // It is stopped, and started again.
    void restart_server(std::size_t node);
    // Power comes back, and the clock is wrong until it is set right after a while.
    void boot_with_wrong_clock(std::size_t node, Seconds error);

    // What may happen to a link.
    void cut(std::size_t a, std::size_t b);
    void mend(std::size_t a, std::size_t b);
    void set_weather(const Weather& weather) { weather_ = weather; }
    // ... and to what a DHCP server is told.
    void set_failing_calls(double share) { failing_calls_ = share; }

    [[nodiscard]] Rng& rng() { return rng_; }
    [[nodiscard]] const Node& node(std::size_t index) const { return nodes_[index]; }
    [[nodiscard]] bool linked(std::size_t a, std::size_t b) const { return links_[a][b].up; }
    [[nodiscard]] Moment now() const { return {now_, wall_at(now_)}; }
    // As its clock shows it.
    [[nodiscard]] Moment now(const Node& node) const { return {now_, wall_at(now_) + node.clock_error}; }

    void watch(Observer observer) { observer_ = std::move(observer); }

private:
    struct Link {
        bool up = false;            // not cut
        std::uint64_t session = 0;  // of the connection; 0: none
    };
    struct Happening {
        Instant at;
        std::uint64_t order;
        std::function<void()> happen;
        bool operator>(const Happening& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
    };

    static WallTime wall_at(Instant instant);
    void later(Duration delay, std::function<void()> happen);
    // Not if the node crashed meanwhile.
    void later_for(Node& node, Duration delay, std::function<void()> happen);
    void step(Node& node, Event event);
    void perform(Node& node, Action& action);
    void perform(Node& node, Send& action);
    void perform(Node& node, Apply& action);
    void perform(Node& node, const PersistTerm& action);
    void perform(Node& node, const Persist& action);
    void perform(Node&, const SplitBrain&) {}
    void perform(Node& node, const TooMuch&);
    void perform(Node&, const Quarantined&) {}
    void feed(Node& node, const FeedEvent& event);
    void obey(Node& node, const Call& call);
    void interrupt(Node& node, bool back);
    void server_changed(Node& node);
    void read(Node& node);
    void believe(Node& node, Leases leases, bool whole);
    void arm(Node& node);
    void connect(std::size_t a, std::size_t b);
    void disconnect(std::size_t a, std::size_t b);
    void expire(Node& node);

    Rng rng_;
    Servers servers_;
    Weather weather_;
    double failing_calls_ = 0;
    Instant now_{std::chrono::hours(1)};
    std::uint64_t order_ = 0;
    std::uint64_t sessions_ = 0;
    std::priority_queue<Happening, std::vector<Happening>, std::greater<>> queue_;
    std::vector<Node> nodes_{size};
    std::vector<std::vector<Link>> links_ = std::vector(size, std::vector<Link>(size));
    Observer observer_{[] {}, [](const auto&, const auto&) {}, [](const auto&) {}, [](const auto&) {}};
};

}  // namespace dhcpsync::sim
