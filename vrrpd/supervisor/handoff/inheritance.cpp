#include "vrrpd/supervisor/handoff/inheritance.hpp"

#include "vrrpd/ipc/channel.hpp"
#include "vrrpd/ipc/shared_state.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr std::chrono::seconds state_limit{10};

template <class Notice>
std::string pack_notices(const std::vector<Notice>& notices) {
    std::vector<std::string> parts;
    for (const auto& notice : notices) parts.push_back(encode(notice));
    return pack(parts);
}

template <class Notice>
bool unpack_notices(const std::string& packed, std::vector<Notice>& into) {
    const auto parts = unpack(packed);
    if (!parts) return false;
    for (const auto& part : *parts) {
        auto notice = ipc::decode<Notice>(part);
        if (!notice) return false;
        into.push_back(std::move(*notice));
    }
    return true;
}

constexpr const char *runs = "started", *stands = "stopped";

std::string pack_orders(const std::vector<UnitKeeper::Order>& orders) {
    std::vector<std::string> parts;
    for (const auto& order : orders) parts.insert(parts.end(), {order.unit, order.runs ? runs : stands});
    return pack(parts);
}

bool unpack_orders(const std::string& packed, std::vector<UnitKeeper::Order>& into) {
    const auto parts = unpack(packed);
    if (!parts || parts->size() % 2 != 0) return false;
    for (std::size_t i = 0; i < parts->size(); i += 2) {
        const auto& word = (*parts)[i + 1];
        if (word != runs && word != stands) return false;
        into.push_back({(*parts)[i], word == runs});
    }
    return true;
}

}  // namespace

std::string encode(const Memory& memory) {
    return pack({pack_notices(memory.trackers), pack_notices(memory.told), pack(memory.agent), pack(memory.fifos),
                 pack_orders(memory.units)});
}

std::optional<Memory> decode_memory(std::string_view text) {
    constexpr std::size_t parts_of_it = 5;
    const auto parts = unpack(text);
    if (!parts || parts->size() != parts_of_it) return std::nullopt;
    Memory memory;
    auto agent = unpack((*parts)[2]), fifos = unpack((*parts)[3]);
    if (!unpack_notices((*parts)[0], memory.trackers) || !unpack_notices((*parts)[1], memory.told) || !agent ||
        !fifos || !unpack_orders((*parts)[4], memory.units))
        return std::nullopt;
    memory.agent = std::move(*agent);
    memory.fifos = std::move(*fifos);
    return memory;
}

std::optional<Inheritance> take_inheritance(HandoffSocket predecessor, Log& log) {
    Inheritance inheritance;
    inheritance.predecessor = std::move(predecessor);
    inheritance.predecessor.send("hello", std::to_string(ipc::state_layout));
    auto state = inheritance.predecessor.wait_for(state_limit);
    if (!state || state->word != "state") {
        log.error("handoff: the daemon before did not say what there is to take over");
        return std::nullopt;
    }
    const auto take = [&](const char* name) { return std::move(state->descriptors[name]); };
    inheritance.lock_file = take("lock");
    inheritance.lock_socket = take("lock_socket");
    inheritance.shared_state = take("shared_state");
    inheritance.configuration = take("configuration");
    inheritance.configuration_for_agent = take("configuration_for_agent");
    inheritance.control_socket = take("control");
    inheritance.listener = HandoffSocket(take("listener"));
    inheritance.readable = state->text == std::to_string(ipc::state_layout);
    const auto memory_fd = take("memory");
    const auto text = memory_fd ? ipc::unseal(memory_fd.get()) : Result<std::string>(std::string());
    auto memory = inheritance.readable && text ? decode_memory(*text) : std::nullopt;
    const bool complete = inheritance.lock_file && inheritance.lock_socket && inheritance.configuration;
    if (!complete || (inheritance.readable && (!memory || !inheritance.shared_state))) {
        log.error("handoff: the daemon before sent less than what is needed");
        return std::nullopt;
    }
    if (memory) inheritance.memory = std::move(*memory);
    return inheritance;
}

}  // namespace vrrpd::supervisor
