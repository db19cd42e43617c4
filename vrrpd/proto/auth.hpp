// Who may speak as a router of ours: VRRPv2's PASS and AH (RFC 2338 5.3.6, RFC 2402, as keepalived does them) and
// keepalived's auth_hmac. Pure. An Authenticator makes what a sent advert carries and judges what a
// received one brought; it changes by accept() alone, so what was refused anywhere leaves no trace.
//
// encode() and decode() of advert.hpp put its octets into the message and take them out.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <tl/expected.hpp>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/secret.hpp"
#include "vrrpd/base/time.hpp"
#include "vrrpd/proto/envelope.hpp"
#include "vrrpd/proto/rejection.hpp"

namespace vrrpd::proto {

struct Advertisement;

// ---- what the configuration says ---------------------------------------------------------------------

enum class AuthType : std::uint8_t { none, password, ah };  // as on the wire

enum class HmacMode : std::uint8_t {
    enforce,       // what is not signed is refused
    permissive,    // signs, and takes what is not signed
    receive_only,  // does not sign
};

struct HmacKey {
    std::uint8_t id = 0;
    Secret key;  // 32 to 64 octets
    bool operator==(const HmacKey&) const = default;
};

struct HmacSettings {
    std::vector<HmacKey> keys;  // empty: no auth_hmac
    std::uint8_t active_key = 0;
    HmacMode mode = HmacMode::enforce;
    std::chrono::seconds window{5};
    bool monotonic = false;  // anti_replay monotonic: growth alone, no window
    bool operator==(const HmacSettings&) const = default;
};

// At most one of the two.
struct Authentication {
    AuthType type = AuthType::none;
    Secret password;  // at most eight octets
    HmacSettings hmac;

    [[nodiscard]] bool wanted() const { return type != AuthType::none || !hmac.keys.empty(); }
    bool operator==(const Authentication&) const = default;
};

// ---- on the wire --------------------------------------------------------------------------------------

inline constexpr std::size_t password_size = 8;
inline constexpr std::size_t ah_size = 24;
inline constexpr std::size_t trailer_size = 28;

// What one advert carries, whomever it is sent to.
struct Credentials {
    AuthType type = AuthType::none;
    std::array<std::uint8_t, password_size> data{};  // v2's authentication octets
    std::uint32_t ah_sequence = 0;
    std::optional<std::array<std::uint8_t, trailer_size>> trailer;
};

// Of one received message, its form checked.
struct Presented {
    BytesView headers;  // the IPv4 header and the AH; empty: there is no AH
    BytesView message;  // without the trailer
    BytesView trailer;  // empty: there is none
    IpAddress source;
    bool multicast = true;
    WallTime now{};
};

// What check() learnt, for accept().
struct Proof {
    std::uint64_t sequence = 0;           // 0: nothing that counts
    std::chrono::seconds clock_ahead{0};  // auth_hmac: the sender's clock, against ours
    bool operator==(const Proof&) const = default;
};

// The last sequence number of one sender. A copy by unicast carries the number of the multicast advert, so each path
// counts for itself.
struct ReplayMark {
    IpAddress source;
    bool multicast = true;
    std::uint64_t sequence = 0;
    bool operator==(const ReplayMark&) const = default;
};

// What must outlive the process: without it, what was heard before could be said again.
struct AuthMemory {
    std::uint32_t ah_sequence = 0;
    std::uint64_t hmac_sequence = 0;
    std::vector<ReplayMark> marks;  // the latest last
    bool operator==(const AuthMemory&) const = default;
};

class Authenticator {
public:
    // Of a multicast group so many senders are remembered (keepalived: four), and by two paths each.
    static constexpr std::size_t marks_kept = 8;

    // `senders`: how many unicast peers there are.
    explicit Authenticator(const Authentication& settings, std::size_t senders = 0);
    // Another configuration: counters stay.
    void configure(const Authentication& settings, std::size_t senders);

    [[nodiscard]] AuthType type() const { return settings_.type; }
    [[nodiscard]] bool takes_trailer() const { return !settings_.hmac.keys.empty(); }
    [[nodiscard]] const Authentication& settings() const { return settings_; }

    // For the next advert; counts up.
    [[nodiscard]] Credentials seal(const Advertisement& advert, const IpAddress& source, WallTime now);
    // The AH to stand between this IPv4 header and this message.
    [[nodiscard]] std::array<std::uint8_t, ah_size> ah_header(const Ipv4Header& ip, BytesView message,
                                                              std::uint32_t sequence) const;

    [[nodiscard]] tl::expected<Proof, Rejection> check(const Presented& presented) const;
    // The message passed every other check, too.
    void accept(const IpAddress& source, bool multicast, const Proof& proof);
    // A router of lower priority was heard while we are Active: keepalived leaves one number free, so that an advert
    // which that one sends at this moment does not overtake ours.
    void stay_ahead() { ++memory_.ah_sequence; }

    [[nodiscard]] const AuthMemory& memory() const { return memory_; }
    void restore(AuthMemory memory) { memory_ = std::move(memory); }

private:
    [[nodiscard]] tl::expected<Proof, Rejection> check_password(const Presented& presented) const;
    [[nodiscard]] tl::expected<Proof, Rejection> check_ah(const Presented& presented) const;
    [[nodiscard]] tl::expected<Proof, Rejection> check_hmac(const Presented& presented) const;
    [[nodiscard]] bool was_seen(const Presented& presented, std::uint64_t sequence) const;
    [[nodiscard]] std::uint64_t next_sequence(WallTime now) const;
    [[nodiscard]] const HmacKey* key(std::uint8_t id) const;

    Authentication settings_;
    std::size_t most_marks_ = marks_kept;
    AuthMemory memory_;
};

}  // namespace vrrpd::proto
