#include "vrrpd/agent/agent.hpp"

#include <sys/random.h>

#include <algorithm>

#include "dhcpsync/dnsmasq_files.hpp"
#include "vrrpd/agent/settings.hpp"
#include "vrrpd/agent/settings_files.hpp"
#include "vrrpd/base/assert.hpp"
#include "vrrpd/base/heap.hpp"
#include "vrrpd/config/parse.hpp"

namespace vrrpd::agent {

namespace {

std::uint32_t random_number() {
    std::uint32_t number = 0;
    ASSERT(getrandom(&number, sizeof number, 0) == sizeof number);
    return number;
}

bool same(const Key& a, const Key& b) { return std::ranges::equal(a.bytes(), b.bytes()); }

}  // namespace

Agent::Agent(ipc::Channel& channel, ipc::ChannelLog& log, std::string id)
    : channel_(channel),
      to_engine_([&channel](auto kind, const auto& text) { return channel.send(kind, text); }),
      log_(log),
      id_(std::move(id)) {}

void Agent::run() {
    loop_.on_deadline([this] { time_reached(); });
    loop_.before_wait([this] { set_deadline(); });
    watch_ = loop_.on_readable(channel_.fd(), [this] { read_channel(); });
    loop_.refresh();
    read_settings_at_ = look_at_leases_ = beat_at_ = loop_.now();
    loop_.run();
}

// ---- the channel --------------------------------------------------------------------------------------

void Agent::read_channel() {
    ipc::Message message;
    for (;;) {
        const auto got = channel_.receive(message);
        if (got == ipc::Channel::State::empty) return;
        if (got == ipc::Channel::State::closed) return loop_.stop();
        handle(message);
    }
}

void Agent::handle(ipc::Message& message) {
    switch (message.kind) {
        case ipc::Kind::stop:
            return loop_.stop();
        case ipc::Kind::reload:
            configure(message.memfd.get());
            give_back_free_memory();  // of 1,000 parsed instances nothing stays
            return;
        case ipc::Kind::control_socket:
            return open_control(std::move(message.memfd));
        case ipc::Kind::state_directory:
            state_directory_ = std::move(message.memfd);
            return;
        case ipc::Kind::peer_key:
            key_trouble_ = message.memfd ? std::string() : message.text;
            key_path_ = message.text;
            key_file_ = std::move(message.memfd);
            return;  // it is of the configuration that follows
        default:
            return handle_engine(message);
    }
}

void Agent::handle_engine(const ipc::Message& message) {
    switch (message.kind) {
        case ipc::Kind::wan_state:
            if (const auto state = ipc::decode<ipc::WanState>(message.text)) wan_changed(*state);
            return;
        case ipc::Kind::host_silent:
            if (const auto address = IpAddress::parse(message.text))
                for (auto& service : dns_) service.host_silent(*address);
            return;
        case ipc::Kind::role_change:
            if (const auto change = ipc::decode<ipc::RoleChange>(message.text)) role_changed(*change);
            return;
        case ipc::Kind::readiness:
            if (const auto readiness = ipc::decode<ipc::Readiness>(message.text))
                if (own_.readiness(*readiness)) own_changed();
            return;
        case ipc::Kind::standing:
            if (const auto standing = ipc::decode<ipc::Standing>(message.text))
                if (own_.standing(*standing)) own_changed();
            return;
        case ipc::Kind::status:
            return engine_said(message.memfd.get());
        case ipc::Kind::host_alive:
            if (const auto host = ipc::decode<ipc::HostAlive>(message.text); host && leases_)
                leases_->host_alive(*host);
            return;
        case ipc::Kind::dhcp_offer:
            if (const auto offer = ipc::decode<ipc::DhcpOffer>(message.text); offer && leases_)
                leases_->dhcp_offered(*offer);
            return;
        case ipc::Kind::units:
            if (auto units = ipc::decode<ipc::Units>(message.text)) units_[units->gateway] = std::move(*units);
            return;
        case ipc::Kind::leases_written:
            if (leases_) leases_->leases_written(message.text);
            return;
        default:  // what others are told
            return;
    }
}

void Agent::time_reached() {
    for (auto& service : dns_) service.step();
    if (control_) control_->time_reached();
    if (leases_) leases_->step();
    if (peers_) peers_->time_reached();
    if (read_settings_at_ <= loop_.now()) renew_fingerprints();
}

// Before each wait: whatever happened in this turn, it is looked at once.
void Agent::set_deadline() {
    if (beat_at_ <= loop_.now()) beat();
    look_at_dns();
    if (leases_ && look_at_leases_ <= loop_.now()) look_at_leases();
    if (leases_) weigh_dhcp();
    for (const auto& notice : split_brain_.step(loop_.now())) tell(notice);
    silence_dhcp();
    tell_alerts();
    tell_engine();
    to_engine_.flush();
    Deadline next = earlier(earlier(beat_at_, alerts_.next_deadline()), split_brain_.next_deadline());
    next = earlier(next, to_engine_.next_deadline(loop_.now()));
    for (const auto& service : dns_) next = earlier(next, service.next_deadline());
    if (control_) next = earlier(next, control_->next_deadline());
    if (leases_) {
        next = earlier(earlier(next, leases_->next_deadline()), look_at_leases_);
        next = earlier(next, dhcp_weight_.next_deadline(loop_.now()));
    }
    if (peers_) next = earlier(earlier(next, peers_->next_deadline()), read_settings_at_);
    loop_.set_deadline(next);
}

// Why the supervisor does not kill us.
void Agent::beat() {
    beat_at_ = loop_.now() + ipc::beat_interval;
    channel_.send(ipc::Kind::alive);
}

// ---- what a configuration brings about ----------------------------------------------------------------

void Agent::configure(int configuration) {
    const auto text = ipc::unseal(configuration);
    const auto lines = text ? config::deserialize(*text) : std::nullopt;
    if (!lines) return log_.error("the agent could not read its configuration");  // the old one runs on
    config_ = config::parse(*lines, id_).config;
    vrrp_settings_ = fingerprint("vrrp", canonical_vrrp(config_));
    config_.instances = {};  // there may be a thousand
    own_.configure(config_);
    std::erase_if(units_, [this](const auto& one) { return config_.gateway(one.first) == nullptr; });
    std::erase_if(wan_down_, [this](const auto& gateway) { return config_.gateway(gateway) == nullptr; });
    std::erase_if(silent_, [this](const auto& one) { return config_.gateway(one.first) == nullptr; });
    std::erase_if(told_, [this](const auto& one) { return config_.gateway(one.first) == nullptr; });
    renew_dns();
    renew_leases();
    renew_peers();
    renew_fingerprints();
    own_changed();
}

void Agent::open_control(Fd listener) {
    control_.reset();
    if (!listener) return;  // the supervisor said why
    control_.emplace(loop_, log_, std::move(listener),
                     ControlDesk::Port{[this] { to_engine_.tell(ipc::Kind::status_wanted, {}); },
                                       [this](const auto& engine) { return status(engine); }});
}

// A service whose block did not change goes on: it knows who is well, and whose hold-down is not over.
void Agent::renew_dns() {
    Self self{id_, std::nullopt};
    if (const auto& link = config_.peer_link; link && link->self) self.address = link->members[*link->self].address;
    auto former = std::exchange(dns_, {});
    for (const auto& block : config_.dns_failovers) {
        const DnsService::Setup setup{block, self};
        const auto before = std::ranges::find_if(
            former, [&](const auto& service) { return service.setup().block.follows == block.follows; });
        if (before != former.end() && before->setup() == setup)
            dns_.splice(dns_.end(), former, before);
        else
            add_dns(setup, before == former.end() ? nullptr : &*before);
    }
}

void Agent::add_dns(const DnsService::Setup& setup, const DnsService* before) {
    const auto& follows = setup.block.follows;
    dns_.emplace_back(
        loop_, log_, setup,
        DnsOutcomes{[this](const auto& choice) { to_engine_.tell(ipc::Kind::dns_choice, encode(choice)); },
                    [this](const auto& weight) { to_engine_.tell(ipc::Kind::service_weight, encode(weight)); },
                    [this](const auto& health) { to_engine_.tell(ipc::Kind::dns_health, encode(health)); }},
        before);
    if (wan_down_.contains(follows)) dns_.back().wan_changed({follows, false});
}

// Remembered for services that a reload makes: the engine says it once.
void Agent::wan_changed(const ipc::WanState& state) {
    if (state.up)
        wan_down_.erase(state.gateway);
    else
        wan_down_.insert(state.gateway);
    for (auto& service : dns_) service.wan_changed(state);
}

std::optional<LeaseDesk::Setup> Agent::leases_wanted() {
    if (!config_.dhcp_sync) return std::nullopt;
    LeaseDesk::Setup setup{*config_.dhcp_sync, id_, {}, {}};
    if (const auto& link = config_.peer_link; link && link->self) {
        setup.members = link->members;
        setup.self = link->members[*link->self].name;
    }
    if (const auto* gateway = config_.gateway(setup.block.follows)) setup.networks = gateway->networks();
    const auto twins = same_node(setup.members);
    if (std::exchange(no_leases_because_, twins) != twins && !twins.empty())
        log_.error(
            "dhcp_sync: the members {} cannot be told apart by the numbers that are made of their names, so no "
            "leases are exchanged: give one of them another name",
            twins);
    return twins.empty() ? std::optional(std::move(setup)) : std::nullopt;
}

// Replicas count their messages anew on each connection, so another service needs another link.
void Agent::renew_leases() {
    auto wanted = leases_wanted();
    if (leases_ && wanted && leases_->setup() == *wanted) return look_at_leases();
    if (!leases_ && !wanted) return;
    end_peers();
    leases_.reset();
    if (!wanted) return;
    dhcp_weight_ = {};
    dhcp_weight_told_.reset();
    judge_dhcp_at_ = loop_.now() + dhcp_judged_after;
    leases_.emplace(loop_, log_, std::move(*wanted), state_directory_.get(), lease_port());
    look_at_leases();
}

LeaseDesk::Port Agent::lease_port() {
    return {[this](const std::string& peer, BytesView message) { return send_replica(peer, message); },
            [this](ipc::Kind kind, const std::string& text, int memfd) { return channel_.send(kind, text, 0, memfd); },
            [this](const dhcpsync::HealthChange& change) { dhcp_health_changed(change); },
            [this](bool served) {
                alerts_.service(
                    config_.dhcp_sync->follows, "lan_dhcp", served,
                    served ? "a DHCP server answers on the LAN again" : "no DHCP server answers on the LAN");
            },
            [this](const std::string& peer) { split_brain_of_leases(peer); }};
}

// A link that need not change goes on: the others would take its end for ours.
void Agent::renew_peers() {
    const auto& link = config_.peer_link;
    const bool wanted = link && link->self && link->members.size() > 1;
    auto key = wanted && !link->key_file.empty() ? read_key() : std::nullopt;
    if (peers_ && key && key_ && same(*key, *key_) && peers_->configuration() == *link) return;
    end_peers();
    if (!wanted) return no_peers_because_.clear();
    if (link->key_file.empty())
        return no_peers(LogLevel::notice,
                        "peer_link has no key_file, so the members do not talk: on one of them run vrrpctl keygen "
                        "/etc/vrrpd/peer.key, copy the file to the others, and name it as key_file");
    if (!key) return;
    key_ = read_key();
    no_peers_because_.clear();
    peers_.emplace(
        loop_, log_, PeerLink::Setup{*link, std::move(*key), VRRPD_VERSION, random_number},
        [this] { return summary(); }, peer_outcomes());
}

void Agent::end_peers() {
    if (!peers_) return;
    for (const auto& peer : peers_->status())
        if (peer.link) lost_peer(peer.name);
    peers_.reset();
    key_.reset();
}

PeerOutcomes Agent::peer_outcomes() {
    const auto name = [this](PeerId peer) { return peers_->configuration().members.at(peer).name; };
    return {[this, name](PeerId peer) { found_peer(name(peer)); }, [this, name](PeerId peer) { lost_peer(name(peer)); },
            [this](PeerId peer, const Summary& said) { said_by_peer(peer, said); },
            [this, name](PeerId peer, std::string_view gateway, BytesView message) {
                if (leases_ && gateway == leases_->setup().block.follows) leases_->received(name(peer), message);
            }};
}

std::optional<Key> Agent::read_key() {
    if (!key_file_) {
        no_peers_because_ = key_trouble_;  // the supervisor said it
        return std::nullopt;
    }
    auto key = read_key_file(key_file_.get(), key_path_);
    if (key) return std::move(*key);
    no_peers(LogLevel::warning, key.error());
    return std::nullopt;
}

void Agent::no_peers(LogLevel level, const std::string& why) {
    if (std::exchange(no_peers_because_, why) != why) log_.write(level, "peer link: " + why);
}

void Agent::renew_fingerprints() {
    read_settings_at_ = loop_.now() + settings_interval;
    if (!peers_) return;
    std::vector<Fingerprint> all{vrrp_settings_};
    if (const auto text = dnsmasq_settings()) all.push_back(fingerprint("dnsmasq", *text));
    if (const auto yaml = read_adguard()) all.push_back(fingerprint("adguard", canonical_adguard(*yaml)));
    peers_->set_self(own_.role(), std::move(all));
}

std::optional<std::string> Agent::dnsmasq_settings() const {
    if (!leases_) return std::nullopt;
    const auto& dnsmasq = leases_->setup().block.dnsmasq;
    const auto found =
        dhcpsync::find_dnsmasq({dnsmasq.configuration, dnsmasq.lease_file, leases_->setup().networks, {}});
    // Half of it would look like other settings.
    if (!found.readable || !found.text.unread.empty()) return std::nullopt;
    return dhcpsync::shared_settings(found.text);
}

}  // namespace vrrpd::agent
