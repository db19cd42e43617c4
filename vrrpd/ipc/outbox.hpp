// What the other end of a channel is told once, and must get: while its queue is full, the last word on each topic
// waits here. Pure, but for what it sends with.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vrrpd/base/time.hpp"
#include "vrrpd/ipc/channel.hpp"

namespace vrrpd::ipc {

class Outbox {
public:
    // false: it did not get through.
    using Send = std::function<bool(Kind, const std::string&)>;
    explicit Outbox(Send send) : send_(std::move(send)) {}

    void tell(Kind kind, const std::string& text);
    // What waits, in the order in which it was told: the owner tries again before each wait of its loop.
    void flush();
    [[nodiscard]] Deadline next_deadline(Instant now) const { return empty() ? Deadline() : now + try_again; }
    // The other end is gone; the next one is told anew.
    void clear() { waiting_.clear(); }
    [[nodiscard]] bool empty() const { return waiting_.empty(); }

private:
    static constexpr Duration try_again = std::chrono::milliseconds(20);

    struct Waiting {
        Kind kind;
        std::string subject, text;
    };
    Send send_;
    std::vector<Waiting> waiting_;
};

}  // namespace vrrpd::ipc
