// The real FileSource: the only file of vrrpd/config with system calls. Never blocks on what it is given: a
// FIFO, a device, a directory or a huge file is refused after fstat.
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/config/parse.hpp"

namespace vrrpd::config {
namespace {

constexpr off_t largest_file = off_t{16} << 20;

const char* kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

// What fstat says against reading it. The what alone is the message: code 0.
Result<void> acceptable(const struct stat& status, const std::string& path) {
    if (!S_ISREG(status.st_mode)) return fail(0, path + " is " + kind_of(status.st_mode) + ", not a file");
    if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0) {
        return fail(0, path + " is executable, a configuration must not be: chmod a-x it");
    }
    if (status.st_size > largest_file) return fail(0, path + " is larger than 16 MiB");
    return {};
}

class RealFiles final : public FileSource {
public:
    std::vector<std::string> glob(const std::string& pattern, const std::string& directory) override {
        const bool absolute = !pattern.empty() && (pattern[0] == '/' || pattern.rfind("{/", 0) == 0);
        const auto whole = absolute || directory == "." ? pattern : directory + "/" + pattern;
        glob_t found{};
        std::vector<std::string> paths;
        if (::glob(whole.c_str(), GLOB_BRACE, nullptr, &found) == 0) {
            paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
        }
        ::globfree(&found);
        return paths;
    }

    Result<std::string> read(const std::string& path) override {
        struct stat status {};
        return read(path, status);
    }

    Result<KeyFile> read_key(const std::string& path) override {
        struct stat status {};
        auto text = read(path, status);
        if (!text) return tl::unexpected(text.error());
        return KeyFile{std::move(*text), (status.st_mode & (S_IRGRP | S_IROTH)) != 0};
    }

    std::optional<std::string> environment(const std::string& name) override {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return value;
    }

private:
    static Result<std::string> read(const std::string& path, struct stat& status) {
        const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
        if (!fd) return fail(errno, "cannot read " + path);
        if (::fstat(fd.get(), &status) != 0) return fail(errno, "cannot read " + path);
        if (auto fits = acceptable(status, path); !fits) return tl::unexpected(fits.error());
        return read_all(fd.get(), path);
    }

    // A file may grow while it is read, and /proc files say size 0: the bound is held here again.
    static Result<std::string> read_all(int fd, const std::string& path) {
        std::string text;
        std::string block(65'536, '\0');
        while (true) {
            const auto count = ::read(fd, block.data(), block.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return fail(errno, "cannot read " + path);
            if (count == 0) return text;
            text.append(block, 0, static_cast<std::size_t>(count));
            if (text.size() > static_cast<std::size_t>(largest_file)) return fail(0, path + " is larger than 16 MiB");
        }
    }
};

}  // namespace

std::unique_ptr<FileSource> real_files() { return std::make_unique<RealFiles>(); }

}  // namespace vrrpd::config
