// A ruleset as plain values: tables, sets, chains, rules and the statements we need. Made by compile and
// compile_fence (pure), turned into netlink messages by encode. text() writes what `nft list` would show,
// so that a test, a log and an operator read the same words.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "netlink/nft/gateway.hpp"

namespace netlink::nft {

// Statements, each named by what it means here; text() shows the nft syntax.
struct InDevice {
    std::string name;
};
struct OutDevice {
    std::string name;
};
struct Source {
    Prefix prefix;
    bool is_not = false;
};
struct Destination {
    Prefix prefix;
    bool is_not = false;
};
struct LocalDestination {
    Family family;
};  // an address of this host, whichever
struct NotInSet {
    std::string set;
    Family family;
};  // destination is none of the set's addresses
struct InSet {
    std::string set;
    Family family;
};                       // destination is one of them
struct Established {};   // ct state established,related
struct Invalid {};       // ct state invalid
struct NotTracked {};    // ct state invalid,new: of no connection that this host knows
struct MidStream {};     // TCP, and not the SYN that opens a connection
struct WasForwarded {};  // ct status dnat
struct TcpSyn {};        // without RST: the segment that carries the MSS
struct ClampMss {};      // to the route's MTU; lowers, never raises
struct WhileShut {
    std::string set;
};  // the out device is not in the set of open ones
struct WhileOpenIn {
    std::string set;
};  // the in device is in it
struct WhileOpenOut {
    std::string set;
};  // the out device is
struct Tagged {
    std::uint16_t type;
};  // a frame of a VLAN: 802.1Q or 802.1ad
struct ArpSender {
    std::string set;
};
struct VirtualSource {
    std::string set;
    Family family;
};  // source is a VIP; protocol 112 excepted
struct AdvertisesVirtual {
    std::string set;
};  // neighbour advertisement for a VIP
struct RouterAdvertisement {};
struct NeighbourSolicitation {};
struct NeighbourAdvertisement {};
struct UdpPorts {
    Family family;
    std::uint16_t from, to;
};
struct Count {};
struct Accept {};
struct Drop {};
struct Masquerade {};
struct SourceNat {
    IpAddress to;
};
struct ForwardPort {
    std::string map;
    Family family;
};

using Statement =
    std::variant<InDevice, OutDevice, Source, Destination, LocalDestination, NotInSet, InSet, Established, Invalid,
                 NotTracked, MidStream, WasForwarded, TcpSyn, ClampMss, WhileShut, WhileOpenIn, WhileOpenOut, Tagged,
                 ArpSender, VirtualSource, AdvertisesVirtual, RouterAdvertisement, NeighbourSolicitation,
                 NeighbourAdvertisement, UdpPorts, Count, Accept, Drop, Masquerade, SourceNat, ForwardPort>;
using Rule = std::vector<Statement>;

enum class ChainType : std::uint8_t { filter, nat };
enum class Hook : std::uint8_t { prerouting, input, postrouting, forward, output, egress };

struct Chain {  // a base chain; the policy is always accept
    std::string name;
    ChainType type = ChainType::filter;
    Hook hook = Hook::forward;
    std::int32_t priority = 0;
    std::string device;  // egress only
    std::vector<Rule> rules;
};

struct AddressSet {
    std::string name;
    Family family = Family::ipv4;
    std::vector<IpAddress> members;  // sorted, no duplicates
};
// The devices on which one gateway's fence is open, or its translation acts: timed, so that both end by themselves when
// nobody renews. Its members are state, not rules: they are kept over every change.
struct OpenSet {
    std::string name;
};
// inet_proto . inet_service : address . inet_service. One element per forwarded port.
struct ForwardMap {
    struct Port {
        Transport transport;
        std::uint16_t number;
        auto operator<=>(const Port&) const = default;
    };
    struct Target {
        IpAddress address;
        std::uint16_t port;
        bool operator==(const Target&) const = default;
    };
    std::string name;
    Family family = Family::ipv4;
    std::map<Port, Target> elements;
};
using Set = std::variant<OpenSet, AddressSet, ForwardMap>;

enum class TableFamily : std::uint8_t { inet, netdev };

struct Table {
    TableFamily family = TableFamily::inet;
    std::string name;
    std::vector<Set> sets;
    std::vector<Chain> chains;
};

[[nodiscard]] const std::string& name_of(const Set& set);
[[nodiscard]] std::string text(const Rule& rule, TableFamily table);
[[nodiscard]] std::string text(const Table& table);

// An empty chain in each of our tables, named after what was compiled: the table says by itself which
// rules it holds, so that a restarted engine leaves it alone. (A table's userdata cannot be updated in place.)
[[nodiscard]] std::string marker(const Table& table);
inline constexpr const char* marker_prefix = "compiled-";

}  // namespace netlink::nft
