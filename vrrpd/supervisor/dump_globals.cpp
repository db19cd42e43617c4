#include "vrrpd/supervisor/dump_globals.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "vrrpd/config/umask.hpp"
#include "vrrpd/proto/envelope.hpp"

namespace vrrpd::supervisor {

namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

const char* truth(bool yes) { return yes ? "true" : "false"; }

class GlobalsText {
public:
    GlobalsText(const config::Config& config, const config::Globals& globals,
                const std::vector<ipc::ScriptIdentity>& identities)
        : config_(config), process_(*config.process), globals_(globals), identities_(identities) {}

    std::string text() {
        names();
        mail();
        reloads();
        once();
        line("Dynamic interfaces", truth(true));
        line("Allow interface changes", truth(true));
        if (!config_.notification.mail.faults) line("Send emails for fault transitions", "off");
        line("Default interface", globals_.default_interface);
        fifos();
        announcements();
        protocol();
        process();
        scripts();
        last();
        return std::move(text_);
    }

private:
    template <class Value>
    void line(std::string_view key, const Value& value) {
        text_ += fmt::format(" {} = {}\n", key, value);
    }
    void bare(std::string_view words) { text_ += fmt::format(" {}\n", words); }
    void line_if_any(std::string_view key, const std::string& value) {
        if (!value.empty()) line(key, value);
    }
    void on_or_off(std::string_view key, const std::optional<bool>& value) {
        line(key, !value ? "unset" : *value ? "on" : "off");
    }
    [[nodiscard]] std::string identity(const config::Script& script) const {
        return ipc::identity_text(identities_, script.user, script.group);
    }

    void names() {
        line_if_any("Instance name", process_.instance);
        line_if_any("Parent process name", process_.process_name);
        line_if_any("VRRP process name", process_.engine_name);
        line("Router ID", config_.router_id);
    }

    void mail() {
        const auto& mail = config_.notification.mail;
        if (!mail.server.empty()) {
            line("Smtp server", mail.server);
            line("Smtp server port", mail.port);
            line_if_any("Smtp HELO name", mail.helo);
            line("Smtp server connection timeout", duration_cast<seconds>(mail.timeout).count());
            line_if_any("Email notification from", mail.from);
            bare("Email notification to:");
            for (const auto& recipient : mail.to) text_ += fmt::format("   {}\n", recipient);
        }
        on_or_off("Default smtp_alert", globals_.mail);
        on_or_off("Default smtp_alert_vrrp", globals_.mail_vrrp);
    }

    void reloads() {
        if (process_.check_reload)
            bare(fmt::format("Test config before reload, log to {}",
                             process_.check_log.empty() ? "/dev/null" : process_.check_log));
        else
            bare("No test config before reload");
        if (!process_.reload_time_file.empty())
            line("Reload time file", process_.reload_time_file + (process_.reload_repeat ? " (repeat)" : ""));
        if (process_.reload_marker && !process_.reload_marker->empty()) line("Reload_file", *process_.reload_marker);
        if (process_.dump_names_tell) bare("Use instance name in data dumps");
    }

    // keepalived's comma is missing in the second one, too.
    void once() {
        const auto& [fifos, mail, states, startup, shutdown, startup_limit, shutdown_limit] = config_.notification;
        if (startup.is_given())
            line("Startup script", fmt::format("{}{}, timeout {}", ipc::quoted(startup.words), identity(startup),
                                               duration_cast<seconds>(startup_limit).count()));
        if (shutdown.is_given())
            line("Shutdown script", fmt::format("{}{} timeout {}", ipc::quoted(shutdown.words), identity(shutdown),
                                                duration_cast<seconds>(shutdown_limit).count()));
    }

    void fifos() {
        for (const auto& fifo : config_.notification.fifos) {
            const auto* const name = fifo.of_all ? "Global notify fifo" : "VRRP notify fifo";
            line(name, fifo.path + ipc::identity_text(identities_, fifo.user, fifo.group));
            if (fifo.reader.is_given())
                line(fmt::format("{} script", name),
                     fmt::format("{} '{}'{}", ipc::quoted(fifo.reader.words), fifo.path, identity(fifo.reader)));
        }
        line("FIFO write vrrp states on reload", truth(config_.notification.states_on_reload));
        line("VRRP notify priority changes", truth(globals_.priority_changes));
    }

    void announcements() {
        const auto policy = usual_announcements(globals_);
        const auto whole = [](Duration time) { return duration_cast<seconds>(time).count(); };
        line("VRRP IPv4 mcast group", globals_.group4.value_or(proto::multicast_group(Family::ipv4)).to_string());
        line("VRRP IPv6 mcast group", globals_.group6.value_or(proto::multicast_group(Family::ipv6)).to_string());
        line("Gratuitous ARP delay", whole(policy.second_block));
        line("Gratuitous ARP repeat", policy.repeat);
        line("Gratuitous ARP refresh timer", whole(policy.refresh));
        line("Gratuitous ARP refresh repeat", policy.refresh_repeat);
        line("Gratuitous ARP lower priority delay", whole(policy.lower_prio_second_block));
        line("Gratuitous ARP lower priority repeat", policy.lower_prio_repeat);
        line("Num adverts before down", globals_.down_timer_adverts);
        line(fmt::format("Gratuitous ARP for each secondary {}", policy.extra_everywhere ? "i/f" : "VMAC"),
             fmt::format("{}s", whole(policy.extra)));
        line("Send advert after receive lower priority advert", truth(!globals_.lower_prio_no_advert));
        line("Send advert after receive higher priority advert", truth(globals_.higher_prio_send_advert == true));
        line("Gratuitous ARP interval", in_seconds(config_.garp_interval));
        line("Gratuitous NA interval", in_seconds(config_.gna_interval));
    }

    static std::string in_seconds(Duration time) {
        return fmt::format("{:.6f}", std::chrono::duration<double>(time).count());
    }

    void protocol() {
        line("VRRP default protocol version", static_cast<int>(globals_.version.value_or(proto::Version::v2)));
        line("VRRP check unicast_src", truth(globals_.check_unicast_source));
        line("VRRP skip check advert addresses", truth(globals_.skips_address_check));
        line("VRRP strict mode", truth(globals_.strict));
    }

    void process() {
        line("Max auto priority",
             process_.max_auto_priority < 0 ? "Disabled" : std::to_string(process_.max_auto_priority));
        line("Min auto priority delay",
             fmt::format("{} usecs", duration_cast<std::chrono::microseconds>(process_.min_auto_delay).count()));
        line("VRRP process priority", process_.nice.value_or(0));
        line("VRRP don't swap", truth(config_.lock_memory));
        line("VRRP realtime priority", config_.realtime_priority);
        if (!process_.cpus.empty()) line("VRRP CPU Affinity", fmt::format("{}", fmt::join(process_.cpus, " ")));
        if (process_.cpu_limit)
            line("VRRP realtime limit", duration_cast<std::chrono::microseconds>(*process_.cpu_limit).count());
    }

    void scripts() {
        bare(fmt::format("Script security {}", config_.script_policy.security ? "enabled" : "disabled"));
        if (const auto usual = ipc::identity_text(identities_, "", ""); !usual.empty())
            bare("Default script " + usual.substr(std::string_view(", ").size()));
    }

    void last() {
        line("umask", fmt::format("{:#o}", process_.umask.value_or(config::default_umask)));
        if (config_.startup_delay != Duration(0))
            line("vrrp_startup_delay", std::chrono::duration<double>(config_.startup_delay).count());
        if (config_.log_unknown_vrids) bare("log_unknown_vrids");
        if (globals_.virtual_prefix != config::Globals().virtual_prefix) line("VMAC prefix", globals_.virtual_prefix);
        line_if_any("VMAC address prefix", globals_.virtual_address_prefix);
    }

    const config::Config& config_;
    const config::ProcessSettings& process_;
    const config::Globals& globals_;
    const std::vector<ipc::ScriptIdentity>& identities_;
    std::string text_;
};

}  // namespace

std::string globals_text(const config::Config& config, const config::Globals& globals,
                         const std::vector<ipc::ScriptIdentity>& identities) {
    return GlobalsText(config, globals, identities).text();
}

std::string globals_heading(const std::string& net_namespace) {
    return fmt::format("------< Global definitions >------\n Network namespace = {}\n",
                       net_namespace.empty() ? "(default)" : net_namespace);
}

}  // namespace vrrpd::supervisor
