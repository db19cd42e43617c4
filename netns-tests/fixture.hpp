// The home of lab/home.hpp, fresh for every test, and the sentences that many tests share. A failed test
// prints the daemons' logs and the end of the capture.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <string>

#include "netns-tests/lab/home.hpp"
#include "netns-tests/lab/janitor.hpp"
#include "netns-tests/lab/router.hpp"
#include "netns-tests/lab/traffic.hpp"
#include "netns-tests/lab/wait.hpp"

namespace lab {

using namespace std::chrono_literals;
using vrrpd::IpAddress;

// RFC 9568 6.1: three intervals and the skew of the router that takes over.
[[nodiscard]] std::chrono::nanoseconds down_interval(std::chrono::nanoseconds interval, int own_priority);

class HomeTest : public testing::Test {
protected:
    HomeTest();
    void TearDown() override;

    // Starts the daemon on a host. The Router stays valid until the test ends.
    Router& start(Host& host, const VrrpText& text, const Arguments& options = {}, Daemon daemon = daemon_under_test());
    // H003 with 200 is the gateway, H001 with 150 stands in.
    struct Pair {
        Router& active;
        Router& backup;
    };
    Pair start_pair(const VrrpText& text = {});

    // Everything that both families' words for "the gateway's address" have in common.
    [[nodiscard]] bool holds(const Host& host, const IpAddress& address = Home::vip) const {
        return host.has_address(address);
    }
    // From the last advert of `loser` that was heard to the first of `winner` after the fault.
    [[nodiscard]] std::chrono::nanoseconds detection(const Host& loser, const Host& winner, Time fault) const;
    // `host` becomes Active: it announces itself, has the address, and nobody else has. false: not within `limit`.
    [[nodiscard]] bool becomes_active(const Host& host, std::chrono::milliseconds limit = 5s);

    Home home;

private:
    std::deque<Router> routers_;
};

}  // namespace lab
