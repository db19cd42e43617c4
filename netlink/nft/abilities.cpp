#include "netlink/nft/abilities.hpp"

#include "netlink/nft/compile.hpp"

namespace netlink::nft {
namespace {

constexpr const char* probe = "vrrpd-probe";

// Whether the kernel takes an egress chain on this device.
bool takes_egress(Connection& connection, const char* device) {
    const TableId table{TableFamily::netdev, probe};
    Batch batch;
    batch.add_table(table);
    const auto chain = batch.next_sequence();
    batch.add_chain(table, {"egress", ChainType::filter, Hook::egress, 0, device, {}});
    batch.remove_chain(table, "never-made");
    const auto errors = connection.attempt(batch);
    return errors && !errors->empty() && !errors->count(chain) && errors->begin()->first > chain;
}

}  // namespace

Abilities detect(Connection& connection) {
    Abilities out;
    out.nf_tables = connection.generation().has_value();
    if (!out.nf_tables) return out;
    out.netdev_egress = takes_egress(connection, "lo");
    out.late_devices = out.netdev_egress && takes_egress(connection, probe);
    return out;
}

}  // namespace netlink::nft
