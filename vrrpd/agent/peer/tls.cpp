#include "vrrpd/agent/peer/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <string_view>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::agent {

namespace {

// One suite, so that the key has one hash (RFC 8446 4.2.11), and one group, so that no second round is needed.
constexpr auto suite = "TLS_AES_256_GCM_SHA384";
constexpr std::array<unsigned char, 2> suite_number{0x13, 0x02};
constexpr auto group = "X25519";

SSL_SESSION* session_of(SSL* ssl, const Key& key) {
    SSL_SESSION* const session = SSL_SESSION_new();
    ASSERT(session != nullptr);
    ASSERT(SSL_SESSION_set1_master_key(session, key.bytes().data(), key.bytes().size()) == 1);
    ASSERT(SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, suite_number.data())) == 1);
    ASSERT(SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1);
    return session;
}

std::string last_error() {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason == nullptr ? "TLS failed" : reason;
}

}  // namespace

struct PskCallbacks {
    static const TlsSession::Psk& psk(SSL* ssl) { return *static_cast<const TlsSession::Psk*>(SSL_get_app_data(ssl)); }
    static int use(SSL* ssl, const EVP_MD*, const unsigned char** identity, std::size_t* size, SSL_SESSION** session) {
        const auto& ours = psk(ssl);
        *identity = reinterpret_cast<const unsigned char*>(ours.identity.data());
        *size = ours.identity.size();
        *session = session_of(ssl, ours.key);
        return 1;
    }
    static int find(SSL* ssl, const unsigned char* identity, std::size_t size, SSL_SESSION** session) {
        const auto& ours = psk(ssl);
        const std::string_view theirs(reinterpret_cast<const char*>(identity), size);
        *session = theirs == ours.identity ? session_of(ssl, ours.key) : nullptr;
        return 1;
    }
};

TlsContext::TlsContext(Key key) : key_(std::move(key)), context_(SSL_CTX_new(TLS_method())) {
    ASSERT(context_ != nullptr);
    ASSERT(SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION) == 1);
    ASSERT(SSL_CTX_set_max_proto_version(context_, TLS1_3_VERSION) == 1);
    ASSERT(SSL_CTX_set_ciphersuites(context_, suite) == 1);
    ASSERT(SSL_CTX_set1_groups_list(context_, group) == 1);
    ASSERT(SSL_CTX_set_num_tickets(context_, 0) == 1);
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
    SSL_CTX_clear_options(context_, SSL_OP_ENABLE_MIDDLEBOX_COMPAT | SSL_OP_ALLOW_NO_DHE_KEX);
    SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_psk_use_session_callback(context_, PskCallbacks::use);
    SSL_CTX_set_psk_find_session_callback(context_, PskCallbacks::find);
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

void TlsSession::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }

TlsSession::TlsSession(const TlsContext& context, Side side, std::string identity)
    : psk_(new Psk{context.key_, std::move(identity)}), ssl_(SSL_new(context.context_)), side_(side) {
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    ASSERT(ssl_ && in != nullptr && out != nullptr);
    SSL_set_bio(ssl_.get(), in, out);
    SSL_set_app_data(ssl_.get(), psk_.get());
    if (side == Side::server) {
        SSL_set_accept_state(ssl_.get());
    } else {
        SSL_set_connect_state(ssl_.get());
        // No certificate is trusted, and a server that shows one instead of the key is refused for that.
        SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, nullptr);
        ERR_clear_error();
        ASSERT(shake_hands());  // the client's first words wait in `out`
    }
}

bool TlsSession::shake_hands() {
    const int done = SSL_do_handshake(ssl_.get());
    if (done != 1 && SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ) return fail(last_error());
    // Resumed is OpenSSL's word for "by a pre-shared key". Nothing else will do, and a server does not even ask again
    // (HelloRetryRequest) before it has seen the key.
    const bool has_key = SSL_session_reused(ssl_.get()) == 1;
    const bool must_have_it = done == 1 || (side_ == Side::server && BIO_pending(SSL_get_wbio(ssl_.get())) > 0);
    if (must_have_it && !has_key) return fail("the key was not shown");
    secured_ = done == 1;
    return true;
}

bool TlsSession::receive(BytesView ciphertext, Bytes& plaintext) {
    if (!failure_.empty()) return false;
    ERR_clear_error();
    if (!ciphertext.empty())
        ASSERT(BIO_write(SSL_get_rbio(ssl_.get()), ciphertext.data(), static_cast<int>(ciphertext.size())) ==
               std::ssize(ciphertext));
    if (!secured_ && !shake_hands()) return false;
    std::array<std::uint8_t, SSL3_RT_MAX_PLAIN_LENGTH> part;
    while (secured_) {
        const int got = SSL_read(ssl_.get(), part.data(), static_cast<int>(part.size()));
        if (got > 0) {
            plaintext.insert(plaintext.end(), part.begin(), part.begin() + got);
            continue;
        }
        const int error = SSL_get_error(ssl_.get(), got);
        if (error == SSL_ERROR_WANT_READ) break;
        return fail(error == SSL_ERROR_ZERO_RETURN ? "closed by the other end" : last_error());
    }
    return true;
}

void TlsSession::send(BytesView plaintext) {
    ASSERT(secured_ && !plaintext.empty());
    if (!failure_.empty()) return;
    ERR_clear_error();
    // Memory takes it all at once, but not while the other end keeps us in the midst of a handshake message.
    if (SSL_write(ssl_.get(), plaintext.data(), static_cast<int>(plaintext.size())) != std::ssize(plaintext))
        fail(last_error());
}

void TlsSession::take_output(Bytes& ciphertext) {
    if (!failure_.empty()) return;
    BIO* const out = SSL_get_wbio(ssl_.get());
    const auto waiting = BIO_ctrl_pending(out);
    if (waiting == 0) return;
    const auto before = ciphertext.size();
    ciphertext.resize(before + waiting);
    ASSERT(BIO_read(out, ciphertext.data() + before, static_cast<int>(waiting)) == static_cast<int>(waiting));
}

bool TlsSession::fail(std::string why) {
    failure_ = std::move(why);
    return false;
}

}  // namespace vrrpd::agent
