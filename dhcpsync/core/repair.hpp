// Hosts that are there without a lease, at a take-over: one whose lease the old gateway did not live to tell, or one
// that gave itself an address of the pool. The new gateway's DHCP server would offer its address to somebody else, so
// it gets a short lease first, by its hardware address alone: a client that identifies itself later takes it over.
// A machine gets one at most, and none beside a lease that it has: of two dnsmasq (2.90) takes the newer one for the
// client's, and refuses to renew the other.
//
// Pure: the shell has the LAN scanned when told to, says who answered, and makes the leases. One gateway.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <variant>
#include <vector>

#include "dhcpsync/core/lease.hpp"
#include "vrrpd/base/mac.hpp"

namespace dhcpsync {

// Addresses that the DHCP server gives away, both included.
struct Pool {
    IpAddress first, last;
    bool operator==(const Pool&) const = default;
};

// ---- events -------------------------------------------------------------------------------------

struct StandsIn {};
struct TookOver {};  // not for one that has been the gateway all along
struct HostSeen {
    IpAddress address;
    vrrpd::MacAddress mac;
};
struct ScanDue {};  // next_deadline() came

using RepairEvent = std::variant<StandsIn, TookOver, HostSeen, ScanDue>;

// ---- actions ------------------------------------------------------------------------------------

// Of several with one pace the next one begins when the one before ends; one with another pace ends those before it.
struct ScanPool {
    IpAddress first, last;
    Duration pace;
    bool operator==(const ScanPool&) const = default;
};
// Give it this lease.
struct Protect {
    Lease lease;
    bool operator==(const Protect&) const = default;
};
// One machine has several addresses of the pool: an alias, or a proxy. This one gets no lease. Said once of a machine.
struct HasSeveral {
    vrrpd::MacAddress mac;
    IpAddress address;
    bool operator==(const HasSeveral&) const = default;
};

// ... and one answers for the address that another one has a lease of. Said once of a machine.
struct TakesAnothers {
    vrrpd::MacAddress mac;
    IpAddress address;
    bool operator==(const TakesAnothers&) const = default;
};

using RepairAction = std::variant<ScanPool, Protect, HasSeveral, TakesAnothers>;
using RepairActions = std::vector<RepairAction>;

class Repair {
public:
    // A pool gone through gently takes so long, and starts anew as soon as it ended.
    static constexpr Duration gentle_round = std::chrono::minutes(10);
    static constexpr Duration gentlest_pace = std::chrono::seconds(10);
    // A /24 within a second.
    static constexpr Duration fast_pace = std::chrono::milliseconds(3);
    static constexpr std::size_t largest_scan = 4096;
    // Who answered longer ago than this may have gone.
    static constexpr Duration remembered = std::chrono::minutes(15);
    static constexpr Seconds lease_length{600};

    // What the local server and the replica know.
    using HasLease = std::function<bool(const IpAddress&)>;
    struct Known {
        HasLease has_lease;                                         // somebody, of this address
        std::function<bool(const vrrpd::MacAddress&)> has_another;  // this machine, of whichever address
        std::function<bool(const IpAddress&, const vrrpd::MacAddress&)> is_anothers;  // of this address another machine
    };

    // `reserved`: addresses that the server gives to a certain machine only (dhcp-host).
    Repair(const std::vector<Pool>& pools, std::set<IpAddress> reserved);

    [[nodiscard]] RepairActions step(Moment now, const RepairEvent& event, const Known& known);
    [[nodiscard]] Deadline next_deadline() const { return due_; }

    // An address of the pools is nobody's, so a newcomer can be given one. Of pools that are not known it is assumed.
    [[nodiscard]] bool has_room(const HasLease& has_lease) const;

    // The leases to make for those that were seen lately.
    [[nodiscard]] std::vector<Lease> leases(Moment now, const Known& known) const;

private:
    struct Seen {
        vrrpd::MacAddress mac;
        Instant at;
    };

    void on(Moment now, const StandsIn&, const Known& known);
    void on(Moment now, const TookOver&, const Known& known);
    void on(Moment now, const HostSeen& event, const Known& known);
    void on(Moment now, const ScanDue&, const Known& known);

    void scan_next(Instant now);
    void note(const HostSeen& event, Instant now);
    void name(const HostSeen& event, Instant now, const Known& known);
    [[nodiscard]] bool in_pool(const IpAddress& address) const;
    [[nodiscard]] bool lacks_lease(const IpAddress& address, const Seen& seen, Instant now, const Known& known) const;
    [[nodiscard]] bool has_several(const vrrpd::MacAddress& mac, Instant now, const Known& known) const;
    [[nodiscard]] bool needs(const IpAddress& address, const Seen& seen, Instant now, const Known& known) const;

    std::vector<Pool> scans_;  // the pools, in parts that one scan may have
    std::set<IpAddress> reserved_;
    std::size_t next_ = 0;  // of scans_, while standing in
    bool standing_in_ = false;
    Deadline due_;
    bool repairing_ = false;  // since the take-over, after which nobody is asked but in its scans
    std::map<IpAddress, Seen> seen_;
    std::map<vrrpd::MacAddress, std::set<IpAddress>> addresses_;
    std::set<vrrpd::MacAddress> have_several_, take_anothers_;  // that were named
    RepairActions actions_;
};

}  // namespace dhcpsync
