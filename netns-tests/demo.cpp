// The home of the README, shown: three real vrrpds with one configuration file, a dnsmasq and a DNS forwarder on each,
// a client that got its address by DHCP, and power losses. Prints at each step who is the gateway, how long the client
// got no answer, its address after a renewal, and who answered its DNS question. Exits 1 when anything was not as it
// should be.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "netns-tests/lab/dhcp_client.hpp"
#include "netns-tests/lab/dns.hpp"
#include "netns-tests/lab/home.hpp"
#include "netns-tests/lab/janitor.hpp"
#include "netns-tests/lab/site.hpp"
#include "netns-tests/lab/traffic.hpp"
#include "netns-tests/lab/wait.hpp"

namespace {

using namespace std::chrono_literals;
using namespace lab;
using vrrpd::IpAddress;

constexpr std::string_view usual_delay = "$PREEMPT_DELAY=60";
constexpr std::string_view short_delay = "$PREEMPT_DELAY=3";
// Three intervals of 100 ms, the skew of the lowest priority, and what a busy machine may add.
constexpr auto longest_outage = 600ms;

void replace(std::string& text, std::string_view what, const std::string& by) {
    const auto at = text.find(what);
    if (at == std::string::npos) give_up(fmt::format("home.conf has no line {}", what));
    text.replace(at, what.size(), by);
}

// Three hosts on one disk: each has its own files below the laboratory's directory.
std::string home_configuration(const Site& site, const std::string& key_file) {
    std::ostringstream text;
    text << std::ifstream(LAB_HOME_CONF).rdbuf();
    auto configuration = text.str();
    replace(configuration, usual_delay, std::string(short_delay));
    replace(configuration, "/etc/vrrpd/peer.key", key_file);
    replace(
        configuration, "lease_file auto",
        fmt::format("lease_file {}\n        configuration {}", site.server.lease_file(), site.server.configuration()));
    return configuration;
}

ForwarderPlan forwarder(std::uint8_t number) {
    return {IpAddress::v4(10, 12, 14, number), IpAddress::v4(192, 0, 2, number)};
}

// The client's operating system: what its DHCP client learnt is set on its card.
class Dweller {
public:
    explicit Dweller(const Host& host) : host_(host), card_(host, "lan0"), dhcp_(card_, own_mac(host)) {
        host.netns().ip("address flush dev lan0\n");
    }
    bool join() {
        if (!wait_until([this] { return dhcp_.join() == DhcpAnswer::ack; }, 10s)) return false;
        address_ = dhcp_.lease()->address;
        if (dhcp_.lease()->routers.empty() || dhcp_.lease()->dns != dhcp_.lease()->routers) return false;
        host_.netns().ip(fmt::format("address add {}/24 dev lan0\nroute add default via {}\n", address_.to_string(),
                                     dhcp_.lease()->routers.front().to_string()));
        return true;
    }
    // The same address again, from the same server.
    bool renew() {
        return wait_until([this] { return dhcp_.renew() == DhcpAnswer::ack; }, 5s) && dhcp_.has(address_) &&
               dhcp_.lease()->server == Home::vip;
    }
    [[nodiscard]] std::string address() const { return dhcp_.lease() ? dhcp_.lease()->address.to_string() : "none"; }

private:
    static vrrpd::MacAddress own_mac(const Host& host) { return *vrrpd::MacAddress::parse(host.mac("lan0")); }

    const Host& host_;
    DhcpCard card_;
    DhcpClient dhcp_;
    IpAddress address_;
};

class Demo {
public:
    int run();

private:
    void start(Site& site);
    void start_all();
    void show();
    bool begins_as_gateway(Site& site);
    void step(const std::string& what, const Host& expected, Time from);
    void check(bool good, const std::string& complaint);
    void lose(Site& site, const Host& successor);
    void bring_back(Site& site, const Host& expected);
    void report_failure();
    // The host whose forwarder answers the client.
    std::string who_answers();

    Home home_;
    const std::string key_file_ = make_key("peer.key");
    Site h003_{home_.h003, {}, forwarder(4)}, h001_{home_.h001, {}, forwarder(2)}, h002_{home_.h002, {}, forwarder(3)};
    const std::array<Site*, 3> sites_{&h003_, &h001_, &h002_};
    EchoServer echo_{home_.internet, {Home::internet_address}};
    Dweller client_{home_.client};
    std::optional<Pinger> pinger_;
    bool good_ = true;
};

void Demo::check(bool good, const std::string& complaint) {
    if (good) return;
    good_ = false;
    fmt::print("  NOT SO: {}\n", complaint);
}

void Demo::start(Site& site) {
    site.router.configure(home_configuration(site, key_file_));
    site.start();
}

std::string Demo::who_answers() {
    std::optional<IpAddress> answer;
    wait_until([&] { return (answer = resolve(home_.client)).has_value(); }, 5s);
    for (const auto* site : sites_) {
        if (answer == site->dns_plan->answer) return site->host.name();
    }
    return "nobody";
}

// Waits until `expected` is the gateway and the client has its answers, then says how it went.
void Demo::step(const std::string& what, const Host& expected, Time from) {
    const bool moved = home_.await_holder(expected, 20s);
    const bool answered = pinger_->await_answer(5s);
    const auto silence = milliseconds(pinger_->longest_silence(from));
    const bool renewed = client_.renew();
    const auto resolver = who_answers();
    std::string holders;
    for (const auto& name : home_.holders()) holders += name + " ";
    fmt::print("{:<18} gateway: {:<6} without an answer: {:4.0f} ms   address: {}{}   names by: {}\n", what,
               holders.empty() ? "nobody" : holders, silence, client_.address(), renewed ? ", renewed" : "", resolver);
    std::fflush(stdout);
    check(moved, expected.name() + " should be the gateway");
    check(answered, "the client gets no answers");
    check(silence < milliseconds(longest_outage), "that is too long");
    check(renewed, "the client should have been given its address again");
    check(resolver != "nobody", "nobody resolves the client's names");
}

void Demo::lose(Site& site, const Host& successor) {
    const auto from = wall_clock();
    site.host.lose_power();
    step(site.host.name() + " loses power", successor, from);
}

// The role returns only after preempt_delay, so first nothing may change for the client.
void Demo::bring_back(Site& site, const Host& expected) {
    const auto from = wall_clock();
    site.power_on();
    site.router.await_log("Entering BACKUP STATE");
    step(site.host.name() + " is back", expected, from);
}

// Without it there is nothing to show.
bool Demo::begins_as_gateway(Site& site) {
    start(site);
    const auto is_gateway = [&] { return home_.holders() == std::vector{site.host.name()}; };
    wait_until([&] { return is_gateway() || !site.router.process().running(); }, 20s);
    check(site.router.process().running(), fmt::format("the vrrpd of {} ended at once", site.host.name()));
    check(is_gateway(), fmt::format("{} should be the gateway", site.host.name()));
    return good_;
}

void Demo::start_all() {
    if (!begins_as_gateway(h003_)) return;
    start(h001_);
    start(h002_);
    check(h001_.router.await_log("Entering BACKUP STATE") && h002_.router.await_log("Entering BACKUP STATE"),
          "H001 and H002 should stand in");
    check(client_.join(), "the client should get an address, a router and a DNS server");
    pinger_.emplace(home_.client, Endpoint{Home::internet_address, 7});
    check(pinger_->await_answer(), "the client gets no answers");
}

int Demo::run() {
    fmt::print("The home of netns-tests/home.conf, with {} instead of {} so that this ends soon.\n\n", short_delay,
               usual_delay);
    start_all();
    if (good_) show();
    if (!good_) report_failure();
    fmt::print("\n{}\n", good_ ? "All as it should be." : "Something was not as it should be.");
    return good_ ? 0 : 1;
}

void Demo::show() {
    step("All three run", home_.h003, wall_clock());
    std::this_thread::sleep_for(1s);
    lose(h003_, home_.h001);
    std::this_thread::sleep_for(1s);
    lose(h001_, home_.h002);
    std::this_thread::sleep_for(1s);
    bring_back(h001_, home_.h001);
    bring_back(h003_, home_.h003);
    check(echo_.askers().size() >= 3, "the internet should have seen the client behind each of the three routers");
}

void Demo::report_failure() {
    for (const auto* site : sites_) fmt::print("\n---- log of {}\n{}", site->host.name(), site->router.log());
}

}  // namespace

int main() {
    start_janitor();
    return Demo().run();
}
