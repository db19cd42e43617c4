#include "dhcpsync/udp_port.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <string>

#include "vrrpd/base/fd.hpp"

namespace dhcpsync {

namespace {

constexpr std::uint16_t dhcp4_server = 67, dhcp6_server = 547;

std::optional<std::string> read_all(const char* path) {
    const vrrpd::Fd file(::open(path, O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    std::string text;
    std::array<char, 16384> part{};
    for (;;) {
        const auto got = ::read(file.get(), part.data(), part.size());
        if (got < 0) return std::nullopt;
        if (got == 0) return text;
        text.append(part.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace

// "  sl  local_address rem_address ..." with local_address "0E0C0A0A:0043"; the remote one's port is 0 for a server.
bool lists_port(std::string_view table, std::uint16_t port) {
    const auto wanted = fmt::format(":{:04X} ", port);
    for (auto end = table.find('\n'); end != std::string_view::npos; end = table.find('\n')) {
        const auto line = table.substr(0, end);
        table.remove_prefix(end + 1);
        const auto number_end = line.find(": ");
        if (number_end == std::string_view::npos) continue;  // the heading
        const auto local = line.substr(number_end + 2, line.find(' ', number_end + 2) - number_end - 1);
        if (local.ends_with(wanted)) return true;
    }
    return false;
}

std::optional<bool> dhcp_server_listens() {
    const auto v4 = read_all("/proc/thread-self/net/udp"), v6 = read_all("/proc/thread-self/net/udp6");
    if (!v4) return std::nullopt;
    return lists_port(*v4, dhcp4_server) || (v6 && lists_port(*v6, dhcp6_server));
}

}  // namespace dhcpsync
