// vrrp_strict and strict_mode: what the standard does not know is taken out of an instance, with a
// report where the instance itself asked for it, as keepalived does. What is left is judged as usual (validate.cpp).
#include <fmt/format.h>

#include <utility>

#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {
namespace {

constexpr std::uint8_t standard_adverts = 3;  // of a down interval (RFC 9568 6.1)

class Strictness {
public:
    Strictness(Reader& reader, InstanceDraft& draft) : reader_(reader), draft_(draft), instance_(draft.value) {}

    void enforce() {
        no_addresses();
        version();
        state();
        timers();
        answers();
        authentication();
        virtual_mac();
        accept_mode();
        if (!instance_.peers.empty())
            say(Severity::warning, draft_.place,
                "unicast_peer is not the standard's: it is used, but newer versions of keepalived refuse it");
    }

private:
    void say(Severity severity, Place place, std::string_view text) {
        reader_.fault(severity, place, fmt::format("({}) strict mode: {}", instance_.name, text));
    }
    void report(Place place, std::string_view text) { say(Severity::error, place, text); }
    [[nodiscard]] bool owner() const {
        return draft_.priority_given ? instance_.parameters.priority.is_owner() : draft_.state_master == true;
    }

    void no_addresses() {
        if (std::exchange(draft_.no_addresses_wanted, false))
            report(draft_.place, "no_virtual_ipaddress is ignored: write a virtual_ipaddress");
    }

    void version() {
        if (draft_.family != Family::ipv6) return;
        if (draft_.version == proto::Version::v2) {
            report(draft_.place, "version 2 has no IPv6: version 3 is used");
            draft_.version = proto::Version::v3;
        }
        const auto& addresses = instance_.addresses;
        if (!addresses.empty() && !addresses.front().prefix.address.is_link_local())
            report(draft_.place, "the first IPv6 address of virtual_ipaddress must be link-local (fe80::)");
    }

    void state() {
        if (!draft_.state_master || *draft_.state_master == owner()) return;
        report(draft_.place, owner() ? "priority 255 is the owner's: state MASTER is used"
                                     : "state MASTER is for priority 255 alone: BACKUP is used");
        draft_.state_master = owner();
    }

    void timers() {
        auto& delay = instance_.parameters.preempt_delay;
        if (delay != Duration::zero()) report(draft_.preempt_place, "preempt_delay is not possible: it is cleared");
        delay = Duration::zero();
        if (draft_.down_timer_adverts.value_or(standard_adverts) != standard_adverts)
            report(draft_.place, "down_timer_adverts is not possible: 3 is used");
        draft_.down_timer_adverts = standard_adverts;
    }

    // RFC 5798 6.4.3: an advert of lower priority is discarded without a word, and whoever yields just yields.
    void answers() {
        auto& announce = draft_.announce;
        if (announce.lower_repeat.value_or(0) != 0 || announce.lower_delay.value_or(0) != 0)
            report(draft_.place, "garp_lower_prio_repeat and garp_lower_prio_delay are not possible: 0 is used");
        announce.lower_repeat = announce.lower_delay = 0;
        if (draft_.lower_prio_no_advert == false)
            report(draft_.place, "lower_prio_no_advert cannot be off: an advert of lower priority is not answered");
        draft_.lower_prio_no_advert = true;
        if (draft_.higher_prio_send_advert == true)
            report(draft_.place, "higher_prio_send_advert is not possible: it is off");
        draft_.higher_prio_send_advert = false;
        if (owner()) draft_.owner_ignores_adverts = true;
    }

    void authentication() {
        if (draft_.authentication) {
            report(*draft_.authentication, "there is no authentication: it is ignored");
            draft_.authentication.reset();
            auto& settings = instance_.authentication.edit();
            settings.type = proto::AuthType::none;
            settings.password = {};
        }
        if (instance_.authentication->hmac.mode == proto::HmacMode::enforce) return;
        report(draft_.auth_hmac.value_or(draft_.place), "auth_hmac knows one mode: enforce is used");
        instance_.authentication.edit().hmac.mode = proto::HmacMode::enforce;
    }

    void virtual_mac() {
        auto& vmac = draft_.virtual_mac;
        if (vmac.transmit_base) report(*vmac.transmit_base, "vmac_xmit_base is not possible: it is cleared");
        vmac.transmit_base.reset();
        if (!vmac.mac.empty()) report(*vmac.mac_place, "a MAC address cannot be chosen: the standard's is used");
        vmac.mac.clear();
    }

    void accept_mode() {
        const auto version = draft_.version.value_or(
            draft_.family == Family::ipv6 ? proto::Version::v3
                                          : reader_.draft().globals.version.value_or(proto::Version::v2));
        if (draft_.accepts == true && version == proto::Version::v2 && !owner()) {
            report(*draft_.accept_place, "accept is not possible in version 2: no_accept is used");
            draft_.accepts = false;
        }
        draft_.accepts = draft_.accepts.value_or(false);  // RFC 9568 6.1: the default
    }

    Reader& reader_;
    InstanceDraft& draft_;
    Instance& instance_;
};

}  // namespace

void enforce_strict(Reader& reader, InstanceDraft& draft) { Strictness(reader, draft).enforce(); }

}  // namespace vrrpd::config
