// Options whose effect shows on the wire, in time, or in the system's log.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <filesystem>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/forge.hpp"
#include "netns-tests/lab/janitor.hpp"

namespace lab::option_test {
namespace {

constexpr Daemon both[] = {Daemon::keepalived, Daemon::vrrpd};
constexpr std::size_t ttl_at = 14 + 8;

using Options = HomeTest;

TEST_F(Options, unicast_ttl_is_that_of_unicast_adverts) {
    for (const auto daemon : both) {
        const auto begun = wall_clock();
        auto& router = start(
            home.h003,
            {.priority = 200, .more = "unicast_src_ip 10.12.14.4\nunicast_ttl 9\nunicast_peer {\n 10.12.14.2\n}\n"}, {},
            daemon);
        const auto sent = home.lan.await(all({from(home.h003), adverts(), since(begun)}));
        ASSERT_TRUE(sent);
        EXPECT_EQ(sent->bytes.at(ttl_at), 9);
        EXPECT_EQ(destination(*sent), IpAddress::v4(10, 12, 14, 2));
        router.stop();
    }
}

TEST_F(Options, mcast_src_ip_is_where_multicast_adverts_come_from) {
    home.h003.must({"ip", "address", "add", "10.12.14.44/24", "dev", "lan0"});
    for (const auto daemon : both) {
        const auto begun = wall_clock();
        auto& router = start(home.h003, {.priority = 200, .more = "mcast_src_ip 10.12.14.44\n"}, {}, daemon);
        const auto sent = home.lan.await(all({from(home.h003), adverts(), since(begun)}));
        ASSERT_TRUE(sent);
        EXPECT_EQ(source(*sent), IpAddress::v4(10, 12, 14, 44));
        EXPECT_EQ(sent->bytes.at(ttl_at), 255);
        router.stop();
    }
}

// Of another owner with a greater address: who listens to it yields. (2.2.7 knows no such word.)
TEST_F(Options, an_owner_that_ignores_adverts_keeps_the_role) {
    const Injector injector(home.client, "lan0");
    const auto other = forge({.source = IpAddress::v4(10, 12, 14, 99), .priority = 255, .interval = 50});
    auto& deaf =
        start(home.h003, {.priority = 255, .advert_int = "0.5", .more = "owner_ignore_adverts\n"}, {}, Daemon::vrrpd);
    ASSERT_TRUE(becomes_active(home.h003));
    injector.send(other);
    std::this_thread::sleep_for(1s);
    EXPECT_FALSE(deaf.logged("10.12.14.99")) << deaf.log();
    EXPECT_TRUE(holds(home.h003));
    EXPECT_EQ(deaf.stop(), 0);

    auto& hears = start(home.h003, {.priority = 255, .advert_int = "0.5"}, {}, Daemon::vrrpd);
    ASSERT_TRUE(becomes_active(home.h003));
    injector.send(other);
    EXPECT_TRUE(hears.await_log("(LAN) Entering BACKUP STATE: 10.12.14.99")) << hears.log();
    EXPECT_EQ(hears.stop(), 0);
}

// Its clock is the machine's, from the boot on: here from four seconds ago on. (2.2.7 does not know the word.)
TEST_F(Options, vrrp_delay_after_boot_is_silence_until_then) {
    timespec up{};
    clock_gettime(CLOCK_BOOTTIME, &up);
    Router router(home.h003, Daemon::vrrpd);
    router.run_with({"unshare", "--time", "--boottime", std::to_string(4 - up.tv_sec), "--fork"});
    router.configure(VrrpText{.priority = 255, .after = "global_defs {\n vrrp_delay_after_boot 8\n}\n"}.text());
    const auto begun = wall_clock();
    router.start();
    ASSERT_TRUE(router.await_log("Delaying startup for "));
    const auto sent = home.lan.await(all({from(home.h003), adverts()}));
    ASSERT_TRUE(sent);
    EXPECT_GT(sent->at - begun, 3s);
    EXPECT_LT(sent->at - begun, 5500ms);
    router.process().kill_all();
}

// ---- under keepalived's name --------------------------------------------------------------------------------

// What listens where /dev/log is.
class SystemLog {
public:
    SystemLog() : path_(directory() + "/dev-log"), socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        unlink(path_.c_str());
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        const auto bound = bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        EXPECT_TRUE(bound) << path_;
    }
    [[nodiscard]] const std::string& path() const { return path_; }
    // All that came, a record a line.
    const std::string& text() {
        std::array<char, 4096> record{};
        for (ssize_t size = 0; (size = recv(socket_.get(), record.data(), record.size(), MSG_DONTWAIT)) > 0;)
            text_.append(record.data(), static_cast<std::size_t>(size)).push_back('\n');
        return text_;
    }
    [[nodiscard]] bool has(const std::string& what) { return text().find(what) != std::string::npos; }

private:
    std::string path_;
    vrrpd::Fd socket_;
    std::string text_;
};

// Both, in a /dev of their own.
TEST_F(Options, the_system_s_log_knows_it_by_keepalived_s_names) {
    for (const auto daemon : both) {
        SystemLog log;
        const Router router(home.h003, daemon);  // for its files
        router.configure(VrrpText{.priority = 200}.text());
        const auto link = directory() + "/keepalived";
        std::filesystem::remove(link);
        std::filesystem::create_symlink(
            daemon == Daemon::keepalived ? std::filesystem::path("/usr/sbin/keepalived") : LAB_VRRPD, link);
        const auto device = directory() + "/dev";
        std::filesystem::create_directories(device);
        Process process(
            {"unshare", "-m", "sh", "-c",
             "mount -t tmpfs none " + device + " && cp -a /dev/null /dev/zero /dev/urandom /dev/random " + device +
                 " && touch " + device + "/log && mount --bind " + log.path() + " " + device +
                 "/log && mount --rbind " + device + " /dev && mount -t tmpfs none /run && exec " + link +
                 " -n -P -f " + router.file("conf") + " -p " + router.file("pid") + " -r " + router.file("vrrp.pid")},
            home.h003.netns().fd(), router.file("log"));
        EXPECT_TRUE(wait_until([&] { return log.has("]: (LAN) Entering MASTER STATE"); }))
            << log.text() << router.log();
        EXPECT_TRUE(log.has(" Keepalived_vrrp[")) << log.text();
        EXPECT_TRUE(log.has(" Keepalived[")) << log.text();
        EXPECT_FALSE(log.has("vrrpd[")) << log.text();
        process.stop();
    }
}

}  // namespace
}  // namespace lab::option_test
