#include "vrrpd/engine/virtual_devices.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace vrrpd::engine {

VirtualDevices::Device* VirtualDevices::find(const std::string& name) {
    const auto found =
        std::find_if(devices_.begin(), devices_.end(), [&](const Device& device) { return device.what.name == name; });
    return found == devices_.end() ? nullptr : &*found;
}

const VirtualDevices::Device* VirtualDevices::find(const std::string& name) const {
    return const_cast<VirtualDevices*>(this)->find(name);
}

void VirtualDevices::configure(const config::Config& config, Instant now) {
    std::vector<Device> next;
    for (const auto& instance : config.instances)
        for (const auto& what : instance.virtual_mac->devices) {
            const auto* before = find(what.name);
            next.push_back(before && before->what == what ? *before : Device{what});
        }
    std::swap(devices_, next);
    std::vector<netlink::Request> gone;
    for (const auto& before : desk_.observes() ? std::vector<Device>{} : next)
        if (!find(before.what.name) && state_of(before) != State::foreign)
            gone.push_back(netlink::Delete{macvlan(before)});
    remove(std::move(gone));
    (void)look(now);
}

void VirtualDevices::remove(std::vector<netlink::Request> requests) {
    if (requests.empty()) return;
    desk_.apply(std::move(requests), [this](const std::vector<Result<void>>& results) {
        for (const auto& result : results)
            if (!result) log_.error("{}", result.error().describe());
    });
}

VirtualDevices::State VirtualDevices::state_of(const Device& device) const {
    const auto* there = desk_.world().link(device.what.name);
    const auto* base = desk_.world().link(device.what.base);
    if (there && !is_ours(*there)) return State::foreign;
    if (!base) return State::no_base;
    if (!there) return State::absent;
    if (there->base != base->index || there->mac != device.what.mac) return State::elsewhere;
    return there->admin_up == device.up ? State::right : State::wrong_way;
}

netlink::Macvlan VirtualDevices::macvlan(const Device& device) const {
    const auto* base = desk_.world().link(device.what.base);
    return {device.what.name, base ? base->index : IfIndex{}, device.what.mac, device.up};
}

bool VirtualDevices::look(Instant now) {
    if (!desk_.observes())
        for (auto& device : devices_) look_at(device, now);
    return std::exchange(came_, false);
}

void VirtualDevices::look_at(Device& device, Instant now) {
    const auto& name = device.what.name;
    const auto state = state_of(device);
    if (device.asked && state == State::foreign) return;  // ours, half made
    switch (state) {
        case State::foreign:
            device.stood = false;
            device.problem = name + " is there and is not ours: remove it, or write use_vmac with another name";
            return;
        case State::no_base:  // which is a fault of its own
            device.stood = false;
            device.problem.clear();
            return;
        case State::right:
            see(device);
            device.problem.clear();
            return;
        case State::wrong_way:
            see(device);
            device.problem.clear();
            if (!settled_ && !device.up) return;
            break;
        case State::absent:
            if (std::exchange(device.stood, false))
                log_.warning("virtual device {} was removed by someone else: it is made again", name);
            break;
        case State::elsewhere:
            device.stood = false;
            break;
    }
    if (device.asked) return;
    if (device.tries.take(now) == BackOff::Turn::too_soon) return desk_.audit_at(device.tries.next());
    put_right(device, state == State::elsewhere);
}

void VirtualDevices::put_right(Device& device, bool elsewhere) {
    std::vector<netlink::Request> requests;
    if (elsewhere) requests.push_back(netlink::Delete{macvlan(device)});
    requests.push_back(netlink::Add{macvlan(device)});
    device.asked = true;
    desk_.apply(std::move(requests),
                [this, name = device.what.name](const std::vector<Result<void>>& results) { made(name, results); });
}

void VirtualDevices::made(const std::string& name, const std::vector<Result<void>>& results) {
    auto* device = find(name);
    if (!device) return;
    device->asked = false;
    const auto& result = results.back();
    if (result) return;  // seen when the kernel tells of it
    desk_.audit_at(device->tries.next());
    device->problem = result.error().code == EOPNOTSUPP
                          ? "this kernel has no macvlan, which use_vmac needs (modprobe macvlan)"
                          : result.error().describe();
}

void VirtualDevices::see(Device& device) {
    if (!std::exchange(device.stood, true)) came_ = true;
}

void VirtualDevices::settle(Instant now) {
    settled_ = true;
    (void)look(now);
}

void VirtualDevices::withdraw() {
    std::vector<netlink::Request> requests;
    if (!desk_.observes())
        for (const auto& device : devices_)
            if (state_of(device) != State::foreign) requests.push_back(netlink::Delete{macvlan(device)});
    devices_.clear();
    remove(std::move(requests));
}

std::vector<netlink::Request> VirtualDevices::switched(const config::Instance& instance, bool up) {
    std::vector<netlink::Request> requests;
    for (const auto& what : instance.virtual_mac->devices) {
        auto* device = find(what.name);
        if (!device) continue;
        device->up = up;
        const auto state = state_of(*device);
        // Going down: one that is not there, or not ours, needs nothing. One that is down may be about to go up.
        const bool stands = state == State::right || state == State::wrong_way;
        if (up || stands || device->asked) requests.push_back(netlink::Add{macvlan(*device)});
    }
    return requests;
}

std::vector<netlink::Request> VirtualDevices::raise(const config::Instance& instance) {
    return switched(instance, true);
}

std::vector<netlink::Request> VirtualDevices::lower(const config::Instance& instance) {
    return switched(instance, false);
}

std::optional<std::string> VirtualDevices::problem(const config::Instance& instance) const {
    for (const auto& what : instance.virtual_mac->devices)
        if (const auto* device = find(what.name); device && !device->problem.empty()) return device->problem;
    return std::nullopt;
}

bool VirtualDevices::awaits(const config::Instance& instance) const {
    if (desk_.observes()) return false;
    return std::any_of(instance.virtual_mac->devices.begin(), instance.virtual_mac->devices.end(),
                       [this](const config::VirtualDevice& what) {
                           const auto* device = find(what.name);
                           if (!device || !device->problem.empty()) return false;
                           const auto state = state_of(*device);
                           return state != State::no_base && state != State::right && state != State::wrong_way;
                       });
}

}  // namespace vrrpd::engine
