#include "netns-tests/lab/router.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "netns-tests/lab/janitor.hpp"
#include "netns-tests/lab/wait.hpp"

namespace lab {

namespace {

void spill(const std::string& path, std::string_view text) {
    std::ofstream file(path);
    file << text << std::flush;
    if (!file) give_up("cannot write " + path);
}

std::string own_binary() {
    const char* chosen = std::getenv("VRRPD");
    const std::string path = chosen != nullptr ? chosen : LAB_VRRPD;
    if (access(path.c_str(), X_OK) != 0) give_up("there is no " + path + ": build vrrpd first");
    return path;
}

}  // namespace

Daemon daemon_under_test() {
    const char* chosen = std::getenv("LAB_DAEMON");
    return chosen != nullptr && std::string_view(chosen) == "keepalived" ? Daemon::keepalived : Daemon::vrrpd;
}

std::string VrrpText::text() const {
    std::string list;
    for (const auto& address : addresses) list += fmt::format("        {}\n", address);
    return fmt::format(
        "global_defs {{\n"
        "    vrrp_version {}\n"
        "}}\n"
        "vrrp_instance {} {{\n"
        "    state BACKUP\n"
        "    interface {}\n"
        "    virtual_router_id {}\n"
        "    priority {}\n"
        "    advert_int {}\n"
        "    {}\n"
        "    virtual_ipaddress {{\n"
        "{}"
        "    }}\n"
        "}}\n"
        "{}\n",
        version, name, interface, vrid, priority, advert_int, more, list, after);
}

Router::Router(Host& host, Daemon daemon, Detail detail) : host_(host), daemon_(daemon), detail_(detail) {
    std::filesystem::create_directories(file("run"));
    std::filesystem::create_directories(file("state"));
}

std::string Router::file(std::string_view suffix) const {
    return fmt::format("{}/{}.{}", directory(), host_.name(), suffix);
}

void Router::configure(std::string_view text) const { spill(file("conf"), text); }

Arguments Router::command_line() const {
    Arguments words{"-n", "-l", "-f", file("conf"), "-i", host_.name(), "-p", file("pid")};
    if (detail_ == Detail::more) words.push_back("-D");
    const Arguments own = daemon_ == Daemon::keepalived
                              ? Arguments{"keepalived", "-P", "-r", file("vrrp.pid"), "-c", file("checkers.pid")}
                              : Arguments{own_binary(), "--runtime-dir", file("run"), "--state-dir", file("state")};
    words.insert(words.begin(), own.begin(), own.end());
    return words;
}

void Router::start(const Arguments& more) {
    auto arguments = environment_;
    for (const auto& words : {command_line(), more}) arguments.insert(arguments.end(), words.begin(), words.end());
    process_ = Process(arguments, host_.netns().fd(), file("log"), lacks_);
}

pid_t Router::engine() const { return descendant(process_.pid(), "vrrpd-engine"); }

std::string Router::log() const { return content_of(file("log")); }

bool Router::await_log(std::string_view text, std::chrono::milliseconds limit) const {
    return wait_until([&] { return logged(text); }, limit);
}

Output Router::command(const Arguments& options) const {
    Arguments arguments{own_binary(),    "-f",        file("conf"),  "-i",         host_.name(),
                        "--runtime-dir", file("run"), "--state-dir", file("state")};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run(arguments, host_.netns().fd(), {}, lacks_);
}

Output Router::status(const Arguments& options) const {
    Arguments arguments{LAB_VRRPCTL, "status", "--runtime-dir", file("run")};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return host_.run(arguments);
}

namespace {

std::string frr_text(const FrrRouter::Plan& plan) {
    return fmt::format(
        "interface lan0\n"
        " vrrp {0} version {1}\n"
        " vrrp {0} priority {2}\n"
        " vrrp {0} advertisement-interval {3}\n"
        " {4}vrrp {0} preempt\n"
        " vrrp {0} {5} {6}\n!\n",
        plan.vrid, plan.version, plan.priority, plan.interval_ms, plan.preempt ? "" : "no ",
        plan.vip.is_v4() ? "ip" : "ipv6", plan.vip.to_string());
}

}  // namespace

FrrRouter::FrrRouter(Host& host, const Plan& plan) : host_(host), plan_(plan), frr_(host, "vrrpd", frr_text(plan)) {
    make_macvlan();
}

void FrrRouter::make_macvlan() const {
    const bool v4 = plan_.vip.is_v4();
    const auto device = fmt::format("vrrp{}-{}", v4 ? 4 : 6, plan_.vrid);
    const auto prefix = fmt::format("{}/{}", plan_.vip.to_string(), v4 ? 24 : 64);
    std::string lines = fmt::format(
        "link add {} link lan0 type macvlan mode bridge\n"
        "link set {} addrgenmode none\n"
        "link set {} address 00:00:5e:00:0{}:{:02x}\n"
        "address add {} dev {}{}\n",
        device, device, device, v4 ? 1 : 2, plan_.vrid, prefix, device, v4 ? "" : " nodad");
    if (!v4) lines += fmt::format("address add fe80::200:5eff:fe00:2{:02x}/64 dev {} nodad\n", plan_.vrid, device);
    host_.netns().set_sysctl("net/ipv4/ip_forward", "1");
    host_.netns().set_sysctl("net/ipv6/conf/all/forwarding", "1");
    host_.netns().set_sysctl("net/ipv6/conf/default/keep_addr_on_down", "1");
    host_.netns().ip(lines + fmt::format("link set {} up\n", device));
}

void FrrRouter::stop() {
    frr_.daemon().signal(SIGINT);
    frr_.daemon().wait(std::chrono::seconds(5));
    frr_.stop_zebra();
}

}  // namespace lab
