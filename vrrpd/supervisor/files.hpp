// Small files of the supervisor: written so that a reader (or a crash) sees the old or the new content,
// never a part.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "vrrpd/base/result.hpp"

namespace vrrpd::supervisor {

// Temporary name, fsync, rename: replaces whatever has the name, and follows no link.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view text, mode_t mode = 0644);
// At its end; made if it is missing (0600).
[[nodiscard]] Result<void> append_to_file(const std::string& path, std::string_view text);
// Makes the directory (0750) if it is missing; an error if nothing can be written there.
[[nodiscard]] Result<void> ensure_directory(const std::string& path);
// The directories above that are missing (0755, whatever the umask says). What goes wrong shows when the path is used.
void make_parents(const std::string& path);
// nullopt: not there, or not readable.
[[nodiscard]] std::optional<std::string> read_file(const std::string& path);

// A file with this process's or another's number, removed with the object; so is a directory that was made for it.
class PidFile {
public:
    explicit PidFile(std::string path) : path_(std::move(path)) {}
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;
    ~PidFile();
    [[nodiscard]] Result<void> write(pid_t pid);
    void let_go() { written_.clear(); }  // it is a successor's now

private:
    std::string path_;
    std::string directory_;  // that was made for it
    std::string written_;    // its content; empty: none of ours
};

}  // namespace vrrpd::supervisor
