#include "vrrpd/proto/quorum.hpp"

namespace vrrpd::proto {

void Quorum::count(Instant now, unsigned running) {
    running_ = running;
    const bool enough = running >= parameters_.least && (!parameters_.most || running <= *parameters_.most);
    if (!healthy_) healthy_ = enough;
    if (enough == *healthy_) {
        change_at_.reset();  // it came back in time
        return;
    }
    if (!change_at_) change_at_ = now + (enough ? parameters_.fork_delay : parameters_.terminate_delay);
    step(now);
}

void Quorum::step(Instant now) {
    if (!change_at_ || now < *change_at_) return;
    change_at_.reset();
    healthy_ = !*healthy_;
}

}  // namespace vrrpd::proto
