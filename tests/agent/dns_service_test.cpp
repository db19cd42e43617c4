// One dns_failover block over forwarders in the test's own process: what the engine is told, and when. Deaths are
// told by VRRP here, so that no probe has to time out.
#include "vrrpd/agent/dns_service.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "tests/dnsfailover/probing.hpp"

namespace vrrpd::agent {
namespace {

using namespace std::chrono_literals;
using dnsfailover::test::FakeForwarder;

class Service : public testing::Test {
protected:
    void SetUp() override {
        if (!namespace_.entered()) GTEST_SKIP() << "SKIPPED: a network namespace of our own needs root";
        loop_.before_wait([this] { loop_.set_deadline(next_deadline()); });
        loop_.on_deadline([this] {
            if (service) service->step();
            for (auto& fake : fakes) fake->time_reached();
            if (loop_.now() >= limit_) loop_.stop();
        });
    }
    void start(const std::vector<const char*>& addresses, const Self& self = {"H000", {}},
               std::optional<int> demote = {}) {
        config::DnsFailover block;
        block.follows = "HOME";
        block.demote = demote;
        block.hold_down = 200ms;
        for (const auto* address : addresses) {
            if (fakes.size() < addresses.size()) fakes.push_back(std::make_unique<FakeForwarder>(loop_, address));
            block.forwarders.push_back(
                {"H00" + std::to_string(block.forwarders.size()), *IpAddress::parse(address), 53});
        }
        loop_.refresh();
        service = std::make_unique<DnsService>(
            loop_, log, block, self,
            DnsOutcomes{[this](const auto& choice) { choices.push_back(choice.to.to_string()); },
                        [this](const auto& weight) { weights.push_back(weight.weight); },
                        [this](const auto& health) { healths.push_back(health.up); }});
    }
    void run(Duration time) {
        loop_.refresh();
        limit_ = loop_.now() + time;
        loop_.run();
    }
    bool until(const std::function<bool()>& holds) {
        for (int i = 0; i < 500 && !holds(); ++i) run(10ms);
        return holds();
    }
    void silence(std::size_t which) {
        fakes[which]->manner.udp = fakes[which]->manner.tcp = false;
        loop_.refresh();
        service->host_silent(fakes[which]->endpoint().address);
    }
    [[nodiscard]] bool logged(const std::string& part) const {
        return std::any_of(log.all.begin(), log.all.end(),
                           [&](const std::string& line) { return line.find(part) != std::string::npos; });
    }
    bool all_are(dnsfailover::Health health) {
        return until([&] {
            const auto now = service->status();
            return std::all_of(now.forwarders.begin(), now.forwarders.end(),
                               [&](const auto& each) { return each.health == to_string(health); });
        });
    }

    dnsfailover::test::OwnLoopback namespace_;
    dnsfailover::test::Lines log;
    Loop loop_;
    std::vector<std::unique_ptr<FakeForwarder>> fakes;
    std::unique_ptr<DnsService> service;
    std::vector<std::string> choices;
    std::vector<int> weights;
    std::vector<bool> healths;

private:
    [[nodiscard]] Deadline next_deadline() const {
        Deadline first = limit_;
        if (service) first = earlier(first, service->next_deadline());
        for (const auto& fake : fakes) first = earlier(first, fake->next_deadline());
        return first;
    }
    Instant limit_{};
};

constexpr auto ok = dnsfailover::Health::ok;
using Addresses = std::vector<std::string>;

TEST_F(Service, tells_nothing_before_the_first_one_is_judged) {
    fakes.push_back(std::make_unique<FakeForwarder>(loop_, "127.0.0.3"));
    fakes.push_back(std::make_unique<FakeForwarder>(loop_, "127.0.0.1"));
    fakes[0]->manner.udp = fakes[0]->manner.tcp = false;
    start({"127.0.0.3", "127.0.0.1"});
    run(300ms);
    EXPECT_EQ(choices, Addresses{}) << "an agent before this one may have chosen the second, for good reasons";
    EXPECT_EQ(weights, std::vector<int>{});
    EXPECT_EQ(healths, std::vector<bool>{});
    EXPECT_FALSE(service->status().known);
}

TEST_F(Service, tells_who_answers_and_who_instead) {
    start({"127.0.0.3", "127.0.0.1"});
    ASSERT_TRUE(all_are(ok));
    EXPECT_EQ(choices, Addresses{"127.0.0.3"});
    EXPECT_EQ(healths, std::vector<bool>{true});
    silence(0);
    EXPECT_EQ(choices, (Addresses{"127.0.0.3", "127.0.0.1"}));
    EXPECT_EQ(healths, (std::vector<bool>{true, false}));
    EXPECT_TRUE(
        logged("gateway HOME: clients ask H001 (OK), from now on: H000 is dead; filtering and rules for single clients "
               "may differ from those of H000; H001 sees this router's address instead of theirs"));
    const auto status = service->status();
    EXPECT_EQ(status.answers, "H001");
    EXPECT_TRUE(status.known && status.may_differ && !status.none_alive);
    EXPECT_EQ(status.forwarders.at(0).health, "DEAD");
    EXPECT_EQ(status.forwarders.at(0).symptom, "its host fell silent");
}

TEST_F(Service, on_a_host_without_a_forwarder_all_is_well_at_once) {
    start({"127.0.0.3", "127.0.0.1"}, {"H009", IpAddress::v4(127, 0, 0, 9)}, -60);
    EXPECT_EQ(weights, std::vector<int>{0});
    EXPECT_EQ(healths, std::vector<bool>{true});
    ASSERT_TRUE(all_are(ok));
    silence(0);
    silence(1);
    EXPECT_EQ(weights, std::vector<int>{0});
    EXPECT_EQ(healths, std::vector<bool>{true});
    EXPECT_EQ(choices, Addresses{}) << "demoting, nobody is sent anywhere";
}

TEST_F(Service, the_own_one_is_found_by_the_members_address_and_weighs) {
    start({"127.0.0.3", "127.0.0.1"}, {"router", IpAddress::v4(127, 0, 0, 1)}, -60);
    ASSERT_TRUE(all_are(ok));
    EXPECT_EQ(weights, std::vector<int>{0}) << "said even so: an agent before this one may have said otherwise";
    silence(0);
    EXPECT_EQ(weights, std::vector<int>{0});
    EXPECT_EQ(healths, std::vector<bool>{true});
    fakes[0]->manner.udp = fakes[0]->manner.tcp = true;
    ASSERT_TRUE(all_are(ok));
    silence(1);
    EXPECT_EQ(weights, (std::vector<int>{0, -60}));
    EXPECT_EQ(healths, (std::vector<bool>{true, false}));
    EXPECT_TRUE(logged("gateway HOME: H001 here is DEAD and H000 is not: -60 on the priority"));
    fakes[1]->manner.udp = fakes[1]->manner.tcp = true;
    EXPECT_TRUE(until([&] { return weights.back() == 0; }));
    EXPECT_EQ(healths.back(), true);
}

TEST_F(Service, where_all_are_dead_the_own_one_is_down_and_weighs_nothing) {
    start({"127.0.0.3", "127.0.0.1"}, {"H000", {}}, -60);
    ASSERT_TRUE(all_are(ok));
    silence(1);
    silence(0);
    EXPECT_EQ(weights, std::vector<int>{0});
    EXPECT_EQ(healths, (std::vector<bool>{true, false}));
    EXPECT_TRUE(service->status().none_alive);
}

TEST_F(Service, each_family_of_addresses_has_a_choice_of_its_own) {
    start({"127.0.0.3", "::1", "127.0.0.1"});
    ASSERT_TRUE(all_are(ok));
    auto told = choices;
    std::sort(told.begin(), told.end());
    EXPECT_EQ(told, (Addresses{"127.0.0.3", "::1"}));
    choices.clear();
    silence(0);
    EXPECT_EQ(choices, Addresses{"127.0.0.1"});
    EXPECT_TRUE(logged("gateway HOME over IPv4: clients ask H002"));
    EXPECT_EQ(service->status().answers, "H002, H001");
}

}  // namespace
}  // namespace vrrpd::agent
