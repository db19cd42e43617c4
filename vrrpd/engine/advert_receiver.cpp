#include "vrrpd/engine/advert_receiver.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "vrrpd/engine/core/describe.hpp"

namespace vrrpd::engine {

namespace {

constexpr Duration unknown_vrid_pause = std::chrono::seconds(60);  // between two lines of one VRID

}  // namespace

// Whose an advert is of those who have its VRID. Alone, whoever has it judges it, and counts what it refuses.
Router* AdvertReceiver::addressee(std::span<const Transport::Member> members, const proto::Envelope& envelope) const {
    enum class Fit : std::uint8_t { none, vrid, destination, member, peer };  // the later, the better
    const auto fits = [&](const Router& router) {
        const auto& config = *router.config;
        if (envelope.destination.is_multicast()) {
            if (config.unicast()) return Fit::vrid;
            const auto group = config.group.value_or(proto::multicast_group(config.family));
            return group == envelope.destination ? Fit::destination : Fit::none;
        }
        if (!config.unicast())  // members of peer_link send to it unicast, too
            return peers_.contains(envelope.source) ? Fit::member : Fit::vrid;
        if (router.source != envelope.destination) return Fit::vrid;
        const bool is_peer = std::any_of(config.peers.begin(), config.peers.end(),
                                         [&](const auto& peer) { return peer.address == envelope.source; });
        return is_peer ? Fit::peer : Fit::destination;
    };
    Router* best = nullptr;
    auto best_fit = Fit::none;
    for (const auto& member : members) {
        auto* router = &routers_[member.router];
        const auto fit = fits(*router);
        if (fit > best_fit) best = router;
        best_fit = std::max(fit, best_fit);
    }
    return best;
}

void AdvertReceiver::heard(std::span<const Transport::Member> members, const netlink::Link& link,
                           const AdvertSocket::Heard& heard) {
    auto* const found = addressee(members, heard.envelope);
    if (!found) return say_unknown(link, heard);
    auto& router = *found;
    if (router.machine.role() == proto::Role::initialize && !router.listens) return;  // VR-085
    const auto& config = *router.config;
    if (config.ignores_adverts) return;  // of the owner
    const std::array<IpAddress, 1> own{router.source.value_or(IpAddress{})};
    proto::ReceivePolicy policy;
    policy.version = config.parameters.version;
    policy.family = config.family;
    policy.interval = config.parameters.advert_interval;
    policy.unicast = config.unicast();
    policy.check_unicast_source = config.check_unicast_source;
    policy.peers = config.peers;
    policy.also_from = peers_.addresses();
    policy.own_sources = own;
    policy.no_addresses = config.addresses.empty();  // no_virtual_ipaddress: the peers announce none either
    policy.authenticator = router.authenticator.get();
    if (policy.authenticator && policy.authenticator->takes_trailer()) policy.now = wall_now();
    const auto result = proto::decode(heard.message, heard.envelope, policy, heard.headers);
    if (result)
        accepted(router, heard, *result);
    else
        rejected(router, link, heard, result.error());
}

// log_unknown_vrids.
void AdvertReceiver::say_unknown(const netlink::Link& link, const AdvertSocket::Heard& heard) {
    if (!routers_.config().log_unknown_vrids || heard.message.size() < 2) return;
    if (unknown_vrids_until_ <= loop_.now()) {
        unknown_vrids_until_ = loop_.now() + unknown_vrid_pause;
        unknown_vrids_said_.reset();
    }
    const auto vrid = heard.message[1];
    if (unknown_vrids_said_.test(vrid)) return;
    unknown_vrids_said_.set(vrid);
    log_.info("Unknown VRID({}) received on interface({}): from {}; no instance here has it", vrid, link.name,
              heard.envelope.source.to_string());
}

// VR-150, RFC 9568 7.1: counted by kind; said once a kind until the next transition, so a flood costs one line.
void AdvertReceiver::rejected(Router& router, const netlink::Link& link, const AdvertSocket::Heard& heard,
                              proto::Rejection why) {
    const auto kind = static_cast<std::size_t>(why);
    ++router.troubles.edit().rejected[kind];
    const auto bit = std::uint32_t{1} << kind;
    if (router.rejections_said & bit) return;
    router.rejections_said |= bit;
    log_.warning("({}) {}: advert from {} refused: {}{}; more of this kind are counted, not logged",
                 router.config->name, link.name, heard.envelope.source.to_string(), proto::name(why), advice(why));
}

void AdvertReceiver::accepted(Router& router, const AdvertSocket::Heard& heard, const proto::Accepted& accepted) {
    ++router.counters.adverts_received;
    if (accepted.advert.priority.is_resign()) ++router.counters.zero_received;
    router.master_priority = accepted.advert.priority.value();
    if (accepted.form != router.config->checksum && router.config->family == Family::ipv4 &&
        router.config->parameters.version == proto::Version::v3 && !std::exchange(router.foreign_form_said, true))
        log_.info("({}) {} leaves the pseudo-header {} its checksum, unlike us: accepted", router.config->name,
                  peers_.describe(heard.envelope.source),
                  accepted.form == proto::ChecksumForm::message_only ? "out of" : "in");
    watch_paths(router, heard.envelope);
    compare_addresses(router, heard.envelope.source, accepted.advert.addresses);
    authenticated(router, heard.envelope, accepted);
    // Silence counts from when the advert came in, not from when we got round to it. More than an interval is not
    // believed: then the clock of the day was set in between.
    const auto age = heard.age <= Duration(router.config->parameters.advert_interval) ? heard.age : Duration(0);
    received_(router,
              {accepted.advert.priority, accepted.advert.interval, heard.envelope.source,
               router.source.value_or(IpAddress{})},
              boot_now() - age);
}

// VR-148: counted, and obeyed all the same, or two routers were Active while one after the other is reconfigured.
// Whoever takes over takes its own list, though, and the clients of the others' addresses are left alone.
void AdvertReceiver::compare_addresses(Router& router, const IpAddress& peer,
                                       const std::vector<IpAddress>& advertised) {
    constexpr std::size_t most_peers = 16;  // remembered
    const auto difference = describe_difference(router.config->addresses, advertised);
    if (!difference.empty()) ++router.counters.other_addresses;
    const auto& known = router.troubles->other_addresses;
    const auto at = known.find(peer);
    const bool is_known = at != known.end();
    if (is_known ? at->second == difference : difference.empty() || known.size() == most_peers) return;
    // A flood must not fill the log: what is not said now is news with the next advert.
    if (loop_.now() < router.troubles->addresses_said + proto::note_pause) return;
    auto& troubles = router.troubles.edit();
    troubles.addresses_said = loop_.now();
    if (difference.empty()) {
        troubles.other_addresses.erase(peer);
        log_.notice("({}) {} advertises our addresses again, all of them and no others", router.config->name,
                    peers_.describe(peer));
    } else {
        troubles.other_addresses[peer] = difference;
        log_.warning("({}) {} advertises other addresses than ours: {}. Write the same list on every router",
                     router.config->name, peers_.describe(peer), difference);
    }
}

void AdvertReceiver::watch_paths(Router& router, const proto::Envelope& envelope) {
    if (router.config->unicast()) return;
    if (!peers_.contains(envelope.source)) return;
    const auto path = envelope.destination.is_multicast() ? Path::multicast : Path::unicast;
    const auto peer = peers_.describe(envelope.source);
    switch (router.troubles.edit().paths.heard(envelope.source, path, loop_.now())) {
        case PathWatch::Finding::none:
            return;
        case PathWatch::Finding::only_unicast:
            log_.warning(
                "({}) {} is heard by unicast only: multicast is lost on the way (IGMP snooping without a querier, a "
                "switch filter, or a firewall here that lets 224.0.0.18 not in)",
                router.config->name, peer);
            return;
        case PathWatch::Finding::only_multicast:
            log_.warning(
                "({}) {} is heard by multicast only: its unicast copies are lost on the way (a firewall that drops "
                "protocol 112, or peer_link there does not list us)",
                router.config->name, peer);
            return;
        case PathWatch::Finding::both_again:
            log_.notice("({}) {} is heard by multicast and unicast again", router.config->name, peer);
            return;
    }
}

void AdvertReceiver::authenticated(Router& router, const proto::Envelope& envelope, const proto::Accepted& accepted) {
    if (!router.authenticator) return;
    auto& authenticator = *router.authenticator;
    authenticator.accept(envelope.source, envelope.destination.is_multicast(), accepted.proof);
    const auto ours = router.machine.effective_priority(), theirs = accepted.advert.priority;
    const bool lower = theirs < ours || (theirs == ours && envelope.source < router.source);
    if (authenticator.type() == proto::AuthType::ah && router.active() && lower) authenticator.stay_ahead();
    remember_(router);
    const auto apart = std::chrono::abs(accepted.proof.clock_ahead);
    const auto& settings = router.config->authentication->hmac;
    if (settings.monotonic || 2 * apart <= settings.window) {
        router.clock_said = false;
    } else if (!std::exchange(router.clock_said, true)) {
        log_.warning(
            "({}) the clock of {} is {} {} ours; its adverts are refused from {} on (time_window): set both by NTP",
            router.config->name, peers_.describe(envelope.source), text(apart),
            accepted.proof.clock_ahead.count() > 0 ? "ahead of" : "behind", text(settings.window));
    }
}

}  // namespace vrrpd::engine
