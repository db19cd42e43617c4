// What is tracked as it is now, and what of that the engine was not told yet. The supervisor's.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "vrrpd/base/time.hpp"
#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::supervisor {

class StateBoard {
public:
    using Kind = ipc::TrackerState::Kind;
    // false: it did not get through.
    using Send = std::function<bool(const ipc::TrackerState&)>;

    void set(ipc::TrackerState state) {
        auto& entry = entries_[{state.kind, state.name}];
        if (entry.state == state) return;
        entry = {std::move(state), false};
        in_arrears_ = true;
    }
    void forget(Kind kind, const std::string& name) { entries_.erase({kind, name}); }

    // Another engine, or another configuration: everything is told again.
    void tell_all_again() {
        for (auto& [key, entry] : entries_) entry.told = false;
        in_arrears_ = !entries_.empty();
    }
    // Tells what was not told; the rest at the next try.
    void tell(const Send& send) {
        in_arrears_ = false;
        for (auto& [key, entry] : entries_) {
            if (entry.told) continue;
            if (!in_arrears_) entry.told = send(entry.state);
            if (!entry.told) in_arrears_ = true;
        }
    }
    [[nodiscard]] bool in_arrears() const { return in_arrears_; }
    [[nodiscard]] std::vector<ipc::TrackerState> all() const {
        std::vector<ipc::TrackerState> states;
        for (const auto& [key, entry] : entries_) states.push_back(entry.state);
        return states;
    }

private:
    struct Entry {
        ipc::TrackerState state;
        bool told = false;
    };
    std::map<std::pair<Kind, std::string>, Entry> entries_;
    bool in_arrears_ = false;
};

}  // namespace vrrpd::supervisor
