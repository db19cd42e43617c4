// VRRP daemons on lab hosts: ours, Debian's keepalived, FRR.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "netns-tests/lab/frr.hpp"
#include "netns-tests/lab/network.hpp"
#include "netns-tests/lab/process.hpp"

namespace lab {

enum class Daemon { vrrpd, keepalived };
inline void PrintTo(Daemon daemon, std::ostream* out) { *out << (daemon == Daemon::vrrpd ? "vrrpd" : "keepalived"); }
// How much it logs: as installed, or with -D.
enum class Detail { usual, more };

// vrrpd; keepalived when LAB_DAEMON=keepalived, to tell a fault of the laboratory from one of ours.
[[nodiscard]] Daemon daemon_under_test();

// One vrrp_instance in the words that vrrpd and keepalived share.
struct VrrpText {
    std::string name = "LAN";
    std::string interface = "lan0";
    int version = 3;
    int vrid = 1;
    int priority = 100;
    std::string advert_int = "0.1";
    std::vector<std::string> addresses{"10.12.14.1/24"};
    std::string more{};   // further lines of the instance
    std::string after{};  // further blocks
    [[nodiscard]] std::string text() const;
};

// A daemon on a host. The host's name is its configuration id (-i).
class Router {
public:
    explicit Router(Host& host, Daemon daemon = daemon_under_test(), Detail detail = Detail::more);

    [[nodiscard]] Host& host() const { return host_; }
    [[nodiscard]] Process& process() { return process_; }
    [[nodiscard]] const Process& process() const { return process_; }

    // From the next start or command on.
    void run_on_kernel_without(Lacks feature) { lacks_ = feature; }
    void run_with(Arguments environment) { environment_ = std::move(environment); }  // Bus::environment()
    void configure(std::string_view text) const;
    void start(const Arguments& more = {});
    void start(const VrrpText& text) {
        configure(text.text());
        start();
    }
    void reload(std::string_view text) const {
        configure(text);
        process_.signal(SIGHUP);
    }
    int stop() { return process_.stop(); }

    // The process below the main one: the engine, or keepalived's VRRP child. 0: none.
    [[nodiscard]] pid_t engine() const;
    // All that it logged since the first start.
    [[nodiscard]] std::string log() const;
    [[nodiscard]] bool logged(std::string_view text) const { return log().find(text) != std::string::npos; }
    bool await_log(std::string_view text, std::chrono::milliseconds limit = std::chrono::seconds(5)) const;
    // Runs our executable with other options to its end, on this host: -t, --sweep, --fence.
    [[nodiscard]] Output command(const Arguments& options) const;
    // `vrrpctl status`, of this daemon.
    [[nodiscard]] Output status(const Arguments& options = {}) const;
    [[nodiscard]] std::string file(std::string_view suffix) const;

    // In the foreground, logging to stderr, all its files in the laboratory's directory.
    [[nodiscard]] Arguments command_line() const;

private:
    Host& host_;
    Daemon daemon_;
    Detail detail_;
    Lacks lacks_ = Lacks::nothing;
    Arguments environment_;  // words before the command line
    Process process_;
};

// FRR's zebra and vrrpd, with the macvlan that FRR wants to find (vectors/README.md).
class FrrRouter {
public:
    struct Plan {
        int version = 3;
        int vrid = 1;
        int priority = 100;
        int interval_ms = 100;
        vrrpd::IpAddress vip{};
        bool preempt = true;
    };

    FrrRouter(Host& host, const Plan& plan);
    void start() { frr_.start(); }
    void stop();  // as its service does: SIGINT, priority 0 goes out
    [[nodiscard]] std::string log() const { return frr_.log(); }

private:
    void make_macvlan() const;

    Host& host_;
    Plan plan_;
    Frr frr_;
};

}  // namespace lab
