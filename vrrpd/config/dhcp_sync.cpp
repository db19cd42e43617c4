// dhcp_sync: the leases of a gateway, and the DHCP server beside it. Like the other blocks of ours, what is
// wrong in it stops a start.
#include <fmt/format.h>

#include "vrrpd/config/own_blocks.hpp"

namespace vrrpd::config {
namespace {

constexpr std::string_view default_bus_name = "uk.org.thekelleys.dnsmasq";
// Seconds. An answer takes three where dnsmasq pings the address first, and next to none with no-ping.
constexpr std::int64_t shortest_probe = 2, longest_probe = 86'400;

}  // namespace

void open_dhcp_sync(Reader& reader, const Statement& s) {
    auto& draft = reader.draft().dhcp_sync;
    if (draft) reader.fatal(Severity::error, s.place(), "dhcp_sync stands twice: the leases of one gateway are kept");
    draft.emplace().place = s.place();
    draft->value.dnsmasq.bus_name = default_bus_name;
    reader.enter(s);
}

namespace {

DhcpSyncDraft& current(Reader& reader) { return *reader.draft().dhcp_sync; }

void set_follows(Reader& reader, const Statement& s) {
    (void)word_count(reader, s, 2, 2, "follows GATEWAY");
    current(reader).value.follows = s.word(1);
    current(reader).follows_place = s.place(1);
}

void set_scan(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 2, 2, "scan on, or scan off")) return;
    const auto value = parse_boolean(s.word(1));
    if (!value) return reader.fatal(Severity::error, s.place(1), fmt::format("scan '{}': write on or off", s.word(1)));
    current(reader).value.scan = *value;
}

void set_probe(Reader& reader, const Statement& s) {
    auto& probe = current(reader).value.probe;
    if (s.size() == 2 && s.word(1) == "auto") return probe.reset();
    if (s.size() == 2 && s.word(1) == "off")
        probe = Duration(0);
    else if (const auto seconds = own_number(reader, s, "auto, off, or seconds"))
        probe = std::chrono::seconds(*seconds);
}

void open_dnsmasq(Reader& reader, const Statement& s) {
    current(reader).dnsmasq = s.place();
    reader.enter(s);
}

// auto stays empty: it is found.
template <auto Field>
void set_path(Reader& reader, const Statement& s) {
    if (s.size() == 2 && s.word(1) == "auto") return;
    if (auto path = own_path(reader, s)) current(reader).value.dnsmasq.*Field = std::move(*path);
}

void set_bus(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 2, 2, "bus auto, bus off, or bus NAME")) return;
    auto& bus_name = current(reader).value.dnsmasq.bus_name;
    if (s.word(1) == "auto") return;
    if (s.word(1) == "off") return bus_name.clear();
    if (!is_bus_name(s.word(1)))
        return reader.fatal(Severity::error, s.place(1),
                            fmt::format("bus '{}' is no name of a D-Bus service: write auto, off, or the name that "
                                        "dnsmasq's enable-dbus has, like {}",
                                        s.word(1), default_bus_name));
    bus_name = s.word(1);
}

void exclude_each_other(Reader& reader, const Statement& s) {
    const auto& dnsmasq = current(reader).value.dnsmasq;
    if (!dnsmasq.restart_unit.empty() && !dnsmasq.restart_command.empty())
        reader.fatal(Severity::error, s.place(), "restart_unit and restart_command exclude each other: write one");
}

void set_restart_unit(Reader& reader, const Statement& s) {
    if (!word_count(reader, s, 2, 2, "restart_unit UNIT, like restart_unit dnsmasq")) return;
    if (!is_unit_name(s.word(1)))
        return reader.fatal(
            Severity::error, s.place(1),
            fmt::format("restart_unit '{}' is no name of a systemd unit: write one like dnsmasq", s.word(1)));
    current(reader).value.dnsmasq.restart_unit = s.word(1);
    exclude_each_other(reader, s);
}

void set_restart_command(Reader& reader, const Statement& s) {
    auto words = own_command(reader, s);
    if (!words) return;
    current(reader).value.dnsmasq.restart_command = std::move(*words);
    exclude_each_other(reader, s);
}

void set_down_weight(Reader& reader, const Statement& s) {
    if (const auto value = own_number(reader, s)) current(reader).value.dnsmasq.down_weight = static_cast<int>(*value);
}

constexpr Keyword dhcp_sync_table[] = {
    {"follows", 'O', Support::acted, Shape::word, set_follows},
    {"dnsmasq", 'O', Support::acted, Shape::block, open_dnsmasq, 0, 0, {}, Block::dnsmasq},
    usually("on", {"scan", 'O', Support::acted, Shape::word, set_scan, 0, 0, "on off"}),
    usually("auto", {"probe", 'O', Support::acted, Shape::word, set_probe, shortest_probe, longest_probe, "auto off"}),
};

constexpr Keyword dnsmasq_table[] = {
    usually("auto", {"lease_file", 'O', Support::acted, Shape::word, set_path<&Dnsmasq::lease_file>}),
    usually("auto", {"configuration", 'O', Support::acted, Shape::word, set_path<&Dnsmasq::configuration>}),
    usually("auto", {"bus", 'O', Support::acted, Shape::word, set_bus}),
    {"restart_unit", 'O', Support::acted, Shape::word, set_restart_unit},
    {"restart_command", 'O', Support::acted, Shape::word, set_restart_command},
    usually("-120", {"down_weight", 'O', Support::acted, Shape::word, set_down_weight, -253, 0}),
};

}  // namespace

std::span<const Keyword> dhcp_sync_keywords() { return dhcp_sync_table; }
std::span<const Keyword> dnsmasq_keywords() { return dnsmasq_table; }

void resolve_dhcp_sync(Reader& reader) {
    auto& draft = reader.draft();
    if (!draft.dhcp_sync) return;
    const auto& block = *draft.dhcp_sync;
    const auto& value = block.value;
    const auto fatal = [&](const char* text) {
        reader.fatal(Severity::error, block.place, fmt::format("dhcp_sync: {}", text));
    };
    auto* gateway = followed_gateway(reader, {"dhcp_sync", value.follows, block.place, block.follows_place});
    if (gateway != nullptr) gateway->rules.fence_router_advertisements = true;
    if (!block.dnsmasq) fatal("the DHCP server is missing: write dnsmasq { }");
    const auto& link = draft.config.peer_link;
    if (!link) {
        fatal("leases go to the other routers by peer_link: write one, with key_file and the members");
    } else if (link->key_file.empty()) {
        fatal("leases go to the other routers by a connection that needs a key: write key_file into peer_link");
    }
    if (block.dnsmasq && value.dnsmasq.bus_name.empty() && !value.dnsmasq.can_restart())
        reader.fault(Severity::error, *block.dnsmasq,
                     "dhcp_sync: with bus off nothing brings the leases into dnsmasq: write bus auto, or restart_unit "
                     "and its unit");
    draft.config.dhcp_sync = value;
}

}  // namespace vrrpd::config
