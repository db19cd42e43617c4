#include "tests/sim/world.hpp"

#include <string>

#include "tests/proto/text.hpp"

namespace vrrpd::sim {

using namespace proto;

namespace {

const Vrid vrid = *Vrid::make(51);

IpAddress address_of(Family family, std::size_t host) {
    const auto last = static_cast<std::uint8_t>(host);
    if (family == Family::ipv4) return IpAddress::v4(10, 12, 14, last);
    const std::array<std::uint8_t, 16> link_local{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
    return *IpAddress::from_bytes(link_local);
}
IpAddress virtual_address(Family family) { return address_of(family, 100); }
MacAddress mac_of(std::size_t node) { return {{0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(node)}}; }

}  // namespace

World::World(std::uint64_t seed, const Segment& segment, std::ostream* trace)
    : Timeline(seed, trace), segment_(segment) {}

std::size_t World::add(const RouterParameters& parameters) {
    ASSERT(nodes_.size() < most_nodes);
    Node node;
    node.index = nodes_.size();
    node.address = address_of(segment_.family, node.index + 2);
    node.parameters = parameters;
    nodes_.push_back(node);
    return node.index;
}

void World::say(const Node& node, const std::string& what) {
    Timeline::say("router " + std::to_string(node.index) + ": " + what);
}

// ---- what may happen to a router ---------------------------------------------------------------------

void World::boot(Node& node) {
    ++node.life;
    node.holds = false;
    node.queued.clear();
    node.stalled_until = now_;
    node.wake.reset();
    node.router.emplace(node.parameters);
    node.announcer.emplace(segment_.announce);
    step(node, ReadinessChanged{node.ready});
}

void World::start(std::size_t index) {
    auto& node = nodes_[index];
    if (node.up()) return;
    say(node, "starts");
    boot(node);
    begin(node);
}

void World::begin(Node& node) {
    node.heard = node.held = false;
    step(node, Start{});
}

void World::power_off(std::size_t index) {
    auto& node = nodes_[index];
    say(node, "power off");
    ++node.life;
    node.holds = false;
    node.router.reset();
    node.announcer.reset();
    node.queued.clear();
}

void World::restart_engine(std::size_t index) {
    auto& node = nodes_[index];
    if (!node.up()) return;
    say(node, "engine crashes");
    const bool was_active = node.active();
    boot(node);
    if (!was_active) return begin(node);
    node.heard = true;
    step(node, Adopt{});
}

void World::stop(std::size_t index) {
    auto& node = nodes_[index];
    if (!node.up()) return;
    say(node, "stops");
    step(node, Stop{});
    if (node.holds) violated("an address stayed after a clean stop");
    node.router.reset();
    node.announcer.reset();
    ++node.life;
}

void World::interrupt(std::size_t index) {
    auto& node = nodes_[index];
    if (!node.up()) return;
    say(node, "link flaps");
    step(node, Fault{});
    begin(node);
}

void World::stall(std::size_t index, Duration time) {
    auto& node = nodes_[index];
    if (!node.up()) return;
    say(node, "stalls for " + text(time));
    node.stalled_until = std::max(node.stalled_until, now_ + time);
    later(time, [this, index, life = node.life] {
        if (nodes_[index].life == life) serve(nodes_[index]);
    });
}

void World::fail_claim(std::size_t index) {
    auto& node = nodes_[index];
    if (node.active()) step(node, ClaimFailed{});
}

void World::change_priority(std::size_t index, Priority priority) {
    auto& node = nodes_[index];
    if (!node.up()) return;
    say(node, "priority becomes " + std::to_string(priority.value()));
    step(node, PriorityChanged{priority});
}

void World::set_ready(std::size_t index, bool ready) {
    auto& node = nodes_[index];
    node.ready = ready;
    if (!node.up()) return;
    say(node, ready ? "is ready" : "is not ready");
    step(node, ReadinessChanged{ready});
}

void World::reconfigure(std::size_t index, const RouterParameters& parameters) {
    auto& node = nodes_[index];
    node.parameters = parameters;
    if (!node.up()) return;
    say(node, "reloads, interval " + text(Duration(parameters.advert_interval)));
    step(node, Reconfigured{parameters});
}

void World::set_squatter(bool there) {
    if (there != squatter_) Timeline::say(there ? "a host squats on the address" : "the squatter goes");
    squatter_ = there;
}

// ---- one router's turn -------------------------------------------------------------------------------

void World::step(Node& node, const Event& event) {
    perform(node, node.router->step(now_, event));
    if (node.active() != node.holds) violated("role and address differ on router " + std::to_string(node.index));
    arm(node);
}

void World::serve(Node& node) {
    if (!node.up() || now_ < node.stalled_until) return;
    const auto queued = std::exchange(node.queued, {});
    for (const auto& arrival : queued) receive(node, arrival);
    step(node, TimeReached{});
    announce(node);
    arm(node);
}

void World::arm(Node& node) {
    const auto next = earlier(node.router->next_deadline(), node.announcer->next_deadline());
    if (!next || (node.wake && *node.wake <= *next)) return;
    node.wake = next;
    const auto delay = std::max(*next - now_, Duration::zero()) + rng_.up_to(segment_.late);
    later(delay, [this, index = node.index, life = node.life, deadline = *next] {
        auto& woken = nodes_[index];
        if (woken.life != life || woken.wake != deadline) return;
        woken.wake.reset();
        serve(woken);
    });
}

// ---- actions -----------------------------------------------------------------------------------------

void World::perform(Node& node, const Actions& actions) {
    for (const auto& action : actions) {
        say(node, text(action));
        std::visit([&](const auto& one) { perform(node, one); }, action);
    }
}

void World::perform(Node& node, const SendAdvert& action) {
    const auto& parameters = node.router->parameters();
    const Advertisement advert{
        parameters.version, vrid, action.priority, parameters.advert_interval, {virtual_address(segment_.family)}};
    const Envelope envelope{node.address, multicast_group(segment_.family), sent_ttl};
    const auto message = encode(advert, envelope, ChecksumForm::pseudo_header);
    for (const auto& other : nodes_) {
        if (other.index == node.index) continue;
        carry(node, other.index, message);
        if (rng_.chance(weather_.duplication)) carry(node, other.index, message);
    }
}

void World::perform(Node& node, const Claim&) {
    if (node.holds) violated("claimed twice");
    if (node.held && !node.heard) violated("took at a start what another machine answers for");
    node.holds = true;
    const bool v4 = segment_.family == Family::ipv4;
    node.announcer->start(now_, v4 ? 1 : 0, v4 ? 0 : 1);
    announce(node);
}

void World::perform(Node& node, const Release&) {
    if (!node.holds) violated("released what was not held");
    node.holds = false;
    node.announcer->stop();
}

void World::perform(Node& node, const Probe&) {
    node.held = squatter_;
    bool answered = squatter_;
    for (const auto& other : nodes_) {
        const bool reached =
            !blocked_[node.index * most_nodes + other.index] && !blocked_[other.index * most_nodes + node.index];
        answered |= other.index != node.index && other.holds && reached;
    }
    if (!answered) return;
    later(segment_.delay, [this, index = node.index, life = node.life] {
        if (nodes_[index].life == life) step(nodes_[index], ProbeAnswered{});
    });
}

void World::perform(Node& node, const AnnounceAgain&) {
    node.announcer->again(now_);
    announce(node);
}

void World::perform(Node&, const Transition&) { ++role_changes_; }

void World::announce(Node& node) {
    const auto address = virtual_address(segment_.family);
    for ([[maybe_unused]] const auto index : node.announcer->due(now_)) {
        if (!node.holds) violated("a stand-in announced the virtual address: router " + std::to_string(node.index));
        const auto mac = mac_of(node.index);
        const auto frame = address.is_v4() ? gratuitous_arp(address, mac) : unsolicited_na(address, mac, true);
        later(rng_.up_to(segment_.delay), [this, claim = read_claim(frame)] { client_ = claim->mac.bytes[5]; });
    }
}

// ---- packets -----------------------------------------------------------------------------------------

void World::carry(const Node& from, std::size_t to, const Bytes& message) {
    if (blocked_[from.index * most_nodes + to] || rng_.chance(weather_.loss)) return;
    auto carried = message;
    const bool damaged = rng_.chance(weather_.damage);
    if (damaged) {
        auto& octet = carried[rng_.below(carried.size())];
        octet = static_cast<std::uint8_t>(octet ^ (1u << rng_.below(8)));
    }
    const auto delay = rng_.up_to(segment_.delay) + rng_.up_to(weather_.jitter);
    later(delay, [this, to, carried, source = from.address, damaged] { arrive(nodes_[to], carried, source, damaged); });
}

void World::arrive(Node& node, const Bytes& message, const IpAddress& source, bool damaged) {
    if (!node.up()) return;
    if (peek_vrid(message) != vrid) return;  // damaged: another router's
    if (now_ < node.stalled_until)
        node.queued.push_back({message, source, damaged});
    else
        receive(node, {message, source, damaged});
}

ReceivePolicy World::policy(const Node& node) const {
    ReceivePolicy policy;
    policy.version = node.parameters.version;
    policy.family = segment_.family;
    policy.interval = node.parameters.advert_interval;
    policy.own_sources = {&node.address, 1};
    return policy;
}

// As an engine receives: what is refused goes no further, so that no timer can move for it.
void World::receive(Node& node, const Arrival& arrival) {
    const Envelope envelope{arrival.source, multicast_group(segment_.family), sent_ttl};
    const auto accepted = decode(arrival.message, envelope, policy(node));
    if (accepted.has_value() == arrival.damaged)
        return violated(accepted ? "a damaged advert was accepted" : "refused: " + std::string(name(accepted.error())));
    if (!accepted) return;
    node.heard = true;
    step(node, Received{accepted->advert.priority, accepted->advert.interval, arrival.source, node.address});
}

}  // namespace vrrpd::sim
