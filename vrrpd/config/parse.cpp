// Lines -> Config (see parse.hpp): walk, resolve, validate.
#include "vrrpd/config/parse.hpp"

#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {

Parsed parse(const std::vector<Line>& lines, std::string_view id) {
    Reader reader(lines, id);
    reader.read_all();
    resolve(reader);
    resolve_virtual_macs(reader);
    resolve_statics(reader);
    resolve_garp_groups(reader);
    resolve_sync_groups(reader);
    resolve_tracks(reader);
    resolve_notification(reader);
    validate(reader);
    resolve_gateways(reader);
    resolve_dns_failovers(reader);
    resolve_dhcp_sync(reader);
    Parsed parsed;
    parsed.faults = reader.take_faults();
    parsed.balanced = reader.balanced();
    parsed.config = std::move(reader.draft().config);
    parsed.globals = std::move(reader.draft().globals);
    return parsed;
}

}  // namespace vrrpd::config
