// A configuration in which every block stands, for tests that try each keyword where it belongs.
#pragma once

#include <string>

#include "vrrpd/config/keywords.hpp"

namespace vrrpd::config {

// With `line` in one of them.
inline std::string with(Block where, const std::string& line) {
    const bool needs_nopreempt = line.find("timer_expired") != std::string::npos;
    const auto in = [&](Block block) {
        return block == where ? line + (needs_nopreempt ? "\nnopreempt\n" : "\n") : std::string();
    };
    return in(Block::root) + "global_defs {\nenable_script_security\n" + in(Block::global_defs) + "}\n" +
           "vrrp_script s {\nscript /bin/s\n" + in(Block::script) + "}\n" +  //
           "vrrp_track_process p {\nprocess p\n" + in(Block::track_process) + "}\n" + "track_file f {\nfile /f\n" +
           in(Block::track_file) + "}\n" +  //
           "bfd_instance b {\nneighbor_ip 10.0.0.9\n" + in(Block::bfd) + "}\n" +
           "garp_group {\ninterface eth0\ngna_interval 1\n" + in(Block::garp_group) + "}\n" +
           "vrrp_instance V {\ninterface eth0\nvirtual_router_id 7\n" + in(Block::vrrp_instance) +
           "virtual_ipaddress {\n10.0.0.1/24\n}\nunicast_peer {\n10.0.0.9\n}\ntrack_script "
           "{\ns\n}\ntrack_process {\np\n}\ntrack_file {\nf\n}\n"
           "track_bfd {\nb\n}\n}\n" +
           "vrrp_instance S {\ninterface eth0\nvirtual_router_id 8\nvirtual_ipaddress {\n10.0.0.2/24\n}\n"
           "auth_hmac {\nkey 1 0123456789abcdef0123456789abcdef\nactive_key 1\n" +
           in(Block::auth_hmac) + "}\n}\n" +
           "vrrp_instance A {\ninterface eth1\nvirtual_router_id 7\nvirtual_ipaddress {\n10.1.0.1/24\n}\n}\n"
           "vrrp_instance B {\ninterface eth2\nvirtual_router_id 7\nvirtual_ipaddress {\n10.2.0.1/24\n}\n}\n" +
           "vrrp_sync_group G {\ngroup {\nA\nB\n}\n" + in(Block::sync_group) + "}\n" +
           "gateway H {\nfollows V\nlan eth0 10.0.0.0/24\n" + in(Block::gateway) +  //
           "wan wan0 {\nvia 192.0.2.1\n" + in(Block::wan) + "}\nnat {\nmasquerade\n" + in(Block::nat) + "}\n}\n" +
           "peer_link {\nkey_file /k\nmember H003 10.0.0.3\nmember H001 10.0.0.4\n" + in(Block::peer_link) + "}\n" +
           "dns_failover {\nfollows H\nforwarder H003\nforwarder H001\n" + in(Block::dns_failover) + "}\n" +
           "dhcp_sync {\nfollows H\n" + in(Block::dhcp_sync) + "dnsmasq {\n" + in(Block::dnsmasq) + "}\n}\n";
}

}  // namespace vrrpd::config
