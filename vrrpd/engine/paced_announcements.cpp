#include "vrrpd/engine/paced_announcements.hpp"

#include <fmt/format.h>

#include "vrrpd/engine/speaker.hpp"

namespace vrrpd::engine {

void PacedAnnouncements::configure(const config::Config& config) {
    paces_.clear();
    usual_ = {{}, config.garp_interval, config.gna_interval};
    for (std::size_t i = 0; i < config.garp_groups.size(); ++i) {
        const auto& group = config.garp_groups[i];
        for (const auto& device : group.devices)
            paces_[device] = {fmt::format("garp_group {}", i), group.arp, group.na};  // no device has such a name
    }
    any_ = !paces_.empty() || usual_.arp > Duration(0) || usual_.na > Duration(0);
}

const PacedAnnouncements::Pace& PacedAnnouncements::pace_of(const std::string& device) {
    const auto known = paces_.find(device);
    if (known != paces_.end()) return known->second;
    return paces_[device] = {device, usual_.arp, usual_.na};
}

void PacedAnnouncements::take(const Router& router, std::vector<std::size_t>& indexes, const World& world) {
    if (!any_) return;
    const auto all = announced(router, world);
    std::erase_if(indexes, [&](std::size_t index) {
        const auto* item = all.at(index);
        const auto* link = item != nullptr ? world.link(item->link) : nullptr;
        if (link == nullptr) return false;
        const auto& pace = pace_of(link->name);
        const auto gap = item->address.is_v4() ? pace.arp : pace.na;
        if (gap == Duration(0)) return false;
        (void)queues_[pace.queue].push({&router, index}, gap);  // of too many the last ones are not sent
        return true;
    });
}

void PacedAnnouncements::forget(const Router& router) {
    for (auto& [name, queue] : queues_) queue.forget([&](const Frame& frame) { return frame.router == &router; });
}

void PacedAnnouncements::step(Instant now, const Send& send) {
    for (auto& [name, queue] : queues_)
        while (const auto frame = queue.take(now)) send(*frame->router, frame->index);
}

Deadline PacedAnnouncements::next_deadline() const {
    Deadline next;
    for (const auto& [name, queue] : queues_) next = earlier(next, queue.next_deadline());
    return next;
}

}  // namespace vrrpd::engine
