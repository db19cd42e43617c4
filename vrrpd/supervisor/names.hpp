// What the daemon is called, and its files, where several run on one host: instance, net_namespace and use_pid_dir of a
// configuration, -s, and the name that it was started by. Pure but for enter_namespace().
#pragma once

#include <string>

#include "vrrpd/base/result.hpp"
#include "vrrpd/config/process_model.hpp"
#include "vrrpd/supervisor/options.hpp"

namespace vrrpd::supervisor {

// "_NAMESPACE_INSTANCE", or less: behind the name in the log.
[[nodiscard]] std::string suffix(const Options& options, const config::ProcessSettings& settings);

// The namespace of the command line wins. What stands at its default in `options` becomes the default of such a daemon.
void take_names(Options& options, const config::ProcessSettings& settings);

// "/tmp/keepalived.data" of a dump's own name, or what the configuration says instead. With data_use_instance
// "/tmp/keepalived.NAMESPACE_INSTANCE.data", but keepalived.stats and keepalived.json keep their names.
[[nodiscard]] std::string dump_path(const std::string& directory, std::string_view name,
                                    const config::ProcessSettings& settings, const std::string& suffix);

// Whether a reload could follow: the names are for life.
[[nodiscard]] bool same_names(const config::ProcessSettings& a, const config::ProcessSettings& b);

// This thread, and all that it starts, in /run/netns/NAME.
[[nodiscard]] Result<void> enter_namespace(const std::string& name);

}  // namespace vrrpd::supervisor
