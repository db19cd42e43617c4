#include "dnsfailover/prober.hpp"

#include <sys/epoll.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace dnsfailover {

namespace {

constexpr int sockets_a_turn = 16;  // more wait for the next turn, so timers are served

// What keeps this host from sending says nothing about the forwarder.
constexpr std::array own_faults{EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN, EPERM, EACCES, EADDRNOTAVAIL};

bool is_own_fault(int code) { return std::find(own_faults.begin(), own_faults.end(), code) != own_faults.end(); }

// Drawn from the kernel each time: who can guess ids can answer for a forwarder.
Dice roll() {
    Dice dice{};
    ASSERT(::getrandom(&dice.id, sizeof dice.id, 0) == sizeof dice.id);
    ASSERT(::getrandom(&dice.label, sizeof dice.label, 0) == sizeof dice.label);
    return dice;
}

vrrpd::LogLevel level_of(Health health) {
    return is_healthy(health) ? vrrpd::LogLevel::notice : vrrpd::LogLevel::warning;
}

}  // namespace

Prober::Prober(vrrpd::Loop& loop, vrrpd::Log& log, const std::vector<Forwarder>& forwarders, Changed changed)
    : loop_(loop), log_(log), changed_(std::move(changed)), ready_(::epoll_create1(EPOLL_CLOEXEC)) {
    ASSERT(ready_);
    for (const auto& each : forwarders)
        subjects_.push_back({each.name, each.at, HealthMonitor(each.checks, loop.now())});
    watch_ = loop.on_readable(ready_.get(), [this] { sockets_ready(); });
}

Deadline Prober::next_deadline() const {
    Deadline first;
    for (const auto& subject : subjects_) first = vrrpd::earlier(first, subject.monitor.next_deadline());
    return first;
}

void Prober::time_reached() {
    for (std::size_t i = 0; i < subjects_.size(); ++i) step(i, TimeReached{});
    for (auto at = on_their_way_.begin(); at != on_their_way_.end();)
        at = at->second.probe.until <= loop_.now() ? forget(at) : std::next(at);
}

void Prober::host_silent(std::size_t forwarder) { step(forwarder, HostSilent{}); }

void Prober::step(std::size_t forwarder, const HealthEvent& event) {
    for (const auto& action : subjects_.at(forwarder).monitor.step(loop_.now(), event))
        std::visit([&](const auto& what) { carry_out(forwarder, what); }, action);
}

void Prober::carry_out(std::size_t forwarder, const HealthChange& change) {
    const auto& subject = subjects_[forwarder];
    const bool never_answered = change.from == Health::unknown && change.symptom == Symptom::silent;
    log_.write(level_of(change.to),
               fmt::format("DNS forwarder {} ({}) is {} (was {}): {}{}", subject.name, subject.at.address.to_string(),
                           to_string(change.to), to_string(change.from), describe(change.symptom),
                           never_answered ? fmt::format("; does a DNS server listen there, and does the firewall of "
                                                        "that host let in port {}, UDP and TCP, from this one?",
                                                        subject.at.port)
                                          : ""));
    changed_(forwarder, change);
}

void Prober::carry_out(std::size_t forwarder, const SendProbe& action) {
    const auto& subject = subjects_[forwarder];
    auto exchange =
        Exchange::begin(subject.at, action.probe.transport, query_for(subject.monitor.plan(), action.probe, roll()));
    if (!exchange) return could_not_send(forwarder, action.probe, exchange.error());
    const auto number = ++last_number_;
    if (!watch(number, *exchange, EPOLL_CTL_ADD))
        return could_not_send(forwarder, action.probe, {errno, "watch a DNS probe's socket"});
    on_their_way_.emplace(number, OnItsWay{forwarder, action.probe, std::move(*exchange)});
    said_unsent_ = false;
}

void Prober::could_not_send(std::size_t forwarder, const Probe& probe, const vrrpd::OsError& error) {
    if (!is_own_fault(error.code)) return step(forwarder, Failed{probe});
    if (!std::exchange(said_unsent_, true))
        log_.warning("DNS forwarder {} is not judged: {}", subjects_[forwarder].name, error.describe());
    step(forwarder, Unsent{probe});
}

void Prober::sockets_ready() {
    std::array<epoll_event, sockets_a_turn> events;
    const int count = ::epoll_wait(ready_.get(), events.data(), sockets_a_turn, 0);
    for (int i = 0; i < count; ++i) {
        // Taken out first: epoll_event is packed, and a reference into it may be misaligned.
        const std::uint64_t which = events[static_cast<std::size_t>(i)].data.u64;
        const auto at = on_their_way_.find(which);  // one that is served may have ended another one
        if (at != on_their_way_.end()) proceed(at);
    }
}

void Prober::proceed(OnTheirWay::iterator at) {
    auto& [forwarder, probe, exchange] = at->second;
    const auto awaited = exchange.awaits();
    const auto progress = exchange.proceed();
    if (progress == Exchange::Progress::waiting) {
        if (exchange.awaits() != awaited) ASSERT(watch(at->first, exchange, EPOLL_CTL_MOD));
        return;
    }
    const auto event = progress == Exchange::Progress::answered ? HealthEvent(Answered{probe, exchange.answer()})
                                                                : HealthEvent(Failed{probe});
    const auto about = forwarder;
    forget(at);
    step(about, event);
}

Prober::OnTheirWay::iterator Prober::forget(OnTheirWay::iterator at) {
    subjects_[at->second.forwarder].misfits += at->second.exchange.misfits();
    return on_their_way_.erase(at);
}

bool Prober::watch(std::uint64_t number, const Exchange& exchange, int operation) {
    epoll_event event{};
    event.events = exchange.awaits();
    event.data.u64 = number;
    return ::epoll_ctl(ready_.get(), operation, exchange.fd(), &event) == 0;
}

}  // namespace dnsfailover
