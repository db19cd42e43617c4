// What must outlive a crash of the engine: its heartbeat, of each virtual router the role, the time of the last
// advert sent and the counters of its authentication, and the BFD sessions. A memfd
// that the supervisor makes and both map; the engine writes, the supervisor and the next engine read. Each field is
// written by one thread and read by another process, so each is a relaxed atomic; a torn record costs at most one
// adoption.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/result.hpp"
#include "vrrpd/base/time.hpp"
#include "vrrpd/proto/auth.hpp"
#include "vrrpd/proto/bfd_session.hpp"
#include "vrrpd/proto/rejection.hpp"
#include "vrrpd/proto/router_key.hpp"

namespace vrrpd::ipc {

// Of what follows, and of the encodings in notices.hpp: a daemon of another version that has the same goes on from what
// this one knows (--handoff). Whoever changes one of them changes the number.
inline constexpr std::uint64_t state_layout = 4;

// An engine says so often that it lives.
inline constexpr Duration engine_beat_interval = std::chrono::milliseconds(200);

// One virtual router, found by its key (not by name: a reload may rename it).
struct RouterRecord {
    enum class Cast : std::uint8_t { multicast, unicast_from, unicast };
    char interface[16] = {};
    std::uint8_t family = 0;  // 0: the record is free
    std::uint8_t vrid = 0;
    Cast cast = Cast::multicast;
    std::uint8_t address[16] = {};  // the group, or whom it is unicast from
    std::atomic<std::uint8_t> active{0};
    std::atomic<std::int64_t> last_advert{0};  // CLOCK_BOOTTIME, nanoseconds

    [[nodiscard]] proto::RouterKey key() const;  // of one that is not free
};

// Beside it: what its authenticator remembers. Touched only where there is authentication.
struct AuthRecord {
    struct Mark {
        std::atomic<std::uint64_t> source[2] = {};  // its octets
        std::atomic<std::uint64_t> kind{0};         // 0: none
        std::atomic<std::uint64_t> sequence{0};
    };
    std::atomic<std::uint32_t> ah_sequence{0};
    std::atomic<std::uint64_t> hmac_sequence{0};
    Mark marks[proto::Authenticator::marks_kept];
};
// Of more marks than there is room for the latest.
void store(const proto::AuthMemory& memory, AuthRecord& record);
[[nodiscard]] proto::AuthMemory load(const AuthRecord& record);

// A BFD session, found by its name: the neighbour notices nothing if the next engine goes on with it.
struct BfdRecord {
    // What was counted, for people: all of it since the session was configured.
    struct Counters {
        std::uint64_t sent = 0, received = 0;
        std::uint32_t became_up = 0, went_down = 0;
        std::array<std::uint32_t, proto::bfd_rejection_kinds> rejected{};
        bool operator==(const Counters&) const = default;
    };
    char name[32] = {};                           // empty: the record is free
    std::atomic<std::uint32_t> discriminator{0};  // 0: nothing is remembered
    std::atomic<std::uint16_t> port{0};           // where our packets come from
    std::atomic<std::uint8_t> state{0}, diagnostic{0}, remote_state{0}, remote_diagnostic{0}, remote_multiplier{0},
        remote_demand{0};
    std::atomic<std::uint32_t> remote_discriminator{0}, remote_min_tx{0}, remote_min_rx{0};
    std::atomic<std::uint64_t> sent{0}, received{0};
    std::atomic<std::uint32_t> became_up{0}, went_down{0};
    std::atomic<std::uint32_t> rejected[proto::bfd_rejection_kinds] = {};
};
void store(const proto::BfdMemory& memory, BfdRecord& record);
[[nodiscard]] proto::BfdMemory load(const BfdRecord& record);
void store(const BfdRecord::Counters& counters, BfdRecord& record);
[[nodiscard]] BfdRecord::Counters counters(const BfdRecord& record);

// Beside the record of a router: what an engine that leaves in order (--handoff) tells the next one, once. Touched then
// alone, for a page that was touched is memory.
struct LegacyRecord {
    struct Values {
        std::uint8_t role = 0;  // a proto::Role
        Instant since{};        // when it began
        Deadline preempt_from{};
        // What was counted, for people.
        std::array<std::uint64_t, 2> adverts{};  // sent, received
        std::array<std::uint32_t, 4> moves{};    // priority 0 sent, received; became Active, was so no more
        std::uint32_t other_addresses = 0;
        std::array<std::uint32_t, proto::rejection_kinds> rejected{};
        bool operator==(const Values&) const = default;
    };
    std::atomic<std::uint8_t> left{0};  // to be taken up
    Values values;                      // the one process ends before the other reads
};
void leave(const LegacyRecord::Values& values, LegacyRecord& record);
// nullopt: nothing was left, or it was taken up already.
[[nodiscard]] std::optional<LegacyRecord::Values> take_up(LegacyRecord& record);

class SharedState {
public:
    // For the supervisor: a new, empty memfd with room for `routers` records, and as many BFD sessions.
    [[nodiscard]] static Result<SharedState> create(std::size_t routers);
    // For the engine: maps what it was handed.
    [[nodiscard]] static Result<SharedState> map(Fd memfd);
    SharedState(SharedState&&) noexcept;
    SharedState& operator=(SharedState&&) noexcept;
    ~SharedState();

    [[nodiscard]] int fd() const;

    void beat(Instant now);
    [[nodiscard]] Instant last_beat() const;
    // For the supervisor. The longest time from one beat to the next since this was asked last.
    [[nodiscard]] Duration take_longest_pause();
    // Another engine: the time from the last one's beat is none of its own.
    void begin_beats();

    // Finds the record, or takes a free one; nullptr when all are taken.
    [[nodiscard]] RouterRecord* record(const proto::RouterKey& key);
    // The authentication of that router.
    [[nodiscard]] AuthRecord& auth(const RouterRecord& record);
    // What was left of that router.
    [[nodiscard]] LegacyRecord& legacy(const RouterRecord& record);
    void each(const std::function<void(const RouterRecord&)>& visit) const;
    // Finds the session's record, or takes a free one; nullptr when all are taken.
    [[nodiscard]] BfdRecord* bfd(std::string_view name);
    void each_bfd(const std::function<void(const BfdRecord&)>& visit) const;
    [[nodiscard]] std::size_t capacity() const;

private:
    struct Header;
    SharedState(Fd fd, Header* header, std::size_t size);
    Fd fd_;
    Header* header_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace vrrpd::ipc
