#include "vrrpd/engine/core/notice_queue.hpp"

#include <algorithm>
#include <utility>

namespace vrrpd::engine {

void NoticeQueue::add(ipc::Notice notice) {
    const bool state = is_state(notice.event);
    if (refused_)
        std::erase_if(waiting_, [&](const ipc::Notice& other) {
            return (state ? is_state(other.event) : other.event == notice.event) && other.object == notice.object &&
                   other.name == notice.name;
        });
    waiting_.push_back(std::move(notice));
}

void NoticeQueue::flush(const Send& send, std::size_t most) {
    std::size_t sent = 0;
    while (sent < waiting_.size()) {
        std::string text;
        auto next = sent;
        for (; next < waiting_.size(); ++next) {
            const auto line = encode(waiting_[next]) + '\n';
            if (!text.empty() && text.size() + line.size() > most) break;
            text += line;
        }
        refused_ = !send(text);
        if (refused_) break;
        sent = next;
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(sent));
}

}  // namespace vrrpd::engine
