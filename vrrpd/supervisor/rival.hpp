// A keepalived that runs beside us: two speakers of one host do not hear each other (multicast is not looped back to
// its sender's host), so nothing on the wire would tell that both are MASTER of one router. It is found before the
// first advert: a keepalived process in this network namespace, which holds a socket of VRRP, and whose configuration
// says what for.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/config/model.hpp"

namespace vrrpd::supervisor {

struct Rival {
    pid_t pid = 0;
    std::string file;                      // its configuration
    std::optional<config::Config> config;  // none: it could not be read

    // What its instances have in common with ours, a line each: a virtual router of the same device, number and family,
    // or a virtual address.
    [[nodiscard]] std::vector<std::string> shared_with(const config::Config& ours) const;
};

// none: there is none, or it speaks no VRRP in this network namespace (only LVS, say).
[[nodiscard]] std::optional<Rival> find_rival();

// Says that it is there, and what to do. true: both cannot run.
bool is_in_the_way(const Rival& rival, const config::Config& ours, bool observe, Log& log);

// /proc/net/raw or raw6: whether somebody listens for VRRP, bare or in AH (protocols 112 and 51).
[[nodiscard]] bool tells_of_vrrp(std::string_view sockets);

}  // namespace vrrpd::supervisor
