#include "netlink/fake_kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "vrrpd/base/assert.hpp"

namespace netlink {

namespace {

bool same_subnet(const Address& a, const Address& b) {
    const auto far = [](const Address& x) { return Prefix{x.peer.value_or(x.prefix.address), x.prefix.length}; };
    return a.link == b.link && far(a).network() == far(b).network();
}

Rule kernel_rule(Family family, std::uint32_t priority, std::uint32_t table) {
    Rule rule;
    rule.family = family;
    rule.priority = priority;
    rule.table = table;
    rule.protocol = 2;  // RTPROT_KERNEL
    return rule;
}

constexpr std::uint32_t default_table = 253;

}  // namespace

FakeKernel::FakeKernel()
    : rules_{kernel_rule(Family::ipv4, 0, local_table), kernel_rule(Family::ipv4, 32766, main_table),
             kernel_rule(Family::ipv4, 32767, default_table), kernel_rule(Family::ipv6, 0, local_table),
             kernel_rule(Family::ipv6, 32766, main_table)} {}

std::vector<Result<void>> FakeKernel::apply(std::span<const Request> requests) {
    std::vector<Result<void>> results;
    for (const auto& request : requests) results.push_back(apply_one(request));
    return results;
}

Result<void> FakeKernel::apply_one(const Request& request) {
    const auto is_meant = [&](const Failure& failure) { return failure.matches(request); };
    const auto failure = std::find_if(failures_.begin(), failures_.end(), is_meant);
    int code = 0;
    if (failure != failures_.end()) {
        code = failure->code;
        if (--failure->times == 0) failures_.erase(failure);
    } else if (const auto* addition = std::get_if<Add>(&request)) {
        code = std::visit([this](const auto& object) { return add(object); }, addition->object);
    } else {
        std::visit([this](const auto& object) { remove(object); }, std::get<Delete>(request).object);
    }
    if (code == 0) return {};
    return vrrpd::fail(code, describe(request, [this](IfIndex index) {
                           const auto* link = find_link(index);
                           return link ? link->name : std::string();
                       }));
}

Result<Snapshot> FakeKernel::snapshot(const RouteInterest& interest) {
    Snapshot snapshot;
    snapshot.links = links_;
    for (const auto& held : addresses_) snapshot.addresses.push_back(reported(held));
    std::copy_if(routes_.begin(), routes_.end(), std::back_inserter(snapshot.routes),
                 [&](const Route& route) { return interest.covers(route); });
    snapshot.rules = rules_;
    return snapshot;
}

Result<int> FakeKernel::device_option(const std::string& link, DeviceOption option) {
    const auto known = std::any_of(links_.begin(), links_.end(), [&](const Link& l) { return l.name == link; });
    if (!known && link != "all" && link != "default") return vrrpd::fail(ENOENT, "read an option of " + link);
    const auto found = options_.find({link, option});
    if (found != options_.end()) return found->second;
    return option == DeviceOption::accept_ra || option == DeviceOption::send_redirects ? 1 : 0;
}

Result<void> FakeKernel::set_device_option(const std::string& link, DeviceOption option, int value) {
    if (const auto known = device_option(link, option); !known) return tl::unexpected(known.error());
    options_[{link, option}] = value;
    return {};
}

IfIndex FakeKernel::add_link(const std::string& name) {
    Link link;
    link.index = IfIndex{++last_index_};
    link.name = name;
    link.kind = "veth";
    link.mac.bytes = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(last_index_)};
    link.mtu = 1500;
    link.admin_up = link.running = link.multicast = true;
    links_.push_back(link);
    tell(LinkChanged{link});
    return link.index;
}

void FakeKernel::set_link(IfIndex index, bool admin_up, bool running) {
    auto* link = find_link(index);
    ASSERT(link);
    if (link->base) running = running && find_link(link->base)->usable();
    const bool was_up = link->admin_up;
    link->admin_up = admin_up;
    link->running = running;
    tell(LinkChanged{*link});
    if (was_up && !admin_up) {
        forget_neighbours(index);
        drop_routes_through(index, Family::ipv4);
        drop_routes_through(index, Family::ipv6);
        for (std::size_t i = addresses_.size(); i-- > 0;) {  // IPv4 addresses survive, IPv6 ones do not
            const auto& address = addresses_[i].address;
            if (address.link == index && address.prefix.address.is_v6()) withdraw(i);
        }
    }
    if (!was_up && admin_up) {
        for (const auto& held : addresses_) {
            if (held.address.link == index) connect(held.address);
        }
    }
    follow_base(Link(*find_link(index)));
}

void FakeKernel::remove_link(IfIndex index) {
    ASSERT(find_link(index));
    remove_over(index);
    for (;;) {
        const auto on_link = [&](const Held& held) { return held.address.link == index; };
        const auto found = std::find_if(addresses_.begin(), addresses_.end(), on_link);
        if (found == addresses_.end()) break;
        withdraw(static_cast<std::size_t>(found - addresses_.begin()));
    }
    forget_neighbours(index);
    drop_routes_through(index, Family::ipv4);
    drop_routes_through(index, Family::ipv6);
    const Link gone = *find_link(index);
    links_.erase(links_.begin() + (find_link(index) - links_.data()));
    for (auto it = options_.begin(); it != options_.end();)
        it = it->first.first == gone.name ? options_.erase(it) : ++it;
    tell(LinkGone{gone});
}

Result<std::optional<Neighbour>> FakeKernel::neighbour(IfIndex link, const IpAddress& address) {
    for (const auto& known : neighbours_) {
        if (known.neighbour.link != link || known.neighbour.address != address) continue;
        auto neighbour = known.neighbour;
        neighbour.confirmed = now_ - known.confirmed;
        return neighbour;
    }
    return std::nullopt;
}

void FakeKernel::confirm(IfIndex link, const IpAddress& address, const MacAddress& mac) {
    const auto same = [&](const Known& known) {
        return known.neighbour.link == link && known.neighbour.address == address;
    };
    std::erase_if(neighbours_, same);
    neighbours_.push_back({Neighbour{link, address, mac, {}}, now_});
}

void FakeKernel::forget_neighbours(IfIndex link) {
    std::erase_if(neighbours_, [&](const Known& known) { return known.neighbour.link == link; });
}

void FakeKernel::advance(std::chrono::milliseconds time) {
    now_ += time;
    for (;;) {
        const auto over = [&](const Held& held) {
            return held.address.valid && held.since + *held.address.valid <= now_;
        };
        const auto found = std::find_if(addresses_.begin(), addresses_.end(), over);
        if (found == addresses_.end()) return;
        withdraw(static_cast<std::size_t>(found - addresses_.begin()));
    }
}

void FakeKernel::fail(Matches matches, int code, unsigned times) {
    ASSERT(times > 0);
    failures_.push_back({std::move(matches), code, times});
}

std::vector<Change> FakeKernel::read_changes() {
    std::vector<Change> changes(std::make_move_iterator(events_.begin()), std::make_move_iterator(events_.end()));
    events_.clear();
    if (std::exchange(overrun_, false)) changes.emplace_back(Overrun{});
    return changes;
}

int FakeKernel::add(const Address& address) {
    const auto* link = find_link(address.link);
    const auto& own = address.prefix.address;
    if (!link) return ENODEV;
    if (address.prefix.length > vrrpd::address_bits(own.family())) return EINVAL;
    if (address.valid && address.valid->count() <= 0) return EINVAL;
    if (const auto there = find_address(address)) {
        renew(addresses_[*there], address);
        tell(AddressAdded{reported(addresses_[*there])});
        return 0;
    }
    Held held{address, now_};
    held.address.secondary = own.is_v4() && std::any_of(addresses_.begin(), addresses_.end(), [&](const Held& other) {
                                 return other.address.prefix.address.is_v4() && same_subnet(other.address, address);
                             });
    if (own.is_v4() && address.label.empty()) held.address.label = link->name;
    held.address.no_dad = own.is_v6() && address.no_dad;
    renew(held, address);
    addresses_.push_back(held);
    tell(AddressAdded{reported(held)});
    connect(held.address);
    return 0;
}

// What the kernel takes from a request for an address that is there: in IPv4 the lifetimes only.
void FakeKernel::renew(Held& held, const Address& address) {
    held.since = now_;
    held.address.valid = address.valid;
    held.address.preferred = address.preferred;
    if (address.valid) held.address.preferred = std::min(address.preferred.value_or(*address.valid), *address.valid);
    held.address.permanent = !address.valid;
    if (address.prefix.address.is_v6()) held.address.no_dad = address.no_dad;
}

void FakeKernel::remove(const Address& address) {
    const auto there = find_address(address);
    if (!there || addresses_[*there].address.prefix.length != address.prefix.length) return;
    withdraw(*there);
}

void FakeKernel::withdraw(std::size_t index) {
    const auto gone = addresses_[index].address;
    const bool primary = gone.prefix.address.is_v4() && !gone.secondary;
    tell(AddressGone{reported(addresses_[index])});
    addresses_.erase(addresses_.begin() + static_cast<std::ptrdiff_t>(index));
    if (primary) promote_or_withdraw_secondaries(gone);
    disconnect(gone);
}

void FakeKernel::promote_or_withdraw_secondaries(const Address& primary) {
    const auto* link = find_link(primary.link);
    const bool promote = device_option(link->name, DeviceOption::promote_secondaries).value_or(0) != 0;
    for (std::size_t i = 0; i < addresses_.size();) {
        auto& held = addresses_[i];
        if (held.address.prefix.address.is_v6() || !same_subnet(held.address, primary)) {
            ++i;
        } else if (promote) {
            held.address.secondary = false;
            tell(AddressAdded{reported(held)});
            disconnect(primary);  // the prefix route changes its source
            connect(held.address);
            return;
        } else {
            withdraw(i);
        }
    }
}

// IPv6 knows an address by itself; IPv4 by its subnet too.
std::optional<std::size_t> FakeKernel::find_address(const Address& address) const {
    const auto same = [&](const Held& held) {
        if (address.prefix.address.is_v4()) return same_object(held.address, address);
        return held.address.link == address.link && held.address.prefix.address == address.prefix.address;
    };
    const auto found = std::find_if(addresses_.begin(), addresses_.end(), same);
    if (found == addresses_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - addresses_.begin());
}

bool FakeKernel::is_own(const IpAddress& address) const {
    return std::any_of(addresses_.begin(), addresses_.end(),
                       [&](const Held& held) { return held.address.prefix.address == address; });
}

// Lifetimes count down.
Address FakeKernel::reported(const Held& held) const {
    const auto left = [&](const Lifetime& lifetime) -> Lifetime {
        if (!lifetime) return std::nullopt;
        const auto rest = std::chrono::ceil<std::chrono::seconds>(held.since + *lifetime - now_);
        return std::max(rest, std::chrono::seconds(0));
    };
    auto address = held.address;
    address.valid = left(address.valid);
    address.preferred = left(address.preferred);
    return address;
}

Link* FakeKernel::find_link(IfIndex index) {
    const auto found =
        std::find_if(links_.begin(), links_.end(), [&](const Link& link) { return link.index == index; });
    return found == links_.end() ? nullptr : &*found;
}

const Link* FakeKernel::find_link(IfIndex index) const { return const_cast<FakeKernel*>(this)->find_link(index); }

void FakeKernel::tell(Change change) {
    if (events_.size() < event_capacity_) {
        events_.push_back(std::move(change));
    } else {
        overrun_ = true;
    }
}

}  // namespace netlink
