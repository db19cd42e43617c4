// Tables against this kernel: what stands after install(), and that nobody else's rules are touched.
#include <gmock/gmock.h>
#include <poll.h>

#include <atomic>
#include <regex>
#include <thread>

#include "netlink/nft/compile.hpp"
#include "netlink/nft/real_tables.hpp"
#include "nft_churn.hpp"
#include "nft_world.hpp"

namespace netlink::nft::nft_install_test {
namespace {

using nft_test::home;
using nft_test::Space;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

// The lines of a listing in an order of their own: sets list their elements, and tables their chains, as they came.
std::string sorted(const std::string& listing) {
    const std::regex separator("\n|, |\\{ | \\}");
    std::vector<std::string> words(std::sregex_token_iterator(listing.begin(), listing.end(), separator, -1), {});
    std::sort(words.begin(), words.end());
    std::string out;
    for (const auto& word : words) out += word + "\n";
    return out;
}

// `nft list table`, without what is not part of the rules: counters, the marker chain, nft's own names of priorities.
std::string listed(const Space& space, const std::string& table) {
    auto text = space.run("nft list table " + table);
    const auto drop = [&](const char* pattern, const char* by) {
        text = std::regex_replace(text, std::regex(pattern), by);
    };
    drop("\n\tchain compiled-[0-9a-f]+ \\{\n\t\\}\n", "");
    drop("counter packets [0-9]+ bytes [0-9]+", "counter");
    drop("priority dstnat - 10", "priority -110");
    drop("priority srcnat - 10", "priority 90");
    drop("priority mangle", "priority -150");
    drop("priority filter - 1", "priority -1");
    drop("priority filter", "priority 0");
    drop(",\n\\s+", ", ");
    return sorted(text);
}

class NftInstall : public nft_test::NeedsRoot {
protected:
    void SetUp() override {
        NeedsRoot::SetUp();
        if (IsSkipped()) return;
        space_ = std::make_unique<Space>();
        space_->run("for d in lan0 lan1 wan0; do ip link add $d type veth peer name p$d || exit 1; done");
        tables_ = another();
    }
    std::unique_ptr<Tables> another(std::optional<Abilities> abilities = std::nullopt) const {
        std::unique_ptr<Tables> tables;
        space_->in([&] {
            auto connection = Connection::open();
            ASSERT_TRUE(connection) << connection.error().describe();
            tables = make_tables(std::move(*connection), abilities);
        });
        return tables;
    }
    void install(std::vector<GatewayRules> gateways) {
        space_->in([&] {
            const auto done = tables_->install(gateways);
            ASSERT_TRUE(done) << done.error().describe();
        });
    }
    bool intact() {
        bool answer = false;
        space_->in([&] {
            const auto intact = tables_->intact();
            ASSERT_TRUE(intact) << intact.error().describe();
            answer = *intact;
        });
        return answer;
    }
    bool open_fence(std::chrono::milliseconds lifetime) {
        bool put_back = false;
        space_->in([&] {
            const auto done = tables_->open_fence("HOME", lifetime);
            ASSERT_TRUE(done) << done.error().describe();
            put_back = *done;
        });
        return put_back;
    }
    bool is_open(const std::string& set = "netdev vrrpd open_HOME") const {
        return space_->run("nft list set " + set).find("elements = {") != std::string::npos;
    }
    bool acts() const { return is_open("inet vrrpd active_HOME"); }
    bool translates() const { return is_open("inet vrrpd translating_HOME"); }
    std::string ruleset() const { return space_->run("nft -s list ruleset"); }
    std::string handles() const { return space_->run("nft -a list ruleset"); }

    std::unique_ptr<Space> space_;
    std::unique_ptr<Tables> tables_;
};

GatewayRules everything() {
    auto gateway = home();
    gateway.hairpin = gateway.clamp_mss = gateway.fence_router_advertisements = true;
    gateway.lans.push_back({"lan1", *Prefix::parse("fd00:12::/64")});
    gateway.virtual_addresses.push_back(*IpAddress::parse("fe80::1"));
    gateway.virtual_addresses.push_back(*IpAddress::parse("fd00:12::1"));
    gateway.forwards = {{Transport::tcp, {443, 443}, IpAddress::v4(10, 12, 14, 20), 443},
                        {Transport::udp, {5000, 5002}, IpAddress::v4(10, 12, 14, 21), 6000},
                        {Transport::tcp, {22, 22}, *IpAddress::parse("fd00:12::20"), 2222}};
    return gateway;
}

TEST_F(NftInstall, nft_lists_what_was_compiled) {
    auto held = everything();
    held.held = {*Prefix::parse("203.0.113.5/29"), *Prefix::parse("203.0.113.6/29")};
    auto no_wan = home();
    no_wan.wan.clear();
    for (const auto& gateway : {home(), everything(), held}) {
        install({gateway});
        EXPECT_EQ(listed(*space_, "inet vrrpd"), sorted(text(*compile(std::span(&gateway, 1)))));
        EXPECT_EQ(listed(*space_, "netdev vrrpd"),
                  sorted(text(*compile_fence(std::span(&gateway, 1), FencePlace::egress))));
        EXPECT_TRUE(intact());
    }
    install({no_wan});
    EXPECT_THAT(ruleset(), Not(HasSubstr("table inet")));
    EXPECT_TRUE(intact());
}

TEST_F(NftInstall, the_same_rules_again_change_nothing_even_from_a_new_process) {
    install({everything()});
    const auto before = handles();
    install({everything()});
    EXPECT_EQ(handles(), before);
    tables_ = another();
    install({everything()});
    EXPECT_EQ(handles(), before);
    EXPECT_TRUE(intact());
}

TEST_F(NftInstall, a_change_keeps_the_chains_that_stay) {
    install({home()});
    const auto chain = std::regex("chain postrouting \\{ # handle [0-9]+");
    std::smatch before, after;
    const auto first = handles();
    ASSERT_TRUE(std::regex_search(first, before, chain));
    install({everything()});
    const auto second = handles();
    ASSERT_TRUE(std::regex_search(second, after, chain));
    EXPECT_EQ(before.str(), after.str());
    install({home()});
    const auto wanted = home();
    EXPECT_EQ(listed(*space_, "inet vrrpd"), sorted(text(*compile(std::span(&wanted, 1)))));
}

TEST_F(NftInstall, foreign_tables_stay_byte_identical) {
    space_->run(
        "nft 'table ip nat { chain PREROUTING { type nat hook prerouting priority -100; }; chain DOCKER { return; }; "
        "}; "
        "table inet other { set vrrpd { type ifname; flags timeout; }; chain forward { type filter hook forward "
        "priority "
        "0; policy drop; ct state established counter accept; }; }'");
    const auto before = handles();
    install({everything()});
    install({home()});
    open_fence(1min);
    install({});
    space_->in([&] { EXPECT_TRUE(tables_->remove_fence()); });
    EXPECT_EQ(handles(), before);
}

TEST_F(NftInstall, nothing_installed_leaves_the_fence_and_remove_fence_takes_it) {
    install({home()});
    install({});
    EXPECT_THAT(ruleset(), Not(HasSubstr("table inet vrrpd")));
    EXPECT_THAT(ruleset(), HasSubstr("table netdev vrrpd"));
    EXPECT_TRUE(intact());
    space_->in([&] { EXPECT_TRUE(tables_->remove_fence()); });
    EXPECT_EQ(ruleset(), "");
}

TEST_F(NftInstall, tells_whatever_was_done_to_the_tables) {
    for (const char* harm : {"nft flush ruleset", "nft delete table inet vrrpd", "nft delete table netdev vrrpd",
                             "nft flush chain inet vrrpd postrouting", "nft flush chain netdev vrrpd fence_lan0",
                             "nft add rule inet vrrpd forward drop", "nft 'chain inet vrrpd forward { policy drop; }'",
                             "nft delete element inet vrrpd forwards4_HOME '{ tcp . 443 : 10.12.14.20 . 443 }'",
                             "nft add element netdev vrrpd virtual4_HOME '{ 10.12.14.99 }'",
                             "nft 'add table inet vrrpd { flags dormant; }'"}) {
        install({everything()});
        ASSERT_TRUE(intact()) << harm;
        space_->run(harm);
        EXPECT_FALSE(intact()) << harm;
        install({everything()});
        EXPECT_TRUE(intact()) << harm;
        const auto gateway = everything();
        EXPECT_EQ(listed(*space_, "inet vrrpd"), sorted(text(*compile(std::span(&gateway, 1))))) << harm;
    }
}

TEST_F(NftInstall, a_replaced_rule_is_noticed) {
    install({everything()});
    space_->run(
        "h=$(nft -a list chain inet vrrpd forward | sed -n 's/.*drop # handle //p' | head -1); "
        "nft replace rule inet vrrpd forward handle $h accept");
    EXPECT_FALSE(intact());
}

TEST_F(NftInstall, succeeds_while_another_keeps_writing) {
    std::atomic<bool> stop = false;
    std::thread other([&] {
        while (!stop) space_->run("nft 'add table ip other; delete table ip other'");
    });
    for (int round = 0; round < 20; ++round) {
        install({round % 2 ? everything() : home()});
        EXPECT_TRUE(intact());
    }
    stop = true;
    other.join();
}

TEST_F(NftInstall, changes_of_others_a_thousand_a_second_hold_nothing_up) {
    std::unique_ptr<nft_test::Churn> others;
    space_->in([&] { others = std::make_unique<nft_test::Churn>(3000); });
    using Clock = std::chrono::steady_clock;
    const auto timed = [](const std::function<void()>& what) {
        const auto began = Clock::now();
        what();
        return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
    };
    double opening = 0, installing = 0;
    for (int round = 0; round < 20; ++round) {
        installing = std::max(installing, timed([&] { install({round % 2 ? everything() : home()}); }));
        opening = std::max(opening, timed([&] { open_fence(1min); }));
        EXPECT_TRUE(is_open());
    }
    // What is read of others is given up for something more urgent.
    unsigned asked = 0;
    space_->in([&] {
        const Served gateway{home()};
        const auto given_up = tables_->obstacles(std::span(&gateway, 1), [&] { return ++asked > 2; });
        ASSERT_FALSE(given_up);
        EXPECT_EQ(given_up.error().code, ECANCELED);
    });
    EXPECT_TRUE(intact());
    std::printf("install %.1f ms, open %.1f ms at most, beside %u changes\n", installing, opening, others->changes());
    EXPECT_LT(opening, 100);
    EXPECT_LT(installing, 2000);
}

TEST_F(NftInstall, a_range_of_all_ports_fits_into_one_batch) {
    auto gateway = home();
    gateway.forwards = {{Transport::udp, {1, 65535}, IpAddress::v4(10, 12, 14, 20), 1}};
    install({gateway});
    EXPECT_TRUE(intact());
}

TEST_F(NftInstall, finding_the_abilities_leaves_no_trace) {
    space_->run("nft add table ip other");
    const auto before = handles();
    space_->in([&] {
        auto monitor = RulesetMonitor::open();
        ASSERT_TRUE(monitor);
        const auto abilities = tables_->abilities();
        EXPECT_TRUE(abilities.nf_tables);
        EXPECT_TRUE(abilities.netdev_egress);
        const auto seen = monitor->read();
        EXPECT_FALSE(seen.ours_touched || seen.foreign_touched);
    });
    EXPECT_EQ(handles(), before);
}

TEST_F(NftInstall, the_monitor_tells_others_changes_from_ours) {
    space_->in([&] {
        auto monitor = RulesetMonitor::open(tables_->port());
        ASSERT_TRUE(monitor);
        const auto gateway = home();
        ASSERT_TRUE(tables_->install(std::span(&gateway, 1)));
        auto seen = monitor->read();
        EXPECT_FALSE(seen.ours_touched);
        EXPECT_FALSE(seen.foreign_touched);

        space_->run("nft add table ip other");
        seen = monitor->read();
        EXPECT_FALSE(seen.ours_touched);
        EXPECT_TRUE(seen.foreign_touched);

        space_->run("nft flush ruleset");
        pollfd ready{monitor->fd(), POLLIN, 0};
        EXPECT_EQ(::poll(&ready, 1, 1000), 1);
        seen = monitor->read();
        EXPECT_TRUE(seen.ours_touched);
        EXPECT_THAT(seen.by, HasSubstr("nft (pid "));
        EXPECT_FALSE(*tables_->intact());
    });
}

TEST_F(NftInstall, a_missing_lan_device_holds_up_nothing_where_chains_cannot_wait) {
    auto gateway = home();
    gateway.lans.push_back({"late0", *Prefix::parse("10.12.15.0/24")});
    tables_ = another(Abilities{true, true, false});
    install({gateway});
    EXPECT_TRUE(intact());
    EXPECT_THAT(ruleset(), Not(HasSubstr("device \"late0\"")));
    space_->run("ip link add late0 type veth peer name plate0");
    EXPECT_FALSE(intact());
    install({gateway});
    EXPECT_TRUE(intact());
    EXPECT_THAT(ruleset(), HasSubstr("device \"late0\""));
    space_->run("ip link del late0");
    EXPECT_FALSE(intact());
}

// --- the fence's own state ----------------------------------------------------------------------

TEST_F(NftInstall, an_open_fence_shuts_by_itself_and_renewal_prolongs) {
    install({home()});
    EXPECT_FALSE(is_open());
    open_fence(2s);
    EXPECT_TRUE(is_open()) << space_->run("nft list set netdev vrrpd open_HOME");
    std::this_thread::sleep_for(1100ms);
    open_fence(2s);
    std::this_thread::sleep_for(1100ms);
    EXPECT_TRUE(is_open()) << "renewed: 2.2 s after the first, 1.1 s after the second";
    for (int waited = 0; is_open() && waited < 50; ++waited) std::this_thread::sleep_for(100ms);
    EXPECT_FALSE(is_open());
    open_fence(1min);
    open_fence(0ms);
    EXPECT_FALSE(is_open());
    // After a crash a process that installed nothing shuts it (--sweep).
    open_fence(1min);
    tables_ = another();
    open_fence(0ms);
    EXPECT_FALSE(is_open());
}

TEST_F(NftInstall, install_neither_shuts_nor_opens) {
    install({home()});
    install({everything()});
    EXPECT_FALSE(is_open());
    open_fence(1min);
    install({everything()});
    install({home()});
    EXPECT_TRUE(is_open());
    // The table has to be made anew: the state is carried over.
    space_->run("nft 'add table netdev vrrpd { flags dormant; }'");
    install({home()});
    EXPECT_TRUE(is_open());
    // A foreign flush took the state along: what is left of the time that we gave.
    space_->run("nft flush ruleset");
    install({home()});
    EXPECT_TRUE(is_open());
    // Before anybody has heard of it the renewal puts them back, and says so.
    EXPECT_FALSE(open_fence(1min));
    space_->run("nft flush ruleset");
    EXPECT_TRUE(open_fence(1min));
    EXPECT_TRUE(is_open());
    EXPECT_FALSE(open_fence(1min));
    open_fence(0ms);
    space_->run("nft flush ruleset");
    install({home()});
    EXPECT_FALSE(is_open());
    // A new process over a flushed rule set knows of nothing open.
    open_fence(1min);
    space_->run("nft flush ruleset");
    tables_ = another();
    install({home()});
    EXPECT_FALSE(is_open());
}

TEST_F(NftInstall, the_rules_act_for_as_long_as_the_fence_is_open) {
    install({everything()});
    EXPECT_FALSE(acts() || translates());
    open_fence(1min);
    EXPECT_THAT(space_->run("nft list set inet vrrpd active_HOME"),
                AllOf(HasSubstr("\"lan0\""), HasSubstr("\"lan1\""), HasSubstr("\"wan0\"")));
    EXPECT_TRUE(translates());
    open_fence(0ms);
    EXPECT_FALSE(acts());
    EXPECT_TRUE(translates()) << "until its time is over";
    space_->run("nft flush ruleset");
    install({everything()});
    EXPECT_FALSE(acts());
    EXPECT_TRUE(translates());
    open_fence(300ms);
    std::this_thread::sleep_for(400ms);
    EXPECT_FALSE(acts() || translates() || is_open());
}

TEST_F(NftInstall, rules_that_come_while_the_fence_is_open_act_at_once) {
    auto no_wan = home();
    no_wan.wan.clear();
    install({no_wan});
    open_fence(1min);
    install({everything()});
    EXPECT_TRUE(acts() && translates());
    // A new process, whose rules ask for sets that those before it had not.
    space_->run("nft delete table inet vrrpd");
    tables_ = another();
    install({everything()});
    EXPECT_TRUE(acts() && translates());
}

TEST_F(NftInstall, opens_and_shuts_although_a_table_was_just_taken_away) {
    for (const char* table : {"inet vrrpd", "netdev vrrpd"}) {
        install({everything()});
        open_fence(0ms);
        space_->run(std::string("nft delete table ") + table);
        open_fence(1min);
        EXPECT_TRUE(is_open() && acts() && translates()) << table;
        EXPECT_TRUE(intact());
    }
    space_->run("nft delete table inet vrrpd");
    open_fence(0ms);
    EXPECT_FALSE(is_open());
    install({everything()});
    EXPECT_FALSE(acts());
}

TEST_F(NftInstall, the_fence_stands_where_the_rules_cannot) {
    FILE* other = nullptr;  // owns the table for as long as it runs
    space_->in([&] { other = ::popen("nft -i >/dev/null 2>&1", "w"); });
    ASSERT_NE(other, nullptr);
    std::fputs("add table inet vrrpd { flags owner; }\n", other);
    std::fflush(other);
    for (int look = 0; look < 500 && space_->run("nft list tables").empty(); ++look) std::this_thread::sleep_for(10ms);
    const auto gateway = everything();
    space_->in([&] {
        const auto done = tables_->install(std::span(&gateway, 1));
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, EPERM) << done.error().describe();
    });
    EXPECT_THAT(ruleset(), HasSubstr("fence_lan0"));
    EXPECT_FALSE(intact());
    std::fputs("quit\n", other);
    ::pclose(other);
    install({gateway});
    EXPECT_TRUE(intact());
}

TEST_F(NftInstall, without_egress_the_fence_stands_in_output) {
    tables_ = another(Abilities{true, false, false});
    const auto gateway = everything();
    install({gateway});
    EXPECT_EQ(listed(*space_, "inet vrrpd-fence"),
              sorted(text(*compile_fence(std::span(&gateway, 1), FencePlace::output))));
    EXPECT_TRUE(intact());
    open_fence(1min);
    EXPECT_THAT(space_->run("nft list set inet vrrpd-fence open_HOME"), HasSubstr("elements = { \"lan0\""));
    install({});
    EXPECT_THAT(ruleset(), HasSubstr("table inet vrrpd-fence"));
    space_->in([&] { EXPECT_TRUE(tables_->remove_fence()); });
    EXPECT_EQ(ruleset(), "");
}

TEST_F(NftInstall, a_fence_that_is_not_there_cannot_be_opened) {
    space_->in([&] {
        const auto done = tables_->open_fence("NOBODY", 1s);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ENOENT);
    });
}

TEST_F(NftInstall, refusals_stand_beside_the_rules_and_go_alone) {
    install({home()});
    const auto rules = listed(*space_, "inet vrrpd");
    const std::vector<Refused> refused{{IpAddress::v4(10, 12, 14, 1), "lan0"}, {*IpAddress::parse("fe80::1"), "lan0"}};
    const auto refuse = [&](std::span<const Refused> addresses) {
        space_->in([&] {
            const auto done = tables_->refuse(addresses);
            ASSERT_TRUE(done) << done.error().describe();
        });
    };
    refuse(refused);
    EXPECT_EQ(listed(*space_, "inet vrrpd-no-accept"), sorted(text(*compile_refusals(refused))));
    EXPECT_TRUE(intact());
    const auto handles_before = handles();
    refuse(refused);
    EXPECT_EQ(handles(), handles_before) << "what is right is not touched";
    space_->run("nft delete table inet vrrpd-no-accept");
    EXPECT_FALSE(intact());
    refuse(refused);
    EXPECT_TRUE(intact());
    space_->run("nft add table inet somebody");
    refuse({});
    EXPECT_THAT(ruleset(), Not(HasSubstr("vrrpd-no-accept")));
    EXPECT_THAT(ruleset(), HasSubstr("table inet somebody"));
    EXPECT_EQ(listed(*space_, "inet vrrpd"), rules);
}

}  // namespace
}  // namespace netlink::nft::nft_install_test
