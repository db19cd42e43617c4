#include "netns-tests/lab/site.hpp"

#include <fmt/format.h>

#include "netns-tests/lab/dns.hpp"
#include "netns-tests/lab/janitor.hpp"

namespace lab {

Site::Site(Host& its_host, const DhcpServerPlan& plan, std::optional<ForwarderPlan> dns)
    : host(its_host), dns_plan(dns), bus(host), server(host, bus, plan), router(host, Daemon::vrrpd) {
    router.run_with(bus.environment());
}

void Site::start() {
    bus.start();
    server.start();
    if (dns_plan) forwarder = start_forwarder(host, dns_plan->own, dns_plan->answer);
    start_router();
}

void Site::kill_all() {
    for (auto* process : {&router.process(), &server.process(), &bus.process(), &forwarder}) process->kill_all();
}

void Site::power_on() {
    host.power_on();
    start();
}

pid_t Site::agent() { return descendant(router.process().pid(), "vrrpd-agent"); }

std::string make_key(const std::string& name) {
    const auto path = directory() + "/" + name;
    must({LAB_VRRPCTL, "keygen", path});
    return path;
}

}  // namespace lab
