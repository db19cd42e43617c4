// What makes a lease a good one; see lease.hpp.
#include "dhcpsync/core/lease.hpp"

#include <algorithm>

namespace dhcpsync {

namespace {

constexpr bool in_host_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

bool well_formed(const Client4& client, const IpAddress& address) {
    const auto& hardware = client.hardware;
    return address.is_v4() && client.id.size() <= longest_client_id &&
           hardware.address.size() <= longest_hardware_address && (hardware.type != 0 || hardware.address.empty());
}

bool well_formed(const Client6& client, const IpAddress& address) {
    return address.is_v6() && client.duid.size() <= longest_client_id;
}

constexpr Seconds echo_slack{2};

bool same_and_there(const Bytes& a, const Bytes& b) { return !a.empty() && a == b; }

}  // namespace

bool valid_host_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_host_name && std::all_of(name.begin(), name.end(), in_host_name);
}

bool same_machine(const Client& a, const Client& b) {
    if (a == b) return true;
    if (const auto* a4 = std::get_if<Client4>(&a), *b4 = std::get_if<Client4>(&b); a4 && b4) {
        return same_and_there(a4->id, b4->id) || same_and_there(a4->hardware.address, b4->hardware.address);
    }
    if (const auto* a6 = std::get_if<Client6>(&a), *b6 = std::get_if<Client6>(&b); a6 && b6) {
        return same_and_there(a6->duid, b6->duid);
    }
    return false;
}

bool about_equal(WallTime a, WallTime b) {
    if (a == never || b == never) return a == b;
    return a <= b + echo_slack && b <= a + echo_slack;
}

bool well_formed(const Lease& lease) {
    const auto& address = lease.address;
    if (address.is_unspecified() || address.is_multicast() || address.is_loopback()) return false;
    if (!lease.host_name.empty() && !valid_host_name(lease.host_name)) return false;
    return std::visit([&](const auto& client) { return well_formed(client, address); }, lease.client);
}

}  // namespace dhcpsync
