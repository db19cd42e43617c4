#include "vrrpd/engine/transport.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace vrrpd::engine {

Transport::Transport(const Surroundings& surroundings, AdvertSocket::Mode mode, Handler handler)
    : loop_(surroundings.loop),
      log_(surroundings.log),
      mode_(mode),
      handler_(std::move(handler)),
      burst_(surroundings.burst) {}

Transport::Entry* Transport::find(IfIndex link, Family family, std::uint8_t protocol) {
    const auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.link.index == link && entry.family == family && entry.protocol == protocol;
    });
    return at == entries_.end() ? nullptr : &*at;
}

Transport::Entry* Transport::open(const Need& need) {
    const auto mode = need.only_hears ? AdvertSocket::Mode::observe : mode_;
    auto socket = AdvertSocket::open(need.link, need.family, mode, need.protocol);
    if (!socket) {
        fail_on(need, socket.error());
        return nullptr;
    }
    auto& entry = entries_.emplace_back(Entry{need.link, need.family, need.protocol, std::move(*socket)});
    entry.watch = loop_.on_readable(entry.socket.fd(), [this, &entry] { read(entry); });
    return &entry;
}

void Transport::fail_on(const Need& need, const OsError& error) {
    problems_.push_back(
        {need.link.index, need.family, "cannot speak VRRP on " + need.link.name + ": " + error.describe()});
}

std::optional<std::string> Transport::problem(IfIndex link, Family family) const {
    for (const auto& problem : problems_)
        if (problem.link == link && problem.family == family) return problem.text;
    return std::nullopt;
}

void Transport::require(const std::vector<Need>& needs, bool every_vrid) {
    problems_.clear();
    for (auto& entry : entries_) {
        entry.needed = false;
        entry.members.clear();
    }
    for (const auto& need : needs) {
        auto* entry = find(need.link.index, need.family, need.protocol);
        if (!entry) {
            if (problem(need.link.index, need.family)) continue;  // tried in this very call
            entry = open(need);
            if (!entry) continue;
        }
        entry->needed = true;
        entry->link = need.link;
        entry->members.push_back({need.vrid, need.router});
        if (!need.group) continue;
        if (auto joined = entry->socket.join(*need.group); !joined) fail_on(need, joined.error());
    }
    entries_.remove_if([](const Entry& entry) { return !entry.needed; });
    for (auto& entry : entries_) {
        std::sort(entry.members.begin(), entry.members.end());
        std::vector<proto::Vrid> vrids;
        for (const auto& member : entry.members)
            if (!every_vrid) vrids.push_back(member.vrid);
        if (auto done = entry.socket.narrow(vrids); !done)
            log_.error("{}: {}", entry.link.name, done.error().describe());
    }
}

Result<void> Transport::send(IfIndex link, BytesView message, const proto::Envelope& envelope,
                             std::uint16_t identification, std::uint8_t protocol) {
    auto* entry = find(link, envelope.destination.family(), protocol);
    if (!entry) return fail(ENOTCONN, "send an advert: no socket on the interface");
    return entry->socket.send(message, envelope, identification);
}

bool Transport::read(Entry& entry) {
    return entry.socket.receive(burst_, [&](const AdvertSocket::Heard& heard) {
        handler_(members_of(entry, heard.message), entry.link, heard);
    });
}

std::span<const Transport::Member> Transport::members_of(const Entry& entry, BytesView message) {
    const auto vrid = proto::peek_vrid(message);
    if (!vrid) return {};
    const auto is_before = [](const Member& a, const Member& b) { return a.vrid < b.vrid; };
    const auto [first, last] =
        std::equal_range(entry.members.begin(), entry.members.end(), Member{*vrid, 0}, is_before);
    return {first, last};
}

std::vector<DumpedSocket> Transport::sockets() const {
    std::vector<DumpedSocket> all;
    for (const auto& entry : entries_) {
        auto& one =
            all.emplace_back(DumpedSocket{entry.socket.fd(), entry.link.name, entry.family, entry.protocol, {}});
        for (const auto& member : entry.members) one.routers.push_back(member.router);
    }
    return all;
}

void Transport::drain() {
    for (auto& entry : entries_)
        for (int wakeups = 0; wakeups < wakeups_a_drain && read(entry); ++wakeups) {}
}

}  // namespace vrrpd::engine
