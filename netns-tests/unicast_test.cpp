// Adverts to more than one unicast peer: each gets a copy of its own.
#include <algorithm>
#include <map>
#include <set>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/header_sizes.hpp"

namespace lab::unicast_test {
namespace {

namespace proto = vrrpd::proto;

class Unicast : public HomeTest {
protected:
    static IpAddress own(const Host& host) {
        return IpAddress::v4(10, 12, 14, host.name() == "H003" ? 4 : host.name() == "H001" ? 2 : 3);
    }
    Router& start_one(Host& host, int priority) {
        std::string peers;
        for (const auto* other : home.candidates())
            if (other != &host) peers += " " + own(*other).to_string() + "\n";
        return start(host, {.priority = priority,
                            .more = "unicast_src_ip " + own(host).to_string() + "\nunicast_peer {\n" + peers + "}"});
    }
    // To each of the others as many, give or take the one that is under way, addressed to nobody else, and with the
    // checksum over that very address.
    void expect_copies(const Host& speaker, Time begin) {
        ASSERT_TRUE(wait_until([&] { return home.lan.count(all({from(speaker), adverts(), since(begin)})) >= 10; }));
        std::map<IpAddress, int> copies;
        for (const auto& frame : home.lan.frames(all({from(speaker), adverts(), since(begin)}))) {
            const proto::Envelope envelope{*source(frame), *destination(frame)};
            ++copies[envelope.destination];
            proto::ReceivePolicy policy;
            policy.unicast = true;
            policy.interval = vrrpd::Centiseconds(10);
            const auto message = vrrpd::BytesView(frame.bytes).subspan(ethernet_header_size + ipv4_header_size);
            const auto decoded = proto::decode(message, envelope, policy);
            ASSERT_TRUE(decoded) << frame.describe();
            EXPECT_EQ(decoded->form, proto::ChecksumForm::pseudo_header) << frame.describe();
            for (const auto* host : home.candidates()) {
                if (own(*host) != envelope.destination) continue;
                const auto mac = *vrrpd::MacAddress::parse(host->mac("lan0"));
                EXPECT_TRUE(std::equal(mac.bytes.begin(), mac.bytes.end(), frame.bytes.begin())) << frame.describe();
            }
        }
        std::set<IpAddress> others;
        for (const auto* host : home.candidates())
            if (host != &speaker) others.insert(own(*host));
        ASSERT_EQ(copies.size(), others.size());
        for (const auto& other : others) EXPECT_GE(copies[other], 4) << other.to_string();
    }
};

TEST_F(Unicast, VR_011_VR_046_each_of_two_peers_gets_a_copy_with_a_checksum_of_its_own) {
    auto& active = start_one(home.h003, 200);
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    auto& better = start_one(home.h001, 150);
    auto& lesser = start_one(home.h002, 100);
    ASSERT_TRUE(better.await_log("Entering BACKUP STATE") && lesser.await_log("Entering BACKUP STATE"));
    expect_copies(home.h003, wall_clock());
    const auto resigns = wall_clock();
    EXPECT_EQ(active.stop(), 0);
    EXPECT_EQ(home.lan.count(all({from(home.h003), priority(0), since(resigns)})), 2u) << "both are told";
    ASSERT_TRUE(becomes_active(home.h001));
    std::this_thread::sleep_for(1s);
    EXPECT_FALSE(lesser.logged("Entering MASTER STATE")) << "it heard the copy that was for it";
    expect_copies(home.h001, wall_clock());
}

}  // namespace
}  // namespace lab::unicast_test
