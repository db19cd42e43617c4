// The Active dies; its stand-in notices, says so, and clients follow. Two routers of equal priority change places
// from run to run, so that every run measures a take-over and nobody waits for a preemption.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <thread>

#include <tl/expected.hpp>

#include "netns-tests/lab/capture.hpp"
#include "netns-tests/lab/traffic.hpp"
#include "netns-tests/lab/wait.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/stall_watch.hpp"
#include "vrrpd/proto/timers.hpp"

namespace bench {

namespace {

using lab::adverts;
using lab::all;
using lab::claims;
using lab::from;
using lab::since;
using vrrpd::IpAddress;

constexpr int equal_priority = 100;
constexpr auto bearable = 1ms;  // of the machine standing still
constexpr auto own_work = 5ms;  // less than this may be the take-over itself
constexpr int attempts = 4;     // for a calm run
const IpAddress vip = IpAddress::v4(10, 12, 14, 1);
// Both routers answer for it; the client reaches it through the VIP.
const IpAddress far = IpAddress::v4(203, 0, 113, 10);

constexpr auto gateway_block = R"(
gateway HOME {
    follows LAN
    lan lan0 10.12.14.0/24
    wan wan0 {
        address own
        via 198.51.100.1
    }
    nat {
        masquerade
    }
}
)";

lab::HostPlan home_router(const std::string& name, int number) {
    return {name,
            {{"lan0", "lan", {fmt::format("10.12.14.{}/24", number)}},
             {"wan0", "wan", {fmt::format("198.51.100.{}/24", number)}}},
            "address add 203.0.113.10/32 dev lo\n"};
}

// Who serves at the virtual address need not wait until it is there.
const lab::Host& binds_ahead(const lab::Host& host) {
    host.netns().set_sysctl("net/ipv4/ip_nonlocal_bind", "1");
    return host;
}

struct TakeOver {
    std::chrono::nanoseconds late;       // behind the arithmetic
    std::chrono::nanoseconds announced;  // advert to gratuitous ARP
    std::chrono::nanoseconds silence;    // of the client
    bool calm;                           // the machine did not stand still when it mattered
};

// A laboratory of one daemon, which lives through all of its runs.
class Home {
public:
    Home(Daemon daemon, const lab::VrrpText& text);

    // Or why it came to nothing.
    tl::expected<TakeOver, std::string> lose_active();
    // The longest that the client is without an answer from the virtual address itself when the Active is told to end:
    // what is beyond a router that is well it still reaches by way of the former one.
    tl::expected<std::chrono::nanoseconds, std::string> stop_active();

private:
    // Exactly one of the two advertises: it is put into active_, the other into standby_.
    bool settle();
    void bring_back();

    lab::VrrpText text_;
    vrrpd::Centiseconds interval_;
    lab::Switches switches_{{"lan", "wan"}};
    lab::Host one_, two_, client_;
    lab::Capture capture_{switches_, "lan"};
    StallWatch stalls_;
    lab::EchoServer one_answers_{one_, {far, 7}}, two_answers_{two_, {far, 7}};
    lab::EchoServer one_serves_{binds_ahead(one_), {vip, 7}}, two_serves_{binds_ahead(two_), {vip, 7}};
    Subject first_, second_;
    Subject* active_ = &first_;
    Subject* standby_ = &second_;
};

Home::Home(Daemon daemon, const lab::VrrpText& text)
    : text_(text),
      interval_(static_cast<std::int32_t>(std::lround(std::stod(text.advert_int) * 100))),
      one_(switches_, home_router(fmt::format("{}1", name(daemon).substr(0, 5)), 2)),
      two_(switches_, home_router(fmt::format("{}2", name(daemon).substr(0, 5)), 3)),
      client_(switches_, {fmt::format("{}C", name(daemon).substr(0, 5)),
                          {{"lan0", "lan", {"10.12.14.100/24"}}},
                          "route add 203.0.113.10/32 via 10.12.14.1\n"}),
      first_(one_, daemon),
      second_(two_, daemon) {
    const auto begin = lab::wall_clock();
    first_.start(text_.text());
    if (!capture_.await(all({since(begin), adverts()}), 20s)) return;  // lose_active() will say so
    second_.start(text_.text());
}

bool Home::settle() {
    if (!standby_->await_log("Entering BACKUP STATE", 1, 10s)) return false;
    for (int attempt = 0; attempt < 10; ++attempt) {
        const auto begin = lab::wall_clock();
        std::this_thread::sleep_for(std::max<std::chrono::nanoseconds>(interval_ * 3 / 2, 250ms));
        const auto heard = [&](const Subject& subject) {
            return capture_.count(all({since(begin), from(subject.host()), adverts()})) > 0;
        };
        const bool active = heard(*active_), standby = heard(*standby_);
        if (active == standby) continue;
        if (standby) std::swap(active_, standby_);
        return true;
    }
    return false;
}

tl::unexpected<std::string> nothing(const char* why) { return tl::unexpected<std::string>(why); }

tl::expected<TakeOver, std::string> Home::lose_active() {
    if (!settle()) return nothing("there is not exactly one Active");
    const lab::Pinger pinger(client_, {far, 7});
    if (!pinger.await_answer(2s)) return nothing("the client gets no answer before");
    const auto fault = lab::wall_clock();
    active_->host().isolate("lan0");  // power loss: its kernel must not answer either
    active_->kill();
    const auto expected = vrrpd::proto::down_interval(
        vrrpd::proto::Version::v3, *vrrpd::proto::Priority::configured(equal_priority), interval_, 3);
    const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(expected) + 5s;
    const auto taken = capture_.await(all({since(fault), from(standby_->host()), adverts()}), limit);
    if (!taken) return nothing("nobody took over");
    const auto last = capture_.last_heard(standby_->host(), all({lab::sent_by(active_->host(), "lan0"), adverts()}));
    const auto claim = capture_.await(all({since(taken->at), from(standby_->host()), claims(vip)}), 5s);
    if (!last || !claim) return nothing("no gratuitous ARP");
    if (!pinger.await_answer(5s)) return nothing("the client gets no answer after");
    const auto calm = stalls_.calm(last->at - 1ms, last->at + 1ms, bearable) &&
                      stalls_.calm(last->at + expected - 1ms, taken->at, bearable) &&
                      stalls_.calm(taken->at, claim->at, own_work);
    const TakeOver result{taken->at - last->at - expected, claim->at - taken->at, pinger.longest_silence(fault), calm};
    bring_back();
    return result;
}

tl::expected<std::chrono::nanoseconds, std::string> Home::stop_active() {
    if (!settle()) return nothing("there is not exactly one Active");
    const lab::Pinger pinger(client_, {vip, 7});
    if (!pinger.await_answer(2s)) return nothing("the client gets no answer before");
    const auto begin = lab::wall_clock();
    active_->terminate();
    const auto taken = capture_.await(all({since(begin), from(standby_->host()), claims(vip)}), 10s);
    if (!taken) return nothing("nobody took over");
    active_->finish();
    if (!lab::wait_until([&] { return pinger.answered_since(taken->at); }, 5s))
        return nothing("the client gets no answer after");
    const auto silence = pinger.longest_silence(begin);
    bring_back();
    return silence;
}

void Home::bring_back() {
    // The address that the dead daemon left, as after a reboot. Ours may have put it right itself already.
    active_->host().run({"ip", "address", "del", "10.12.14.1/24", "dev", "lan0"});
    active_->host().rejoin("lan0");
    active_->start(text_.text());
    std::swap(active_, standby_);
}

struct Measured {
    Pair late, announced, silence;
    int disturbed = 0;

    void add(Daemon daemon, const TakeOver& run) {
        late.of(daemon).add(run.late);
        announced.of(daemon).add(run.announced);
        silence.of(daemon).add(run.silence);
        if (!run.calm) ++disturbed;
    }
};

// A lost run is tried again, and one while the machine was busy with something else; but not for ever.
std::optional<TakeOver> one_take_over(std::optional<Home>& home, Daemon daemon, const lab::VrrpText& text) {
    std::optional<TakeOver> best;
    for (int attempt = 0; attempt < attempts && !(best && best->calm); ++attempt) {
        if (!home) home.emplace(daemon, text);
        if (const auto run = home->lose_active()) {
            best = *run;
        } else {
            progress(fmt::format("  {}: a run came to nothing: {}", name(daemon), run.error()));
            home.reset();
        }
    }
    return best;
}

Measured measure(const Plan& plan, Report& report, const lab::VrrpText& text, int runs) {
    Measured measured;
    std::map<Daemon, std::optional<Home>> homes;
    alternate(plan, runs, [&](Daemon daemon) {
        const auto run = one_take_over(homes[daemon], daemon, text);
        if (run) return measured.add(daemon, *run);
        report.fail(fmt::format("take-over of {}, `advert_int {}`", name(daemon), text.advert_int));
    });
    if (measured.disturbed > 0) {
        report.note(fmt::format(
            "`advert_int {}`: in {} of {} take-overs this machine stood still for more than {} ms, {} times running.",
            text.advert_int, measured.disturbed, runs * static_cast<int>(plan.sides.size()), bearable.count(),
            attempts));
    }
    return measured;
}

void planned_stops(const Plan& plan, Report& report, const lab::VrrpText& text, const std::string& figure) {
    const int runs = plan.runs(10, 3);
    Pair silence;
    std::map<Daemon, std::optional<Home>> homes;
    alternate(plan, runs, [&](Daemon daemon) {
        auto& home = homes[daemon];
        if (!home) home.emplace(daemon, text);
        const auto run = home->stop_active();
        if (run) return silence.of(daemon).add(*run);
        report.fail(fmt::format("planned stop of {}: {}", name(daemon), run.error()));
        home.reset();
    });
    report.print(figure, silence.ours, silence.theirs);
}

}  // namespace

void detection(const Plan& plan, Report& report, const std::string& advert_int) {
    const int runs = advert_int == "1" ? plan.runs(10, 3) : plan.runs(50, 6);
    progress(fmt::format("detection, advert_int {}: {} runs each", advert_int, runs));
    auto measured = measure(plan, report, {.priority = equal_priority, .advert_int = advert_int}, runs);
    const auto figure = [&](const char* what) { return fmt::format("`advert_int {}`: {}, ms", advert_int, what); };
    report.compare(figure("take-over advert behind the arithmetic"), measured.late.ours, measured.late.theirs, 1);
    report.compare(figure("advert to gratuitous ARP"), measured.announced.ours, measured.announced.theirs, 1);
    report.print(figure("client without an answer"), measured.silence.ours, measured.silence.theirs);
    planned_stops(plan, report, {.priority = equal_priority, .advert_int = advert_int},
                  figure("client without an answer of the address at a planned stop"));
}

void detection_with_gateway(const Plan& plan, Report& report) {
    const int runs = plan.runs(30, 6);
    progress(fmt::format("take-over with a gateway block: {} runs", runs));
    Plan ours = plan;
    std::erase(ours.sides, Daemon::keepalived);
    const auto measured = measure(ours, report, {.priority = equal_priority, .after = gateway_block}, runs);
    const auto figure = [&](const char* what) { return fmt::format("with a `gateway` block: {}, ms", what); };
    report.print(figure("take-over advert behind the arithmetic"), measured.late.ours, {});
    report.print(figure("advert to gratuitous ARP"), measured.announced.ours, {});
    report.print(figure("client without an answer"), measured.silence.ours, {});
    planned_stops(ours, report, {.priority = equal_priority, .after = gateway_block},
                  figure("client without an answer of the address at a planned stop"));
}

}  // namespace bench
