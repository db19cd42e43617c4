// What the whole engine asks a LAN for the agent: hosts and a DHCP server stand at the far end of lan0, and everything
// that leaves the engine is seen there.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/engine/home.hpp"
#include "tests/engine/wire.hpp"
#include "vrrpd/base/loop.hpp"

namespace vrrpd::engine::engine_probe_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }
const MacAddress host_mac{{2, 0, 0, 0, 1, 1}};

class EngineProbe : public Home {
protected:
    static void scan(EngineProcess& engine, const char* first, const char* last, std::chrono::milliseconds pace = 5ms,
                     const char* gateway = "HOME") {
        engine.send(Kind::scan, encode(ipc::Scan{gateway, address(first), address(last), pace}));
    }
    // The hosts that are told of within `time`, each as often as it was.
    static std::map<std::string, int> told(EngineProcess& engine, std::chrono::milliseconds time) {
        std::map<std::string, int> hosts;
        const auto none = [&](const ipc::HostAlive& host) {
            EXPECT_EQ(host.gateway, "HOME");
            EXPECT_EQ(host.mac, host_mac);
            ++hosts[host.address.to_string()];
            return false;
        };
        EXPECT_FALSE(engine.await<ipc::HostAlive>(Kind::host_alive, none, time));
        return hosts;
    }
    // The targets of all ARP requests at `wire` that are not gratuitous, once nothing has come for a while.
    static std::vector<std::string> asked_for(Wire& wire, const IpAddress& sender,
                                              std::chrono::milliseconds quiet = 300ms) {
        std::vector<std::string> targets;
        for (;;) {
            const auto frame = wire.next(
                [&](const Bytes& seen) {
                    return seen.size() >= 42 && seen[12] == 8 && seen[13] == 6 && seen[21] == 1 &&
                           std::equal(sender.bytes().begin(), sender.bytes().end(), seen.begin() + 28);
                },
                quiet);
            if (frame.empty()) return targets;
            targets.push_back(IpAddress::from_bytes(BytesView(frame).subspan(38, 4))->to_string());
        }
    }
    static std::string neighbours() { return ip_output("neigh show dev lan0"); }
};

// ---- who is there

TEST_F(EngineProbe, finds_each_host_once_and_the_kernel_learns_nothing) {
    EngineProcess engine(lan("10.12.14.102/24", gateway()));
    ASSERT_TRUE(engine.await_line("took over")) << engine.log();
    engine.listen(300ms);
    run_ip("neigh flush dev lan0");
    Wire wire("lan0-far");
    scan(engine, "10.12.14.100", "10.12.14.105", 20ms);
    ASSERT_TRUE(wire.hears_arp(address("10.12.14.103"), address("10.12.14.4")));
    for (int i = 0; i < 3; ++i) wire.answer_arp(address("10.12.14.103"), host_mac, address("10.12.14.4"));
    wire.answer_arp(address("10.12.14.105"), host_mac, address("10.12.14.105"));  // gratuitous
    wire.answer_arp(address("10.12.14.102"), host_mac, address("10.12.14.4"));    // the virtual address
    wire.answer_arp(address("10.12.14.50"), host_mac, address("10.12.14.4"));     // not asked for
    EXPECT_EQ(told(engine, 1500ms), (std::map<std::string, int>{{"10.12.14.103", 1}, {"10.12.14.105", 1}}));
    EXPECT_EQ(neighbours().find("10.12.14.10"), std::string::npos) << neighbours();
    wire.answer_arp(address("10.12.14.104"), host_mac, address("10.12.14.4"));
    EXPECT_EQ(told(engine, 300ms), (std::map<std::string, int>{})) << "the scan is over";
}

TEST_F(EngineProbe, asks_for_every_address_but_its_own_and_the_virtual_ones_as_an_ordinary_host) {
    EngineProcess engine(lan("10.12.14.2/24", gateway()));
    ASSERT_TRUE(engine.await_line("took over")) << engine.log();
    Wire wire("lan0-far");
    scan(engine, "10.12.14.1", "10.12.14.6");
    EXPECT_EQ(asked_for(wire, address("10.12.14.4")),
              (std::vector<std::string>{"10.12.14.1", "10.12.14.3", "10.12.14.5", "10.12.14.6"}));
}

TEST_F(EngineProbe, a_host_without_an_address_on_the_lan_asks_as_nobody) {
    const std::string guests = "gateway GUESTS {\n follows B\n lan lan0 10.12.99.0/24\n}\n";
    EngineProcess engine(instance("B", 2, "10.12.99.1/24") + guests);  // from 10.12.14.4
    ASSERT_TRUE(engine.await_line("(B) took over")) << engine.log();
    Wire wire("lan0-far");
    scan(engine, "10.12.99.7", "10.12.99.7", 5ms, "GUESTS");
    EXPECT_TRUE(wire.hears_arp(address("10.12.99.7"), IpAddress{})) << "RFC 5227: sender 0.0.0.0";
}

TEST_F(EngineProbe, scans_of_one_pace_follow_each_other) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(engine.await_line("took over")) << engine.log();
    engine.listen(200ms);
    Wire wire("lan0-far");
    for (int times = 0; times < 3; ++times) {  // one that waits already is not asked for again
        scan(engine, "10.12.14.10", "10.12.14.11");
        scan(engine, "10.12.14.20", "10.12.14.21");
    }
    EXPECT_EQ(asked_for(wire, address("10.12.14.4"), 1500ms),  // the last answers are awaited for a second
              (std::vector<std::string>{"10.12.14.10", "10.12.14.11", "10.12.14.20", "10.12.14.21", "10.12.14.10",
                                        "10.12.14.11"}));
}

TEST_F(EngineProbe, a_scan_of_another_pace_takes_the_place_of_those_before) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(engine.await_line("took over")) << engine.log();
    engine.listen(200ms);
    Wire wire("lan0-far");
    scan(engine, "10.12.14.10", "10.12.14.250", 100ms);
    scan(engine, "10.12.14.30", "10.12.14.40", 100ms);
    ASSERT_TRUE(wire.hears_arp(address("10.12.14.11"), address("10.12.14.4")));
    scan(engine, "10.12.14.20", "10.12.14.21");
    const auto asked = asked_for(wire, address("10.12.14.4"));
    EXPECT_LE(asked.size(), 4U);
    EXPECT_EQ(std::count(asked.begin(), asked.end(), "10.12.14.21"), 1);
    EXPECT_EQ(std::count(asked.begin(), asked.end(), "10.12.14.15"), 0);
}

TEST_F(EngineProbe, what_cannot_be_scanned_is_not) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(engine.await_line("took over")) << engine.log();
    engine.listen(200ms);
    Wire wire("lan0-far");
    scan(engine, "10.12.14.10", "10.12.14.11", 5ms, "NOBODY");
    scan(engine, "10.12.0.0", "10.12.255.255");
    EXPECT_TRUE(engine.await_line("gateway HOME: nobody is looked for from 10.12.0.0 to 10.12.255.255"))
        << engine.log();
    scan(engine, "192.0.2.1", "192.0.2.2");  // in no lan prefix
    EXPECT_EQ(asked_for(wire, address("10.12.14.4")), std::vector<std::string>{});
}

TEST_F(EngineProbe, a_large_scan_delays_no_advert) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(engine.await_line("took over")) << engine.log();
    Wire wire("lan0-far");
    const auto is_advert = [](const Bytes& seen) { return seen.size() > 34 && seen[12] == 8 && seen[23] == 112; };
    scan(engine, "10.12.14.5", "10.12.14.254", 0ms);
    int adverts = 0;
    for (const auto until = boot_now() + 1s; boot_now() < until;) adverts += !wire.next(is_advert, 500ms).empty();
    EXPECT_GE(adverts, 6) << "of 10, on a busy machine";
}

// ---- DHCP

constexpr std::size_t bootp_at = 14 + 20 + 8;

bool is_discover(const Bytes& frame) {
    return frame.size() >= bootp_at + 244 && frame[12] == 8 && frame[13] == 0 && frame[23] == 17 && frame[37] == 67 &&
           frame[bootp_at + 242] == 1;
}

// A server's answer to a DISCOVER: the same question with another operation, ports, message type and option 54.
Bytes answer(Bytes frame, std::uint8_t type, const Bytes& option54) {
    std::swap(frame[35], frame[37]);  // ports
    frame[bootp_at] = 2;
    frame[bootp_at + 242] = type;
    frame[40] = frame[41] = 0;  // no checksum
    std::copy(option54.begin(), option54.end(), frame.begin() + bootp_at + 243);
    return frame;
}
const Bytes this_server{54, 4, 10, 12, 14, 9, 255};

TEST_F(EngineProbe, tells_of_a_dhcp_server_that_offers_and_takes_nothing) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(engine.await_line("took over")) << engine.log();
    Wire wire("lan0-far");
    engine.send(Kind::dhcp_probe, "HOME");
    const auto question = wire.next(is_discover);
    ASSERT_FALSE(question.empty()) << engine.log();
    const auto offered = [&](std::chrono::milliseconds limit) {
        const auto by_this_one = [](const ipc::DhcpOffer& offer) {
            return offer == ipc::DhcpOffer{"HOME", address("10.12.14.9")};
        };
        return engine.await<ipc::DhcpOffer>(Kind::dhcp_offer, by_this_one, limit);
    };
    wire.send(answer(question, 5, this_server));           // an ACK
    wire.send(answer(question, 2, {54, 2, 10, 12, 255}));  // broken
    auto stranger = question;
    stranger[bootp_at + 7] ^= 1;
    wire.send(answer(stranger, 2, this_server));  // to somebody else
    EXPECT_FALSE(offered(200ms));
    for (int i = 0; i < 3; ++i) wire.send(answer(question, 2, this_server));
    EXPECT_TRUE(offered(1000ms)) << engine.log();
    EXPECT_FALSE(offered(200ms)) << "told once";
    const auto any_dhcp = [](const Bytes& seen) { return seen.size() > bootp_at && seen[23] == 17 && seen[37] == 67; };
    EXPECT_TRUE(wire.next(any_dhcp, 500ms).empty()) << "no REQUEST";
    EXPECT_TRUE(engine.await_line("lan0: 1 answers to our DHCP question could not be read")) << engine.log();
    wire.send(answer(question, 2, this_server));
    EXPECT_FALSE(offered(200ms)) << "nobody listens any more";
}

TEST_F(EngineProbe, each_question_has_a_number_of_its_own) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(engine.await_line("took over")) << engine.log();
    Wire wire("lan0-far");
    std::vector<Bytes> numbers;
    for (int i = 0; i < 2; ++i) {
        engine.send(Kind::dhcp_probe, "HOME");
        const auto question = wire.next(is_discover);
        ASSERT_FALSE(question.empty());
        numbers.emplace_back(question.begin() + bootp_at + 4, question.begin() + bootp_at + 8);
    }
    EXPECT_NE(numbers[0], numbers[1]);
}

// The fence of a stand-in lets both out: it asks as a host, not as the gateway.
TEST_F(EngineProbe, a_stand_in_asks_too) {
    EngineProcess engine(
        "vrrp_instance LAN {\n interface lan0\n virtual_router_id 1\n advert_int 40\n version 3\n "
        "virtual_ipaddress {\n 10.12.14.1/24\n }\n}\n" +
        gateway());
    ASSERT_TRUE(engine.await(Kind::ready));
    ASSERT_TRUE(eventually([] {
        return std::system("nft list table netdev vrrpd 2>/dev/null | grep -q 'hook egress'") == 0;
    })) << engine.log();
    Wire wire("lan0-far");
    engine.send(Kind::dhcp_probe, "HOME");
    EXPECT_FALSE(wire.next(is_discover).empty()) << engine.log();
    scan(engine, "10.12.14.9", "10.12.14.9");
    EXPECT_TRUE(wire.hears_arp(address("10.12.14.9"), address("10.12.14.4"))) << engine.log();
    EXPECT_EQ(engine.lines_with("Entering MASTER"), 0U) << engine.log();
}

TEST_F(EngineProbe, an_observer_asks_nobody) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()), {.observe = true});
    ASSERT_TRUE(engine.await(Kind::ready));
    Wire wire("lan0-far");
    engine.send(Kind::dhcp_probe, "HOME");
    scan(engine, "10.12.14.9", "10.12.14.9");
    EXPECT_TRUE(wire.next(is_discover, 400ms).empty());
    EXPECT_FALSE(wire.hears_arp(address("10.12.14.9"), address("10.12.14.4"), 100ms));
}

}  // namespace
}  // namespace vrrpd::engine::engine_probe_test
