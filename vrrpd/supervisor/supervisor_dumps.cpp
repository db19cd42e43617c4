// The dumps that signals ask for: the engine makes them, and they are written here. See supervisor.hpp.
#include "vrrpd/supervisor/supervisor.hpp"

namespace vrrpd::supervisor {

void Supervisor::ask_for_dump(ipc::DumpForm form) {
    Fd scripts;
    if (form == ipc::DumpForm::data) {
        write_dump("keepalived_parent.data", dumped_globals_);
        const ipc::KnownScripts known{trackers_.script_states(), script_identities_};
        if (auto sealed = ipc::seal(ipc::encode(known), "scripts")) scripts = std::move(*sealed);
    }
    if (!engine_ || !engine_->channel.send(ipc::Kind::dump_wanted, {}, static_cast<std::uint8_t>(form), scripts.get()))
        services_.log.warning("{} is not written: the engine is not there, or is busy; ask again",
                              ipc::file_name(form));
}

void Supervisor::write_dump(const ipc::Message& message) {
    const auto form = static_cast<ipc::DumpForm>(message.detail);
    const auto name = ipc::file_name(form);
    if (name.empty()) return services_.log.error("the engine made a dump of no known form");
    auto text = ipc::unseal(message.memfd.get());
    if (text && form == ipc::DumpForm::data) text->insert(0, dumped_globals_);
    write_dump(name, text);
}

// For root alone unless the umask says otherwise, as keepalived's: it says much of the host.
void Supervisor::write_dump(std::string_view name, const Result<std::string>& text) {
    const mode_t mode = 0666 & ~umask_in_force();
    const auto path = dump_path(settings_.dump_directory, name, process_, settings_.suffix);
    const auto written = text ? write_file(path, *text, mode) : tl::unexpected(text.error());
    if (written)
        services_.log.info("{} is written", path);
    else
        services_.log.error("{}", written.error().describe());
}

}  // namespace vrrpd::supervisor
