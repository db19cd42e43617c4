// Whether as many processes of a name run as should: a count in, a state out, after the delays that the
// file asks for. Pure.
#pragma once

#include <optional>

#include "vrrpd/base/time.hpp"

namespace vrrpd::proto {

struct QuorumParameters {
    unsigned least = 1;
    std::optional<unsigned> most;
    Duration fork_delay{0};       // before too few are enough again
    Duration terminate_delay{0};  // before enough are too few
    bool operator==(const QuorumParameters&) const = default;
};

class Quorum {
public:
    explicit Quorum(const QuorumParameters& parameters) : parameters_(parameters) {}

    // So many run now. The first count is believed at once.
    void count(Instant now, unsigned running);
    void step(Instant now);
    [[nodiscard]] Deadline next_deadline() const { return change_at_; }

    // nullopt: nobody counted yet.
    [[nodiscard]] std::optional<bool> healthy() const { return healthy_; }
    [[nodiscard]] unsigned running() const { return running_; }

private:
    QuorumParameters parameters_;
    unsigned running_ = 0;
    std::optional<bool> healthy_;
    Deadline change_at_;
};

}  // namespace vrrpd::proto
