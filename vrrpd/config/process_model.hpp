// What a configuration says of the daemon itself: its processes, its files, its reloads.
// Plain values, part of Config (model.hpp).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/time.hpp"

namespace vrrpd::config {

inline constexpr Duration default_child_wait = std::chrono::seconds(5);  // keepalived's

struct ProcessSettings {
    // Who we are among others. A reload cannot change it.
    std::string instance;       // several daemons on one host: in the names of files, in the log
    std::string net_namespace;  // run in this one
    bool use_pid_dir = false;   // pid files in a directory of their own
    // The processes.
    std::string process_name;            // of the supervisor
    std::string engine_name;             // vrrp_process_name
    bool process_names = false;          // names that tell them apart
    std::optional<int> nice;             // vrrp_priority
    std::vector<unsigned> cpus;          // vrrp_cpu_affinity; none: all
    std::optional<Duration> cpu_limit;   // vrrp_rlimit_rttime: real-time processor time without a wait
    std::optional<Duration> child_wait;  // child_wait_time
    int max_auto_priority = 0;           // SCHED_RR up to this for an engine that runs late; 0 and below: never
    Duration min_auto_delay = std::chrono::seconds(1);  // min_auto_priority_delay: so late
    // The files.
    std::optional<unsigned> umask;
    bool dump_names_tell = false;                  // data_use_instance: in the names of dumps too
    std::string data_file, stats_file, json_file;  // state_dump_file, ...
    // The reloads.
    bool check_reload = false;  // reload_check_config: a process of its own judges first
    std::string check_log;      // ... and appends what it says here
    std::string reload_time_file;
    bool reload_repeat = false;                // a time of day in it holds for every day
    std::optional<std::string> reload_marker;  // reload_file; empty: in the directory of the pid files

    bool operator==(const ProcessSettings&) const = default;
};

}  // namespace vrrpd::config
