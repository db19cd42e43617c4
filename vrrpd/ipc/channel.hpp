// The pair of sockets between the supervisor and a child: SOCK_SEQPACKET, non-blocking, one message a datagram.
// Both ends are one build, so a message is a header and bytes; bulk travels as a sealed memfd.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/result.hpp"

namespace vrrpd::ipc {

enum class Kind : std::uint8_t {
    // engine -> supervisor. What is passed on must be of a gateway of the configuration; the last wan_state,
    // role_change, readiness and standing of each are told again after every configuration that the agent gets.
    log,              // level in `detail`, text: one line; "N lines were lost" is sent by the engine itself
    ready,            // first configuration is in place: sockets open or waited for
    reloaded,         // the last reload was carried out; detail 1: it could not be read, and the old one runs on
    device_appeared,  // text: a device the configuration names is there; set its switches (forwarding ...)
    standing_by,      // a successor has opened everything, and waits for proceed
    handed_over,      // everything of ours is withdrawn; the engine exits next
    wan_state,        // text: WanState; passed on to the agent
    host_silent,      // text: the address of a router that fell silent; passed on to the agent
    role_change,      // text: RoleChange; passed on to the agent
    readiness,        // text: Readiness; passed on to the agent
    standing,         // text: Standing; passed on to the agent
    host_alive,       // text: HostAlive, an answer to scan; passed on to the agent
    dhcp_offer,       // text: DhcpOffer, an answer to dhcp_probe; passed on to the agent
    status,           // memfd: the engine's part of the status as JSON; passed on to the agent
    dump,             // memfd: what dump_wanted asked for; detail: DumpForm
    notify,           // text: Notices, of instances and sync groups: for scripts, FIFOs and mail
    // supervisor -> engine, agent
    reload,       // memfd: the new configuration's lines; to an agent also its first one
    stop,         // hand over and exit
    yield,        // exit at once and leave everything as it is: another engine goes on
    proceed,      // to one that stands by: the engine before is gone
    dump_wanted,  // detail: DumpForm; answered by dump
    // supervisor -> engine. All of them again after ready and after reloaded.
    tracker,  // text: TrackerState
    // supervisor -> agent, once, before anything else. Without memfd there is none, and the log says why.
    control_socket,   // memfd: a listening Unix socket
    state_directory,  // memfd: an open directory in which the agent may write
    // supervisor -> agent, before each configuration with a peer_link
    peer_key,  // memfd: the open key file, text: its path; without memfd, why there is none
    // supervisor -> agent
    units,           // text: Units of a gateway; told again to each agent
    leases_written,  // the answer to write_leases. text: what went wrong, empty: it is done, and the server runs again
    // agent -> supervisor, passed on to the engine. Another engine is told the last of the first four again.
    dns_choice,      // text: DnsChoice
    service_weight,  // text: ServiceWeight
    dns_health,      // text: DnsHealth
    services_ready,  // text: Readiness
    scan,            // text: Scan
    dhcp_probe,      // text: a gateway; ask its LAN whether a DHCP server offers an address
    announce_again,  // text: a gateway; two were Active, and this one stays
    status_wanted,   // answered by status, unless no engine runs
    dhcp_silence,    // text: DhcpSilence
    // agent -> supervisor
    alive,         // its loop turns: every beat_interval
    write_leases,  // text: the lease file's path, memfd: its new content; then the server is restarted. One at a time
    alert,         // text: Alert
};

struct Message {
    Kind kind = Kind::log;
    std::uint8_t detail = 0;
    std::string text;  // at most max_text bytes; longer is cut
    Fd memfd;          // passed with SCM_RIGHTS
};
inline constexpr std::size_t max_text = 4000;

class Channel {
public:
    explicit Channel(Fd socket) : socket_(std::move(socket)) {}
    // The two ends, close-on-exec.
    [[nodiscard]] static Result<std::pair<Channel, Channel>> pair();

    [[nodiscard]] int fd() const { return socket_.get(); }
    // false: the other end's queue is full, or it is gone; nothing was sent. Never waits.
    bool send(Kind kind, std::string_view text = {}, std::uint8_t detail = 0, int memfd = -1);
    enum class State : std::uint8_t { message, empty, closed };
    // Takes the next message, if there is one.
    [[nodiscard]] State receive(Message& into);

private:
    Fd socket_;
};

// A sealed memfd that holds `text`, and its content back. Of what comes from a process that is not trusted say how
// much it may be.
[[nodiscard]] Result<Fd> seal(std::string_view text, const char* name);
[[nodiscard]] Result<std::string> unseal(int memfd, std::size_t most = SIZE_MAX);

// The engine's Log: hands records to the supervisor; counts what did not fit and says so later.
class ChannelLog final : public Log {
public:
    explicit ChannelLog(Channel& channel) : channel_(channel) {}
    ChannelLog(const ChannelLog&) = delete;
    ChannelLog& operator=(const ChannelLog&) = delete;
    ~ChannelLog() override { release(); }

    void write(LogLevel level, std::string_view line) override;
    void set_threshold(LogLevel level) { threshold_ = level; }

    // Lines wait here (at most max_held of them) until release(): a supervisor that is woken to write them needs the
    // very processor that something urgent needs.
    void hold() { holding_ = true; }
    void release();
    static constexpr std::size_t max_held = 256;

private:
    void send(LogLevel level, std::string_view line);

    struct Line {
        LogLevel level;
        std::string text;
    };
    Channel& channel_;
    LogLevel threshold_ = LogLevel::info;
    std::uint64_t lost_ = 0;
    bool holding_ = false;
    std::vector<Line> held_;
};

}  // namespace vrrpd::ipc
