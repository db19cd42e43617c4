#include "vrrpd/engine/received_config.hpp"

#include "vrrpd/base/heap.hpp"
#include "vrrpd/config/parse.hpp"
#include "vrrpd/ipc/channel.hpp"

namespace vrrpd::engine {

namespace {

std::optional<config::Config> parsed(int memfd, const std::string& id) {
    const auto text = ipc::unseal(memfd);
    const auto lines = text ? config::deserialize(*text) : std::nullopt;
    if (!lines) return std::nullopt;
    const auto result = config::parse(*lines, id);
    // Copied, not moved: the values lie scattered over what the parse leaves behind, and with each of them a page.
    return result.config;
}

}  // namespace

std::optional<config::Config> received_config(int memfd, const std::string& id) {
    auto config = parsed(memfd, id);
    give_back_free_memory();
    return config;
}

}  // namespace vrrpd::engine
