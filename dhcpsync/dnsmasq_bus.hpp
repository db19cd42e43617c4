// A running dnsmasq over the system's D-Bus (enable-dbus): leases are put in and taken out, and it tells when it
// changed some. The bus may come late, hang, die and come back; it is tried again, later each time. For LeaseService.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dhcpsync/server_bus.hpp"
#include "dhcpsync/worker.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"

namespace dhcpsync {

class DnsmasqBus final : public ServerBus {
public:
    // dnsmasq hears nothing for 3 s while it pings an address before it offers it, and several times in a row where
    // several clients come.
    static constexpr Duration call_timeout = std::chrono::seconds(15), ping_timeout = std::chrono::seconds(5);
    static constexpr Duration first_pause = std::chrono::seconds(1), longest_pause = std::chrono::seconds(30);

    // The bus is that of DBUS_SYSTEM_BUS_ADDRESS, or the usual one. `name`: dnsmasq's.
    DnsmasqBus(vrrpd::Loop& loop, vrrpd::Log& log, std::string name, BusEvents events);
    ~DnsmasqBus() override;

    bool call(const Call& call) override;
    bool ping() override;
    [[nodiscard]] bool connected() const override { return session_ != nullptr; }
    [[nodiscard]] const std::string& trouble() const override { return trouble_; }
    [[nodiscard]] Deadline next_deadline() const override;
    void step() override;

private:
    // A connection, and what was subscribed on it. Its handlers find their way back through `home`, which is empty
    // while a thread makes it.
    struct Session;
    struct Attempt {
        std::shared_ptr<Session> session;
        std::string problem;
    };
    enum class Reply : std::uint8_t { done, refused, none };

    static Attempt connect(const std::string& name);
    void connect_later();
    void connecting_ended(Attempt& attempt);
    void ask_who_is_there();
    void owner_is(const std::string& owner);
    void serve();
    void process();
    void flush();  // what the bus did not take yet
    void lose(const std::string& why);
    void report(std::string trouble);
    // `make` makes the message; false: it could not be sent.
    template <class Make, class Answered>
    bool send(Make make, Answered answered, Duration timeout);
    Reply judge(const std::string& error_name);

    vrrpd::Loop& loop_;
    vrrpd::Log& log_;
    std::string name_;
    BusEvents events_;
    std::string trouble_;
    std::string owner_;  // the server's unique name on the bus; empty: it is not there
    Deadline connect_at_;
    Duration pause_ = first_pause;
    bool lost_ = false;  // found out within a callback
    std::shared_ptr<Session> session_;
    vrrpd::Loop::Watch watch_;           // ends before the session's descriptor
    std::unique_ptr<Worker> connector_;  // while it connects: that may hang as long as the bus does
};

}  // namespace dhcpsync
