// The text of a configuration file.
#include "tests/config/fake_files.hpp"
#include "tests/fuzz/targets.hpp"
#include "vrrpd/base/assert.hpp"

namespace vrrpd::fuzz {

namespace {

// What may run is complete, and every name in it leads somewhere.
void expect_whole(const config::Config& config) {
    for (const auto& instance : config.instances) {
        ASSERT(!instance.interface.empty() || instance.source);
        ASSERT(instance.parameters.advert_interval.count() >= 1);
        for (const auto& address : instance.addresses)
            ASSERT(!address.device.empty() && address.prefix.address.family() == instance.family);
    }
    const auto gateway = [&](const std::string& name) {
        for (const auto& each : config.gateways)
            if (each.name == name) return true;
        return false;
    };
    for (const auto& each : config.gateways) ASSERT(!config.followed_by(each).empty());
    for (const auto& each : config.dns_failovers) ASSERT(gateway(each.follows) && !each.forwarders.empty());
    for (const auto& instance : config.instances)
        for (const auto& tracked : instance.track_dns) ASSERT(gateway(tracked.gateway));
    if (config.dhcp_sync) ASSERT(gateway(config.dhcp_sync->follows));
}

}  // namespace

int configuration::one_input(Input input) {
    const std::string text(input.begin(), input.end());
    const auto loaded = config::load_text(text);
    const auto parsed = config::parse(loaded.lines, "H003");
    ASSERT(parsed.faults.size() <= 1001);
    for (const auto& fault : parsed.faults) ASSERT(!fault.describe().empty());
    for (const auto& line : loaded.lines) ASSERT(!line.words.empty());
    const auto lines = config::deserialize(config::serialize(loaded.lines));
    ASSERT(lines && *lines == loaded.lines);
    if (parsed.can_start()) expect_whole(parsed.config);
    return 0;
}

}  // namespace vrrpd::fuzz
