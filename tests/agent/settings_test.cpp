#include "vrrpd/agent/settings.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/config/fake_files.hpp"

namespace vrrpd::agent::settings_test {
namespace {

constexpr auto home = R"(
global_defs {
    vrrp_version 3
}
@H003 $LAN=lan0
@H001 $LAN=enp5s0
vrrp_instance LAN {
    interface $LAN
    virtual_router_id 1
    @H003 priority 200
    @H003 state MASTER
    @H001 priority 150
    advert_int 0.1
    virtual_ipaddress {
        10.12.14.1/24
    }
}
gateway HOME {
    follows LAN
    lan $LAN 10.12.14.0/24
    @H003 wan wan0 {
    @H001 wan eth1 {
        via 198.51.100.1
    }
    nat {
        masquerade
        port_forward tcp 443 to 10.12.14.20:443
    }
}
peer_link {
    key_file /etc/vrrpd/peer.key
    member H003 10.12.14.4
    member H001 10.12.14.2
}
dns_failover {
    follows HOME
    forwarder H003 10.12.14.4
    forwarder H001 10.12.14.2
}
)";

std::string canonical(const std::string& text, const std::string& id) {
    return canonical_vrrp(config::parse_text(text, id).config);
}

std::string with(std::string_view what, std::string_view instead) {
    std::string text = home;
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), instead);
}

TEST(CanonicalVrrp, one_file_is_alike_on_all_its_hosts) {
    EXPECT_EQ(canonical(home, "H001"), canonical(home, "H003"));
    EXPECT_NE(canonical(home, "H001"), "");
}

TEST(CanonicalVrrp, what_must_be_alike_shows) {
    const auto good = canonical(home, "H001");
    const std::pair<const char*, const char*> changes[] = {
        {"virtual_router_id 1", "virtual_router_id 2"},
        {"advert_int 0.1", "advert_int 1"},
        {"10.12.14.1/24", "10.12.14.9/24"},
        {"vrrp_version 3", "vrrp_version 2"},
        {"10.12.14.0/24", "10.12.0.0/16"},
        {"        masquerade\n", ""},
        {"tcp 443 to", "tcp 444 to"},
        {"member H003 10.12.14.4", "member H003 10.12.14.5"},
        {"forwarder H001 10.12.14.2", "forwarder H001 10.12.14.3"},
    };
    for (const auto& [what, instead] : changes) EXPECT_NE(canonical(with(what, instead), "H001"), good) << what;
}

TEST(CanonicalVrrp, what_may_differ_does_not_show) {
    const auto good = canonical(home, "H001");
    const std::pair<const char*, const char*> changes[] = {
        {"@H001 priority 150", "@H001 priority 90"},
        {"$LAN=enp5s0", "$LAN=br0"},
        {"wan eth1", "wan ppp0"},
        {"vrrp_instance LAN", "! a comment\nvrrp_instance LAN"},
        {"/etc/vrrpd/peer.key", "/run/secrets/peer.key"},
    };
    for (const auto& [what, instead] : changes) EXPECT_EQ(canonical(with(what, instead), "H001"), good) << what;
}

constexpr auto adguard = R"(http:
  address: 10.12.14.4:3000
users:
  - name: admin
    password: $2y$05$secret
dns:
  bind_hosts:
    - 10.12.14.4
    - 127.0.0.1
  port: 53
  upstream_dns:
    - https://dns.example/dns-query
filters:
  - enabled: true
    url: https://filters.example/1.txt
    name: One
    id: 1700000001
user_rules:
  - '||ads.example^'
dhcp:
  enabled: false
schema_version: 28
)";

std::string adguard_with(std::string_view what, std::string_view instead) {
    std::string text = adguard;
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), instead);
}

TEST(CanonicalAdguard, says_what_is_answered_and_filtered) {
    const auto good = canonical_adguard(adguard);
    for (const auto& [what, instead] :
         {std::pair("port: 53", "port: 5353"), std::pair("dns-query", "other"), std::pair("1.txt", "2.txt"),
          std::pair("enabled: true", "enabled: false"), std::pair("ads.example", "news.example")})
        EXPECT_NE(canonical_adguard(adguard_with(what, instead)), good) << what;
}

TEST(CanonicalAdguard, is_silent_on_users_own_addresses_and_numbers_it_gives) {
    const auto good = canonical_adguard(adguard);
    EXPECT_EQ(good.find("secret"), std::string::npos);
    EXPECT_EQ(good.find("admin"), std::string::npos);
    for (const auto& [what, instead] :
         {std::pair("    - 10.12.14.4\n", "    - 10.12.14.2\n    - ::1\n"), std::pair("1700000001", "1700000002"),
          std::pair("10.12.14.4:3000", "0.0.0.0:80"), std::pair("schema_version: 28", "schema_version: 29")})
        EXPECT_EQ(canonical_adguard(adguard_with(what, instead)), good) << what;
    EXPECT_NE(good.find("upstream_dns"), std::string::npos) << "the list of own addresses ended";
}

TEST(CanonicalAdguard, takes_anything) {
    EXPECT_EQ(canonical_adguard(""), "");
    EXPECT_EQ(canonical_adguard("\n\n - : \xff\n"), "");
    EXPECT_EQ(canonical_adguard("dns:"), "dns:\n");
}

TEST(Fingerprint, is_sha256) {
    const auto print = fingerprint("vrrp", "abc");
    EXPECT_EQ(print.name, "vrrp");
    std::string hex;
    for (const auto octet : print.digest) hex += fmt::format("{:02x}", octet);
    EXPECT_EQ(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace vrrpd::agent::settings_test
