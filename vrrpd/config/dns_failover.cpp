// dns_failover: which DNS forwarder answers behind a gateway. Like the other blocks of ours, what is
// wrong in it stops a start.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/own_blocks.hpp"

namespace vrrpd::config {

void open_dns_failover(Reader& reader, const Statement& s) {
    reader.draft().dns_failovers.emplace_back().place = s.place();
    reader.enter(s);
}

namespace {

constexpr std::int64_t longest_hold_down = 86'400;
constexpr std::string_view usage = "forwarder MEMBER, or forwarder NAME ADDRESS [PORT]";

DnsFailoverDraft& current_service(Reader& reader) { return reader.draft().dns_failovers.back(); }

void set_followed_gateway(Reader& reader, const Statement& s) {
    (void)word_count(reader, s, 2, 2, "follows GATEWAY");
    current_service(reader).value.follows = s.word(1);
    current_service(reader).follows_place = s.place(1);
}

// A member of peer_link by its name, found when the whole text is read; or any other server by its address.
void add_forwarder(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 2, 4, usage)) return;
    auto& draft = current_service(reader);
    Forwarder forwarder{s.word(1), {}, dns_port};
    if (s.size() > 2) {
        const auto address = IpAddress::parse(s.word(2));
        if (!address)
            return reader.fatal(Severity::error, s.place(2),
                                fmt::format("'{}' is not an IP address: write {}", s.word(2), usage));
        forwarder.address = *address;
    }
    if (s.size() > 3) {
        const auto port = parse_port(s.word(3));
        if (!port)
            return reader.fatal(Severity::error, s.place(3),
                                fmt::format("port '{}': write a number from 1 to 65535", s.word(3)));
        forwarder.port = *port;
    }
    draft.value.forwarders.push_back(forwarder);
    draft.forwarders.push_back({s.place(1), s.size() > 2});
}

void set_when_dead(Reader& reader, const Statement& s) {
    auto& demote = current_service(reader).value.demote;
    if (s.word(1) == "redirect" && s.size() == 2) return demote.reset();
    const auto weight = s.word(1) == "demote" && s.size() == 3 ? parse_integer(s.word(2)) : std::nullopt;
    if (weight && *weight >= s.keyword.low && *weight <= s.keyword.high) {
        demote = static_cast<int>(*weight);
        return;
    }
    reader.fatal(Severity::error, s.place(1),
                 fmt::format("when_dead: write redirect, or demote and a weight from {} to {}, like demote -120",
                             s.keyword.low, s.keyword.high));
}

void set_hold_down(Reader& reader, const Statement& s) {
    if (const auto seconds = own_number(reader, s, "seconds"))
        current_service(reader).value.hold_down = std::chrono::seconds(*seconds);
}

// Without the dot at its end, which says nothing here.
std::optional<std::string> domain_name(Reader& reader, const Statement& s) {
    std::string name = s.word(1);
    if (!is_domain_name(name)) {
        reader.fatal(
            Severity::error, s.place(1),
            fmt::format("{} '{}' is no name in the DNS: write one like ads.example.org", s.keyword.name, name));
        return std::nullopt;
    }
    if (name.back() == '.') name.pop_back();
    return name;
}

void set_zone(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 2, 2, "zone NAME")) return;
    if (auto name = domain_name(reader, s)) current_service(reader).value.zone = std::move(*name);
}

void add_canary(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 3, 3, "canary NAME ADDRESS, like: canary ads.example.org 0.0.0.0")) return;
    auto name = domain_name(reader, s);
    const auto address = IpAddress::parse(s.word(2));
    if (!address)
        reader.fatal(Severity::error, s.place(2),
                     fmt::format("'{}' is not an IP address: write what a filter answers, like 0.0.0.0", s.word(2)));
    if (!name || !address) return;
    auto& canaries = current_service(reader).value.canaries;
    const auto same = [&](const Canary& other) {
        return other.name == *name && other.address.family() == address->family();
    };
    if (std::any_of(canaries.begin(), canaries.end(), same))
        return reader.fatal(Severity::error, s.place(1), fmt::format("the canary {} stands twice in the list", *name));
    canaries.push_back({std::move(*name), *address});
}

constexpr Keyword dns_failover_table[] = {
    {"follows", 'O', Support::acted, Shape::word, set_followed_gateway},
    repeatable({"forwarder", 'O', Support::acted, Shape::word, add_forwarder}),
    usually("redirect", {"when_dead", 'O', Support::acted, Shape::word, set_when_dead, -253, -1, "redirect demote"}),
    usually("30", {"hold_down", 'O', Support::acted, Shape::word, set_hold_down, 0, longest_hold_down}),
    {"zone", 'O', Support::acted, Shape::word, set_zone},
    repeatable({"canary", 'O', Support::acted, Shape::word, add_canary}),
};

class DnsFailoverCheck {
public:
    DnsFailoverCheck(Reader& reader, DnsFailoverDraft& draft) : reader_(reader), draft_(draft), value_(draft.value) {}

    void run() {
        const auto* gateway =
            followed_gateway(reader_, {"dns_failover", value_.follows, draft_.place, draft_.follows_place});
        if (value_.forwarders.empty()) fatal(draft_.place, fmt::format("no forwarder is named: write {}", usage));
        for (std::size_t i = 0; i < value_.forwarders.size(); ++i) {
            find_address(i);
            compare_with_earlier(i);
            if (gateway != nullptr) compare_with_virtual(i, *gateway);
        }
        if (gateway != nullptr && !value_.demote) families(*gateway);
    }

private:
    void fatal(Place place, const std::string& text) { reader_.fatal(Severity::error, place, "dns_failover: " + text); }

    void find_address(std::size_t number) {
        if (draft_.forwarders[number].addressed) return;
        auto& forwarder = value_.forwarders[number];
        std::vector<Member> members;
        if (const auto& link = reader_.draft().config.peer_link) members = link->members;
        for (const auto& member : members) {
            if (member.name != forwarder.name) continue;
            forwarder.address = member.address;
            return;
        }
        if (const auto address = IpAddress::parse(forwarder.name)) {
            forwarder.address = *address;
            return;
        }
        fatal(draft_.forwarders[number].place, fmt::format("{} is no member of peer_link{}: write {}", forwarder.name,
                                                           did_you_mean(members, forwarder.name), usage));
    }

    void compare_with_earlier(std::size_t number) {
        const auto& forwarder = value_.forwarders[number];
        for (std::size_t i = 0; i < number; ++i) {
            const auto& other = value_.forwarders[i];
            if (other.name != forwarder.name && (other.address != forwarder.address || other.port != forwarder.port))
                continue;
            return fatal(draft_.forwarders[number].place,
                         fmt::format("the forwarder {} stands twice in the list", forwarder.name));
        }
    }

    // Its queries would come back to whoever is Active, for ever.
    void compare_with_virtual(std::size_t number, const Gateway& gateway) {
        const auto& virtuals = gateway.rules.virtual_addresses;
        const auto& address = value_.forwarders[number].address;
        if (!value_.demote && (address.is_loopback() || address.is_link_local()))
            return fatal(draft_.forwarders[number].place,
                         fmt::format("no question can be sent on to {}: write an address of the host on the lan",
                                     address.to_string()));
        if (std::find(virtuals.begin(), virtuals.end(), address) == virtuals.end()) return;
        fatal(draft_.forwarders[number].place,
              fmt::format("{} is the virtual address itself: write the host's own address", address.to_string()));
    }

    // A question keeps its family on the way.
    void families(const Gateway& gateway) {
        for (const auto family : {Family::ipv4, Family::ipv6}) {
            const auto of_it = [&](const IpAddress& address) { return address.family() == family; };
            const auto* name = family == Family::ipv4 ? "IPv4" : "IPv6";
            const auto& virtuals = gateway.rules.virtual_addresses;
            const auto address = std::find_if(virtuals.begin(), virtuals.end(), of_it);
            const auto& list = value_.forwarders;
            const auto first =
                std::find_if(list.begin(), list.end(), [&](const Forwarder& f) { return of_it(f.address); });
            if (address == virtuals.end() && first != list.end())
                fatal(draft_.forwarders[static_cast<std::size_t>(first - list.begin())].place,
                      fmt::format("{} has an {} address, and {} has no virtual one: no question can be sent on to it",
                                  first->name, name, gateway.name));
            else if (address != virtuals.end() && first == list.end())
                reader_.fault(Severity::note, draft_.place,
                              fmt::format("dns_failover: no forwarder has an {} address, so what is asked of {} is "
                                          "answered by the active router itself, or not at all: add one",
                                          name, address->to_string()));
        }
    }

    Reader& reader_;
    DnsFailoverDraft& draft_;
    DnsFailover& value_;
};

// What an instance tracks: a dns_failover, by the gateway that it follows. Faults are those of track_interface: the
// item is left out.
class TrackedDnsCheck {
public:
    TrackedDnsCheck(Reader& reader, const InstanceDraft& draft, Instance& instance)
        : reader_(reader), draft_(draft), instance_(instance) {}

    void run() {
        std::vector<TrackDns> kept;
        for (std::size_t i = 0; i < instance_.track_dns.size(); ++i) {
            const auto& tracked = instance_.track_dns[i];
            const auto why_not = flaw(tracked, kept);
            if (!why_not.empty()) {
                reader_.fault(Severity::error, draft_.dns_places[i], fmt::format("track_dns: {}", why_not));
                continue;
            }
            if (!is_here(tracked.gateway))
                reader_.fault(Severity::note, draft_.dns_places[i],
                              fmt::format("track_dns: no forwarder of {} is this host ({}), so it counts as up",
                                          tracked.gateway, reader_.id()));
            kept.push_back(tracked);
        }
        instance_.track_dns = std::move(kept);
    }

private:
    [[nodiscard]] const DnsFailover* block(const std::string& gateway) const {
        const auto& blocks = reader_.draft().config.dns_failovers;
        const auto found = std::find_if(blocks.begin(), blocks.end(),
                                        [&](const DnsFailover& each) { return each.follows == gateway; });
        return found == blocks.end() ? nullptr : &*found;
    }

    [[nodiscard]] std::string flaw(const TrackDns& tracked, const std::vector<TrackDns>& earlier) const {
        if (!block(tracked.gateway))
            return fmt::format("no dns_failover follows a gateway {}: write the name of one that one does",
                               tracked.gateway);
        if (std::any_of(earlier.begin(), earlier.end(), [&](const auto& e) { return e.gateway == tracked.gateway; }))
            return fmt::format("{} is tracked already", tracked.gateway);
        if (tracked.weight != 0 && instance_.parameters.priority.is_owner())
            return "a weight changes nothing at priority 255: it is not tracked";
        return {};
    }

    [[nodiscard]] bool is_here(const std::string& gateway) const {
        const auto& link = reader_.draft().config.peer_link;
        const auto own = link && link->self ? std::optional(link->members[*link->self].address) : std::nullopt;
        const auto& forwarders = block(gateway)->forwarders;
        return std::any_of(forwarders.begin(), forwarders.end(), [&](const Forwarder& forwarder) {
            return forwarder.name == reader_.id() || forwarder.address == own;
        });
    }

    Reader& reader_;
    const InstanceDraft& draft_;
    Instance& instance_;
};

}  // namespace

std::span<const Keyword> dns_failover_keywords() { return dns_failover_table; }

void resolve_dns_failovers(Reader& reader) {
    auto& draft = reader.draft();
    for (std::size_t i = 0; i < draft.dns_failovers.size(); ++i) {
        auto& service = draft.dns_failovers[i];
        DnsFailoverCheck(reader, service).run();
        const auto same = [&](const DnsFailover& other) { return other.follows == service.value.follows; };
        auto& known = draft.config.dns_failovers;
        if (!service.value.follows.empty() && std::any_of(known.begin(), known.end(), same))
            reader.fatal(
                Severity::error, service.place,
                fmt::format("a second dns_failover follows {}: write all forwarders into one", service.value.follows));
        known.push_back(std::move(service.value));
    }
    for (std::size_t i = 0; i < draft.instances.size(); ++i)
        if (!draft.config.instances[i].track_dns.empty())
            TrackedDnsCheck(reader, draft.instances[i], draft.config.instances[i]).run();
}

}  // namespace vrrpd::config
