#include "vrrpd/engine/speaker.hpp"

#include <algorithm>
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

}  // namespace

Announced announced(const Router& router, const World& world) {
    Announced result;
    const auto add = [&](const std::string& device, const IpAddress& address) {
        const auto* link = world.link(device);
        if (!link || !link->arp || link->loopback) return;
        (address.is_v4() ? result.arp : result.na).push_back({link->index, link->mac, address});
    };
    for (const auto& vip : router.config->addresses) add(vip.device, vip.prefix.address);
    for (const auto& vip : router.config->excluded_addresses) add(vip.device, vip.prefix.address);
    if (const auto* gateway = router.followed.gateway; gateway && gateway->wan)
        for (const auto& held : gateway->wan->held) add(gateway->wan->device, held.address);
    return result;
}

Result<std::unique_ptr<Speaker>> Speaker::open(Loop& loop, Log& log, const World& world, bool observe) {
    auto sender = FrameSender::open();
    if (!sender) return tl::unexpected(sender.error());
    return std::unique_ptr<Speaker>(new Speaker(loop, log, world, std::move(*sender), observe));
}

void Speaker::advertise(Transport& transport, Router& router, proto::Priority priority) {
    if (observe_ || !router.source) return;
    const auto& config = *router.config;
    const auto advert = advertisement(router, priority);
    if (config.unicast()) {
        for (const auto& peer : config.peers)
            send(transport, router, advert, {*router.source, peer.address, config.unicast_ttl});
    } else {
        const auto group = config.group.value_or(proto::multicast_group(config.family));
        send(transport, router, advert, {*router.source, group, proto::sent_ttl});
        copy_to_members(transport, router, advert);
    }
    ++router.counters.adverts_sent;
    if (priority.is_resign()) ++router.counters.zero_sent;
}

void Speaker::copy_to_members(Transport& transport, Router& router, const proto::Advertisement& advert) {
    if (!peers_) return;
    for (std::size_t i = 0; i < peers_->members.size(); ++i) {
        const auto& member = peers_->members[i].address;
        if (i == peers_->self || member.family() != router.config->family) continue;
        if (on_link(world_, router.link, member))
            send(transport, router, advert, {*router.source, member, proto::sent_ttl});
    }
}

void Speaker::send(Transport& transport, Router& router, const proto::Advertisement& advert,
                   const proto::Envelope& envelope) {
    const auto message = proto::encode(advert, envelope, router.config->checksum);
    const auto sent = transport.send(router.link, message, envelope, ++router.identification);
    if (!sent && !std::exchange(router.send_failure_said, true))
        log_.warning("({}) {}", router.config->name, sent.error().describe());
    if (sent) router.send_failure_said = false;
}

void Speaker::announce(const Router& router, const std::vector<std::size_t>& indexes) {
    if (observe_ || indexes.empty()) return;
    log_.debug("({}) announcing: {} gratuitous ARP and NA frames", router.config->name, indexes.size());
    const auto all = announced(router, world_);
    for (const auto index : indexes) {
        if (index < all.arp.size()) {
            const auto& item = all.arp[index];
            frames_.push_back({&router, item.link, proto::gratuitous_arp(item.address, item.mac)});
        } else if (index - all.arp.size() < all.na.size()) {
            const auto& item = all.na[index - all.arp.size()];
            // RFC 9568 6.4.2: the Router flag is set; a VRRP router is one.
            frames_.push_back({&router, item.link, proto::unsolicited_na(item.address, item.mac, true)});
        }
    }
    send_frames(frames_a_turn);
}

void Speaker::forget(const Router& router) {
    std::erase_if(frames_, [&](const Frame& frame) { return frame.router == &router; });
}

void Speaker::send_frames(std::size_t at_most) {
    for (; at_most > 0 && !frames_.empty(); --at_most) {
        const auto& frame = frames_.front();
        // A frame that could not leave is followed by others; the link's fault shows elsewhere.
        if (auto sent = sender_.send(frame.link, frame.bytes); !sent)
            log_.debug("({}) {}", frame.router->config->name, sent.error().describe());
        frames_.pop_front();
    }
}

void Speaker::probe(const Router& router, Instant now) {
    if (observe_) return;
    const auto all = announced(router, world_);
    for (const auto* items : {&all.arp, &all.na})
        for (const auto& item : *items) {
            listen(item.link, item.address.family(), std::nullopt, now + answers_awaited);
            const auto frame = item.address.is_v4() ? proto::arp_probe(item.address, item.mac)
                                                    : proto::nd_probe(item.address, item.mac);
            frames_.push_back({&router, item.link, frame});
        }
    send_frames(frames_a_turn);
}

void Speaker::ask_for(IfIndex link, const IpAddress& address, Instant now) {
    const auto* device = world_.link(link);
    if (observe_ || !device) return;
    listen(link, address.family(), address, now + answers_awaited);
    const auto frame = address.is_v4() ? proto::arp_probe(address, device->mac) : proto::nd_probe(address, device->mac);
    if (auto sent = sender_.send(link, frame); !sent) log_.debug("{}: {}", device->name, sent.error().describe());
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
    listener.watch = loop_.on_readable(listener.socket.fd(), [this, &listener] {
        listener.socket.receive(burst_, [&](const proto::AddressClaim& claim) {
            if (claimed_) claimed_(listener.link, claim);
        });
    });
}

Deadline Speaker::next_deadline() const {
    Deadline next = frames_.empty() ? std::nullopt : Deadline(loop_.now() + frames_pause);
    for (const auto& listener : listeners_) next = earlier(next, listener.until);
    return next;
}

void Speaker::step(Instant now) {
    send_frames(frames_a_turn);
    listeners_.remove_if([now](const Listener& listener) { return listener.until <= now; });
}

}  // namespace vrrpd::engine
