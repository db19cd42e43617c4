// See sim_world.hpp.
#include "tests/dhcpsync/sim_world.hpp"

#include <chrono>
#include <iterator>
#include <utility>

#include "dhcpsync/core/follower.hpp"
#include "dhcpsync/core/image.hpp"
#include "dhcpsync/core/wire.hpp"
#include "vrrpd/base/assert.hpp"

namespace dhcpsync::sim {

using namespace std::chrono_literals;

namespace {

constexpr Seconds shortest_lease{20}, longest_lease{400};
constexpr double unfinished_reads = 0.05, lost_files = 0.3;

Bytes mac(unsigned client) { return {2, 0, 0, 0, 0, static_cast<std::uint8_t>(client)}; }

Client client_of(unsigned number) { return Client4{{1, mac(number)}, {}}; }

IpAddress address_of(unsigned number) { return IpAddress::v4(10, 12, 14, static_cast<std::uint8_t>(100 + number)); }

}  // namespace

World::World(std::uint64_t seed, Servers servers) : rng_(seed), servers_(servers) {
    for (std::size_t i = 0; i < size; ++i) nodes_[i].index = i;
    for (std::size_t i = 0; i < size; ++i) start(i);
    for (std::size_t i = 0; i < size; ++i) mend(i, (i + 1) % size);
}

WallTime World::wall_at(Instant instant) {
    return WallTime(Seconds(1'700'000'000) + std::chrono::duration_cast<Seconds>(instant.time_since_epoch()));
}

void World::later(Duration delay, std::function<void()> happen) {
    queue_.push({now_ + delay, ++order_, std::move(happen)});
}

void World::later_for(Node& node, Duration delay, std::function<void()> happen) {
    later(delay, [&node, life = node.life, happen = std::move(happen)] {
        if (node.up() && node.life == life) happen();
    });
}

void World::run_for(Duration time) {
    const auto end = now_ + time;
    while (!queue_.empty() && queue_.top().at <= end) {
        const auto next = queue_.top();
        queue_.pop();
        now_ = next.at;
        next.happen();
    }
    now_ = end;
}

// ---- routers ------------------------------------------------------------------------------------

void World::start(std::size_t index) {
    auto& node = nodes_[index];
    if (node.up()) return;
    ++node.life;
    observer_.unsettled(node);
    auto image = node.image.empty() ? Image{} : decode_image(node.image).value();
    node.replica = std::make_unique<Replica>(node.id(), std::move(image), node.term);
    node.feed = std::make_unique<Feed>(FeedLimits{pool, 2});
    feed(node, Wanted{node.replica->wanted(now(node).wall)});
    feed(node, ServerLeads{node.active});
    if (!node.serves) feed(node, Interrupted{false});
    node.to_be_read = false;
    server_changed(node);
    if (node.active) step(node, BecameActive{true});
    for (std::size_t other = 0; other < size; ++other) connect(index, other);
}

void World::crash(std::size_t index) {
    auto& node = nodes_[index];
    if (!node.up()) return;
    for (std::size_t other = 0; other < size; ++other) disconnect(index, other);
    node.replica.reset();
    node.feed.reset();
}

void World::set_active(std::size_t index, bool active) {
    auto& node = nodes_[index];
    if (node.active == active) return;
    node.active = active;
    if (!node.up()) return;
    if (!active && servers_ == Servers::real) believe(node, node.server, false);  // what was granted last
    feed(node, ServerLeads{active});
    step(node, active ? Event(BecameActive{}) : Event(BecameBackup{}));
}

// ---- DHCP servers -------------------------------------------------------------------------------

void World::expire(Node& node) {
    std::erase_if(node.server, [now = now(node).wall](const auto& one) { return !one.second.live(now); });
}

// Its own address if it has one, else a free one: as dnsmasq, which knows nothing but its own leases.
void World::grant(std::size_t index, unsigned number) {
    auto& node = nodes_[index];
    if (!node.serves) return;
    expire(node);
    const auto expires =
        now(node).wall + shortest_lease + Seconds(rng_.below(static_cast<std::size_t>(longest_lease.count())));
    for (auto& [address, lease] : node.server) {
        if (lease.client != client_of(number)) continue;
        lease.expires = expires;
        observer_.gives(node, lease);
        return server_changed(node);
    }
    for (unsigned i = 0; i < pool; ++i) {
        const auto address = address_of((number + i) % pool);
        const auto [lease, free] = node.server.try_emplace(address, Lease{address, client_of(number), "", expires});
        if (!free) continue;
        observer_.gives(node, lease->second);
        return server_changed(node);
    }
}

// Not its last one: an empty file is not believed, so that would stay unnoticed until the lease ends.
void World::release(std::size_t index) {
    auto& node = nodes_[index];
    const std::size_t stay = servers_ == Servers::real ? 1 : 0;
    if (!node.serves || node.server.size() <= stay) return;
    const auto lease = std::next(node.server.begin(), static_cast<std::ptrdiff_t>(rng_.below(node.server.size())));
    observer_.given_back(lease->second);
    node.server.erase(lease);
    server_changed(node);
}

// Calls under way are lost, and sometimes its file, too: it may lie in memory.
void World::restart_server(std::size_t index) {
    auto& node = nodes_[index];
    if (!node.serves) return;
    node.serves = false;
    ++node.server_life;
    if (rng_.chance(lost_files)) node.server.clear();
    interrupt(node, false);
    later(rng_.up_to(1s), [this, &node] {
        node.serves = true;
        observer_.unsettled(node);
        interrupt(node, true);
        server_changed(node);
    });
}

// dnsmasq forgets what has ended by the clock as it is; both clocks of a host are one.
void World::boot_with_wrong_clock(std::size_t index, Seconds error) {
    auto& node = nodes_[index];
    crash(index);
    node.clock_error = error;
    expire(node);
    start(index);
    later(rng_.up_to(60s), [this, &node, error] {
        if (node.clock_error != error) return;
        node.clock_error = Seconds(0);
        if (node.up()) feed(node, Wanted{node.replica->wanted(now().wall)});
    });
}

void World::interrupt(Node& node, bool back) {
    if (!node.up()) return;
    step(node, ServerRestarted{});
    feed(node, Interrupted{back});
}

void World::server_changed(Node& node) {
    if (!node.up()) return;
    if (servers_ == Servers::prompt) return read(node);
    if (std::exchange(node.to_be_read, true)) return;
    later_for(node, rng_.up_to(longest_wait + look_again_shrunk), [this, &node] {
        node.to_be_read = false;
        read(node);
    });
}

// The follower's own delays are its own test's matter. It may give up to wait for a quiet file, and look again later.
void World::read(Node& node) {
    expire(node);
    auto leases = node.server;
    const bool finished = servers_ == Servers::prompt || !rng_.chance(unfinished_reads);
    const bool whole = servers_ == Servers::prompt || (finished && !leases.empty());
    if (!finished) {
        std::erase_if(leases, [this](const auto&) { return rng_.chance(0.5); });
        later_for(node, restless, [this, &node] { server_changed(node); });
    }
    believe(node, std::move(leases), whole);
}

void World::believe(Node& node, Leases leases, bool whole) {
    ServerHas event{leases, whole, {}};
    node.reading = &event.changes;
    step(node, LocalLeases{{std::move(leases), {}}, whole});
    node.reading = nullptr;
    feed(node, event);
}

void World::feed(Node& node, const FeedEvent& event) {
    for (const auto& call : node.feed->step(now(node), event)) {
        later_for(node, rng_.up_to(20ms), [this, &node, call, server = node.server_life] {
            if (node.server_life == server) obey(node, call);
        });
    }
    if (const auto due = node.feed->next_deadline()) {
        later_for(node, std::max(*due - now_, Duration(0)), [this, &node, due] {
            if (node.feed->next_deadline() == due) feed(node, RetryDue{});
        });
    }
}

// A model of dnsmasq's two methods.
void World::obey(Node& node, const Call& call) {
    expire(node);
    const auto address = std::visit([](const auto& one) { return one.address; }, call);
    const bool works = !rng_.chance(failing_calls_);
    if (works) {
        if (const auto* add = std::get_if<AddDhcpLease>(&call)) {
            ASSERT(node.server.contains(address) || node.server.size() < pool);  // a full table is dnsmasq's death
            ASSERT(add->seconds > 0 && add->seconds != for_ever);
            node.server[address] = {address,
                                    client_of(static_cast<unsigned>(std::stoul(add->hardware.substr(15), nullptr, 16))),
                                    "", now(node).wall + Seconds(add->seconds)};
        } else {
            node.server.erase(address);
        }
    }
    feed(node, Answered{address, works});
    server_changed(node);
}

// ---- replicas -----------------------------------------------------------------------------------

void World::step(Node& node, Event event) {
    auto actions = node.replica->step(now(node), std::move(event));
    for (auto& action : actions) perform(node, action);
    arm(node);
    observer_.stepped();
}

void World::arm(Node& node) {
    const auto due = node.replica->next_deadline();
    if (!due) return;
    later_for(node, std::max(*due - now_, Duration(0)), [this, &node, due] {
        if (node.replica->next_deadline() == due) step(node, TimeReached{});
    });
}

void World::perform(Node& node, Action& action) {
    std::visit([&](auto& one) { perform(node, one); }, action);
}

void World::perform(Node& node, Send& action) {
    const auto to = action.peer.value - 1;
    auto& peer = nodes_[to];
    const auto session = links_[node.index][to].session;
    ASSERT(session != 0);
    const auto bytes = encode(action.message);
    const auto deliver = [this, &peer, &node, bytes, session, to] {
        if (links_[node.index][to].session == session) step(peer, FromPeer{node.id(), decode(bytes).value()});
    };
    if (!rng_.chance(weather_.loss)) later(rng_.up_to(weather_.delay), deliver);
    if (rng_.chance(weather_.repetition)) later(rng_.up_to(3 * weather_.delay), deliver);
}

void World::perform(Node& node, Apply& action) {
    if (node.reading)
        *node.reading = std::move(action.changes);
    else
        feed(node, Wanted{std::move(action.changes)});
}

void World::perform(Node& node, const PersistTerm& action) {
    later_for(node, rng_.up_to(10ms), [this, &node, term = action.term] {
        node.term = term;
        step(node, TermPersisted{term});
    });
}

void World::perform(Node& node, const TooMuch&) { ASSERT(node.replica->table().size() > pool); }

void World::perform(Node& node, const Persist&) { node.image = encode_image(node.replica->image()); }

// ---- links --------------------------------------------------------------------------------------

void World::cut(std::size_t a, std::size_t b) {
    links_[a][b].up = links_[b][a].up = false;
    disconnect(a, b);
}

void World::mend(std::size_t a, std::size_t b) {
    links_[a][b].up = links_[b][a].up = a != b;
    connect(a, b);
}

void World::connect(std::size_t a, std::size_t b) {
    if (!links_[a][b].up || links_[a][b].session != 0 || !nodes_[a].up() || !nodes_[b].up()) return;
    links_[a][b].session = links_[b][a].session = ++sessions_;
    step(nodes_[a], PeerUp{nodes_[b].id()});
    step(nodes_[b], PeerUp{nodes_[a].id()});
}

void World::disconnect(std::size_t a, std::size_t b) {
    if (links_[a][b].session == 0) return;
    links_[a][b].session = links_[b][a].session = 0;
    step(nodes_[a], PeerDown{nodes_[b].id()});
    step(nodes_[b], PeerDown{nodes_[a].id()});
}

}  // namespace dhcpsync::sim
