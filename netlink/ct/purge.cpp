// The whole table is read once and what matches is deleted, entry by entry, while it is read: nothing is collected,
// however large the table is. The kernel could filter by itself (CTA_FILTER, Linux 5.8), but for one address in one
// place of the tuple at a time: a walk through the table for each.
#include "netlink/ct/purge.hpp"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "netlink/kernel.hpp"
#include "netlink/message.hpp"
#include "netlink/socket.hpp"

namespace netlink::ct {

namespace {

using vrrpd::IpAddress;
using vrrpd::OsError;

constexpr int message_type(int operation) { return NFNL_SUBSYS_CTNETLINK << 8 | operation; }
constexpr int receive_buffer = 256 << 10;  // the answers to a batch of deletions

// EPROTONOSUPPORT: no netfilter sockets; EINVAL: they know nothing of connections (the module is not there).
bool means_no_tracking(int code) {
    return code == EPROTONOSUPPORT || code == EINVAL || code == EOPNOTSUPP || code == ENOENT;
}

class Purge {
public:
    Purge(Socket& socket, std::span<const IpAddress> addresses)
        : socket_(socket), addresses_(addresses.begin(), addresses.end()) {
        std::sort(addresses_.begin(), addresses_.end());
    }

    // One entry of the table.
    void see(const nlmsghdr& entry) {
        const auto* fixed = fixed_header<nfgenmsg>(entry);
        const auto attributes = fixed ? Attributes::of(entry, sizeof *fixed) : std::nullopt;
        if (!attributes) return;
        if (!concerns(*attributes, CTA_TUPLE_ORIG) && !concerns(*attributes, CTA_TUPLE_REPLY)) return;
        deletions_.push_back(deletion(*fixed, *attributes));
        if (deletions_.size() == requests_in_flight) carry_out();
    }

    [[nodiscard]] Result<std::size_t> finish() {
        if (!deletions_.empty()) carry_out();
        if (failure_) return tl::unexpected(*failure_);
        return removed_;
    }

private:
    [[nodiscard]] bool concerns(const Attributes& entry, int tuple) const {
        const auto ends = entry.nested(tuple).nested(CTA_TUPLE_IP);
        constexpr int places[] = {CTA_IP_V4_SRC, CTA_IP_V4_DST, CTA_IP_V6_SRC, CTA_IP_V6_DST};
        return std::any_of(std::begin(places), std::end(places), [&](int place) {
            const auto address = ends.address(place);
            return address && std::binary_search(addresses_.begin(), addresses_.end(), *address);
        });
    }

    // Of this very entry: another one of the same ends that came meanwhile has another id.
    static Message deletion(const nfgenmsg& fixed, const Attributes& entry) {
        constexpr int names[] = {CTA_TUPLE_ORIG, CTA_ZONE, CTA_ID};
        std::size_t room = sizeof fixed;
        for (const int name : names) room += NLMSG_ALIGN(NLA_HDRLEN + entry.bytes(name).size());
        Message message(message_type(IPCTNL_MSG_CT_DELETE), NLM_F_REQUEST | NLM_F_ACK, room);
        message.header(nfgenmsg{fixed.nfgen_family, NFNETLINK_V0, 0});
        for (const int name : names)
            if (entry.has(name)) message.bytes(name == CTA_TUPLE_ORIG ? name | NLA_F_NESTED : name, entry.bytes(name));
        return message;
    }

    void carry_out() {
        const auto acks = socket_.send(deletions_);
        deletions_.clear();
        if (!acks) {
            failure_ = acks.error();
            return;
        }
        for (const auto& ack : *acks) {
            if (ack && ack->code == 0) ++removed_;
            if (ack && ack->code != 0 && ack->code != ENOENT)  // ENOENT: it ended by itself
                failure_ = OsError{ack->code, "forget a connection"};
        }
    }

    Socket& socket_;
    std::vector<IpAddress> addresses_;  // sorted
    std::vector<Message> deletions_;
    std::size_t removed_ = 0;
    std::optional<OsError> failure_;
};

}  // namespace

Result<std::size_t> purge(std::span<const IpAddress> addresses) {
    auto table = Socket::open(NETLINK_NETFILTER, receive_buffer);
    if (!table && means_no_tracking(table.error().code)) return 0;
    if (!table) return tl::unexpected(table.error());
    auto deletions = Socket::open(NETLINK_NETFILTER, receive_buffer);
    if (!deletions) return tl::unexpected(deletions.error());

    Purge purge(*deletions, addresses);
    Message question(message_type(IPCTNL_MSG_CT_GET), NLM_F_REQUEST | NLM_F_DUMP, sizeof(nfgenmsg));
    question.header(nfgenmsg{AF_UNSPEC, NFNETLINK_V0, 0});
    const auto read = table->ask(question, "read the connections", [&](const nlmsghdr& entry) { purge.see(entry); });
    if (!read && !means_no_tracking(read.error().code)) return tl::unexpected(read.error());
    return purge.finish();
}

}  // namespace netlink::ct
