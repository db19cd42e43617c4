// The two halves of a replica's conversation with one peer: Outbox decides what to send next, Inbox puts together
// what came. Both need bounded memory, however slow or dead the peer is: an address waits at most once, and when too
// many wait, the whole table is gone through instead. For the replica alone.
#pragma once

#include <set>

#include "dhcpsync/core/message.hpp"
#include "dhcpsync/core/moment.hpp"

namespace dhcpsync {

// How far a peer is behind.
struct Lag {
    bool complete = false;   // it has acknowledged everything, and nothing waits to be told
    Duration behind{0};      // the age of the oldest change that it has not
    Duration last_round{0};  // how old the oldest change was when it was acknowledged last
};

// What there is to send, all of it the replica's.
struct Contents {
    const Table& table;
    const Knowledge& knowledge;
    const std::optional<ServerDuid>& server_duid;
    const Standing& standing;
};

class Outbox {
public:
    static constexpr std::size_t most_waiting = 4096;
    // An Ack that does not come: send again, later each time; then start over with a snapshot.
    static constexpr Duration patience = std::chrono::seconds(1);
    static constexpr unsigned most_repeats = 4;

    void open(Instant now);  // connected: send a snapshot
    [[nodiscard]] bool is_open() const { return open_; }

    void changed(const Cell& cell, Instant now);  // unless the peer knows all of it
    void speak() { must_speak_ = open_; }         // the standing is news
    void start_over();                            // with a snapshot
    void peer_knows(const Knowledge& knowledge) { known_.merge(knowledge); }

    // The next message, if one may be sent now. Call until there is none.
    [[nodiscard]] std::optional<Update> next(Instant now, const Contents& contents);
    void acknowledged(MessageNumber number, Instant now);

    [[nodiscard]] Deadline next_deadline() const;
    [[nodiscard]] Lag lag(Instant now) const;

private:
    struct Flight {
        Update update;
        Instant repeat_at;
        unsigned repeats = 0;
    };

    [[nodiscard]] std::optional<Update> repeat(Instant now, const Standing& standing);
    void take_scanned(Update& update, const Table& table);
    void take_waiting(Update& update, const Table& table);
    void claim(Update& update, const Knowledge& knowledge);

    bool open_ = false;
    bool opens_ = false;  // the next update opens a snapshot
    bool must_speak_ = false;
    MessageNumber number_;
    std::optional<IpAddress> scan_;  // a snapshot goes on from here
    std::set<IpAddress> waiting_;
    std::optional<Flight> flight_;
    Knowledge known_;         // the peer has it
    Knowledge told_;          // ... or will have, once all that was sent is acknowledged
    Deadline waiting_since_;  // the oldest change that no claim covers
    Deadline claimed_since_;  // ... that the claim in flight covers
    Duration last_round_{0};
};

class Inbox {
public:
    enum class Taken : std::uint8_t { ignored, again, part, whole, too_much };

    void open() { *this = Inbox(); }
    // ignored: no Ack. again: was taken before; its Ack got lost. whole: cells() and knowledge() may be applied.
    // too_much: more than most_versions_held; give_up() then.
    [[nodiscard]] Taken take(Update update);
    // What came is void, and so is what comes, until the peer begins with a snapshot again.
    void give_up();

    [[nodiscard]] const Table& cells() const { return cells_; }
    [[nodiscard]] const Knowledge& knowledge() const { return knowledge_; }
    [[nodiscard]] const std::optional<ServerDuid>& server_duid() const { return server_duid_; }
    void applied() { void_cells(); }

private:
    void keep(Cell& cell);
    void void_cells();

    MessageNumber received_;
    bool gave_up_ = false;
    std::size_t held_ = 0;  // versions in cells_
    Table cells_;           // since the last claim
    Knowledge knowledge_;   // all claims of this connection
    std::optional<ServerDuid> server_duid_;
};

}  // namespace dhcpsync
