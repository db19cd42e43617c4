// What of the engine's place among processes only it itself can take: its name (vrrp_process_name) and locked memory
// (vrrp_no_swap); at the start and with every reload. The rest is the supervisor's (engine_place.hpp). The engine's.
#pragma once

#include "vrrpd/base/log.hpp"
#include "vrrpd/config/model.hpp"

namespace vrrpd::engine {

class ProcessPlace {
public:
    explicit ProcessPlace(Log& log) : log_(log) {}

    // What the system refuses is said, and asked for again the next time.
    void take(const config::Config& config);

private:
    void lock_memory(bool wanted);

    Log& log_;
    bool locked_ = false;
};

}  // namespace vrrpd::engine
