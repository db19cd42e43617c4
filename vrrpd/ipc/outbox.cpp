#include "vrrpd/ipc/outbox.hpp"

#include <algorithm>
#include <utility>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/ipc/topic.hpp"

namespace vrrpd::ipc {

void Outbox::tell(Kind kind, const std::string& text) {
    if (waiting_.empty() && send_(kind, text)) return;
    auto topic = topic_of(kind, text);
    ASSERT(topic);
    std::erase_if(waiting_,
                  [&](const Waiting& other) { return other.kind == kind && other.subject == topic->subject; });
    waiting_.push_back({kind, std::move(topic->subject), text});
}

void Outbox::flush() {
    const auto refused = std::find_if_not(waiting_.begin(), waiting_.end(),
                                          [&](const Waiting& one) { return send_(one.kind, one.text); });
    waiting_.erase(waiting_.begin(), refused);
}

}  // namespace vrrpd::ipc
