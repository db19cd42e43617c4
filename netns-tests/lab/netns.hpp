// A named network namespace, and code that runs inside of it.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "netns-tests/lab/process.hpp"
#include "vrrpd/base/fd.hpp"

namespace lab {

class NetNamespace {
public:
    explicit NetNamespace(const std::string& short_name);  // its full name is unique: vrl-PID-N-short_name
    NetNamespace(const NetNamespace&) = delete;
    NetNamespace& operator=(const NetNamespace&) = delete;
    ~NetNamespace();

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] int fd() const { return fd_.get(); }

    // `ip -batch` inside of it; gives up when a line fails.
    void ip(const std::string& lines) const;
    void set_sysctl(const std::string& path, const std::string& value) const;  // "net/ipv4/ip_forward"
    [[nodiscard]] std::string sysctl(const std::string& path) const;

    // Runs `work` on a thread inside of the namespace and waits for it. Sockets made there stay there.
    void inside(const std::function<void()>& work) const;
    template <class Make>
    auto make_inside(Make make) const {
        decltype(make()) made;
        inside([&] { made = make(); });
        return made;
    }

private:
    std::string name_;
    vrrpd::Fd fd_;
};

}  // namespace lab
