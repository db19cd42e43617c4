#include "netlink/device_option.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "vrrpd/base/fd.hpp"

namespace netlink {

namespace {

struct Place {
    const char* family;
    const char* file;
};

Place place_of(DeviceOption option) {
    switch (option) {
        case DeviceOption::forwarding_ipv4:
            return {"ipv4", "forwarding"};
        case DeviceOption::forwarding_ipv6:
            return {"ipv6", "forwarding"};
        case DeviceOption::promote_secondaries:
            return {"ipv4", "promote_secondaries"};
        case DeviceOption::accept_ra:
            return {"ipv6", "accept_ra"};
        case DeviceOption::send_redirects:
            return {"ipv4", "send_redirects"};
        case DeviceOption::arp_ignore:
            return {"ipv4", "arp_ignore"};
        case DeviceOption::arp_filter:
            return {"ipv4", "arp_filter"};
        case DeviceOption::arp_announce:
            return {"ipv4", "arp_announce"};
        case DeviceOption::rp_filter:
            return {"ipv4", "rp_filter"};
    }
    return {};
}

// Empty: no such path can exist. A name becomes a folder, so it must not lead elsewhere.
std::string path_of(const std::string& link, DeviceOption option) {
    if (link.empty() || link == "." || link == ".." || link.find('/') != std::string::npos) return {};
    const auto [family, file] = place_of(option);
    return std::string("/proc/sys/net/") + family + "/conf/" + link + "/" + file;
}

// For people: "net.ipv4.conf.lan0.forwarding".
std::string name_of(const std::string& link, DeviceOption option) {
    const auto [family, file] = place_of(option);
    return std::string("net.") + family + ".conf." + link + "." + file;
}

}  // namespace

Result<int> read_device_option(const std::string& link, DeviceOption option) {
    const auto what = "read " + name_of(link, option);
    const auto path = path_of(link, option);
    if (path.empty()) return vrrpd::fail(ENODEV, what);
    const vrrpd::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return vrrpd::fail(errno, what);
    char text[16] = {};
    const auto size = ::read(file.get(), text, sizeof text);
    if (size < 0) return vrrpd::fail(errno, what);
    int value = 0;
    const auto [end, error] = std::from_chars(text, text + size, value);
    if (error != std::errc{} || end == text) return vrrpd::fail(EBADMSG, what);
    return value;
}

Result<void> write_device_option(const std::string& link, DeviceOption option, int value) {
    const auto text = std::to_string(value);
    const auto what = "set " + name_of(link, option) + " to " + text;
    const auto path = path_of(link, option);
    if (path.empty()) return vrrpd::fail(ENODEV, what);
    const vrrpd::Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) return vrrpd::fail(errno, what);
    if (::write(file.get(), text.data(), text.size()) < 0) return vrrpd::fail(errno, what);
    return {};
}

}  // namespace netlink
