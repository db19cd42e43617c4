// Who has the key is understood; who has not learns nothing. Without sockets: what one session says is handed to
// the other by the test.
#include "vrrpd/agent/peer/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <rapidcheck.h>

#include <optional>

namespace vrrpd::agent::tls_test {
namespace {

Key key(char digit = '5') { return *Key::parse(std::string(64, digit)); }

Bytes output(TlsSession& session) {
    Bytes bytes;
    session.take_output(bytes);
    return bytes;
}

Bytes text(std::string_view chars) { return {chars.begin(), chars.end()}; }

// A client and a server, and what each has heard.
struct Pair {
    TlsContext client_context, server_context;
    TlsSession client, server;
    Bytes to_client{}, to_server{};      // plaintext
    Bytes from_client{}, from_server{};  // ciphertext

    Pair(Key client_key, Key server_key, std::string client_identity, std::string server_identity)
        : client_context(std::move(client_key)),
          server_context(std::move(server_key)),
          client(client_context, TlsSession::Side::client, std::move(client_identity)),
          server(server_context, TlsSession::Side::server, std::move(server_identity)) {}
    Pair() : Pair(key(), key(), "A to B", "A to B") {}

    // Back and forth until both are silent. false: one has failed.
    bool talk() {
        for (;;) {
            const auto said = output(client);
            from_client.insert(from_client.end(), said.begin(), said.end());
            if (!said.empty() && !server.receive(said, to_server)) return false;
            const auto answer = output(server);
            from_server.insert(from_server.end(), answer.begin(), answer.end());
            if (!answer.empty() && !client.receive(answer, to_client)) return false;
            if (said.empty() && answer.empty()) return true;
        }
    }
};

TEST(Tls, with_one_key_and_one_identity_both_are_secured) {
    Pair pair;
    ASSERT_TRUE(pair.talk()) << pair.client.failure() << pair.server.failure();
    EXPECT_TRUE(pair.client.secured());
    EXPECT_TRUE(pair.server.secured());
    pair.client.send(text("ping"));
    pair.server.send(text("pong"));
    ASSERT_TRUE(pair.talk());
    EXPECT_EQ(pair.to_server, text("ping"));
    EXPECT_EQ(pair.to_client, text("pong"));
}

TEST(Tls, what_is_said_cannot_be_read_on_the_way) {
    Pair pair;
    ASSERT_TRUE(pair.talk());
    pair.client.send(text("a secret of the client"));
    pair.server.send(text("a secret of the server"));
    ASSERT_TRUE(pair.talk());
    for (const auto& stream : {pair.from_client, pair.from_server})
        EXPECT_EQ(std::string(stream.begin(), stream.end()).find("secret"), std::string::npos);
}

TEST(Tls, a_megabyte_in_one_piece_arrives) {
    Pair pair;
    ASSERT_TRUE(pair.talk());
    const Bytes much(1 << 20, 0x42);
    pair.client.send(much);
    ASSERT_TRUE(pair.talk());
    EXPECT_EQ(pair.to_server, much);
}

TEST(Tls, another_key_hears_not_one_octet) {
    Pair pair(key('5'), key('6'), "A to B", "A to B");
    EXPECT_FALSE(pair.talk());
    EXPECT_FALSE(pair.server.failure().empty());
    EXPECT_TRUE(pair.from_server.empty());
    EXPECT_TRUE(output(pair.server).empty());  // no alert either
    EXPECT_FALSE(pair.client.secured());
}

TEST(Tls, a_stream_for_another_member_or_led_back_to_its_dialler_is_refused_in_silence) {
    for (const auto* const expected : {"A to C", "B to A", ""}) {
        Pair pair(key(), key(), "A to B", expected);
        EXPECT_FALSE(pair.talk()) << expected;
        EXPECT_TRUE(pair.from_server.empty()) << expected;
    }
}

TEST(Tls, a_replayed_client_is_never_secured) {
    Pair pair;
    ASSERT_TRUE(pair.talk());
    pair.client.send(text("once"));
    ASSERT_TRUE(pair.talk());

    TlsSession again(pair.server_context, TlsSession::Side::server, "A to B");
    Bytes plaintext;
    EXPECT_FALSE(again.receive(pair.from_client, plaintext));
    EXPECT_FALSE(again.secured());
    EXPECT_TRUE(plaintext.empty());
    EXPECT_TRUE(output(again).empty());
}

TEST(Tls, a_changed_octet_ends_the_session) {
    Pair pair;
    ASSERT_TRUE(pair.talk());
    pair.client.send(text("transfer 10"));
    auto bytes = output(pair.client);
    bytes[bytes.size() / 2] ^= 1;
    EXPECT_FALSE(pair.server.receive(bytes, pair.to_server));
    EXPECT_TRUE(pair.to_server.empty());
    EXPECT_FALSE(pair.server.failure().empty());
    EXPECT_FALSE(pair.server.receive(bytes, pair.to_server));  // for good
}

TEST(Tls, what_came_before_a_failure_is_kept) {
    Pair pair;
    ASSERT_TRUE(pair.server.receive(output(pair.client), pair.to_server));
    ASSERT_TRUE(pair.client.receive(output(pair.server), pair.to_client));
    pair.client.send(text("hello"));
    auto all_at_once = output(pair.client);  // the end of the handshake, too
    all_at_once.insert(all_at_once.end(), 100, 0);
    EXPECT_FALSE(pair.server.receive(all_at_once, pair.to_server));
    EXPECT_TRUE(pair.server.secured());
    EXPECT_EQ(pair.to_server, text("hello"));
}

TEST(Tls, a_failed_session_says_nothing_more) {
    Pair pair;
    ASSERT_TRUE(pair.talk());
    EXPECT_FALSE(pair.server.receive(Bytes(100, 0), pair.to_server));
    EXPECT_FALSE(pair.server.failure().empty());
    pair.server.send(text("into the void"));
    EXPECT_TRUE(output(pair.server).empty());
}

TEST(Tls, garbage_is_refused_in_silence) {
    EXPECT_TRUE(rc::check([] {
        const TlsContext context(key());
        TlsSession server(context, TlsSession::Side::server, "A to B");
        TlsSession client(context, TlsSession::Side::client, "A to B");
        auto bytes = output(client);
        const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
        if (*rc::gen::arbitrary<bool>()) {
            bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ *rc::gen::inRange(1, 256));
        } else {
            bytes = *rc::gen::arbitrary<Bytes>();
        }
        Bytes plaintext;
        (void)server.receive(bytes, plaintext);
        RC_ASSERT(plaintext.empty());
        RC_ASSERT(!server.secured());
        // The version in the record's head alone is not covered by the key, and of no meaning (RFC 8446 5.1).
        if (at != 1 && at != 2) RC_ASSERT(output(server).empty());
    }));
}

// ---- strangers that speak TLS -------------------------------------------------------------------

struct Stranger {
    SSL_CTX* context = SSL_CTX_new(TLS_method());
    SSL* ssl = nullptr;

    Stranger() = default;
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;
    ~Stranger() {
        SSL_free(ssl);
        SSL_CTX_free(context);
    }
    void begin() {
        ssl = SSL_new(context);
        SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    }
    Bytes says() const {
        Bytes bytes(static_cast<std::size_t>(BIO_pending(SSL_get_wbio(ssl))));
        if (!bytes.empty()) BIO_read(SSL_get_wbio(ssl), bytes.data(), static_cast<int>(bytes.size()));
        return bytes;
    }
    void hears(const Bytes& bytes) const {
        BIO_write(SSL_get_rbio(ssl), bytes.data(), static_cast<int>(bytes.size()));
        SSL_do_handshake(ssl);
    }
};

TEST(Tls, a_client_without_a_key_hears_nothing_whatever_it_offers) {
    // A first group that the server has not would bring a HelloRetryRequest.
    for (const auto* const groups : {"X25519", "P-256:X25519", "P-256"}) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            Stranger client;
            SSL_CTX_set_max_proto_version(client.context, version);
            SSL_CTX_set1_groups_list(client.context, groups);
            client.begin();
            SSL_set_connect_state(client.ssl);
            SSL_do_handshake(client.ssl);

            const TlsContext context(key());
            TlsSession server(context, TlsSession::Side::server, "A to B");
            Bytes plaintext;
            EXPECT_FALSE(server.receive(client.says(), plaintext)) << groups;
            EXPECT_TRUE(output(server).empty()) << groups;
        }
    }
}

void give_certificate(SSL_CTX* context) {
    EVP_PKEY* const pair = EVP_RSA_gen(2048);
    X509* const certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, pair);
    X509_sign(certificate, pair, EVP_sha256());
    ASSERT_EQ(SSL_CTX_use_certificate(context, certificate), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey(context, pair), 1);
    X509_free(certificate);
    EVP_PKEY_free(pair);
}

TEST(Tls, a_server_with_a_certificate_in_place_of_the_key_is_refused) {
    Stranger server;
    give_certificate(server.context);
    server.begin();
    SSL_set_accept_state(server.ssl);

    const TlsContext context(key());
    TlsSession client(context, TlsSession::Side::client, "A to B");
    server.hears(output(client));
    const auto answer = server.says();
    ASSERT_GT(answer.size(), 500U);  // its certificate
    Bytes plaintext;
    EXPECT_FALSE(client.receive(answer, plaintext));
    EXPECT_FALSE(client.secured());
    EXPECT_TRUE(output(client).empty());
}

}  // namespace
}  // namespace vrrpd::agent::tls_test
