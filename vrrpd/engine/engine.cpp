#include "vrrpd/engine/engine.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/base/heap.hpp"
#include "vrrpd/proto/timers.hpp"

namespace vrrpd::engine {

namespace {

constexpr Duration beat_interval = std::chrono::milliseconds(200);
constexpr std::chrono::milliseconds withdrawal_limit{3000};
constexpr int deadlines_a_turn = 64;               // then the sockets are served again
constexpr int last_tries = 20, last_wait_ms = 10;  // for the supervisor to make room, when we stop

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(EngineOptions& options, ipc::ChannelLog& log) {
    std::unique_ptr<Engine> engine(new Engine(options, log));
    auto& self = *engine;
    auto desk = KernelDesk::open(self.loop_, log, options.observe);
    if (!desk) return tl::unexpected(desk.error());
    self.desk_ = std::move(*desk);
    auto speaker = Speaker::open({self.loop_, log, self.burst_}, self.desk_->world(), options.observe);
    if (!speaker) return tl::unexpected(speaker.error());
    self.speaker_ = std::move(*speaker);
    self.transport_ = std::make_unique<Transport>(
        Surroundings{self.loop_, log, self.burst_},
        options.observe ? AdvertSocket::Mode::observe : AdvertSocket::Mode::speak,
        [&self](auto members, const auto& link, const auto& message) { self.heard(members, link, message); });
    self.gateways_ = std::make_unique<GatewayKeeper>(self.loop_, log, *self.desk_, *self.speaker_,
                                                     [&self](std::size_t gateway) { self.gateway_changed(gateway); });
    self.prober_ = self.make_prober();
    self.speaker_->leave_out(self.absent_);
    self.statics_ = std::make_unique<StaticKeeper>(log, *self.desk_, self.absent_);
    self.devices_ = std::make_unique<VirtualDevices>(log, *self.desk_);
    self.refusals_ = std::make_unique<Refusals>(log, *self.desk_);
    return engine;
}

Engine::~Engine() = default;

void Engine::run(config::Config config) {
    config_ = std::make_unique<config::Config>(std::move(config));
    desk_->set_handlers({[this](const auto& changes) { world_changed(changes); },
                         [this] {
                             (void)devices_->look(loop_.now());  // all is looked after
                             ask_on_new_devices();
                             refusals_->look();
                             gateways_->world_changed();
                             reconsider_all();
                             repair_all();
                             statics_->look(loop_.now());
                             look_at_absent();
                         },
                         [this](const auto& seen) {
                             gateways_->rules_changed(seen);
                             refusals_->rules_changed(seen);
                         },
                         [this](const auto& links) { devices_coming(links); }});
    speaker_->on_claim([this](IfIndex link, const proto::AddressClaim& claim) { claim_heard(link, claim); });
    loop_.on_deadline([this] { serve_deadlines(); });
    loop_.before_wait([this] { set_deadline(); });
    channel_watch_ = loop_.on_readable(options_.channel.fd(), [this] { read_channel(); });
    loop_.refresh();
    trackers_.configure(*config_);
    take_early_messages();
    if (!start()) return;
    herald_.answer(ipc::Kind::ready);
    reporting_ = true;
    report();
    for (const auto& message : std::exchange(early_, {})) handle(message);
    if (!stopping_) loop_.run();
    if (yielding_)
        leave_to_successor();
    else
        hand_over();
}

// false: it stood by, and is not wanted.
bool Engine::start() {
    use_configuration();
    routers_.reserve(config_->instances.size());
    for (const auto& instance : config_->instances)
        routers_.push_back(std::make_unique<Router>(instance, followed(*config_, instance)));
    deadlines_.reset(routers_.size());
    form_groups();
    if (options_.stand_by && !stand_by()) return false;
    bfd_ = make_bfd_desk();
    for (auto& router : routers_) prepare(*router);
    gateways_->configure(*config_);
    prober_->configure(config_->gateways);
    devices_->configure(*config_, loop_.now());
    damper_.look(loop_.now(), desk_->world());
    statics_->configure(*config_->statics, loop_.now());
    bfd_->configure(*config_, bfd_surface());
    if (const auto from = speaks_from(); options_.adopt || from <= loop_.now()) {
        speak();
    } else {
        start_at_ = from;
        log_.info("Delaying startup for {} (vrrp_startup_delay, vrrp_delay_after_boot)", text(from - loop_.now()));
    }
    for (auto& router : routers_)  // who cannot run
        if (!router->waits && router->machine.role() == proto::Role::initialize) take_up(*router, legacy_of(*router));
    devices_->settle(loop_.now());
    if (!options_.observe) remove_leftovers();
    return true;
}

// The later of both delays. Time is counted from the boot (CLOCK_BOOTTIME).
Instant Engine::speaks_from() const {
    const auto delayed = loop_.now() + config_->startup_delay;
    return std::max(delayed, Instant(config_->delay_after_boot));
}

void Engine::speak() {
    start_at_.reset();
    speaking_ = true;
    reconsider_all();
    report();
}

// A fault-free router enters the protocol: adopted after a crash, or from the beginning.
void Engine::begin(Router& router) {
    const auto legacy = legacy_of(router);
    const bool was_active = router.record && router.record->active.load(std::memory_order_relaxed) != 0;
    if (options_.adopt && was_active) {
        const auto last = Instant(Duration(router.record->last_advert.load(std::memory_order_relaxed)));
        router.record->active.store(0, std::memory_order_relaxed);  // adopted once, whatever comes of it
        if (loop_.now() - last < goes_on_within(router)) {
            drive(router, proto::Adopt{});
            return take_up(router, legacy);
        }
    }
    drive(router, proto::Start{legacy ? legacy->preempt_from : Deadline{}});
    take_up(router, legacy);
}

// How young the last advert must be for its role to go on. A crash may have come any time after it, and a picture of
// the kernel had to be made first; what a predecessor left on purpose is as it says for as long as nobody can have
// taken over.
Duration Engine::goes_on_within(const Router& router) const {
    const auto& timing = router.config->parameters;
    if (!options_.stand_by) return 2 * Duration(timing.advert_interval);
    return proto::down_interval(timing.version, timing.priority, timing.advert_interval, timing.down_timer_adverts);
}

void Engine::serve_deadlines() {
    const auto now = loop_.now();
    if (start_at_ && *start_at_ <= now) speak();
    bfd_->step(now);
    bool drained = false;
    for (int served = 0; served < deadlines_a_turn; ++served) {
        const auto earliest = deadlines_.earliest();
        if (!earliest || *earliest > now) break;
        auto& router = *routers_[deadlines_.front()];
        const auto due = router.machine.next_deadline();
        if (due && *due <= now) {
            // An advert that is queued already speaks before the timer (VR-100); so does who answers for an address.
            if (!router.active() && !std::exchange(drained, true)) {
                transport_->drain();
                speaker_->hear();
            }
            const auto still_due = router.machine.next_deadline();
            if (still_due && *still_due <= now) drive(router, proto::TimeReached{});
        }
        if (const auto at = router.announcer.next_deadline(); at && *at <= now) {
            speaker_->announce(router, router.announcer.due(now));
            if (router.announcer.extra_is_due(now)) speaker_->announce_extra(router);
        }
        if (router.renew_at && *router.renew_at <= now) renew(router, now);
        schedule(number_of(router));
    }
    if (const auto at = damper_.next_deadline(); at && *at <= now) reconsider_all();
    desk_->step(now);
    gateways_->step(now);
    prober_->step(now);
    if (const auto at = absent_.next_deadline(); at && *at <= now) look_at_absent();
    const auto earliest = deadlines_.earliest();
    speaker_->step(now, earliest && *earliest <= now);
    if (tell_at_ && *tell_at_ <= now) tell();
    if (status_) continue_status();
    if (!dumps_.empty()) continue_dump();
    if (tidy_at_ && *tidy_at_ <= now) {
        tidy_at_.reset();
        desk_->tidy();
        give_back_free_memory();
    }
    if (next_beat_ <= now) {
        options_.state.beat(now);
        next_beat_ = now + beat_interval;
        if (reporter_.in_arrears()) report();
        outbox_.flush();
        herald_.flush();
    }
}

void Engine::set_deadline() {
    // Not while a claim is under way: whoever is woken needs the processor that the claim needs.
    if (!tell_at_) herald_.flush_news();
    auto next = earlier(deadlines_.earliest(), next_beat_);
    next = earlier(next, start_at_);
    next = earlier(next, desk_->next_deadline());
    next = earlier(next, damper_.next_deadline());
    next = earlier(next, gateways_->next_deadline());
    next = earlier(next, prober_->next_deadline());
    next = earlier(next, absent_.next_deadline());
    next = earlier(next, speaker_->next_deadline());
    next = earlier(next, bfd_->next_deadline());
    next = earlier(next, tidy_at_);
    next = earlier(next, tell_at_);
    if (status_ || !dumps_.empty()) next = loop_.now();
    loop_.set_deadline(next);
}

void Engine::schedule(std::uint32_t number) {
    const auto& router = *routers_[number];
    auto next = earlier(router.machine.next_deadline(), router.announcer.next_deadline());
    deadlines_.set(number, earlier(next, router.renew_at));
}

std::uint32_t Engine::number_of(const Router& router) const {
    // Instances lie in one array and routers beside them, in the same order.
    const auto number = static_cast<std::size_t>(router.config - config_->instances.data());
    ASSERT(number < routers_.size() && routers_[number].get() == &router);
    return static_cast<std::uint32_t>(number);
}

void Engine::read_channel() {
    for (;;) {
        ipc::Message message;
        const auto state = options_.channel.receive(message);
        if (state == ipc::Channel::State::empty) break;
        if (state == ipc::Channel::State::closed) {
            // Nobody is left to tell: hand over while we still can.
            stopping_ = true;
            break;
        }
        handle(message);
    }
    if (stopping_) loop_.stop();
}

void Engine::handle(const ipc::Message& message) {
    switch (message.kind) {
        case ipc::Kind::stop:
            stopping_ = true;
            break;
        case ipc::Kind::yield:
            stopping_ = yielding_ = true;
            break;
        case ipc::Kind::reload:
            reload(message.memfd.get());
            break;
        case ipc::Kind::dns_choice:
            if (const auto choice = ipc::decode<ipc::DnsChoice>(message.text)) gateways_->dns_chosen(*choice);
            break;
        case ipc::Kind::dns_health:
            if (const auto health = ipc::decode<ipc::DnsHealth>(message.text); health && gateways_->dns_judged(*health))
                reconsider_all();
            break;
        case ipc::Kind::tracker:
            if (const auto state = ipc::decode<ipc::TrackerState>(message.text)) tracker_changed(*state);
            break;
        case ipc::Kind::service_weight:
            if (const auto weight = ipc::decode<ipc::ServiceWeight>(message.text)) gateways_->service_weighs(*weight);
            break;
        case ipc::Kind::services_ready:
            if (const auto readiness = ipc::decode<ipc::Readiness>(message.text))
                gateways_->services_judged(*readiness);
            break;
        case ipc::Kind::scan:
            if (const auto wanted = ipc::decode<ipc::Scan>(message.text); wanted && !options_.observe)
                prober_->scan(*wanted);
            break;
        case ipc::Kind::dhcp_probe:
            if (!options_.observe) prober_->ask_for_dhcp(message.text);
            break;
        case ipc::Kind::announce_again:
            announce_again(message.text);
            break;
        case ipc::Kind::dhcp_silence:
            if (const auto silence = ipc::decode<ipc::DhcpSilence>(message.text)) gateways_->dhcp_silenced(*silence);
            break;
        case ipc::Kind::dump_wanted:
            begin_dump(static_cast<ipc::DumpForm>(message.detail), message.memfd);
            break;
        case ipc::Kind::status_wanted:
            if (!status_) begin_status();  // one answer for all who ask while it is made
            break;
        default:  // what others are told
            break;
    }
}

// All farewells leave before the first address is withdrawn: the stand-ins wait for nothing else.
void Engine::hand_over() {
    desk_->hold();
    for (auto& router : routers_) drive(*router, proto::Stop{});
    bfd_->stop();
    tell();
    statics_->withdraw();
    devices_->withdraw();
    desk_->resume();
    if (!desk_->drain(withdrawal_limit))
        log_.error("the kernel did not take back every address and route in time: vrrpd --sweep removes the rest");
    tell_of_the_end();
    options_.channel.send(ipc::Kind::handed_over);
}

void Engine::tell_of_the_end() {
    for (const auto& router : routers_) herald_.tell(*router, Herald::Event::stop);
    stop_groups();
    herald_.flush();
    for (int i = 0; i < last_tries && herald_.has_news(); ++i) {
        pollfd waiting{options_.channel.fd(), POLLOUT, 0};
        ::poll(&waiting, 1, last_wait_ms);
        herald_.flush();
    }
}

Followed Engine::followed(const config::Config& config, const config::Instance& instance) const {
    const auto* group = instance.sync_group ? &config.sync_groups[*instance.sync_group] : nullptr;
    for (std::uint32_t i = 0; i < config.gateways.size(); ++i) {
        const auto& gateway = config.gateways[i];
        if (gateway.follows == instance.name) return {&gateway, i};
        if (!group || gateway.follows != group->name) continue;
        const auto members = config.followed_by(gateway);
        if (std::find(members.begin(), members.end(), &instance) != members.end())
            return {&gateway, i, members.front() == &instance};
    }
    return {};
}

std::optional<std::string> Engine::member_name(const IpAddress& address) const {
    if (config_->peer_link)
        for (const auto& member : config_->peer_link->members)
            if (member.address == address) return member.name;
    return std::nullopt;
}

std::string Engine::name_of(const IpAddress& address) const {
    const auto name = member_name(address);
    return name ? *name + " (" + address.to_string() + ")" : address.to_string();
}

// What is looked up often is taken out of the configuration once.
void Engine::use_configuration() {
    herald_.follow(config_->notification);
    members_.clear();
    virtual_addresses_.clear();
    speaker_->configure(*config_);
    if (config_->peer_link)
        for (const auto& member : config_->peer_link->members) members_.push_back(member.address);
    for (const auto& instance : config_->instances)
        for (const auto* list : {&instance.addresses, &instance.excluded_addresses})
            for (const auto& vip : *list) virtual_addresses_.push_back(vip.prefix.address);
    static_addresses_.clear();
    for (const auto& address : config_->statics->addresses) static_addresses_.push_back(address.prefix.address);
    std::sort(static_addresses_.begin(), static_addresses_.end());
    damper_.configure(config_->interface_delays);
    std::sort(virtual_addresses_.begin(), virtual_addresses_.end());
    virtual_addresses_.shrink_to_fit();
    desk_->follow_routes(routes_of(*config_));
}

void Engine::prepare(Router& router) {
    const auto& config = *router.config;
    router.record = options_.state.record(config.key());
    router.since = loop_.now();
    authenticate(router);
}

}  // namespace vrrpd::engine
