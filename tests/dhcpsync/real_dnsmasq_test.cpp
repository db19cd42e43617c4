// The real dnsmasq over a real D-Bus: fed, restarted, full, hung; and two services whose servers share their leases.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <csignal>
#include <deque>
#include <filesystem>

#include "dhcpsync/dnsmasq_bus.hpp"
#include "dhcpsync/lease_file.hpp"
#include "dhcpsync/lease_service.hpp"
#include "tests/dhcpsync/real_server.hpp"
#include "tests/dhcpsync/sample.hpp"
#include "tests/netlink/world.hpp"

namespace dhcpsync::real_dnsmasq_test {
namespace {

using namespace std::chrono_literals;
using sample::ip;

Lease lease(unsigned address, unsigned client, Seconds length = Seconds(3600)) {
    auto result = sample::lease(address, client);
    result.expires = wall_now() + length;
    return result;
}

AddDhcpLease add(const Lease& lease) {
    const auto& client = std::get<Client4>(lease.client);
    Bytes name(lease.host_name.begin(), lease.host_name.end());
    if (!name.empty()) name.push_back(0);
    return {lease.address,
            hardware_text(client.hardware),
            name,
            client.id,
            static_cast<std::uint32_t>((lease.expires - wall_now()).count()),
            0,
            false};
}

class RealDnsmasqTest : public testing::Test {
protected:
    void SetUp() override {
        if (!test::have_real_servers() || !namespace_.entered())
            GTEST_SKIP() << "SKIPPED: needs root, dnsmasq and dbus-daemon";
        netlink::test::run_ip("link set lo up");
        netlink::test::run_ip("address add 10.12.14.1/24 dev lo");
        bus_ = std::make_unique<test::RealBus>(folder_);
    }
    test::RealDnsmasq& dnsmasq(const std::string& more = {},
                               const std::string& range = test::RealDnsmasq::default_range) {
        servers_.push_back(
            std::make_unique<test::RealDnsmasq>(folder_, static_cast<unsigned>(servers_.size() + 1), more, range));
        return *servers_.back();
    }

    netlink::test::OwnNamespace namespace_;
    test::Folder folder_;
    test::Lines log_;
    test::Turns turns_;
    std::unique_ptr<test::RealBus> bus_;
    std::vector<std::unique_ptr<test::RealDnsmasq>> servers_;
};

// ---- the bus alone ------------------------------------------------------------------------------

class DnsmasqBusTest : public RealDnsmasqTest {
protected:
    void connect(const std::string& name) {
        BusEvents events;
        events.answered = [this](const IpAddress& address, bool ok) { answers_.emplace_back(address, ok); };
        events.lease_changed = [this] { ++changes_; };
        events.server = [this](bool there) { there_.push_back(there); };
        events.pong = [this](bool in_time) { pongs_.push_back(in_time); };
        client_ = std::make_unique<DnsmasqBus>(turns_.loop, log_, name, events);
        turns_.add(*client_);
    }
    [[nodiscard]] bool is_there(bool there = true, Duration at_most = 20s) {
        return turns_.until([&] { return !there_.empty() && there_.back() == there; }, at_most);
    }
    [[nodiscard]] bool answered(std::size_t times) {
        return turns_.until([&] { return answers_.size() >= times; });
    }

    std::vector<std::pair<IpAddress, bool>> answers_;
    std::vector<bool> there_, pongs_;
    unsigned changes_ = 0;
    std::unique_ptr<DnsmasqBus> client_;
};

TEST_F(DnsmasqBusTest, leases_are_put_in_and_taken_out) {
    auto& server = dnsmasq();
    connect(server.bus_name());
    ASSERT_TRUE(is_there());
    EXPECT_TRUE(client_->connected());
    EXPECT_EQ(client_->trouble(), "");
    ASSERT_TRUE(client_->call(add(lease(120, 1))));
    ASSERT_TRUE(answered(1));
    EXPECT_TRUE(answers_[0].second);
    const auto stored = server.leases().at(ip(120));
    EXPECT_EQ(stored.client, lease(120, 1).client);
    EXPECT_EQ(stored.host_name, "client1");
    EXPECT_TRUE(turns_.until([&] { return changes_ >= 1; })) << "the signal";
    ASSERT_TRUE(client_->call(DeleteDhcpLease{ip(120)}));
    ASSERT_TRUE(answered(2));
    EXPECT_TRUE(answers_[1].second);
    EXPECT_TRUE(server.leases().empty());
    ASSERT_TRUE(client_->ping());
    EXPECT_TRUE(turns_.until([&] { return !pongs_.empty(); }));
    EXPECT_TRUE(pongs_[0]);
}

TEST_F(DnsmasqBusTest, an_error_is_no_success) {
    auto& server = dnsmasq();
    connect(server.bus_name());
    ASSERT_TRUE(is_there());
    auto wrong = add(lease(120, 1));
    wrong.hardware = "no hardware address";
    ASSERT_TRUE(client_->call(wrong));
    ASSERT_TRUE(answered(1));
    EXPECT_FALSE(answers_[0].second);
}

// As with Debian's own rules, which let only root and dnsmasq itself.
TEST_F(DnsmasqBusTest, who_may_not_talk_to_it_is_told_what_to_do_and_it_counts_as_alive) {
    constexpr auto rule = R"(<policy user="nobody"><deny send_destination="uk.org.thekelleys.dnsmasq1"/></policy>)";
    bus_ = std::make_unique<test::RealBus>(folder_, rule);
    auto& server = dnsmasq();
    std::filesystem::permissions(folder_.path, std::filesystem::perms(0755));
    ASSERT_EQ(seteuid(65534), 0);
    connect(server.bus_name());
    EXPECT_TRUE(is_there());
    EXPECT_TRUE(client_->call(add(lease(120, 1))));
    EXPECT_TRUE(client_->ping());
    EXPECT_TRUE(answered(1));
    EXPECT_TRUE(turns_.until([&] { return !pongs_.empty(); }));
    ASSERT_EQ(seteuid(0), 0);
    EXPECT_FALSE(answers_.at(0).second);
    EXPECT_TRUE(pongs_.at(0)) << "the bus refused, dnsmasq was not asked";
    EXPECT_EQ(log_.count("D-Bus does not let user id 65534 talk to dnsmasq"), 1);
}

TEST_F(DnsmasqBusTest, a_server_that_comes_later_and_restarts) {
    connect("uk.org.thekelleys.dnsmasq1");
    EXPECT_TRUE(turns_.until([&] { return log_.count("nobody is uk.org.thekelleys.dnsmasq1 on the D-Bus") == 1; }));
    EXPECT_FALSE(client_->call(add(lease(120, 1))));
    auto& server = dnsmasq();
    ASSERT_TRUE(is_there());
    server.stop();
    ASSERT_TRUE(is_there(false));
    server.start();
    ASSERT_TRUE(is_there());
    EXPECT_EQ(there_, (std::vector{true, false, true}));
}

TEST_F(DnsmasqBusTest, a_bus_that_comes_later_and_restarts) {
    bus_->stop();
    connect("uk.org.thekelleys.dnsmasq1");
    turns_.pass(100ms);
    EXPECT_FALSE(client_->connected());
    EXPECT_EQ(log_.count("no D-Bus"), 1);
    bus_->start();
    auto& server = dnsmasq();
    ASSERT_TRUE(is_there());
    bus_->stop();
    ASSERT_TRUE(is_there(false));
    EXPECT_FALSE(client_->call(add(lease(120, 1))));
    bus_->start();
    EXPECT_TRUE(turns_.until([&] { return log_.count("does not come back to it") >= 1; }));
    server.start();
    ASSERT_TRUE(is_there());
    ASSERT_TRUE(client_->call(add(lease(120, 1))));
    ASSERT_TRUE(answered(1));
    EXPECT_TRUE(server.leases().contains(ip(120)));
}

TEST_F(DnsmasqBusTest, a_bus_that_hangs_delays_nobody) {
    bus_->program().signal(SIGSTOP);
    const auto began = vrrpd::boot_now();
    connect("uk.org.thekelleys.dnsmasq1");
    turns_.pass(1s);
    EXPECT_LT(turns_.longest_turn, 200ms);
    EXPECT_LT(vrrpd::boot_now() - began, 3s);
    EXPECT_FALSE(client_->connected());
    bus_->program().signal(SIGCONT);
    EXPECT_TRUE(turns_.until([&] { return client_->connected(); }));
    bus_->program().signal(SIGSTOP);
    const auto ending = vrrpd::boot_now();
    turns_.remove(client_.get());
    client_.reset();
    EXPECT_LT(vrrpd::boot_now() - ending, 1s);
    bus_->program().signal(SIGCONT);
}

TEST_F(DnsmasqBusTest, an_end_while_the_bus_hangs_in_its_greeting) {
    bus_->program().signal(SIGSTOP);
    connect("uk.org.thekelleys.dnsmasq1");
    turns_.pass(100ms);
    const auto ending = vrrpd::boot_now();
    turns_.remove(client_.get());
    client_.reset();
    EXPECT_LT(vrrpd::boot_now() - ending, 500ms);
    bus_->program().signal(SIGCONT);
    turns_.pass(100ms);
}

TEST_F(DnsmasqBusTest, a_server_that_hangs_does_not_answer_a_ping) {
    auto& server = dnsmasq();
    connect(server.bus_name());
    ASSERT_TRUE(is_there());
    server.program().signal(SIGSTOP);
    ASSERT_TRUE(client_->ping());
    ASSERT_TRUE(client_->call(add(lease(120, 1))));
    EXPECT_TRUE(turns_.until([&] { return !pongs_.empty(); }));
    EXPECT_FALSE(pongs_[0]);
    EXPECT_LT(turns_.longest_turn, 200ms);
    server.program().signal(SIGCONT);
    ASSERT_TRUE(answered(1));
    EXPECT_TRUE(answers_[0].second) << "the call waits longer";
}

// ---- services -----------------------------------------------------------------------------------

// A service around a real dnsmasq; what it sends goes to the other one's service in its next turn.
class Router {
public:
    Router(test::Turns& turns, test::Lines& log, const test::Folder& folder, test::RealDnsmasq& server,
           std::uint32_t number)
        : turns_(turns), number_(number) {
        const auto state = folder / ("state" + std::to_string(number));
        std::filesystem::create_directory(state);
        state_ = vrrpd::Fd(::open(state.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        ServiceSetup setup;
        setup.gateway = "HOME";
        setup.self = {number};
        setup.configuration = server.configuration();
        setup.bus_name = server.bus_name();
        setup.state_directory = state_.get();
        ServiceOutcomes outcomes;
        outcomes.send = [this](NodeId, vrrpd::BytesView message) {
            mail_.emplace_back(message.begin(), message.end());
            return true;
        };
        outcomes.write_leases = [](const std::string&, const std::string&) { FAIL(); };
        outcomes.scan = [](const IpAddress&, const IpAddress&, Duration) {};
        outcomes.probe = [] {};
        outcomes.health = [this](const HealthChange& change) { healths.push_back(change); };
        outcomes.split_brain = [](NodeId) {};
        auto around = this_machine(turns.loop, log, setup);
        around.server_listens = [] { return true; };
        service = std::make_unique<LeaseService>(turns.loop, log, setup, outcomes, around);
        turns.add(*service);
        turns.add(*this);
    }
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;
    ~Router() {
        turns_.remove(this);
        turns_.remove(service.get());
    }

    static void connect(Router& a, Router& b) {
        a.other_ = &b;
        b.other_ = &a;
        a.service->peer_up({b.number_});
        b.service->peer_up({a.number_});
    }
    [[nodiscard]] Deadline next_deadline() const { return mail_.empty() ? Deadline() : Deadline(turns_.loop.now()); }
    void step() {
        for (auto letters = std::exchange(mail_, {}); !letters.empty(); letters.pop_front())
            other_->service->received({number_}, letters.front());
    }

    std::unique_ptr<LeaseService> service;
    std::vector<HealthChange> healths;

private:
    test::Turns& turns_;
    std::uint32_t number_;
    vrrpd::Fd state_;
    std::deque<Bytes> mail_;
    Router* other_ = nullptr;
};

class RealServiceTest : public RealDnsmasqTest {
protected:
    void SetUp() override {
        RealDnsmasqTest::SetUp();
        if (IsSkipped()) return;
        // 254 addresses, and tables that hold them.
        first_ = &dnsmasq(first_more());
        second_ = &dnsmasq(second_more(), second_range());
        routers_.push_back(std::make_unique<Router>(turns_, log_, folder_, *first_, 1));
        routers_.push_back(std::make_unique<Router>(turns_, log_, folder_, *second_, 2));
        one().service->role_changed({true, false});
        other().service->role_changed({false, false});
        Router::connect(one(), other());
        client_ = std::make_unique<DnsmasqBus>(
            turns_.loop, log_, first_->bus_name(),
            BusEvents{[](const IpAddress&, bool) {}, [] {}, [this](bool there) { there_ = there; }, [](bool) {}});
        turns_.add(*client_);
        ASSERT_TRUE(turns_.until([&] {
            return there_ && one().service->status().fed && other().service->status().fed != second_range().empty() &&
                   other().service->caught_up();
        }));
    }
    [[nodiscard]] virtual std::string first_more() const { return "dhcp-lease-max=1000"; }
    [[nodiscard]] virtual std::string second_more() const { return first_more(); }
    [[nodiscard]] virtual std::string second_range() const { return test::RealDnsmasq::default_range; }
    Router& one() { return *routers_[0]; }
    Router& other() { return *routers_[1]; }
    // As if its clients had come: the same method makes the same records.
    void grant(const Lease& lease) { ASSERT_TRUE(client_->call(add(lease))); }

    // Two hundred leases, in both.
    void fill() {
        for (unsigned i = 0; i < 200; ++i) {
            grant(lease(i + 2, i + 1));
            // The bus lets nobody ask more than 128 things at once.
            ASSERT_TRUE(i % 50 != 49 || turns_.until([&] { return first_->leases().size() == i + 1; }));
        }
        ASSERT_TRUE(turns_.until([&] { return second_->leases().size() == 200; }));
    }

    test::RealDnsmasq* first_ = nullptr;
    test::RealDnsmasq* second_ = nullptr;
    std::vector<std::unique_ptr<Router>> routers_;
    bool there_ = false;
    std::unique_ptr<DnsmasqBus> client_;
};

TEST_F(RealServiceTest, a_lease_of_one_is_usable_in_the_other_within_moments) {
    std::vector<double> lags;
    for (unsigned i = 0; i < 20; ++i) {
        const auto began = vrrpd::boot_now();
        grant(lease(100 + i, i + 1));
        ASSERT_TRUE(turns_.until([&] { return second_->leases().contains(ip(100 + i)); }));
        lags.push_back(std::chrono::duration<double, std::milli>(vrrpd::boot_now() - began).count());
    }
    std::sort(lags.begin(), lags.end());
    std::printf("a lease in one dnsmasq is in the other's file after %.1f ms (median), %.1f ms (longest of 20)\n",
                lags[10], lags[19]);
    EXPECT_LT(lags[10], 1000);
    const auto theirs = first_->leases(), ours = second_->leases();
    for (const auto& [address, given] : theirs) {
        EXPECT_EQ(ours.at(address).client, given.client);
        EXPECT_EQ(ours.at(address).host_name, given.host_name);
        EXPECT_TRUE(about_equal(ours.at(address).expires, given.expires));
    }
}

TEST_F(RealServiceTest, two_hundred_leases_and_a_server_that_restarts_without_them) {
    const auto began = vrrpd::boot_now();
    fill();
    std::printf("200 leases: in the other dnsmasq after %lld ms, the longest turn %lld ms\n",
                static_cast<long long>((vrrpd::boot_now() - began) / 1ms),
                static_cast<long long>(turns_.longest_turn / 1ms));
    second_->stop();
    std::filesystem::remove(second_->lease_file());
    second_->start();
    EXPECT_TRUE(turns_.until([&] { return second_->leases().size() == 200; }));
    EXPECT_TRUE(turns_.until([&] { return other().service->caught_up(); }));
    EXPECT_EQ(first_->leases().size(), 200u);
}

TEST_F(RealServiceTest, renewals_twenty_a_second_among_two_hundred_leases) {
    fill();
    std::vector<double> lags;
    for (unsigned i = 0; i < 60; ++i) {
        const auto began = vrrpd::boot_now();
        const auto renewed = lease(i + 2, i + 1, Seconds(7200));
        grant(renewed);
        ASSERT_TRUE(turns_.until([&] {
            const auto there = second_->leases();  // as far as it is written
            const auto at = there.find(ip(i + 2));
            return at != there.end() && about_equal(at->second.expires, renewed.expires);
        }));
        lags.push_back(std::chrono::duration<double, std::milli>(vrrpd::boot_now() - began).count());
        turns_.pass(began + 50ms - vrrpd::boot_now());
    }
    std::sort(lags.begin(), lags.end());
    std::printf("a renewal is in the other dnsmasq's file after %.1f ms (median), %.1f ms (59 of 60)\n", lags[30],
                lags[58]);
    EXPECT_LT(lags[30], 1000);
}

TEST_F(RealServiceTest, the_bus_restarts_and_leases_move_again) {
    grant(lease(120, 1));
    ASSERT_TRUE(turns_.until([&] { return second_->leases().contains(ip(120)); }));
    there_ = false;
    bus_->stop();
    turns_.pass(200ms);
    EXPECT_FALSE(other().service->status().fed);
    EXPECT_NE(other().service->status().trouble, "");
    bus_->start();
    first_->start();  // dnsmasq does not come back by itself
    second_->start();
    ASSERT_TRUE(turns_.until([&] { return there_ && other().service->status().fed; }, 30s));
    grant(lease(121, 2));
    EXPECT_TRUE(turns_.until([&] { return second_->leases().contains(ip(121)); }));
    EXPECT_TRUE(other().healths.empty()) << "the bus went, not the server";
}

TEST_F(RealServiceTest, hostile_names_go_nowhere) {
    auto text = test::content(first_->lease_file());
    first_->stop();
    for (const auto* name : {"a;reboot", "..", "$(id)", "x\\ny"})
        text += fmt::format("{} 02:00:00:00:00:{:02x} 10.12.14.{} {} *\n",
                            (wall_now() + Seconds(3600)).time_since_epoch().count(), text.size() % 200,
                            100 + text.size() % 90, name);
    test::put(first_->lease_file(), text);
    const auto hostile = read_leases(text, {ExpiryField::until, wall_now()}).book.leases;
    ASSERT_TRUE(turns_.until([&] { return second_->leases().size() == hostile.size(); }));
    for (const auto& [address, taken] : second_->leases()) EXPECT_EQ(taken.host_name, "");
    EXPECT_EQ(test::content(second_->lease_file()).find_first_of(";$\\"), std::string::npos);
}

class SixServiceTest : public RealServiceTest {
protected:
    // Here is no device of whose MAC address dnsmasq could make a DUID.
    static std::string more(const char* duid) {
        return std::string("dhcp-lease-max=1000\ndhcp-range=fd00::100,fd00::1ff,64,1h\ndhcp-duid=1234,") + duid;
    }
    [[nodiscard]] std::string first_more() const override { return more("01:02"); }
    [[nodiscard]] std::string second_more() const override { return more("03:04"); }
};

// Its record is made by the same method as in IPv4. The DUID of each server is its own, and stays until a restart.
TEST_F(SixServiceTest, a_lease_of_DHCPv6_moves_like_any_other) {
    auto six = sample::lease6(150, 7);
    six.expires = wall_now() + Seconds(3600);
    const auto& client = std::get<Client6>(six.client);
    ASSERT_TRUE(client_->call(AddDhcpLease{six.address, "", {}, client.duid, 3600, client.iaid.value, false}));
    ASSERT_TRUE(turns_.until([&] { return second_->leases().contains(six.address); }));
    const auto moved = second_->leases().at(six.address);
    EXPECT_EQ(moved.client, six.client);
    EXPECT_TRUE(about_equal(moved.expires, six.expires));
    EXPECT_EQ(log_.count("another server DUID"), 1);
}

class FullServiceTest : public RealServiceTest {
protected:
    [[nodiscard]] std::string second_more() const override { return "dhcp-lease-max=10"; }
};

// dnsmasq 2.90 dies of one lease more than its table holds.
TEST_F(FullServiceTest, a_full_table_is_not_overrun_and_dnsmasq_lives) {
    for (unsigned i = 0; i < 25; ++i) grant(lease(100 + i, i + 1));
    ASSERT_TRUE(turns_.until([&] { return other().service->status().leases == 25; }));
    ASSERT_TRUE(turns_.until([&] { return second_->leases().size() == 10; }));
    turns_.pass(2s);
    EXPECT_TRUE(second_->program().running());
    EXPECT_EQ(second_->leases().size(), 10u);
    EXPECT_EQ(other().service->status().refused, 15u);
}

class HiddenServiceTest : public RealServiceTest {
protected:
    [[nodiscard]] std::string script() const { return folder_ / "script"; }
    // What it says nobody knows who does not run it; as with a file that only root can read.
    [[nodiscard]] std::string second_more() const override {
        test::put(script(), "#!/bin/sh\necho dhcp-lease-max=2\n");
        std::filesystem::permissions(script(), std::filesystem::perms(0755));
        return "conf-script=" + script();
    }
};

TEST_F(HiddenServiceTest, a_table_whose_size_is_hidden_is_not_overrun_and_that_is_said_once) {
    for (unsigned i = 0; i < 5; ++i) grant(lease(100 + i, i + 1));
    ASSERT_TRUE(turns_.until([&] { return other().service->status().leases == 5; }));
    turns_.pass(2s);
    EXPECT_TRUE(second_->program().running());
    EXPECT_EQ(other().service->status().refused, 5u);
    EXPECT_EQ(log_.count(script() + " cannot be read, and it may hold a dhcp-lease-max"), 1);
}

// It has an old lease file, and did not read it: dnsmasq 2.90 dies of any lease.
class NoRangeServiceTest : public RealServiceTest {
protected:
    [[nodiscard]] std::string second_more() const override {
        auto old = lease(100, 1);
        test::put(folder_ / "leases2", write_leases({{{old.address, old}}, {}}, {ExpiryField::until, wall_now()}).text);
        return {};
    }
    [[nodiscard]] std::string second_range() const override { return {}; }
};

TEST_F(NoRangeServiceTest, one_without_a_range_is_told_nothing_and_lives) {
    for (unsigned i = 0; i < 5; ++i) grant(lease(100 + i, i + 1, Seconds(7200)));
    ASSERT_TRUE(turns_.until([&] { return other().service->status().leases >= 5; }));
    turns_.pass(2s);
    EXPECT_TRUE(second_->program().running());
    EXPECT_EQ(log_.count("has no dhcp-range here"), 1);
}

}  // namespace
}  // namespace dhcpsync::real_dnsmasq_test
