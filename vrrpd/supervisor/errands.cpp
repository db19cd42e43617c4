#include "vrrpd/supervisor/errands.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr Duration alert_limit = std::chrono::seconds(10), restart_limit = std::chrono::seconds(30);
constexpr CommandRunner::Limits alert_limits{4, 64}, restart_limits{1, 0};

// The word behind "event" in a line of JSON: for scripts that have no JSON reader.
std::string event_in(const std::string& json) {
    constexpr std::string_view key = R"("event":")";
    const auto at = json.find(key);
    if (at == json.npos) return {};
    const auto begin = at + key.size();
    return json.substr(begin, json.find_first_not_of("abcdefghijklmnopqrstuvwxyz_-", begin) - begin);
}

}  // namespace

Errands::Errands(Log& log, std::function<void(const std::string&)> leases_written)
    : log_(log),
      leases_written_(std::move(leases_written)),
      alerts_(log, alert_limits),
      restarts_(log, restart_limits) {}

void Errands::alert(const ipc::Message& message) {
    const auto alert = ipc::decode<ipc::Alert>(message.text);
    if (!alert) return log_.error("an alert of the agent is spoilt");
    const auto words = needs_.alerts.find(alert->gateway);
    if (words == needs_.alerts.end()) return;  // a reload removed it
    Command command;
    command.what = fmt::format("the alert command of gateway {}", alert->gateway);
    command.words = words->second;
    command.environment = {"VRRPD_GATEWAY=" + alert->gateway, "VRRPD_EVENT=" + event_in(alert->json)};
    command.input = alert->json + '\n';
    command.unprivileged = true;
    command.limit = alert_limit;
    alerts_.run(std::move(command));
}

void Errands::write_leases(ipc::Message message) {
    if (!needs_.dhcp) return leases_written_("dhcp_sync has neither restart_unit nor restart_command");
    if (!restarts_.idle()) return leases_written_("the DHCP server is being restarted");
    const auto& dnsmasq = needs_.dhcp->dnsmasq;
    Command command;
    command.words = dnsmasq.restart_command;
    if (command.words.empty()) command.words = {"systemctl", "restart", dnsmasq.restart_unit};
    command.what =
        fmt::format("{} (for the leases of gateway {})", fmt::join(command.words, " "), needs_.dhcp->gateway);
    command.limit = restart_limit;
    command.before = [server = *needs_.dhcp, path = message.text,
                      leases = std::make_shared<Fd>(std::move(message.memfd))] {
        const auto problem = replace_lease_file(server, path, leases->get());
        return problem.empty() ? problem : "was not run: " + problem;
    };
    command.done = [this](const Outcome& outcome) { leases_written_(outcome.problem); };
    restarts_.run(std::move(command));
}

void Errands::child_ended() {
    alerts_.child_ended();
    restarts_.child_ended();
}

Deadline Errands::next_deadline() const { return earlier(alerts_.next_deadline(), restarts_.next_deadline()); }

void Errands::step(Instant now) {
    alerts_.step(now);
    restarts_.step(now);
}

}  // namespace vrrpd::supervisor
