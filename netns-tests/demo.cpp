// The home of the README, shown: three real vrrpds with one configuration file, a client behind them, and
// power losses. Prints who is the gateway at each step and how long the client got no answer. Exits 1 when
// anything was not as it should be.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "netns-tests/lab/home.hpp"
#include "netns-tests/lab/janitor.hpp"
#include "netns-tests/lab/router.hpp"
#include "netns-tests/lab/traffic.hpp"
#include "netns-tests/lab/wait.hpp"

namespace {

using namespace std::chrono_literals;
using namespace lab;

constexpr std::string_view usual_delay = "$PREEMPT_DELAY=60";
constexpr std::string_view short_delay = "$PREEMPT_DELAY=3";
// Three intervals of 100 ms, the skew of the lowest priority, and what a busy machine may add.
constexpr auto longest_outage = 600ms;

std::string home_configuration() {
    std::ostringstream text;
    text << std::ifstream(LAB_HOME_CONF).rdbuf();
    auto configuration = text.str();
    const auto at = configuration.find(usual_delay);
    if (at == std::string::npos) give_up("home.conf has no line " + std::string(usual_delay));
    return configuration.replace(at, usual_delay.size(), short_delay);
}

class Demo {
public:
    int run();

private:
    void start(Router& router);
    void step(const std::string& what, const Host& expected, Time from);
    void check(bool good, const std::string& complaint);
    void lose(Host& host, const Host& successor);
    void bring_back(Router& router, const Host& expected);
    void report_failure();

    Home home_;
    Router h003_{home_.h003, Daemon::vrrpd}, h001_{home_.h001, Daemon::vrrpd}, h002_{home_.h002, Daemon::vrrpd};
    EchoServer echo_{home_.internet, {Home::internet_address}};
    Pinger pinger_{home_.client, {Home::internet_address, 7}};
    std::string configuration_ = home_configuration();
    bool good_ = true;
};

void Demo::check(bool good, const std::string& complaint) {
    if (good) return;
    good_ = false;
    fmt::print("  NOT SO: {}\n", complaint);
}

void Demo::start(Router& router) {
    router.configure(configuration_);
    router.start();
}

// Waits until `expected` is the gateway and the client has its answers, then says how it went.
void Demo::step(const std::string& what, const Host& expected, Time from) {
    const bool moved = home_.await_holder(expected, 20s);
    const bool answered = pinger_.await_answer(5s);
    const auto silence = milliseconds(pinger_.longest_silence(from));
    std::string holders;
    for (const auto& name : home_.holders()) holders += name + " ";
    fmt::print("{:<44} gateway: {:<6} client without an answer: {:5.0f} ms\n", what,
               holders.empty() ? "nobody" : holders, silence);
    std::fflush(stdout);
    check(moved, expected.name() + " should be the gateway");
    check(answered, "the client gets no answers");
    check(silence < milliseconds(longest_outage), "that is too long");
}

void Demo::lose(Host& host, const Host& successor) {
    const auto from = wall_clock();
    host.lose_power();
    step(host.name() + " loses power", successor, from);
}

// The role returns only after preempt_delay, so first nothing may change for the client.
void Demo::bring_back(Router& router, const Host& expected) {
    const auto from = wall_clock();
    router.host().power_on();
    start(router);
    router.await_log("Entering BACKUP STATE");
    step(router.host().name() + " is back", expected, from);
}

int Demo::run() {
    fmt::print("The home of netns-tests/home.conf, with {} instead of {} so that this ends soon.\n\n", short_delay,
               usual_delay);
    start(h003_);
    check(home_.await_holder(home_.h003, 20s), "H003 should be the gateway");
    start(h001_);
    start(h002_);
    check(h001_.await_log("Entering BACKUP STATE") && h002_.await_log("Entering BACKUP STATE"),
          "H001 and H002 should stand in");
    check(pinger_.await_answer(), "the client gets no answers");
    step("All three run", home_.h003, wall_clock());
    std::this_thread::sleep_for(1s);
    lose(home_.h003, home_.h001);
    std::this_thread::sleep_for(1s);
    lose(home_.h001, home_.h002);
    std::this_thread::sleep_for(1s);
    bring_back(h001_, home_.h001);
    bring_back(h003_, home_.h003);
    check(echo_.askers().size() >= 3, "the internet should have seen the client behind each of the three routers");
    if (!good_) report_failure();
    fmt::print("\n{}\n", good_ ? "All as it should be." : "Something was not as it should be.");
    return good_ ? 0 : 1;
}

void Demo::report_failure() {
    for (const auto* router : {&h003_, &h001_, &h002_}) {
        fmt::print("\n---- log of {}\n{}", router->host().name(), router->log());
    }
}

}  // namespace

int main() {
    start_janitor();
    return Demo().run();
}
