// The model's macvlans: they come and go as told, and with the device that they stand on.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "netlink/fake_kernel.hpp"

namespace netlink {

int FakeKernel::add(const Macvlan& macvlan) {
    const auto* base = find_link(macvlan.base);
    if (!base) return ENODEV;
    if (base->loopback) return EINVAL;
    const auto there =
        std::find_if(links_.begin(), links_.end(), [&](const Link& link) { return link.name == macvlan.name; });
    if (there != links_.end()) {
        if (!is_ours(*there) || there->base != macvlan.base || there->mac != macvlan.mac) return EEXIST;
        if (there->admin_up != macvlan.up) set_link(there->index, macvlan.up, macvlan.up);
        return 0;
    }
    Link link;
    link.index = IfIndex{++last_index_};
    link.name = macvlan.name;
    link.kind = "macvlan";
    link.alias = macvlan_alias;
    link.base = macvlan.base;
    link.mac = macvlan.mac;
    link.mtu = base->mtu;
    link.multicast = true;
    links_.push_back(link);
    options_[{link.name, DeviceOption::arp_ignore}] = 1;
    options_[{link.name, DeviceOption::promote_secondaries}] = 1;
    options_[{link.name, DeviceOption::accept_ra}] = 0;
    tell(LinkChanged{link});
    if (macvlan.up) set_link(link.index, true, true);
    return 0;
}

void FakeKernel::remove(const Macvlan& macvlan) {
    const auto there = std::find_if(links_.begin(), links_.end(),
                                    [&](const Link& link) { return link.name == macvlan.name && is_ours(link); });
    if (there != links_.end()) remove_link(there->index);
}

// Carrier is the base's.
void FakeKernel::follow_base(const Link& base) {
    for (auto& link : links_) {
        if (link.base != base.index) continue;
        const bool running = link.admin_up && base.usable();
        if (std::exchange(link.running, running) != running) tell(LinkChanged{link});
    }
}

void FakeKernel::remove_over(IfIndex base) {
    for (;;) {
        const auto over =
            std::find_if(links_.begin(), links_.end(), [&](const Link& link) { return link.base == base; });
        if (over == links_.end()) return;
        remove_link(over->index);
    }
}

}  // namespace netlink
