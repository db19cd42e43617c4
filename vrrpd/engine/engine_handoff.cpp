// A handoff (vrrpd(8), --handoff): the engine before leaves everything as it is, and its successor, which has opened
// everything by then, goes on as after a crash - without the crash.
#include <poll.h>

#include <algorithm>
#include <utility>

#include "vrrpd/engine/engine.hpp"
#include "vrrpd/proto/timers.hpp"

namespace vrrpd::engine {

namespace {

constexpr Duration settle_limit = std::chrono::seconds(3);  // for what the kernel was asked already
constexpr std::chrono::milliseconds shortest_wait{1};

}  // namespace

// With the sockets open, so that no switch hears that the last member left the group, and no advert of another router
// is lost between the two. false: the supervisor is gone, or wants us no more; nothing was touched.
bool Engine::stand_by() {
    for (auto& router : routers_) (void)look(*router);
    require_sockets();
    options_.channel.send(ipc::Kind::standing_by);
    for (;;) {
        pollfd waiting{options_.channel.fd(), POLLIN, 0};
        ::poll(&waiting, 1, -1);
        ipc::Message message;
        const auto state = options_.channel.receive(message);
        if (state == ipc::Channel::State::closed || message.kind == ipc::Kind::stop) return false;
        if (state == ipc::Channel::State::empty) continue;
        if (message.kind != ipc::Kind::proceed) {
            take_early(std::move(message));
            continue;
        }
        options_.adopt = message.detail != 0;
        loop_.refresh();
        desk_->catch_up();  // the picture is from before
        desk_->audit_soon(loop_.now());
        return true;
    }
}

// What is tracked already has its states in the channel: who is adopted or begins should know them. The rest waits
// until there is something to apply it to.
void Engine::take_early_messages() {
    ipc::Message message;
    while (options_.channel.receive(message) == ipc::Channel::State::message) take_early(std::move(message));
}

void Engine::take_early(ipc::Message message) {
    const auto state = message.kind == ipc::Kind::tracker ? ipc::decode<ipc::TrackerState>(message.text) : std::nullopt;
    const auto choice =
        message.kind == ipc::Kind::dns_choice ? ipc::decode<ipc::DnsChoice>(message.text) : std::nullopt;
    if (state)
        (void)trackers_.apply(*state);
    else if (choice)
        gateways_->remember(*choice);
    else
        early_.push_back(std::move(message));
}

// How young the last advert must be for its role to go on. A crash may have come any time after it, and a picture of
// the kernel had to be made first; what a predecessor left on purpose is as it says for as long as nobody can have
// taken over.
Duration Engine::goes_on_within(const Router& router) const {
    const auto& timing = router.config->parameters;
    if (!options_.stand_by) return 2 * Duration(timing.advert_interval);
    return proto::down_interval(timing.version, timing.priority, timing.advert_interval, timing.down_timer_adverts);
}

bool Engine::may_go_on(const Router& router) const {
    const bool was_active = router.record && router.record->active.load(std::memory_order_relaxed) != 0;
    if (!options_.adopt || !was_active) return false;
    const auto last = Instant(Duration(router.record->last_advert.load(std::memory_order_relaxed)));
    return loop_.now() - last < goes_on_within(router);
}

// What waits in the sockets may say that another router has the role by now. Nothing is sent before it is heard.
void Engine::hear_before_adopting() {
    bool any = false;
    for (auto& router : routers_) {
        const bool begins = router->machine.role() == proto::Role::initialize && router->troubles->faults.empty();
        router->listens = begins && may_go_on(*router);
        any = any || router->listens;
    }
    if (!any) return;
    transport_->drain();
    for (auto& router : routers_) router->listens = false;
}

void Engine::heard_before_adopting(Router& router, const proto::Received& advert) {
    if (!advert.outranks(router.machine.effective_priority()) || std::exchange(router.outranked, true)) return;
    log_.notice("({}) does not go on in the role of the engine before: {} has it by now, with priority {}",
                router.config->name, peers_.describe(advert.source), advert.priority.value());
}

// What was asked of the kernel is done first, with adverts meanwhile. Then one more advert: from now the other routers
// wait as long as ever, and nothing that takes time is left to do. What an authenticator knows is written down.
void Engine::leave_to_successor() {
    const auto give_up = boot_now() + settle_limit;
    bool settled = desk_->drain(std::chrono::milliseconds(0));
    while (!settled && boot_now() < give_up) {
        advertise_all();
        settled = desk_->drain(shortest_advert_interval());
    }
    if (!settled) log_.error("the kernel did not take everything in time; the successor repairs it");
    tell_news();
    advertise_all();
    for (auto& router : routers_) {
        remember(*router, options_.state);
        leave(*router, options_.state);
    }
    herald_.flush();
}

void Engine::advertise_all() {
    loop_.refresh();
    for (auto& router : routers_)
        if (router->active()) perform(*router, proto::SendAdvert{router->machine.effective_priority()});
}

std::chrono::milliseconds Engine::shortest_advert_interval() const {
    auto shortest = std::chrono::duration_cast<std::chrono::milliseconds>(settle_limit);
    for (const auto& router : routers_)
        if (router->active())
            shortest = std::min(shortest, std::chrono::duration_cast<std::chrono::milliseconds>(
                                              Duration(router->config->parameters.advert_interval)));
    return std::max(shortest, shortest_wait);
}

}  // namespace vrrpd::engine
