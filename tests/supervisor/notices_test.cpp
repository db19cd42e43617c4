// What agent and engine tell each other, as text and back.
#include "vrrpd/ipc/notices.hpp"

#include <gtest/gtest.h>

namespace vrrpd::ipc {
namespace {

TEST(Notices, come_back_as_they_went) {
    for (const auto& choice : {DnsChoice{"HOME", IpAddress::v4(10, 12, 14, 4), 53},
                               DnsChoice{"my home", *IpAddress::parse("fd00::1"), 65535}})
        EXPECT_EQ(decode<DnsChoice>(encode(choice)), choice);
    const ServiceWeight weight{"HOME", "dns", -60};
    EXPECT_EQ(decode<ServiceWeight>(encode(weight)), weight);
    for (const bool up : {true, false})
        EXPECT_EQ(decode<WanState>(encode(WanState{"HOME", up})), (WanState{"HOME", up}));
}

TEST(Notices, spoilt_text_has_no_value) {
    for (const auto* text :
         {"", "HOME", "HOME\n10.12.14.4", "HOME\n10.12.14.4\n", "HOME\n10.12.14.4\n0", "HOME\n10.12.14.4\n65536",
          "HOME\n10.12.14.4\n53x", "HOME\nhere\n53", "HOME\n10.12.14.4\n53\nmore"})
        EXPECT_FALSE(decode<DnsChoice>(text)) << text;
    for (const auto* text : {"", "HOME\ndns", "HOME\ndns\n", "HOME\ndns\nheavy", "HOME\ndns\n1\n2"})
        EXPECT_FALSE(decode<ServiceWeight>(text)) << text;
    for (const auto* text : {"", "HOME", "HOME\n", "HOME\nUP", "HOME\nup\n"})
        EXPECT_FALSE(decode<WanState>(text)) << text;
}

}  // namespace
}  // namespace vrrpd::ipc
