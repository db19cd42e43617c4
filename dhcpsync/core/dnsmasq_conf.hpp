// dnsmasq's configuration, as far as leases depend on it: its options with the places they stand at, and the values
// they come to. For the checks of `vrrpd -t`, the lease service (where is the lease file, which pool is it) and the
// fingerprint that the members compare. Pure: texts come through a port.
//
// As dnsmasq 2.90 reads them (src/option.c): quotes, comments, conf-file, conf-dir, dhcp-hostsfile and their like; the
// command line first, and a file may overrule it. Tolerant: what it does not know is kept, what cannot be read counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/base/ip.hpp"

namespace dhcpsync {

using vrrpd::Family;
using vrrpd::IpAddress;

struct TextPlace {
    std::string file;   // "the command line of dnsmasq" for that
    unsigned line = 0;  // from 1; 0: the whole of it
    bool operator==(const TextPlace&) const = default;
};

// One option: dhcp-range=10.0.0.10,10.0.0.99,1h.
struct DnsmasqOption {
    std::string name;                 // the long one, without dashes
    std::vector<std::string> fields;  // of the value: between its commas, without blanks around them and without quotes
    TextPlace at;

    [[nodiscard]] std::string value() const;  // the fields as one again
};

// The files as the reader sees them.
class DnsmasqTexts {
public:
    DnsmasqTexts() = default;
    DnsmasqTexts(const DnsmasqTexts&) = delete;
    DnsmasqTexts& operator=(const DnsmasqTexts&) = delete;
    virtual ~DnsmasqTexts() = default;
    // nullopt: it is not there, or not readable.
    [[nodiscard]] virtual std::optional<std::string> read(const std::string& path) = 0;
    // The names (without the directory) of the regular files in a directory. nullopt: it is none.
    [[nodiscard]] virtual std::optional<std::vector<std::string>> list(const std::string& directory) = 0;
    // The paths that match a pattern of a shell.
    [[nodiscard]] virtual std::vector<std::string> glob(const std::string& pattern) = 0;
};

struct DnsmasqText {
    static constexpr std::size_t most_files = 1000, most_options = 100'000;

    std::vector<DnsmasqOption> options;  // in the order in which dnsmasq acts on them
    std::vector<std::string> files;      // that were read
    std::vector<TextPlace> faulty;       // lines that are no option: no name, an open quote, ...
    std::vector<TextPlace> unread;       // what names a file that cannot be read, and a script that is not run
    std::vector<std::string> hidden;     // of these, the paths of what may hold any option
    bool too_much = false;               // more files or options than that: the rest was not read
};

// `words`: those of dnsmasq's command line, without its own name. Without --conf-file its default is read, if there.
[[nodiscard]] DnsmasqText read_dnsmasq(const std::vector<std::string>& words, DnsmasqTexts& texts);

inline constexpr std::string_view dnsmasq_default_file = "/etc/dnsmasq.conf";

// ---- what it comes to -------------------------------------------------------------------------------------

struct DhcpRange {
    enum class Mode : std::uint8_t {
        pool,         // first..last are given to clients
        static_only,  // reserved addresses only
        proxy,        // v4: boot information beside another server
        stateless,    // v6: only router advertisements or options
        constructed,  // v6: first and last are host parts below what a device has
    };
    TextPlace at;
    Mode mode = Mode::pool;
    IpAddress first, last;
    std::optional<IpAddress> netmask;    // v4, if it was said
    std::optional<unsigned> lease_time;  // seconds; none said: an hour (v4), a day (v6). 0: for ever
    std::vector<std::string> tags;       // only for clients that have these

    [[nodiscard]] bool is_v4() const { return first.is_v4(); }
    [[nodiscard]] bool contains(const IpAddress& address) const;  // of a pool
    [[nodiscard]] bool keeps_leases() const;                      // what is given so stands in the lease file
    // How many addresses it gives to clients; at most 2^32.
    [[nodiscard]] std::uint64_t size() const;
};

struct DhcpOption {
    TextPlace at;
    unsigned code = 0;
    bool v6 = false;
    bool forced = false;              // dhcp-option-force
    bool conditional = false;         // for clients of some tag, class or vendor only
    std::vector<std::string> values;  // as written
};

// One that is set or not, with the place that decided it.
template <class Value>
struct Placed {
    Value value{};
    TextPlace at;  // file empty: nothing says it, and value is dnsmasq's default
    [[nodiscard]] bool said() const { return !at.file.empty(); }
};

struct DnsmasqConf {
    std::vector<DhcpRange> ranges;
    std::vector<IpAddress> reserved;  // of dhcp-host
    std::vector<DhcpOption> dhcp_options;
    Placed<std::string> lease_file;  // empty: the default of its build
    Placed<bool> no_lease_file;      // leasefile-ro
    Placed<unsigned> most_leases{1000, {}};
    std::vector<Placed<IpAddress>> listen_addresses;
    std::vector<Placed<IpAddress>> upstreams;  // asked for names, of some domain or of all; at the DNS port alone
    std::vector<Placed<std::string>> interfaces, except_interfaces, no_dhcp_interfaces;
    Placed<bool> bind_interfaces, bind_dynamic;
    Placed<unsigned> port{53, {}};  // 0: no DNS
    Placed<bool> authoritative, no_ping, sequential_ip, router_advertisements;
    Placed<std::string> bus_name;   // of enable-dbus; empty: it is not on a bus
    Placed<std::string> script;     // dhcp-script or dhcp-luascript
    Placed<std::string> duid;       // of dhcp-duid, as written
    std::vector<TextPlace> faulty;  // options of ours whose value cannot be understood

    [[nodiscard]] bool serves_dhcp4() const;
    [[nodiscard]] bool keeps_leases() const;
    // The option with this number, of IPv4 and for every client; null: not said.
    [[nodiscard]] const DhcpOption* option4(unsigned code) const;
    [[nodiscard]] std::uint64_t pool_size() const;  // of all ranges together
};

[[nodiscard]] DnsmasqConf interpret(const DnsmasqText& text);

// How many leases such a dnsmasq takes; a lease more is its end (2.90). Without a range that is not one: it has no
// table. nullopt: nobody knows, since some of the text is hidden.
[[nodiscard]] std::optional<std::size_t> room_for_leases(const DnsmasqText& text, const DnsmasqConf& conf);

// What must be alike on all routers of a gateway, in one form: a line each, in order. Says nothing of paths, devices
// and addresses of the host itself.
[[nodiscard]] std::string shared_settings(const DnsmasqText& text);

}  // namespace dhcpsync
