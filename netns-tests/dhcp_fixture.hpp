// The home with everything that its routers run: D-Bus, dnsmasq, vrrpd with one file for all three; and clients that
// get their addresses from whoever is the gateway.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/dhcp_client.hpp"
#include "netns-tests/lab/home_text.hpp"
#include "netns-tests/lab/site.hpp"

namespace lab {

class DhcpTest : public HomeTest {
protected:
    explicit DhcpTest(const DhcpServerPlan& plan = {});

    // H003 becomes the gateway, the others stand in.
    void start_all(const HomeText& text);
    void start_all() { start_all(text()); }
    // What every host has by default: the shared key, its own lease file, an alert command that writes to alerts().
    [[nodiscard]] HomeText text() const { return {.key_file = key_file, .gateway = "alert $ALERT"}; }
    void configure(Site& site, const HomeText& text) const { site.router.configure(text.text()); }

    [[nodiscard]] std::vector<Site*> sites() { return {&h003, &h001, &h002}; }
    // The site's dnsmasq has this client's lease, as its lease file says.
    [[nodiscard]] static bool knows(const Site& site, const DhcpClient& client);
    static bool comes_to_know(const Site& site, const DhcpClient& client,
                              std::chrono::milliseconds limit = std::chrono::seconds(5));
    // All that a site's alert command was told: lines of JSON.
    [[nodiscard]] static std::string alerts(const Site& site);
    // The program $RESTART of a site: what `systemctl restart dnsmasq` does.
    static void write_restart_command(const Site& site);
    [[nodiscard]] static std::string pid_file(const Site& site);
    static bool await_alert(const Site& site, std::string_view text,
                            std::chrono::milliseconds limit = std::chrono::seconds(5));

    const std::string key_file;
    Site h003, h001, h002;
    DhcpCard card{home.client, "lan0"};
};

}  // namespace lab
