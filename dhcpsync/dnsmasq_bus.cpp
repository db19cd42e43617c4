#include "dhcpsync/dnsmasq_bus.hpp"

#include <poll.h>
#include <sdbus-c++/sdbus-c++.h>
#include <unistd.h>

#include <utility>

#include "vrrpd/base/assert.hpp"

namespace dhcpsync {

namespace {

constexpr auto object_path = "/uk/org/thekelleys/dnsmasq";
constexpr auto bus_name = "org.freedesktop.DBus", bus_path = "/org/freedesktop/DBus";
constexpr int messages_a_turn = 64;

std::uint64_t microseconds(Duration time) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

// dnsmasq's interface has the name that it took on the bus, whatever that is.
sdbus::MethodCall message_of(sdbus::IProxy& dnsmasq, const std::string& interface, const AddDhcpLease& add) {
    auto message = dnsmasq.createMethodCall(interface, "AddDhcpLease");
    message << add.address.to_string() << add.hardware << add.host_name << add.client_id << add.seconds << add.iaid
            << add.temporary;
    return message;
}

sdbus::MethodCall message_of(sdbus::IProxy& dnsmasq, const std::string& interface, const DeleteDhcpLease& remove) {
    auto message = dnsmasq.createMethodCall(interface, "DeleteDhcpLease");
    message << remove.address.to_string();
    return message;
}

}  // namespace

struct DnsmasqBus::Session {
    std::unique_ptr<sdbus::IConnection> connection;
    std::unique_ptr<sdbus::IProxy> bus, dnsmasq;
    sdbus::Slot owner_changes, lease_changes;  // end first
    DnsmasqBus* home = nullptr;
};

// ---- connecting ---------------------------------------------------------------------------------

DnsmasqBus::DnsmasqBus(vrrpd::Loop& loop, vrrpd::Log& log, std::string name, BusEvents events)
    : loop_(loop), log_(log), name_(std::move(name)), events_(std::move(events)) {
    connect_later();
}

DnsmasqBus::~DnsmasqBus() = default;

// In a thread: the library waits for the bus to greet and to take the subscriptions, up to minutes if it hangs.
DnsmasqBus::Attempt DnsmasqBus::connect(const std::string& name) {
    try {
        auto session = std::make_shared<Session>();
        session->connection = sdbus::createSystemBusConnection();
        session->bus = sdbus::createProxy(*session->connection, bus_name, bus_path);
        session->dnsmasq = sdbus::createProxy(*session->connection, name, object_path);
        const auto from_bus = [home = session.get()](sdbus::Message& message) {
            std::string whose, before, owner;
            message >> whose >> before >> owner;
            if (home->home) home->home->owner_is(owner);
        };
        session->owner_changes = session->connection->addMatch(
            fmt::format("type='signal',sender='{}',interface='{}',member='NameOwnerChanged',arg0='{}'", bus_name,
                        bus_name, name),
            from_bus);
        session->lease_changes =
            session->connection->addMatch(fmt::format("type='signal',sender='{}',path='{}'", name, object_path),
                                          [home = session.get()](sdbus::Message&) {
                                              if (home->home) home->home->events_.lease_changed();
                                          });
        return {std::move(session), {}};
    } catch (const sdbus::Error& error) {
        return {nullptr, error.getMessage().empty() ? error.getName() : error.getMessage()};
    }
}

void DnsmasqBus::connect_later() {
    connector_ = std::make_unique<Worker>(loop_, Worker::AtEnd::abandon);
    connector_->submit([this, name = name_]() -> Worker::Done {
        auto attempt = std::make_shared<Attempt>(connect(name));
        return [this, attempt] { connecting_ended(*attempt); };
    });
}

void DnsmasqBus::connecting_ended(Attempt& attempt) {
    if (!attempt.session) return lose(attempt.problem);
    session_ = std::move(attempt.session);
    session_->home = this;
    connect_at_ = loop_.now();  // the connector ends in step(): this is called from within it
    watch_ = loop_.on_readable(session_->connection->getEventLoopPollData().fd, [this] { serve(); });
    ask_who_is_there();
    serve();
}

void DnsmasqBus::ask_who_is_there() {
    const bool sent = send(
        [this] {
            auto message = session_->bus->createMethodCall(bus_name, "GetNameOwner");
            message << name_;
            return message;
        },
        [this](sdbus::MethodReply& reply, const sdbus::Error* error) {
            std::string owner;
            if (!error) reply >> owner;
            pause_ = first_pause;
            if (owner_.empty()) owner_is(owner);  // unless a signal was faster
        },
        call_timeout);
    if (!sent) lost_ = true;
}

void DnsmasqBus::owner_is(const std::string& owner) {
    const auto before = std::exchange(owner_, owner);
    if (owner.empty())
        report(
            fmt::format("nobody is {} on the D-Bus: is dnsmasq running, and does its configuration say enable-dbus? If "
                        "the D-Bus was restarted: dnsmasq does not come back to it, so restart dnsmasq too",
                        name_));
    else
        report({});
    if (before == owner) return;
    if (!before.empty()) events_.server(false);
    if (!owner.empty()) events_.server(true);
}

// ---- talking ------------------------------------------------------------------------------------

template <class Make, class Answered>
bool DnsmasqBus::send(Make make, Answered answered, Duration timeout) {
    if (!session_ || lost_) return false;
    try {
        session_->dnsmasq->callMethod(
            make(),
            [this, answered](sdbus::MethodReply& reply, const sdbus::Error* error) {
                try {
                    answered(reply, error);
                } catch (const sdbus::Error& unreadable) {
                    log_.warning("D-Bus: an answer of {} makes no sense: {}", name_, unreadable.getMessage());
                }
            },
            microseconds(timeout));
        flush();
        return true;
    } catch (const sdbus::Error&) {
        lost_ = true;
        return false;
    }
}

bool DnsmasqBus::call(const Call& call) {
    if (owner_.empty()) return false;
    const auto address = std::visit([](const auto& one) { return one.address; }, call);
    return send(
        [&] { return std::visit([&](const auto& one) { return message_of(*session_->dnsmasq, name_, one); }, call); },
        [this, address](sdbus::MethodReply&, const sdbus::Error* error) {
            if (!error) report({});  // it was refused before, and may now
            events_.answered(address, !error || judge(error->getName()) == Reply::done);
        },
        call_timeout);
}

bool DnsmasqBus::ping() {
    if (owner_.empty()) return false;
    return send([this] { return session_->dnsmasq->createMethodCall(name_, "GetVersion"); },
                [this](sdbus::MethodReply&, const sdbus::Error* error) {
                    events_.pong(!error || judge(error->getName()) != Reply::none);
                },
                ping_timeout);
}

// Who may not ask is answered by the bus, not by dnsmasq: that says nothing about dnsmasq's health.
DnsmasqBus::Reply DnsmasqBus::judge(const std::string& error_name) {
    if (error_name == "org.freedesktop.DBus.Error.AccessDenied") {
        report(
            fmt::format("D-Bus does not let user id {} talk to dnsmasq: put vrrpd's policy file "
                        "(dbus-1/system.d/vrrpd.conf of its installation) into /etc/dbus-1/system.d, then run "
                        "systemctl reload dbus",
                        ::geteuid()));
        return Reply::refused;
    }
    const bool late = error_name == "org.freedesktop.DBus.Error.NoReply" ||
                      error_name == "org.freedesktop.DBus.Error.Timeout" || error_name == "System.Error.ETIMEDOUT";
    return late ? Reply::none : Reply::refused;
}

void DnsmasqBus::report(std::string trouble) {
    if (trouble == trouble_) return;
    trouble_ = std::move(trouble);
    if (trouble_.empty())
        log_.notice("dnsmasq is on the D-Bus: it takes leases");
    else
        log_.warning("{}", trouble_);
}

// ---- the loop -----------------------------------------------------------------------------------

void DnsmasqBus::serve() {
    process();
    if (lost_) lose("the connection to the bus was lost");
}

void DnsmasqBus::process() {
    if (!session_) return;
    try {
        for (int i = 0; i < messages_a_turn && session_->connection->processPendingRequest(); ++i) {}
        flush();
    } catch (const sdbus::Error&) {
        lost_ = true;
    }
}

void DnsmasqBus::flush() {
    if ((session_->connection->getEventLoopPollData().events & POLLOUT) != 0) watch_.when_writable([this] { serve(); });
}

Deadline DnsmasqBus::next_deadline() const {
    if (!session_) return connect_at_;
    if (lost_ || connector_) return loop_.now();
    try {
        const auto timeout = session_->connection->getEventLoopPollData().getRelativeTimeout();
        if (timeout) return loop_.now() + *timeout;
        return std::nullopt;
    } catch (const sdbus::Error&) {
        return loop_.now();  // it is closed: serve() finds out
    }
}

void DnsmasqBus::step() {
    if (session_) {
        connector_.reset();
        return serve();
    }
    if (!connect_at_ || loop_.now() < *connect_at_) return;
    connect_at_.reset();
    connect_later();
}

void DnsmasqBus::lose(const std::string& why) {
    watch_ = {};
    session_.reset();
    lost_ = false;
    connect_at_ = loop_.now() + pause_;
    pause_ = std::min(2 * pause_, longest_pause);
    report(
        fmt::format("no D-Bus: {}; it is tried again. Until then dnsmasq does not get the leases of the others", why));
    if (!std::exchange(owner_, {}).empty()) events_.server(false);
}

}  // namespace dhcpsync
