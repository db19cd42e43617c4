// The writer: one thread that carries out kernel writes, because they can stall on the kernel's global lock
// (51 ms behind another tool's namespace removal, measured) and adverts must not wait. A queue
// in, completions out through an eventfd; it owns the Kernel and the Tables, and of state what it refused last.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "netlink/ct/purge.hpp"
#include "netlink/kernel.hpp"
#include "netlink/nft/tables.hpp"

namespace vrrpd::engine {

// ---- what can be asked -----------------------------------------------------------------------------

// Requests of one owner, in order. Each failed one is tried again, three times within 50 ms.
struct ApplyRequests {
    std::vector<netlink::Request> requests;
};
struct ReadPicture {
    netlink::RouteInterest routes;
};
// What the kernel knows of a neighbour.
struct AskNeighbour {
    IfIndex link;
    IpAddress address;
};
// Without a gateway the fence goes too: nobody is left to open it.
struct InstallRules {
    std::vector<netlink::nft::GatewayRules> gateways;
};
// Tried again like a request.
struct OpenFence {
    std::string gateway;
    std::chrono::milliseconds lifetime;
};
// Tracked connections that end at addresses that were withdrawn, or at a server that no longer answers there.
struct PurgeConnections {
    netlink::ct::Which which;
};
// Packets to these addresses are dropped, to no others. Of several that wait in the queue the last one counts for all:
// a thousand routers that take over together change the rules once. `anyway`: also where nothing changed, for
// somebody else may have changed the rules.
struct RefusePackets {
    std::shared_ptr<const std::vector<netlink::nft::Refused>> addresses;
    bool anyway = false;
};
// Are our tables as installed, and what foreign rules stand in the way?
struct InspectRules {
    std::vector<netlink::nft::Served> gateways;
};

// Which of these switches are off? What does not exist is not off.
struct AskSwitches {
    struct Switch {
        std::string device;
        netlink::DeviceOption option;
        bool operator==(const Switch&) const = default;
    };
    std::vector<Switch> switches;
};

using Task = std::variant<ApplyRequests, ReadPicture, AskNeighbour, InstallRules, OpenFence, PurgeConnections,
                          InspectRules, AskSwitches, RefusePackets>;

// ---- what comes back -------------------------------------------------------------------------------

struct Applied {
    std::vector<Result<void>> results;
};
struct Picture {
    Result<netlink::Snapshot> snapshot;
};
struct NeighbourKnown {
    Result<std::optional<netlink::Neighbour>> neighbour;
};
struct RulesInstalled {
    Result<void> result;
    bool fence_removed = false;
};
struct FenceSet {
    Result<bool> put_back;  // whether our tables had gone
};
struct ConnectionsPurged {
    Result<std::size_t> count;
};
struct RulesInspected {
    Result<bool> intact;
    Result<std::vector<netlink::nft::Obstacle>> obstacles;
};
struct SwitchesKnown {
    std::vector<AskSwitches::Switch> off;
};

using Outcome = std::variant<Applied, Picture, NeighbourKnown, RulesInstalled, FenceSet, ConnectionsPurged,
                             RulesInspected, SwitchesKnown>;

struct Completion {
    std::uint64_t ticket;
    Outcome outcome;
};

class Writer {
public:
    using Purge = std::function<Result<std::size_t>(netlink::ct::Which)>;  // netlink::ct::purge

    // `tables` may be null: a kernel without nf_tables; such tasks come back with ENOTSUP.
    Writer(std::unique_ptr<netlink::Kernel> kernel, std::unique_ptr<netlink::nft::Tables> tables, Purge purge);
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer();  // finishes what is queued

    // Never waits. The ticket comes back with the completion. Tasks are carried out in their order, but for ReadPicture
    // and InspectRules: they may take long, as where others change their rules all the time, and nobody who takes over
    // waits for them. They come when nothing else is to be done.
    std::uint64_t submit(Task task);

    // While held, tasks queue up and none is begun.
    void hold(bool held);

    [[nodiscard]] int fd() const;  // readable: completions wait
    [[nodiscard]] std::vector<Completion> completions();
    // Waits until everything submitted is done, at most so long. For the ordered end of the process only.
    bool drain(std::chrono::milliseconds at_most);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vrrpd::engine
