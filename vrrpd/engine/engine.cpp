#include "vrrpd/engine/engine.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "vrrpd/base/heap.hpp"
#include "vrrpd/engine/core/describe.hpp"

namespace vrrpd::engine {

namespace {

constexpr std::chrono::milliseconds withdrawal_limit{3000};
constexpr int deadlines_a_turn = 64;               // then the sockets are served again
constexpr int last_tries = 20, last_wait_ms = 10;  // for the supervisor to make room, when we stop

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(EngineOptions& options, ipc::ChannelLog& log) {
    std::unique_ptr<Engine> engine(new Engine(options, log));
    auto desk = KernelDesk::open(engine->loop_, log, options.observe);
    if (!desk) return tl::unexpected(desk.error());
    engine->desk_ = std::move(*desk);
    auto speaker = Speaker::open({engine->loop_, log, engine->burst_}, engine->desk_->world(), options.observe);
    if (!speaker) return tl::unexpected(speaker.error());
    engine->speaker_ = std::move(*speaker);
    engine->make_parts();
    return engine;
}

void Engine::make_parts() {
    const auto mode = options_.observe ? AdvertSocket::Mode::observe : AdvertSocket::Mode::speak;
    transport_ = std::make_unique<Transport>(Surroundings{loop_, log_, burst_}, mode,
                                             [this](auto members, const auto& link, const auto& heard) {
                                                 // Before vrrp_startup_delay is over it is not listened (VR-087).
                                                 if (speaking_) receiver_->heard(members, link, heard);
                                             });
    receiver_ = std::make_unique<AdvertReceiver>(
        loop_, log_, routers_, peers_, [this](const auto& router) { remember(router, options_.state); },
        [this](auto& router, const auto& advert, Instant at) {
            if (router.listens) return heard_before_adopting(router, advert);
            drive(router, advert, at);
            if (router.config->sync_group) groups_->heard(router);
        });
    gateways_ = std::make_unique<GatewayKeeper>(loop_, log_, *desk_, *speaker_,
                                                [this](std::size_t gateway) { gateway_changed(gateway); });
    prober_ = make_prober();
    speaker_->leave_out(absent_);
    statics_ = std::make_unique<StaticKeeper>(log_, *desk_, absent_);
    devices_ = std::make_unique<VirtualDevices>(log_, *desk_);
    refusals_ = std::make_unique<Refusals>(log_, *desk_);
    absentees_ = std::make_unique<AbsentDesk>(
        AbsentDesk::Parts{loop_, log_, routers_, desk_->world(), absent_, *speaker_, *statics_},
        [this](auto& router) { claims_->complete(router); });
    claims_ = std::make_unique<ClaimDesk>(
        ClaimDesk::Parts{loop_, log_, routers_, *desk_, *speaker_, *gateways_, *devices_, *refusals_, *absentees_},
        ClaimDesk::Orders{[this](auto& router, const auto& event) { drive(router, event); }, [this] { hold_news(); },
                          [this] { tell_news(); }});
    groups_ =
        std::make_unique<GroupDesk>(loop_, log_, routers_, herald_,
                                    GroupDesk::Orders{[this](auto& router) { begin(router); },
                                                      [this](auto& router, const auto& event) { drive(router, event); },
                                                      [this](auto& router) { say_fault(router); }});
}

Engine::~Engine() = default;

void Engine::run(config::Config config) {
    std::vector<std::unique_ptr<Router>> routers;
    auto place = std::make_unique<config::Config>(std::move(config));
    routers.reserve(place->instances.size());
    for (const auto& instance : place->instances)
        routers.push_back(std::make_unique<Router>(instance, followed_by(instance, *place)));
    routers_.exchange({std::move(place), std::move(routers)});
    desk_->set_handlers({[this](const auto& changes) { world_changed(changes); }, [this] { audited(); },
                         [this](const auto& seen) {
                             gateways_->rules_changed(seen);
                             refusals_->rules_changed(seen);
                         },
                         [this](const auto& links) { absentees_->devices_coming(links); }});
    speaker_->on_claim([this](IfIndex link, const proto::AddressClaim& claim) { address_claimed(link, claim); });
    loop_.on_deadline([this] { serve_deadlines(); });
    loop_.before_wait([this] { set_deadline(); });
    channel_watch_ = loop_.on_readable(options_.channel.fd(), [this] { read_channel(); });
    loop_.refresh();
    trackers_.configure(this->config());
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
    if (options_.stand_by && !stand_by()) return false;
    groups_->form(options_.adopt);
    const auto mode = options_.observe ? BfdDesk::Mode::observe
                      : options_.adopt ? BfdDesk::Mode::resume
                                       : BfdDesk::Mode::speak;
    bfd_ = std::make_unique<BfdDesk>(Surroundings{loop_, log_, burst_}, options_.state, mode,
                                     [this](const ipc::TrackerState& state) { tracker_changed(state); });
    survey_ = std::make_unique<Survey>(
        Survey::Sources{loop_, log_, options_.channel, routers_, desk_->world(), peers_, *transport_, *groups_,
                        *gateways_, *claims_, *bfd_, trackers_},
        options_.observe, [this](std::size_t gateway, const Router& router) { return obstacles(gateway, router); });
    for (auto& router : routers_) prepare(*router);
    gateways_->configure(config());
    prober_->configure(config().gateways);
    devices_->configure(config(), loop_.now());
    damper_.look(loop_.now(), desk_->world());
    statics_->configure(*config().statics, loop_.now());
    bfd_->configure(config(), bfd_surface());
    if (const auto from = speaks_from(); options_.adopt || from <= loop_.now()) {
        speak();
    } else {
        start_at_ = from;
        log_.info("Delaying startup for {} (vrrp_startup_delay, vrrp_delay_after_boot)", text(from - loop_.now()));
    }
    for (auto& router : routers_)  // who cannot run
        if (!router->waits && router->machine.role() == proto::Role::initialize) take_up(*router, inherited(*router));
    devices_->settle(loop_.now());
    if (!options_.observe) claims_->remove_leftovers();
    return true;
}

// The later of both delays. Time is counted from the boot (CLOCK_BOOTTIME).
Instant Engine::speaks_from() const {
    const auto delayed = loop_.now() + config().startup_delay;
    return std::max(delayed, Instant(config().delay_after_boot));
}

void Engine::speak() {
    start_at_.reset();
    speaking_ = true;
    reconsider_all();
    report();
}

// A fault-free router enters the protocol: adopted after a crash, or from the beginning.
void Engine::begin(Router& router) {
    const auto legacy = inherited(router);
    const bool adopts = may_go_on(router) && !router.outranked;
    if (options_.adopt && router.record) router.record->active.store(0, std::memory_order_relaxed);  // once
    if (adopts)
        drive(router, proto::Adopt{});
    else
        drive(router, proto::Start{legacy ? legacy->preempt_from : Deadline{}});
    take_up(router, legacy);
}

Legacy Engine::inherited(const Router& router) {
    return options_.adopt ? legacy_of(router, options_.state) : std::nullopt;
}

void Engine::serve_deadlines() {
    const auto now = loop_.now();
    if (start_at_ && *start_at_ <= now) speak();
    bfd_->step(now);
    serve_routers(now);
    if (const auto at = damper_.next_deadline(); at && *at <= now) reconsider_all();
    desk_->step(now);
    gateways_->step(now);
    prober_->step(now);
    if (const auto at = absentees_->next_deadline(); at && *at <= now) absentees_->look();
    const auto earliest = routers_.next_deadline();
    speaker_->step(now, earliest && *earliest <= now);
    if (tell_at_ && *tell_at_ <= now) tell_news();
    if (survey_->step()) tidy_at_ = now + tidy_delay;
    if (tidy_at_ && *tidy_at_ <= now) {
        tidy_at_.reset();
        desk_->tidy();
        give_back_free_memory();
    }
    if (next_beat_ <= now) beat(now);
}

void Engine::serve_routers(Instant now) {
    bool drained = false;
    for (int served = 0; served < deadlines_a_turn; ++served) {
        const auto earliest = routers_.next_deadline();
        if (!earliest || *earliest > now) break;
        auto& router = routers_.earliest();
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
        if (router.renew_at && *router.renew_at <= now) claims_->renew(router);
        routers_.schedule(router);
    }
}

// The supervisor sees that we live; what a full channel refused is tried again.
void Engine::beat(Instant now) {
    options_.state.beat(now);
    next_beat_ = now + ipc::engine_beat_interval;
    if (reporter_.in_arrears()) report();
    outbox_.flush();
    herald_.flush();
}

void Engine::set_deadline() {
    // Not while a claim is under way: whoever is woken needs the processor that the claim needs.
    if (!tell_at_) herald_.flush_news();
    auto next = earlier(routers_.next_deadline(), next_beat_);
    for (const auto& other : {start_at_, desk_->next_deadline(), damper_.next_deadline(), gateways_->next_deadline(),
                              prober_->next_deadline(), absentees_->next_deadline(), speaker_->next_deadline(),
                              bfd_->next_deadline(), tidy_at_, tell_at_})
        next = earlier(next, other);
    if (survey_->has_work()) next = loop_.now();
    loop_.set_deadline(next);
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
            survey_->begin_dump(static_cast<ipc::DumpForm>(message.detail), message.memfd);
            break;
        case ipc::Kind::status_wanted:
            survey_->begin_status();
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
    tell_news();
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
    groups_->stop();
    herald_.flush();
    for (int i = 0; i < last_tries && herald_.has_news(); ++i) {
        pollfd waiting{options_.channel.fd(), POLLOUT, 0};
        ::poll(&waiting, 1, last_wait_ms);
        herald_.flush();
    }
}

}  // namespace vrrpd::engine
