// The HMACs of MD5 and SHA-256: the vectors of RFC 2202 and RFC 4231; and, at every length about a block's end, what
// another implementation says.
#include "vrrpd/proto/hash.hpp"

#include <gtest/gtest.h>

#include <string_view>

#include "tests/proto/advert_samples.hpp"

namespace vrrpd::proto::hash_test {
namespace {

using sample::hex;

Bytes text(std::string_view chars) { return {chars.begin(), chars.end()}; }
Bytes octets(const auto& digest) { return {digest.begin(), digest.end()}; }

TEST(HmacMd5, RFC_2202) {
    EXPECT_EQ(octets(hmac_md5(Bytes(16, 0x0b), text("Hi There"))), hex("9294727a3638bb1c13f48ef8158bfc9d"));
    EXPECT_EQ(octets(hmac_md5(text("Jefe"), text("what do ya want for nothing?"))),
              hex("750c783e6ab0b503eaa86e310a5db738"));
    EXPECT_EQ(octets(hmac_md5(Bytes(16, 0xaa), Bytes(50, 0xdd))), hex("56be34521d144c88dbb8c733f0e8b3f6"));
    EXPECT_EQ(octets(hmac_md5(Bytes(80, 0xaa), text("Test Using Larger Than Block-Size Key - Hash Key First"))),
              hex("6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"));
}

TEST(HmacSha256, RFC_4231) {
    EXPECT_EQ(octets(hmac_sha256(Bytes(20, 0x0b), text("Hi There"))),
              hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
    EXPECT_EQ(octets(hmac_sha256(text("Jefe"), text("what do ya want for nothing?"))),
              hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    EXPECT_EQ(octets(hmac_sha256(Bytes(20, 0xaa), Bytes(50, 0xdd))),
              hex("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"));
    EXPECT_EQ(octets(hmac_sha256(Bytes(131, 0xaa), text("Test Using Larger Than Block-Size Key - Hash Key First"))),
              hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
}

// The code of all the codes of 0 to 200 octets: padding goes wrong at some length or nowhere.
template <class Hmac>
Bytes code_of_codes(Hmac hmac) {
    const auto key = text("key");
    Bytes all, input;
    for (unsigned size = 0; size <= 200; ++size) {
        const auto digest = hmac(key, input);
        all.insert(all.end(), digest.begin(), digest.end());
        input.push_back(static_cast<std::uint8_t>(size));
    }
    return octets(hmac(key, all));
}

// Computed with Python's hmac.
TEST(Hmacs, every_length_about_a_block_is_padded_right) {
    EXPECT_EQ(code_of_codes(hmac_md5), hex("085baf5ce85568d25520761d60523576"));
    EXPECT_EQ(code_of_codes(hmac_sha256), hex("6dfed2330c7fbcb0a6ff64afbff46e8e47922059be8441b64deed125fd655284"));
}

}  // namespace
}  // namespace vrrpd::proto::hash_test
