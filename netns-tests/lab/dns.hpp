// DNS for the laboratory: a forwarder that signs its answers, and a client that asks who answers.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "netns-tests/lab/home.hpp"
#include "netns-tests/lab/network.hpp"
#include "netns-tests/lab/process.hpp"
#include "netns-tests/lab/traffic.hpp"
#include "netns-tests/lab/wait.hpp"
#include "vrrpd/base/ip.hpp"

namespace lab {

// dnsmasq at the host's own address alone: that it does not have to serve the virtual one is what is tested. It
// answers every name with `answer`, so an answer tells who gave it.
[[nodiscard]] Process start_forwarder(const Host& host, const vrrpd::IpAddress& own, const vrrpd::IpAddress& answer);

// Likewise, but it knows the name that resolve() asks for and AdGuard Home's own alone: for others it asks an upstream.
[[nodiscard]] Process start_forwarder_below(const vrrpd::IpAddress& upstream, const Host& host,
                                            const vrrpd::IpAddress& own, const vrrpd::IpAddress& answer);

// It says of every name that there is none.
[[nodiscard]] Process start_forwarder_that_denies(const Host& host, const vrrpd::IpAddress& own);

// One question to this port 53, always from the same port, as some firewalls make it; the address that it was
// answered with.
[[nodiscard]] std::optional<vrrpd::IpAddress> resolve(const Host& client, const vrrpd::IpAddress& server = Home::vip,
                                                      std::chrono::milliseconds limit = std::chrono::milliseconds(500));

// Likewise, over a connection.
[[nodiscard]] std::optional<vrrpd::IpAddress> resolve_over_tcp(
    const Host& client, const vrrpd::IpAddress& server = Home::vip,
    std::chrono::milliseconds limit = std::chrono::milliseconds(500));

// A client that asks the gateway all the time, and always from the same port: how long it was without an answer. That a
// name does not exist is none.
class Asking {
public:
    enum class Name {
        of_the_home,  // start_forwarder_below() knows it
        outside,      // ... and asks its upstream for this one
    };
    explicit Asking(const Host& client, Name name = Name::of_the_home);  // returns when it was answered

    // At most, since then; the wait that may be going on counts.
    [[nodiscard]] std::chrono::milliseconds longest_wait() const;

private:
    void step();

    vrrpd::Fd socket_;
    Name name_;
    mutable std::mutex mutex_;
    std::optional<Time> answered_;  // last
    std::chrono::nanoseconds longest_{0};
    Worker worker_;
};

}  // namespace lab
