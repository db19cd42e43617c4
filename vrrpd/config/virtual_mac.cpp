// use_vmac and its kin: which virtual devices an instance has, and which addresses stand on them.
// Their names are chosen as keepalived chooses them, since scripts and monitoring know them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "vrrpd/config/handlers.hpp"

namespace vrrpd::config {

namespace {

constexpr std::array<std::uint8_t, 4> standard_prefix{0x00, 0x00, 0x5e, 0x00};  // RFC 9568 7.3: then 01 or 02, VRID

// Five or six octets, as keepalived's files write them; empty: it is no such thing.
std::vector<std::uint8_t> parse_octets(std::string_view text) {
    constexpr std::size_t least = 5, most = 6;
    std::vector<std::uint8_t> octets;
    const auto* at = text.data();
    const auto* const end = at + text.size();
    while (at < end) {
        std::uint8_t octet = 0;
        const auto [next, error] = std::from_chars(at, end, octet, 16);
        if (error != std::errc{} || next - at > 2 || (next < end && *next != ':')) return {};
        octets.push_back(octet);
        at = next + 1;
    }
    const bool ends_well = !text.empty() && text.back() != ':';
    return ends_well && octets.size() >= least && octets.size() <= most ? octets : std::vector<std::uint8_t>{};
}

void set_mac(Reader& reader, const Statement& s, std::size_t word, std::vector<std::uint8_t> octets) {
    const auto refuse = [&](std::string_view why) {
        reader.fault(Severity::error, s.place(word),
                     fmt::format("the MAC address {} {}: the standard's is used", s.word(word), why));
    };
    auto& vmac = reader.instance().virtual_mac;
    if ((octets[0] & 1) != 0) return refuse("is of a group");
    const bool standard = std::equal(standard_prefix.begin(), standard_prefix.end(), octets.begin()) &&
                          (octets[4] == 1 || octets[4] == 2);
    if (standard) return refuse("is one that the standard gives to a VRID");
    vmac.mac = std::move(octets);
    vmac.mac_place = s.place(word);
}

void set_name(Reader& reader, const Statement& s, std::size_t word) {
    auto& vmac = reader.instance().virtual_mac;
    if (!vmac.name.empty()) {
        reader.fault(
            Severity::error, s.place(word),
            fmt::format("'{}': the virtual device has the name {} already; it is ignored", s.word(word), vmac.name));
    } else if (!is_device_name(s.word(word))) {
        reader.fault(Severity::error, s.place(word),
                     fmt::format("'{}' cannot be the name of an interface: the next free one is used", s.word(word)));
    } else {
        vmac.name = s.word(word);
        vmac.name_place = s.place(word);
    }
}

MacAddress mac_of(const std::vector<std::uint8_t>& octets, Family family, proto::Vrid vrid) {
    MacAddress mac;
    if (octets.empty()) {
        std::copy(standard_prefix.begin(), standard_prefix.end(), mac.bytes.begin());
        mac.bytes[4] = family == Family::ipv4 ? 1 : 2;
    } else {
        std::copy(octets.begin(), octets.end(), mac.bytes.begin());
    }
    if (octets.size() != mac.bytes.size()) mac.bytes[5] = vrid.value();
    return mac;
}

class Resolver {
public:
    explicit Resolver(Reader& reader) : reader_(reader), draft_(reader.draft()) {}

    // The names that were written come first: nobody is given one of them. Then those of the instances' own devices,
    // one after the other, each with those of its addresses.
    void run() {
        for (const auto& instance : draft_.config.instances) taken_.insert(instance.interface);
        for (auto& draft : draft_.instances) {
            auto& vmac = draft.virtual_mac;
            if (vmac.wanted && !vmac.name.empty() && !taken_.insert(vmac.name).second) {
                report(*vmac.name_place,
                       fmt::format("{} is the interface or the virtual device of an instance already: the next free "
                                   "name is used",
                                   vmac.name));
                vmac.name.clear();
            }
        }
        for (std::size_t i = 0; i < draft_.instances.size(); ++i)
            resolve(draft_.instances[i], draft_.config.instances[i]);
    }

private:
    void report(Place place, const std::string& text) { reader_.fault(Severity::error, place, text); }

    void resolve(InstanceDraft& draft, Instance& instance) {
        const auto& vmac = draft.virtual_mac;
        const auto say = [&](Place place, std::string_view text) {
            report(place, fmt::format("({}) {}", instance.name, text));
        };
        if (!vmac.wanted && vmac.transmit_base) say(*vmac.transmit_base, "vmac_xmit_base without use_vmac is ignored");
        if (!vmac.wanted && vmac.for_addresses)
            reader_.fault(Severity::warning, *vmac.place,
                          fmt::format("({}) use_vmac_addr without use_vmac is ignored", instance.name));
        if (vmac.wanted && draft.promote_secondaries)
            say(draft.place, "promote_secondaries is set on a VMAC anyway: take it out");
        if (vmac.wanted && instance.interface.empty())
            return reader_.fatal(Severity::error, *vmac.place,
                                 fmt::format("({}) use_vmac needs an interface: write the one that the virtual MAC is "
                                             "to be seen on",
                                             instance.name));
        if (vmac.wanted && instance.unicast() && !vmac.transmit_base)
            say(*vmac.place, "use_vmac with unicast_peer needs vmac_xmit_base: it is set");
        if (vmac.wanted) own_device(vmac, instance);
        for (auto* list : {&instance.addresses, &instance.excluded_addresses})
            for (auto& address : *list) place(vmac, instance, address);
    }

    void own_device(const VirtualMacDraft& vmac, Instance& instance) {
        auto& mine = instance.virtual_mac.edit();
        const auto mac = mac_of(vmac.mac, instance.family, instance.vrid);
        const auto name =
            vmac.name.empty() ? next_name(draft_.globals.virtual_prefix, instance.vrid, instance.family) : vmac.name;
        mine.devices.push_back({name, instance.interface, mac});
        if (!vmac.transmit_base && !instance.unicast()) mine.sender = mac;
    }

    // On the instance's own virtual device, or on another one of the same kind (use_vmac_addr, or use_vmac in its
    // line), or where it stood.
    void place(const VirtualMacDraft& vmac, Instance& instance, VirtualAddress& address) {
        const auto family = address.prefix.address.family();
        const bool here = address.device == instance.interface && family == instance.family;
        if (vmac.wanted && here) {
            address.device = instance.virtual_mac->devices.front().name;
            return;
        }
        if (!(vmac.wanted && vmac.for_addresses) && !address.virtual_mac) return;
        const auto mac = mac_of(vmac.mac, family, instance.vrid);
        auto& devices = instance.virtual_mac.edit().devices;
        auto device = std::find_if(devices.begin(), devices.end(), [&](const VirtualDevice& one) {
            return one.base == address.device && one.mac == mac;
        });
        if (device == devices.end()) {
            const auto& own = draft_.globals.virtual_address_prefix;
            const auto& prefix = own.empty() ? draft_.globals.virtual_prefix : own;
            device = devices.insert(device, {next_name(prefix, instance.vrid, family), address.device, mac});
        }
        address.device = device->name;
    }

    // "vrrp.51"; where that is taken "vrrp6.51" for IPv6, and then "vrrp1.51", "vrrp2.51" ...
    std::string next_name(const std::string& prefix, proto::Vrid vrid, Family family) {
        auto name = fmt::format("{}.{}", prefix, vrid.value());
        if (taken_.insert(name).second) return name;
        name = fmt::format("{}6.{}", prefix, vrid.value());
        if (family == Family::ipv6 && taken_.insert(name).second) return name;
        for (unsigned number = 1;; ++number) {
            name = fmt::format("{}{}.{}", prefix, number, vrid.value());
            if (taken_.insert(name).second) return name;
        }
    }

    Reader& reader_;
    Draft& draft_;
    std::set<std::string> taken_;
};

}  // namespace

// [[name] IFNAME] [MAC] [netlink_notify_msg] [group G], in any order.
void read_use_vmac(Reader& reader, const Statement& s) {
    auto& vmac = reader.instance().virtual_mac;
    vmac.wanted = true;
    vmac.place = s.place();
    for (std::size_t i = 1; i < s.size(); ++i) {
        const auto& word = s.word(i);
        const bool more = i + 1 < s.size();
        if (auto octets = parse_octets(word); !octets.empty()) {
            set_mac(reader, s, i, std::move(octets));
        } else if (word.find(':') != std::string::npos) {
            reader.fault(Severity::error, s.place(i),
                         fmt::format("use_vmac: '{}' is no MAC address, the standard's is used: write six octets, or "
                                     "five that the VRID follows",
                                     word));
        } else if (word == "name" && more) {
            set_name(reader, s, ++i);
        } else if (word == "group" && more) {
            reader.fault(Severity::warning, s.place(i++),
                         "use_vmac: the group of the device is not set, not supported");
        } else if (word == "netlink_notify_msg") {
            reader.fault(Severity::warning, s.place(i), "use_vmac: netlink_notify_msg is not supported");
        } else {
            set_name(reader, s, i);
        }
    }
}

void read_use_vmac_addr(Reader& reader, const Statement& s) {
    auto& vmac = reader.instance().virtual_mac;
    vmac.for_addresses = true;
    if (!vmac.place) vmac.place = s.place();
}

void read_vmac_xmit_base(Reader& reader, const Statement& s) {
    reader.instance().virtual_mac.transmit_base = s.place();
}

void resolve_virtual_macs(Reader& reader) { Resolver(reader).run(); }

}  // namespace vrrpd::config
