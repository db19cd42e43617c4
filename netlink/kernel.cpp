#include "netlink/kernel.hpp"

#include <algorithm>

namespace netlink {

namespace {

template <class Predicate>
const Link* find_link(const std::vector<Link>& links, Predicate&& predicate) {
    const auto found = std::find_if(links.begin(), links.end(), predicate);
    return found == links.end() ? nullptr : &*found;
}

struct Describe {
    std::string operator()(const Address& address) const { return describe(address, link_name); }
    template <class Object>
    std::string operator()(const Object& object) const {
        return describe(object);
    }
    std::string link_name;
};

}  // namespace

const Link* Snapshot::link(IfIndex index) const {
    return find_link(links, [&](const Link& link) { return link.index == index; });
}

const Link* Snapshot::link(std::string_view name) const {
    return find_link(links, [&](const Link& link) { return link.name == name; });
}

std::string describe(const Request& request, const std::string& link_name) {
    const bool add = std::holds_alternative<Add>(request);
    const auto& object = add ? std::get<Add>(request).object : std::get<Delete>(request).object;
    return (add ? "add " : "delete ") + std::visit(Describe{link_name}, object);
}

}  // namespace netlink
