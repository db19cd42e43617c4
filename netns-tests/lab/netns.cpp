#include "netns-tests/lab/netns.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "netns-tests/lab/janitor.hpp"

namespace lab {

namespace {

// A namespace that comes back after a power loss is a new one, beside the old that the kernel still dismantles.
std::string unique_name(const std::string& short_name) {
    static int count = 0;
    return fmt::format("{}{}-{}", name_prefix(), ++count, short_name);
}

}  // namespace

NetNamespace::NetNamespace(const std::string& short_name) : name_(unique_name(short_name)) {
    must({"ip", "netns", "add", name_});
    fd_ = vrrpd::Fd(open(("/run/netns/" + name_).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd_) give_up("cannot open namespace " + name_);
}

NetNamespace::~NetNamespace() {
    fd_.reset();
    run({"ip", "netns", "del", name_});
}

void NetNamespace::ip(const std::string& lines) const { must({"ip", "-n", name_, "-batch", "-"}, -1, lines); }

void NetNamespace::set_sysctl(const std::string& path, const std::string& value) const {
    inside([&] {
        std::ofstream file("/proc/sys/" + path);
        file << value << std::flush;
        if (!file) give_up(fmt::format("cannot set {} in {}", path, name_));
    });
}

std::string NetNamespace::sysctl(const std::string& path) const {
    std::string value;
    inside([&] { std::getline(std::ifstream("/proc/sys/" + path), value); });
    return value;
}

void NetNamespace::inside(const std::function<void()>& work) const {
    std::thread([&] {
        if (setns(fd_.get(), CLONE_NEWNET) != 0) give_up("setns: " + std::string(std::strerror(errno)));
        work();
    }).join();
}

}  // namespace lab
