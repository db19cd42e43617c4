// Reports of the kernel on changed rules: every commit sends its objects, then NFT_MSG_NEWGEN with the process
// that made it. Our own commits are told by the netlink port they came from (the process id would be the
// thread's, and as another process-id namespace sees it).
#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netfilter/nf_tables.h>
#include <sys/socket.h>

#include <cerrno>

#include "netlink/nft/compile.hpp"
#include "netlink/nft/messages.hpp"
#include "netlink/nft/tables.hpp"
#include "vrrpd/base/fd.hpp"

namespace netlink::nft {

using vrrpd::fail;
using vrrpd::Fd;

namespace {

constexpr std::size_t receive_size = 65536;
constexpr int receive_room = 1 << 20;  // a foreign reload of thousands of rules, without loss
constexpr int datagrams_per_read = 64;
constexpr std::uint16_t table_attribute = 1;  // NFTA_TABLE_NAME, and NFTA_*_TABLE of everything in a table

bool is_text(const nlattr* attribute) { return mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0; }

bool names_our_table(const nlmsghdr* header) {
    bool ours = false;
    for_each_attribute(header, [&](const nlattr* attribute) {
        if (mnl_attr_get_type(attribute) != table_attribute || !is_text(attribute)) return;
        ours = is_our_table(mnl_attr_get_str(attribute));
    });
    return ours;
}

std::string changer(const nlmsghdr* header) {
    std::string name;
    std::uint32_t pid = 0;
    for_each_attribute(header, [&](const nlattr* attribute) {
        const auto type = mnl_attr_get_type(attribute);
        if (type == NFTA_GEN_PROC_NAME && is_text(attribute)) name = mnl_attr_get_str(attribute);
        if (type == NFTA_GEN_PROC_PID && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
            pid = ntohl(mnl_attr_get_u32(attribute));
    });
    return name.empty() ? "" : fmt::format("{} (pid {})", name, pid);
}

}  // namespace

class RulesetMonitor::Impl {
public:
    Impl(Fd fd, std::uint32_t ours) : fd_(std::move(fd)), ours_(ours) {}

    int fd() const { return fd_.get(); }

    Seen read() {
        Seen seen;
        named_ours_ = false;
        std::vector<std::uint8_t> buffer(receive_size);
        for (int count = 0; count < datagrams_per_read; ++count) {
            const auto size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (size < 0 && errno == EINTR) continue;
            if (size < 0) {
                seen.overrun = seen.overrun || errno == ENOBUFS;
                if (errno == ENOBUFS) continue;
                break;
            }
            for_each_message({buffer.data(), static_cast<std::size_t>(size)}, [&](const nlmsghdr* header) {
                note(header, seen);
                return true;
            });
        }
        return seen;
    }

private:
    void note(const nlmsghdr* header, Seen& seen) {
        if (ours_ != 0 && header->nlmsg_pid == ours_) return;
        if ((header->nlmsg_type >> 8) != NFNL_SUBSYS_NFTABLES) return;
        if ((header->nlmsg_type & 0xff) == NFT_MSG_NEWGEN) {
            // Several changers may be waiting; the one who touched our table is the one to name.
            if (!named_ours_) seen.by = changer(header);
            named_ours_ = seen.ours_touched;
            return;
        }
        if (names_our_table(header))
            seen.ours_touched = true;
        else
            seen.foreign_touched = true;
    }

    Fd fd_;
    std::uint32_t ours_;
    bool named_ours_ = false;  // Seen::by already names who touched our tables
};

RulesetMonitor::RulesetMonitor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RulesetMonitor::RulesetMonitor(RulesetMonitor&&) noexcept = default;
RulesetMonitor& RulesetMonitor::operator=(RulesetMonitor&&) noexcept = default;
RulesetMonitor::~RulesetMonitor() = default;

Result<RulesetMonitor> RulesetMonitor::open(std::uint32_t ours) {
    Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER));
    if (!fd) return fail(errno, "open a netfilter socket (nf_tables)");
    // Best effort: without the privilege an overrun is likelier, and is reported.
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_room, sizeof receive_room);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    constexpr int group = NFNLGRP_NFTABLES;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
        return fail(errno, "watch the rules of nf_tables");
    return RulesetMonitor(std::make_unique<Impl>(std::move(fd), ours));
}

int RulesetMonitor::fd() const { return impl_->fd(); }
RulesetMonitor::Seen RulesetMonitor::read() { return impl_->read(); }

}  // namespace netlink::nft
