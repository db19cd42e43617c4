// What went over a switch, with the kernel's time of each frame. A frame is recorded where it enters the
// switch, so it is known which host sent it - even on a port that the test has closed, or with a forged
// source - and, if it was for many, where it leaves, so it is known who heard it. Times of take-overs are
// read from here.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "netns-tests/lab/network.hpp"
#include "netns-tests/lab/wait.hpp"
#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"
#include "vrrpd/proto/advert.hpp"

namespace lab {

[[nodiscard]] double milliseconds(std::chrono::nanoseconds time);

struct Frame {
    Time at;
    std::string port;    // of the switch: "H003-lan0"
    vrrpd::Bytes bytes;  // from the Ethernet header on; long frames are cut
    std::string describe() const;
};

// The parts of a frame that tests ask about; nullopt where it has none.
[[nodiscard]] std::optional<vrrpd::proto::Advertisement> advert(const Frame& frame);
[[nodiscard]] std::optional<vrrpd::IpAddress> source(const Frame& frame);       // of IPv4 or IPv6
[[nodiscard]] std::optional<vrrpd::IpAddress> destination(const Frame& frame);  // likewise
[[nodiscard]] vrrpd::MacAddress source_mac(const Frame& frame);

using Match = std::function<bool(const Frame&)>;
// Conditions, to be joined by all().
[[nodiscard]] Match all(std::vector<Match> conditions);
[[nodiscard]] Match from(const Host& host);                                // entered the switch at its port
[[nodiscard]] Match sent_by(const Host& host, const std::string& device);  // its MAC, or a virtual router's
[[nodiscard]] Match adverts();                                             // any VRRP advertisement that decodes
[[nodiscard]] Match priority(unsigned value);
[[nodiscard]] Match no_priority(unsigned value);                 // an advertisement with another one
[[nodiscard]] Match claims(const vrrpd::IpAddress& address);     // ARP or NA that says "it is here"
[[nodiscard]] Match speaks_as(const vrrpd::IpAddress& address);  // IP source, ARP sender or NA target
[[nodiscard]] Match dhcp_answers();                              // whatever a DHCPv4 server says to a client
[[nodiscard]] Match since(Time time);
[[nodiscard]] Match before(Time time);

class Capture {
public:
    Capture(const Switches& switches, const std::string& segment);
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;
    ~Capture();

    [[nodiscard]] std::vector<Frame> frames(const Match& match) const;
    [[nodiscard]] std::size_t count(const Match& match) const;
    [[nodiscard]] std::optional<Frame> first(const Match& match) const;
    [[nodiscard]] std::optional<Frame> last(const Match& match) const;
    // The last that also came out at `hearer`: what others knew of the sender, ports closed or not.
    [[nodiscard]] std::optional<Frame> last_heard(const Host& hearer, const Match& match) const;
    // Waits until such a frame is there.
    std::optional<Frame> await(const Match& match, std::chrono::milliseconds limit = std::chrono::seconds(10)) const;
    // A capture that lost frames proves nothing about what was not sent.
    [[nodiscard]] unsigned lost() const;

private:
    void receive();
    void take(int socket);
    [[nodiscard]] std::string port_name(int index);

    const Switches& switches_;
    std::string segment_;
    vrrpd::Fd socket_;
    std::vector<std::pair<int, std::string>> port_names_;  // "": not a port of this switch
    mutable std::mutex mutex_;
    std::vector<Frame> frames_;  // as they enter
    std::vector<Frame> heard_;   // multicast and broadcast, as they leave
    std::atomic<bool> ending_ = false;
    std::thread thread_;
};

}  // namespace lab
