// See replicas.hpp.
#include "tests/bench/replicas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "dhcpsync/core/wire.hpp"

namespace bench {

using namespace std::chrono_literals;
using vrrpd::IpAddress;
namespace agent = vrrpd::agent;

namespace {

constexpr agent::FrameType lease_message = agent::first_payload_type;

// Nobody reads it: what goes wrong shows as a run that does not end.
struct NoLog final : vrrpd::Log {
    void write(vrrpd::LogLevel, std::string_view) override {}
};
NoLog no_log;

vrrpd::config::PeerLink configuration(std::size_t self) {
    vrrpd::config::PeerLink link;
    for (std::size_t i = 0; i < Replicas::count; ++i)
        link.members.push_back({fmt::format("H00{}", i), IpAddress::v4(127, 0, 1, static_cast<std::uint8_t>(i + 1))});
    link.self = self;
    return link;
}

// The same for all three. Move-only, so each is read anew.
agent::Key key() { return *agent::Key::parse(std::string(2 * agent::Key::size, '5')); }

}  // namespace

dhcpsync::Moment moment() {
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return {vrrpd::boot_now(), dhcpsync::WallTime(std::chrono::duration_cast<dhcpsync::Seconds>(wall))};
}

dhcpsync::Lease lease_number(std::size_t i, dhcpsync::WallTime expires) {
    const auto high = static_cast<std::uint8_t>(i >> 8), low = static_cast<std::uint8_t>(i);
    return {IpAddress::v4(10, 12, high, low),
            dhcpsync::Client4{{1, {2, 0xdc, 0, 0, high, low}}, {1, 2, 0xdc, 0, 0, high, low}},
            fmt::format("client{}", i), expires};
}

Replicas::Replicas() {
    for (std::uint32_t i = 0; i < count; ++i) nodes_.emplace_back(i);
}

void Replicas::connect() {
    for (std::size_t i = 0; i < count; ++i) make_link(i);
}

void Replicas::make_link(std::size_t node) {
    agent::PeerHandlers handlers;
    handlers.connected = [this, node](agent::PeerId peer, const agent::Hello&) {
        ++nodes_[node].connected;
        step(node, dhcpsync::PeerUp{dhcpsync::NodeId{static_cast<std::uint32_t>(peer)}});
    };
    handlers.lost = [this, node](agent::PeerId peer, agent::Ending) {
        --nodes_[node].connected;
        step(node, dhcpsync::PeerDown{dhcpsync::NodeId{static_cast<std::uint32_t>(peer)}});
    };
    handlers.received = [this, node](agent::PeerId peer, const agent::Frame& frame) {
        if (auto message = dhcpsync::decode(frame.payload))
            step(node, dhcpsync::FromPeer{dhcpsync::NodeId{static_cast<std::uint32_t>(peer)}, std::move(*message)});
    };
    static std::minstd_rand chance;
    nodes_[node].link =
        std::make_unique<agent::PeerLink>(loop_, no_log,
                                          agent::PeerLink::Setup{configuration(node), key(), "bench",
                                                                 [] { return static_cast<std::uint32_t>(chance()); }},
                                          std::move(handlers));
}

void Replicas::step(std::size_t node, dhcpsync::Event event) {
    carry_out(node, nodes_[node].replica.step(moment(), std::move(event)));
}

void Replicas::carry_out(std::size_t node, const dhcpsync::Actions& actions) {
    for (const auto& action : actions) {
        if (const auto* send = std::get_if<dhcpsync::Send>(&action); send && nodes_[node].link)
            nodes_[node].link->send(send->peer.value, lease_message, dhcpsync::encode(send->message));
        if (const auto* term = std::get_if<dhcpsync::PersistTerm>(&action))
            step(node, dhcpsync::TermPersisted{term->term});
        if (const auto* apply = std::get_if<dhcpsync::Apply>(&action))
            for (const auto& change : apply->changes) learnt_(node, change);
    }
}

std::size_t Replicas::leases_of(std::size_t node) const { return nodes_[node].replica.leases(moment().wall).size(); }

bool Replicas::run_until(const std::function<bool()>& done, vrrpd::Duration limit) {
    const auto end = vrrpd::boot_now() + limit;
    loop_.before_wait([this] {
        vrrpd::Deadline due = vrrpd::boot_now() + 1ms;
        for (const auto& node : nodes_) {
            due = earlier(due, node.replica.next_deadline());
            if (node.link) due = earlier(due, node.link->next_deadline());
        }
        loop_.set_deadline(due);
    });
    bool good = false;
    loop_.on_deadline([&] {
        for (std::size_t i = 0; i < count; ++i) {
            if (nodes_[i].link) nodes_[i].link->time_reached();
            const auto due = nodes_[i].replica.next_deadline();
            if (due && *due <= loop_.now()) step(i, dhcpsync::TimeReached{});
        }
        good = done();
        if (good || loop_.now() >= end) loop_.stop();
    });
    loop_.refresh();
    loop_.run();
    return good;
}

bool Replicas::await_connections() {
    return run_until(
        [this] {
            return std::all_of(nodes_.begin(), nodes_.end(),
                               [](const Node& node) { return node.connected == count - 1; });
        },
        10s);
}

}  // namespace bench
