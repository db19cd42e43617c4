// See options.hpp. Boost.Program_options splits the words (getopt's rules: abbreviations, sticky short
// options, optional arguments only when attached); what an option does stands in the table.
#include "vrrpd/supervisor/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <string_view>

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>

#include "vrrpd/config/umask.hpp"
#include "vrrpd/supervisor/signals.hpp"

namespace vrrpd::supervisor {

namespace po = boost::program_options;

namespace {

enum class Argument { none, required, optional };

// What giving the option does.
enum class Effect {
    act,            // `apply` is called
    nothing_to_do,  // what it asks for is so already
    noted,          // said once in the log, and why; a start line with it must start
    refused,        // to go on would do the opposite of what was asked
};

struct Option {
    const char* name;  // Program_options' form: "long,s", ",s" or "long"
    Argument argument;
    const char* value;  // the argument's name in the help text
    const char* help;
    Effect effect;
    void (*apply)(Options&, const std::string&) = nullptr;
};

void set_umask(Options& options, const std::string& value) {
    options.umask = config::parse_umask(value);
    if (!options.umask)
        options.remarks.push_back(fmt::format("umask '{}' is no number from 0 to 0777: 0177 is used", value));
}

void set_core_pattern(Options& options, const std::string&) {
    options.core_dump = true;
    options.remarks.emplace_back(
        "option --core-dump-pattern: kernel.core_pattern belongs to the whole machine and is left alone; set it with "
        "sysctl");
}

// One row an option; the help text shows the rows in this order, those not acted on apart.
constexpr std::array own_options{
    Option{"use-file,f", Argument::required, "FILE", "the configuration (may be a glob pattern)", Effect::act,
           [](Options& o, const std::string& v) { o.config_file = v; }},
    Option{"gateway-file", Argument::required, "FILE",
           "a second file, with our own blocks [/etc/vrrpd/gateway.conf if it is there]", Effect::act,
           [](Options& o, const std::string& v) { o.gateway_file = v; }},
    Option{"config-test,t", Argument::optional, "FILE",
           "check the configuration, report every fault to stderr (or append to FILE), and exit", Effect::act,
           [](Options& o, const std::string& v) {
               o.action = Action::test;
               o.report_file = v;
           }},
    Option{"observe", Argument::none, "", "send nothing and change nothing; log what would be done", Effect::act,
           [](Options& o, const std::string&) { o.observe = true; }},
    Option{"dont-fork,n", Argument::none, "", "stay in the foreground", Effect::act,
           [](Options& o, const std::string&) { o.foreground = true; }},
    Option{"log-console,l", Argument::none, "", "log to stderr (with -n)", Effect::act,
           [](Options& o, const std::string&) { o.log_console = true; }},
    Option{"log-detail,D", Argument::none, "", "more log lines: what is tried, what fails and is tried again",
           Effect::act, [](Options& o, const std::string&) { o.detail = true; }},
    Option{"dump-conf,d", Argument::none, "", "write the parsed configuration to the log at start", Effect::act,
           [](Options& o, const std::string&) { o.dump_config = true; }},
    Option{"log-facility,S", Argument::required, "NAME", "syslog facility: 0-7, local0-local7, user, daemon",
           Effect::act, [](Options& o, const std::string& v) { o.facility = v; }},
    Option{"log-file,g", Argument::optional, "FILE", "log to a file, too [/tmp/keepalived.log]", Effect::act,
           [](Options& o, const std::string& v) { o.log_file = v.empty() ? "/tmp/keepalived.log" : v; }},
    Option{"no-syslog,G", Argument::none, "", "nothing to syslog", Effect::act,
           [](Options& o, const std::string&) { o.no_syslog = true; }},
    Option{"config-id,i", Argument::required, "ID",
           "which host this is: @ID lines, peer_link member [host name up to its first dot]", Effect::act,
           [](Options& o, const std::string& v) { o.id = v; }},
    Option{"pid,p", Argument::required, "FILE", "pid file", Effect::act,
           [](Options& o, const std::string& v) { o.pid_file = v; }},
    Option{"vrrp_pid,r", Argument::required, "FILE", "pid file of the engine", Effect::act,
           [](Options& o, const std::string& v) { o.engine_pid_file = v; }},
    Option{"namespace,s", Argument::required, "NAME", "run in this network namespace", Effect::act,
           [](Options& o, const std::string& v) { o.net_namespace = v; }},
    Option{"umask,u", Argument::required, "MASK", "what the files that are made forbid [0177]", Effect::act, set_umask},
    Option{"dont-release-vrrp,V", Argument::none, "", "leave addresses, routes and rules in place at a stop",
           Effect::act, [](Options& o, const std::string&) { o.keep_addresses = true; }},
    Option{"dont-respawn,R", Argument::none, "", "stop when the engine ends, instead of starting another", Effect::act,
           [](Options& o, const std::string&) { o.respawn = false; }},
    Option{"address-monitoring,a", Argument::none, "", "log every address that comes or goes", Effect::act,
           [](Options& o, const std::string&) { o.watch_addresses = true; }},
    Option{"core-dump,m", Argument::none, "", "a crash leaves a core file, without what was in memory", Effect::act,
           [](Options& o, const std::string&) { o.core_dump = true; }},
    Option{"runtime-dir", Argument::required, "DIR", "lock, pid files, list of what is ours [/run/vrrpd]", Effect::act,
           [](Options& o, const std::string& v) { o.runtime_dir = v; }},
    Option{"state-dir", Argument::required, "DIR",
           "what must outlive a reboot: leases, and what authentication counts [/var/lib/vrrpd]", Effect::act,
           [](Options& o, const std::string& v) { o.state_dir = v; }},
    Option{"handoff", Argument::none, "",
           "take over from the daemon that runs (an upgrade): the role does not move. Give the options it runs with",
           Effect::act, [](Options& o, const std::string&) { o.action = Action::handoff; }},
    Option{"make-way", Argument::none, "",
           "the unit's ExecStop: if the unit is restarted, the role stays until the next start has taken over",
           Effect::act, [](Options& o, const std::string&) { o.action = Action::make_way; }},
    Option{"fence", Argument::none, "", "install the fence of the configured gateways, shut, and exit", Effect::act,
           [](Options& o, const std::string&) { o.action = Action::fence; }},
    Option{"unfence", Argument::none, "", "remove the fence and exit", Effect::act,
           [](Options& o, const std::string&) { o.action = Action::unfence; }},
    Option{"sweep", Argument::none, "", "remove what a daemon that died left in the kernel, and exit", Effect::act,
           [](Options& o, const std::string&) { o.action = Action::sweep; }},
    Option{"all-config,e", Argument::none, "", "every problem with an include is fatal", Effect::act,
           [](Options& o, const std::string&) { o.all_includes_fatal = true; }},
    Option{"ignore-sigint", Argument::none, "", "Ctrl-C does not stop it", Effect::act,
           [](Options& o, const std::string&) { o.ignore_interrupt = true; }},
    Option{"signum", Argument::required, "NAME", "print the number of signal STOP, RELOAD, DATA, STATS, ...",
           Effect::act,
           [](Options& o, const std::string& v) {
               o.action = Action::signum;
               o.signal_name = v;
           }},
    Option{"vrrp,P", Argument::none, "", "only VRRP (there is nothing else here)", Effect::nothing_to_do},
    Option{"version,v", Argument::none, "", "print the version and exit", Effect::act,
           [](Options& o, const std::string&) { o.action = Action::version; }},
    Option{"help,h", Argument::none, "", "print this text and exit", Effect::act,
           [](Options& o, const std::string&) { o.action = Action::help; }},
};

constexpr char no_snmp[] = "there is no SNMP agent here; vrrpctl status and the dumps tell the same";

// Of our own, yet nobody's to type.
constexpr std::array internal_options{
    Option{"aside", Argument::none, "", "", Effect::act, [](Options& o, const std::string&) { o.aside = true; }},
    Option{"handoff-from", Argument::required, "N", "", Effect::act,
           [](Options& o, const std::string& v) { o.predecessor = std::atoi(v.c_str()); }},
};

constexpr std::array foreign_options{
    Option{"no_bfd,B", Argument::none, "", "", Effect::nothing_to_do},
    Option{"all", Argument::none, "", "", Effect::nothing_to_do},             // there is one kind of process
    Option{"flush-log-file", Argument::none, "", "", Effect::nothing_to_do},  // every line is written at once
    Option{"release-vips,X", Argument::none, "", "", Effect::nothing_to_do},
    Option{"dont-release-ipvs,I", Argument::none, "", "", Effect::nothing_to_do},
    Option{"checkers_pid,c", Argument::required, "FILE", "no process checks servers here: there is no such file",
           Effect::noted},
    Option{"bfd_pid,b", Argument::required, "FILE", "BFD has no process of its own here: there is no such file",
           Effect::noted},
    Option{"snmp,x", Argument::none, "", no_snmp, Effect::noted},
    Option{"snmp-agent-socket,A", Argument::required, "ADDRESS", no_snmp, Effect::noted},
    Option{"core-dump-pattern,M", Argument::optional, "PATTERN", "", Effect::act, set_core_pattern},
    Option{"check,C", Argument::none, "", "there are no health checkers here", Effect::refused},
    Option{"genhash,T", Argument::none, "", "there is no hash helper here", Effect::refused},
    Option{"config-fd", Argument::required, "N", "it is keepalived's own", Effect::refused},
};

void add_to(po::options_description& description, std::span<const Option> options) {
    for (const auto& option : options) {
        if (option.argument == Argument::none) {
            description.add_options()(option.name, option.help);
            continue;
        }
        auto* const value = po::value<std::string>()->value_name(option.value);
        if (option.argument == Argument::optional) value->implicit_value("", "");
        description.add_options()(option.name, value, option.help);
    }
}

// "use-file" of "use-file,f": the name under which Program_options reports it.
std::string_view long_name(const Option& option) {
    const std::string_view name = option.name;
    return name.substr(0, name.find(','));
}

const Option& find(std::string_view reported) {
    const auto named = [&](const Option& option) { return long_name(option) == reported; };
    const auto* const own = std::find_if(own_options.begin(), own_options.end(), named);
    if (own != own_options.end()) return *own;
    const auto* const internal = std::find_if(internal_options.begin(), internal_options.end(), named);
    if (internal != internal_options.end()) return *internal;
    return *std::find_if(foreign_options.begin(), foreign_options.end(), named);
}

void remark_on_word(const std::string& word, Options& into) {
    into.remarks.push_back(fmt::format("unexpected word: {}", word));
}

void take(const po::option& given, CommandLine& into) {
    auto& options = into.options;
    if (given.string_key.empty()) {  // a word that belongs to no option
        for (const auto& word : given.value) remark_on_word(word, options);
        return;
    }
    const Option& option = find(given.string_key);
    std::string value = given.value.empty() ? std::string() : given.value.front();
    // Program_options gives an option with an optional argument the next word too; getopt does not.
    if (option.argument == Argument::optional && given.original_tokens.size() > 1) {
        remark_on_word(value, options);
        value.clear();
    }
    // Of options that stick together only one has the token.
    const auto spelled = given.original_tokens.empty() ? "--" + given.string_key : given.original_tokens.front();
    // "-t=FILE" in the help text's spelling; getopt would take the sign for a part of the name.
    const bool is_short = spelled.rfind("--", 0) != 0;
    if (option.argument == Argument::optional && is_short && value.rfind('=', 0) == 0) value.erase(0, 1);
    switch (option.effect) {
        case Effect::act:
            option.apply(options, value);
            break;
        case Effect::nothing_to_do:
            break;
        case Effect::noted:
            options.remarks.push_back(fmt::format("option {}: {}", spelled, option.help));
            break;
        case Effect::refused:
            into.error = fmt::format("option {} is refused: {}", spelled, option.help);
            break;
    }
}

Options defaults(const std::string& called_as) {
    Options options;
    options.as_keepalived = called_as.substr(called_as.rfind('/') + 1) == "keepalived";
    options.config_file = default_paths(options.as_keepalived).configuration;
    if (options.as_keepalived) {
        options.pid_file = default_paths(true).pid;
        options.engine_pid_file = default_paths(true).engine_pid;
    }
    return options;
}

constexpr char like_keepalived[] = "2.2.7";

const char* program(const Options& options) { return options.as_keepalived ? "keepalived" : "vrrpd"; }

// `left`, and beside it the text, in lines of at most 80 columns.
void append_wrapped(std::string& to, const std::string& left, std::string_view text) {
    constexpr std::size_t column = 30, width = 80 - column;
    to += fmt::format("{:<{}}", left, column);
    while (text.size() > width) {
        const auto space = text.rfind(' ', width);
        to += fmt::format("{}\n{:{}}", text.substr(0, space), "", column);
        text.remove_prefix(space + 1);
    }
    to += fmt::format("{}\n", text);
}

}  // namespace

DefaultPaths default_paths(bool as_keepalived) {
    if (as_keepalived) return {"/etc/keepalived/keepalived.conf", "/run/keepalived.pid", "/run/vrrp.pid"};
    return {"/etc/vrrpd/vrrpd.conf", "/run/vrrpd/vrrpd.pid", "/run/vrrpd/engine.pid"};
}

CommandLine parse_command_line(const std::vector<std::string>& words) {
    CommandLine result{defaults(words.at(0)), {}};
    po::options_description known;
    add_to(known, own_options);
    add_to(known, internal_options);
    add_to(known, foreign_options);
    using namespace po::command_line_style;
    const int style = allow_long | allow_short | allow_dash_for_short | allow_sticky | allow_guessing |
                      long_allow_adjacent | long_allow_next | short_allow_adjacent | short_allow_next;
    try {
        const std::vector<std::string> arguments(words.begin() + 1, words.end());
        const auto parsed = po::command_line_parser(arguments).options(known).style(style).run();
        for (const auto& given : parsed.options) take(given, result);
    } catch (const po::error& error) {
        result.error = error.what();
    }
    auto& options = result.options;
    if (options.pid_file.empty()) options.pid_file = options.runtime_dir + "/vrrpd.pid";
    if (options.engine_pid_file.empty()) options.engine_pid_file = options.runtime_dir + "/engine.pid";
    return result;
}

std::string usage(const Options& options) {
    std::string text = fmt::format(
        "Usage: {} [OPTION...]\n"
        "Router failover: VRRP, virtual addresses and NAT move to the next router.\n"
        "Reads keepalived's files.\n\n",
        program(options));
    for (const auto& option : own_options) {
        const std::string_view name = option.name;
        const auto comma = name.find(',');
        std::string left = comma == name.npos ? "      " : fmt::format("  -{}, ", name.substr(comma + 1));
        left += fmt::format("--{}", long_name(option));
        if (option.argument == Argument::required) left += fmt::format(" {}", option.value);
        if (option.argument == Argument::optional) left += fmt::format("[={}]", option.value);
        append_wrapped(text, left, option.help);
    }
    text += "\nkeepalived's other options are known and named in the log.\n";
    text += fmt::format(
        "\nThe configuration is {}. First steps, as root:\n"
        "  {} -t                 is the file right?\n"
        "  {} -n -l --observe    what would it do?\n"
        "  {} -n -l              do it, in the foreground\n"
        "Manual: vrrpd(8).\n",
        options.config_file, program(options), program(options), program(options));
    return text;
}

std::string version_text(const Options& options) {
    // Scripts and exporters ask by the second word what this keepalived can do: it does what that one does.
    const auto first = options.as_keepalived ? fmt::format("Keepalived v{} (vrrpd {})", like_keepalived, VRRPD_VERSION)
                                             : fmt::format("vrrpd v{}", VRRPD_VERSION);
    // Exporters look for --enable-json before they ask for JSON by signal: what of keepalived's options is done here.
    const auto* const like_built = options.as_keepalived
                                       ? "\nconfigure options: --enable-json --enable-bfd\n"
                                         "\nConfig options:  VRRP VRRP_AUTH VRRP_VMAC JSON BFD OLD_CHKSUM_COMPAT\n"
                                       : "";
    return first +
           "\n\nvrrpd: router failover for Linux, GPL-2.0-or-later.\n"
           "Speaks keepalived's VRRP (RFC 9568, 3768) and reads its configuration.\n" +
           like_built;
}

std::optional<int> signal_number(const std::string& name) {
    for (const auto& signal : named_signals())
        if (signal.name == name) return signal.number;
    return std::nullopt;
}

}  // namespace vrrpd::supervisor
