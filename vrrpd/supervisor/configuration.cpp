#include "vrrpd/supervisor/configuration.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "netlink/rtnetlink.hpp"
#include "vrrpd/agent/peer/key_file.hpp"
#include "vrrpd/base/assert.hpp"
#include "vrrpd/config/script_words.hpp"
#include "vrrpd/ipc/channel.hpp"
#include "vrrpd/supervisor/dnsmasq_faults.hpp"
#include "vrrpd/supervisor/dump_globals.hpp"
#include "vrrpd/supervisor/notify/unit_faults.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr char default_gateway_file[] = "/etc/vrrpd/gateway.conf";

config::LoadOptions load_options(const Options& options) {
    config::LoadOptions load;
    load.id = identity(options);
    load.root = options.config_file;
    if (!options.gateway_file.empty())
        load.gateway_file = options.gateway_file;
    else if (access(default_gateway_file, F_OK) == 0)
        load.gateway_file = default_gateway_file;
    load.as_keepalived = options.as_keepalived;
    load.all_includes_fatal = options.all_includes_fatal;
    return load;
}

void append(std::vector<config::Fault>& to, std::vector<config::Fault> more) {
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// Without the permission, or in a namespace that forbids it, the text alone is judged.
std::vector<config::Fault> host_faults(const config::Config& config) {
    const auto kernel = netlink::open_rtnetlink();
    if (!kernel) return {};
    const auto host = (*kernel)->snapshot();
    return host ? config::check_host(config, *host) : std::vector<config::Fault>{};
}

// Of the first line that begins with this keyword.
config::Position place_of(std::string_view keyword, const std::vector<config::Line>& lines) {
    const auto found = std::find_if(lines.begin(), lines.end(), [&](const auto& line) {
        return line.words[0].text == keyword && !line.words[0].quoted;
    });
    if (found == lines.end()) return {};
    auto place = found->at;
    place.column = found->words[0].column;
    return place;
}

// What a start says when it opens it. Whoever may not read it cannot judge it.
std::vector<config::Fault> key_faults(const config::Config& config, const config::Position& place) {
    if (!config.peer_link || config.peer_link->key_file.empty()) return {};
    const auto& path = config.peer_link->key_file;
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file && errno == EACCES && geteuid() != 0) return {};
    std::string problem;
    if (!file && errno == ENOENT) {
        problem = fmt::format(
            "the key file {} is not there: make it once with `vrrpctl keygen {}`, and copy it to the "
            "other members",
            path, path);
    } else if (!file) {
        problem = fmt::format("the key file {}: {}", path, std::strerror(errno));
    } else if (const auto key = agent::read_key_file(file.get(), path); !key) {
        problem = key.error();
    }
    if (problem.empty()) return {};
    return {{config::Severity::error, place, "peer_link: " + problem, false}};
}

// Where the script stands in the text.
config::Position place_of_script(const std::vector<std::string>& words, const std::vector<config::Line>& lines) {
    const auto found = std::find_if(lines.begin(), lines.end(), [&](const config::Line& line) {
        return line.words.size() > 1 && config::split_command(line.words[1].text) == words;
    });
    if (found == lines.end()) return {};
    auto place = found->at;
    place.column = found->words[1].column;
    return place;
}

std::vector<config::Fault> script_faults(const std::vector<ScriptRemark>& remarks,
                                         const std::vector<config::Line>& lines) {
    std::vector<config::Fault> faults;
    for (const auto& remark : remarks)
        faults.push_back({remark.severity, place_of_script(remark.words, lines), remark.text, false});
    return faults;
}

ErrandNeeds errands_of(const config::Config& config) {
    ErrandNeeds needs;
    for (const auto& gateway : config.gateways)
        if (!gateway.alert.empty()) needs.alerts[gateway.name] = gateway.alert;
    if (!config.dhcp_sync) return needs;
    const auto& [follows, dnsmasq, scan, probe] = *config.dhcp_sync;
    if (!dnsmasq.can_restart()) return needs;
    const auto* gateway = config.gateway(follows);
    needs.dhcp = DhcpServer{follows, gateway != nullptr ? gateway->networks() : std::vector<Prefix>{}, dnsmasq};
    return needs;
}

Outline outline(const config::Parsed& parsed, ScriptNeeds scripts) {
    const auto& config = parsed.config;
    auto globals = globals_text(config, parsed.globals, scripts.identities);
    Outline result{owned_by(config),   switches_of(config), Duration(0),        {}, errands_of(config),
                   std::move(scripts), *config.process,     std::move(globals), {}};
    result.engine_place = {config.process->nice, config.process->cpus, config.realtime ? config.realtime_priority : 0,
                           config.process->cpu_limit};
    for (const auto& gateway : config.gateways) result.agent.gateways.push_back(gateway.name);
    if (config.peer_link) result.agent.key_file = config.peer_link->key_file;
    for (const auto& dns : config.dns_failovers)
        if (dns.demote) result.agent.weighing.push_back({dns.follows, "dns"});
    if (config.dhcp_sync) result.agent.weighing.push_back({config.dhcp_sync->follows, "dhcp"});
    for (const auto& instance : config.instances)
        result.longest_interval = std::max<Duration>(result.longest_interval, instance.parameters.advert_interval);
    return result;
}

config::Parsed parse_again(int sealed, const std::string& id) {
    const auto text = ipc::unseal(sealed);
    ASSERT(text);  // we sealed it
    const auto lines = config::deserialize(*text);
    ASSERT(lines);
    return config::parse(*lines, id);
}

config::Fault fault_of(const OsError& error) { return {config::Severity::unusable, {}, error.describe(), true}; }

}  // namespace

std::string identity(const Options& options) {
    if (!options.id.empty()) return options.id;
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    const std::string full = name.data();
    return full.substr(0, full.find('.'));
}

Judgement judge(const Options& options) {
    const auto files = config::real_files();
    auto loaded = config::load(load_options(options), *files);
    Judgement judgement;
    judgement.file_missing = loaded.file_missing;
    judgement.faults = std::move(loaded.faults);
    auto parsed = config::parse(loaded.lines, identity(options));
    const bool parsed_can_start = parsed.can_start();
    judgement.balanced = parsed.balanced;
    append(judgement.faults, std::move(parsed.faults));
    if (options.action != Action::fence) {
        auto faults = host_faults(parsed.config);
        if (!place_of("dynamic_interfaces", loaded.lines).file.empty())  // none that is not there is a fault
            for (auto& fault : faults) fault.severity = config::Severity::note;
        append(judgement.faults, std::move(faults));
        append(judgement.faults, dnsmasq_faults(parsed.config, place_of("dhcp_sync", loaded.lines)));
    }
    std::vector<ScriptRemark> remarks;
    auto scripts = script_needs(parsed.config, &remarks);
    if (options.action != Action::fence) append(judgement.faults, script_faults(remarks, loaded.lines));
    if (options.action != Action::fence)
        append(judgement.faults, unit_faults(parsed.config, loaded.lines, unit_folders()));
    if (options.action == Action::test)
        append(judgement.faults, key_faults(parsed.config, place_of("key_file", loaded.lines)));
    judgement.can_start =
        !judgement.file_missing && parsed_can_start &&
        std::none_of(judgement.faults.begin(), judgement.faults.end(), [](const auto& f) { return f.prevents_start; });
    if (!judgement.can_start || options.action == Action::test) return judgement;
    const auto seal = [](const auto& lines) { return ipc::seal(config::serialize(lines), "vrrpd-config"); };
    const auto open = config::without_secrets(loaded.lines);
    auto sealed = seal(loaded.lines);
    auto for_agent = open ? seal(*open) : Result<Fd>(Fd());
    if (sealed && for_agent) {
        judgement.sealed = std::move(*sealed);
        judgement.sealed_for_agent = std::move(*for_agent);
        judgement.outline = outline(parsed, std::move(scripts));
    } else {
        judgement.faults.push_back(fault_of(sealed ? for_agent.error() : sealed.error()));
        judgement.can_start = false;
    }
    return judgement;
}

void say(const Judgement& judgement, Log& log) {
    for (const auto& fault : judgement.faults) {
        const bool fatal = fault.prevents_start || judgement.file_missing;
        const bool noted = fault.severity == config::Severity::note;
        log.write(fatal ? LogLevel::error : noted ? LogLevel::notice : LogLevel::warning, fault.describe());
    }
}

config::Config reread(int sealed, const std::string& id) { return parse_again(sealed, id).config; }

Outline outline(int sealed, const std::string& id) {
    const auto parsed = parse_again(sealed, id);
    return outline(parsed, script_needs(parsed.config));
}

}  // namespace vrrpd::supervisor
