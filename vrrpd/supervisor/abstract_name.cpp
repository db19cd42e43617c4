#include "vrrpd/supervisor/abstract_name.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>

#include "vrrpd/base/fd.hpp"

namespace vrrpd::supervisor {

namespace {

// All Unix sockets of the namespace: one cannot ask for a name.
bool ask_for_all(int socket) {
    struct {
        nlmsghdr header;
        unix_diag_req request;
    } message{};
    message.header.nlmsg_len = sizeof message;
    message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.request.sdiag_family = AF_UNIX;
    message.request.udiag_states = ~0U;
    message.request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_UID;
    return send(socket, &message, sizeof message, 0) == static_cast<ssize_t>(sizeof message);
}

std::optional<uid_t> owner_in(nlmsghdr* header, std::string_view wanted) {
    std::string name;
    std::optional<uid_t> owner;
    auto* attribute =
        reinterpret_cast<rtattr*>(static_cast<char*>(NLMSG_DATA(header)) + NLMSG_ALIGN(sizeof(unix_diag_msg)));
    auto left = static_cast<int>(header->nlmsg_len) - static_cast<int>(NLMSG_SPACE(sizeof(unix_diag_msg)));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        const auto size = static_cast<std::size_t>(RTA_PAYLOAD(attribute));
        if (attribute->rta_type == UNIX_DIAG_NAME) name.assign(static_cast<const char*>(RTA_DATA(attribute)), size);
        if (attribute->rta_type == UNIX_DIAG_UID && size >= sizeof(std::uint32_t)) {
            std::uint32_t user = 0;
            std::memcpy(&user, RTA_DATA(attribute), sizeof user);
            owner = user;
        }
    }
    return name == std::string(1, '\0') + std::string(wanted) ? owner : std::nullopt;
}

}  // namespace

std::optional<uid_t> owner_of_abstract_name(std::string_view name) {
    const Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!socket || !ask_for_all(socket.get())) return std::nullopt;
    alignas(nlmsghdr) std::array<char, 32768> buffer{};
    for (;;) {
        const auto got = recv(socket.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) return std::nullopt;
        auto left = static_cast<unsigned>(got);
        for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left)) {
            if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) return std::nullopt;
            if (const auto owner = owner_in(header, name)) return owner;
        }
    }
}

}  // namespace vrrpd::supervisor
