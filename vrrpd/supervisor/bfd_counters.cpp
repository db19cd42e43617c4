#include "vrrpd/supervisor/bfd_counters.hpp"

#include <fmt/format.h>

#include <sstream>

namespace vrrpd::supervisor {

namespace {

constexpr std::string_view mark = "bfd/";
using Counters = ipc::BfdRecord::Counters;

}  // namespace

std::string bfd_counter_lines(const ipc::SharedState& state) {
    std::string text;
    state.each_bfd([&](const ipc::BfdRecord& record) {
        const auto counted = ipc::counters(record);
        if (counted == Counters{}) return;
        text += fmt::format("{}{} {} {} {} {}", mark, record.name, counted.sent, counted.received, counted.became_up,
                            counted.went_down);
        for (std::size_t kind = 0; kind < counted.rejected.size(); ++kind)
            if (counted.rejected[kind] > 0)
                text += fmt::format(" {} {}", name(static_cast<proto::BfdRejection>(kind)), counted.rejected[kind]);
        text += '\n';
    });
    return text;
}

bool take_bfd_counters(const std::string& line, ipc::SharedState& state) {
    if (!line.starts_with(mark)) return false;
    std::istringstream in(line.substr(mark.size()));
    std::string session, word;
    Counters counted;
    in >> session >> counted.sent >> counted.received >> counted.became_up >> counted.went_down;
    if (!in || session.size() >= sizeof(ipc::BfdRecord::name)) return true;
    for (std::uint32_t count = 0; in >> word >> count;)
        for (std::size_t kind = 0; kind < counted.rejected.size(); ++kind)
            if (name(static_cast<proto::BfdRejection>(kind)) == word) counted.rejected[kind] = count;
    if (auto* record = state.bfd(session)) ipc::store(counted, *record);
    return true;
}

}  // namespace vrrpd::supervisor
