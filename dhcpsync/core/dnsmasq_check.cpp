#include "dhcpsync/core/dnsmasq_check.hpp"

#include <algorithm>

namespace dhcpsync {

namespace {

constexpr unsigned router_option = 3, dns_server_option = 6, server_identifier_option = 54;

bool contains(const std::vector<IpAddress>& addresses, const IpAddress& address) {
    return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

// eth0, or a pattern like eth*.
bool names_device(const std::string& pattern, const std::string& device) {
    const auto star = pattern.find('*');
    return star == std::string::npos ? pattern == device
                                     : device.starts_with(std::string_view(pattern).substr(0, star));
}

// 255.255.255.0 of a /24.
std::string netmask_text(const Prefix& network) {
    const auto bits = network.length == 0 ? 0U : ~0U << (32U - network.length);
    const auto byte = [&](unsigned shift) { return static_cast<std::uint8_t>(bits >> shift); };
    return IpAddress::v4(byte(24), byte(16), byte(8), byte(0)).to_string();
}

std::string joined(const std::vector<std::string>& values) {
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "" : ", ") + value;
    return text;
}

class Check {
public:
    Check(const DnsmasqConf& conf, const GatewayFacts& gateway) : conf_(conf), gateway_(gateway) {}

    std::vector<Finding> run() {
        for (const auto& at : conf_.faulty) advise(at, "this value cannot be understood: dnsmasq may refuse to start");
        networks();
        binding();
        for (const auto& range : conf_.ranges) pool(range);
        told_addresses();
        upstreams();
        server_identifier();
        table_size();
        server_duid();
        behaviour();
        way_in();
        return std::move(findings_);
    }

private:
    void grave(const TextPlace& at, std::string text) { findings_.push_back({at, true, std::move(text)}); }
    void advise(const TextPlace& at, std::string text) { findings_.push_back({at, false, std::move(text)}); }

    [[nodiscard]] const Prefix* network_of(const IpAddress& address) const {
        const auto found = std::find_if(gateway_.networks.begin(), gateway_.networks.end(),
                                        [&](const Prefix& network) { return network.contains(address); });
        return found == gateway_.networks.end() ? nullptr : &*found;
    }

    // The virtual address of the network that is served; of the first IPv4 network with one, if none is.
    [[nodiscard]] const Prefix* virtual_address() const {
        const Prefix* first = nullptr;
        for (const auto& address : gateway_.virtual_addresses) {
            if (!address.address.is_v4()) continue;
            const auto* network = network_of(address.address);
            const auto served = [&](const DhcpRange& range) { return network && network->contains(range.first); };
            if (std::any_of(conf_.ranges.begin(), conf_.ranges.end(), served)) return &address;
            if (!first) first = &address;
        }
        return first;
    }

    // ---- which networks it serves ------------------------------------------------------------------------

    void networks() {
        const auto ours = [&](const DhcpRange& range) {
            const bool anywhere =
                range.mode == DhcpRange::Mode::constructed || range.mode == DhcpRange::Mode::stateless;
            return anywhere || network_of(range.first);
        };
        const bool some = std::any_of(conf_.ranges.begin(), conf_.ranges.end(), ours);
        if (conf_.ranges.empty() && conf_.faulty.empty())
            return grave({}, "no dhcp-range is there, and nobody gets an address" + example_range());
        for (const auto& range : conf_.ranges) {
            if (ours(range)) continue;
            const std::string text =
                "the dhcp-range from " + range.first.to_string() + " is in no lan prefix of the gateway";
            if (some) {
                advise(range.at, text + ": its leases are carried over, and its address does not move");
            } else {
                grave(range.at, text + ": correct one of them");
            }
        }
    }

    [[nodiscard]] std::string example_range() const {
        for (const auto& network : gateway_.networks) {
            if (!network.address.is_v4()) continue;
            return ": write dhcp-range=FIRST,LAST," + netmask_text(network) + ",1h with addresses of " +
                   network.to_string();
        }
        return {};
    }

    // ---- what it is bound to -----------------------------------------------------------------------------

    void binding() {
        const auto* vip = virtual_address();
        if (!vip || !conf_.serves_dhcp4()) return;
        const auto wanted = "listen-address=" + vip->address.to_string() + " and bind-dynamic";
        for (const auto& device : gateway_.devices) {
            for (const auto& name : conf_.interfaces) {
                if (names_device(name.value, device))
                    grave(name.at, "with interface=" + name.value +
                                       " dnsmasq names the host's own address as the server, " +
                                       "and renewals after a take-over go to a router that may be gone: write " +
                                       wanted + " instead of it");
            }
            for (const auto* names : {&conf_.except_interfaces, &conf_.no_dhcp_interfaces}) {
                for (const auto& name : *names) {
                    if (names_device(name.value, device))
                        grave(name.at,
                              "this keeps dnsmasq from serving " + device + ", a lan of the gateway: take it out");
                }
            }
        }
        listening(*vip, wanted);
        own_addresses(*vip);
        binding_mode(*vip);
        dns_port(*vip);
        forwarder(*vip);
    }

    [[nodiscard]] bool on_lan_device() const {
        return std::any_of(conf_.interfaces.begin(), conf_.interfaces.end(), [&](const auto& name) {
            return std::any_of(gateway_.devices.begin(), gateway_.devices.end(),
                               [&](const auto& device) { return names_device(name.value, device); });
        });
    }

    [[nodiscard]] bool bound_to(const IpAddress& address) const {
        return std::any_of(conf_.listen_addresses.begin(), conf_.listen_addresses.end(),
                           [&](const auto& listen) { return listen.value == address; });
    }

    void listening(const Prefix& vip, const std::string& wanted) {
        if (bound_to(vip.address) || on_lan_device()) return;
        if (!conf_.listen_addresses.empty())
            return grave(
                conf_.listen_addresses.back().at,
                "dnsmasq does not listen on the virtual address, and clients get no answer from it: write " + wanted);
        grave({},
              "dnsmasq listens everywhere, names the host's own address as the server, and would answer as a "
              "stand-in, too, were it not fenced: write " +
                  wanted);
    }

    // Tried with dnsmasq 2.90: it is silent nowhere then, and of the addresses of the device it names the first one,
    // which is the host's own.
    void own_addresses(const Prefix& vip) {
        if (!bound_to(vip.address)) return;
        for (const auto& listen : conf_.listen_addresses) {
            const auto is_it = [&](const Prefix& address) { return address.address == listen.value; };
            if (std::ranges::any_of(gateway_.virtual_addresses, is_it)) continue;
            if (!contains(gateway_.members, listen.value) && !network_of(listen.value)) continue;
            grave(listen.at, "with " + listen.value.to_string() +
                                 " beside the virtual address dnsmasq answers DHCP on a stand-in, too, and names that "
                                 "address as the server, so renewals after a take-over go to a router that may be "
                                 "gone: take it out; for DNS at that address run another program, as a second dnsmasq "
                                 "without a dhcp-range, and write port=0 here");
        }
    }

    [[nodiscard]] bool binds() const { return conf_.bind_dynamic.value || conf_.bind_interfaces.value; }

    [[nodiscard]] bool is_taken(std::uint16_t port, const IpAddress& address) const {
        return std::ranges::any_of(gateway_.listeners, [&](const Listener& one) {
            return one.port == port && (one.address.is_unspecified() || one.address == address);
        });
    }

    [[nodiscard]] bool is_taken_everywhere(unsigned port) const {
        return std::ranges::any_of(
            gateway_.listeners, [&](const Listener& one) { return one.port == port && one.address.is_unspecified(); });
    }

    // Tried with dnsmasq 2.90: while the address is not there it goes on, and where it is there it ends with status 2.
    // Bound to single addresses it is not itself the one that listens at all of them.
    void dns_port(const Prefix& vip) {
        if (!bound_to(vip.address) || !binds() || conf_.port.value == 0 || !is_taken_everywhere(conf_.port.value))
            return;
        grave(conf_.port.at, "another DNS server of this host listens at port " + std::to_string(conf_.port.value) +
                                 " of every address, and beside it dnsmasq does not start on the active router: write "
                                 "port=0, and leave DNS to that one");
    }

    // What is sent on to the forwarder's own address must be answered there.
    void forwarder(const Prefix& vip) {
        const auto& here = gateway_.forwarder;
        if (!here || conf_.port.value != here->port || !bound_to(vip.address) || bound_to(here->address)) return;
        if (binds() && is_taken(here->port, here->address)) return;  // by another program
        const auto place = here->address.to_string();
        grave(conf_.port.at, "this host is a forwarder of dns_failover, and at " + place + " port " +
                                 std::to_string(here->port) +
                                 " nobody answers: dnsmasq has DNS at the virtual address alone. Write port=0 here, "
                                 "and run another DNS server at " +
                                 place +
                                 " or at every address (AdGuard Home, unbound, or a second dnsmasq with "
                                 "listen-address=" +
                                 place +
                                 ", bind-dynamic and no dhcp-range); or leave dns_failover out, and this one answers "
                                 "on whichever router is active");
    }

    void binding_mode(const Prefix& vip) {
        if (!bound_to(vip.address) || conf_.bind_dynamic.value) return;
        if (conf_.bind_interfaces.value)
            return grave(
                conf_.bind_interfaces.at,
                "with bind-interfaces dnsmasq does not start where the virtual address is not: write bind-dynamic");
        advise({},
               "bind-dynamic is missing: dnsmasq takes port 53 of every address, and no other DNS server can run "
               "beside it: write bind-dynamic");
    }

    // ---- the pool ----------------------------------------------------------------------------------------

    void pool(const DhcpRange& range) {
        for (const auto& address : gateway_.virtual_addresses) {
            if (range.contains(address.address))
                grave(range.at, "the pool contains the virtual address " + address.address.to_string() +
                                    ": leave it out of the range");
        }
        for (const auto& member : gateway_.members) {
            if (range.contains(member))
                grave(range.at,
                      "the pool contains a router's own address " + member.to_string() + ": leave it out of the range");
        }
        netmask(range);
    }

    void netmask(const DhcpRange& range) {
        const auto* network = network_of(range.first);
        if (!range.is_v4() || range.netmask || !network) return;
        for (const auto& address : gateway_.virtual_addresses) {
            if (!network->contains(address.address)) continue;
            const auto wanted = ": write the netmask behind the addresses, " + range.first.to_string() + "," +
                                range.last.to_string() + "," + netmask_text(*network);
            if (!address.network().contains(range.first))
                return grave(range.at,
                             "the virtual address " + address.to_string() +
                                 " does not say how large its network is, and this dhcp-range has no netmask: "
                                 "dnsmasq names the host's own address as the server, or finds no range" +
                                 wanted);
            return advise(range.at,
                          "this dhcp-range has no netmask, and takes that of the address: it is the same on "
                          "every router if it is said" +
                              wanted);
        }
    }

    // ---- what it tells clients ---------------------------------------------------------------------------

    [[nodiscard]] bool says(unsigned code) const {
        return std::any_of(conf_.dhcp_options.begin(), conf_.dhcp_options.end(),
                           [&](const DhcpOption& option) { return !option.v6 && option.code == code; });
    }

    void told_addresses() {
        const auto* vip = virtual_address();
        if (!vip || !conf_.serves_dhcp4()) return;
        const auto address = vip->address.to_string();
        const bool no_dns = conf_.port.value == 0;
        std::vector<std::string> missing;
        if (!says(router_option)) missing.push_back("dhcp-option=option:router," + address);
        if (!says(dns_server_option)) missing.push_back("dhcp-option=option:dns-server," + address);
        if (!missing.empty() && no_dns) {
            grave(conf_.port.at,
                  "dnsmasq does no DNS (port=0), and does not say where clients find it: write " + joined(missing));
        } else if (!missing.empty()) {
            advise({}, "options 3 and 6 say the same on every router only if they are written: add " + joined(missing));
        }
        router(address);
        dns_server(address);
    }

    // 0.0.0.0 stands for the address that it is bound to.
    static bool tells(const DhcpOption& option, const std::string& address) {
        return std::any_of(option.values.begin(), option.values.end(),
                           [&](const auto& value) { return value == address || value == "0.0.0.0"; });
    }

    void router(const std::string& address) {
        const auto* option = conf_.option4(router_option);
        if (!option || tells(*option, address)) return;
        const auto others = option->values.empty() ? std::string("none") : joined(option->values);
        grave(option->at, "clients are told another router than the virtual address (" + others +
                              "), which does not move: write dhcp-option=option:router," + address);
    }

    void dns_server(const std::string& address) {
        const auto* option = conf_.option4(dns_server_option);
        if (!option || tells(*option, address)) return;
        const auto of_a_member = [&](const std::string& value) {
            const auto parsed = IpAddress::parse(value);
            return parsed && contains(gateway_.members, *parsed);
        };
        if (std::any_of(option->values.begin(), option->values.end(), of_a_member))
            advise(option->at,
                   "clients are told a router's own address as their DNS server, which does not move: write "
                   "dhcp-option=option:dns-server," +
                       address);
    }

    // Questions for the virtual address go to the forwarder that is chosen, from this host, too.
    void upstreams() {
        if (!gateway_.forwarder || conf_.port.value != gateway_.forwarder->port) return;
        for (const auto& upstream : conf_.upstreams) {
            const auto asks_it = [&](const Prefix& address) { return address.address == upstream.value; };
            if (std::ranges::any_of(gateway_.virtual_addresses, asks_it))
                grave(upstream.at, "dnsmasq asks the virtual address " + upstream.value.to_string() +
                                       ", and what that is asked comes to dnsmasq (dns_failover), in a circle: write "
                                       "server= and another DNS server, the provider's for example");
        }
    }

    void server_identifier() {
        for (const auto& option : conf_.dhcp_options) {
            if (option.v6 || option.code != server_identifier_option) continue;
            if (option.forced) {
                grave(option.at,
                      "a forced option 54 stands twice in every answer, and clients are refused: take it out; "
                      "bound to the virtual address dnsmasq names that by itself");
            } else {
                advise(option.at,
                       "dnsmasq ignores option 54: take it out; bound to the virtual address it names that by "
                       "itself");
            }
        }
    }

    // ---- the table ---------------------------------------------------------------------------------------

    void table_size() {
        std::uint64_t pool = 0;
        const DhcpRange* last = nullptr;
        for (const auto& range : conf_.ranges) {
            if (!range.is_v4() || range.size() == 0) continue;
            pool += range.size();
            last = &range;
        }
        const auto wanted = 2 * pool;
        if (conf_.most_leases.value >= wanted) return;
        const auto& at = conf_.most_leases.said() ? conf_.most_leases.at : last->at;
        grave(at,
              "dhcp-lease-max is " + std::to_string(conf_.most_leases.value) +
                  (conf_.most_leases.said() ? "" : " (the default)") + ", less than twice the pool of " +
                  std::to_string(pool) +
                  ": a dnsmasq before 2.92 dies when leases are brought into a full table, and none starts with more "
                  "leases than that: write dhcp-lease-max=" +
                  std::to_string(wanted));
    }

    // Where it can be restarted it gets the other routers' DUID so.
    void server_duid() {
        if (conf_.duid.said() || gateway_.can_restart) return;
        const auto range = std::find_if(conf_.ranges.begin(), conf_.ranges.end(), [](const DhcpRange& one) {
            return !one.is_v4() && one.mode != DhcpRange::Mode::stateless;
        });
        if (range == conf_.ranges.end()) return;
        advise(range->at,
               "each router's dnsmasq makes a server DUID of its own, so after a take-over DHCPv6 clients renew with "
               "nobody until they rebind: write the same dhcp-duid= on all routers (dhcp-duid=0,10:12:14:01), and "
               "remove the line that begins with \"duid\" from a lease file that is there already; or give dhcp_sync a "
               "restart_unit");
    }

    void behaviour() {
        if (!conf_.authoritative.value && conf_.serves_dhcp4())
            advise({},
                   "dhcp-authoritative is missing: a client whose lease is not known here is refused or not answered, "
                   "instead of keeping its address: write dhcp-authoritative (only one of the routers answers, the "
                   "fence sees to that)");
        if (conf_.no_ping.value && conf_.serves_dhcp4())
            advise(conf_.no_ping.at,
                   "with no-ping dnsmasq offers an address without asking whether somebody answers there, so one whose "
                   "lease was given right before a failure, and is not known here, may be given to another client: "
                   "take it out");
        if (conf_.sequential_ip.value)
            advise(conf_.sequential_ip.at,
                   "with dhcp-sequential-ip two routers that do not know each other's last leases offer one address to "
                   "two clients: take it out, and each client has its own first choice");
    }

    // ---- how leases come out of it and into it ------------------------------------------------------------

    void way_in() {
        if (conf_.no_lease_file.value)
            grave(conf_.no_lease_file.at,
                  "with leasefile-ro dnsmasq writes no lease file, and there is nothing to "
                  "follow: take it out");
        if (!gateway_.lease_file.empty() && conf_.lease_file.said() && conf_.lease_file.value != gateway_.lease_file)
            grave(conf_.lease_file.at, "dnsmasq writes another lease file than " + gateway_.lease_file +
                                           ", which is followed: write lease_file auto into dhcp_sync");
        if (gateway_.bus_name.empty()) return;
        if (!conf_.bus_name.said()) {
            if (gateway_.can_restart)
                return advise({},
                              "enable-dbus is missing: leases come into dnsmasq only by its restart, at a take-over: "
                              "write enable-dbus");
            return grave({}, "nothing brings leases into dnsmasq: write enable-dbus, or restart_unit into dhcp_sync");
        }
        if (conf_.bus_name.value == gateway_.bus_name) return;
        grave(conf_.bus_name.at, "dnsmasq is on the bus as " + conf_.bus_name.value + ", and " + gateway_.bus_name +
                                     " is spoken to: write bus " + conf_.bus_name.value + " into dhcp_sync");
    }

    const DnsmasqConf& conf_;
    const GatewayFacts& gateway_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check(const DnsmasqConf& conf, const GatewayFacts& gateway) { return Check(conf, gateway).run(); }

}  // namespace dhcpsync
