// Fifty clients and thirty take-overs: everything that can be killed is killed, in an order of chance, with take-overs
// that run into each other. No address is given twice, and who takes over knows every lease that is older than the lag,
// before any client asks it: dnsmasq makes anew what it is asked for and does not know.
// The seed is printed; LAB_SEED=N runs it again.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <set>

#include <nlohmann/json.hpp>

#include "netns-tests/dhcp_fixture.hpp"

namespace lab::dhcp_chaos_test {
namespace {

constexpr unsigned client_count = 50;
constexpr std::size_t wanted_take_overs = 30;
constexpr std::size_t wanted_looks = 8;  // into the lease file of one that took over, and was well before
constexpr auto longest = 50s;
constexpr auto read_and_taken_in = 100ms;  // what is not in the lag (README), on a busy machine
constexpr std::string_view became_active = "Entering MASTER STATE";

using Json = nlohmann::json;

unsigned seed() {
    const char* chosen = std::getenv("LAB_SEED");
    return chosen != nullptr ? static_cast<unsigned>(std::strtoul(chosen, nullptr, 10)) : std::random_device()();
}

class DhcpChaos : public DhcpTest {
protected:
    DhcpChaos() {
        std::cout << "LAB_SEED=" << seed_ << std::endl;
        for (unsigned number = 1; number <= client_count; ++number) clients_.emplace_back(card, number);
    }

    unsigned below(unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(chance_); }

    // ---- clients ----

    void act(DhcpClient& client) {
        const auto had = client.lease();
        const auto answer = one_of_its_ways(client);
        if (answer != DhcpAnswer::ack || (had && client.has(had->address))) return;
        granted_[client.mac()] = wall_clock();
        for (const auto& other : clients_) {
            EXPECT_TRUE(&other == &client || !other.has(client.lease()->address))
                << client.lease()->address.to_string() << " was given to " << other.mac().to_string() << " and to "
                << client.mac().to_string();
        }
    }
    DhcpAnswer one_of_its_ways(DhcpClient& client) {
        constexpr auto patience = 100ms;
        if (!client.lease()) return client.join(patience);
        switch (below(8)) {
            case 0:
                return client.rebind(patience);
            case 1:
                return client.reboot(patience);
            case 2:
                given_back_[client.mac()] = wall_clock();
                client.release();
                return DhcpAnswer::none;
            default:
                return client.renew(patience);
        }
    }
    void act_for(std::chrono::milliseconds time) {
        for (const auto end = wall_clock() + time; wall_clock() < end;) act(clients_[below(client_count)]);
    }

    // ---- faults ----

    // The gateway; not one that is lost already and does not know it.
    Site* active(const std::vector<Site*>& lost) {
        for (auto* site : sites())
            if (holds(site->host) && std::find(lost.begin(), lost.end(), site) == lost.end()) return site;
        return nullptr;
    }
    // One of the ways in which a gateway goes. Returns how it comes back.
    std::function<void()> lose(Site& site) {
        const auto lags = lags_to_others(site);
        faults_.push_back({wall_clock(), round_begun_, lags, {}});
        switch (below(7)) {
            case 0:
                note(site, "loses power");
                site.host.lose_power();
                return [&site] { site.power_on(); };
            case 1:
                note(site, "is cut off");
                site.host.isolate("lan0");
                return [&site] { site.host.rejoin("lan0"); };
            case 2:
                note(site, "loses all of vrrpd");
                site.router.process().kill_all();
                return [&site] { site.start_router(); };
            case 3:
                note(site, "loses its supervisor");
                site.router.process().signal(SIGKILL);
                return [&site] { site.start_router(); };
            case 4:
                note(site, "is stopped");
                site.router.stop();
                return [&site] { site.start_router(); };
            case 5:
                note(site, "loses everything at once");
                site.kill_all();
                return [&site] { site.start(); };
            default:
                note(site, "loses its cable");
                site.host.unplug("lan0");
                return [&site] { site.host.plug("lan0"); };
        }
    }
    // As `vrrpctl status` shows them at the gateway; of members alone that could take over, as far as it knows.
    static std::map<std::string, std::chrono::nanoseconds> lags_to_others(const Site& gateway) {
        std::map<std::string, std::chrono::nanoseconds> result;
        const auto status = Json::parse(gateway.router.status({"--json"}).text, nullptr, false);
        if (!status.is_object() || !status["leases"].is_object()) return result;
        std::set<std::string> ready;
        for (const auto& candidate : status["gateways"][0]["candidates"])
            if (candidate.value("obstacles", Json::array()).empty()) ready.insert(candidate.value("host", ""));
        for (const auto& lag : status["leases"]["lags"])
            if (lag.value("complete", false) && ready.contains(lag.value("host", "")))
                result[lag["host"]] = std::chrono::nanoseconds(static_cast<long long>(1e9 * lag.value("last", 0.0)));
        return result;
    }

    // Something that moves nobody, or not at once. Returns how it is put right.
    std::function<void()> disturb(Site& site) {
        disturbed_.insert(&site);
        switch (below(5)) {
            case 0:
                note(site, "loses its agent");
                if (const pid_t agent = site.agent(); agent > 0) kill(agent, SIGKILL);
                return [] {};
            case 1:
                note(site, "loses its engine");
                if (const pid_t engine = site.router.engine(); engine > 0) kill(engine, SIGKILL);
                return [] {};
            case 2:
                note(site, "loses its bus");
                site.bus.process().kill_all();
                // dnsmasq 2.90 never looks for a bus again.
                return [&site] {
                    site.bus.start();
                    site.server.start();
                };
            case 3:
                note(site, "loses its peer link");
                site.host.must({"nft",
                                "table ip cut {\n chain in {\n type filter hook input priority 0;\n"
                                " tcp dport 8725 drop\n tcp sport 8725 drop\n }\n}"});
                // Who lost its power meanwhile has no table any more.
                return [&site] { site.host.must({"nft", "table ip cut\ndelete table ip cut"}); };
            default:
                note(site, "loses its dnsmasq");
                site.server.process().kill_all();
                return [&site] { site.server.start(); };
        }
    }
    void note(const Site& site, const char* what) {
        std::cout << fmt::format("{:7.3f} s  {} {}\n", milliseconds(wall_clock() - begun_) / 1e3, site.host.name(),
                                 what);
    }

    // One or two gateways go, the second while the take-over from the first may not have settled; then all return.
    void round() {
        std::vector<std::function<void()>> returns, repairs;
        std::vector<Site*> lost;
        disturbed_.clear();
        round_begun_ = wall_clock();
        for (unsigned losses = 1 + below(2); losses > 0; --losses) {
            auto* gateway = active(lost);
            if (gateway == nullptr) break;
            lost.push_back(gateway);
            returns.push_back(lose(*gateway));
            look_at_heir(lost);
            if (below(2) == 0) repairs.push_back(disturb(*sites()[below(3)]));
            act_for(std::chrono::milliseconds(300 + below(400)));
        }
        for (const auto& come_back : returns) {
            come_back();
            act_for(std::chrono::milliseconds(below(300)));
        }
        for (const auto& repair : repairs) repair();
        const auto settled = wall_clock() + 10s;
        while (home.holders() != std::vector<std::string>{"H003"} && wall_clock() < settled) act_for(50ms);
        ASSERT_EQ(home.holders(), std::vector<std::string>{"H003"}) << "LAB_SEED=" << seed_;
    }
    // No client has asked it anything yet. Whose agent, bus or dnsmasq was killed lately may still be learning.
    void look_at_heir(const std::vector<Site*>& lost) {
        Site* heir = nullptr;
        if (!wait_until([&] { return (heir = active(lost)) != nullptr; }, 3s)) return;
        auto& fault = faults_.back();
        if (const auto lag = fault.lags.find(heir->host.name()); lag != fault.lags.end()) fault.lag = lag->second;
        if (!fault.lag || disturbed_.contains(heir)) return;
        ++looks_;
        expect_known_to(*heir, 200ms);  // a file that is being written may look emptier than it is
    }
    // What was older than the lag at each fault is known to this one.
    void expect_known_to(const Site& site, std::chrono::milliseconds limit) {
        for (const auto& client : clients_) {
            const auto at = granted_.find(client.mac());
            if (!client.lease() || at == granted_.end() || young_at_a_fault(at->second)) continue;
            // That it was given back may be told after it was taken again, within the same second.
            if (const auto back = given_back_.find(client.mac());
                back != given_back_.end() && young_at_a_fault(back->second))
                continue;
            EXPECT_TRUE(comes_to_know(site, client, limit))
                << site.host.name() << ": " << client.mac().to_string() << " with "
                << client.lease()->address.to_string() << " since "
                << fmt::format("{:.3f} s", milliseconds(at->second - begun_) / 1e3) << ", LAB_SEED=" << seed_;
        }
    }
    [[nodiscard]] bool young_at_a_fault(Time granted) const {
        return std::any_of(faults_.begin(), faults_.end(), [&](const Fault& fault) {
            // With an unknown lag anything of that round may be lost.
            const auto lag = fault.lag.value_or(fault.at - fault.round_begun);
            return granted <= fault.at && fault.at - granted < lag + read_and_taken_in;
        });
    }
    [[nodiscard]] std::size_t take_overs() {
        std::size_t count = 0;
        for (const auto* site : sites()) {
            const auto log = site->router.log();
            for (auto at = log.find(became_active); at != std::string::npos; at = log.find(became_active, at + 1))
                ++count;
        }
        return count;
    }

    const unsigned seed_ = seed();
    std::mt19937 chance_{seed_};
    std::deque<DhcpClient> clients_;
    std::map<vrrpd::MacAddress, Time> granted_;  // when it got the address that it has
    std::map<vrrpd::MacAddress, Time> given_back_;
    struct Fault {
        Time at;
        Time round_begun;
        std::map<std::string, std::chrono::nanoseconds> lags;  // of those that could take over
        std::optional<std::chrono::nanoseconds> lag;           // of the one that did, if it is one of them
    };
    std::vector<Fault> faults_;
    std::set<const Site*> disturbed_;  // in this round
    std::size_t looks_ = 0;
    Time begun_ = wall_clock(), round_begun_ = begun_;
};

TEST_F(DhcpChaos, fifty_clients_over_thirty_take_overs) {
    start_all();
    for (auto& client : clients_) {
        ASSERT_TRUE(wait_until([&] { return client.join() == DhcpAnswer::ack; }, 5s));
        granted_[client.mac()] = wall_clock();
    }
    begun_ = wall_clock();
    const auto wanted = take_overs() + wanted_take_overs;
    while (take_overs() < wanted && wall_clock() < begun_ + longest && !HasFailure()) {
        round();
        expect_known_to(h003, 3s);
    }
    EXPECT_GE(take_overs(), wanted);
    std::cout << looks_ << " of them knew all leases, as far as that was looked at" << std::endl;
    EXPECT_GE(looks_, wanted_looks);
    for (auto& client : clients_) {
        if (!client.lease()) continue;
        EXPECT_TRUE(wait_until([&] { return client.renew() == DhcpAnswer::ack; }, 5s)) << client.mac().to_string();
    }
}

}  // namespace
}  // namespace lab::dhcp_chaos_test
