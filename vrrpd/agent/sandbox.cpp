#include "vrrpd/agent/sandbox.hpp"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>

namespace vrrpd::agent {

namespace {

// By name, as some exist on some architectures only.
constexpr std::array allowed{
    // memory, threads, signals
    "brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "futex", "set_robust_list", "get_robust_list", "rseq",
    "set_tid_address", "sched_yield", "sched_getaffinity", "getcpu", "membarrier", "restart_syscall", "exit",
    "exit_group", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait", "sigaltstack",
    "tgkill",
    // who and where we are
    "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups",
    "getrlimit", "prlimit64", "getrusage", "uname", "sysinfo", "getrandom", "getcwd", "capget",
    // time
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "timerfd_create",
    "timerfd_settime", "timerfd_gettime",
    // descriptors
    "read", "pread64", "readv", "preadv", "write", "pwrite64", "writev", "close", "close_range", "dup", "dup2", "dup3",
    "fcntl", "lseek", "pipe2", "eventfd2", "memfd_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "epoll_pwait2", "poll", "ppoll", "select", "pselect6", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
    // files: looking; and changing what is open for it. Names are changed below our own directory alone, by the rights
    // of the user.
    "stat", "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2",
    "readlink", "readlinkat", "getdents64", "ftruncate", "fallocate", "fsync", "fdatasync", "flock", "fchmod",
    "fadvise64", "renameat", "renameat2", "unlinkat", "mkdirat",
    // sockets; which kinds, below
    "socketpair", "bind", "listen", "accept", "accept4", "connect", "shutdown", "getsockname", "getpeername",
    "getsockopt", "setsockopt", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg"};

using Filter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

class Rules {
public:
    explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}

    // A call that this architecture does not have needs no rule.
    void allow(const char* name, std::initializer_list<scmp_arg_cmp> when = {}) { add(SCMP_ACT_ALLOW, name, when); }
    void refuse(const char* name, std::uint16_t code) { add(SCMP_ACT_ERRNO(code), name, {}); }
    [[nodiscard]] int error() const { return error_; }

private:
    void add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> when) {
        const int number = seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR || error_ != 0) return;
        error_ = -seccomp_rule_add_array(filter_, action, number, static_cast<unsigned>(when.size()), when.begin());
    }

    scmp_filter_ctx filter_;
    int error_ = 0;
};

// An argument of 32 bits; the kernel looks at no more.
scmp_arg_cmp is(unsigned argument, std::uint64_t value) {
    return {argument, SCMP_CMP_MASKED_EQ, 0xffffffffU, value & 0xffffffffU};
}
scmp_arg_cmp has_none_of(unsigned argument, std::uint64_t bits) { return {argument, SCMP_CMP_MASKED_EQ, bits, 0}; }

void allow_opening(Rules& rules) {
    constexpr std::uint64_t writes = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
    rules.allow("open", {has_none_of(1, writes)});
    rules.allow("openat", {has_none_of(2, writes)});
    // Below an open directory; AT_FDCWD is negative.
    rules.allow("openat", {has_none_of(0, 1U << 31)});
    rules.refuse("openat2", ENOSYS);  // its flags lie in memory: libraries then use openat
}

void allow_what_depends(Rules& rules) {
    for (const int family : {AF_UNIX, AF_INET, AF_INET6})
        rules.allow("socket", {is(0, static_cast<std::uint64_t>(family))});
    // Threads, and no processes. clone3's flags lie in memory: the C library then uses clone.
    rules.refuse("clone3", ENOSYS);
    rules.allow("clone", {{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD}});
    for (const auto what : {PR_SET_NAME, PR_GET_NAME}) rules.allow("prctl", {is(0, static_cast<std::uint64_t>(what))});
    for (const int what : {FIONBIO, FIONREAD, TCGETS}) rules.allow("ioctl", {is(1, static_cast<std::uint64_t>(what))});
}

}  // namespace

Result<void> enter_sandbox() {
    const auto failed = [](int code) { return fail(code, "restrict the agent's system calls"); };
    const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)), seccomp_release);
    if (!filter) return failed(ENOMEM);
    // A kernel too old to log, or to take all threads at once, refuses these; the filter is as good.
    (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_LOG, 1);
    (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
    (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);  // many calls: a tree, not a list
    Rules rules(filter.get());
    for (const auto* const name : allowed) rules.allow(name);
    allow_opening(rules);
    allow_what_depends(rules);
    if (rules.error() != 0) return failed(rules.error());
    if (const int code = seccomp_load(filter.get()); code != 0) return failed(-code);
    return {};
}

}  // namespace vrrpd::agent
