// What agent and engine tell each other, as text and back.
#include "vrrpd/ipc/notices.hpp"

#include <gtest/gtest.h>

namespace vrrpd::ipc::notices_test {
namespace {

TEST(Notices, come_back_as_they_went) {
    for (const auto& choice : {DnsChoice{"HOME", IpAddress::v4(10, 12, 14, 4), 53},
                               DnsChoice{"my home", *IpAddress::parse("fd00::1"), 65535},
                               DnsChoice::nobody("HOME", Family::ipv4), DnsChoice::nobody("HOME", Family::ipv6)})
        EXPECT_EQ(decode<DnsChoice>(encode(choice)), choice);
    const ServiceWeight weight{"HOME", "dns", -60};
    EXPECT_EQ(decode<ServiceWeight>(encode(weight)), weight);
    for (const bool up : {true, false})
        EXPECT_EQ(decode<WanState>(encode(WanState{"HOME", up})), (WanState{"HOME", up}));
    for (const bool up : {true, false})
        EXPECT_EQ(decode<DnsHealth>(encode(DnsHealth{"HOME", up})), (DnsHealth{"HOME", up}));
    for (const bool silent : {true, false})
        EXPECT_EQ(decode<DhcpSilence>(encode(DhcpSilence{"HOME", silent})), (DhcpSilence{"HOME", silent}));
    for (const auto role : {proto::Role::initialize, proto::Role::backup, proto::Role::active})
        for (const bool resumed : {true, false})
            EXPECT_EQ(decode<RoleChange>(encode(RoleChange{"HOME", role, resumed})),
                      (RoleChange{"HOME", role, resumed}));
    for (const auto& readiness : {Readiness{"HOME", {}}, Readiness{"HOME", {"wan0 is down", "no next hop"}}})
        EXPECT_EQ(decode<Readiness>(encode(readiness)), readiness);
    const Standing standing{"HOME", 255, Instant(std::chrono::milliseconds(12'345))};
    EXPECT_EQ(decode<Standing>(encode(standing)), standing);
    const Scan scan{"HOME", IpAddress::v4(10, 12, 14, 100), IpAddress::v4(10, 12, 14, 199),
                    std::chrono::milliseconds(4)};
    EXPECT_EQ(decode<Scan>(encode(scan)), scan);
    const HostAlive host{"HOME", IpAddress::v4(10, 12, 14, 100), {{2, 0, 0, 0xab, 0xcd, 0xef}}};
    EXPECT_EQ(decode<HostAlive>(encode(host)), host);
    const DhcpOffer offer{"HOME", IpAddress::v4(10, 12, 14, 1)};
    EXPECT_EQ(decode<DhcpOffer>(encode(offer)), offer);
    using State = TrackerState;
    for (const auto& state :
         {State{State::Kind::script, "chk dns", State::Health::down, 0, "failed (exited with status 1)"},
          State{State::Kind::file, "load", State::Health::up, -2'147'483'649, {}},
          State{State::Kind::process, "p", State::Health::disabled, 0, "no user \"x\""}})
        EXPECT_EQ(decode<State>(encode(state)), state);
    const Notices notices{{{Notice::Object::instance, Notice::Event::master, 150, "VI\t1"},
                           {Notice::Object::group, Notice::Event::deleted, 0, "G"}}};
    EXPECT_EQ(decode<Notices>(encode(notices)), notices);
    EXPECT_EQ(decode<Notices>(""), Notices{});
    for (const auto& units : {Units{"HOME", {}}, Units{"HOME", {{"a.service", true, {}}, {"b", false, "said: no"}}}})
        EXPECT_EQ(decode<Units>(encode(units)), units);
    const Alert alert{"HOME", R"({"event":"role"})"};
    EXPECT_EQ(decode<Alert>(encode(alert)), alert);
}

TEST(Notices, spoilt_text_has_no_value) {
    for (const auto* text :
         {"", "HOME", "HOME\n10.12.14.4", "HOME\n10.12.14.4\n", "HOME\n10.12.14.4\n0", "HOME\n10.12.14.4\n65536",
          "HOME\n0.0.0.0\n53", "HOME\n10.12.14.4\n53x", "HOME\nhere\n53", "HOME\n10.12.14.4\n53\nmore"})
        EXPECT_FALSE(decode<DnsChoice>(text)) << text;
    for (const auto* text : {"", "HOME\ndns", "HOME\ndns\n", "HOME\ndns\nheavy", "HOME\ndns\n1\n2"})
        EXPECT_FALSE(decode<ServiceWeight>(text)) << text;
    for (const auto* text : {"", "HOME", "HOME\n", "HOME\nUP", "HOME\nup\n"})
        EXPECT_FALSE(decode<WanState>(text)) << text;
    for (const auto* text : {"", "HOME\nactive", "HOME\nmaster\nnew", "HOME\nactive\nold", "HOME\nactive\nnew\n"})
        EXPECT_FALSE(decode<RoleChange>(text)) << text;
    for (const auto* text : {"", "\n", "HOME\n", "HOME\n\nwan0 is down"}) EXPECT_FALSE(decode<Readiness>(text)) << text;
    for (const auto* text :
         {"", "HOME\n100", "HOME\n0\n5", "HOME\n256\n5", "HOME\nhigh\n5", "HOME\n100\n", "HOME\n100\n5\n"})
        EXPECT_FALSE(decode<Standing>(text)) << text;
    for (const auto* text : {"HOME\n10.0.0.1\n10.0.0.9", "HOME\n10.0.0.1\nfd00::1\n1", "HOME\n10.0.0.1\n10.0.0.9\n-1"})
        EXPECT_FALSE(decode<Scan>(text)) << text;
    for (const auto* text : {"HOME\n10.0.0.1", "HOME\n10.0.0.1\n02:00:00:00:00", "HOME\n10.0.0.1\n02-00-00-00-00-0a",
                             "HOME\n10.0.0.1\n02:00:00:00:00:0g"})
        EXPECT_FALSE(decode<HostAlive>(text)) << text;
    for (const auto* text : {"HOME", "HOME\nthere"}) EXPECT_FALSE(decode<DhcpOffer>(text)) << text;
    for (const auto* text : {"", "s\n0\n1\n0", "s\n3\n1\n0\n", "s\n0\n4\n0\n", "s\n0\n1\nx\n", "s\n0\n1\n0\na\nb"})
        EXPECT_FALSE(decode<TrackerState>(text)) << text;
    for (const auto* text : {"0\t0\t100\tV", "0\t0\t100\n", "2\t0\t100\tV\n", "0\t8\t100\tV\n", "0\t0\t256\tV\n"})
        EXPECT_FALSE(decode<Notices>(text)) << text;
    for (const auto* text : {"", "\nstart a ", "HOME\n", "HOME\nstart", "HOME\nstart a", "HOME\nrun a "})
        EXPECT_FALSE(decode<Units>(text)) << text;
    for (const auto* text : {"HOME", "HOME\n{}\n"}) EXPECT_FALSE(decode<Alert>(text)) << text;
}

}  // namespace
}  // namespace vrrpd::ipc::notices_test
