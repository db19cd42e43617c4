// Clients of a DHCP server, as many as a test wants, behind one network card: each has a MAC address of its own,
// answers ARP for what it was given (and no ping, as many a phone), and does what the test says, when it says so.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "netns-tests/lab/dhcp_message.hpp"
#include "netns-tests/lab/network.hpp"
#include "netns-tests/lab/traffic.hpp"
#include "vrrpd/base/fd.hpp"

namespace lab {

// The card. Outlives its clients.
class DhcpCard {
public:
    DhcpCard(const Host& host, const std::string& device);

    // Sends, and waits for the first reply of that transaction.
    [[nodiscard]] std::optional<DhcpReply> ask(const DhcpQuestion& question, std::chrono::milliseconds limit);
    void say(const DhcpQuestion& question) const { send(encode(question)); }
    // Known from an ARP reply, or an announcement since; asked for when not.
    [[nodiscard]] std::optional<vrrpd::MacAddress> mac_of(const vrrpd::IpAddress& target,
                                                          const vrrpd::MacAddress& own_mac,
                                                          const vrrpd::IpAddress& own);
    void forget(const vrrpd::IpAddress& neighbour);
    void answer_arp_for(const vrrpd::IpAddress& address, const vrrpd::MacAddress& mac);
    void no_arp_for(const vrrpd::IpAddress& address, const vrrpd::MacAddress& mac);

private:
    void step();
    void take(vrrpd::BytesView frame);
    void take_arp(const Arp& arp);
    void send(const vrrpd::Bytes& frame) const;

    vrrpd::Fd socket_;
    std::mutex mutex_;
    std::condition_variable news_;
    std::map<std::uint32_t, std::optional<DhcpReply>> waited_for_;  // by transaction
    std::map<vrrpd::IpAddress, vrrpd::MacAddress> neighbours_;
    std::map<vrrpd::IpAddress, vrrpd::MacAddress> owned_;
    Worker worker_;
};

// What a client was given.
struct DhcpLease {
    vrrpd::IpAddress address;
    vrrpd::IpAddress server;
    std::vector<vrrpd::IpAddress> routers{}, dns{};
    std::chrono::seconds time{0};
};

enum class DhcpAnswer { none, ack, nak };

class DhcpClient {
public:
    using Limit = std::chrono::milliseconds;
    static constexpr Limit patience{500};

    // No client id: it is known by its MAC address alone. `number` is in that.
    DhcpClient(DhcpCard& card, const vrrpd::MacAddress& mac, vrrpd::Bytes client_id = {});
    DhcpClient(DhcpCard& card, unsigned number, vrrpd::Bytes client_id = {});
    DhcpClient(const DhcpClient&) = delete;
    DhcpClient& operator=(const DhcpClient&) = delete;
    ~DhcpClient() { leave(); }

    [[nodiscard]] const vrrpd::MacAddress& mac() const { return mac_; }
    [[nodiscard]] const std::optional<DhcpLease>& lease() const { return lease_; }
    [[nodiscard]] bool has(const vrrpd::IpAddress& address) const { return lease_ && lease_->address == address; }

    // An OFFER that it does not take.
    [[nodiscard]] std::optional<DhcpLease> discover(Limit limit = patience);
    // DISCOVER to ACK. none: no answer to one of the two.
    DhcpAnswer join(Limit limit = patience);
    DhcpAnswer renew(Limit limit = patience);   // unicast to the server that it knows
    DhcpAnswer rebind(Limit limit = patience);  // broadcast
    DhcpAnswer reboot(Limit limit = patience);  // INIT-REBOOT with the address it remembers
    void release();
    void decline();
    // Goes on with its address although no server knows of it, as one whose lease got lost.
    void squat(const vrrpd::IpAddress& address, const vrrpd::IpAddress& server);
    void leave();  // says nothing, is there no more

private:
    [[nodiscard]] DhcpQuestion question(DhcpType type) const;
    DhcpAnswer take(const std::optional<DhcpReply>& reply);

    DhcpCard& card_;
    vrrpd::MacAddress mac_;
    vrrpd::Bytes client_id_;
    std::optional<DhcpLease> lease_;
};

}  // namespace lab
