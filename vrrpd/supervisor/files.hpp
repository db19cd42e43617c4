// Small files of the supervisor: written so that a reader (or a crash) sees the old or the new content,
// never a part.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "vrrpd/base/result.hpp"

namespace vrrpd::supervisor {

// Temporary name, fsync, rename: replaces a symbolic link instead of following it.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view text, mode_t mode = 0644);
// Makes the directory (0750) if it is missing; an error if nothing can be written there.
[[nodiscard]] Result<void> ensure_directory(const std::string& path);
// nullopt: not there, or not readable.
[[nodiscard]] std::optional<std::string> read_file(const std::string& path);

// A file with this process's or another's number, removed with the object.
class PidFile {
public:
    explicit PidFile(std::string path) : path_(std::move(path)) {}
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;
    ~PidFile();
    [[nodiscard]] Result<void> write(pid_t pid);

private:
    std::string path_;
    bool written_ = false;
};

}  // namespace vrrpd::supervisor
