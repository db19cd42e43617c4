// Whole files as people have them: the one file of the home, for each of its three hosts, and what NixOS generates.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::real_configurations_test {
namespace {

Parsed read(const std::string& path, const std::string& id) {
    auto files = real_files();
    LoadOptions options;
    options.root = path;
    options.id = id;
    auto loaded = load(options, *files);
    auto parsed = parse(loaded.lines, id);
    parsed.faults.insert(parsed.faults.begin(), loaded.faults.begin(), loaded.faults.end());
    return parsed;
}

const std::string home = std::string(VRRPD_SOURCE_DIR) + "/netns-tests/home.conf";

TEST(Home, one_file_serves_three_hosts) {
    struct Role {
        const char* id;
        int priority;
        std::size_t self;
    };
    for (const auto& [id, priority, self] : {Role{"H003", 200, 0}, Role{"H001", 150, 1}, Role{"H002", 100, 2}}) {
        const auto parsed = read(home, id);
        for (const auto& fault : parsed.faults) ADD_FAILURE() << fault.describe();
        ASSERT_EQ(parsed.config.instances.size(), 1U) << id;
        const auto& lan = parsed.config.instances[0];
        EXPECT_EQ(lan.parameters.priority.value(), priority) << id;
        EXPECT_EQ(lan.parameters.version, proto::Version::v3);
        EXPECT_EQ(lan.parameters.advert_interval, Centiseconds(10));
        EXPECT_EQ(lan.parameters.preempt_delay, std::chrono::seconds(60));
        EXPECT_EQ(lan.addresses.at(0).prefix.to_string(), "10.12.14.1/24");
        ASSERT_EQ(parsed.config.gateways.size(), 1U) << id;
        EXPECT_TRUE(parsed.config.gateways[0].rules.masquerade);
        EXPECT_EQ(parsed.config.gateways[0].rules.forwards.size(), 1U);
        EXPECT_EQ(parsed.config.peer_link.value().self, self) << id;
    }
}

TEST(Home, a_host_that_it_does_not_know_cannot_start) {
    const auto parsed = read(home, "h001");
    EXPECT_TRUE(
        says(parsed.faults, "no @ID line names this host: it is 'h001', the line says 'H001', and case matters"));
    EXPECT_TRUE(says(parsed.faults, "no member is this host, 'h001' (did you mean H001?)"));
    EXPECT_FALSE(parsed.can_start());
}

const std::string nix = std::string(VRRPD_SHARED_DIR) + "/nix/";
bool is_there(const std::string& path) { return std::ifstream(path).good(); }

TEST(NixOS, the_smallest_file_is_clean) {
    const auto path = nix + "user1.keepalived.conf";
    if (!is_there(path)) GTEST_SKIP() << "no " << path << ": what NixOS generates is not tried";
    const auto parsed = read(path, "H001");
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    ASSERT_EQ(parsed.config.instances.size(), 1U);
    EXPECT_EQ(parsed.config.instances[0].interface, "eno1");
    EXPECT_EQ(parsed.config.instances[0].parameters.priority.value(), 150);
    EXPECT_EQ(config_test_status(parsed.faults, false, true), 0);
}

TEST(NixOS, the_one_with_everything_is_read_to_its_end) {
    const auto path = nix + "user2.keepalived.conf";
    if (!is_there(path)) GTEST_SKIP() << "no " << path << ": what NixOS generates is not tried";
    const auto parsed = read(path, "H003");
    EXPECT_TRUE(parsed.can_start());
    ASSERT_EQ(parsed.config.instances.size(), 2U);
    const auto& router = parsed.config.instances[0];
    EXPECT_EQ(router.peers.size(), 2U);
    EXPECT_EQ(router.addresses.at(0).extras->label, "lan0:vip");
    EXPECT_EQ(router.announce->refresh, std::chrono::seconds(60));
    EXPECT_EQ(parsed.config.router_id, "H003");
    // Its IPv6 address stands in an IPv4 instance: as keepalived says.
    EXPECT_TRUE(says(parsed.faults, "this instance is of IPv4, the address is not"));
    EXPECT_EQ(config_test_status(parsed.faults, false, true), 5);
}

}  // namespace
}  // namespace vrrpd::config::real_configurations_test
