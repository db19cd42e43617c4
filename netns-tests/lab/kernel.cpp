#include "netns-tests/lab/kernel.hpp"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <bit>
#include <cerrno>
#include <cstddef>
#include <span>

namespace lab {

namespace {

constexpr auto system_call_number = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));

// The lower half of an argument of the system call: a filter loads 32 bits.
constexpr std::uint32_t argument(std::uint32_t index) {
    const auto lower = std::endian::native == std::endian::little ? 0u : 4u;
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + 8 * index + lower;
}

constexpr sock_filter load(std::uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
constexpr sock_filter skip_unless(std::uint32_t value, std::uint8_t instructions) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, instructions);
}
constexpr sock_filter refuse(std::uint32_t error) { return BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error); }
constexpr sock_filter allow() { return BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW); }

// socket(AF_NETLINK, any type, NETLINK_NETFILTER)
constexpr sock_filter without_nf_tables[] = {
    load(system_call_number), skip_unless(SYS_socket, 5),        load(argument(0)),       skip_unless(AF_NETLINK, 3),
    load(argument(2)),        skip_unless(NETLINK_NETFILTER, 1), refuse(EPROTONOSUPPORT), allow(),
};

// socket(AF_INET6, ...)
constexpr sock_filter without_ipv6[] = {
    load(system_call_number), skip_unless(SYS_socket, 3), load(argument(0)),
    skip_unless(AF_INET6, 1), refuse(EAFNOSUPPORT),       allow(),
};

bool install(std::span<const sock_filter> filter) {
    const sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

std::vector<std::string> on_kernel_without(Lacks feature) {
    const bool egress = feature == Lacks::netdev_egress;
    if (!egress && feature != Lacks::macvlan) return {};
    return {"env", "LD_PRELOAD=" LAB_OLDER_KERNEL,
            std::string("LAB_KERNEL_WITHOUT=") + (egress ? "netdev-egress" : "macvlan")};
}

bool take_away(Lacks feature) {
    switch (feature) {
        case Lacks::nothing:
        case Lacks::netdev_egress:
        case Lacks::macvlan:
            return true;
        case Lacks::nf_tables:
            return install(without_nf_tables);
        case Lacks::ipv6:
            return install(without_ipv6);
    }
    return false;
}

}  // namespace lab
