#include "netlink/nft/connection.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>

#include "netlink/nft/messages.hpp"

namespace netlink::nft {

using vrrpd::fail;
using vrrpd::Fd;

namespace {

constexpr std::size_t receive_size = 65536;
constexpr int error_restart = 85;  // ERESTART: not in user space's errno.h everywhere

int error_of(const nlmsghdr* header) {
    if (header->nlmsg_len < mnl_nlmsg_size(sizeof(nlmsgerr))) return EBADMSG;
    return -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header))->error;
}

// What the number means here, where strerror misleads.
std::string explained(std::string what, int code) {
    switch (code) {
        case EOPNOTSUPP:
            return what + " (this kernel has no such nf_tables feature)";
        case EEXIST:
            return what + " (another object of that name stands there)";
        case error_restart:
            return what + " (others kept changing the rules meanwhile)";
        case EPERM:
            return what + " (needs CAP_NET_ADMIN, or the table is owned by another process)";
        default:
            return what;
    }
}

}  // namespace

Result<Connection> Connection::open(Patience patience) {
    Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    if (!fd) return fail(errno, "open a netfilter socket (nf_tables)");
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    socklen_t size = sizeof address;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return fail(errno, "bind a netfilter socket");
    return Connection(std::move(fd), address.nl_pid, std::move(patience));
}

Result<void> Connection::send(std::span<const std::uint8_t> bytes) {
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    const auto sent =
        ::sendto(fd_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
    if (sent < 0) return fail(errno, "send to nf_tables");
    return {};
}

void Connection::make_room(std::size_t size) {
    constexpr std::size_t slack = 4096;
    const int wanted = static_cast<int>(size + slack);
    int room = 0;
    socklen_t length = sizeof room;
    if (::getsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &room, &length) == 0 && room >= wanted) return;
    // Without the privilege the send says EMSGSIZE, which is then the error that is reported.
    (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted);
}

Result<Connection::Answer> Connection::ask_once(std::uint16_t type, std::uint16_t family, std::uint16_t flags,
                                                const Ask& ask) {
    std::vector<std::uint8_t> buffer(receive_size);
    const auto sequence = ++sequence_;
    auto* request = nftnl_nlmsg_build_hdr(reinterpret_cast<char*>(buffer.data()), type, family, flags, sequence);
    if (ask) ask(request);
    if (auto sent = send({buffer.data(), request->nlmsg_len}); !sent) return tl::unexpected(sent.error());

    Answer answer;
    int failed = 0;
    for (bool done = false; !done;) {
        if (patience_.ends && patience_.ends()) return fail(ECANCELED, "read the rules");
        const auto size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return fail(errno, "read from nf_tables");
        for_each_message({buffer.data(), static_cast<std::size_t>(size)}, [&](const nlmsghdr* header) {
            if (header->nlmsg_seq != sequence) return true;  // of a request that was given up
            if (header->nlmsg_flags & NLM_F_DUMP_INTR) answer.interrupted = true;
            if (header->nlmsg_type == NLMSG_ERROR) failed = error_of(header);
            if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
                done = true;
                return false;
            }
            const auto* at = reinterpret_cast<const std::uint8_t*>(header);
            answer.messages.emplace_back(at, at + header->nlmsg_len);
            if (!(flags & NLM_F_DUMP)) done = true;
            return true;
        });
    }
    if (failed != 0) return fail(failed, explained("read the rules", failed));
    return answer;
}

Result<std::vector<Bytes>> Connection::dump(std::uint16_t type, std::uint16_t family, const Ask& ask) {
    for (int attempt = 0; attempt < patience_.tries; ++attempt) {
        auto answer = ask_once(type, family, NLM_F_DUMP, ask);
        if (answer && !answer->interrupted) return std::move(answer->messages);
        if (!answer && answer.error().code != EINTR) return tl::unexpected(answer.error());
    }
    return fail(EINTR, "read the rules, which others kept changing");
}

Result<std::uint32_t> Connection::generation() {
    const auto answer = ask_once(NFT_MSG_GETGEN, AF_UNSPEC, 0, {});
    if (!answer) return tl::unexpected(answer.error());
    std::optional<std::uint32_t> generation;
    for (const auto& message : answer->messages)
        for_each_attribute(reinterpret_cast<const nlmsghdr*>(message.data()), [&](const nlattr* attribute) {
            if (mnl_attr_get_type(attribute) == NFTA_GEN_ID && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
                generation = ntohl(mnl_attr_get_u32(attribute));
        });
    if (generation) return *generation;
    return fail(EBADMSG, "read the generation of the rules");
}

// The kernel commits inside send(); whatever it has to say is queued when send() returns.
Result<std::map<std::uint32_t, int>> Connection::attempt(Batch& batch) {
    const auto bytes = batch.finish();
    make_room(bytes.size());
    if (auto sent = send(bytes); !sent) return tl::unexpected(sent.error());
    std::map<std::uint32_t, int> errors;
    std::vector<std::uint8_t> buffer(receive_size);
    while (true) {
        const auto size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == EAGAIN) return errors;
        if (size < 0) return fail(errno, "read the outcome of a change of the rules");
        for_each_message({buffer.data(), static_cast<std::size_t>(size)}, [&](const nlmsghdr* header) {
            if (header->nlmsg_type == NLMSG_ERROR && error_of(header) != 0)
                errors.try_emplace(header->nlmsg_seq, error_of(header));
            return true;
        });
    }
}

Result<void> Connection::commit(Batch& batch) {
    const auto errors = attempt(batch);
    if (!errors) return tl::unexpected(errors.error());
    if (errors->empty()) return {};
    const auto& [sequence, code] = *errors->begin();
    return fail(code, explained(batch.describe(sequence), code));
}

}  // namespace netlink::nft
