#include "vrrpd/supervisor/auth_file.hpp"

#include <fmt/format.h>

#include <sstream>
#include <utility>

#include "vrrpd/supervisor/bfd_counters.hpp"
#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr std::string_view multicast = "multicast", unicast = "unicast";

// "lan0 4 1 AH HMAC [SOURCE PATH SEQUENCE]..."
void put(const ipc::RouterRecord& router, const proto::AuthMemory& memory, std::string& out) {
    fmt::format_to(std::back_inserter(out), "{} {} {} {} {}", router.interface, router.family, router.vrid,
                   memory.ah_sequence, memory.hmac_sequence);
    for (const auto& mark : memory.marks)
        fmt::format_to(std::back_inserter(out), " {} {} {}", mark.source.to_string(),
                       mark.multicast ? multicast : unicast, mark.sequence);
    out += '\n';
}

void take(const std::string& line, ipc::SharedState& state) {
    std::istringstream in(line);
    std::string interface, source, path;
    unsigned family = 0, vrid = 0;
    proto::AuthMemory memory;
    in >> interface >> family >> vrid >> memory.ah_sequence >> memory.hmac_sequence;
    const auto number = proto::Vrid::make(vrid);
    const bool known_family =
        family == static_cast<unsigned>(Family::ipv4) || family == static_cast<unsigned>(Family::ipv6);
    if (!in || !number || !known_family || interface.size() >= sizeof(ipc::RouterRecord::interface)) return;
    for (std::uint64_t sequence = 0; in >> source >> path >> sequence;) {
        const auto address = IpAddress::parse(source);
        if (address && (path == multicast || path == unicast))
            memory.marks.push_back({*address, path == multicast, sequence});
    }
    auto* record = state.record(interface, static_cast<Family>(family), *number);
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
