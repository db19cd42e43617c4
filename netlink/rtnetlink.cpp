#include "netlink/rtnetlink.hpp"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>

#include "netlink/codec.hpp"
#include "netlink/device_option.hpp"
#include "netlink/macvlan.hpp"
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

// What the kernel says when the object of a deletion or of a question is not there. ENODEV and ENXIO: the device, or
// its IPv6 half, is gone and took its addresses along; EAFNOSUPPORT and EOPNOTSUPP: no IPv6 in this kernel.
bool means_absent(int code) {
    constexpr std::array codes{EADDRNOTAVAIL, ESRCH, ENOENT, ENODEV, ENXIO, EAFNOSUPPORT, EOPNOTSUPP};
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// For the message of an error only: a device may have been renamed since.
std::string current_name(IfIndex index) {
    char name[IF_NAMESIZE] = {};
    return if_indextoname(index.value, name) ? name : "";
}

// Not yet answered: the answer was lost, or a route of the same identity is in the way.
bool unsettled(const Request& request, const std::optional<Ack>& ack) {
    return !ack || (ack->code == EEXIST && added_route(request));
}

Result<void> result_of(const Request& request, const Ack& ack) {
    if (ack.code == 0) return {};
    if (std::holds_alternative<Delete>(request) && means_absent(ack.code)) return {};
    if (ack.code == EEXIST && adds_rule(request)) return {};
    auto what = describe(request, current_name);
    if (!ack.reason.empty()) what += " (" + ack.reason + ")";
    return vrrpd::fail(ack.code, std::move(what));
}

class RtNetlink final : public Kernel {
public:
    explicit RtNetlink(Socket socket) : socket_(std::move(socket)) {}

    std::vector<Result<void>> apply(std::span<const Request> requests) override;
    Result<Snapshot> snapshot(const RouteInterest& interest) override;
    Result<int> device_option(const std::string& link, DeviceOption option) override {
        return read_device_option(link, option);
    }
    Result<void> set_device_option(const std::string& link, DeviceOption option, int value) override {
        return write_device_option(link, option, value);
    }
    Result<std::optional<Neighbour>> neighbour(IfIndex link, const IpAddress& address) override;

private:
    void apply_batch(std::span<const Request> requests, std::vector<Result<void>>& results);
    Result<void> apply_one(const Request& request);
    Result<void> apply_macvlan(const Request& request);
    Result<void> put_route(const Request& request, const Route& route);
    Result<Ack> acknowledged(Message message);

    template <class Object>
    struct Wanted {
        std::optional<Object> (*decode)(const nlmsghdr&);
        std::function<bool(const Object&)> which = {};  // empty: all
    };
    template <class Header, class Object>
    Result<std::vector<Object>> dump(int type, const Header& header, const char* what, const Wanted<Object>& wanted);
    Result<const std::vector<Route>*> routes_beside(const Route& route);

    // The routes of one family and table, read once for all that are in the way of a batch.
    struct Standing {
        Family family;
        std::uint32_t table;
        std::vector<Route> routes;
    };

    Socket socket_;
    std::optional<Standing> standing_;
};

std::vector<Result<void>> RtNetlink::apply(std::span<const Request> requests) {
    std::vector<Result<void>> results;
    results.reserve(requests.size());
    const auto is_macvlan = [](const Request& request) { return std::holds_alternative<Macvlan>(object_of(request)); };
    while (!requests.empty()) {
        if (is_macvlan(requests.front())) {
            results.push_back(apply_macvlan(requests.front()));
            requests = requests.subspan(1);
            continue;
        }
        const auto next = std::find_if(requests.begin(), requests.end(), is_macvlan);
        const auto count = std::min(static_cast<std::size_t>(next - requests.begin()), requests_in_flight);
        apply_batch(requests.first(count), results);
        requests = requests.subspan(count);
    }
    return results;
}

// Most requests are settled by their one answer. The others - the answer was lost, or a route is in the way - are
// taken up again once the batch is through; and so is whatever comes after them and speaks of the same object, so that
// the end is as if all had gone in order.
void RtNetlink::apply_batch(std::span<const Request> requests, std::vector<Result<void>>& results) {
    std::vector<Message> messages;
    messages.reserve(requests.size());
    for (const auto& request : requests) messages.push_back(encode(request));
    const auto acks = socket_.send(messages);
    standing_.reset();
    std::vector<const Object*> resumed;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto& request = requests[i];
        const auto is_same = [&](const Object* object) { return same_object(*object, object_of(request)); };
        if (!acks) {
            results.push_back(vrrpd::fail(acks.error().code, describe(request, current_name)));
        } else if (unsettled(request, (*acks)[i]) || std::any_of(resumed.begin(), resumed.end(), is_same)) {
            resumed.push_back(&object_of(request));
            results.push_back(apply_one(request));
        } else {
            results.push_back(result_of(request, *(*acks)[i]));
        }
    }
}

Result<void> RtNetlink::apply_macvlan(const Request& request) {
    const auto& macvlan = std::get<Macvlan>(object_of(request));
    const auto done = std::holds_alternative<Add>(request) ? put(socket_, macvlan) : drop(socket_, macvlan);
    if (done) return {};
    auto what = describe(request, current_name);
    if (!done.error().what.empty()) what += " (" + done.error().what + ")";
    return vrrpd::fail(done.error().code, std::move(what));
}

// Asking twice does no harm: both ways end in the same state.
Result<void> RtNetlink::apply_one(const Request& request) {
    const auto ack = acknowledged(encode(request));
    if (!ack) return vrrpd::fail(ack.error().code, describe(request, current_name));
    if (unsettled(request, *ack)) return put_route(request, *added_route(request));
    standing_.reset();  // it may be out of date now
    return result_of(request, *ack);
}

// A route of this identity is there. Ours is replaced, a stranger's is left alone.
Result<void> RtNetlink::put_route(const Request& request, const Route& route) {
    const auto beside = routes_beside(route);
    if (!beside) return vrrpd::fail(beside.error().code, describe(request, current_name));
    const auto& there = **beside;
    const auto twin = std::find_if(there.begin(), there.end(), [&](const Route& r) { return same_object(r, route); });
    const bool ours = twin == there.end() || twin->protocol == route.protocol;
    // Where it cannot stand in front of the other, the kernel would join the two into one multipath route.
    if (!ours && route.destination.address.is_v6()) return result_of(request, {EEXIST, "another program's route"});
    if (!ours) standing_.reset();
    auto ack = acknowledged(encode(route, RTM_NEWROUTE, ours ? NLM_F_CREATE | NLM_F_REPLACE : NLM_F_CREATE));
    if (!ack) return vrrpd::fail(ack.error().code, describe(request, current_name));
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
                                            const Wanted<Object>& wanted) {
    Result<void> asked;
    for (int attempt = 0; attempt < dump_attempts; ++attempt) {
        std::vector<Object> objects;
        Message message(type, NLM_F_REQUEST | NLM_F_DUMP, sizeof header);
        message.header(header);
        asked = socket_.ask(message, what, [&](const nlmsghdr& answer) {
            auto object = wanted.decode(answer);
            if (object && (!wanted.which || wanted.which(*object))) objects.push_back(std::move(*object));
        });
        if (asked) return objects;
        if (asked.error().code != EINTR) break;
    }
    return tl::unexpected(asked.error());
}

Result<const std::vector<Route>*> RtNetlink::routes_beside(const Route& route) {
    const auto family = route.destination.address.family();
    if (standing_ && standing_->family == family && standing_->table == route.table) return &standing_->routes;
    rtmsg header{};
    header.rtm_family = family == Family::ipv4 ? AF_INET : AF_INET6;
    const auto beside = [&](const Route& other) { return other.table == route.table; };
    auto routes = dump(RTM_GETROUTE, header, "read routes", Wanted<Route>{decode_route, beside});
    if (!routes) return tl::unexpected(routes.error());
    standing_ = Standing{family, route.table, std::move(*routes)};
    return &standing_->routes;
}

// AF_UNSPEC, not one question per family: a kernel without IPv6 answers a question for it with IPv4.
Result<Snapshot> RtNetlink::snapshot(const RouteInterest& interest) {
    auto links = dump(RTM_GETLINK, ifinfomsg{}, "read links", Wanted<Link>{decode_link});
    if (!links) return tl::unexpected(links.error());
    auto addresses = dump(RTM_GETADDR, ifaddrmsg{}, "read addresses", Wanted<Address>{decode_address});
    if (!addresses) return tl::unexpected(addresses.error());
    const auto of_interest = [&](const Route& route) { return route.table != local_table && interest.covers(route); };
    auto routes = dump(RTM_GETROUTE, rtmsg{}, "read routes", Wanted<Route>{decode_route, of_interest});
    if (!routes) return tl::unexpected(routes.error());
    auto rules = dump(RTM_GETRULE, fib_rule_hdr{}, "read rules", Wanted<Rule>{decode_rule});
    if (!rules) return tl::unexpected(rules.error());
    return Snapshot{std::move(*links), std::move(*addresses), std::move(*routes), std::move(*rules)};
}

Result<std::optional<Neighbour>> RtNetlink::neighbour(IfIndex link, const IpAddress& address) {
    ndmsg header{};
    header.ndm_family = address.is_v4() ? AF_INET : AF_INET6;
    header.ndm_ifindex = static_cast<int>(link.value);
    Message message(RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_ACK, 64);
    message.header(header).address(NDA_DST, address);
    std::optional<Neighbour> neighbour;
    const auto asked = socket_.ask(message, "neighbour " + address.to_string(),
                                   [&](const nlmsghdr& answer) { neighbour = decode_neighbour(answer); });
    if (!asked && !means_absent(asked.error().code)) return tl::unexpected(asked.error());
    return neighbour;
}

}  // namespace

Result<std::unique_ptr<Kernel>> open_rtnetlink(int receive_buffer_bytes) {
    auto socket = Socket::open(NETLINK_ROUTE, receive_buffer_bytes);
    if (!socket) return tl::unexpected(socket.error());
    return std::make_unique<RtNetlink>(std::move(*socket));
}

}  // namespace netlink
