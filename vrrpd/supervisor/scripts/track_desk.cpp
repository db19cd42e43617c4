#include "vrrpd/supervisor/scripts/track_desk.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr Duration try_again = std::chrono::milliseconds(20);

}  // namespace

void TrackDesk::expect(const TrackNeeds& needs) {
    scripts_.expect(needs.scripts, loop_.now());
    files_.expect(needs.files);
    processes_.expect(needs.processes);
    board_.tell_all_again();
}

void TrackDesk::tell(const StateBoard::Send& send) {
    board_.tell(send);
    tell_at_.reset();
    if (board_.in_arrears()) tell_at_ = loop_.now() + try_again;
}

Deadline TrackDesk::next_deadline() const {
    const auto next = earlier(scripts_.next_deadline(), files_.next_deadline());
    return earlier(earlier(next, processes_.next_deadline()), tell_at_);
}

void TrackDesk::step(Instant now) {
    scripts_.step(now);
    files_.step(now);
    processes_.step(now);
}

}  // namespace vrrpd::supervisor
