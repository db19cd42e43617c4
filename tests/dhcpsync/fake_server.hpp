// A model of dnsmasq with its D-Bus: leases, the file they are in, and what its two methods do. And services around
// such servers, connected like routers, each with a disk of its own.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "dhcpsync/lease_service.hpp"
#include "tests/dhcpsync/sample.hpp"
#include "tests/dhcpsync/turns.hpp"
#include "vrrpd/base/fd.hpp"

namespace dhcpsync::test {

[[nodiscard]] WallTime wall();

class FakeServer {
public:
    FakeServer(std::string path, std::size_t most) : path_(std::move(path)), most_(most) { write(); }

    void grant(const Lease& lease);
    void release(const IpAddress& address);
    void obey(const Call& call);
    void start_over(LeaseBook with);  // its file was replaced

    [[nodiscard]] const Leases& leases() const { return book_.leases; }
    [[nodiscard]] bool has(const IpAddress& address) const { return book_.leases.contains(address); }
    [[nodiscard]] const std::string& path() const { return path_; }
    std::size_t calls = 0;
    bool crashed = false;  // it was told more than it can hold

private:
    void write() const;

    std::string path_;
    std::size_t most_;
    LeaseBook book_;
};

// What the bus does is the test's to say.
class FakeBus final : public ServerBus {
public:
    FakeBus(vrrpd::Loop& loop, FakeServer& server, BusEvents events_)
        : events(std::move(events_)), loop_(loop), server_(server) {}

    bool call(const Call& call) override;
    bool ping() override;
    [[nodiscard]] bool connected() const override { return connected_; }
    [[nodiscard]] const std::string& trouble() const override { return trouble_text; }
    [[nodiscard]] Deadline next_deadline() const override;
    void step() override;

    void come();  // the server is on the bus
    void leave(bool with_bus = false);
    bool hangs = false;  // nothing is answered

    std::string trouble_text;
    BusEvents events;

private:
    vrrpd::Loop& loop_;
    FakeServer& server_;
    std::deque<Call> waiting_;
    bool connected_ = true, there_ = false, pinged_ = false;
};

struct HomePlan {
    bool bus = true;
    bool may_restart = false;
    Duration bus_is_late = std::chrono::seconds(30);
    bool may_use_bus = true;  // what dnsmasq's configuration says
    std::size_t most_leases = 1000;
    std::vector<Pool> pools;
    std::set<IpAddress> reserved;
    std::optional<Duration> probe{};
    std::string trouble{};  // with what its configuration says; how many leases it takes is not known then
};

// One router's service, and what it asked of its owner.
class Home {
public:
    Home(Turns& turns, std::uint32_t number, HomePlan plan = {});
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;
    ~Home() { stop(); }

    void start();  // with what is on its disk
    void stop();
    void restart_server(const LeaseBook& with = {});
    void become(bool active, bool resumed = false) { service->role_changed({active, resumed}); }

    // Connected as peers: what one sends the other receives in its next turn.
    static void connect(Home& a, Home& b);
    static void disconnect(Home& a, Home& b);

    [[nodiscard]] NodeId id() const { return {number_}; }

    Turns& turns;
    Folder folder;
    FakeServer server;
    Lines log;
    FakeBus* bus = nullptr;  // the service's
    std::unique_ptr<LeaseService> service;
    std::optional<bool> listens = true;
    bool loses_messages = false;
    Seconds clock_error{0};

    std::vector<HealthChange> healths;
    std::vector<bool> served;
    std::vector<ScanPool> scans;
    std::vector<NodeId> splits;
    std::vector<std::string> written;
    unsigned probes = 0;

    // For Turns: carries what was sent.
    [[nodiscard]] Deadline next_deadline() const;
    void step();

private:
    ServiceOutcomes outcomes();
    Surroundings surroundings();

    std::uint32_t number_;
    HomePlan plan_;
    vrrpd::Fd state_;
    std::map<NodeId, Home*> peers_;
    std::deque<std::pair<NodeId, Bytes>> mail_;
};

}  // namespace dhcpsync::test
