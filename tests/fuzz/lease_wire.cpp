// A replica message from a peer that has the key, and is mad.
#include "dhcpsync/core/wire.hpp"
#include "tests/fuzz/targets.hpp"
#include "vrrpd/base/assert.hpp"

namespace vrrpd::fuzz {

int lease_wire::one_input(Input input) {
    const auto message = dhcpsync::decode(input);
    if (!message) return 0;
    if (const auto* update = std::get_if<dhcpsync::Update>(&*message))
        for (const auto& cell : update->cells)
            for (const auto& version : cell.versions)
                if (version.lease) ASSERT(well_formed(*version.lease) && version.lease->address == cell.address);
    const auto again = dhcpsync::decode(dhcpsync::encode(*message));
    ASSERT(again && *again == *message);
    return 0;
}

}  // namespace vrrpd::fuzz
