// TLS 1.3 with the members' shared key (RFC 8446 4.2.11, external PSK; with (EC)DHE, so that a key that leaks later
// opens nothing that was recorded before). Octets in, octets out: no socket. For Connection alone.
//
// Who has not the key learns nothing: as a server a session says not one octet before the other end has shown the
// key, and no failure is answered with an alert. There are no certificates, no tickets, no early data.
#pragma once

#include <memory>
#include <string>

#include "vrrpd/agent/peer/key_file.hpp"
#include "vrrpd/base/bytes.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace vrrpd::agent {

// What all sessions of a process share. Outlives them, at one place.
class TlsContext {
public:
    explicit TlsContext(Key key);
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;
    ~TlsContext();

private:
    friend class TlsSession;
    Key key_;
    ssl_ctx_st* context_;
};

class TlsSession {
public:
    enum class Side : std::uint8_t { client, server };

    // Both ends must name the same `identity`, which the client sends in the clear. It says who dials whom: a
    // stream that is led to another member, or back to the dialler itself, is refused.
    TlsSession(const TlsContext& context, Side side, std::string identity);

    // The handshake was done: the other end has the key. A failure later does not change that.
    [[nodiscard]] bool secured() const { return secured_; }
    // Takes what arrived and appends what it says to `plaintext`. false: the session is over, and failure() says why;
    // what came before the failure is in `plaintext`.
    [[nodiscard]] bool receive(BytesView ciphertext, Bytes& plaintext);
    // Only once secured. After a failure nothing is said any more.
    void send(BytesView plaintext);
    // Appends what there is to be sent.
    void take_output(Bytes& ciphertext);
    [[nodiscard]] const std::string& failure() const { return failure_; }

private:
    struct Free {
        void operator()(ssl_st* ssl) const;
    };
    // For OpenSSL's callbacks; stays where it is when the session moves.
    struct Psk {
        const Key& key;
        std::string identity;
    };
    friend struct PskCallbacks;

    [[nodiscard]] bool shake_hands();
    bool fail(std::string why);

    std::unique_ptr<Psk> psk_;
    std::unique_ptr<ssl_st, Free> ssl_;
    Side side_;
    bool secured_ = false;
    std::string failure_;
};

}  // namespace vrrpd::agent
