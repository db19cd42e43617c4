// The dumps that a signal asked for. See dump.hpp.
#include <algorithm>

#include "vrrpd/base/loop.hpp"
#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

namespace {

constexpr std::size_t routers_a_turn = 8;  // into a dump: about 0.2 ms

}  // namespace

// Asked for twice before it is made, it is made once.
void Engine::begin_dump(ipc::DumpForm form, const Fd& scripts) {
    const bool waits = std::any_of(dumps_.begin(), dumps_.end(), [&](const Dump& dump) { return dump.form() == form; });
    if (waits) return;
    dumps_.emplace_back(form, *config_);
    if (!scripts) return;
    if (const auto text = ipc::unseal(scripts.get())) dumps_.back().set_scripts(ipc::decode_scripts(*text));
}

std::vector<DumpedGroup> Engine::dumped_groups() const {
    std::vector<DumpedGroup> all;
    for (const auto& group : groups_) {
        DumpedGroup dumped{group.config};
        for (const auto number : group.config->members) {
            const auto& router = *routers_[number];
            if (!router.troubles->faults.empty()) ++dumped.faulty;
            if (dumped_state(router, faults_of(router)) == DumpedState::init) ++dumped.beginning;
        }
        const auto role = group.machine.role();
        dumped.state = !role                          ? DumpedState::init
                       : *role == proto::Role::active ? DumpedState::master
                       : *role == proto::Role::backup ? DumpedState::backup
                                                      : DumpedState::fault;
        all.push_back(dumped);
    }
    return all;
}

void Engine::continue_dump() {
    auto& dump = dumps_.front();
    const DumpMoment now{loop_.now(), wall_now()};
    for (std::size_t i = 0; i < routers_a_turn && dumped_ < routers_.size(); ++i) {
        auto& router = *routers_[dumped_++];
        dump.add(router, faults_of(router), now);
        if (dump.form() != ipc::DumpForm::stats_clear) continue;
        router.counters = {};
        // Who has no troubles needs no memory for them.
        if (router.troubles->rejected != decltype(router.troubles->rejected){}) router.troubles.edit().rejected = {};
    }
    if (dumped_ < routers_.size()) return;
    const auto sessions = bfd_->status(desk_->world());
    dump.add(sessions, now);
    dump.add(desk_->world().picture(), transport_->sockets());
    if (dump.form() == ipc::DumpForm::data && !sessions.empty()) begin_dump(ipc::DumpForm::bfd, {});
    const auto memfd = ipc::seal(dump.text(dumped_groups(), trackers_), "dump");
    if (!memfd)
        log_.error("{} could not be handed over: {}", ipc::file_name(dump.form()), memfd.error().describe());
    else if (!routers_.empty())  // keepalived writes nothing without instances
        options_.channel.send(ipc::Kind::dump, {}, static_cast<std::uint8_t>(dump.form()), memfd->get());
    dumps_.pop_front();
    dumped_ = 0;
    tidy_at_ = loop_.now() + tidy_delay;
}

}  // namespace vrrpd::engine
