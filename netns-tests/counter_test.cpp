// What is counted. Adverts that are refused, each kind, beside a real keepalived: the same counters in keepalived.stats
// and keepalived.json. And counters that outlive a stop: those of AH, which decide who is believed, and those of BFD.
#include <csignal>
#include <filesystem>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/bfd.hpp"
#include "netns-tests/lab/forge.hpp"

namespace lab::counter_test {
namespace {

using Json = nlohmann::ordered_json;

class CounterTest : public HomeTest {
protected:
    CounterTest() { std::filesystem::create_directories(folder_); }

    void run(Router& router, const std::string& text) {
        router.run_with({"env", "TMPDIR=" + folder_});
        router.configure(text);
        router.start();
    }
    [[nodiscard]] std::string dump(const Router& router, int signal, const std::string& name) const {
        const auto path = folder_ + "/" + name;
        router.process().signal(signal);
        EXPECT_TRUE(wait_until([&] { return !content_of(path).empty(); })) << path;
        std::this_thread::sleep_for(100ms);  // keepalived writes it in place
        auto content = content_of(path);
        std::filesystem::remove(path);
        return content;
    }
    // The lines between the two, of each instance, but for one that 2.2.7 never counts.
    static std::string errors_in(const std::string& stats) {
        std::istringstream lines(stats);
        std::string result;
        bool inside = false;
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("VRRP Instance")) result += line + '\n';
            if (line == "  Packet Errors:") inside = true;
            if (line == "  Priority Zero:") inside = false;
            if (inside && line.find("Advertisement Interval") == std::string::npos) result += line + '\n';
        }
        return result;
    }

    const std::string folder_ = directory() + "/dumps";
};

std::string instance(const std::string& name, int vrid, int version, const std::string& more) {
    // It stays a stand-in for longer than the test lasts.
    const VrrpText text{.name = name,
                        .version = version,
                        .vrid = vrid,
                        .advert_int = "30",
                        .addresses = {"10.12.14." + std::to_string(vrid) + "/24"},
                        .more = "version " + std::to_string(version) + '\n' + more};
    const auto whole = text.text();
    return whole.substr(whole.find("vrrp_instance"));
}

TEST_F(CounterTest, of_refused_adverts_are_keepalived_s) {
    constexpr std::uint8_t plain = 21, word = 22, other = 23;
    const auto text = instance("PLAIN", plain, 3, "") +
                      instance("WORD", word, 2, "authentication {\n auth_type PASS\n auth_pass secret\n }\n") +
                      instance("OPEN", other, 2, "");
    const auto of = [](std::uint8_t vrid) {
        Forgery forgery{.source = IpAddress::v4(10, 12, 14, 99),
                        .vrid = vrid,
                        .priority = 150,
                        .interval = 3000,
                        .address = IpAddress::v4(10, 12, 14, vrid)};
        if (vrid != plain) {
            forgery.version_and_type = 0x21;
            forgery.interval = 30;
        }
        return forgery;
    };
    std::vector<Forgery> bad;
    const auto add = [&](Forgery forgery, auto spoil) {
        spoil(forgery);
        bad.push_back(forgery);
    };
    for (const auto vrid : {plain, other}) {
        add(of(vrid), [](auto& f) { f.ttl = 254; });
        add(of(vrid), [](auto& f) { f.version_and_type = static_cast<std::uint8_t>(f.version_and_type + 1); });
        add(of(vrid), [](auto& f) { f.length_error = -4; });
        add(of(vrid), [](auto& f) { f.count = 2; });
        add(of(vrid), [](auto& f) { f.address = IpAddress::v4(10, 12, 14, 200); });
        add(of(vrid), [](auto& f) { f.address = IpAddress::v4(10, 12, 14, 201); });
    }
    add(of(other), [](auto& f) { f.auth_type = 1; });
    add(of(other), [](auto& f) { f.auth_type = 9; });
    add(of(word), [](auto& f) { f.auth_type = 1; });  // with another password
    add(of(word), [](auto& f) { f.auth_type = 0; });
    const Injector injector(home.client, "lan0");
    std::map<Daemon, std::pair<std::string, Json>> seen;
    for (const auto daemon : {Daemon::keepalived, Daemon::vrrpd}) {
        Router router(home.h003, daemon);
        run(router, text);
        ASSERT_TRUE(router.await_log("(OPEN) Entering BACKUP STATE"));
        std::this_thread::sleep_for(300ms);
        for (const auto& forgery : bad) {
            injector.send(forge(forgery));
            std::this_thread::sleep_for(20ms);
        }
        std::this_thread::sleep_for(200ms);
        seen[daemon] = {errors_in(dump(router, SIGUSR2, "keepalived.stats")),
                        Json::parse(dump(router, SIGRTMIN + 2, "keepalived.json"))};
        router.stop();
        auto& json = seen[daemon].second;
        for (auto& one : json) {
            one = one["stats"];
            for (const auto* key : {"advert_rcvd", "advert_sent", "advert_interval_err"}) one.erase(key);
        }
    }
    EXPECT_EQ(seen[Daemon::vrrpd].first, seen[Daemon::keepalived].first);
    EXPECT_EQ(seen[Daemon::vrrpd].second.dump(1), seen[Daemon::keepalived].second.dump(1));
    EXPECT_EQ(seen[Daemon::keepalived].second[0]["addr_list_err"], 2);
}

// 2.2.7 has the counter and never counts.
TEST_F(CounterTest, of_another_interval_counts) {
    Router router(home.h003, Daemon::vrrpd);
    run(router, instance("OPEN", 23, 2, ""));
    ASSERT_TRUE(router.await_log("(OPEN) Entering BACKUP STATE"));
    std::this_thread::sleep_for(300ms);
    const Injector injector(home.client, "lan0");
    injector.send(forge({.source = IpAddress::v4(10, 12, 14, 99),
                         .vrid = 23,
                         .interval = 1,
                         .version_and_type = 0x21,
                         .address = IpAddress::v4(10, 12, 14, 23)}));
    std::this_thread::sleep_for(200ms);
    EXPECT_NE(dump(router, SIGUSR2, "keepalived.stats").find("Advertisement Interval: 1\n"), std::string::npos);
    EXPECT_EQ(router.stop(), 0);
}

// A neighbour that takes each number once would take us for a replay.
TEST_F(CounterTest, of_AH_goes_on_after_a_stop) {
    VrrpText text{.version = 2, .priority = 200, .advert_int = "1"};
    text.more = "authentication {\n auth_type AH\n auth_pass secret\n }\n";
    auto& ours = start(home.h003, text, {}, Daemon::vrrpd);
    text.priority = 100;
    ASSERT_TRUE(becomes_active(home.h003));
    auto& theirs = start(home.h001, text, {}, Daemon::keepalived);
    std::this_thread::sleep_for(3s);
    EXPECT_EQ(ours.stop(), 0);
    ASSERT_TRUE(wait_until([&] { return holds(home.h001); }));
    ours.start();
    EXPECT_TRUE(wait_until([&] { return holds(home.h003) && !holds(home.h001); }, 15s)) << theirs.log();
    EXPECT_EQ(theirs.log().find("sequence"), std::string::npos) << theirs.log();
}

TEST_F(CounterTest, of_BFD_goes_on_after_a_stop) {
    const auto with_session = [](const char* neighbor, VrrpText text) {
        auto whole = text.text();
        return whole.insert(whole.find("vrrp_instance"), std::string("bfd_instance peer {\n neighbor_ip ") + neighbor +
                                                             "\n min_rx 50\n min_tx 50\n multiplier 3\n}\n");
    };
    Router peer(home.h001, Daemon::vrrpd), ours(home.h003, Daemon::vrrpd);
    peer.configure(with_session("10.12.14.4", {.vrid = 77, .addresses = {"10.12.14.77/24"}}));
    peer.start();
    run(ours, with_session("10.12.14.2", {.priority = 200, .more = "track_bfd {\n peer\n }\n"}));
    const auto up_count = [&]() -> int {
        const auto text = dump(ours, SIGUSR1, "keepalived_bfd.data");
        const auto at = text.find("became Up");
        return at == std::string::npos ? -1 : std::stoi(text.substr(text.find('=', at) + 1));
    };
    ASSERT_TRUE(home.lan.await(all({from(home.h003), bfd_in(vrrpd::proto::BfdState::up)}), 6s));
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(up_count(), 1);
    EXPECT_EQ(ours.stop(), 0);
    const auto again = wall_clock();
    ours.start();
    ASSERT_TRUE(home.lan.await(all({from(home.h003), bfd_in(vrrpd::proto::BfdState::up), since(again)}), 6s));
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(up_count(), 2);
    EXPECT_EQ(ours.stop(), 0);
}

}  // namespace
}  // namespace lab::counter_test
