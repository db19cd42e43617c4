// The unit that is installed, under a systemd of the test's own: what starts, restarts, reloads and stops do to the
// role, inside the sandbox that the unit is.
#include <optional>
#include <ostream>

#include "netns-tests/dhcp_fixture.hpp"
#include "netns-tests/gateway_config.hpp"
#include "netns-tests/lab/service_manager.hpp"

namespace lab::service_test {
namespace {

class Service : public HomeTest {
protected:
    void SetUp() override {
        const auto why = ServiceManager::missing();
        if (!why.empty()) GTEST_SKIP() << "SKIPPED: needs a systemd of its own: " << why;
        manager_.emplace(home.h003);
        configure(text(200));
    }
    void TearDown() override {
        if (HasFailure() && manager_)
            std::printf("---- journal of H003\n%s---- processes\n%s", systemd().journal().c_str(),
                        systemd().processes().c_str());
        HomeTest::TearDown();
    }

    static VrrpText text(int priority) {
        VrrpText made;
        made.priority = priority;
        made.after = GatewayText{}.text();
        return made;
    }
    ServiceManager& systemd() { return *manager_; }
    void configure(const VrrpText& text) { systemd().write("/etc/vrrpd/vrrpd.conf", text.text()); }
    void drop_in(const std::string& lines) {
        systemd().write("/etc/systemd/system/vrrpd.service.d/test.conf", "[Service]\n" + lines);
        systemd().must({"systemctl", "daemon-reload"});
    }
    Output control(const std::string& verb) { return systemd().run({"systemctl", verb, "vrrpd"}); }
    // H003 is the gateway, as a service; H001 stands in.
    void start_both() {
        const auto started = control("start");
        ASSERT_TRUE(started.ok()) << started.text;
        ASSERT_TRUE(becomes_active(home.h003, 15s));
        auto& stand_in = start(home.h001, text(150));
        ASSERT_TRUE(stand_in.await_log("Entering BACKUP STATE"));
    }
    void expect_role_stayed(Time from_time) {
        std::this_thread::sleep_for(600ms);  // more than H001 waits
        EXPECT_EQ(home.lan.count(all({from(home.h003), priority(0), since(from_time)})), 0u) << "it resigned";
        EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(from_time)})), 0u) << "H001 took over";
        EXPECT_TRUE(holds(home.h003));
    }
    // One daemon, all of it the service's.
    void expect_one_whole_daemon() {
        EXPECT_TRUE(wait_until([&] { return systemd().processes().find("vrrpd-restarts") == std::string::npos; }))
            << systemd().processes();
        EXPECT_EQ(systemd().state_of("vrrpd"), "active");
        const auto all = systemd().processes();
        for (const char* const name : {" vrrpd ", " vrrpd-engine "}) {
            const auto at = all.find(name);
            ASSERT_NE(at, std::string::npos) << name << all;
            EXPECT_EQ(all.find(name, at + 1), std::string::npos) << "two of " << name << all;
            EXPECT_NE(all.substr(at, all.find('\n', at) - at).find("vrrpd.service"), std::string::npos) << all;
        }
    }

private:
    std::optional<ServiceManager> manager_;
};

TEST_F(Service, restart_moves_neither_role_nor_anything_else) {
    start_both();
    EchoServer echo(home.internet, {Home::internet_address});
    Pinger pinger(home.client, {Home::internet_address});
    ASSERT_TRUE(pinger.await_answer());
    const auto from_time = wall_clock();
    for (const auto& command : {Arguments{"restart"}, {"restart"}, {"--no-block", "restart"}, {"try-restart"}}) {
        const int before = systemd().main_pid("vrrpd");
        Arguments words{"systemctl"};
        words.insert(words.end(), command.begin(), command.end());
        words.emplace_back("vrrpd");
        const auto restarted = systemd().run(words);
        EXPECT_TRUE(restarted.ok()) << restarted.text;
        EXPECT_TRUE(wait_until(
            [&] { return systemd().state_of("vrrpd") == "active" && systemd().main_pid("vrrpd") != before; }));
        expect_one_whole_daemon();
    }
    expect_role_stayed(from_time);
    EXPECT_EQ(pinger.unanswered(from_time), 0u);
    EXPECT_NE(systemd().journal().find("took over from the daemon before"), std::string::npos);
    // The last one is a whole daemon: it reloads, and a stop is a stop.
    EXPECT_TRUE(control("reload").ok());
    expect_one_whole_daemon();
    expect_role_stayed(from_time);
    EXPECT_TRUE(control("stop").ok());
    EXPECT_TRUE(becomes_active(home.h001));
}

TEST_F(Service, stop_hands_over_at_once_and_leaves_nothing) {
    start_both();
    const auto from_time = wall_clock();
    EXPECT_TRUE(control("stop").ok());
    EXPECT_TRUE(home.lan.await(all({from(home.h003), priority(0), since(from_time)}), 3s));
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_EQ(systemd().state_of("vrrpd"), "inactive") << "and not failed";
    EXPECT_EQ(systemd().processes().find("vrrpd"), std::string::npos) << systemd().processes();
    EXPECT_FALSE(holds(home.h003));
    EXPECT_EQ(home.h003.must({"ip", "rule"}).find("1120"), std::string::npos);
    EXPECT_EQ(systemd().run({"cat", "/run/vrrpd/owned"}).status, 1);
}

TEST_F(Service, reload_is_a_handoff) {
    start_both();
    const int before = systemd().main_pid("vrrpd");
    const auto from_time = wall_clock();
    const auto reloaded = control("reload");
    EXPECT_TRUE(reloaded.ok()) << reloaded.text;
    EXPECT_TRUE(wait_until([&] { return systemd().main_pid("vrrpd") != before; }));
    expect_one_whole_daemon();
    expect_role_stayed(from_time);
}

// A file that could not start is no reason to wait for the next daemon.
TEST_F(Service, restart_with_a_file_that_cannot_start_is_a_stop) {
    start_both();
    const auto from_time = wall_clock();
    systemd().write("/etc/vrrpd/vrrpd.conf", "vrrp_instance LAN {\n interface lan0\n}\n");
    EXPECT_FALSE(control("restart").ok());
    EXPECT_TRUE(home.lan.await(all({from(home.h003), priority(0), since(from_time)}), 3s));
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_EQ(systemd().state_of("vrrpd"), "failed");
    EXPECT_TRUE(systemd().await_journal("the restart moves the role"));
    EXPECT_TRUE(systemd().await_journal("virtual_router_id")) << "what is wrong with it";
    EXPECT_FALSE(holds(home.h003));
}

// The start that follows fails (a unit that was spoilt, a library that is missing): the daemon before goes on until
// somebody has put it right.
TEST_F(Service, restart_whose_start_fails_leaves_the_role_to_the_daemon_before) {
    start_both();
    const auto from_time = wall_clock();
    drop_in("ExecStart=\nExecStart=/bin/false\nRestart=no\n");
    EXPECT_FALSE(control("restart").ok());
    EXPECT_EQ(systemd().state_of("vrrpd"), "failed");
    std::this_thread::sleep_for(1s);
    expect_role_stayed(from_time);
    drop_in("");
    EXPECT_TRUE(control("start").ok());
    expect_one_whole_daemon();
    expect_role_stayed(from_time);
}

// Its engine hands over when it is gone, and the next one finds somebody else Active.
TEST_F(Service, supervisor_that_hangs_is_killed_by_the_watchdog_and_comes_back) {
    drop_in("WatchdogSec=1s\nRestartSec=100ms\n");
    start_both();
    const int before = systemd().main_pid("vrrpd");
    systemd().must({"kill", "-STOP", std::to_string(before)});
    EXPECT_TRUE(becomes_active(home.h001, 10s));
    EXPECT_TRUE(wait_until([&] {
        const int now = systemd().main_pid("vrrpd");
        return now != 0 && now != before && systemd().state_of("vrrpd") == "active";
    }));
    EXPECT_TRUE(systemd().await_journal("Watchdog timeout"));
    expect_one_whole_daemon();
}

// Boot: the fence stands before the daemon runs, and after it.
TEST_F(Service, fence_unit_shuts_the_fence_until_it_is_stopped) {
    const auto fence = [&] { return home.h003.run({"nft", "list", "table", "netdev", "vrrpd"}); };
    EXPECT_FALSE(fence().ok());
    systemd().must({"systemctl", "start", "vrrpd-fence"});
    EXPECT_TRUE(fence().ok());
    start_both();
    EXPECT_TRUE(control("stop").ok());
    EXPECT_TRUE(fence().ok());
    systemd().must({"systemctl", "stop", "vrrpd-fence"});
    EXPECT_FALSE(fence().ok());
}

// The drop-in that takes more away leaves enough for all of this.
TEST_F(Service, no_scripts_drop_in_leaves_enough) {
    systemd().must({"sh", "-c",
                    "mkdir -p /etc/systemd/system/vrrpd.service.d && cp /usr/local/share/doc/vrrpd/no-scripts.conf "
                    "/etc/systemd/system/vrrpd.service.d/ && systemctl daemon-reload"});
    start_both();
    const auto from_time = wall_clock();
    EXPECT_TRUE(control("restart").ok());
    expect_one_whole_daemon();
    EXPECT_TRUE(control("reload").ok());
    expect_one_whole_daemon();
    expect_role_stayed(from_time);
}

// while_active: real units, which run where the gateway is.
TEST_F(Service, units_of_while_active_run_on_the_active_router_alone) {
    systemd().write("/etc/systemd/system/tunnel.service", "[Service]\nExecStart=/bin/sleep infinity\n");
    systemd().must({"systemctl", "daemon-reload"});
    auto with_unit = text(200);
    with_unit.after.insert(with_unit.after.rfind('}'), "    while_active {\n        unit tunnel\n    }\n");
    configure(with_unit);
    start_both();
    const auto runs = [&](const char* state) {
        return wait_until([&] { return systemd().state_of("tunnel") == state; });
    };
    EXPECT_TRUE(runs("active"));
    const int tunnel = systemd().main_pid("tunnel");
    EXPECT_TRUE(control("restart").ok());
    expect_one_whole_daemon();
    EXPECT_EQ(systemd().main_pid("tunnel"), tunnel) << "the role stayed, and so does what belongs to it";
    EXPECT_TRUE(control("stop").ok());
    EXPECT_TRUE(runs("inactive"));
}

// A check as a user without rights, a notify script, an alert: all of it within the unit's sandbox.
TEST_F(Service, scripts_run_in_the_sandbox) {
    const auto program = [&](const std::string& name, const std::string& lines) {
        systemd().write("/usr/local/bin/" + name, "#!/bin/sh\n" + lines);
        systemd().must({"chmod", "755", "/usr/local/bin/" + name});
    };
    program("check", "id -un >/run/checks/by && exec cat /run/checks/well\n");
    program("told", "echo \"$(id -un) $*\" >>/run/vrrpd/told\n");
    systemd().must({"sh", "-c", "mkdir -m 777 /run/checks && : >/run/checks/well"});
    drop_in("ReadWritePaths=/run/checks\n");
    auto checked = text(200);
    checked.more = "track_script {\n        check\n    }\n    notify /usr/local/bin/told root\n";
    systemd().write("/etc/vrrpd/vrrpd.conf",
                    "vrrp_script check {\n    script /usr/local/bin/check\n    interval 0.2\n    weight -100\n"
                    "    user nobody\n}\n" +
                        checked.text());
    start_both();
    EXPECT_EQ(systemd().run({"cat", "/run/checks/by"}).text, "nobody\n");
    EXPECT_TRUE(wait_until([&] {
        return systemd().run({"cat", "/run/vrrpd/told"}).text.find("root INSTANCE LAN MASTER 200\n") !=
               std::string::npos;
    }));
    systemd().must({"rm", "/run/checks/well"});
    EXPECT_TRUE(becomes_active(home.h001, 10s)) << "the check's verdict counts";
    EXPECT_TRUE(wait_until([&] {
        return systemd().run({"cat", "/run/vrrpd/told"}).text.find("root INSTANCE LAN BACKUP 100\n") !=
               std::string::npos;
    }));
}

// ---- units that were written for keepalived, with this program in its place -----------------------------

struct ForKeepalived {
    const char* name;
    const char* unit;  // empty: the package's own
};
void PrintTo(const ForKeepalived& unit, std::ostream* out) { *out << unit.name; }

constexpr auto of_nixos =
    "[Unit]\nDescription=Keepalive Daemon (LVS and VRRP)\n"
    "[Service]\nType=forking\nPIDFile=/run/keepalived.pid\nKillMode=process\nRuntimeDirectory=keepalived\n"
    "Restart=always\nRestartSec=1s\nExecReload=/bin/kill -HUP $MAINPID\n"
    "ExecStart=/usr/sbin/keepalived -f /etc/keepalived/keepalived.conf -p /run/keepalived.pid";

class UnitOfKeepalived : public HomeTest, public testing::WithParamInterface<ForKeepalived> {
protected:
    void SetUp() override {
        const auto why = ServiceManager::missing();
        if (!why.empty()) GTEST_SKIP() << "SKIPPED: needs a systemd of its own: " << why;
        manager_.emplace(home.h003);
        systemd().must({"ln", "-sf", "/usr/local/sbin/vrrpd", "/usr/sbin/keepalived"});
        install("");
    }
    void TearDown() override {
        if (HasFailure() && manager_) std::printf("---- journal of H003\n%s", systemd().journal().c_str());
        HomeTest::TearDown();
    }
    ServiceManager& systemd() { return *manager_; }
    // With one option more, as another generation of the system has it.
    void install(const std::string& option) {
        if (const std::string own = GetParam().unit; !own.empty())
            systemd().write("/etc/systemd/system/keepalived.service", own + option + "\n");
        else
            systemd().write("/etc/default/keepalived", "DAEMON_ARGS=\"" + option + "\"\n");
        systemd().must({"systemctl", "daemon-reload"});
    }
    void configure(const std::string& address) {
        systemd().write("/etc/keepalived/keepalived.conf", VrrpText{.addresses = {address}}.text());
    }
    [[nodiscard]] bool comes(int last_octet) {
        return wait_until(
            [&] { return holds(home.h003, IpAddress::v4(10, 12, 14, static_cast<std::uint8_t>(last_octet))); });
    }

private:
    std::optional<ServiceManager> manager_;
};

TEST_P(UnitOfKeepalived, runs_unchanged) {
    configure("10.12.14.200/24");
    const auto started = systemd().run({"systemctl", "start", "keepalived"});
    ASSERT_TRUE(started.ok()) << started.text;
    EXPECT_EQ(systemd().state_of("keepalived"), "active");
    EXPECT_TRUE(comes(200));
    const int main = systemd().main_pid("keepalived");
    EXPECT_EQ(systemd().must({"cat", "/run/keepalived.pid"}), std::to_string(main) + "\n");

    configure("10.12.14.201/24");
    EXPECT_TRUE(systemd().run({"systemctl", "reload", "keepalived"}).ok());
    EXPECT_TRUE(comes(201));
    EXPECT_FALSE(holds(home.h003, IpAddress::v4(10, 12, 14, 200)));
    EXPECT_EQ(systemd().main_pid("keepalived"), main);

    configure("10.12.14.202/24");
    install(" --snmp");
    EXPECT_TRUE(systemd().run({"systemctl", "restart", "keepalived"}).ok());
    EXPECT_TRUE(comes(202));
    EXPECT_NE(systemd().main_pid("keepalived"), main);

    // Killed, it is started again where the unit says so, and nothing of it is left where it does not.
    systemd().must({"systemctl", "kill", "--kill-whom=main", "--signal=KILL", "keepalived"});
    const bool again = systemd().property("keepalived", "Restart") == "always";
    EXPECT_TRUE(wait_until([&] { return systemd().state_of("keepalived") == (again ? "active" : "failed"); }));
    EXPECT_TRUE(again ? comes(202) : wait_until([&] { return !holds(home.h003, IpAddress::v4(10, 12, 14, 202)); }));

    systemd().must({"systemctl", "stop", "keepalived"});
    EXPECT_TRUE(wait_until([&] { return systemd().processes().find("keepalived") == std::string::npos; }))
        << systemd().processes();
    EXPECT_FALSE(holds(home.h003, IpAddress::v4(10, 12, 14, 202)));
}

INSTANTIATE_TEST_SUITE_P(Distributions, UnitOfKeepalived,
                         testing::Values(ForKeepalived{"Debian", ""}, ForKeepalived{"NixOS", of_nixos}),
                         [](const auto& one) { return std::string(one.param.name); });

// ---- the README -----------------------------------------------------------------------------------------

// A stand-in set up as the README says, but for D-Bus: its file as it stands, its dnsmasq a unit. Where the leases are
// is found, and the unit restarted with them, from inside the sandbox.
class ServiceOfTheReadme : public DhcpTest {
protected:
    void SetUp() override {
        const auto why = ServiceManager::missing();
        if (!why.empty()) GTEST_SKIP() << "SKIPPED: needs a systemd of its own: " << why;
        stand_in_.emplace(home.h001);
        stand_in_->write("/etc/dnsmasq.conf",
                         "port=0\nlisten-address=10.12.14.1\nbind-dynamic\n"
                         "dhcp-range=10.12.14.100,10.12.14.199,255.255.255.0,1h\n"
                         "dhcp-option=3,10.12.14.1\ndhcp-option=6,10.12.14.1\ndhcp-authoritative\n");
        stand_in_->write("/etc/systemd/system/dnsmasq.service",
                         "[Service]\nExecStart=/usr/sbin/dnsmasq --keep-in-foreground --user=root\n");
        stand_in_->write("/etc/vrrpd/vrrpd.conf", content_of(LAB_HOME_CONF));
        stand_in_->write("/etc/vrrpd/peer.key", content_of(key_file));
        stand_in_->must({"chmod", "600", "/etc/vrrpd/peer.key"});
        stand_in_->must({"systemctl", "daemon-reload"});
    }
    void TearDown() override {
        if (HasFailure() && stand_in_) std::printf("---- journal of H001\n%s", stand_in_->journal().c_str());
        DhcpTest::TearDown();
    }
    std::optional<ServiceManager> stand_in_;
};

TEST_F(ServiceOfTheReadme, gives_the_leases_that_it_learnt) {
    configure(h003, text());
    h003.start();
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    stand_in_->must({"systemctl", "start", "dnsmasq", "vrrpd"});
    const auto restarts = [&] {
        return stand_in_->property("dnsmasq", "NRestarts") + stand_in_->property("dnsmasq", "InvocationID");
    };
    const auto first = restarts();
    DhcpClient client(card, 1);
    ASSERT_EQ(client.join(), DhcpAnswer::ack);
    const auto address = client.lease()->address;
    EXPECT_TRUE(wait_until([&] {
        return stand_in_->run({"cat", "/var/lib/misc/dnsmasq.leases"}).text.find(client.mac().to_string()) !=
               std::string::npos;
    }));
    EXPECT_TRUE(wait_until([&] { return restarts() != first && stand_in_->state_of("dnsmasq") == "active"; }));
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    auto answer = DhcpAnswer::none;
    wait_until([&] { return (answer = client.renew()) != DhcpAnswer::none; }, 5s);
    EXPECT_EQ(answer, DhcpAnswer::ack);
    EXPECT_TRUE(client.has(address));
}

}  // namespace
}  // namespace lab::service_test
