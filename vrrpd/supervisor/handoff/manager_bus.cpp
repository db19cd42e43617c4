#include "vrrpd/supervisor/handoff/manager_bus.hpp"

#include <systemd/sd-bus.h>

#include <cstdint>
#include <cstdlib>

namespace vrrpd::supervisor {

namespace {

constexpr char manager[] = "org.freedesktop.systemd1", manager_path[] = "/org/freedesktop/systemd1",
               of_manager[] = "org.freedesktop.systemd1.Manager", of_unit[] = "org.freedesktop.systemd1.Unit",
               of_job[] = "org.freedesktop.systemd1.Job";
constexpr std::uint64_t answer_limit_us = 2'000'000;

struct MessageCloser {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, MessageCloser>;

auto no_answer(int code, const char* what) { return fail(-code, std::string("ask systemd for ") + what); }

// sd-bus writes through a pointer to a pointer; this hands it one and keeps what came.
class Slot {
public:
    [[nodiscard]] sd_bus_message** into() { return &raw_; }
    [[nodiscard]] Message take() { return Message(std::exchange(raw_, nullptr)); }

private:
    sd_bus_message* raw_ = nullptr;
};

}  // namespace

void ManagerBus::Closer::operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }

Result<ManagerBus> ManagerBus::open(const std::string& socket) {
    sd_bus* raw = nullptr;
    int code = sd_bus_new(&raw);
    Handle bus(raw);
    if (code >= 0) code = sd_bus_set_address(raw, ("unix:path=" + socket).c_str());
    if (code >= 0) code = sd_bus_start(raw);
    if (code >= 0) code = sd_bus_set_method_call_timeout(raw, answer_limit_us);
    if (code < 0) return fail(-code, "connect to systemd at " + socket);
    return ManagerBus(std::move(bus));
}

Result<ManagerBus::Unit> ManagerBus::unit_of(pid_t pid) {
    constexpr char what[] = "the unit of a process";
    Slot slot;
    int code = sd_bus_call_method(bus_.get(), manager, manager_path, of_manager, "GetUnitByPID", nullptr, slot.into(),
                                  "u", static_cast<std::uint32_t>(pid));
    const auto reply = slot.take();
    const char* path = nullptr;
    if (code >= 0) code = sd_bus_message_read(reply.get(), "o", &path);
    if (code < 0) return no_answer(code, what);
    char* name = nullptr;
    code = sd_bus_get_property_string(bus_.get(), manager, path, of_unit, "Id", nullptr, &name);
    const std::unique_ptr<char, decltype(&std::free)> owned(name, &std::free);
    if (code < 0) return no_answer(code, what);
    return Unit{name, path};
}

Result<std::string> ManagerBus::job_of(const Unit& unit) {
    constexpr char what[] = "the job of a unit";
    Slot slot;
    int code =
        sd_bus_get_property(bus_.get(), manager, unit.path.c_str(), of_unit, "Job", nullptr, slot.into(), "(uo)");
    const auto reply = slot.take();
    std::uint32_t number = 0;
    const char* path = nullptr;
    if (code >= 0) code = sd_bus_message_read(reply.get(), "(uo)", &number, &path);
    if (code < 0) return no_answer(code, what);
    if (number == 0) return std::string();
    char* type = nullptr;
    code = sd_bus_get_property_string(bus_.get(), manager, path, of_job, "JobType", nullptr, &type);
    const std::unique_ptr<char, decltype(&std::free)> owned(type, &std::free);
    if (code < 0) return no_answer(code, what);
    return std::string(type);
}

Result<void> ManagerBus::move_into_scope(const std::string& name, const std::string& description, pid_t process,
                                         std::chrono::seconds limit) {
    const auto limit_us = static_cast<std::uint64_t>(std::chrono::microseconds(limit).count());
    Slot slot;
    const int code = sd_bus_call_method(bus_.get(), manager, manager_path, of_manager, "StartTransientUnit", nullptr,
                                        slot.into(), "ssa(sv)a(sa(sv))", name.c_str(), "fail", 4, "Description", "s",
                                        description.c_str(), "CollectMode", "s", "inactive-or-failed", "RuntimeMaxUSec",
                                        "t", limit_us, "PIDs", "au", 1, static_cast<std::uint32_t>(process), 0);
    const auto reply = slot.take();
    if (code < 0) return no_answer(code, "a scope");
    return {};
}

}  // namespace vrrpd::supervisor
