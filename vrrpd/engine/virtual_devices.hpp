// The macvlans that carry virtual MACs: there as long as their instance is configured, and up only while it is Active.
// Down, nothing leaves them and nothing comes in: a stand-in's switch port never learns the virtual MAC. Made again at
// once when somebody removes them; a device of that name which is not ours is left alone, and is a fault. The engine's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/back_off.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/kernel_desk.hpp"

namespace vrrpd::engine {

class VirtualDevices {
public:
    VirtualDevices(Log& log, KernelDesk& desk) : log_(log), desk_(desk) {}

    // At start and after a reload, when who left was let go: what is new is made, what nobody wants any more goes. One
    // that an engine before left is taken over as it stands.
    void configure(const config::Config& config, Instant now);
    // The picture changed. Whether one is there that was not: it has no addresses yet.
    [[nodiscard]] bool look(Instant now);
    // Who may go on as before is known: the others' devices go down.
    void settle(Instant now);
    // At the ordered end.
    void withdraw();

    // What brings the devices of this instance up, or down; they are kept so.
    [[nodiscard]] std::vector<netlink::Request> raise(const config::Instance& instance);
    [[nodiscard]] std::vector<netlink::Request> lower(const config::Instance& instance);

    // Why it cannot have its devices; nullopt: it has them, or will.
    [[nodiscard]] std::optional<std::string> problem(const config::Instance& instance) const;
    // Whether they are still being made.
    [[nodiscard]] bool awaits(const config::Instance& instance) const;

private:
    struct Device {
        config::VirtualDevice what;
        bool up = false;           // wanted
        bool stood = false;        // it was seen
        bool asked = false;        // the kernel has not answered yet
        std::string problem = {};  // empty: none
        BackOff tries = {};
    };
    enum class State : std::uint8_t { no_base, absent, foreign, elsewhere, wrong_way, right };

    [[nodiscard]] Device* find(const std::string& name);
    [[nodiscard]] const Device* find(const std::string& name) const;
    [[nodiscard]] State state_of(const Device& device) const;
    [[nodiscard]] netlink::Macvlan macvlan(const Device& device) const;
    [[nodiscard]] std::vector<netlink::Request> switched(const config::Instance& instance, bool up);
    void remove(std::vector<netlink::Request> requests);
    void look_at(Device& device, Instant now);
    void put_right(Device& device, bool elsewhere);
    void made(const std::string& name, const std::vector<Result<void>>& results);
    void see(Device& device);

    Log& log_;
    KernelDesk& desk_;
    std::vector<Device> devices_;
    bool settled_ = false;
    bool came_ = false;
};

}  // namespace vrrpd::engine
