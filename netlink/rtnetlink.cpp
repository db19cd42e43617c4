#include "netlink/rtnetlink.hpp"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "netlink/codec.hpp"
#include "netlink/device_option.hpp"
#include "netlink/socket.hpp"
#include "vrrpd/base/assert.hpp"

namespace netlink {

namespace {

constexpr int dump_attempts = 8;  // while others keep changing what is read

const Route* added_route(const Request& request) {
    const auto* add = std::get_if<Add>(&request);
    return add ? std::get_if<Route>(&add->object) : nullptr;
}

bool adds_rule(const Request& request) {
    const auto* add = std::get_if<Add>(&request);
    return add && std::holds_alternative<Rule>(add->object);
}

// What the kernel says when the object of a deletion is not there. ENODEV and ENXIO: the device, or its IPv6 half,
// is gone and took its addresses along; EAFNOSUPPORT and EOPNOTSUPP: no IPv6 in this kernel, so nothing to delete.
bool means_absent(int code) {
    constexpr std::array codes{EADDRNOTAVAIL, ESRCH, ENOENT, ENODEV, ENXIO, EAFNOSUPPORT, EOPNOTSUPP};
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// For the message of an error only: a device may have been renamed since.
std::string link_name_in(const Request& request) {
    const auto& object =
        std::holds_alternative<Add>(request) ? std::get<Add>(request).object : std::get<Delete>(request).object;
    const auto* address = std::get_if<Address>(&object);
    char name[IF_NAMESIZE] = {};
    return address && if_indextoname(address->link.value, name) ? name : "";
}

Result<void> result_of(const Request& request, const Ack& ack) {
    if (ack.code == 0) return {};
    if (std::holds_alternative<Delete>(request) && means_absent(ack.code)) return {};
    if (ack.code == EEXIST && adds_rule(request)) return {};
    auto what = describe(request, link_name_in(request));
    if (!ack.reason.empty()) what += " (" + ack.reason + ")";
    return vrrpd::fail(ack.code, std::move(what));
}

class RtNetlink final : public Kernel {
public:
    explicit RtNetlink(Socket socket) : socket_(std::move(socket)) {}

    std::vector<Result<void>> apply(std::span<const Request> requests) override;
    Result<Snapshot> snapshot() override;
    Result<int> device_option(const std::string& link, DeviceOption option) override {
        return read_device_option(link, option);
    }
    Result<void> set_device_option(const std::string& link, DeviceOption option, int value) override {
        return write_device_option(link, option, value);
    }
    Result<Route> route_to(const IpAddress& destination) override;

private:
    void apply_batch(std::span<const Request> requests, std::vector<Result<void>>& results);
    Result<void> apply_one(const Request& request);
    Result<void> finish(const Request& request, const std::optional<Ack>& ack);
    Result<void> put_route(const Request& request, const Route& route, const Ack& refused);
    Result<Ack> acknowledged(Message message);

    template <class Header, class Object>
    Result<std::vector<Object>> dump(int type, const Header& header, const char* what,
                                     std::optional<Object> (*decode)(const nlmsghdr&));
    Result<std::vector<Route>> routes(Family family, std::uint32_t table);

    Socket socket_;
};

std::vector<Result<void>> RtNetlink::apply(std::span<const Request> requests) {
    std::vector<Result<void>> results;
    results.reserve(requests.size());
    while (!requests.empty()) {
        const auto count = std::min(requests.size(), requests_in_flight);
        apply_batch(requests.first(count), results);
        requests = requests.subspan(count);
    }
    return results;
}

void RtNetlink::apply_batch(std::span<const Request> requests, std::vector<Result<void>>& results) {
    std::vector<Message> messages;
    messages.reserve(requests.size());
    for (const auto& request : requests) messages.push_back(encode(request));
    const auto acks = socket_.send(messages);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        results.push_back(acks ? finish(requests[i], (*acks)[i]) : Result<void>(tl::unexpected(acks.error())));
    }
}

// Also the second way for a request whose answer was lost: it can be asked twice, both ways end in the same state.
Result<void> RtNetlink::apply_one(const Request& request) {
    const auto ack = acknowledged(encode(request));
    if (!ack) return vrrpd::fail(ack.error().code, describe(request, link_name_in(request)));
    return finish(request, *ack);
}

Result<void> RtNetlink::finish(const Request& request, const std::optional<Ack>& ack) {
    if (!ack) return apply_one(request);
    const auto* route = added_route(request);
    if (ack->code == EEXIST && route) return put_route(request, *route, *ack);
    return result_of(request, *ack);
}

// A route of this identity is there. Ours is replaced, a stranger's is left alone.
Result<void> RtNetlink::put_route(const Request& request, const Route& route, const Ack& refused) {
    const auto there = routes(route.destination.address.family(), route.table);
    if (!there) return tl::unexpected(there.error());
    const auto twin = std::find_if(there->begin(), there->end(), [&](const Route& r) { return same_object(r, route); });
    const bool ours = twin != there->end() && twin->protocol == route.protocol;
    if (!ours && route.destination.address.is_v6()) return result_of(request, refused);
    auto ack = acknowledged(encode(route, RTM_NEWROUTE, ours ? NLM_F_CREATE | NLM_F_REPLACE : NLM_F_CREATE));
    if (!ack) return tl::unexpected(ack.error());
    if (ack->code == EEXIST) return {};  // the very same one
    return result_of(request, *ack);
}

Result<Ack> RtNetlink::acknowledged(Message message) {
    std::vector<Message> one;
    one.push_back(std::move(message));
    auto acks = socket_.send(one);
    if (!acks) return tl::unexpected(acks.error());
    if (!acks->front()) return vrrpd::fail(EIO, "rtnetlink gave no answer");
    return *acks->front();
}

template <class Header, class Object>
Result<std::vector<Object>> RtNetlink::dump(int type, const Header& header, const char* what,
                                            std::optional<Object> (*decode)(const nlmsghdr&)) {
    Result<void> asked;
    for (int attempt = 0; attempt < dump_attempts; ++attempt) {
        std::vector<Object> objects;
        Message message(type, NLM_F_REQUEST | NLM_F_DUMP, sizeof header);
        message.header(header);
        asked = socket_.ask(message, what, [&](const nlmsghdr& answer) {
            if (auto object = decode(answer)) objects.push_back(std::move(*object));
        });
        if (asked) return objects;
        if (asked.error().code != EINTR) break;
    }
    return tl::unexpected(asked.error());
}

Result<std::vector<Route>> RtNetlink::routes(Family family, std::uint32_t table) {
    rtmsg header{};
    header.rtm_family = family == Family::ipv4 ? AF_INET : AF_INET6;
    header.rtm_table = table < 256 ? static_cast<std::uint8_t>(table) : std::uint8_t{RT_TABLE_UNSPEC};
    auto all = dump(RTM_GETROUTE, header, "read routes", decode_route);
    if (!all) return all;
    const auto elsewhere = [&](const Route& route) { return route.table != table; };
    all->erase(std::remove_if(all->begin(), all->end(), elsewhere), all->end());
    return all;
}

// AF_UNSPEC, not one question per family: a kernel without IPv6 answers a question for it with IPv4.
Result<Snapshot> RtNetlink::snapshot() {
    auto links = dump(RTM_GETLINK, ifinfomsg{}, "read links", decode_link);
    if (!links) return tl::unexpected(links.error());
    auto addresses = dump(RTM_GETADDR, ifaddrmsg{}, "read addresses", decode_address);
    if (!addresses) return tl::unexpected(addresses.error());
    auto every_route = dump(RTM_GETROUTE, rtmsg{}, "read routes", decode_route);
    if (!every_route) return tl::unexpected(every_route.error());
    const auto own = [](const Route& route) { return route.table == local_table; };
    every_route->erase(std::remove_if(every_route->begin(), every_route->end(), own), every_route->end());
    auto rules = dump(RTM_GETRULE, fib_rule_hdr{}, "read rules", decode_rule);
    if (!rules) return tl::unexpected(rules.error());
    return Snapshot{std::move(*links), std::move(*addresses), std::move(*every_route), std::move(*rules)};
}

Result<Route> RtNetlink::route_to(const IpAddress& destination) {
    const auto target = Prefix::host(destination);
    rtmsg header{};
    header.rtm_family = destination.is_v4() ? AF_INET : AF_INET6;
    header.rtm_dst_len = target.length;
    header.rtm_flags = RTM_F_LOOKUP_TABLE;
    Message message(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_ACK, 64);
    message.header(header).address(RTA_DST, destination);
    const auto what = "route to " + destination.to_string();
    std::optional<Route> route;
    const auto asked = socket_.ask(message, what, [&](const nlmsghdr& answer) { route = decode_route(answer); });
    if (!asked) return tl::unexpected(asked.error());
    if (!route) return vrrpd::fail(ENETUNREACH, what);
    return *route;
}

}  // namespace

Result<std::unique_ptr<Kernel>> open_rtnetlink(int receive_buffer_bytes) {
    auto socket = Socket::open(receive_buffer_bytes);
    if (!socket) return tl::unexpected(socket.error());
    return std::make_unique<RtNetlink>(std::move(*socket));
}

}  // namespace netlink
