#include "vrrpd/agent/settings_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vrrpd/base/fd.hpp"

namespace vrrpd::agent {

namespace {
constexpr off_t size_max = 4 << 20;
}

std::optional<std::string> read_settings(const char* path) {
    const Fd file(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > size_max)
        return std::nullopt;
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    const auto got = read(file.get(), text.data(), text.size());
    if (got < 0) return std::nullopt;
    text.resize(static_cast<std::size_t>(got));
    return text;
}

std::optional<std::string> read_adguard(const std::string& root) {
    for (const auto* path : {"/var/lib/AdGuardHome/AdGuardHome.yaml", "/opt/AdGuardHome/AdGuardHome.yaml"})
        if (auto text = read_settings((root + path).c_str())) return text;
    return std::nullopt;
}

}  // namespace vrrpd::agent
