#include "vrrpd/engine/lan_prober.hpp"

#include <linux/if_ether.h>
#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "vrrpd/proto/announce.hpp"

namespace vrrpd::engine {

namespace {

// dnsmasq pings an address for 3 s before it offers it to somebody new.
constexpr Duration offers_awaited = std::chrono::seconds(4);
constexpr std::size_t most_scans = 1024;  // of all gateways, with those that wait: four million addresses
constexpr std::size_t most_servers = 8;   // told of one question: more are no servers

// Without waiting for the system's entropy: nothing depends on a xid but that it is not everybody's.
std::uint32_t some_number() {
    std::uint32_t number = 0;
    if (::getrandom(&number, sizeof number, GRND_NONBLOCK) == sizeof number) return number;
    return static_cast<std::uint32_t>(boot_now().time_since_epoch().count());
}

}  // namespace

LanProber::LanProber(const Surroundings& surroundings, const World& world, Speaker& speaker, IsVirtual is_virtual,
                     Outcomes outcomes)
    : loop_(surroundings.loop),
      log_(surroundings.log),
      burst_(surroundings.burst),
      world_(world),
      speaker_(speaker),
      is_virtual_(std::move(is_virtual)),
      outcomes_(std::move(outcomes)),
      next_xid_(some_number()) {}

void LanProber::configure(const std::vector<config::Gateway>& gateways) {
    gateways_ = &gateways;
    scans_.remove_if([this](const Scan& scan) { return !find(scan.wanted.gateway); });
    questions_.remove_if([this](const Question& question) { return !find(question.gateway); });
}

const config::Gateway* LanProber::find(const std::string& gateway) const {
    for (const auto& one : *gateways_)
        if (one.name == gateway) return &one;
    return nullptr;
}

bool LanProber::is_ours(const IpAddress& address) const { return is_virtual_(address) || world_.holds(address); }

Deadline LanProber::next_deadline() const {
    Deadline next;
    for (const auto& scan : scans_)
        if (runs(scan)) next = earlier(next, scan.hosts.next_deadline());
    for (const auto& question : questions_) next = earlier(next, question.until);
    return next;
}

void LanProber::step(Instant now) {
    for (auto& scan : scans_) {
        if (!runs(scan)) continue;
        if (const auto address = scan.hosts.next(now, [this](const IpAddress& one) { return is_ours(one); }))
            ask_for(scan, *address);
    }
    scans_.remove_if([now](const Scan& scan) { return scan.hosts.over(now); });
    if (scans_.empty()) said_too_many_ = false;
    for (const auto& question : questions_)
        if (question.until <= now) end(question);
    questions_.remove_if([now](const Question& question) { return question.until <= now; });
}

// ---- who is there -------------------------------------------------------------------------------------

void LanProber::scan(const ipc::Scan& wanted) {
    if (!find(wanted.gateway)) return;  // a reload took it away meanwhile
    auto hosts = HostScan::make(wanted.first, wanted.last, wanted.pace, loop_.now());
    if (!hosts) {
        log_.error("gateway {}: nobody is looked for from {} to {}: that is no range of at most {} addresses",
                   wanted.gateway, wanted.first.to_string(), wanted.last.to_string(), HostScan::most);
        return;
    }
    scans_.remove_if(
        [&](const Scan& other) { return other.wanted.gateway == wanted.gateway && other.wanted.pace != wanted.pace; });
    const bool waits = std::any_of(scans_.begin(), scans_.end(),
                                   [&](const Scan& other) { return other.wanted == wanted && !runs(other); });
    if (waits) return;
    if (scans_.size() == most_scans) {
        if (!std::exchange(said_too_many_, true))
            log_.error(
                "gateway {}: nobody is looked for from {} on: {} such questions wait already: make the dhcp-range "
                "smaller",
                wanted.gateway, wanted.first.to_string(), most_scans);
        return;
    }
    scans_.push_back({wanted, *hosts, {}});
}

// Of each gateway the first one.
bool LanProber::runs(const Scan& scan) const {
    const auto first = std::find_if(scans_.begin(), scans_.end(),
                                    [&](const Scan& other) { return other.wanted.gateway == scan.wanted.gateway; });
    return &*first == &scan;
}

// The host's own address on that LAN.
std::optional<IpAddress> LanProber::own_address(IfIndex link, const IpAddress& near) const {
    for (const auto& own : world_.addresses()) {
        const auto& address = own.prefix.address;
        if (own.link == link && own.prefix.contains(near) && own.protocol != netlink::protocol_keepalived &&
            !is_virtual_(address))
            return address;
    }
    return std::nullopt;
}

// An ordinary question wherever we have an address to ask from: to a client that tries the address it was just given,
// the probe of another one is a conflict (RFC 5227 2.1.1), and it would decline the address.
void LanProber::ask_for(Scan& scan, const IpAddress& address) {
    const auto& lans = find(scan.wanted.gateway)->lans;
    const auto lan =
        std::find_if(lans.begin(), lans.end(), [&](const auto& one) { return one.prefix.contains(address); });
    const auto* link = lan == lans.end() ? nullptr : world_.link(lan->device);
    if (!link || !link->usable() || !link->arp || !hears(scan, link->index)) return;
    const auto own = own_address(link->index, address);
    speaker_.ask(link->index,
                 own ? proto::arp_request(address, *own, link->mac) : proto::arp_probe(address, link->mac));
}

// Whether answers on this device are heard; from now on, if they were not.
bool LanProber::hears(Scan& scan, IfIndex link) {
    for (const auto& ear : scan.ears)
        if (ear.link == link) return true;
    auto socket = FrameListener::open(link, ETH_P_ARP, arp_from(scan.hosts.first(), scan.hosts.last()));
    if (!socket) {
        log_.error("gateway {}: {}", scan.wanted.gateway, socket.error().describe());
        return false;
    }
    auto& ear = scan.ears.emplace_back(Ear{link, std::move(*socket)});
    ear.watch = loop_.on_readable(ear.socket.fd(), [this, &scan, &ear] {
        ear.socket.receive(burst_, [&](BytesView frame) { heard(scan, ear.link, frame); });
    });
    return true;
}

void LanProber::heard(Scan& scan, IfIndex link, BytesView frame) {
    const auto claim = proto::read_claim(frame);
    const auto* device = world_.link(link);
    if (!claim || !device || claim->mac == device->mac || is_ours(claim->address)) return;
    if (scan.hosts.answered(claim->address)) outcomes_.host_alive({scan.wanted.gateway, claim->address, claim->mac});
}

// ---- DHCP ---------------------------------------------------------------------------------------------

void LanProber::ask_for_dhcp(const std::string& gateway) {
    questions_.remove_if([&](const Question& running) { return running.gateway == gateway; });
    const auto* config = find(gateway);
    if (!config) return;  // a reload took it away meanwhile
    std::vector<std::string> asked;
    for (const auto& lan : config->lans) {
        const auto* link = world_.link(lan.device);
        if (!lan.prefix.address.is_v4() || !link || !link->usable() || !link->arp) continue;
        if (std::find(asked.begin(), asked.end(), lan.device) != asked.end()) continue;
        asked.push_back(lan.device);
        ask_for_dhcp(gateway, *link);
    }
}

void LanProber::ask_for_dhcp(const std::string& gateway, const netlink::Link& link) {
    const proto::DhcpQuestion asked{link.mac, next_xid_++};
    auto socket = FrameListener::open(link.index, ETH_P_IP, dhcp_answers(asked.xid));
    if (!socket) {
        log_.error("gateway {}: {}", gateway, socket.error().describe());
        return;
    }
    auto& question = questions_.emplace_back(
        Question{gateway, link.name, asked, {link.index, std::move(*socket)}, loop_.now() + offers_awaited, {}});
    question.ear.watch = loop_.on_readable(question.ear.socket.fd(), [this, &question] {
        question.ear.socket.receive(burst_, [&](BytesView frame) { heard(question, frame); });
    });
    speaker_.ask(link.index, proto::dhcp_discover(asked));
}

void LanProber::heard(Question& question, BytesView frame) {
    const auto server = proto::read_dhcp_offer(frame, question.asked);
    if (!server) {
        question.malformed += server.error() == proto::NoOffer::malformed;
        return;
    }
    auto& told = question.servers;
    if (told.size() == most_servers || std::find(told.begin(), told.end(), *server) != told.end()) return;
    told.push_back(*server);
    outcomes_.offered({question.gateway, *server});
}

void LanProber::end(const Question& question) {
    if (question.malformed > 0)
        log_.warning("{}: {} answers to our DHCP question could not be read: a DHCP server there is broken",
                     question.device, question.malformed);
}

}  // namespace vrrpd::engine
