// A handoff (vrrpd(8), --handoff): the engine before leaves everything as it is, and its successor, which has opened
// everything by then, goes on as after a crash - without the crash.
#include <poll.h>

#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

namespace {

constexpr std::chrono::milliseconds settle_limit{3000};  // for what the kernel was asked already

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
        desk_->audit_soon(loop_.now());  // the picture is from before
        return true;
    }
}

// One more advert: from now the other routers wait as long as ever. What was asked of the kernel is done; what an
// authenticator knows is written down.
void Engine::leave_to_successor() {
    for (auto& router : routers_) {
        if (router->active()) perform(*router, proto::SendAdvert{router->machine.effective_priority()});
        remember(*router);
    }
    tell();
    if (!desk_->drain(settle_limit)) log_.error("the kernel did not take everything in time; the successor repairs it");
    flush_notices();
}

}  // namespace vrrpd::engine
