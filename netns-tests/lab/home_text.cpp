#include "netns-tests/lab/home_text.hpp"

#include <fmt/format.h>

#include "netns-tests/lab/janitor.hpp"

namespace lab {

namespace {

constexpr auto blocks = R"(vrrp_instance LAN {{
    state BACKUP
    interface lan0
    virtual_router_id 1
    @H003 priority 200
    @H001 priority 150
    @H002 priority 100
    advert_int {advert_int}
    {instance}
    virtual_ipaddress {{
        10.12.14.1/24
    }}
}}
gateway HOME {{
    follows {follows}
    lan lan0 10.12.14.0/24
    wan wan0 {{
        address own
        via 198.51.100.1
    }}
    nat {{
        masquerade
    }}
    {gateway}
}}
peer_link {{
    key_file {key_file}
    member H003 10.12.14.4
    member H001 10.12.14.2
    member H002 10.12.14.3
}}
dhcp_sync {{
    follows HOME
    dnsmasq {{
        {dnsmasq_files}
        {dnsmasq}
    }}
    {dhcp_sync}
}}
{more_blocks}
)";

}  // namespace

std::string HomeText::alert_command(const std::string& host) { return directory() + "/" + host + ".alert.sh"; }
std::string HomeText::restart_command(const std::string& host) { return directory() + "/" + host + ".restart.sh"; }

std::string HomeText::text() const {
    std::string lines = "global_defs {\n    vrrp_version 3\n}\n";
    for (const auto* host : {"H003", "H001", "H002"}) {
        lines += fmt::format("@{0} $LEASES={1}/{0}.leases\n@{0} $DNSMASQ={1}/{0}.dnsmasq.conf\n", host, directory());
        lines += fmt::format("@{0} $ALERT={1}\n@{0} $RESTART={2}\n", host, alert_command(host), restart_command(host));
    }
    using fmt::arg;
    return lines + fmt::format(blocks, arg("advert_int", advert_int), arg("follows", follows),
                               arg("instance", instance), arg("gateway", gateway), arg("key_file", key_file),
                               arg("dnsmasq", dnsmasq), arg("dnsmasq_files", dnsmasq_files),
                               arg("dhcp_sync", dhcp_sync), arg("more_blocks", more_blocks));
}

}  // namespace lab
