#include "vrrpd/agent/peers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::agent {

namespace {

constexpr std::size_t name_max = 255;
constexpr std::size_t replica_head = 2;
constexpr std::uint8_t first_piece = 1, last_piece = 2;

BytesView octets(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

std::string_view text(BytesView octets) { return {reinterpret_cast<const char*>(octets.data()), octets.size()}; }

}  // namespace

std::string clock_obstacle(const std::vector<PeerStatus>& peers) {
    for (const auto& peer : peers) {
        if (!peer.link || std::chrono::abs(peer.link->clock_offset) <= clock_offset_bad) continue;
        return fmt::format("its clock is {} s {} that of {}, and leases end by the clock: let NTP set both",
                           std::chrono::round<std::chrono::seconds>(std::chrono::abs(peer.link->clock_offset)).count(),
                           peer.link->clock_offset.count() > 0 ? "behind" : "ahead of", peer.name);
    }
    return {};
}

Peers::Peers(Loop& loop, Log& log, PeerLink::Setup setup, OwnSummary own, PeerOutcomes outcomes)
    : loop_(loop),
      log_(log),
      configuration_(setup.configuration),
      own_(std::move(own)),
      outcomes_(std::move(outcomes)),
      sent_at_(loop.now()),
      link_(loop, log, std::move(setup), handlers()) {}

PeerHandlers Peers::handlers() {
    PeerHandlers result;
    result.connected = [this](PeerId peer, const Hello&) {
        (void)link_.send(peer, summary_type, octets(encode(own_())));  // again in a moment in any case
        compare_clocks();
        outcomes_.up(peer);
    };
    result.lost = [this](PeerId peer, Ending) {
        heard_.erase(name(peer));
        parts_.erase(peer);
        outcomes_.down(peer);
    };
    result.received = [this](PeerId peer, const Frame& frame) { received(peer, frame); };
    return result;
}

void Peers::set_self(proto::Role role, std::vector<Fingerprint> fingerprints) {
    link_.set_self(role, std::move(fingerprints));
}

bool Peers::send_replica(PeerId to, std::string_view gateway, BytesView message) {
    ASSERT(gateway.size() <= name_max && message.size() <= replica_message_max);
    const auto room = max_payload - replica_head - gateway.size();
    std::uint8_t marks = first_piece;
    do {
        const auto piece = message.first(std::min(room, message.size()));
        message = message.subspan(piece.size());
        if (message.empty()) marks |= last_piece;
        Bytes payload;
        payload.reserve(replica_head + gateway.size() + piece.size());
        ByteWriter(payload).u8(marks).u8(static_cast<std::uint8_t>(gateway.size())).bytes(octets(gateway)).bytes(piece);
        if (!link_.send(to, replica_type, payload)) return false;
        marks = 0;
    } while (!message.empty());
    return true;
}

Deadline Peers::next_deadline() const {
    return earlier(link_.next_deadline(), sent_at_ + (changed_ ? summary_pause : summary_interval));
}

void Peers::time_reached() {
    link_.time_reached();
    const auto now = loop_.now();
    if (now - sent_at_ < (changed_ ? summary_pause : summary_interval)) return;
    changed_ = false;
    sent_at_ = now;
    compare_clocks();
    (void)link_.broadcast(summary_type, octets(encode(own_())));  // who has no room hears the next one
}

void Peers::received(PeerId from, const Frame& frame) {
    if (frame.type == summary_type) return summary_received(from, frame.payload);
    if (frame.type == replica_type) replica_received(from, frame.payload);
}

void Peers::summary_received(PeerId from, BytesView payload) {
    auto summary = decode_summary(text(payload));
    if (!summary) {
        if (said_spoilt_.insert(name(from)).second)
            log_.warning("peer {}: what it says of itself is not understood; does it run another version?", name(from));
        return;
    }
    heard_.insert_or_assign(name(from), Heard{*summary, loop_.now()});
    outcomes_.said(from, *summary);
}

void Peers::replica_received(PeerId from, BytesView payload) {
    ByteReader reader(payload);
    const auto marks = reader.u8();
    const auto gateway = reader.take(reader.u8());
    if (!reader.ok()) return;
    const auto piece = reader.take(reader.remaining());
    if ((marks & first_piece) != 0) parts_[from] = {};
    const auto at = parts_.find(from);
    if (at == parts_.end()) return;  // the rest of what had no beginning
    auto& message = at->second;
    if (message.size() + piece.size() > replica_message_max) return void(parts_.erase(at));
    message.insert(message.end(), piece.begin(), piece.end());
    if ((marks & last_piece) == 0) return;
    const auto whole = std::move(message);
    parts_.erase(at);
    outcomes_.replica(from, text(gateway), whole);
}

void Peers::compare_clocks() {
    for (const auto& peer : link_.status()) {
        if (!peer.link) continue;
        const auto offset = std::chrono::abs(peer.link->clock_offset);
        if (offset <= clock_offset_good) said_clock_.erase(peer.name);
        if (offset <= clock_offset_max || !said_clock_.insert(peer.name).second) continue;
        log_.warning("peer {}: its clock is {} s {} ours, and leases end by the clock: let NTP set both", peer.name,
                     std::chrono::round<std::chrono::seconds>(offset).count(),
                     peer.link->clock_offset.count() > 0 ? "ahead of" : "behind");
    }
}

}  // namespace vrrpd::agent
