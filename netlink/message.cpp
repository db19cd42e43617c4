#include "netlink/message.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cstring>

#include "vrrpd/base/assert.hpp"

namespace netlink {

using vrrpd::BytesView;
using vrrpd::IpAddress;

void Message::Free::operator()(nl_msg* message) const { nlmsg_free(message); }

Message::Message(int type, int flags, std::size_t room) : message_(nlmsg_alloc_size(NLMSG_HDRLEN + room)) {
    ASSERT(message_ && nlmsg_put(message_.get(), 0, 0, type, 0, flags));
}

Message& Message::bytes(int type, BytesView value) {
    ASSERT(nla_put(message_.get(), type, static_cast<int>(value.size()), value.data()) == 0);
    return *this;
}
Message& Message::u8(int type, std::uint8_t value) { return bytes(type, {&value, sizeof value}); }
Message& Message::u32(int type, std::uint32_t value) {
    ASSERT(nla_put_u32(message_.get(), type, value) == 0);
    return *this;
}
Message& Message::text(int type, const std::string& value) {
    ASSERT(nla_put_string(message_.get(), type, value.c_str()) == 0);
    return *this;
}
Message& Message::address(int type, const IpAddress& value) { return bytes(type, value.bytes()); }

const nlmsghdr& Message::raw() const { return *nlmsg_hdr(message_.get()); }

void Message::set_sequence(std::uint32_t sequence) { nlmsg_hdr(message_.get())->nlmsg_seq = sequence; }

BytesView Message::wire() const {
    return {reinterpret_cast<const std::uint8_t*>(&raw()), NLMSG_ALIGN(raw().nlmsg_len)};
}

void Message::append(const void* data, std::size_t size) {
    ASSERT(nlmsg_append(message_.get(), const_cast<void*>(data), size, NLMSG_ALIGNTO) == 0);
}

std::size_t Message::size() const { return NLMSG_ALIGN(raw().nlmsg_len); }

void Message::overwrite(std::size_t at, const void* data, std::size_t size) {
    std::memcpy(reinterpret_cast<std::uint8_t*>(nlmsg_hdr(message_.get())) + at, data, size);
}

std::size_t Message::nest_begin(int type) {
    const auto start = size();
    ASSERT(nla_nest_start(message_.get(), type) != nullptr);
    return start;
}

void Message::nest_end(std::size_t start) {
    auto* attribute = reinterpret_cast<nlattr*>(reinterpret_cast<std::uint8_t*>(nlmsg_hdr(message_.get())) + start);
    ASSERT(nla_nest_end(message_.get(), attribute) == 0);
}

std::optional<Attributes> Attributes::of(const nlmsghdr& message, std::size_t header_size) {
    Attributes attributes;
    const int failed = nlmsg_parse(const_cast<nlmsghdr*>(&message), static_cast<int>(header_size),
                                   attributes.found_.data(), static_cast<int>(known) - 1, nullptr);
    if (failed < 0) return std::nullopt;
    return attributes;
}

Attributes Attributes::of(BytesView bytes) {
    Attributes attributes;
    auto* head = reinterpret_cast<nlattr*>(const_cast<std::uint8_t*>(bytes.data()));
    nla_parse(attributes.found_.data(), static_cast<int>(known) - 1, head, static_cast<int>(bytes.size()), nullptr);
    return attributes;
}

bool Attributes::has(int type) const { return found_[static_cast<std::size_t>(type)] != nullptr; }

BytesView Attributes::bytes(int type) const {
    const nlattr* attribute = found_[static_cast<std::size_t>(type)];
    if (!attribute) return {};
    return {static_cast<const std::uint8_t*>(nla_data(attribute)), static_cast<std::size_t>(nla_len(attribute))};
}

std::optional<std::uint8_t> Attributes::u8(int type) const {
    const auto value = bytes(type);
    if (value.empty()) return std::nullopt;
    return value[0];
}

std::optional<std::uint32_t> Attributes::u32(int type) const {
    const auto value = bytes(type);
    std::uint32_t number = 0;
    if (value.size() < sizeof number) return std::nullopt;
    std::memcpy(&number, value.data(), sizeof number);
    return number;
}

std::string Attributes::text(int type) const {
    const auto value = bytes(type);
    const auto* first = reinterpret_cast<const char*>(value.data());
    return {first, value.empty() ? 0 : strnlen(first, value.size())};
}

std::optional<IpAddress> Attributes::address(int type) const { return IpAddress::from_bytes(bytes(type)); }

vrrpd::MacAddress Attributes::mac(int type) const {
    vrrpd::MacAddress mac;
    const auto value = bytes(type);
    if (value.size() == mac.bytes.size()) std::copy(value.begin(), value.end(), mac.bytes.begin());
    return mac;
}

}  // namespace netlink
