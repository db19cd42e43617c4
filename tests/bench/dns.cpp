// How long a client is without an answer from the virtual address's DNS: when the forwarder of the active router dies,
// and at a take-over, where it dies with its host. keepalived has nothing like it.
#include "netns-tests/lab/dns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "netns-tests/lab/capture.hpp"
#include "netns-tests/lab/traffic.hpp"
#include "netns-tests/lab/wait.hpp"
#include "tests/bench/bench.hpp"

namespace bench {

namespace {

using lab::Time;
using vrrpd::IpAddress;

// Three rounds of probes two seconds apart, the last one's timeout, and 50 ms for us (dnsfailover/core/pace.hpp).
constexpr double longest_outage_ms = 3 * 2000 + 500 + 50;
// Beyond the silence of the address itself: what the agent takes to be told, and the rules to be put in.
constexpr double beyond_the_address_ms = 100;
constexpr auto patience = 10ms;  // for one answer: so exact is the figure
const IpAddress first_answer = IpAddress::v4(192, 0, 2, 3), second_answer = IpAddress::v4(192, 0, 2, 1);
const IpAddress first_address = IpAddress::v4(10, 12, 14, 2), second_address = IpAddress::v4(10, 12, 14, 3);
const IpAddress far = IpAddress::v4(203, 0, 113, 10);  // both routers answer for it

constexpr auto blocks = R"(
gateway HOME {
    follows LAN
    lan lan0 10.12.14.0/24
}
peer_link {
    member DNS1 10.12.14.2
    member DNS2 10.12.14.3
}
dns_failover {
    follows HOME
    forwarder DNS1
    forwarder DNS2
    hold_down 1
}
)";

// Asks all the time, one question after the other.
class Asker {
public:
    explicit Asker(const lab::Host& client) {
        worker_.start([this, &client] { ask(client); });
    }
    [[nodiscard]] std::optional<IpAddress> last() const {
        const std::lock_guard lock(mutex_);
        return last_;
    }
    bool await(const IpAddress& answer, std::chrono::milliseconds limit) const {
        return lab::wait_until([&] { return last() == answer; }, limit);
    }
    // The longest time between two answers, of which the later one came after `from`.
    [[nodiscard]] std::chrono::nanoseconds longest_silence(Time from) const {
        const std::lock_guard lock(mutex_);
        std::chrono::nanoseconds longest{0};
        for (std::size_t i = 1; i < times_.size(); ++i)
            if (times_[i] > from) longest = std::max<std::chrono::nanoseconds>(longest, times_[i] - times_[i - 1]);
        return longest;
    }

private:
    void ask(const lab::Host& client) {
        const auto answer = lab::resolve(client, lab::Home::vip, patience);
        if (!answer) return;
        std::this_thread::sleep_for(1ms);
        const std::lock_guard lock(mutex_);
        last_ = answer;
        times_.push_back(lab::wall_clock());
    }

    mutable std::mutex mutex_;
    std::optional<IpAddress> last_;
    std::vector<Time> times_;
    lab::Worker worker_;
};

lab::HostPlan router_plan(const std::string& name, int number) {
    return {name, {{"lan0", "lan", {fmt::format("10.12.14.{}/24", number)}}}, "address add 203.0.113.10/32 dev lo\n"};
}

// Two routers with a forwarder each; the first one is Active, and its forwarder the first of the list.
class Names {
public:
    Names() {
        first_.start(lab::VrrpText{.priority = 200, .after = blocks}.text());
        (void)asker_.await(first_answer, 20s);
        second_.start(lab::VrrpText{.priority = 150, .after = blocks}.text());
        ready_ = second_.await_log("DNS forwarder DNS1 (10.12.14.2) is OK", 1, 20s);
    }

    // The agents of both, while every forwarder answers.
    std::optional<Samples> at_rest(std::chrono::seconds time) {
        if (!ready_) return std::nullopt;
        Samples shares;
        for (auto* subject : {&first_, &second_}) {
            const auto agent = subject->agent();
            if (agent == 0) return std::nullopt;
            shares.add(share_of_processor(agent, time));
        }
        return shares;
    }
    // nullopt: it came to nothing.
    std::optional<std::chrono::nanoseconds> lose_forwarder() {
        if (!ready_ || !asker_.await(first_answer, 20s)) return std::nullopt;
        std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 2000));  // anywhere between two probes
        const auto fault = lab::wall_clock();
        first_forwarder_.kill_all();
        const bool moved = asker_.await(second_answer, 20s);
        const auto silence = asker_.longest_silence(fault);
        first_forwarder_ = lab::start_forwarder(one_, first_address, first_answer);
        return moved ? std::optional(silence) : std::nullopt;
    }

    struct TakeOver {
        std::chrono::nanoseconds names, address;
    };
    // Ends the laboratory: what lost its power stays so.
    std::optional<TakeOver> lose_router() {
        const lab::Pinger pinger(client_, {far, 7});
        if (!ready_ || !asker_.await(first_answer, 20s) || !pinger.await_answer(5s)) return std::nullopt;
        std::this_thread::sleep_for(300ms);
        const auto fault = lab::wall_clock();
        one_.isolate("lan0");
        first_.kill();
        first_forwarder_.kill_all();
        if (!asker_.await(second_answer, 20s) || !pinger.await_answer(5s)) return std::nullopt;
        return TakeOver{asker_.longest_silence(fault), pinger.longest_silence(fault)};
    }

private:
    std::minstd_rand random_{std::random_device{}()};
    lab::Switches switches_{{"lan"}};
    lab::Host one_{switches_, router_plan("DNS1", 2)}, two_{switches_, router_plan("DNS2", 3)};
    lab::Host client_{switches_,
                      {"DNSC", {{"lan0", "lan", {"10.12.14.100/24"}}}, "route add 203.0.113.10/32 via 10.12.14.1\n"}};
    lab::EchoServer one_answers_{one_, {far, 7}}, two_answers_{two_, {far, 7}};
    lab::Process first_forwarder_ = lab::start_forwarder(one_, first_address, first_answer);
    lab::Process second_forwarder_ = lab::start_forwarder(two_, second_address, second_answer);
    Subject first_{one_, Daemon::vrrpd}, second_{two_, Daemon::vrrpd};
    Asker asker_{client_};
    bool ready_ = false;
};

}  // namespace

void dns(const Plan& plan, Report& report) {
    const int deaths = plan.runs(10, 2), losses = plan.runs(10, 2);
    progress(fmt::format("DNS: {} dead forwarders, {} take-overs", deaths, losses));
    Samples outages, beyond;
    {
        Names names;
        const auto shares = names.at_rest(std::chrono::seconds(plan.runs(20, 6)));
        if (!shares) return report.fail("DNS: an agent that probes, at rest: there is none");
        report.bound("processor of an agent that probes two forwarders, %", *shares, {}, idle_agent_limit);
        for (int i = 0; i < deaths; ++i) {
            const auto outage = names.lose_forwarder();
            if (!outage) return report.fail("DNS: the second forwarder never answered");
            outages.add(*outage);
        }
    }
    for (int i = 0; i < losses; ++i) {
        const auto lost = Names().lose_router();
        if (!lost) return report.fail("DNS: no answer after a take-over");
        beyond.add(std::max<std::chrono::nanoseconds>(lost->names - lost->address, 0ns));
    }
    report.bound("DNS: client without an answer, the forwarder was killed, ms", outages, {}, longest_outage_ms);
    report.bound("DNS: client without an answer longer than without the address, ms", beyond, {},
                 beyond_the_address_ms);
}

}  // namespace bench
