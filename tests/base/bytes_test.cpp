#include "vrrpd/base/bytes.hpp"

#include <gtest/gtest.h>

#include "vrrpd/base/mac.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::bytes_test {
namespace {

TEST(Bytes, what_is_written_is_read) {
    Bytes bytes;
    ByteWriter(bytes).u8(1).u16(0x0203).u32(0x04050607).zeros(2);
    EXPECT_EQ(bytes, (Bytes{1, 2, 3, 4, 5, 6, 7, 0, 0}));
    ByteReader in(bytes);
    EXPECT_EQ(in.u8(), 1);
    EXPECT_EQ(in.u16(), 0x0203);
    EXPECT_EQ(in.u32(), 0x04050607u);
    EXPECT_EQ(in.remaining(), 2u);
    EXPECT_TRUE(in.ok());
}

TEST(Bytes, a_reader_that_ran_over_stays_failed) {
    const Bytes bytes{1, 2, 3};
    ByteReader in(bytes);
    EXPECT_EQ(in.u32(), 0x01020000u);
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(in.u8(), 0);
    EXPECT_FALSE(in.ok());
}

TEST(Time, the_earlier_of_two_deadlines) {
    const Instant early{std::chrono::seconds(1)}, late{std::chrono::seconds(2)};
    EXPECT_EQ(earlier(early, late), early);
    EXPECT_EQ(earlier(late, early), early);
    EXPECT_EQ(earlier(std::nullopt, late), late);
    EXPECT_EQ(earlier(early, std::nullopt), early);
    EXPECT_EQ(earlier(std::nullopt, std::nullopt), std::nullopt);
}

TEST(Mac, text) {
    EXPECT_EQ((MacAddress{{0x02, 0, 0, 0, 0, 0xaf}}.to_string()), "02:00:00:00:00:af");
    EXPECT_TRUE(MacAddress{}.is_zero());
}

}  // namespace
}  // namespace vrrpd::bytes_test
