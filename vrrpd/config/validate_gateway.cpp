// gateway and peer_link as a whole: what they name exists, what they forward is theirs, and the packet rules
// that follow. Every fault here prevents a start.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {
namespace {

class GatewayCheck {
public:
    GatewayCheck(Reader& reader, GatewayDraft& draft) : reader_(reader), draft_(draft), gateway_(draft.value) {}

    void run() {
        const auto followed = find_followed();
        if (!draft_.lan_written)
            fatal(draft_.place, "lan is missing: write lan DEVICE PREFIX, like: lan lan0 10.12.14.0/24");
        lans();
        if (!followed.empty()) {
            for (const auto* instance : followed) virtual_addresses(*instance);
            lans_without_address();
        }
        wan();
        if (followed.size() > 1) wan_of_group(followed);
        forwards();
        fill_rules();
    }

private:
    void fatal(Place place, const std::string& text) {
        reader_.fatal(Severity::error, place, fmt::format("gateway {}: {}", gateway_.name, text));
    }

    std::vector<const Instance*> find_followed() {
        const auto& config = reader_.draft().config;
        if (gateway_.follows.empty()) {
            fatal(draft_.place, "follows is missing: write follows and the name of a vrrp_instance or vrrp_sync_group");
            return {};
        }
        auto followed = config.followed_by(gateway_);
        if (followed.empty()) {
            fatal(draft_.follows_place,
                  fmt::format("there is no vrrp_instance or vrrp_sync_group {}{}: write the name of one that is there",
                              gateway_.follows, did_you_mean(config.instances, gateway_.follows)));
        } else if (followed.size() == 1 && followed.front()->sync_group) {
            const auto& group = config.sync_groups[*followed.front()->sync_group];
            if (group.name != gateway_.follows && group.members.size() > 1)
                reader_.fault(Severity::note, draft_.follows_place,
                              fmt::format("gateway {}: {} is in the vrrp_sync_group {}: write follows {}, so that the "
                                          "addresses of all its instances are the gateway's",
                                          gateway_.name, gateway_.follows, group.name, group.name));
        }
        return followed;
    }

    // What other instances of the group carry on the wan device is held as if it stood in the wan block.
    void wan_of_group(const std::vector<const Instance*>& followed) {
        if (!gateway_.wan || draft_.wan_own || !gateway_.wan->held.empty()) return;
        for (const auto* instance : followed)
            for (const auto* list : {&instance->addresses, &instance->excluded_addresses})
                for (const auto& item : *list)
                    if (item.device == gateway_.wan->device) add_carried(item.prefix);
    }

    void add_carried(const Prefix& prefix) {
        auto& carried = gateway_.wan->carried;
        if (std::find(carried.begin(), carried.end(), prefix) == carried.end()) carried.push_back(prefix);
    }

    void lans() {
        for (std::size_t i = 0; i < gateway_.lans.size(); ++i) {
            const auto& lan = gateway_.lans[i];
            const auto overlaps = [&](const netlink::nft::Lan& other) {
                return lan.prefix.contains(other.prefix.address) || other.prefix.contains(lan.prefix.address);
            };
            const auto end = gateway_.lans.begin() + static_cast<std::ptrdiff_t>(i);
            const auto other = std::find_if(gateway_.lans.begin(), end, overlaps);
            if (other != end)
                fatal(draft_.lan_places[i], fmt::format("the lan prefix {} overlaps with {}", lan.prefix.to_string(),
                                                        other->prefix.to_string()));
        }
    }

    [[nodiscard]] bool on_lan(const std::string& device) const {
        return std::any_of(gateway_.lans.begin(), gateway_.lans.end(),
                           [&](const auto& lan) { return lan.device == device; });
    }
    [[nodiscard]] bool in_lan(const IpAddress& address) const {
        return std::any_of(gateway_.lans.begin(), gateway_.lans.end(),
                           [&](const auto& lan) { return lan.prefix.contains(address); });
    }

    // Packets to a virtual MAC come in on its device, and the rules speak of the lan's.
    void virtual_mac(const Instance& instance) {
        if (instance.virtual_mac->devices.empty()) return;
        fatal(draft_.follows_place,
              fmt::format("{} has use_vmac, and a gateway's addresses stand on the lan device itself: take it out",
                          instance.name));
    }

    void virtual_addresses(const Instance& instance) {
        virtual_mac(instance);
        for (const auto* list : {&instance.addresses, &instance.excluded_addresses}) {
            for (const auto& virtual_address : *list) {
                const auto& address = virtual_address.prefix.address;
                if (!on_lan(virtual_address.device)) continue;
                auto& known = gateway_.rules.virtual_addresses;
                if (std::find(known.begin(), known.end(), address) != known.end()) continue;  // it stands twice
                known.push_back(address);
                if (in_lan(address) || address.is_link_local()) continue;
                fatal(draft_.follows_place,
                      fmt::format("the virtual address {} of {} is in none of the lan prefixes: correct one of them",
                                  address.to_string(), instance.name));
            }
        }
    }

    // A lan prefix that no virtual address is in has no gateway that moves. Said only where the instance
    // has an address on some lan: without any, that is the fault.
    void lans_without_address() {
        const auto& addresses = gateway_.rules.virtual_addresses;
        if (addresses.empty() && !gateway_.lans.empty()) {
            fatal(draft_.follows_place,
                  fmt::format("{} has no virtual address on a lan device: correct lan, or the instance's interface",
                              gateway_.follows));
        }
        if (std::none_of(addresses.begin(), addresses.end(), [&](const auto& a) { return in_lan(a); })) return;
        for (std::size_t i = 0; i < gateway_.lans.size(); ++i) {
            const auto& lan = gateway_.lans[i];
            const auto serves = [&](const IpAddress& address) {
                const bool link_local = address.is_v6() && lan.prefix.address.is_v6() && address.is_link_local();
                return link_local || lan.prefix.contains(address);
            };
            if (std::any_of(addresses.begin(), addresses.end(), serves)) continue;
            reader_.fault(Severity::note, draft_.lan_places[i],
                          fmt::format("gateway {}: {} has no virtual address in the lan prefix {}: its hosts have no "
                                      "gateway that moves",
                                      gateway_.name, gateway_.follows, lan.prefix.to_string()));
        }
    }

    void wan() {
        if (!gateway_.wan) {
            if (draft_.nat) return fatal(*draft_.nat, "nat needs a wan: write wan DEVICE { ... }, or take nat out");
            reader_.fault(
                Severity::note, draft_.place,
                fmt::format("gateway {}: there is no wan: only the address moves, no route and no NAT", gateway_.name));
            return;
        }
        const auto& wan = *gateway_.wan;
        if (on_lan(wan.device))
            fatal(draft_.wan_place,
                  fmt::format("{} is a lan device, too: the wan needs a device of its own", wan.device));
        const auto mixed = [&](const Prefix& held) { return wan.via && held.address.family() != wan.via->family(); };
        if (!wan.held.empty() && std::all_of(wan.held.begin(), wan.held.end(), mixed))
            fatal(draft_.wan_place, "via is of another family than every held address");
    }

    void forwards() {
        const auto& forwards = gateway_.rules.forwards;
        for (std::size_t i = 0; i < forwards.size(); ++i) {
            const auto& forward = forwards[i];
            if (!in_lan(forward.to))
                fatal(draft_.forward_places[i],
                      fmt::format("{} is in none of the lan prefixes: nothing can be forwarded there",
                                  forward.to.to_string()));
            const auto collides = [&](const netlink::nft::PortForward& other) {
                return other.transport == forward.transport && other.to.family() == forward.to.family() &&
                       other.ports.first <= forward.ports.last && forward.ports.first <= other.ports.last;
            };
            const auto end = forwards.begin() + static_cast<std::ptrdiff_t>(i);
            if (std::any_of(forwards.begin(), end, collides)) {
                fatal(draft_.forward_places[i],
                      fmt::format("{} port {} is forwarded already, above: one port has one target",
                                  forward.transport == netlink::nft::Transport::tcp ? "tcp" : "udp",
                                  ports_text(forward)));
            }
        }
    }

    static std::string ports_text(const netlink::nft::PortForward& forward) {
        return forward.ports.single() ? fmt::format("{}", forward.ports.first)
                                      : fmt::format("{}-{}", forward.ports.first, forward.ports.last);
    }

    void fill_rules() {
        gateway_.rules.lans = gateway_.lans;
        if (!gateway_.wan) return;
        gateway_.rules.wan = gateway_.wan->device;
        gateway_.rules.held = gateway_.wan->fixed();
    }

    Reader& reader_;
    GatewayDraft& draft_;
    Gateway& gateway_;
};

void check_shared_lans(Reader& reader) {
    const auto& gateways = reader.draft().gateways;
    for (std::size_t i = 0; i < gateways.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            for (const auto& lan : gateways[i].value.lans) {
                const auto& others = gateways[j].value.lans;
                const bool shared = std::any_of(others.begin(), others.end(),
                                                [&](const auto& other) { return other.device == lan.device; });
                if (shared)
                    reader.fatal(Severity::error, gateways[i].place,
                                 fmt::format("gateway {}: {} is a lan of gateway {} already", gateways[i].value.name,
                                             lan.device, gateways[j].value.name));
            }
        }
    }
}

// Its tables, its routing tables and its fence are the network namespace's: of two daemons each would take the other's
// away.
void check_alone(Reader& reader) {
    const auto& config = reader.draft().config;
    if (config.process->instance.empty()) return;
    for (const auto& gateway : reader.draft().gateways)
        reader.fatal(
            Severity::error, gateway.place,
            fmt::format("gateway {}: a daemon with an instance name ({}) has none, since several may run here: "
                        "write the gateway in the one without a name",
                        gateway.value.name, config.process->instance));
}

// One instance has one gateway: of two the second would be followed by nothing, and its LAN would have no fence.
void check_shared_instances(Reader& reader) {
    const auto& draft = reader.draft();
    const auto& config = draft.config;
    for (std::size_t i = 0; i < draft.gateways.size(); ++i) {
        const auto mine = config.followed_by(draft.gateways[i].value);
        for (std::size_t j = 0; j < i; ++j) {
            const auto theirs = config.followed_by(draft.gateways[j].value);
            const auto shared = std::find_first_of(mine.begin(), mine.end(), theirs.begin(), theirs.end());
            if (shared == mine.end()) continue;
            reader.fatal(Severity::error, draft.gateways[i].follows_place,
                         fmt::format("gateway {}: gateway {} follows {} already: write the lan lines of both in one "
                                     "gateway block, or follow another vrrp_instance here",
                                     draft.gateways[i].value.name, draft.gateways[j].value.name, (*shared)->name));
        }
    }
}

bool is_virtual(const Config& config, const IpAddress& address) {
    const auto has = [&](const std::vector<VirtualAddress>& list) {
        return std::any_of(list.begin(), list.end(), [&](const auto& item) { return item.prefix.address == address; });
    };
    return std::any_of(config.instances.begin(), config.instances.end(), [&](const Instance& instance) {
        return has(instance.addresses) || has(instance.excluded_addresses);
    });
}

// Whoever is Active would be spoken to, under another's name.
void check_members(Reader& reader) {
    const auto& draft = reader.draft();
    if (!draft.config.peer_link) return;
    const auto& members = draft.config.peer_link->members;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (is_virtual(draft.config, members[i].address))
            reader.fatal(Severity::error, draft.members[i],
                         fmt::format("peer_link: {} is a virtual address: write the own address of {}",
                                     members[i].address.to_string(), members[i].name));
    }
}

// Which member this host is: by -i or the host name, else by router_id.
void find_self(Reader& reader) {
    auto& config = reader.draft().config;
    if (!config.peer_link) return;
    auto& link = *config.peer_link;
    const auto place = *reader.draft().peer_link;
    if (link.members.size() < 2)
        reader.fatal(Severity::error, place, "peer_link: name at least two members: member NAME ADDRESS");
    if (const auto& port = reader.draft().peer_link_port; port && link.key_file.empty())
        reader.fault(Severity::note, *port,
                     "peer_link: port has no use without key_file: the members exchange adverts, and have no "
                     "connection besides");
    for (const auto& name : {reader.id(), config.router_id}) {
        for (std::size_t i = 0; i < link.members.size() && !link.self; ++i) {
            if (link.members[i].name == name) link.self = i;
        }
    }
    if (link.self || link.members.empty()) return;
    reader.fatal(Severity::error, place,
                 fmt::format("peer_link: no member is this host, '{}'{}: add it, or give -i NAME", reader.id(),
                             did_you_mean(link.members, reader.id())));
}

void mark_followed(Config& config) {
    for (const auto& gateway : config.gateways)
        for (const auto* followed : config.followed_by(gateway))
            config.instances[static_cast<std::size_t>(followed - config.instances.data())].parameters.relieves = true;
}

}  // namespace

void resolve_gateways(Reader& reader) {
    auto& draft = reader.draft();
    for (auto& gateway : draft.gateways) GatewayCheck(reader, gateway).run();
    check_shared_lans(reader);
    check_shared_instances(reader);
    check_alone(reader);
    for (auto& gateway : draft.gateways) draft.config.gateways.push_back(std::move(gateway.value));
    mark_followed(draft.config);
    check_members(reader);
    find_self(reader);
}

}  // namespace vrrpd::config
