#include "vrrpd/supervisor/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/write_all.hpp"

namespace vrrpd::supervisor {

Result<void> write_file(const std::string& path, std::string_view text, mode_t mode) {
    const auto what = [&] { return fmt::format("write {}", path); };
    const std::string temporary = path + ".new";
    // Never what is there already: in /tmp, where keepalived's dumps lie, it may be anybody's file, link or FIFO.
    unlink(temporary.c_str());
    const Fd file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return fail(errno, what());
    // fchmod: whatever the umask says.
    const bool written = fchmod(file.get(), mode) == 0 && write_all(file.get(), text) && fsync(file.get()) == 0;
    if (!written || rename(temporary.c_str(), path.c_str()) != 0) {
        const int code = errno;
        unlink(temporary.c_str());
        return fail(code, what());
    }
    return {};
}

Result<void> append_to_file(const std::string& path, std::string_view text) {
    const auto what = [&] { return fmt::format("append to {}", path); };
    const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
    struct stat status {};
    if (!file || fstat(file.get(), &status) != 0) return fail(errno, what());
    // Somebody may have laid it there, to read along or to have us write into what it is a name of.
    const bool is_strange = status.st_uid != geteuid() && status.st_uid != 0;
    if (S_ISREG(status.st_mode) && (is_strange || status.st_nlink > 1)) return fail(EPERM, what());
    if (!write_all(file.get(), text)) return fail(errno, what());
    return {};
}

Result<void> ensure_directory(const std::string& path) {
    constexpr mode_t mode = 0750;
    if (mkdir(path.c_str(), mode) == 0) chmod(path.c_str(), mode);  // whatever the umask says
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return fail(errno, fmt::format("use the directory {}", path));
    if (!S_ISDIR(status.st_mode)) return fail(ENOTDIR, fmt::format("use the directory {}", path));
    if (access(path.c_str(), W_OK | X_OK) != 0) return fail(errno, fmt::format("write into the directory {}", path));
    return {};
}

void make_parents(const std::string& path) {
    constexpr mode_t mode = 0755;
    for (auto slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
        const auto parent = path.substr(0, slash);
        if (mkdir(parent.c_str(), mode) == 0) chmod(parent.c_str(), mode);
    }
}

std::optional<std::string> read_file(const std::string& path) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    std::string text;
    std::array<char, 4096> part{};
    ssize_t got = 0;
    while ((got = read(file.get(), part.data(), part.size())) > 0)
        text.append(part.data(), static_cast<std::size_t>(got));
    if (got < 0) return std::nullopt;
    return text;
}

Result<void> PidFile::write(pid_t pid) {
    const auto parent = path_.substr(0, path_.rfind('/'));
    if (access(parent.c_str(), F_OK) != 0 && parent != path_) {
        make_parents(path_);
        directory_ = parent;
    }
    const auto text = fmt::format("{}\n", pid);
    auto result = write_file(path_, text);
    if (result) written_ = text;
    return result;
}

PidFile::~PidFile() {
    if (written_.empty() || read_file(path_) != written_) return;  // another daemon's, perhaps
    unlink(path_.c_str());
    if (!directory_.empty()) rmdir(directory_.c_str());  // unless others are in it
}

}  // namespace vrrpd::supervisor
