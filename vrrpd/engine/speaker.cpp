#include "vrrpd/engine/speaker.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace vrrpd::engine {

namespace {

constexpr std::size_t frames_a_turn = 128;  // more would hold up adverts of other routers
constexpr Duration frames_pause = std::chrono::microseconds(50);
constexpr Duration answers_awaited = std::chrono::seconds(1);

bool on_link(const World& world, IfIndex link, const IpAddress& address) {
    return std::any_of(world.addresses().begin(), world.addresses().end(),
                       [&](const netlink::Address& own) { return own.link == link && own.prefix.contains(address); });
}

proto::Advertisement advertisement(const Router& router, proto::Priority priority) {
    const auto& config = *router.config;
    proto::Advertisement advert{
        config.parameters.version, config.vrid, priority, config.parameters.advert_interval, {}};
    advert.addresses.reserve(config.addresses.size());
    for (const auto& vip : config.addresses) advert.addresses.push_back(vip.prefix.address);
    return advert;
}

Announced listed(const Router& router, const World& world, bool below) {
    Announced result;
    const auto add = [&](const std::string& device, const IpAddress& address) {
        const auto* virtual_device = below ? router.config->virtual_device(device) : nullptr;
        const auto* link = world.link(virtual_device ? virtual_device->base : device);
        if (!link || !link->arp || link->loopback) return;
        (address.is_v4() ? result.arp : result.na).push_back({link->index, link->mac, address});
    };
    for (const auto& vip : router.config->addresses) add(vip.device, vip.prefix.address);
    for (const auto& vip : router.config->excluded_addresses) add(vip.device, vip.prefix.address);
    if (const auto* gateway = router.followed.gateway; gateway && gateway->wan && router.followed.leads)
        for (const auto& held : gateway->wan->held) add(gateway->wan->device, held.address);
    return result;
}

}  // namespace

Announced announced(const Router& router, const World& world) { return listed(router, world, false); }
Announced asked_for(const Router& router, const World& world) { return listed(router, world, true); }

Announced Speaker::addresses_of(What what, const Router& router) const {
    return what == What::probe ? asked_for(router, world_) : announced(router, world_);
}

Result<std::unique_ptr<Speaker>> Speaker::open(const Surroundings& surroundings, const World& world, bool observe) {
    auto sender = FrameSender::open();
    if (!sender) return tl::unexpected(sender.error());
    return std::unique_ptr<Speaker>(new Speaker(surroundings, world, std::move(*sender), observe));
}

void Speaker::advertise(Transport& transport, Router& router, proto::Priority priority) {
    if (observe_ || !router.source) return;
    const auto& config = *router.config;
    const auto sealed = seal(router, advertisement(router, priority));
    if (config.unicast()) {
        for (const auto& peer : config.peers)
            send(transport, router, sealed, {*router.source, peer.address, config.unicast_ttl});
    } else {
        const auto group = config.group.value_or(proto::multicast_group(config.family));
        send(transport, router, sealed, {*router.source, group, proto::sent_ttl});
        copy_to_members(transport, router, sealed);
    }
    ++router.counters.adverts_sent;
    if (priority.is_resign()) ++router.counters.zero_sent;
}

Speaker::Sealed Speaker::seal(Router& router, proto::Advertisement advert) {
    if (!router.authenticator) return {std::move(advert), {}};
    const auto now = router.authenticator->takes_trailer() ? wall_now() : WallTime();
    auto credentials = router.authenticator->seal(advert, *router.source, now);
    return {std::move(advert), credentials};
}

void Speaker::copy_to_members(Transport& transport, Router& router, const Sealed& sealed) {
    if (!peers_) return;
    for (std::size_t i = 0; i < peers_->members.size(); ++i) {
        const auto& member = peers_->members[i].address;
        if (i == peers_->self || member.family() != router.config->family) continue;
        if (!on_link(world_, router.link, member)) continue;
        // AH has one counter for all that comes: a copy needs a number of its own.
        const bool own_number = sealed.credentials.type == proto::AuthType::ah;
        send(transport, router, own_number ? seal(router, sealed.advert) : sealed,
             {*router.source, member, proto::sent_ttl});
    }
}

void Speaker::send(Transport& transport, Router& router, const Sealed& sealed, const proto::Envelope& envelope) {
    const auto& credentials = sealed.credentials;
    auto message = proto::encode(sealed.advert, envelope, router.config->checksum, credentials);
    const auto identification = router.next_identification();
    auto protocol = proto::ip_protocol;
    if (credentials.type == proto::AuthType::ah) {
        protocol = proto::ah_protocol;
        const auto header = proto::ipv4_header(envelope, {protocol, proto::ah_size + message.size(), identification});
        const auto ah = router.authenticator->ah_header(header, message, credentials.ah_sequence);
        message.insert(message.begin(), ah.begin(), ah.end());
    }
    const auto& virtual_mac = router.config->virtual_mac->sender;
    // The virtual device is not up yet when the first advert leaves, nor any more when the last one does.
    const auto sent =
        virtual_mac && envelope.destination.is_multicast()
            ? sender_.send(router.link, proto::multicast_frame(*virtual_mac, message, envelope,
                                                               {protocol, message.size(), identification}))
            : transport.send(router.link, message, envelope, identification, protocol);
    if (!sent && !std::exchange(router.send_failure_said, true))
        log_.warning("({}) {}", router.config->name, sent.error().describe());
    if (sent) router.send_failure_said = false;
}

void Speaker::announce(const Router& router, std::vector<std::size_t> indexes) {
    if (observe_ || indexes.empty()) return;
    log_.debug("({}) announcing: {} gratuitous ARP and NA frames", router.config->name, indexes.size());
    paced_.take(router, indexes, world_);
    const auto one_round = std::min(indexes.size(), announced(router, world_).size());
    std::vector<std::size_t> repeats(indexes.begin() + static_cast<std::ptrdiff_t>(one_round), indexes.end());
    indexes.resize(one_round);
    if (!indexes.empty()) first_.push_back({What::announcement, &router, std::move(indexes)});
    if (!repeats.empty()) repeats_.push_back({What::announcement, &router, std::move(repeats)});
    send_waiting(first_);
    send_paced(loop_.now());
}

// Where adverts come from a device's MAC address the switches know it anyway. Without `all` it is for virtual MACs.
void Speaker::announce_extra(const Router& router) {
    const auto& devices = router.config->virtual_mac->devices;
    const auto is_virtual = [&](IfIndex link) {
        const auto* known = world_.link(link);
        return std::any_of(devices.begin(), devices.end(),
                           [&](const auto& device) { return known != nullptr && known->name == device.name; });
    };
    const auto all = announced(router, world_);
    std::vector<std::size_t> indexes;
    std::vector<IfIndex> seen{router.link};
    if (router.config->virtual_mac->sender)
        if (const auto* own = world_.link(devices.front().name)) seen.push_back(own->index);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto link = all.at(i)->link;
        if (!router.config->announce->extra_everywhere && !is_virtual(link)) continue;
        if (std::find(seen.begin(), seen.end(), link) != seen.end()) continue;
        seen.push_back(link);
        indexes.push_back(i);
    }
    announce(router, std::move(indexes));
}

void Speaker::send_paced(Instant now) {
    paced_.step(now, [this](const Router& router, std::size_t index) {
        const auto all = announced(router, world_);
        if (const auto* item = all.at(index)) send_item(What::announcement, router, *item);
    });
}

void Speaker::probe(const Router& router, Instant now) {
    if (observe_) return;
    const auto all = asked_for(router, world_);
    for (std::size_t i = 0; i < all.size(); ++i)
        listen(all.at(i)->link, all.at(i)->address.family(), std::nullopt, now + answers_awaited);
    std::vector<std::size_t> indexes(all.size());
    std::iota(indexes.begin(), indexes.end(), std::size_t{0});
    if (!indexes.empty()) first_.push_back({What::probe, &router, std::move(indexes)});
    send_waiting(first_);
}

void Speaker::forget(const Router& router) {
    for (auto* queue : {&first_, &repeats_})
        std::erase_if(*queue, [&](const Waiting& waiting) { return waiting.router == &router; });
    paced_.forget(router);
}

void Speaker::send_waiting(Queue& queue) {
    for (std::size_t room = frames_a_turn; room > 0 && !queue.empty();) {
        auto& waiting = queue.front();
        const auto all = addresses_of(waiting.what, *waiting.router);
        const auto end = std::min(waiting.indexes.size(), waiting.sent + room);
        room -= end - waiting.sent;
        for (; waiting.sent < end; ++waiting.sent)
            if (const auto* item = all.at(waiting.indexes[waiting.sent]))
                send_item(waiting.what, *waiting.router, *item);
        if (waiting.sent == waiting.indexes.size()) queue.pop_front();
    }
}

void Speaker::send_item(What what, const Router& router, const AddressOnLink& item) {
    if (what == What::announcement && absent_ && absent_->contains({item.link, item.address})) return;
    const bool v4 = item.address.is_v4();
    const auto frame = what == What::probe
                           ? (v4 ? proto::arp_probe(item.address, item.mac) : proto::nd_probe(item.address, item.mac))
                       : v4 ? proto::gratuitous_arp(item.address, item.mac)
                            // RFC 9568 6.4.2: the Router flag is set; a VRRP router is one.
                            : proto::unsolicited_na(item.address, item.mac, true);
    // A frame that could not leave is followed by others; the link's fault shows elsewhere.
    if (auto sent = sender_.send(item.link, frame); !sent)
        log_.debug("({}) {}", router.config->name, sent.error().describe());
}

void Speaker::ask(IfIndex link, BytesView frame) {
    if (observe_) return;
    if (auto sent = sender_.send(link, frame); !sent) log_.debug("{}", sent.error().describe());
}

void Speaker::ask_for(IfIndex link, const IpAddress& address, Instant now) { ask_for(link, address, address, now); }

void Speaker::ask_for_one_of_many(IfIndex link, const IpAddress& address, Instant now) {
    ask_for(link, address, std::nullopt, now);
}

void Speaker::ask_for(IfIndex link, const IpAddress& address, const std::optional<IpAddress>& only, Instant now) {
    const auto* device = world_.link(link);
    if (observe_ || !device) return;
    listen(link, address.family(), only, now + answers_awaited);
    const auto frame = address.is_v4() ? proto::arp_probe(address, device->mac) : proto::nd_probe(address, device->mac);
    ask(link, frame);
}

void Speaker::listen(IfIndex link, Family family, const std::optional<IpAddress>& only, Instant until) {
    for (auto& listener : listeners_)
        if (listener.link == link && listener.family == family && listener.only == only) {
            listener.until = std::max(listener.until, until);
            return;
        }
    auto socket = ClaimListener::open(link, family, only);
    if (!socket) {
        log_.error("{}", socket.error().describe());
        return;
    }
    auto& listener = listeners_.emplace_back(Listener{link, family, only, std::move(*socket), until});
    listener.watch = loop_.on_readable(listener.socket.fd(), [this, &listener] { hear(listener); });
}

bool Speaker::hear(Listener& listener) {
    return listener.socket.receive(burst_, [&](const proto::AddressClaim& claim) {
        if (claimed_) claimed_(listener.link, claim);
    });
}

void Speaker::hear() {
    for (auto& listener : listeners_)
        for (int wakeups = 0; wakeups < wakeups_a_drain && hear(listener); ++wakeups) {}
}

Deadline Speaker::next_deadline() const {
    Deadline next = first_.empty() && repeats_.empty() ? std::nullopt : Deadline(loop_.now() + frames_pause);
    for (const auto& listener : listeners_) next = earlier(next, listener.until);
    return earlier(next, paced_.next_deadline());
}

void Speaker::step(Instant now, bool busy) {
    send_waiting(first_);
    if (first_.empty() && !busy) send_waiting(repeats_);
    send_paced(now);
    listeners_.remove_if([now](const Listener& listener) { return listener.until <= now; });
}

}  // namespace vrrpd::engine
