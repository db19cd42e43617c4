// The Kernel as a model in memory, for tests and the simulator: what a take-over meets of the real one. Primary and
// secondary addresses, promote_secondaries, lifetimes, connected routes, routes that vanish with their address or
// link, neighbours, and the events of all that. It passes the same contract test as rtnetlink
// (tests/netlink/contract_*_test.cpp).
// Not modelled: forwarding itself, duplicate address detection (an IPv6 address is usable at once), route metrics
// beyond equality.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "netlink/kernel.hpp"
#include "netlink/monitor.hpp"

namespace netlink {

class FakeKernel final : public Kernel {
public:
    FakeKernel();

    std::vector<Result<void>> apply(std::span<const Request> requests) override;
    Result<Snapshot> snapshot(const RouteInterest& interest) override;
    using Kernel::snapshot;
    Result<int> device_option(const std::string& link, DeviceOption option) override;
    Result<void> set_device_option(const std::string& link, DeviceOption option, int value) override;
    Result<std::optional<Neighbour>> neighbour(IfIndex link, const IpAddress& address) override;

    // What a test does to the machine.
    IfIndex add_link(const std::string& name);  // up, with carrier
    void set_link(IfIndex index, bool admin_up, bool running);
    void remove_link(IfIndex index);
    void confirm(IfIndex link, const IpAddress& address, const MacAddress& mac);  // a neighbour gives proof of life
    void advance(std::chrono::milliseconds time);  // addresses whose lifetime ends meanwhile go

    // The next `times` requests for which `matches` holds fail with `code` and change nothing.
    using Matches = std::function<bool(const Request&)>;
    void fail(Matches matches, int code, unsigned times = 1);

    // The events so far, as Monitor::read() gives them. More than `capacity` unread ones are lost: Overrun.
    [[nodiscard]] std::vector<Change> read_changes();
    void set_event_capacity(std::size_t capacity) { event_capacity_ = capacity; }

private:
    using Time = std::chrono::milliseconds;
    struct Held {
        Address address;  // lifetimes as given
        Time since{};     // when they were given
    };
    struct Known {
        Neighbour neighbour;
        Time confirmed{};
    };
    struct Failure {
        Matches matches;
        int code;
        unsigned times;
    };

    [[nodiscard]] Result<void> apply_one(const Request& request);
    [[nodiscard]] int add(const Address& address);
    [[nodiscard]] int add(const Route& route);
    [[nodiscard]] int add(const Rule& rule);
    [[nodiscard]] int add(const Macvlan& macvlan);
    void remove(const Address& address);
    void remove(const Route& route);
    void remove(const Rule& rule);
    void remove(const Macvlan& macvlan);

    // fake_kernel.cpp: addresses
    void renew(Held& held, const Address& address);
    void withdraw(std::size_t index);  // one address, and what depends on it
    void promote_or_withdraw_secondaries(const Address& primary);
    [[nodiscard]] std::optional<std::size_t> find_address(const Address& address) const;
    [[nodiscard]] bool is_own(const IpAddress& address) const;

    // fake_macvlans.cpp
    void follow_base(const Link& base);
    void remove_over(IfIndex base);

    // fake_routes.cpp
    void connect(const Address& address);     // the prefix route of an address, if it has one
    void disconnect(const Address& address);  // after the address went
    template <class Predicate>
    void drop_routes(Predicate&& predicate);  // silently, as the kernel does
    void drop_routes_through(IfIndex index, Family family);
    [[nodiscard]] int check(const Route& route) const;
    [[nodiscard]] int check(const NextHop& hop, Family family) const;

    void forget_neighbours(IfIndex link);
    [[nodiscard]] Address reported(const Held& held) const;
    [[nodiscard]] Link* find_link(IfIndex index);
    [[nodiscard]] const Link* find_link(IfIndex index) const;
    void tell(Change change);

    Time now_{};
    std::uint32_t last_index_ = 1;  // 1 is the loopback device's
    std::vector<Link> links_;
    std::vector<Held> addresses_;  // in the order of adding, as the kernel lists them
    std::vector<Route> routes_;    // the first of a kind wins
    std::vector<Rule> rules_;
    std::vector<Known> neighbours_;
    std::map<std::pair<std::string, DeviceOption>, int> options_;
    std::vector<Failure> failures_;
    std::deque<Change> events_;
    std::size_t event_capacity_ = 100000;
    bool overrun_ = false;
};

}  // namespace netlink
