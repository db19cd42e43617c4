// See sim_run.hpp. The invariants:
//
//   1  An acknowledgement is true: whom a replica calls "not behind" knows all that it knows.
//   2  Nothing is lost: in the end everybody knows whatever some memory or some disk knew when peace came.
//   3  All replicas are equal, and hold exactly what was written and not replaced by somebody who knew it. So a client
//      that two routers forgot of each other is still there, and its address is quarantined everywhere.
//   4  Every DHCP server has the leases that its replica has.
//   5  Where clocks are right no address is given to a client while another one was promised it, if the router that
//      gives it has known so for long enough to have told its server.
#include "tests/dhcpsync/sim_run.hpp"

#include <algorithm>
#include <set>

#include "dhcpsync/core/image.hpp"
#include "tests/dhcpsync/sim_world.hpp"

namespace dhcpsync::sim {

namespace {

using namespace std::chrono_literals;

constexpr double failing_calls = 0.02;

// Every write that was ever made, seen from outside.
class History {
public:
    // After a step of this node: what did it write, and what did that replace?
    void observe(const Node& node) {
        const auto& table = node.replica->table();
        for (const auto& [address, versions] : table) {
            for (const auto& version : versions) {
                if (version.stamp.author.node == node.id() && !written_.contains(version.stamp))
                    add(node, address, version);
            }
        }
    }

    // What a replica with that knowledge must hold.
    [[nodiscard]] Table expected(const Knowledge& knowledge) const {
        std::set<Stamp> replaced;
        for (const auto& [stamp, write] : written_) {
            if (knowledge.knows(stamp)) replaced.insert(write.replaced.begin(), write.replaced.end());
        }
        Table table;
        for (const auto& [stamp, write] : written_) {
            if (knowledge.knows(stamp) && !replaced.contains(stamp)) table[write.address].push_back(write.version);
        }
        for (auto& [address, versions] : table) versions = settled(std::move(versions));
        return table;
    }

private:
    struct Write {
        IpAddress address;
        Version version;
        std::vector<Stamp> replaced;
    };
    // It replaced what its author knew and did not keep.
    void add(const Node& author, const IpAddress& address, const Version& version) {
        const auto& kept = author.replica->table().at(address);
        Write write{address, version, {}};
        for (const auto& [stamp, old] : written_) {
            const bool holds =
                std::any_of(kept.begin(), kept.end(), [&, &s = stamp](const auto& one) { return one.stamp == s; });
            if (old.address == address && !holds && author.replica->knowledge().knows(stamp))
                write.replaced.push_back(stamp);
        }
        written_.emplace(version.stamp, std::move(write));
    }

    std::map<Stamp, Write> written_;
};

// Who was promised which address until when; and since when a router has known that it is that client's.
class Promises {
public:
    void observe(const Node& node, const Moment& now) {
        auto& known = known_[node.index];
        for (const auto& [address, versions] : node.replica->table()) {
            const auto* lease = holder(versions, now.wall);
            const auto at = known.find(address);
            const auto served = node.server.find(address);
            // Of what it told another client while routers could not hear each other a server is not talked out.
            const bool by_another = lease && served != node.server.end() && served->second.client != lease->client;
            if (!lease || by_another)
                known.erase(address);
            else if (at == known.end() || at->second.client != lease->client)
                known.insert_or_assign(address, Known{lease->client, now.instant});
        }
    }
    void forget(const Node& node) { known_.erase(node.index); }

    // What is wrong with that; empty: nothing.
    std::string given(const Node& node, const Lease& lease, const Moment& now) {
        std::string wrong;
        const auto known = known_[node.index].find(lease.address);
        if (known != known_[node.index].end() && known->second.client != lease.client &&
            known->second.since + enough <= now.instant) {
            const auto promise = until_.find({lease.address, known->second.client});
            const auto* held = holder(node.replica->table().at(lease.address), now.wall);
            if (promise != until_.end() && now.wall + soon < promise->second && held && held->client != lease.client &&
                now.wall + soon < held->expires)
                wrong = "gives away " + lease.address.to_string() + ", which another client was promised";
        }
        until_[{lease.address, lease.client}] = lease.expires;
        return wrong;
    }
    void given_back(const Lease& lease) { until_.erase({lease.address, lease.client}); }

private:
    // Two calls may fail one after the other, and a file be read late.
    static constexpr Duration enough = 3 * retry_pause + 2s;
    static constexpr Seconds soon{5};  // seconds are rounded on the way

    struct Known {
        Client client;
        Instant since;
    };
    std::map<std::pair<IpAddress, Client>, WallTime> until_;
    std::map<std::size_t, std::map<IpAddress, Known>> known_;  // by router
};

std::string name(const Node& node) { return "node " + std::to_string(node.id().value); }

std::string text(const Leases& leases, const std::set<IpAddress>& quarantined) {
    std::string result;
    for (const auto& [address, lease] : leases) {
        result +=
            " " + address.to_string() + "=" + std::to_string(std::get<Client4>(lease.client).hardware.address.back());
        result += "@" + std::to_string(lease.expires.time_since_epoch().count() % 100'000);
        if (quarantined.contains(address)) result += "!";
    }
    return result;
}

std::string text(const Table& table, WallTime now) {
    Leases leases;
    std::set<IpAddress> quarantined;
    for (const auto& [address, versions] : table) {
        if (const auto* lease = holder(versions, now)) leases.emplace(address, *lease);
        if (quarantined_until(versions, now)) quarantined.insert(address);
    }
    return text(leases, quarantined);
}

class Run {
public:
    Run(std::uint64_t seed, Servers servers, Clocks clocks)
        : world_(seed, servers), servers_(servers), clocks_(clocks) {
        world_.watch({[this] { observe(); }, [this](const Node& node, const Lease& lease) { gives(node, lease); },
                      [this](const Lease& lease) { promises_.given_back(lease); },
                      [this](const Node& node) { promises_.forget(node); }});
    }

    std::string go() {
        for (int episode = 0; episode < 3 && violation_.empty(); ++episode) {
            world_.set_failing_calls(failing_calls);
            for (int i = 0; i < 150 && violation_.empty(); ++i) happen();
            peace();
        }
        return violation_;
    }

private:
    void violated(const std::string& what) {
        if (violation_.empty()) violation_ = what;
    }

    void observe() {
        for (std::size_t i = 0; i < World::size; ++i) {
            const auto& node = world_.node(i);
            if (!node.up()) continue;
            history_.observe(node);
            if (clocks_ == Clocks::right) promises_.observe(node, world_.now());
        }
        for (std::size_t i = 0; i < World::size; ++i) check_acknowledgements(world_.node(i));
    }

    void gives(const Node& node, const Lease& lease) {
        if (clocks_ != Clocks::right || !node.up()) return;
        if (const auto wrong = promises_.given(node, lease, world_.now()); !wrong.empty())
            violated(name(node) + " " + wrong);
    }

    void check_acknowledgements(const Node& node) {
        if (!node.up()) return;
        for (std::size_t i = 0; i < World::size; ++i) {
            const auto& peer = world_.node(i);
            const auto lag = node.replica->lag(peer.id(), world_.now().instant);
            if (!lag || !lag->complete || !peer.up()) continue;
            for (const auto& [address, versions] : node.replica->table()) {
                for (const auto& version : versions) {
                    if (!peer.replica->knowledge().knows(version.stamp))
                        violated(name(peer) + " acknowledged what it does not know");
                }
            }
        }
    }

    std::size_t any() { return world_.rng().below(World::size); }
    void other_link(void (World::*what)(std::size_t, std::size_t)) {
        const auto a = any();
        (world_.*what)(a, (a + 1) % World::size);
    }

    void happen() {
        auto& rng = world_.rng();
        if (servers_ == Servers::real && rng.chance(0.05)) world_.restart_server(any());
        const auto dice = rng.below(100);
        if (dice < 60)
            at_an_active([&](std::size_t node) { world_.grant(node, static_cast<unsigned>(rng.below(20))); });
        else if (dice < 68)
            at_an_active([&](std::size_t node) { world_.release(node); });
        else if (dice < 74)
            move_role(rng.chance(0.3));
        else if (dice < 80)
            world_.crash(any());
        else if (dice < 86)
            world_.start(any());
        else if (dice < 88 && clocks_ == Clocks::wrong_at_times)
            // Local time taken for UTC, or a clock that stood still while the power was gone.
            world_.boot_with_wrong_clock(any(), std::chrono::minutes(rng.below(240)) - std::chrono::hours(2));
        else if (dice < 92)
            other_link(&World::cut);
        else if (dice < 97)
            other_link(&World::mend);
        else
            world_.set_weather({rng.chance(0.5) ? 0.3 : 0, rng.chance(0.5) ? 0.3 : 0, rng.up_to(500ms)});
        world_.run_for(rng.chance(0.1) ? rng.up_to(30s) : rng.up_to(500ms));
    }

    template <class Do>
    void at_an_active(Do act) {
        const auto node = any();
        if (world_.node(node).active) act(node);
    }

    void move_role(bool keep_the_old) {
        const auto to = any();
        for (std::size_t i = 0; i < World::size; ++i) {
            if (i == to || !keep_the_old) world_.set_active(i, i == to);
        }
    }

    void peace() {
        Knowledge known;
        for (std::size_t i = 0; i < World::size; ++i) {
            const auto& node = world_.node(i);
            if (node.up())
                known.merge(node.replica->knowledge());
            else if (!node.image.empty())
                known.merge(decode_image(node.image)->knowledge);
        }
        world_.set_weather({});
        world_.set_failing_calls(0);
        move_role(false);
        for (std::size_t i = 0; i < World::size; ++i) world_.start(i);
        for (std::size_t i = 0; i < World::size; ++i) world_.mend(i, (i + 1) % World::size);
        world_.run_for(100s);
        check(known);
        // A lease that ended just now may be under way to the servers.
        for (int again = 0; again < 2 && !servers().empty(); ++again) world_.run_for(4s);
        if (const auto wrong = servers(); !wrong.empty()) violated(wrong);
    }

    void check(const Knowledge& known) {
        const auto now = world_.now();
        const auto& first = *world_.node(0).replica;
        const auto expected = text(history_.expected(first.knowledge()), now.wall);
        for (std::size_t i = 0; i < World::size; ++i) {
            const auto& node = world_.node(i);
            if (!node.replica->knowledge().covers(known)) violated(name(node) + " does not know what was known");
            if (node.replica->knowledge() != first.knowledge())
                violated(name(node) + " and node 1 know different things");
            const auto held = text(node.replica->table(), now.wall);
            if (held != expected) violated(name(node) + " holds" + held + ", expected" + expected);
            for (std::size_t other = 0; other < World::size; ++other) {
                const auto lag = node.replica->lag(world_.node(other).id(), now.instant);
                if (lag && !lag->complete) violated(name(world_.node(other)) + " is still behind");
            }
        }
    }

    std::string servers() {
        std::string wrong;
        for (std::size_t i = 0; i < World::size; ++i) wrong += server(world_.node(i));
        return wrong;
    }

    // The Active's leads; the stand-ins' have what the replica has.
    std::string server(const Node& node) {
        for (const auto& [address, lease] : node.replica->leases(world_.now().wall)) {
            const auto soon = world_.now().wall + Seconds(5);
            if (lease.expires <= soon) continue;  // seconds are rounded on the way
            const auto has = node.server.find(address);
            const bool right =
                has != node.server.end() && (node.active || (has->second.client == lease.client &&
                                                             about_equal(has->second.expires, lease.expires)));
            if (!right) return "the server of " + name(node) + " lacks the lease of " + address.to_string() + "; ";
        }
        return {};
    }

    World world_;
    Servers servers_;
    Clocks clocks_;
    History history_;
    Promises promises_;
    std::string violation_;
};

}  // namespace

std::string run(std::uint64_t seed, Servers servers, Clocks clocks) { return Run(seed, servers, clocks).go(); }

}  // namespace dhcpsync::sim
