// A DHCP server without a D-Bus is given the leases by way of its file: the file is replaced, and the server is
// restarted. That takes about 0.2 s in which it answers nobody; and where the same dnsmasq is the DNS forwarder, each
// restart also empties its cache and drops the queries under way. A restart for each lease would be worse than a stale
// file. So a stand-in collects what changed, and once the host is the gateway there is none beyond the first.
//
// Pure; one server. The shell writes when told to.
#pragma once

#include "dhcpsync/core/lease.hpp"

namespace dhcpsync {

// Does `server` lack something that its clients would notice? A lease more, or one that lasts longer, keeps an address
// a while from others, and lapses. One that ends early counts only once it has less than half of the time that its
// client was told: clients renew after half of it, and each renewal would be a restart.
[[nodiscard]] bool lacks(const Leases& server, const Leases& wanted, WallTime now);

class Rewriter {
public:
    static constexpr Duration pause = std::chrono::seconds(60);

    void became_active(bool resumed) { role_ = resumed ? Role::settled : Role::fresh; }
    void became_backup() { role_ = Role::backup; }

    // Is it to be written now? `lacking`: lacks().
    [[nodiscard]] bool step(Instant now, bool lacking);
    void written(Instant now);  // well or not
    [[nodiscard]] bool writing() const { return writing_; }

    // To ask again.
    [[nodiscard]] Deadline next_deadline() const { return writing_ || role_ == Role::settled ? Deadline() : next_; }

private:
    enum class Role : std::uint8_t {
        backup,
        fresh,    // just the gateway: now or never
        settled,  // it leads by its own file
    };

    Role role_ = Role::backup;
    bool writing_ = false;
    Deadline next_;  // not before
};

}  // namespace dhcpsync
