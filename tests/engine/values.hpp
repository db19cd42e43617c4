// Short ways to write the values that the engine's tests are full of.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/core/world.hpp"

namespace vrrpd::engine::test {

using namespace std::chrono_literals;

inline IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }
inline Prefix prefix(const char* text) { return Prefix::parse(text).value(); }
inline proto::Vrid vrid(unsigned value) { return proto::Vrid::make(value).value(); }
inline proto::Priority priority(unsigned value) { return proto::Priority::configured(value).value(); }

// Up, with carrier.
inline netlink::Link link(std::uint32_t index, const char* name) {
    netlink::Link result;
    result.index = IfIndex{index};
    result.name = name;
    result.mac = MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(index)}};
    result.admin_up = result.running = result.multicast = true;
    return result;
}

inline netlink::Address held(std::uint32_t index, const char* text) {
    netlink::Address result;
    result.link = IfIndex{index};
    result.prefix = prefix(text);
    return result;
}

inline config::VirtualAddress vip(const char* text, const char* device = "lan0") {
    config::VirtualAddress result;
    result.prefix = prefix(text);
    result.device = device;
    return result;
}

// The LAN instance of the README's home.
inline config::Instance instance() {
    config::Instance result;
    result.name = "LAN";
    result.interface = "lan0";
    result.vrid = vrid(1);
    result.parameters.priority = priority(200);
    result.addresses = {vip("10.12.14.1/24")};
    return result;
}

inline constexpr std::uint32_t lan0 = 2, wan0 = 3;

// lan0 (10.12.14.4/24, fe80::4/64) and wan0 (198.51.100.7/24), both up.
inline netlink::Snapshot home() {
    netlink::Snapshot result;
    result.links = {link(lan0, "lan0"), link(wan0, "wan0")};
    result.addresses = {held(lan0, "10.12.14.4/24"), held(lan0, "fe80::4/64"), held(wan0, "198.51.100.7/24")};
    return result;
}

inline World world(netlink::Snapshot picture) {
    World result;
    result.reset(std::move(picture));
    return result;
}

}  // namespace vrrpd::engine::test
