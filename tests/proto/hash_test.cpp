// MD5, SHA-256 and their HMACs: the vectors of RFC 1321, FIPS 180-4, RFC 2202 and RFC 4231; and, at every length about
// a block's end, what another implementation says.
#include "vrrpd/proto/hash.hpp"

#include <gtest/gtest.h>

#include <string_view>

#include "tests/proto/advert_samples.hpp"

namespace vrrpd::proto {
namespace {

using sample::hex;

Bytes text(std::string_view chars) { return {chars.begin(), chars.end()}; }
Bytes octets(const auto& digest) { return {digest.begin(), digest.end()}; }

TEST(Md5, RFC_1321_A_5) {
    EXPECT_EQ(octets(md5({})), hex("d41d8cd98f00b204e9800998ecf8427e"));
    EXPECT_EQ(octets(md5(text("a"))), hex("0cc175b9c0f1b6a831c399e269772661"));
    EXPECT_EQ(octets(md5(text("abc"))), hex("900150983cd24fb0d6963f7d28e17f72"));
    EXPECT_EQ(octets(md5(text("message digest"))), hex("f96b697d7cb7938d525a2f31aaf161d0"));
    EXPECT_EQ(octets(md5(text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))),
              hex("d174ab98d277d9f5a5611c2c9f419d9f"));
    EXPECT_EQ(octets(md5(text("12345678901234567890123456789012345678901234567890123456789012345678901234567890"))),
              hex("57edf4a22be3c955ac49da2e2107b67a"));
}

TEST(Sha256, FIPS_180_4) {
    EXPECT_EQ(octets(sha256({})), hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    EXPECT_EQ(octets(sha256(text("abc"))), hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    EXPECT_EQ(octets(sha256(text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
              hex("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    EXPECT_EQ(octets(sha256(Bytes(1'000'000, 'a'))),
              hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
}

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

// The hash of all the hashes of 0 to 200 octets: padding goes wrong at some length or nowhere.
template <class Hash>
Bytes hash_of_hashes(Hash hash) {
    Bytes all, input;
    for (unsigned size = 0; size <= 200; ++size) {
        const auto digest = hash(input);
        all.insert(all.end(), digest.begin(), digest.end());
        input.push_back(static_cast<std::uint8_t>(size));
    }
    return octets(hash(all));
}

// Computed with Python's hashlib.
TEST(Hashes, every_length_about_a_block_is_padded_right) {
    EXPECT_EQ(hash_of_hashes(md5), hex("d49382aaa96e2815f14079ed5a0a25a3"));
    EXPECT_EQ(hash_of_hashes(sha256), hex("64ef7c229fce2408b5336b6a542fea0e078c3a87d2da85cb3fc52e2008b65021"));
}

}  // namespace
}  // namespace vrrpd::proto
