#include "vrrpd/engine/gateway_keeper.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "netlink/nft/compile.hpp"

namespace vrrpd::engine {

namespace {

constexpr Duration switches_interval = std::chrono::seconds(10);
constexpr Duration fence_pause = std::chrono::seconds(1);  // before it is tried again
// The supervisor sets them when a device appears.
constexpr Duration first_look = std::chrono::milliseconds(20), second_look = std::chrono::seconds(1);

std::string device_state(const netlink::Link* link) {
    if (!link) return "does not exist";
    if (!link->admin_up) return "is down";
    return link->running ? "" : "has no carrier";
}

using Switch = AskSwitches::Switch;

// What must be on for the gateway to forward. IPv6 knows the global switch alone.
std::vector<Switch> forwarding_of(const config::Gateway& gateway) {
    using netlink::DeviceOption;
    std::vector<Switch> switches;
    if (!gateway.wan) return switches;
    for (const auto& lan : gateway.lans) {
        const bool v4 = lan.prefix.address.is_v4();
        const Switch way_in =
            v4 ? Switch{lan.device, DeviceOption::forwarding_ipv4} : Switch{"all", DeviceOption::forwarding_ipv6};
        const Switch way_back = v4 ? Switch{gateway.wan->device, DeviceOption::forwarding_ipv4} : way_in;
        for (const auto& one : {way_in, way_back})
            if (std::find(switches.begin(), switches.end(), one) == switches.end()) switches.push_back(one);
    }
    return switches;
}

std::string obstacle_of(const Switch& off) {
    if (off.option == netlink::DeviceOption::forwarding_ipv6)
        return "this host does not forward IPv6; run: sysctl -w net.ipv6.conf.all.forwarding=1";
    return off.device + " does not forward IPv4; run: sysctl -w net.ipv4.conf." + off.device + ".forwarding=1";
}

// That is so after every start, and no reason for a line of the log unless a preemption waits for it.
const std::string unheard = "its agent has not said yet whether leases and DNS are there";

std::vector<std::string> worth_saying(const Readiness& readiness) {
    auto result = readiness.obstacles;
    for (const auto& obstacle : readiness.of_services)
        if (obstacle != unheard) result.push_back(obstacle);
    return result;
}

using DnsServer = netlink::nft::GatewayRules::DnsServer;

bool may_answer(const config::DnsFailover* block, const DnsServer& server) {
    return block && !block->demote &&
           std::any_of(block->forwarders.begin(), block->forwarders.end(), [&](const config::Forwarder& forwarder) {
               return DnsServer{forwarder.address, forwarder.port} == server;
           });
}

}  // namespace

GatewayKeeper::GatewayKeeper(Loop& loop, Log& log, KernelDesk& desk, Speaker& speaker, Changed changed)
    : loop_(loop), log_(log), desk_(desk), speaker_(speaker), changed_(std::move(changed)) {}

void GatewayKeeper::configure(const config::Config& config) {
    const auto& gateways = config.gateways;
    // A gateway that stays keeps what is known of it: an open fence above all.
    std::vector<State> states(gateways.size());
    for (std::size_t i = 0; i < gateways.size(); ++i)
        for (std::size_t j = 0; gateways_ && j < gateways_->size(); ++j)
            if ((*gateways_)[j].name == gateways[i].name) states[i] = std::move(states_[j]);
    const bool first = !gateways_, had_none = states_.empty();
    config_ = &config;
    gateways_ = &gateways;
    states_ = std::move(states);
    for (const auto& choice : std::exchange(remembered_, {}))
        if (const auto gateway = find(choice.gateway)) states_[*gateway].dns.push_back({choice.to, choice.port});
    forget_services();
    if (gateways.empty()) {
        rules_.rest();
        switches_at_.reset();
        // A daemon with a name has no gateway, and lets those of the one beside it be.
        if (first ? config.process->instance.empty() : !had_none) install();
        return;
    }
    if (!desk_.has_tables())
        log_.error(
            "this kernel has no nf_tables: no NAT and no fence; addresses still move "
            "(modprobe nf_tables, or a kernel with CONFIG_NF_TABLES)");
    else if (had_none && !desk_.abilities().netdev_egress)
        log_.warning(
            "this kernel has no netdev egress hook (Linux 5.16 has): the fence stands in the output chain, "
            "which ARP and programs with packet sockets, as some DHCP servers are, pass by");
    install();
    if (desk_.has_tables()) rules_.look(loop_.now());
    if (!desk_.observes()) switches_at_ = loop_.now() + first_look;  // an observer's are not set yet
    world_changed();
}

std::vector<netlink::nft::GatewayRules> GatewayKeeper::wanted_rules() const {
    std::vector<netlink::nft::GatewayRules> result;
    for (std::size_t i = 0; i < gateways_->size(); ++i) {
        auto& one = result.emplace_back((*gateways_)[i].rules);
        one.dns = states_[i].dns;
        one.no_dhcp = states_[i].no_dhcp;
    }
    return result;
}

std::vector<netlink::nft::Served> GatewayKeeper::served() const {
    std::vector<netlink::nft::Served> result;
    for (auto& gateway : wanted_rules()) {
        const auto name = gateway.name;
        const bool dhcp = config_->dhcp_sync && config_->dhcp_sync->follows == name;
        result.push_back({std::move(gateway), dhcp, dns_paths(name)});
    }
    return result;
}

// Whoever of them answers now, each may have to. With `demote` only this host's own does.
std::vector<netlink::nft::Served::DnsPath> GatewayKeeper::dns_paths(const std::string& gateway) const {
    std::vector<netlink::nft::Served::DnsPath> result;
    const auto* block = dns_failover_of(gateway);
    for (std::size_t i = 0; block && i < block->forwarders.size(); ++i) {
        const auto& [name, address, port] = block->forwarders[i];
        const bool here = desk_.world().holds(address);
        const netlink::nft::Served::DnsPath path{address.family(), here ? std::optional(port) : std::nullopt};
        if ((here || !block->demote) && std::find(result.begin(), result.end(), path) == result.end())
            result.push_back(path);
    }
    return result;
}

std::optional<std::size_t> GatewayKeeper::find(const std::string& gateway) const {
    for (std::size_t i = 0; gateways_ && i < gateways_->size(); ++i)
        if ((*gateways_)[i].name == gateway) return i;
    return std::nullopt;
}

const config::DnsFailover* GatewayKeeper::dns_failover_of(const std::string& gateway) const {
    for (std::size_t i = 0; config_ && i < config_->dns_failovers.size(); ++i)
        if (config_->dns_failovers[i].follows == gateway) return &config_->dns_failovers[i];
    return nullptr;
}

// An observer has no agent.
bool GatewayKeeper::has_services(std::size_t gateway) const {
    const auto& name = (*gateways_)[gateway].name;
    const bool dhcp = config_->dhcp_sync && config_->dhcp_sync->follows == name;
    return !desk_.observes() && (dhcp || dns_failover_of(name));
}

// What the configuration no longer says is no longer so, and nobody is left to take it back.
void GatewayKeeper::forget_services() {
    for (std::size_t i = 0; i < states_.size(); ++i) {
        const auto* block = dns_failover_of((*gateways_)[i].name);
        std::erase_if(states_[i].dns, [&](const DnsServer& server) { return !may_answer(block, server); });
        const auto& dhcp = config_->dhcp_sync;
        const bool dns_weighs = block && block->demote, dhcp_weighs = dhcp && dhcp->follows == (*gateways_)[i].name;
        std::erase_if(states_[i].services, [&](const proto::Tracked& service) {
            return service.name == "dns" ? !dns_weighs : !dhcp_weighs;
        });
        if (!has_services(i)) states_[i].of_services.reset();
    }
    std::erase_if(without_dns_, [this](const std::string& gateway) { return !dns_failover_of(gateway); });
}

void GatewayKeeper::dns_chosen(const ipc::DnsChoice& choice) {
    const auto gateway = find(choice.gateway);
    const DnsServer server{choice.to, choice.port};
    if (!gateway || !(choice.is_nobody() || may_answer(dns_failover_of(choice.gateway), server))) return;
    auto& servers = states_[*gateway].dns;
    const auto of_family = [&](const DnsServer& other) { return other.address.family() == choice.to.family(); };
    const auto before = std::find_if(servers.begin(), servers.end(), of_family);
    if (before == servers.end() ? choice.is_nobody() : *before == server) return;
    std::erase_if(servers, of_family);
    if (!choice.is_nobody()) servers.push_back(server);
    install();
    // A client that keeps its source port would be answered by the former one for as long as it goes on asking. Of a
    // stand-in these would be the questions of its own.
    if (!states_[*gateway].open) return;
    desk_.ask(PurgeConnections{{(*gateways_)[*gateway].rules.virtual_addresses, netlink::nft::dns_port}});
}

bool GatewayKeeper::dns_judged(const ipc::DnsHealth& health) {
    if (!dns_failover_of(health.gateway)) return false;
    const auto at = std::find(without_dns_.begin(), without_dns_.end(), health.gateway);
    const bool was_up = at == without_dns_.end();
    if (was_up == health.up) return false;
    if (health.up)
        without_dns_.erase(at);
    else
        without_dns_.push_back(health.gateway);
    return true;
}

void GatewayKeeper::service_weighs(const ipc::ServiceWeight& weight) {
    const auto gateway = find(weight.gateway);
    if (!gateway) return;
    auto& services = states_[*gateway].services;
    const auto known = std::find_if(services.begin(), services.end(),
                                    [&](const proto::Tracked& service) { return service.name == weight.service; });
    const bool up = weight.weight == 0;
    if (known == services.end()) {
        if (!up) services.push_back({weight.service, weight.weight, false, false});
    } else {
        known->up = up;  // it stays, for the log to say what came of it
        if (!up) known->weight = weight.weight;
    }
    judge(*gateway);
}

void GatewayKeeper::dhcp_silenced(const ipc::DhcpSilence& silence) {
    const auto gateway = find(silence.gateway);
    if (!gateway) return;
    if (std::exchange(states_[*gateway].no_dhcp, silence.silent) != silence.silent) install();
}

void GatewayKeeper::services_judged(const ipc::Readiness& services) {
    const auto gateway = find(services.gateway);
    if (!gateway || !has_services(*gateway)) return;
    states_[*gateway].of_services = services.obstacles;
    judge(*gateway);
}

std::vector<std::string> GatewayKeeper::lan_devices_present() const {
    std::vector<std::string> present;
    for (const auto& gateway : *gateways_)
        for (const auto& lan : gateway.lans)
            if (const auto* link = desk_.world().link(lan.device))
                present.push_back(lan.device + "#" + std::to_string(link->index.value));
    return present;
}

void GatewayKeeper::install() {
    if (!desk_.has_tables()) return;
    present_ = lan_devices_present();
    desk_.ask(InstallRules{wanted_rules()}, [this](const Outcome& outcome) {
        const auto& [result, fence_removed] = std::get<RulesInstalled>(outcome);
        not_installed_ = result ? "" : "its packet rules cannot be installed: " + result.error().describe();
        for (std::size_t i = 0; i < states_.size(); ++i) judge(i);
        if (fence_removed) log_.notice("removed the fence of an earlier configuration: no gateway is left to open it");
    });
    // Whoever removed the tables removed the open fence with them.
    for (std::size_t i = 0; i < states_.size(); ++i)
        if (states_[i].open) open_fence(i, *states_[i].open);
}

void GatewayKeeper::open_fence(std::size_t gateway, std::chrono::milliseconds lifetime) {
    states_[gateway].open = lifetime;
    states_[gateway].fence_at.reset();
    if (!desk_.has_tables()) return;
    const auto& name = (*gateways_)[gateway].name;
    desk_.ask(OpenFence{name, lifetime}, [this, name, lifetime](const Outcome& outcome) {
        fence_opened(name, lifetime, std::get<FenceSet>(outcome).put_back);
    });
}

void GatewayKeeper::fence_opened(const std::string& name, std::chrono::milliseconds lifetime,
                                 const Result<bool>& put_back) {
    const auto gateway = find(name);
    if (!gateway) return;  // a reload came between
    auto& state = states_[*gateway];
    if (put_back) {
        state.opened_at = boot_now();
        state.open_until = state.opened_at + lifetime;
    }
    if (state.open) {  // still
        state.not_opened = put_back ? "" : "its fence does not open: " + put_back.error().describe();
        if (!put_back) state.fence_at = loop_.now() + fence_pause;
        judge(*gateway);
    }
    if (!put_back || !*put_back) return;
    if (not_installed_.empty())
        say_put_right();
    else
        install();  // what could not be installed before can be now: that is to be known
}

void GatewayKeeper::shut_fence(std::size_t gateway) {
    auto& state = states_[gateway];
    state.open.reset();
    state.not_opened.clear();
    state.fence_at.reset();
    if (!desk_.has_tables()) return;
    const auto& name = (*gateways_)[gateway].name;
    desk_.ask(OpenFence{name, std::chrono::milliseconds(0)},
              [this, name](const Outcome& outcome) { fence_shut(name, std::get<FenceSet>(outcome).put_back); });
}

void GatewayKeeper::fence_shut(const std::string& name, const Result<bool>& done) {
    const auto gateway = find(name);
    if (!gateway) return;
    auto& state = states_[*gateway];
    const bool shut = done || done.error().code == ENOENT;  // there is nothing that could be open
    if (shut) {
        state.open_until = {};
        if (std::exchange(state.not_shut, false)) log_.notice("gateway {}: the fence is shut", name);
    } else {
        if (!std::exchange(state.not_shut, true))
            log_.error("gateway {}: the fence could not be shut, and stays open until its time is up: {}", name,
                       done.error().describe());
        if (!state.open) state.fence_at = loop_.now() + fence_pause;
    }
    judge(*gateway);
}

void GatewayKeeper::try_fence_again(std::size_t gateway, Instant now) {
    auto& state = states_[gateway];
    if (!state.fence_at || *state.fence_at > now) return;
    state.fence_at.reset();
    if (state.open)
        open_fence(gateway, *state.open);
    else if (now < state.open_until)
        shut_fence(gateway);
}

void GatewayKeeper::world_changed() {
    if (!gateways_) return;
    if (lan_devices_present() != present_) install();  // the fence hangs on the device itself
    for (std::size_t i = 0; i < states_.size(); ++i) {
        const auto& wan = (*gateways_)[i].wan;
        const auto* link = wan ? desk_.world().link(wan->device) : nullptr;
        const auto learnt =
            wan && !wan->via && link ? desk_.world().default_hop(link->index, Family::ipv4) : std::nullopt;
        const auto via = wan && wan->via ? wan->via : learnt ? learnt->via : std::nullopt;
        states_[i].routed = (wan && wan->via) || learnt;
        if (via != states_[i].via) {
            states_[i].via = via;
            states_[i].next_hop.forget();
        }
        judge(i);
    }
}

void GatewayKeeper::judge(std::size_t gateway) {
    const auto& config = (*gateways_)[gateway];
    auto& state = states_[gateway];
    Readiness now;
    if (config.wan) {
        const auto* link = desk_.world().link(config.wan->device);
        auto wrong = device_state(link);
        if (wrong.empty() && state.next_hop.silent())
            wrong = "reaches no next hop: " + state.via->to_string() + " is silent";
        if (wrong.empty() && !state.routed) wrong = "has no default route to take the next hop from (via auto)";
        now.wan = proto::Tracked{config.wan->device, config.wan->down_weight, false, wrong.empty()};
        if (!wrong.empty()) now.obstacles.push_back(config.wan->device + " " + wrong);
    }
    for (const auto& device : netlink::nft::lan_devices(config.rules))
        if (const auto wrong = device_state(desk_.world().link(device)); !wrong.empty())
            now.obstacles.push_back(device + " " + wrong);
    for (const auto* refused : {&not_installed_, &state.not_opened})
        if (!refused->empty()) now.obstacles.push_back(*refused);
    for (const auto* list : {&state.forwarding, &state.foreign})
        now.obstacles.insert(now.obstacles.end(), list->begin(), list->end());
    now.services = state.services;
    if (has_services(gateway)) now.of_services = state.of_services.value_or(std::vector{unheard});
    if (now == state.readiness) return;
    const auto before = std::exchange(state.readiness, std::move(now));
    say(gateway, before);
    changed_(gateway);
}

void GatewayKeeper::say(std::size_t gateway, const Readiness& before) const {
    const auto& name = (*gateways_)[gateway].name;
    const auto was = worth_saying(before), now = worth_saying(states_[gateway].readiness);
    for (const auto& obstacle : now)
        if (std::find(was.begin(), was.end(), obstacle) == was.end())
            log_.warning("gateway {}: NOT ready: {}", name, obstacle);
    if (now.empty() && !was.empty()) log_.notice("gateway {}: ready", name);
}

void GatewayKeeper::rules_changed(const netlink::nft::RulesetMonitor::Seen& seen) {
    if (gateways_ && !gateways_->empty()) rules_.changed(seen, loop_.now());
}

void GatewayKeeper::inspect() {
    desk_.ask(InspectRules{served()}, [this](const Outcome& outcome) {
        rules_.inspected(loop_.now());
        inspected(std::get<RulesInspected>(outcome));
    });
}

void GatewayKeeper::inspected(const RulesInspected& found) {
    if (found.intact && (!*found.intact || !not_installed_.empty())) put_right();
    if (!found.obstacles) return;
    for (std::size_t i = 0; i < states_.size(); ++i) {
        states_[i].foreign.clear();
        for (const auto& obstacle : *found.obstacles)
            if (obstacle.gateway == (*gateways_)[i].name)
                states_[i].foreign.push_back(obstacle.where + "; run: " + obstacle.remedy);
        judge(i);
    }
}

void GatewayKeeper::put_right() {
    if (!not_installed_.empty()) return install();  // nobody took them away
    if (!rules_.may_put_right(loop_.now())) return;
    say_put_right();
    install();
}

void GatewayKeeper::say_put_right() {
    if (const auto line = rules_.put_right(loop_.now())) log_.write(LogLevel::warning, *line);
}

void GatewayKeeper::look_at_switches() {
    AskSwitches ask;
    for (const auto& gateway : *gateways_)
        for (auto& one : forwarding_of(gateway)) ask.switches.push_back(std::move(one));
    if (ask.switches.empty()) return;
    desk_.ask(std::move(ask), [this](const Outcome& outcome) { switches_seen(std::get<SwitchesKnown>(outcome).off); });
}

void GatewayKeeper::switches_seen(const std::vector<Switch>& off) {
    for (std::size_t i = 0; i < states_.size(); ++i) {
        auto& state = states_[i];
        std::vector<std::string> seen;
        for (const auto& one : forwarding_of((*gateways_)[i]))
            if (std::find(off.begin(), off.end(), one) != off.end()) seen.push_back(obstacle_of(one));
        if (seen != state.forwarding_seen && !seen.empty())
            switches_at_ = earlier(switches_at_, loop_.now() + second_look);
        else
            state.forwarding = seen;
        state.forwarding_seen = std::move(seen);
        judge(i);
    }
}

void GatewayKeeper::address_claimed(IfIndex link, const IpAddress& address) {
    if (!gateways_) return;
    for (std::size_t i = 0; i < states_.size(); ++i) {
        const auto& wan = (*gateways_)[i].wan;
        const auto* device = wan ? desk_.world().link(wan->device) : nullptr;
        if (!device || device->index != link || states_[i].via != address) continue;
        states_[i].next_hop.answered();
        judge(i);
    }
}

Deadline GatewayKeeper::next_deadline() const {
    Deadline next = earlier(rules_.next_deadline(), switches_at_);
    for (const auto& state : states_)
        next = earlier(earlier(next, state.fence_at), state.via ? state.next_hop.next_deadline() : std::nullopt);
    return next;
}

void GatewayKeeper::step(Instant now) {
    if (rules_.step(now)) inspect();
    if (switches_at_ && *switches_at_ <= now) {
        switches_at_ = now + switches_interval;
        look_at_switches();
    }
    for (std::size_t i = 0; i < states_.size(); ++i) {
        auto& state = states_[i];
        try_fence_again(i, now);
        if (!state.via) continue;
        const auto* wan = desk_.world().link((*gateways_)[i].wan->device);
        if (!state.next_hop.step(now) || !wan) continue;
        if (wan->usable() && wan->arp) speaker_.ask_for(wan->index, *state.via, now);
        if (state.next_hop.in_doubt()) ask_kernel_for_next_hop(i, wan->index);
    }
}

void GatewayKeeper::ask_kernel_for_next_hop(std::size_t gateway, IfIndex wan) {
    const auto via = *states_[gateway].via;
    desk_.ask(AskNeighbour{wan, via}, [this, gateway, via](const Outcome& outcome) {
        if (gateway >= states_.size() || states_[gateway].via != via) return;  // a reload came between
        const auto& known = std::get<NeighbourKnown>(outcome).neighbour;
        states_[gateway].next_hop.kernel_knows(known ? *known : std::nullopt);
        judge(gateway);
    });
}

}  // namespace vrrpd::engine
