#include "tests/dhcpsync/fake_server.hpp"

#include <fcntl.h>

#include <charconv>

#include "dhcpsync/core/lease_text.hpp"
#include "dhcpsync/lease_file.hpp"

namespace dhcpsync::test {

WallTime wall() { return wall_now(); }

// ---- dnsmasq ------------------------------------------------------------------------------------

namespace {

Lease lease_of(const AddDhcpLease& add) {
    Lease lease{add.address, Client4{}, "", wall() + Seconds(add.seconds)};
    if (add.seconds == for_ever || add.seconds == 0) lease.expires = never;
    if (!add.host_name.empty()) lease.host_name.assign(add.host_name.begin(), add.host_name.end() - 1);
    if (add.address.is_v6()) {
        lease.client = Client6{add.client_id, Iaid{add.iaid}, add.temporary};
        return lease;
    }
    Client4 client;
    for (std::size_t at = 0; at + 1 < add.hardware.size(); at += 3) {
        std::uint8_t byte = 0;
        std::from_chars(add.hardware.data() + at, add.hardware.data() + at + 2, byte, 16);
        client.hardware.address.push_back(byte);
    }
    client.id = add.client_id;
    lease.client = client;
    return lease;
}

}  // namespace

void FakeServer::grant(const Lease& lease) {
    book_.leases[lease.address] = lease;
    write();
}

void FakeServer::release(const IpAddress& address) {
    book_.leases.erase(address);
    write();
}

void FakeServer::obey(const Call& call) {
    ++calls;
    if (const auto* add = std::get_if<AddDhcpLease>(&call)) {
        crashed |= !has(add->address) && book_.leases.size() >= most_;
        return grant(lease_of(*add));
    }
    release(std::get<DeleteDhcpLease>(call).address);
}

void FakeServer::start_over(LeaseBook with) {
    book_ = std::move(with);
    write();
}

void FakeServer::write() const { put(path_, write_leases(book_, {ExpiryField::until, wall()}).text); }

// ---- the bus ------------------------------------------------------------------------------------

bool FakeBus::call(const Call& call) {
    if (!there_) return false;
    waiting_.push_back(call);
    return true;
}

bool FakeBus::ping() {
    pinged_ = there_;
    return there_;
}

Deadline FakeBus::next_deadline() const {
    if (hangs || (waiting_.empty() && !pinged_)) return std::nullopt;
    return loop_.now();
}

void FakeBus::step() {
    if (hangs) return;
    for (auto calls = std::exchange(waiting_, {}); !calls.empty(); calls.pop_front()) {
        server_.obey(calls.front());
        events.answered(std::visit([](const auto& one) { return one.address; }, calls.front()), true);
    }
    if (std::exchange(pinged_, false)) events.pong(true);
}

void FakeBus::come() {
    connected_ = there_ = true;
    events.server(true);
}

void FakeBus::leave(bool with_bus) {
    connected_ = !with_bus;
    there_ = pinged_ = false;
    waiting_.clear();
    events.server(false);
}

// ---- a router -----------------------------------------------------------------------------------

Home::Home(Turns& turns_, std::uint32_t number, HomePlan plan)
    : turns(turns_), server(folder / "dnsmasq.leases", plan.most_leases), number_(number), plan_(std::move(plan)) {
    std::filesystem::create_directory(folder / "state");
    state_ = vrrpd::Fd(::open((folder / "state").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    start();
}

void Home::start() {
    turns.loop.refresh();
    ServiceSetup setup;
    setup.gateway = "HOME";
    setup.self = id();
    for (std::uint32_t other = 1; other <= 3; ++other) setup.peers.push_back({{other}, "H00" + std::to_string(other)});
    setup.may_restart = plan_.may_restart;
    setup.probe = plan_.probe;
    setup.state_directory = state_.get();
    service = std::make_unique<LeaseService>(turns.loop, log, setup, outcomes(), surroundings());
    turns.add(*service);
    turns.add(*this);
    if (bus) bus->come();
}

void Home::stop() {
    if (!service) return;
    for (const auto& [peer, home] : std::map(peers_)) disconnect(*this, *home);
    turns.remove(service.get());
    turns.remove(this);
    service.reset();
    bus = nullptr;
    mail_.clear();
}

void Home::restart_server(const LeaseBook& with) {
    if (bus) bus->leave();
    server.start_over(with);
    if (bus) bus->come();
}

ServiceOutcomes Home::outcomes() {
    ServiceOutcomes result;
    result.send = [this](NodeId peer, vrrpd::BytesView message) {
        if (loses_messages) return false;
        mail_.emplace_back(peer, Bytes(message.begin(), message.end()));
        return true;
    };
    result.write_leases = [this](const std::string& path, const std::string& text) {
        EXPECT_EQ(path, server.path());
        written.push_back(text);
    };
    result.scan = [this](const IpAddress& first, const IpAddress& last, Duration pace) {
        scans.push_back({first, last, pace});
    };
    result.probe = [this] { ++probes; };
    result.health = [this](const HealthChange& change) { healths.push_back(change); };
    result.lan_served = [this](bool is) { served.push_back(is); };
    result.split_brain = [this](NodeId peer) { splits.push_back(peer); };
    return result;
}

Surroundings Home::surroundings() {
    Surroundings around;
    if (plan_.bus) {
        around.open_bus = [this](BusEvents events) {
            auto opened = std::make_unique<FakeBus>(turns.loop, server, std::move(events));
            bus = opened.get();
            return opened;
        };
    }
    around.bus_is_late = plan_.bus_is_late;
    around.wall = [this] { return wall() + clock_error; };
    around.server_listens = [this] { return listens; };
    around.find_server = [this] {
        const auto most = plan_.trouble.empty() ? std::optional(plan_.most_leases) : std::nullopt;
        return ServerFacts{server.path(), most, plan_.pools, plan_.reserved, plan_.trouble, plan_.may_use_bus};
    };
    return around;
}

void Home::connect(Home& a, Home& b) {
    a.peers_[b.id()] = &b;
    b.peers_[a.id()] = &a;
    a.service->peer_up(b.id());
    b.service->peer_up(a.id());
}

void Home::disconnect(Home& a, Home& b) {
    a.peers_.erase(b.id());
    b.peers_.erase(a.id());
    std::erase_if(a.mail_, [&](const auto& letter) { return letter.first == b.id(); });
    std::erase_if(b.mail_, [&](const auto& letter) { return letter.first == a.id(); });
    a.service->peer_down(b.id());
    b.service->peer_down(a.id());
}

Deadline Home::next_deadline() const { return mail_.empty() ? Deadline() : Deadline(turns.loop.now()); }

void Home::step() {
    for (auto letters = std::exchange(mail_, {}); !letters.empty(); letters.pop_front()) {
        const auto peer = peers_.find(letters.front().first);
        if (peer != peers_.end()) peer->second->service->received(id(), letters.front().second);
    }
}

}  // namespace dhcpsync::test
