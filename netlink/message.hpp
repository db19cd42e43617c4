// One netlink message being written, and the attributes of one that was read: owners and length checks
// around libnl's message layer. libnl's own route objects are not used: those of 3.7 know neither IFA_PROTO
// nor a rule's suppress_prefixlength, and turn errno into fewer codes. Private to netlink/.
#pragma once

#include <linux/netlink.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"

struct nl_msg;
struct nlattr;

namespace netlink {

class Message {
public:
    // `room` is for everything behind the netlink header; running over it is our mistake (ASSERT).
    Message(int type, int flags, std::size_t room);

    template <class Header>
    Message& header(const Header& fixed) {
        append(&fixed, sizeof fixed);
        return *this;
    }
    Message& u8(int type, std::uint8_t value);
    Message& u32(int type, std::uint32_t value);
    Message& text(int type, const std::string& value);
    Message& address(int type, const vrrpd::IpAddress& value);
    Message& bytes(int type, vrrpd::BytesView value);

    // Everything that `fill` writes goes inside attribute `type`.
    template <class Fill>
    Message& nested(int type, Fill&& fill) {
        const auto start = nest_begin(type);
        fill(*this);
        nest_end(start);
        return *this;
    }
    // A structure that counts its own length, in the middle of a nest: `struct rtnexthop`.
    template <class Header, class Fill>
    void counted(Header fixed, unsigned short Header::*length, Fill&& fill) {
        const auto at = size();
        append(&fixed, sizeof fixed);
        fill(*this);
        fixed.*length = static_cast<unsigned short>(size() - at);
        overwrite(at, &fixed, sizeof fixed);
    }

    [[nodiscard]] const nlmsghdr& raw() const;
    void set_sequence(std::uint32_t sequence);
    [[nodiscard]] vrrpd::BytesView wire() const;  // padded, so that messages can stand one behind the other

private:
    void append(const void* data, std::size_t size);
    void overwrite(std::size_t at, const void* data, std::size_t size);
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::size_t nest_begin(int type);
    void nest_end(std::size_t start);

    struct Free {
        void operator()(nl_msg* message) const;
    };
    std::unique_ptr<nl_msg, Free> message_;
};

// The attributes behind a fixed header. Looks into the bytes it was made from: those must outlive it.
class Attributes {
public:
    // nullopt: shorter than its header says, or the attributes do not add up.
    [[nodiscard]] static std::optional<Attributes> of(const nlmsghdr& message, std::size_t header_size);
    [[nodiscard]] static Attributes of(vrrpd::BytesView bytes);

    [[nodiscard]] bool has(int type) const;
    [[nodiscard]] std::optional<std::uint8_t> u8(int type) const;
    [[nodiscard]] std::optional<std::uint32_t> u32(int type) const;
    [[nodiscard]] std::string text(int type) const;  // empty: not there
    [[nodiscard]] std::optional<vrrpd::IpAddress> address(int type) const;
    [[nodiscard]] vrrpd::MacAddress mac(int type) const;  // zero: not there, or longer (InfiniBand)
    [[nodiscard]] vrrpd::BytesView bytes(int type) const;
    [[nodiscard]] Attributes nested(int type) const { return of(bytes(type)); }
    static constexpr std::size_t known = 64;  // higher ones are skipped

private:
    std::array<nlattr*, known> found_{};
};

// The fixed header behind `message`, or nullptr when the message is too short for it.
template <class Header>
[[nodiscard]] const Header* fixed_header(const nlmsghdr& message) {
    if (message.nlmsg_len < NLMSG_LENGTH(sizeof(Header))) return nullptr;
    return reinterpret_cast<const Header*>(reinterpret_cast<const std::uint8_t*>(&message) + NLMSG_HDRLEN);
}

}  // namespace netlink
