// Leases from one replica to the two others, over TLS: how long a renewal takes at a thousand a second, and how long a
// whole table takes to who has nothing.
#include <map>

#include "tests/bench/bench.hpp"
#include "tests/bench/replicas.hpp"

namespace bench {

namespace {

using dhcpsync::LeaseBook;
using dhcpsync::LocalLeases;
using vrrpd::Instant;

constexpr std::size_t renewed_leases = 1000;
constexpr auto renewal_every = 1ms;
constexpr dhcpsync::Seconds hour{3600};
constexpr std::size_t snapshot_leases = 10'000;
constexpr double snapshot_limit = 1000;  // ms

LeaseBook book_of(std::size_t count) {
    LeaseBook book;
    for (std::size_t i = 0; i < count; ++i) {
        auto lease = lease_number(i, moment().wall + hour);
        book.leases.emplace(lease.address, std::move(lease));
    }
    return book;
}

bool all_know(const Replicas& replicas, std::size_t count) {
    for (std::size_t node = 0; node < Replicas::count; ++node)
        if (replicas.leases_of(node) != count) return false;
    return true;
}

// The DHCP server of node 0, with a clock of renewals: each is longer than the last, so all are news.
class Renewals {
public:
    explicit Renewals(Replicas& replicas) : replicas_(replicas), book_(book_of(renewed_leases)) {
        replicas_.step(0, dhcpsync::BecameActive{});
        replicas_.step(0, LocalLeases{book_, true});
        replicas_.on_learnt([this](std::size_t node, const dhcpsync::Change& change) { learnt(node, change); });
    }
    // All that are due by now, as one read of the lease file brings them.
    void go_on() {
        const auto now = vrrpd::boot_now();
        if (!next_) next_ = now;
        bool news = false;
        for (; *next_ <= now; *next_ += renewal_every, news = true) renew(*next_);
        if (news) replicas_.step(0, LocalLeases{book_, true});
    }
    [[nodiscard]] const Samples& lag() const { return lag_; }

private:
    void renew(Instant due) {
        auto at = book_.leases.begin();
        std::advance(at, static_cast<long>(number_++ % renewed_leases));
        at->second.expires += hour;
        renewed_[at->first] = {due, at->second.expires};
    }
    void learnt(std::size_t node, const dhcpsync::Change& change) {
        const auto at = renewed_.find(change.address);
        if (node == 0 || at == renewed_.end() || !change.lease || change.lease->expires != at->second.expires) return;
        lag_.add(vrrpd::boot_now() - at->second.due);
    }

    struct Renewed {
        Instant due;
        dhcpsync::WallTime expires;
    };
    Replicas& replicas_;
    LeaseBook book_;
    std::map<dhcpsync::IpAddress, Renewed> renewed_;
    std::size_t number_ = 0;
    vrrpd::Deadline next_;
    Samples lag_;
};

void measure_renewals(const Plan& plan, Report& report) {
    Replicas replicas;
    replicas.connect();
    Renewals renewals(replicas);
    const auto time = std::chrono::seconds(plan.runs(10, 2));
    if (!replicas.await_connections() || !replicas.run_until([&] { return all_know(replicas, renewed_leases); }, 5s))
        return report.fail("renewals in the replica: it did not begin");
    (void)replicas.run_until([&] { return renewals.go_on(), false; }, time);
    // Every renewal, at each of the two others; what is still under way at the end may be missing.
    const auto wanted = (Replicas::count - 1) * static_cast<std::size_t>(time / renewal_every) * 98 / 100;
    if (renewals.lag().size() < wanted) report.fail("renewals in the replica: some never came");
    report.print("lease renewed to known by a peer's replica, 1,000 a second, ms", renewals.lag(), {});
}

void measure_snapshot(const Plan& plan, Report& report) {
    Samples taken;
    for (int run = 0; run < plan.runs(10, 2); ++run) {
        Replicas replicas;
        replicas.step(0, dhcpsync::BecameActive{});
        replicas.step(0, LocalLeases{book_of(snapshot_leases), true});
        std::array<std::size_t, Replicas::count> known{snapshot_leases, 0, 0};
        replicas.on_learnt([&](std::size_t node, const dhcpsync::Change&) { ++known[node]; });
        const auto begin = vrrpd::boot_now();
        replicas.connect();
        const auto complete = [&] { return known[1] >= snapshot_leases && known[2] >= snapshot_leases; };
        if (!replicas.run_until(complete, 20s) || !all_know(replicas, snapshot_leases))
            return report.fail("snapshot of 10,000 leases: it never came");
        taken.add(vrrpd::boot_now() - begin);
    }
    report.bound("snapshot of 10,000 leases into two peers' replicas, connecting included, ms", taken, {},
                 snapshot_limit);
}

}  // namespace

void replication(const Plan& plan, Report& report) {
    progress("lease replication, in the replica alone");
    const lab::NetNamespace netns("replicas");
    netns.ip("link set lo up\n");
    netns.inside([&] {
        measure_renewals(plan, report);
        measure_snapshot(plan, report);
    });
}

}  // namespace bench
