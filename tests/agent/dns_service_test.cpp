// One dns_failover block over forwarders in the test's own process: what the engine is told, and when. Deaths are
// told by VRRP here, so that no probe has to time out.
#include "vrrpd/agent/dns_service.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "tests/dnsfailover/probing.hpp"

namespace vrrpd::agent::dns_service_test {
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
        auto& block = setup.block;
        setup.self = self;
        block.follows = "HOME";
        block.demote = demote;
        block.hold_down = 200ms;
        for (const auto* address : addresses) {
            if (fakes.size() < addresses.size()) fakes.push_back(std::make_unique<FakeForwarder>(loop_, address));
            block.forwarders.push_back(
                {"H00" + std::to_string(block.forwarders.size()), *IpAddress::parse(address), 53});
        }
        renew();
    }
    // As a reload does it where the block is another one.
    void renew() {
        loop_.refresh();
        auto next = std::make_unique<DnsService>(
            loop_, log, setup,
            DnsOutcomes{[this](const auto& choice) { choices.push_back(choice.to.to_string()); },
                        [this](const auto& weight) { weights.push_back(weight.weight); },
                        [this](const auto& health) { healths.push_back(health.up); }},
            service.get());
        service = std::move(next);
    }
    void run(Duration time) {
        loop_.refresh();
        limit_ = loop_.now() + time;
        loop_.run();
    }
    bool until(const std::function<bool()>& holds) {
        for (int i = 0; i < 1000 && !holds(); ++i) run(10ms);
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
    bool is(std::size_t which, dnsfailover::Health health) {
        return until([&] { return service->status().forwarders.at(which).health == to_string(health); });
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
    DnsService::Setup setup;
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

// Who answers goes on, and the hold-down of the first one is not over because a line of the file changed.
TEST_F(Service, that_takes_the_place_of_another_one_begins_with_its_choice) {
    start({"127.0.0.3", "127.0.0.1"});
    ASSERT_TRUE(all_are(ok));
    silence(0);
    ASSERT_EQ(choices, (Addresses{"127.0.0.3", "127.0.0.1"}));
    fakes[0]->manner.udp = fakes[0]->manner.tcp = true;
    choices.clear();
    setup.block.hold_down = 1s;
    setup.block.forwarders.insert(setup.block.forwarders.begin() + 1, {"H009", IpAddress::v4(127, 0, 0, 9), 53});
    renew();
    EXPECT_EQ(choices, Addresses{}) << "nothing is known of anybody yet";
    ASSERT_TRUE(is(0, ok) && is(2, ok));
    EXPECT_EQ(choices, Addresses{"127.0.0.1"});
    EXPECT_EQ(service->status().answers, "H001");
    run(700ms);
    EXPECT_EQ(choices, Addresses{"127.0.0.1"});
    EXPECT_TRUE(until([&] { return choices.back() == "127.0.0.3"; }));
}

TEST_F(Service, whose_forwarder_that_answered_is_gone_begins_with_the_first) {
    start({"127.0.0.3", "127.0.0.1", "127.0.0.2"});
    ASSERT_TRUE(all_are(ok));
    silence(0);
    ASSERT_EQ(choices.back(), "127.0.0.1");
    setup.block.forwarders.erase(setup.block.forwarders.begin() + 1);
    renew();
    EXPECT_EQ(service->status().answers, "H000");
    fakes[0]->manner.udp = fakes[0]->manner.tcp = true;
    EXPECT_TRUE(until([&] { return choices.back() == "127.0.0.3"; }));
}

TEST_F(Service, that_takes_the_place_of_another_one_begins_with_its_weight) {
    start({"127.0.0.3", "127.0.0.1"}, {"H000", {}}, -60);
    ASSERT_TRUE(all_are(ok));
    silence(0);
    ASSERT_EQ(weights, (std::vector<int>{0, -60}));
    fakes[0]->manner.udp = fakes[0]->manner.tcp = true;
    weights.clear();
    setup.block.hold_down = 1s;
    setup.block.demote = -40;
    renew();
    ASSERT_TRUE(all_are(ok));
    EXPECT_EQ(weights, std::vector<int>{-40});
    EXPECT_NE(service->status().why.find("H000 here is OK and has yet to prove itself, H001 is OK: still -40"),
              std::string::npos)
        << service->status().why;
    run(700ms);
    EXPECT_EQ(weights, std::vector<int>{-40});
    EXPECT_TRUE(until([&] { return weights.back() == 0; }));
}

// An agent that was started again: the one before had sent the clients to the second, and so shall we in a moment.
TEST_F(Service, does_not_tell_the_first_that_is_about_to_be_replaced) {
    for (const auto* address : {"127.0.0.3", "127.0.0.1"})
        fakes.push_back(std::make_unique<FakeForwarder>(loop_, address));
    fakes[0]->manner.rcode = dnsfailover::Rcode::servfail;
    start({"127.0.0.3", "127.0.0.1"});
    ASSERT_TRUE(is(0, dnsfailover::Health::upstream_down));
    ASSERT_TRUE(is(1, ok));
    EXPECT_EQ(choices, Addresses{});
    EXPECT_EQ(healths, std::vector<bool>{});
}

// Without upstream: nobody is to blame, but the dead one answers nobody.
TEST_F(Service, a_dead_one_is_replaced_where_nobody_resolves) {
    for (const auto* address : {"127.0.0.3", "127.0.0.1"}) {
        fakes.push_back(std::make_unique<FakeForwarder>(loop_, address));
        fakes.back()->manner.rcode = dnsfailover::Rcode::refused;
    }
    start({"127.0.0.3", "127.0.0.1"});
    ASSERT_TRUE(all_are(dnsfailover::Health::upstream_down));
    EXPECT_EQ(choices, Addresses{"127.0.0.3"});
    EXPECT_EQ(healths, std::vector<bool>{true});
    EXPECT_EQ(service->status().trouble, "");
    silence(0);
    EXPECT_EQ(choices, (Addresses{"127.0.0.3", "127.0.0.1"}));
    EXPECT_EQ(service->status().trouble, "");
    silence(1);
    EXPECT_EQ(service->status().trouble, "no DNS forwarder answers");
}

// What has port 53 of the virtual address may live: a dnsmasq that is bound to that alone.
TEST_F(Service, nobody_is_sent_to_a_dead_one_while_all_are_and_all_are_sent_to_the_first_that_lives_again) {
    start({"127.0.0.3", "127.0.0.1"});
    ASSERT_TRUE(all_are(ok));
    silence(1);
    silence(0);
    EXPECT_EQ(choices, (Addresses{"127.0.0.3", "0.0.0.0"}));
    EXPECT_TRUE(logged("gateway HOME: no DNS forwarder lives, so no question is sent on"));
    EXPECT_EQ(service->status().answers, "");
    EXPECT_EQ(service->status().why, "no DNS forwarder lives, so no question is sent on");
    fakes[1]->manner.udp = fakes[1]->manner.tcp = true;
    ASSERT_TRUE(is(1, ok));
    EXPECT_EQ(choices, (Addresses{"127.0.0.3", "0.0.0.0", "127.0.0.1"}));
    EXPECT_TRUE(logged("gateway HOME: clients ask H001"));
}

TEST_F(Service, where_none_was_ever_alive_nobody_is_sent_anywhere) {
    for (const auto* address : {"127.0.0.3", "127.0.0.1"}) {
        fakes.push_back(std::make_unique<FakeForwarder>(loop_, address));
        fakes.back()->manner.udp = fakes.back()->manner.tcp = false;
    }
    start({"127.0.0.3", "127.0.0.1"});
    ASSERT_TRUE(all_are(dnsfailover::Health::dead));
    EXPECT_EQ(choices, Addresses{"0.0.0.0"});
    fakes[0]->manner.udp = fakes[0]->manner.tcp = true;  // the same one as before
    ASSERT_TRUE(is(0, ok));
    EXPECT_EQ(choices, (Addresses{"0.0.0.0", "127.0.0.3"}));
}

// Clients ask over UDP.
TEST_F(Service, one_that_answers_over_TCP_only_is_down_and_is_left_for_one_that_is_well) {
    for (const auto* address : {"127.0.0.3", "127.0.0.1"})
        fakes.push_back(std::make_unique<FakeForwarder>(loop_, address));
    fakes[0]->manner.udp = false;
    start({"127.0.0.3", "127.0.0.1"});
    ASSERT_TRUE(until([&] { return !choices.empty(); }));
    EXPECT_EQ(choices, Addresses{"127.0.0.1"}) << "who answered before us is left alone until then";
    EXPECT_EQ(healths, std::vector<bool>{false});
    EXPECT_TRUE(logged("gateway HOME: clients ask H001 (OK), from now on: H000 answers over TCP only"));
    EXPECT_EQ(service->status().trouble, "");
    silence(1);
    EXPECT_EQ(service->status().trouble, "no DNS forwarder answers");
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
    EXPECT_EQ(service->status().trouble, "");
    silence(1);
    EXPECT_EQ(service->status().trouble, "no forwarder answers over IPv6");
    EXPECT_EQ(choices, (Addresses{"127.0.0.1", "::"}));
    EXPECT_EQ(service->status().answers, "H002");
    EXPECT_TRUE(logged("gateway HOME over IPv6: no DNS forwarder lives, so no question is sent on"));
    EXPECT_FALSE(service->status().none_alive);
}

TEST_F(Service, a_dead_one_of_its_own_is_a_trouble_where_it_only_weighs) {
    start({"127.0.0.3", "127.0.0.1"}, {"H001", {}}, -60);
    ASSERT_TRUE(all_are(ok));
    silence(0);
    EXPECT_EQ(service->status().trouble, "");
    silence(1);
    EXPECT_EQ(service->status().trouble, "no DNS forwarder answers");
    fakes[0]->manner.udp = fakes[0]->manner.tcp = true;
    ASSERT_TRUE(is(0, ok));
    EXPECT_EQ(service->status().trouble, "H001, the DNS forwarder of this host, is dead");
}

}  // namespace
}  // namespace vrrpd::agent::dns_service_test
