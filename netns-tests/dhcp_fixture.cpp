#include "netns-tests/dhcp_fixture.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace lab {

namespace {

std::string alert_file(const std::string& host) { return fmt::format("{}/{}.alerts", directory(), host); }

// The program of the `alert` line: keeps what it is told. It runs as a user without rights.
void write_alert_command(const std::string& host) {
    std::ofstream(alert_file(host)).flush();
    std::filesystem::permissions(alert_file(host), std::filesystem::perms(0666));
    const auto path = HomeText::alert_command(host);
    std::ofstream(path) << "#!/bin/sh\ncat >>" << alert_file(host) << '\n';
    std::filesystem::permissions(path, std::filesystem::perms(0755));
}

}  // namespace

DhcpTest::DhcpTest(const DhcpServerPlan& plan)
    : key_file(make_key("peer.key")), h003(home.h003, plan), h001(home.h001, plan), h002(home.h002, plan) {
    for (const auto* site : sites()) write_alert_command(site->host.name());
}

void DhcpTest::start_all(const HomeText& text) {
    for (auto* site : sites()) {
        configure(*site, text);
        site->start();
        const bool stands_so = site == &h003 ? becomes_active(home.h003, std::chrono::seconds(15))
                                             : site->router.await_log("Entering BACKUP STATE");
        EXPECT_TRUE(stands_so) << site->host.name();
    }
}

bool DhcpTest::knows(const Site& site, const DhcpClient& client) {
    const auto leases = site.server.leases();
    const auto at = client.lease() ? leases.find(client.lease()->address) : leases.end();
    return at != leases.end() && at->second.mac == client.mac().to_string();
}

bool DhcpTest::comes_to_know(const Site& site, const DhcpClient& client, std::chrono::milliseconds limit) {
    return wait_until([&] { return knows(site, client); }, limit);
}

std::string DhcpTest::alerts(const Site& site) {
    std::ostringstream text;
    text << std::ifstream(alert_file(site.host.name())).rdbuf();
    return text.str();
}

bool DhcpTest::await_alert(const Site& site, std::string_view text, std::chrono::milliseconds limit) {
    return wait_until([&] { return alerts(site).find(text) != std::string::npos; }, limit);
}

std::string DhcpTest::pid_file(const Site& site) { return directory() + "/" + site.host.name() + ".dnsmasq.pid"; }

// It ends, and only then the next one begins. (A dead child that nobody has waited for has no command line.)
void DhcpTest::write_restart_command(const Site& site) {
    const auto path = HomeText::restart_command(site.host.name());
    std::string start;
    for (const auto& word : site.bus.environment()) start += word + ' ';
    std::ofstream(path) << "#!/bin/sh\nset -e\nold=$(cat " << pid_file(site) << ")\nkill $old\n"
                        << "while grep -q . /proc/$old/cmdline 2>/dev/null; do sleep 0.01; done\n"
                        << "exec " << start << "dnsmasq --user=root --pid-file=" << pid_file(site)
                        << " --conf-file=" << site.server.configuration() << '\n';
    std::filesystem::permissions(path, std::filesystem::perms(0755));
}

}  // namespace lab
