// When a read of the DHCP server's lease file may be believed. dnsmasq rewrites it in place: truncate, write, fsync.
// A reader may see it empty or cut off at any byte, and nothing marks the end of a rewrite (inotify tells of each
// write, never of a close). So a content is believed when a second look, some time later, finds it unchanged; how
// much later depends on what would be lost if it were only a part.
//
// Pure: the shell watches the file, reads it when told to, and steps this machine. One follower, one file.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dhcpsync/core/lease_text.hpp"

namespace dhcpsync {

// ---- events -------------------------------------------------------------------------------------

// The file changed, or the server's bus says that a lease did; and once at the start.
struct Changed {};
// The answer to LookNow.
struct Content {
    std::string text;
};
// The answer to LookNow where the file is not there or not readable. A file that is gone says nothing about leases.
struct Unreadable {};
struct LookDue {};  // next_deadline() came

using FileEvent = std::variant<Changed, Content, Unreadable, LookDue>;

// ---- actions ------------------------------------------------------------------------------------

struct LookNow {
    bool operator==(const LookNow&) const = default;
};
struct Believed {
    LeaseBook book;
    TextFaults faults;
    // false: what stands in it is true, but what is missing need not be gone. The file never rests, or it is empty, or
    // its last line has no end (a full disk looks like that). Leases that really ended lapse by themselves.
    bool whole = true;
};

using FileAction = std::variant<LookNow, Believed>;
using FileActions = std::vector<FileAction>;

// ---- times --------------------------------------------------------------------------------------

// After a change: wait for quiet, but not for longer than this since the first change.
inline constexpr Duration quiet = std::chrono::milliseconds(5), longest_wait = std::chrono::milliseconds(20);
// From the first look at a content to the second one that makes it believed.
inline constexpr Duration look_again = std::chrono::milliseconds(5);
inline constexpr Duration look_again_shrunk = std::chrono::milliseconds(20);  // fewer leases than were believed
// No two looks were equal for so long: take what there is, though it is not whole.
inline constexpr Duration restless = std::chrono::milliseconds(40);

class Follower {
public:
    explicit Follower(ExpiryField expiry) : expiry_(expiry) {}

    [[nodiscard]] FileActions step(Moment now, FileEvent event);
    [[nodiscard]] Deadline next_deadline() const { return look_at_; }

private:
    struct Seen {
        std::string text;
        LeaseText read;
        Instant due;  // the second look
    };

    FileActions on(Moment now, const Changed&);
    FileActions on(Moment now, const LookDue&);
    FileActions on(Moment now, Content& content);
    FileActions on(Moment now, const Unreadable&);
    FileActions believe(bool whole);
    [[nodiscard]] Duration patience(const LeaseText& read) const;
    void rest(Moment now);

    ExpiryField expiry_;
    Deadline look_at_;
    Deadline since_;            // the first change that is not believed yet
    std::optional<Seen> seen_;  // the first look
    bool looking_ = false;      // LookNow is not answered yet
    bool overtaken_ = false;    // ... and the file changed meanwhile
    std::size_t believed_ = 0;  // how many leases the last whole belief had
};

}  // namespace dhcpsync
