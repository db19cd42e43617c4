// What the supervisor is to be told of instances and sync groups, until it takes it; while it takes nothing, of an
// object's states only the last is kept. Pure, but for what it sends with. The engine's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::engine {

class NoticeQueue {
public:
    // false: it did not get through.
    using Send = std::function<bool(const std::string& text)>;

    void add(ipc::Notice notice);
    // As many as fit into messages of `most` bytes, in the order in which they happened. What does not get through
    // waits.
    void flush(const Send& send, std::size_t most);
    [[nodiscard]] bool was_refused() const { return refused_; }
    [[nodiscard]] bool empty() const { return waiting_.empty(); }

private:
    std::vector<ipc::Notice> waiting_;
    bool refused_ = false;
};

}  // namespace vrrpd::engine
