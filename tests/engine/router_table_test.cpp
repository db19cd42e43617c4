// The routers of an engine: found by number, claim, gateway and deadline.
#include "vrrpd/engine/core/router_table.hpp"

#include <gtest/gtest.h>

#include "tests/engine/values.hpp"

namespace vrrpd::engine::router_table_test {
namespace {

using namespace test;

constexpr Instant now{std::chrono::hours(1)};

config::Instance named(const char* name, unsigned number) {
    auto result = instance();
    result.name = name;
    result.vrid = vrid(number);
    return result;
}

RouterTable::Generation generation(config::Config config) {
    RouterTable::Generation result{std::make_unique<config::Config>(std::move(config)), {}};
    for (const auto& each : result.config->instances)
        result.routers.push_back(std::make_unique<Router>(each, followed_by(each, *result.config)));
    return result;
}

config::Config three() {
    config::Config result;
    result.instances = {named("A", 1), named("B", 2), named("C", 3)};
    return result;
}

config::Gateway gateway(const char* follows) {
    config::Gateway result;
    result.name = "HOME";
    result.follows = follows;
    return result;
}

TEST(RouterTable, a_router_has_the_number_of_its_instance) {
    RouterTable table;
    table.exchange(generation(three()));
    ASSERT_EQ(table.size(), 3U);
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(table.number_of(table[i]), i);
    EXPECT_EQ(table[1].config->name, "B");
}

TEST(RouterTable, a_claim_is_found_where_a_reload_moved_it_and_an_older_one_is_not) {
    RouterTable table;
    table.exchange(generation(three()));
    table[2].claim = 7;
    EXPECT_EQ(table.find_claim(2, 7), &table[2]);
    EXPECT_EQ(table.find_claim(0, 7), &table[2]);
    EXPECT_EQ(table.find_claim(99, 7), &table[2]);
    EXPECT_EQ(table.find_claim(2, 6), nullptr);
}

TEST(RouterTable, the_earliest_deadline_is_served_first_and_the_next_generation_begins_with_none) {
    RouterTable table;
    table.exchange(generation(three()));
    EXPECT_EQ(table.next_deadline(), std::nullopt);
    table[0].renew_at = now + 2s;
    table[2].renew_at = now + 1s;
    table.schedule(table[0]);
    table.schedule(table[2]);
    EXPECT_EQ(table.next_deadline(), now + 1s);
    EXPECT_EQ(&table.earliest(), &table[2]);
    table[2].renew_at.reset();
    table.schedule(table[2]);
    EXPECT_EQ(&table.earliest(), &table[0]);
    const auto before = table.exchange(generation(three()));
    EXPECT_EQ(before.routers[0]->renew_at, now + 2s);
    EXPECT_EQ(table.next_deadline(), std::nullopt);
}

TEST(RouterTable, a_gateway_leads_to_the_router_that_it_follows) {
    auto config = three();
    config.gateways = {gateway("B"), gateway("nobody")};
    RouterTable table;
    table.exchange(generation(std::move(config)));
    const auto& gateways = table.config().gateways;
    EXPECT_EQ(table.leader_of(gateways[0]), &table[1]);
    EXPECT_EQ(table.leader_of(gateways[1]), nullptr);
    EXPECT_EQ(table.first_installed(gateways[0]), nullptr);
    table[1].installed = true;
    EXPECT_EQ(table.first_installed(gateways[0]), &table[1]);
}

TEST(RouterTable, of_a_group_that_a_gateway_follows_the_first_member_leads_and_any_can_keep_the_fence_open) {
    auto config = three();
    config.sync_groups.emplace_back();
    config.sync_groups[0].name = "G";
    config.sync_groups[0].members = {0, 2};
    config.instances[0].sync_group = config.instances[2].sync_group = 0;
    config.gateways = {gateway("G")};
    RouterTable table;
    table.exchange(generation(std::move(config)));
    const auto& home = table.config().gateways[0];
    EXPECT_EQ(table.leader_of(home), &table[0]);
    table[2].installed = true;
    EXPECT_EQ(table.first_installed(home), &table[2]);
}

TEST(RouterTable, a_member_without_a_fault_cannot_run_for_those_of_its_group) {
    auto config = three();
    config.sync_groups.emplace_back();
    config.sync_groups[0].name = "G";
    config.sync_groups[0].members = {0, 1};
    config.instances[0].sync_group = config.instances[1].sync_group = 0;
    RouterTable table;
    table.exchange(generation(std::move(config)));
    table[0].troubles.edit().faults = {"lan0 is down"};
    table[2].troubles.edit().faults = {"wan0 is down"};
    EXPECT_EQ(table.faults_of(table[0]), std::vector<std::string>{"lan0 is down"});
    EXPECT_EQ(table.faults_of(table[1]), std::vector<std::string>{"A of VRRP_Group(G): lan0 is down"});
}

}  // namespace
}  // namespace vrrpd::engine::router_table_test
