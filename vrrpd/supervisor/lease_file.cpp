#include "vrrpd/supervisor/lease_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "dhcpsync/core/lease_text.hpp"
#include "dhcpsync/dnsmasq_files.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/write_all.hpp"
#include "vrrpd/ipc/channel.hpp"
#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr mode_t usual_mode = 0644, permissions = 0777;

// Why this is not the file of our DHCP server; empty: it is.
std::string distrust(const DhcpServer& server, const std::string& path) {
    const auto& dnsmasq = server.dnsmasq;
    if (!dnsmasq.lease_file.empty())
        return path == dnsmasq.lease_file
                   ? std::string()
                   : fmt::format("{} is not the lease_file of dhcp_sync ({})", path, dnsmasq.lease_file);
    const auto found = dhcpsync::find_dnsmasq({dnsmasq.configuration, {}, server.networks, {}});
    if (path == found.lease_file) return {};
    return fmt::format("{} is not the lease file that is found here ({}): write lease_file and its path", path,
                       found.lease_file.empty() ? "none" : found.lease_file);
}

// ... why this is nothing that dnsmasq could read back.
std::string faults_in(const std::string& leases) {
    // Of which kind its times are makes no difference to whether they can be read.
    const auto read = dhcpsync::read_leases(leases, {dhcpsync::ExpiryField::until, {}});
    if (read.faults.total() == 0) return {};
    const auto& first = read.faults.named.front();
    return fmt::format("{} lines are no leases, the first one is {}: {}", read.faults.total(), first.line,
                       dhcpsync::describe(first.fault));
}

// In an open directory: no link that somebody puts there leads elsewhere.
class Replacement {
public:
    Replacement(int directory, std::string name)
        : directory_(directory), name_(std::move(name)), temporary_(name_ + ".vrrpd-new") {}

    // As the file that it replaces: dnsmasq may have to write it under its own user.
    [[nodiscard]] bool write(std::string_view text, const struct stat& old) {
        unlinkat(directory_, temporary_.c_str(), 0);  // of a crash
        const Fd file(
            openat(directory_, temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        return file && write_all(file.get(), text) && fchmod(file.get(), old.st_mode & permissions) == 0 &&
               fchown(file.get(), old.st_uid, old.st_gid) == 0 && fsync(file.get()) == 0;
    }
    // A dnsmasq that runs goes on writing to the file that loses its name here, which harms nobody; so it is restarted
    // after this, and not stopped before.
    [[nodiscard]] bool rename() {
        return renameat(directory_, temporary_.c_str(), directory_, name_.c_str()) == 0 && fsync(directory_) == 0;
    }
    void give_up() { unlinkat(directory_, temporary_.c_str(), 0); }

private:
    int directory_;
    std::string name_, temporary_;
};

std::string replace(const std::string& path, std::string_view text) {
    const auto slash = path.rfind('/');
    const auto failed = [&] { return fmt::format("write {}: {}", path, std::strerror(errno)); };
    if (slash == path.npos || slash + 1 == path.size()) return path + " is not the full path of a file";
    const Fd directory(open(path.substr(0, slash + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return failed();
    const auto name = path.substr(slash + 1);
    struct stat old {};
    old.st_mode = S_IFREG | usual_mode;  // where dnsmasq never ran
    old.st_uid = geteuid();
    old.st_gid = getegid();
    if (fstatat(directory.get(), name.c_str(), &old, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT) return failed();
    if (!S_ISREG(old.st_mode)) return path + " is not a regular file";
    Replacement replacement(directory.get(), name);
    if (replacement.write(text, old) && replacement.rename()) return {};
    auto problem = failed();
    replacement.give_up();
    return problem;
}

}  // namespace

std::string replace_lease_file(const DhcpServer& server, const std::string& path, int leases) {
    if (auto problem = distrust(server, path); !problem.empty()) return problem;
    const auto text = ipc::unseal(leases, largest_lease_file);
    if (!text) return text.error().describe();
    if (auto problem = faults_in(*text); !problem.empty()) return problem;
    return replace(path, *text);
}

}  // namespace vrrpd::supervisor
