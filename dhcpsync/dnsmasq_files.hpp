// Finds the dnsmasq of this host and reads its configuration: the files it was given, else those of the running one
// (its command line), else the usual places of Debian, NixOS and OpenWrt. For `vrrpd -t`, the lease service and the
// comparison of the members. Reads files, and waits for none: all are bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dhcpsync/core/dnsmasq_check.hpp"
#include "dhcpsync/core/dnsmasq_conf.hpp"

namespace dhcpsync {

struct DnsmasqSearch {
    std::string configuration;            // a path; empty: it is looked for
    std::string lease_file;               // likewise
    std::vector<vrrpd::Prefix> networks;  // of several that run (libvirt has its own), the one that serves one of these
    std::string root;                     // below which all of it lies; empty but for tests
};

struct FoundDnsmasq {
    DnsmasqText text;
    DnsmasqConf conf;
    std::string source;          // for people: "the running dnsmasq (pid 4711)", "/etc/dnsmasq.conf"
    bool readable = false;       // what is given cannot be read, or nothing is there
    std::string lease_file;      // empty: none is known
    std::optional<int> process;  // the running one, where it was found so
};

[[nodiscard]] FoundDnsmasq find_dnsmasq(const DnsmasqSearch& search);

// Where programs of this host listen for TCP.
[[nodiscard]] std::vector<Listener> tcp_listeners(const std::string& root = {});

// Does the dnsmasq that serves these networks still run? Others on the host have the port of a DHCP server, too:
// libvirt runs one for each of its networks.
class ServingDnsmasq {
public:
    explicit ServingDnsmasq(std::vector<vrrpd::Prefix> networks, std::string root = {});

    // Asked once a second. false: it was seen to run, and no longer is. Where none was ever seen (a container of its
    // own, a /proc that hides it, a configuration that we may not read) nobody can say.
    [[nodiscard]] bool may_run();

private:
    [[nodiscard]] std::optional<int> search() const;

    std::vector<vrrpd::Prefix> networks_;
    std::string root_;
    std::optional<int> process_;
    bool seen_ = false;
    unsigned looks_ = 0;
};

}  // namespace dhcpsync
