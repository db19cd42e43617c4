#include "vrrpd/supervisor/names.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>

#include <cerrno>

#include "vrrpd/base/fd.hpp"

namespace vrrpd::supervisor {

std::string suffix(const Options& options, const config::ProcessSettings& settings) {
    const auto& space = options.net_namespace.empty() ? settings.net_namespace : options.net_namespace;
    std::string text;
    for (const auto* name : {&space, &settings.instance})
        if (!name->empty()) text += "_" + *name;
    return text;
}

void take_names(Options& options, const config::ProcessSettings& settings) {
    const auto usual = default_paths(options.as_keepalived);
    if (options.net_namespace.empty()) options.net_namespace = settings.net_namespace;
    options.instance = settings.instance;
    const auto tail = suffix(options, settings);
    if (tail.empty() && !settings.use_pid_dir) return;
    const auto name = tail.empty() ? std::string() : "/" + tail.substr(1);
    const bool usual_pid = options.pid_file == usual.pid, usual_engine = options.engine_pid_file == usual.engine_pid;
    if (options.runtime_dir == usual.runtime) options.runtime_dir += name;
    if (options.state_dir.empty() && !name.empty()) options.state_dir = default_state_dir + name;
    const auto inner = options.as_keepalived
                           ? "/run/keepalived" + (options.net_namespace.empty() ? "" : "/" + options.net_namespace)
                           : options.runtime_dir;
    const auto end = settings.instance.empty() || !options.as_keepalived ? ".pid" : "_" + settings.instance + ".pid";
    if (usual_pid) options.pid_file = inner + (options.as_keepalived ? "/keepalived" : "/vrrpd") + end;
    if (usual_engine) options.engine_pid_file = inner + (options.as_keepalived ? "/vrrp" : "/engine") + end;
}

namespace {

// "_parent" or "_bfd" before the extension: files of several processes have one name in the configuration.
std::string with_process(const std::string& path, std::string_view process) {
    const auto slash = path.rfind('/');
    const auto dot = path.rfind('.');
    const bool has_extension = dot != std::string::npos && (slash == std::string::npos || dot > slash);
    auto result = path;
    return result.insert(has_extension ? dot : path.size(), process);
}

}  // namespace

std::string dump_path(const std::string& directory, std::string_view name, const config::ProcessSettings& settings,
                      const std::string& suffix) {
    constexpr std::string_view usual = "keepalived";
    const auto dot = std::min(name.rfind('.'), name.size());
    const auto kind = name.substr(dot);
    const auto& given = kind == ".data"    ? settings.data_file
                        : kind == ".stats" ? settings.stats_file
                                           : settings.json_file;
    if (!given.empty()) return with_process(given, name.substr(usual.size(), dot - usual.size()));
    const bool tells = settings.dump_names_tell && kind == ".data" && !suffix.empty();
    return fmt::format("{}/{}{}{}", directory, name.substr(0, dot), tells ? '.' + suffix.substr(1) : "", kind);
}

bool same_names(const config::ProcessSettings& a, const config::ProcessSettings& b) {
    return a.instance == b.instance && a.net_namespace == b.net_namespace && a.use_pid_dir == b.use_pid_dir;
}

Result<void> enter_namespace(const std::string& name) {
    const Fd space(open(fmt::format("/run/netns/{}", name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!space || setns(space.get(), CLONE_NEWNET) != 0)
        return fail(errno, fmt::format("enter the network namespace {}", name));
    return {};
}

}  // namespace vrrpd::supervisor
