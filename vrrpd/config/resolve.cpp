// Drafts -> Instances: defaults of global_defs, the side effects of `state`, roundings, and the repairs that
// keepalived makes with a report. global_defs may stand anywhere, so all this comes last.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "vrrpd/config/handlers.hpp"

namespace vrrpd::config {
namespace {

constexpr Duration probe_time = std::chrono::milliseconds(200);  // three probes
constexpr std::size_t most_addresses_v4 = 255;                   // the count is one octet
constexpr std::size_t most_addresses_v6 = 90;                    // (1500 - 40 - 8) / 16

Duration whole_seconds(unsigned value) { return std::chrono::seconds(value); }

class Resolver {
public:
    Resolver(Reader& reader, InstanceDraft& draft)
        : reader_(reader), globals_(reader.draft().globals), draft_(draft), instance_(draft.value) {}

    Instance run() {
        instance_.strict = draft_.strict.value_or(globals_.strict);
        if (instance_.strict) enforce_strict(reader_, draft_);
        family_and_version();
        advert_interval();
        priority();
        preemption();
        protocol_options();
        accept_mode();
        resolve_authentication(reader_, draft_);
        announcements();
        transport();
        addresses();
        tracking();
        return std::move(instance_);
    }

private:
    void report(Place place, std::string text) {
        reader_.fault(Severity::error, place, fmt::format("({}) {}", instance_.name, text));
    }

    void family_and_version() {
        instance_.family = draft_.family.value_or(Family::ipv4);
        auto version = draft_.version.value_or(globals_.version.value_or(proto::Version::v2));
        if (instance_.family == Family::ipv6 && !draft_.version) version = proto::Version::v3;
        instance_.parameters.version = version;
    }

    [[nodiscard]] bool v2() const { return instance_.parameters.version == proto::Version::v2; }

    // v2 counts whole seconds, v3 hundredths up to 40.95 s.
    void advert_interval() {
        constexpr std::int64_t longest_v3 = 4095;
        const auto given = draft_.advert_millionths.value_or(second);
        const auto unit = v2() ? second : second / 100;
        auto count = std::max<std::int64_t>(1, (given + unit / 2) / unit);
        if (!v2()) count = std::min(count, longest_v3);
        if (count * unit != given) {
            report(draft_.advert_place, fmt::format("advert_int {} is not possible in version {}: {} is used",
                                                    decimal_text(given), v2() ? 2 : 3, decimal_text(count * unit)));
        }
        instance_.parameters.advert_interval = Centiseconds(static_cast<std::int32_t>(count * unit / (second / 100)));
    }

    void priority() {
        instance_.state_master = draft_.state_master == true;
        // keepalived's: MASTER without a priority is the owner.
        if (instance_.state_master && !draft_.priority_given) instance_.parameters.priority = proto::Priority::owner();
        if (!instance_.parameters.priority.is_owner()) return;
        reader_.fault(
            Severity::note, draft_.place,
            fmt::format(
                "({}) priority 255 is for the owner of the address: it takes over at once, and tracking changes "
                "nothing; write 254 or less unless that is meant",
                instance_.name));
    }

    void preemption() {
        auto& parameters = instance_.parameters;
        const bool owner = parameters.priority.is_owner();
        const bool master = draft_.state_master == true;
        if (draft_.nopreempt && (master || owner)) {
            report(draft_.preempt_place, fmt::format("nopreempt does not go with {}: it is cleared",
                                                     master ? "state MASTER" : "priority 255"));
            draft_.nopreempt = false;
        }
        parameters.preempt = !draft_.nopreempt;
        if (parameters.preempt_delay == Duration::zero()) return;
        if (!master && !draft_.nopreempt && !owner) return;
        report(draft_.preempt_place,
               fmt::format("preempt_delay does not go with {}: it is cleared", master  ? "state MASTER"
                                                                               : owner ? "priority 255"
                                                                                       : "nopreempt"));
        parameters.preempt_delay = Duration::zero();
    }

    void protocol_options() {
        auto& parameters = instance_.parameters;
        parameters.probe_time = probe_time;
        parameters.down_timer_adverts = draft_.down_timer_adverts.value_or(globals_.down_timer_adverts);
        parameters.answer_lower_priority = !draft_.lower_prio_no_advert.value_or(globals_.lower_prio_no_advert);
        instance_.promotes_secondaries = draft_.promote_secondaries;
        instance_.skips_address_check = draft_.skips_address_check.value_or(globals_.skips_address_check);
        parameters.advert_before_yielding = draft_.higher_prio_send_advert.value_or(*globals_.higher_prio_send_advert);
        instance_.ignores_adverts =
            parameters.priority.is_owner() && draft_.owner_ignores_adverts.value_or(globals_.owner_ignores_adverts);
        if (draft_.owner_ignores_adverts == true && !instance_.ignores_adverts)
            report(draft_.place, "owner_ignore_adverts is for priority 255 alone: it is ignored");
        if (draft_.timer_expired_place && parameters.preempt) {
            report(*draft_.timer_expired_place, "timer_expired_backup requires nopreempt: it is ignored");
            parameters.others_priority.reset();
        }
        const bool as_v2 = draft_.v3_checksum_as_v2.value_or(globals_.v3_checksum_as_v2);
        if (as_v2) instance_.checksum = proto::ChecksumForm::message_only;
    }

    // RFC 9568 6.1: the owner accepts in any case.
    void accept_mode() {
        instance_.accepts = instance_.parameters.priority.is_owner() || draft_.accepts.value_or(true);
        if (draft_.accept_place && draft_.accepts == false && instance_.accepts)
            report(*draft_.accept_place, "no_accept does not go with priority 255: the owner accepts");
    }

    // The instance's own garp_master_* are not inherited by its garp_lower_prio_*.
    void announcements() {
        const auto& own = draft_.announce;
        auto policy = usual_announcements(globals_);
        if (own.delay) policy.second_block = whole_seconds(*own.delay);
        if (own.repeat) policy.repeat = std::max(1U, *own.repeat);
        if (own.refresh) policy.refresh = whole_seconds(*own.refresh);
        if (own.refresh_repeat) policy.refresh_repeat = std::max(1U, *own.refresh_repeat);
        if (own.lower_delay) policy.lower_prio_second_block = whole_seconds(*own.lower_delay);
        if (own.lower_repeat) policy.lower_prio_repeat = *own.lower_repeat;
        if (own.extra) {
            policy.extra = whole_seconds(*own.extra);
            policy.extra_everywhere = own.extra_everywhere;
        }
        if (policy != proto::AnnouncePolicy{}) instance_.announce.edit() = policy;
    }

    void transport() {
        instance_.check_unicast_source = draft_.check_unicast_source || globals_.check_unicast_source;
        if (!instance_.group) instance_.group = instance_.family == Family::ipv4 ? globals_.group4 : globals_.group6;
        if (instance_.unicast() || !draft_.unicast_word) return;
        if (draft_.fault_without_peers) {
            instance_.fault_without_peers = true;
        } else {
            report(draft_.place,
                   "a unicast option is given but no unicast_peer: multicast is used; name the peers, or take the "
                   "option out");
        }
    }

    void addresses() {
        const auto& device = instance_.interface.empty() ? globals_.default_interface : instance_.interface;
        for (auto* list : {&instance_.addresses, &instance_.excluded_addresses}) {
            for (auto& address : *list) {
                if (address.device.empty()) address.device = device;
            }
        }
        // The trailer takes the room of two more (VR-257).
        const bool signs = !instance_.authentication->hmac.keys.empty();
        const auto most = instance_.family == Family::ipv4 ? most_addresses_v4 : most_addresses_v6 - (signs ? 1 : 0);
        auto& addresses = instance_.addresses;
        if (addresses.size() > most) {
            report(draft_.place,
                   fmt::format("an advert carries {} addresses at most: the other {} go to virtual_ipaddress_excluded",
                               most, addresses.size() - most));
            const auto surplus = addresses.begin() + static_cast<std::ptrdiff_t>(most);
            auto& excluded = instance_.excluded_addresses;
            excluded.insert(excluded.begin(), std::make_move_iterator(surplus),
                            std::make_move_iterator(addresses.end()));
            addresses.erase(surplus, addresses.end());
            auto& places = draft_.address_places;
            const auto moved = places.begin() + static_cast<std::ptrdiff_t>(most);
            draft_.excluded_places.insert(draft_.excluded_places.begin(), moved, places.end());
            places.erase(moved, places.end());
        }
        repeated_addresses();
        for (auto* list : {&instance_.addresses, &instance_.excluded_addresses}) list->shrink_to_fit();
    }

    // keepalived advertises a line that names an address again, and its peers count: so do we. In the kernel there is
    // one of it, as the first of the lines says.
    void repeated_addresses() {
        std::set<std::tuple<IpAddress, std::string, bool>> seen;
        const auto is_new = [&](const VirtualAddress& address) {
            return seen.emplace(address.prefix.address, address.device, address.virtual_mac).second;
        };
        const auto note = [&](Place place, std::string_view what) {
            reader_.fault(Severity::note, place,
                          fmt::format("({}) the address stands twice: {}", instance_.name, what));
        };
        for (std::size_t i = 0; i < instance_.addresses.size(); ++i) {
            if (!is_new(instance_.addresses[i]))
                note(draft_.address_places[i], "it is advertised twice, as keepalived does it");
        }
        std::vector<VirtualAddress> excluded;
        for (std::size_t i = 0; i < instance_.excluded_addresses.size(); ++i) {
            auto& address = instance_.excluded_addresses[i];
            if (is_new(address))
                excluded.push_back(std::move(address));
            else
                note(draft_.excluded_places[i], "once is enough");
        }
        instance_.excluded_addresses = std::move(excluded);
    }

    void tracking() {
        std::vector<TrackInterface> kept;
        for (std::size_t i = 0; i < instance_.track_interfaces.size(); ++i) {
            const auto& tracked = instance_.track_interfaces[i];
            const auto place = draft_.track_places[i];
            if (tracked.device == instance_.interface) {
                report(place, fmt::format("{} is the instance's own interface, which is tracked anyway: take it out",
                                          tracked.device));
            } else if (tracked.weight != 0 && instance_.parameters.priority.is_owner()) {
                report(place, "a weight changes nothing at priority 255: the interface is not tracked");
            } else {
                kept.push_back(tracked);
            }
        }
        instance_.track_interfaces = std::move(kept);
    }

    Reader& reader_;
    const Globals& globals_;
    InstanceDraft& draft_;
    Instance& instance_;
};

}  // namespace

proto::AnnouncePolicy usual_announcements(const Globals& globals) {
    const auto& given = globals.announce;
    // vrrp_min_garp: one announcement, no second block, where nothing else was said.
    const auto delay = given.delay.value_or(globals.min_garp ? 0 : 5);
    const auto repeat = std::max(1U, given.repeat.value_or(globals.min_garp ? 1 : 5));
    proto::AnnouncePolicy policy;
    policy.second_block = whole_seconds(delay);
    policy.repeat = repeat;
    policy.refresh = whole_seconds(given.refresh.value_or(0));
    policy.refresh_repeat = std::max(1U, given.refresh_repeat.value_or(1));
    policy.lower_prio_second_block = whole_seconds(given.lower_delay.value_or(delay));
    policy.lower_prio_repeat = given.lower_repeat.value_or(repeat);
    policy.extra = whole_seconds(given.extra.value_or(0));
    policy.extra_everywhere = given.extra_everywhere;
    return policy;
}

void resolve(Reader& reader) {
    auto& draft = reader.draft();
    auto& last_advert = draft.globals.higher_prio_send_advert;
    if (!last_advert) last_advert = !draft.gateways.empty();
    draft.config.instances.reserve(draft.instances.size());
    for (auto& instance : draft.instances) draft.config.instances.push_back(Resolver(reader, instance).run());
    draft.config.instances.shrink_to_fit();
}

}  // namespace vrrpd::config
