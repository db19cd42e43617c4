#include "vrrpd/engine/legacy.hpp"

#include <cstdint>
#include <memory>

namespace vrrpd::engine {

void authenticate(Router& router, ipc::SharedState& state) {
    const auto& wanted = *router.config->authentication;
    if (!wanted.wanted()) return router.authenticator.reset();
    const auto peers = router.config->peers.size();
    if (router.authenticator) return router.authenticator->configure(wanted, peers);
    router.authenticator = std::make_unique<proto::Authenticator>(wanted, peers);
    if (router.record) router.authenticator->restore(ipc::load(state.auth(*router.record)));
}

void remember(const Router& router, ipc::SharedState& state) {
    if (router.authenticator && router.record) ipc::store(router.authenticator->memory(), state.auth(*router.record));
}

void leave(const Router& router, ipc::SharedState& state) {
    if (!router.record) return;
    const auto& counted = router.counters;
    ipc::LegacyRecord::Values values;
    values.role = static_cast<std::uint8_t>(router.machine.role());
    values.since = router.since;
    values.preempt_from = router.machine.preempts_from();
    values.adverts = {counted.adverts_sent, counted.adverts_received};
    values.moves = {counted.zero_sent, counted.zero_received, counted.became_active, counted.released};
    values.other_addresses = counted.other_addresses;
    values.rejected = router.troubles->rejected;
    ipc::leave(values, state.legacy(*router.record));
}

Legacy legacy_of(const Router& router, ipc::SharedState& state) {
    if (!router.record) return std::nullopt;
    return ipc::take_up(state.legacy(*router.record));
}

void take_up(Router& router, const Legacy& legacy) {
    if (!legacy) return;
    const auto role = router.machine.role();
    const bool stayed = role == static_cast<proto::Role>(legacy->role);
    if (stayed) router.since = legacy->since;
    auto& counted = router.counters;
    if (stayed && role == proto::Role::active) --counted.became_active;
    counted.adverts_sent += legacy->adverts[0];
    counted.adverts_received += legacy->adverts[1];
    counted.zero_sent += legacy->moves[0];
    counted.zero_received += legacy->moves[1];
    counted.became_active += legacy->moves[2];
    counted.released += legacy->moves[3];
    counted.other_addresses += legacy->other_addresses;
    if (legacy->rejected == decltype(legacy->rejected){}) return;
    auto& rejected = router.troubles.edit().rejected;
    for (std::size_t kind = 0; kind < rejected.size(); ++kind) rejected[kind] += legacy->rejected[kind];
}

}  // namespace vrrpd::engine
