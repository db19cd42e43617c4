#include "vrrpd/supervisor/auth_file.hpp"

#include <fmt/format.h>

#include <optional>
#include <sstream>
#include <utility>

#include "vrrpd/proto/envelope.hpp"
#include "vrrpd/supervisor/bfd_counters.hpp"
#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr std::string_view multicast = "multicast", unicast = "unicast";

constexpr std::string_view no_interface = "/", no_source = "any";  // no device has such a name

// "lan0 4 1": a router of the standard group. Another group, or unicast, follows the number: "1/239.0.0.1",
// "1/unicast/10.0.0.1".
std::string text_of(const proto::RouterKey& key) {
    auto text = fmt::format("{} {} {}", key.interface.empty() ? no_interface : key.interface,
                            static_cast<unsigned>(key.family), key.vrid.value());
    if (key.unicast()) return text + fmt::format("/{}/{}", unicast, key.source ? key.source->to_string() : no_source);
    return key.group == proto::multicast_group(key.family) ? text : text + "/" + key.group->to_string();
}

// How "1/239.0.0.1" ends, from the slash on.
bool take_cast(std::string_view text, proto::RouterKey& key) {
    key.group.reset();
    if (text.empty()) return key.group.emplace(proto::multicast_group(key.family)), true;
    text.remove_prefix(1);
    const bool is_unicast = text.starts_with(unicast) && text.substr(unicast.size()).starts_with('/');
    if (is_unicast) text.remove_prefix(unicast.size() + 1);
    if (is_unicast && text == no_source) return true;
    const auto address = IpAddress::parse(text);
    (is_unicast ? key.source : key.group) = address;
    return address && address->family() == key.family;
}

std::optional<proto::RouterKey> take_key(std::istream& in) {
    proto::RouterKey key;
    unsigned family = 0, vrid = 0;
    std::string cast;
    in >> key.interface >> family >> vrid;
    if (in && in.peek() == '/') in >> cast;
    const auto number = proto::Vrid::make(vrid);
    const bool known_family =
        family == static_cast<unsigned>(Family::ipv4) || family == static_cast<unsigned>(Family::ipv6);
    if (!in || !number || !known_family || key.interface.size() >= sizeof(ipc::RouterRecord::interface))
        return std::nullopt;
    if (key.interface == no_interface) key.interface.clear();
    key.family = static_cast<Family>(family);
    key.vrid = *number;
    return take_cast(cast, key) ? std::optional(key) : std::nullopt;
}

// "KEY AH HMAC [SOURCE PATH SEQUENCE]..."
void put(const ipc::RouterRecord& router, const proto::AuthMemory& memory, std::string& out) {
    fmt::format_to(std::back_inserter(out), "{} {} {}", text_of(router.key()), memory.ah_sequence,
                   memory.hmac_sequence);
    for (const auto& mark : memory.marks)
        fmt::format_to(std::back_inserter(out), " {} {} {}", mark.source.to_string(),
                       mark.multicast ? multicast : unicast, mark.sequence);
    out += '\n';
}

void take(const std::string& line, ipc::SharedState& state) {
    std::istringstream in(line);
    const auto key = take_key(in);
    std::string source, path;
    proto::AuthMemory memory;
    in >> memory.ah_sequence >> memory.hmac_sequence;
    if (!key || !in) return;
    for (std::uint64_t sequence = 0; in >> source >> path >> sequence;) {
        const auto address = IpAddress::parse(source);
        if (address && (path == multicast || path == unicast))
            memory.marks.push_back({*address, path == multicast, sequence});
    }
    auto* record = state.record(*key);
    if (record != nullptr) ipc::store(memory, state.auth(*record));
}

}  // namespace

std::string auth_text(ipc::SharedState& state) {
    std::string text;
    state.each([&](const ipc::RouterRecord& router) {
        const auto memory = ipc::load(state.auth(router));
        if (memory != proto::AuthMemory{}) put(router, memory, text);
    });
    return text + bfd_counter_lines(state);
}

void restore_auth(std::string_view text, ipc::SharedState& state) {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);)
        if (!take_bfd_counters(line, state)) take(line, state);
}

void AuthFile::restore(ipc::SharedState& state, Instant now) {
    save_at_ = now + save_interval;
    if (path_.empty()) return;
    saved_ = read_file(path_).value_or("");
    restore_auth(saved_, state);
}

void AuthFile::save(ipc::SharedState& state) {
    auto text = path_.empty() ? std::string() : auth_text(state);
    if (text.empty() || text == saved_) return;
    const auto written = write_file(path_, text, 0600);
    if (written) {
        saved_ = std::move(text);
    } else if (!std::exchange(failure_said_, true)) {
        log_.warning("{}; after a restart, adverts that were heard before would be taken once more",
                     written.error().describe());
    }
}

void AuthFile::step(ipc::SharedState& state, Instant now) {
    if (!save_at_ || now < *save_at_) return;
    save_at_ = now + save_interval;
    save(state);
}

}  // namespace vrrpd::supervisor
