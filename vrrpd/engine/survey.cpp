#include "vrrpd/engine/survey.hpp"

#include <algorithm>

namespace vrrpd::engine {

namespace {

// About 0.2 ms each.
constexpr std::size_t routers_a_turn = 16, dumped_a_turn = 8;

}  // namespace

void Survey::begin_status() {
    if (!status_) status_.emplace(StatusWork{StatusReport(observing_)});
}

void Survey::begin_dump(ipc::DumpForm form, const Fd& scripts) {
    const bool waits = std::any_of(dumps_.begin(), dumps_.end(), [&](const Dump& dump) { return dump.form() == form; });
    if (waits) return;
    dumps_.emplace_back(form, from_.routers.config());
    if (!scripts) return;
    if (const auto text = ipc::unseal(scripts.get())) dumps_.back().set_scripts(ipc::decode_scripts(*text));
}

void Survey::restart() {
    if (status_) status_.emplace(StatusWork{StatusReport(observing_)});
    for (auto& dump : dumps_) dump.restart(from_.routers.config());
    dumped_ = 0;
}

bool Survey::step() {
    const bool status_done = status_ && continue_status();
    const bool dump_done = !dumps_.empty() && continue_dump();
    return status_done || dump_done;
}

bool Survey::continue_status() {
    const auto now = from_.loop.now();
    const auto member = [this](const IpAddress& address) { return from_.peers.member(address); };
    const auto& routers = from_.routers;
    for (std::size_t i = 0; i < routers_a_turn && status_->done < routers.size(); ++i)
        status_->report.add(status_of(routers[status_->done++]), now, member);
    if (status_->done < routers.size()) return false;
    for (const auto& group : from_.groups.all()) status_->report.add(status_of(group), now);
    for (const auto& session : from_.bfd.status(from_.world)) status_->report.add(session, now);
    add_gateways();
    const auto memfd = ipc::seal(status_->report.text(), "status");
    status_.reset();
    if (memfd)
        from_.channel.send(ipc::Kind::status, {}, 0, memfd->get());
    else
        from_.log.error("the status could not be handed over: {}", memfd.error().describe());
    return true;
}

RouterStatus Survey::status_of(const Router& router) const {
    const auto group = router.config->sync_group;
    return {router, from_.routers.faults_of(router), from_.claims.missing_of(router),
            group ? from_.routers.config().sync_groups[*group].name : std::string()};
}

GroupStatus Survey::status_of(const GroupDesk::Group& group) const {
    GroupStatus status{group.name, group.machine.role().value_or(proto::Role::initialize), group.since, {}};
    for (const auto number : group.config->members) status.members.push_back(from_.routers[number].config->name);
    return status;
}

void Survey::add_gateways() {
    const auto& all = from_.routers.config().gateways;
    const auto& keeper = from_.gateways;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (const auto* router = from_.routers.leader_of(all[i]))
            status_->report.add({all[i], keeper.readiness(i), obstacles_(i, *router), keeper.next_hop(i), keeper.dns(i),
                                 keeper.fence_is_open(i)},
                                router->machine.role());
}

bool Survey::continue_dump() {
    auto& dump = dumps_.front();
    const DumpMoment now{from_.loop.now(), wall_now()};
    const auto& routers = from_.routers;
    for (std::size_t i = 0; i < dumped_a_turn && dumped_ < routers.size(); ++i) {
        auto& router = routers[dumped_++];
        dump.add(router, routers.faults_of(router), now);
        if (dump.form() == ipc::DumpForm::stats_clear) clear_counters(router);
    }
    if (dumped_ < routers.size()) return false;
    const auto sessions = from_.bfd.status(from_.world);
    dump.add(sessions, now);
    dump.add(from_.world.picture(), from_.transport.sockets());
    if (dump.form() == ipc::DumpForm::data && !sessions.empty()) begin_dump(ipc::DumpForm::bfd, {});
    hand_over(dump);
    dumps_.pop_front();
    dumped_ = 0;
    return true;
}

void Survey::clear_counters(Router& router) {
    router.counters = {};
    // Who has no troubles needs no memory for them.
    if (router.troubles->rejected != decltype(router.troubles->rejected){}) router.troubles.edit().rejected = {};
}

void Survey::hand_over(const Dump& dump) {
    const auto memfd = ipc::seal(dump.text(dumped_groups(), from_.trackers), "dump");
    if (!memfd)
        from_.log.error("{} could not be handed over: {}", ipc::file_name(dump.form()), memfd.error().describe());
    else if (!from_.routers.empty())  // keepalived writes nothing without instances
        from_.channel.send(ipc::Kind::dump, {}, static_cast<std::uint8_t>(dump.form()), memfd->get());
}

std::vector<DumpedGroup> Survey::dumped_groups() const {
    std::vector<DumpedGroup> all;
    for (const auto& group : from_.groups.all()) {
        DumpedGroup dumped{group.config};
        for (const auto number : group.config->members) {
            const auto& router = from_.routers[number];
            if (!router.troubles->faults.empty()) ++dumped.faulty;
            if (dumped_state(router, from_.routers.faults_of(router)) == DumpedState::init) ++dumped.beginning;
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

}  // namespace vrrpd::engine
