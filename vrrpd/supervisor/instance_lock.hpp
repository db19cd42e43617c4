// One daemon per network namespace and per runtime directory: a socket name in the abstract namespace,
// which the kernel keeps per network namespace, and a lock on RUNTIME/lock. Both go with the process.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "vrrpd/base/fd.hpp"

namespace vrrpd::supervisor {

class InstanceLock {
public:
    InstanceLock(Fd file, Fd socket, std::string purpose)
        : file_(std::move(file)), socket_(std::move(socket)), purpose_(std::move(purpose)) {}

    // For a successor: who has them has the lock.
    [[nodiscard]] int file() const { return file_.get(); }
    [[nodiscard]] int socket() const { return socket_.get(); }
    // It is this process's, and says so from now on. false: it could not (errno).
    [[nodiscard]] bool sign() const;

private:
    Fd file_, socket_;
    std::string purpose_;
};

struct LockAttempt {
    std::optional<InstanceLock> lock;
    pid_t holder = 0;     // who has it; 0: not known
    std::string problem;  // not empty: the lock could not be tried ("open /run/vrrpd/lock: ...")
    std::string remark;   // for the log, of one that was taken
};
// Makes the directory (0755) if it is missing. `instance`: of several in one network namespace. `purpose`: what this
// one is for, in a line; the lock says it.
[[nodiscard]] LockAttempt take_lock(const std::string& runtime_dir, const std::string& instance = {},
                                    const std::string& purpose = {});
// The daemon that has a lock for this purpose in this directory, or in one within it. 0: none.
[[nodiscard]] pid_t holder_for(const std::string& purpose, const std::string& directory);

}  // namespace vrrpd::supervisor
