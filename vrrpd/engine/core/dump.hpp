// What keepalived's users ask a running daemon for by signals, in keepalived's words, since exporters and scripts read
// it: keepalived.json (its keys, types and order), keepalived.stats, keepalived.data but for its global definitions,
// which are the supervisor's, and the sessions of keepalived_bfd.data. Made in pieces, since 1,000 routers take longer
// than an advert may wait. Pure: values in, text out. No secrets.
#pragma once

#include <string>
#include <vector>

#include "vrrpd/engine/core/dump_host.hpp"
#include "vrrpd/engine/core/dump_words.hpp"
#include "vrrpd/engine/core/router.hpp"
#include "vrrpd/engine/core/trackers.hpp"
#include "vrrpd/ipc/dump.hpp"

namespace vrrpd::engine {

// The same moment by both clocks: last transitions are told in UNIX time.
struct DumpMoment {
    Instant now;
    WallTime wall;
};

struct BfdStatus;
struct DumpedGroup {
    const config::SyncGroup* config;
    DumpedState state = DumpedState::init;
    std::size_t faulty = 0, beginning = 0;  // members
};

class Dump {
public:
    // `config` outlives the dump.
    Dump(ipc::DumpForm form, const config::Config& config) : form_(form), config_(&config) {}

    [[nodiscard]] ipc::DumpForm form() const { return form_; }
    // What only the supervisor knows.
    void set_scripts(ipc::KnownScripts scripts) { scripts_ = std::move(scripts); }
    // Begins again, with another configuration.
    void restart(const config::Config& config);
    // `faults`: why it cannot run, its own or those of its group.
    void add(const Router& router, const std::vector<std::string>& faults, DumpMoment moment);
    // All of them, once.
    void add(const std::vector<BfdStatus>& sessions, DumpMoment moment);
    void add(const netlink::Snapshot& host, const std::vector<DumpedSocket>& sockets);
    [[nodiscard]] std::string text(const std::vector<DumpedGroup>& groups = {}, const Trackers& trackers = {}) const;

private:
    [[nodiscard]] std::string json_text(const Trackers& trackers) const;

    ipc::DumpForm form_;
    const config::Config* config_;
    std::string body_;
    std::string sessions_;  // of BFD
    std::string sockets_, interfaces_;
    ipc::KnownScripts scripts_;
};

}  // namespace vrrpd::engine
