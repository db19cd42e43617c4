// What a configuration says of scripts: those that are tracked, those that are told of a new state, and what else is
// tracked beside them. Plain values, part of Config (model.hpp). Users and groups stay
// names here, as do files: whether they exist is not for a parser to know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/time.hpp"

namespace vrrpd::config {

// A command and who runs it.
struct Script {
    std::vector<std::string> words;  // empty: there is none
    std::string user, group;         // empty: the default of ScriptPolicy, and the user's own group

    [[nodiscard]] bool is_given() const { return !words.empty(); }
    bool operator==(const Script&) const = default;
};

// global_defs: how all scripts are run.
struct ScriptPolicy {
    std::string user, group;            // script_user; empty: keepalived_script, else who runs the daemon
    bool security = false;              // enable_script_security
    bool keep_links = false;            // use_symlink_paths
    bool supplementary_groups = false;  // set_supplementary_groups
    bool operator==(const ScriptPolicy&) const = default;
};

// vrrp_script.
struct TrackedScript {
    std::string name;
    Script script;
    Duration interval = std::chrono::seconds(1);  // start to start
    Duration timeout = std::chrono::seconds(1);
    unsigned rise = 1, fall = 1;
    int weight = 0;  // where a track_* line does not say another; for people: tracks have theirs
    bool reverse = false;
    bool operator==(const TrackedScript&) const = default;
};

// track_file.
struct TrackedFile {
    std::string name;
    std::string path;
    std::optional<int> initial;  // init_file: it is made with this content
    bool overwrite = false;      // ... although it is there
    int weight = 0;              // where a track_* line does not say another; for people: tracks have theirs
    bool reverse = false;
    bool operator==(const TrackedFile&) const = default;
};

// vrrp_track_process.
struct TrackedProcess {
    enum class Match : std::uint8_t { none, exact, partial, initial };

    std::string name;
    std::string process;
    std::vector<std::string> parameters;
    Match match = Match::none;
    bool full_command = false;
    unsigned quorum = 1;
    std::optional<unsigned> quorum_max;
    Duration fork_delay{0}, terminate_delay{0};
    int weight = 0;  // where a track_* line does not say another; for people: tracks have theirs
    bool reverse = false;
    bool operator==(const TrackedProcess&) const = default;
};

// A line of track_script, track_file, track_process or track_bfd; by the number of the object in Config.
struct Track {
    enum class Kind : std::uint8_t { script, file, process, bfd };

    Kind kind = Kind::script;
    bool reverse = false;
    std::int16_t weight = 0;  // -254..254; 0: a fault while it fails
    std::uint32_t object = 0;
    bool operator==(const Track&) const = default;
};

// notify and its kin, of an instance or of a sync group (which has no `deleted` and no `lower_priority`).
struct Notify {
    Script any, master, backup, fault, stop, deleted, lower_priority;
    bool deleted_state = false;     // notify_deleted: who left the configuration is DELETED, not FAULT
    bool priority_changes = false;  // lines in the FIFOs
    bool operator==(const Notify&) const = default;
};

// notify_fifo, vrrp_notify_fifo, and who reads there.
struct Fifo {
    std::string path;
    std::string user, group;
    Script reader;
    bool of_all = false;  // notify_fifo, which keepalived's checkers write to as well
    bool operator==(const Fifo&) const = default;
};

// smtp_server and its kin: how mail of new states is sent. Which instances and groups are mailed about is said there.
struct Mail {
    std::string server;  // an address or a name; empty: no mail is sent
    std::uint16_t port = 25;
    std::string helo;                             // empty: the host's name
    std::string from;                             // empty: the daemon's user on this host
    std::vector<std::string> to;                  // notification_email, as it is written there
    Duration timeout = std::chrono::seconds(30);  // smtp_connect_timeout, for each answer
    bool faults = true;                           // no_email_faults not given

    [[nodiscard]] bool is_possible() const { return !server.empty() && !to.empty(); }
    bool operator==(const Mail&) const = default;
};

struct Notification {
    std::vector<Fifo> fifos;
    Mail mail;
    bool states_on_reload = false;  // fifo_write_vrrp_states_on_reload
    Script startup, shutdown;
    Duration startup_limit = std::chrono::seconds(10), shutdown_limit = std::chrono::seconds(10);
    bool operator==(const Notification&) const = default;
};

}  // namespace vrrpd::config
