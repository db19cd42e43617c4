#include "netns-tests/lab/service_manager.hpp"

#include <fmt/format.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "netns-tests/lab/janitor.hpp"
#include "netns-tests/lab/wait.hpp"

namespace lab {

namespace fs = std::filesystem;

namespace {

constexpr char systemd[] = "/lib/systemd/systemd";

// Where cgroups of version 2 are, alone or beside those of version 1. Empty: nowhere.
std::string cgroup_root() {
    constexpr long of_version_2 = 0x63677270;
    for (const char* const path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        struct statfs seen {};
        if (statfs(path, &seen) == 0 && static_cast<long>(seen.f_type) == of_version_2) return path;
    }
    return {};
}

// From below: one that has others in it cannot be removed.
void remove_cgroup(const fs::path& path) {
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(path, gone))
        if (entry.is_directory(gone)) remove_cgroup(entry.path());
    wait_until([&] { return rmdir(path.c_str()) == 0 || errno != EBUSY; }, std::chrono::seconds(5));
}

}  // namespace

void remove_cgroups(const std::string& prefix) {
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(cgroup_root(), gone))
        if (entry.path().filename().string().starts_with(prefix)) remove_cgroup(entry.path());
}

std::string ServiceManager::missing() {
    if (access(systemd, X_OK) != 0) return "systemd is not installed";
    if (cgroup_root().empty()) return "there are no cgroups of version 2";
    const auto trial = fmt::format("{}/{}trial", cgroup_root(), name_prefix());
    std::error_code error;
    if (!fs::create_directory(trial, error)) return "no cgroup can be made: " + error.message();
    remove_cgroup(trial);
    return {};
}

ServiceManager::ServiceManager(Host& host)
    : cgroup_(fmt::format("{}/{}{}", cgroup_root(), name_prefix(), host.name())) {
    const auto place = fmt::format("{}/{}", directory(), host.name());
    fs::create_directories(place + ".root");
    fs::create_directory(cgroup_);
    process_ = Process({LAB_BOOT_SYSTEMD, cgroup_, LAB_BUILD_DIR, place + ".root", host.name()}, host.netns().fd(),
                       place + ".log");
    wait_until([&] { return (pid_ = descendant(process_.pid(), "systemd")) != 0 || !process_.running(); });
    const auto is_up = [&] {
        const auto state = pid_ != 0 ? run({"systemctl", "is-system-running"}).text : "";
        return state == "running\n" || state == "degraded\n";
    };
    if (!wait_until(is_up)) give_up("systemd does not start:\n" + content_of(place + ".log"));
    must({"systemd-sysusers"});
}

ServiceManager::~ServiceManager() {
    process_.kill_all();
    remove_cgroup(cgroup_);
}

Output ServiceManager::run(const Arguments& arguments, std::string_view input) const {
    Arguments words{"nsenter", "--target", std::to_string(pid_), "--all", "--"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return lab::run(words, -1, input);
}

std::string ServiceManager::must(const Arguments& arguments, std::string_view input) const {
    auto output = run(arguments, input);
    if (!output.ok()) give_up(fmt::format("`{}` in a service manager's machine: {}", arguments.front(), output.text));
    return std::move(output.text);
}

void ServiceManager::write(const std::string& path, std::string_view text) const {
    must({"sh", "-c", "mkdir -p \"${0%/*}\" && cat >\"$0\"", path}, text);
}

std::string ServiceManager::property(const std::string& unit, const std::string& name) const {
    auto text = must({"systemctl", "show", "--value", "--property", name, unit});
    if (!text.empty()) text.pop_back();
    return text;
}

std::string ServiceManager::journal() const {
    return run({"journalctl", "--no-pager", "--output=short-monotonic"}).text;
}

bool ServiceManager::await_journal(std::string_view text) const {
    return wait_until([&] { return journal().find(text) != std::string::npos; });
}

std::string ServiceManager::processes() const { return run({"ps", "-e", "-o", "pid=,comm=,cgroup="}).text; }

}  // namespace lab
