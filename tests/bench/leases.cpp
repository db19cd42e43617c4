// Leases between two whole routers, dnsmasq included: when a lease that the Active gave or renewed is in the stand-in's
// dnsmasq, what a large table costs there, and what all of it costs the agent and the adverts.
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "netns-tests/lab/dhcp_client.hpp"
#include "netns-tests/lab/dns.hpp"
#include "netns-tests/lab/home.hpp"
#include "netns-tests/lab/home_text.hpp"
#include "netns-tests/lab/janitor.hpp"
#include "netns-tests/lab/process.hpp"
#include "netns-tests/lab/site.hpp"
#include "netns-tests/lab/traffic.hpp"
#include "tests/bench/bench.hpp"

namespace bench {

namespace {

using lab::adverts;
using lab::all;
using lab::since;
using lab::Time;
using vrrpd::IpAddress;

constexpr unsigned client_count = 200;
constexpr auto renewal_pause = 50ms;    // 20 a second
constexpr double lag_limit = 50;        // ms, p99
constexpr double lateness_limit = 1.5;  // p99 under load against p99 without
constexpr auto advert_interval = 10ms;

lab::DhcpServerPlan large_pool() {
    return {.range = "10.12.14.21,10.12.14.254,255.255.255.0,1h", .more = "dhcp-lease-max=20000"};
}

// When each lease appeared in a lease file, and each of its later ends.
class LeaseWatch {
public:
    explicit LeaseWatch(const lab::DhcpServer& server)
        : server_(server), inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
        if (!inotify_ || inotify_add_watch(inotify_.get(), server.lease_file().c_str(), IN_MODIFY) < 0)
            lab::give_up("cannot watch " + server.lease_file());
        worker_.start([this] { step(); });
    }
    // The first time since `from` that the lease ended at `expires` or later.
    [[nodiscard]] std::optional<Time> known(const IpAddress& address, std::chrono::sys_seconds expires) const {
        const std::lock_guard lock(mutex_);
        const auto at = seen_.find(address);
        if (at == seen_.end()) return std::nullopt;
        const auto enough = at->second.lower_bound(expires);
        return enough == at->second.end() ? std::nullopt : std::optional(enough->second);
    }

private:
    void step() {
        pollfd wanted{inotify_.get(), POLLIN, 0};
        if (poll(&wanted, 1, 20) <= 0) return;
        std::array<char, 4096> ignored;
        while (read(inotify_.get(), ignored.data(), ignored.size()) > 0) {}
        const auto leases = server_.leases();
        const auto now = lab::wall_clock();
        const std::lock_guard lock(mutex_);
        for (const auto& [address, lease] : leases) seen_[address].emplace(lease.expires, now);
    }

    const lab::DhcpServer& server_;
    vrrpd::Fd inotify_;
    mutable std::mutex mutex_;
    std::map<IpAddress, std::map<std::chrono::sys_seconds, Time>> seen_;
    lab::Worker worker_;
};

class LeaseHome {
public:
    LeaseHome(const std::string& name, const std::string& advert_int, const std::string& more_blocks = {})
        : text_{.key_file = lab::make_key(name + ".key"), .advert_int = advert_int, .more_blocks = more_blocks} {
        home_.client.netns().ip("address flush dev lan0\n");  // of the pool
        forget_the_home_before();
        for (auto* site : {&active_, &standby_}) site->router.configure(text_.text());
    }
    // false: it did not come about.
    bool start() {
        active_.start();
        if (!home_.await_holder(home_.h003, 15s)) return false;
        standby_.start();
        return standby_.router.await_log("Entering BACKUP STATE", 10s);
    }
    bool join_all() {
        for (unsigned i = 1; i <= client_count; ++i) {
            auto& client = clients_.emplace_back(card_, i);
            if (client.join(1s) != lab::DhcpAnswer::ack) return false;
        }
        return lab::wait_until([this] { return standby_.server.leases().size() == client_count; }, 20s);
    }
    // Twenty renewals a second. When each was in the stand-in's dnsmasq after its ACK; nullopt: some never were.
    std::optional<Samples> renew_for(std::chrono::seconds time);
    // Between two adverts of the Active, beyond their interval.
    [[nodiscard]] Samples lateness(Time from, Time to) const;
    // Percent of a processor that the site's agent takes while nothing happens.
    static std::optional<double> idle(lab::Site& site, std::chrono::seconds time);

    lab::Home& home() { return home_; }
    lab::Site& active() { return active_; }
    lab::Site& standby() { return standby_; }

private:
    // Its leases are on the disks.
    void forget_the_home_before() {
        for (auto* site : {&active_, &standby_}) {
            std::filesystem::remove(site->server.lease_file());
            const auto state = lab::directory() + "/" + site->host.name() + ".state";
            for (const auto& entry : std::filesystem::directory_iterator(state)) std::filesystem::remove_all(entry);
        }
    }

    lab::Home home_;
    lab::HomeText text_;
    lab::Site active_{home_.h003, large_pool()}, standby_{home_.h001, large_pool()};
    lab::DhcpCard card_{home_.client, "lan0"};
    std::deque<lab::DhcpClient> clients_;
};

std::optional<Samples> LeaseHome::renew_for(std::chrono::seconds time) {
    struct Renewal {
        IpAddress address;
        Time acknowledged;
    };
    const LeaseWatch watch(standby_.server);
    std::vector<Renewal> renewals;
    auto next = std::chrono::steady_clock::now();
    for (const auto end = next + time; next < end; next += renewal_pause) {
        std::this_thread::sleep_until(next);
        auto& client = clients_[renewals.size() % clients_.size()];
        if (client.renew(1s) != lab::DhcpAnswer::ack) return std::nullopt;
        renewals.push_back({client.lease()->address, lab::wall_clock()});
    }
    std::this_thread::sleep_for(1s);
    Samples lag;
    for (const auto& [address, acknowledged] : renewals) {
        // Whole seconds on both sides: one may be cut off on the way.
        const auto expires = std::chrono::floor<std::chrono::seconds>(acknowledged) + 1h - 2s;
        const auto known = watch.known(address, expires);
        if (!known) return std::nullopt;
        lag.add(std::max<std::chrono::nanoseconds>(*known - acknowledged, 0ns));
    }
    return lag;
}

Samples LeaseHome::lateness(Time from, Time to) const {
    Samples late;
    std::optional<Time> last;
    for (const auto& frame : home_.lan.frames(all({lab::from(home_.h003), adverts(), since(from), lab::before(to)}))) {
        // Each goes to the group, and by unicast to the members: the group's are the ones that are timed.
        if (!destination(frame)->is_multicast()) continue;
        if (last) late.add(std::chrono::abs(frame.at - *last - advert_interval));
        last = frame.at;
    }
    return late;
}

std::optional<double> LeaseHome::idle(lab::Site& site, std::chrono::seconds time) {
    const pid_t agent = site.agent();
    if (agent == 0) return std::nullopt;
    return share_of_processor(agent, time);
}

// Everything that an agent does: it replicates, feeds a dnsmasq, and probes the forwarders.
void measure_lag(const Plan& plan, Report& report) {
    LeaseHome home("lag", "0.01", "dns_failover {\n follows HOME\n forwarder H003\n forwarder H001\n}\n");
    const auto answer = IpAddress::v4(192, 0, 2, 1);
    const std::array forwarders{lab::start_forwarder(home.home().h003, IpAddress::v4(10, 12, 14, 4), answer),
                                lab::start_forwarder(home.home().h001, IpAddress::v4(10, 12, 14, 2), answer)};
    if (!home.start() || !home.join_all()) return report.fail("leases of 200 clients in two dnsmasqs");
    const auto quiet = lab::wall_clock();
    Samples idle;
    for (auto* site : {&home.active(), &home.standby()}) {
        const auto cost = LeaseHome::idle(*site, std::chrono::seconds(plan.runs(10, 4)));
        if (!cost) return report.fail("idle agent: there is none");
        idle.add(*cost);
    }
    const auto busy = lab::wall_clock();
    const auto lag = home.renew_for(std::chrono::seconds(plan.runs(30, 8)));
    if (!lag) return report.fail("renewal to the stand-in's dnsmasq: one never came");
    report.within("lease renewed to usable in the stand-in's dnsmasq, 20 a second, 200 leases, ms", *lag, lag_limit);
    if (!home.active().router.logged("DNS forwarder H001 (10.12.14.2) is OK"))
        return report.fail("forwarders beside 200 leases");
    report.bound("processor of an agent with 200 leases and two forwarders, and nothing else to do, %", idle, {},
                 idle_agent_limit);
    report.keep("advert off its time at `advert_int 0.01`, leases moving, DNS probed, ms",
                home.lateness(busy, lab::wall_clock()), home.lateness(quiet, busy), lateness_limit);
}

// dnsmasq writes its whole file for each lease that it is told.
void measure_injection(const Plan& plan, Report& report) {
    const std::size_t count = plan.quick ? 1000 : 10'000;
    LeaseHome home("injection", "0.1");
    const auto ends = std::chrono::duration_cast<std::chrono::seconds>(lab::wall_clock().time_since_epoch() + 24h);
    std::ofstream file(home.active().server.lease_file());
    for (std::size_t i = 0; i < count; ++i)
        file << fmt::format("{0} 02:dc:01:00:{1:02x}:{2:02x} 10.12.{3}.{4} * *\n", ends.count(), i >> 8, i & 255,
                            i / 250, 1 + i % 250);
    file.close();
    if (!home.start()) return report.fail("a large table in two dnsmasqs");
    const auto begin = lab::wall_clock();
    Samples each;
    if (!lab::wait_until([&] { return home.standby().server.leases().size() == count; }, 240s))
        return report.fail(fmt::format("{} leases into the stand-in's dnsmasq", count));
    each.add((lab::wall_clock() - begin) / static_cast<long>(count));
    report.print(fmt::format("each of {} leases into a stand-in's empty dnsmasq, ms", count), each, {});
}

}  // namespace

void leases(const Plan& plan, Report& report) {
    progress("leases between two dnsmasqs");
    measure_lag(plan, report);
    progress("a large lease table into dnsmasq");
    measure_injection(plan, report);
}

}  // namespace bench
