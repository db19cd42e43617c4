#include "vrrpd/supervisor/core_dumps.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string_view>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/write_all.hpp"

namespace vrrpd::supervisor {

void limit_core_dumps(bool wanted) {
    // core(5): bit 4, ELF headers; no kind of memory. It counts for a program that the kernel pipes the core to as
    // well, which the limit does not. A kernel without core dumps has no such file.
    constexpr std::string_view headers_alone = "0x10";
    const Fd filter(open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC));
    const bool filtered = filter && write_all(filter.get(), headers_alone);
    rlimit limit{};
    if (getrlimit(RLIMIT_CORE, &limit) != 0) return;
    limit.rlim_cur = wanted && filtered ? limit.rlim_max : 0;
    if (wanted && filtered && geteuid() == 0) limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
    setrlimit(RLIMIT_CORE, &limit);
}

}  // namespace vrrpd::supervisor
