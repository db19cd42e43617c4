// A Prober and the forwarders that it asks, in one loop, on loopback in a network namespace of the test's own. Paces
// are short here, and what has to happen within a bound gets seconds beyond it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dnsfailover/prober.hpp"
#include "tests/dnsfailover/fake_forwarder.hpp"

namespace dnsfailover::test {

using namespace std::chrono_literals;

// The calling thread in a fresh network namespace with nothing but loopback in it.
class OwnLoopback {
public:
    OwnLoopback() : home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
        entered_ = home_ && ::unshare(CLONE_NEWNET) == 0;
        if (!entered_) return;
        const vrrpd::Fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        ifreq request{{"lo"}, {}};
        request.ifr_flags = IFF_UP;
        EXPECT_EQ(::ioctl(any.get(), SIOCSIFFLAGS, &request), 0);
    }
    OwnLoopback(const OwnLoopback&) = delete;
    OwnLoopback& operator=(const OwnLoopback&) = delete;
    ~OwnLoopback() {
        if (!entered_) return;
        EXPECT_EQ(::setns(home_.get(), CLONE_NEWNET), 0);
    }
    [[nodiscard]] bool entered() const { return entered_; }

private:
    vrrpd::Fd home_;
    bool entered_ = false;
};

class Lines : public vrrpd::Log {
public:
    void write(vrrpd::LogLevel, std::string_view line) override { all.emplace_back(line); }
    std::vector<std::string> all;
};

inline constexpr Pace quick{60ms, 40ms, 3, 2};
inline constexpr Duration bound = worst_detection(quick);
inline constexpr Duration slack = 3s;  // a busy machine

inline Checks quick_checks() {
    Checks checks;
    checks.liveness = checks.resolution = checks.canary = quick;
    checks.slow = 30ms;
    return checks;
}

class Probing : public testing::Test {
protected:
    void SetUp() override {
        if (!namespace_.entered()) GTEST_SKIP() << "SKIPPED: a network namespace of our own needs root";
        for (const auto* address : {"127.0.0.3", "127.0.0.1", "127.0.0.2"})
            fakes.push_back(std::make_unique<FakeForwarder>(loop, address));
        loop.before_wait([this] { loop.set_deadline(next_deadline()); });
        loop.on_deadline([this] { time_reached(); });
    }
    // Asks the first `count` of the fakes.
    void ask(std::size_t count = 1, const Checks& checks = quick_checks()) {
        std::vector<Prober::Forwarder> forwarders;
        for (std::size_t i = 0; i < count; ++i)
            forwarders.push_back({"H00" + std::to_string(i), fakes[i]->endpoint(), checks});
        ask(forwarders);
    }
    void ask(const std::vector<Prober::Forwarder>& forwarders) {
        loop.refresh();
        prober = std::make_unique<Prober>(
            loop, log, forwarders, [this](std::size_t, const HealthChange& change) { changes.push_back(change); });
    }
    // Until it holds, or the time is up. Returns how long that took.
    template <class Condition>
    Duration until(Condition&& holds, Duration limit) {
        loop.refresh();
        const auto began = loop.now();
        while (!holds() && loop.now() < began + limit) {
            limit_ = std::min(began + limit, loop.now() + 5ms);
            loop.run();
        }
        EXPECT_TRUE(holds()) << "not within " << limit / 1ms << " ms";
        return loop.now() - began;
    }
    Duration until(Health health, Duration limit, std::size_t which = 0) {
        return until([&] { return prober->monitor(which).health() == health; }, limit);
    }
    void pass(Duration time) {
        loop.refresh();
        const auto end = loop.now() + time;
        until([&] { return loop.now() >= end; }, time + slack);
    }
    void expect(Health health, Symptom symptom) {
        until([&] { return prober->monitor(0).symptom() == symptom; }, bound + slack);
        EXPECT_EQ(prober->monitor(0).health(), health);
    }
    void kill(std::size_t which) { fakes[which].reset(); }

    OwnLoopback namespace_;
    Lines log;
    vrrpd::Loop loop;
    std::vector<std::unique_ptr<FakeForwarder>> fakes;
    std::unique_ptr<Prober> prober;
    std::vector<HealthChange> changes;

private:
    [[nodiscard]] Deadline next_deadline() const {
        Deadline first = limit_;
        if (prober) first = vrrpd::earlier(first, prober->next_deadline());
        for (const auto& fake : fakes)
            if (fake) first = vrrpd::earlier(first, fake->next_deadline());
        return first;
    }
    void time_reached() {
        if (prober) prober->time_reached();
        for (const auto& fake : fakes)
            if (fake) fake->time_reached();
        if (loop.now() >= limit_) loop.stop();
    }
    Instant limit_{};
};

}  // namespace dnsfailover::test
