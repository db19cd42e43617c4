// See crowd.hpp.
#include "tests/bench/crowd.hpp"

#include <fmt/format.h>

#include "tests/bench/address_watch.hpp"
#include "vrrpd/proto/timers.hpp"

namespace bench {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t interfaces = 4;
constexpr unsigned router_priority = 100;
constexpr auto globals = "global_defs {\n    vrrp_version 3\n}\n";

std::string address(std::size_t interface, std::size_t number) {
    return fmt::format("10.{}.{}.{}/32", 20 + interface, 1 + number / 250, 1 + number % 250);
}

std::string batch_line(std::size_t interface, std::size_t number) {
    return fmt::format("address add {} dev lan{}\n", address(interface, number), interface);
}

std::string instance_head(std::size_t number, std::size_t interface, std::size_t vrid) {
    return fmt::format(
        "vrrp_instance I{} {{\n"
        "    state BACKUP\n"
        "    interface lan{}\n"
        "    virtual_router_id {}\n"
        "    priority {}\n"
        "    advert_int 1\n",
        number, interface, vrid, router_priority);
}

lab::HostPlan router(const std::string& name, int number) {
    lab::HostPlan plan{name, {}, ""};
    for (std::size_t i = 0; i < interfaces; ++i) {
        plan.nics.push_back(
            {fmt::format("lan{}", i), fmt::format("lan{}", i), {fmt::format("10.{}.0.{}/16", 20 + i, number)}});
    }
    return plan;
}

}  // namespace

Load many_instances(std::size_t count, const Lines& more) {
    Load load{fmt::format("global_defs {{\n    vrrp_version 3\n{}}}\n{}", more.global_defs, more.blocks), "", count,
              count};
    const std::size_t on_each = (count + interfaces - 1) / interfaces;
    for (std::size_t i = 0; i < count; ++i) {
        const auto interface = i / on_each;
        const auto number = i % on_each;
        load.configuration += instance_head(i, interface, number + 1);
        load.configuration += fmt::format("{}    virtual_ipaddress {{\n        {}\n    }}\n}}\n", more.instance,
                                          address(interface, number));
        load.batch += batch_line(interface, number);
    }
    return load;
}

Load many_addresses(std::size_t virtual_addresses, std::size_t excluded) {
    Load load{globals + instance_head(0, 0, 1), "", 1, virtual_addresses + excluded};
    load.configuration += "    virtual_ipaddress {\n";
    for (std::size_t i = 0; i < load.addresses; ++i) {
        if (i == virtual_addresses) load.configuration += "    }\n    virtual_ipaddress_excluded {\n";
        load.configuration += fmt::format("        {}\n", address(0, i));
        load.batch += batch_line(0, i);
    }
    load.configuration += "    }\n}\n";
    return load;
}

std::chrono::nanoseconds start_interval() {
    return vrrpd::proto::down_interval(vrrpd::proto::Version::v3, *vrrpd::proto::Priority::configured(router_priority),
                                       1s, 3);
}

Crowd::Crowd()
    : switches({"lan0", "lan1", "lan2", "lan3"}),
      first(switches, router("first", 1)),
      second(switches, router("second", 2)),
      bystander(switches, router("bystander", 3)) {}

std::chrono::nanoseconds time_of_ip_batch(const lab::Host& host, const Load& load) {
    const AddressWatch watch(host.netns());
    host.netns().ip(load.batch);
    if (!watch.await(load.addresses, 10s)) lab::give_up("`ip -batch` did not add its addresses");
    return watch.first_to_last();
}

std::optional<std::chrono::nanoseconds> mass_take_over(Subject& active, const Subject& standby, const Load& load) {
    const AddressWatch watch(standby.host().netns());
    active.terminate();
    if (!watch.await(load.addresses, 60s)) return std::nullopt;
    return watch.first_to_last();
}

}  // namespace bench
