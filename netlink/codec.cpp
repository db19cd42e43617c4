#include "netlink/codec.hpp"

#include <linux/rtnetlink.h>

#include "vrrpd/base/assert.hpp"

namespace netlink {

namespace {

// NLM_F_REPLACE sets an address's lifetimes anew. Routes and rules are first tried as new ones: replacing a route
// would not ask whose it is, and a rule that is there would be put in a second time.
constexpr int renew = NLM_F_CREATE | NLM_F_REPLACE;
constexpr int only_new = NLM_F_CREATE | NLM_F_EXCL;

Message not_one_message() {
    ASSERT(false);
    return Message(NLMSG_NOOP, 0, 0);
}

struct EncodeAdd {
    Message operator()(const Address& address) const { return encode(address, RTM_NEWADDR, renew); }
    Message operator()(const Route& route) const { return encode(route, RTM_NEWROUTE, only_new); }
    Message operator()(const Rule& rule) const { return encode(rule, RTM_NEWRULE, only_new); }
    Message operator()(const Macvlan&) const { return not_one_message(); }
};

struct EncodeDelete {
    Message operator()(const Address& address) const { return encode(address, RTM_DELADDR, 0); }
    Message operator()(const Route& route) const { return encode(route, RTM_DELROUTE, 0); }
    Message operator()(const Rule& rule) const { return encode(rule, RTM_DELRULE, 0); }
    Message operator()(const Macvlan&) const { return not_one_message(); }
};

}  // namespace

Message encode(const Request& request) {
    if (const auto* add = std::get_if<Add>(&request)) return std::visit(EncodeAdd{}, add->object);
    return std::visit(EncodeDelete{}, std::get<Delete>(request).object);
}

}  // namespace netlink
