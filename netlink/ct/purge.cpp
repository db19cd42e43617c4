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
    Purge(Socket& socket, Which which) : socket_(socket), addresses_(std::move(which.addresses)), port_(which.port) {
        std::sort(addresses_.begin(), addresses_.end());
    }

    // One entry of the table.
    void see(const nlmsghdr& entry) {
        const auto* fixed = fixed_header<nfgenmsg>(entry);
        const auto attributes = fixed ? Attributes::of(entry, sizeof *fixed) : std::nullopt;
        if (!attributes) return;
        if (!(port_ ? opened_towards_port(*attributes) : has_an_end(*attributes))) return;
        deletions_.push_back(deletion(*fixed, *attributes));
        if (deletions_.size() == requests_in_flight) carry_out();
    }

    [[nodiscard]] Result<std::size_t> finish() {
        if (!deletions_.empty()) carry_out();
        if (failure_) return tl::unexpected(*failure_);
        return removed_;
    }

private:
    [[nodiscard]] bool is_at(const Attributes& entry, int tuple, std::initializer_list<ctattr_ip> places) const {
        const auto ends = entry.nested(tuple).nested(CTA_TUPLE_IP);
        return std::any_of(places.begin(), places.end(), [&](ctattr_ip place) {
            const auto address = ends.address(place);
            return address && std::binary_search(addresses_.begin(), addresses_.end(), *address);
        });
    }
    [[nodiscard]] bool has_an_end(const Attributes& entry) const {
        const auto anywhere = {CTA_IP_V4_SRC, CTA_IP_V4_DST, CTA_IP_V6_SRC, CTA_IP_V6_DST};
        return is_at(entry, CTA_TUPLE_ORIG, anywhere) || is_at(entry, CTA_TUPLE_REPLY, anywhere);
    }
    [[nodiscard]] bool opened_towards_port(const Attributes& entry) const {
        const auto port = entry.nested(CTA_TUPLE_ORIG).nested(CTA_TUPLE_PROTO).bytes(CTA_PROTO_DST_PORT);
        return port.size() == 2 && (port[0] << 8 | port[1]) == *port_ &&
               is_at(entry, CTA_TUPLE_ORIG, {CTA_IP_V4_DST, CTA_IP_V6_DST});
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
    std::optional<std::uint16_t> port_;
    std::vector<Message> deletions_;
    std::size_t removed_ = 0;
    std::optional<OsError> failure_;
};

}  // namespace

Result<std::size_t> purge(Which which) {
    auto table = Socket::open(NETLINK_NETFILTER, receive_buffer);
    if (!table && means_no_tracking(table.error().code)) return 0;
    if (!table) return tl::unexpected(table.error());
    auto deletions = Socket::open(NETLINK_NETFILTER, receive_buffer);
    if (!deletions) return tl::unexpected(deletions.error());

    Purge purge(*deletions, std::move(which));
    Message question(message_type(IPCTNL_MSG_CT_GET), NLM_F_REQUEST | NLM_F_DUMP, sizeof(nfgenmsg));
    question.header(nfgenmsg{AF_UNSPEC, NFNETLINK_V0, 0});
    const auto read = table->ask(question, "read the connections", [&](const nlmsghdr& entry) { purge.see(entry); });
    if (!read && !means_no_tracking(read.error().code)) return tl::unexpected(read.error());
    return purge.finish();
}

}  // namespace netlink::ct
