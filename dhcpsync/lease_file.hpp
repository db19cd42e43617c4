// The DHCP server's lease file, watched: reads it when a Follower says so, and hands on what may be believed. The file
// need not be there yet, and may be replaced by another of its name. For LeaseService.
#pragma once

#include <functional>
#include <string>

#include "dhcpsync/core/follower.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/base/result.hpp"

namespace dhcpsync {

class LeaseFile {
public:
    static constexpr std::size_t largest = std::size_t{32} << 20;

    // `believed` must not destroy it.
    LeaseFile(vrrpd::Loop& loop, vrrpd::Log& log, std::string path, ExpiryField expiry,
              std::function<void(Believed&)> believed);
    LeaseFile(const LeaseFile&) = delete;
    LeaseFile& operator=(const LeaseFile&) = delete;

    void look();      // somebody says that it changed
    void read_now();  // once, whatever is being written at this moment; so nothing counts as gone

    [[nodiscard]] Deadline next_deadline() const { return vrrpd::earlier(look_at(), audit_at_); }
    void step();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] bool missing() const { return missing_; }
    // Why it cannot be read, and what to do; empty: it can.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }

private:
    // What tells two states of a file apart without reading it.
    struct Mark {
        std::uint64_t device = 0, inode = 0, size = 0;
        std::int64_t seconds = 0, nanoseconds = 0;
        bool operator==(const Mark&) const = default;
    };

    [[nodiscard]] Deadline look_at() const;
    void watch();
    void watch_file();
    void read_events();
    void audit();
    void follow(FileEvent event);
    [[nodiscard]] Moment now() const;
    [[nodiscard]] vrrpd::Result<std::string> read();
    void read_well();
    void could_not_read(const vrrpd::OsError& error);
    [[nodiscard]] std::string remedy(const vrrpd::OsError& error) const;

    vrrpd::Loop& loop_;
    vrrpd::Log& log_;
    std::string path_, folder_, name_;
    ExpiryField expiry_;
    std::function<void(Believed&)> believed_;
    Follower follower_;
    vrrpd::Fd inotify_;
    int file_watch_ = -1, folder_watch_ = -1;
    Deadline audit_at_;
    Instant rest_until_;  // no look before
    Mark mark_;           // of what was read last
    bool missing_ = false;
    std::string trouble_;
    vrrpd::Loop::Watch watch_;  // last: ends before the descriptor
};

// Wall-clock seconds, as the files of this machine's DHCP server mean them.
[[nodiscard]] WallTime wall_now();

}  // namespace dhcpsync
