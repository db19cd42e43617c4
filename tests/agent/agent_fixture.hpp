// Whole agents of two members, and what tests tell and ask them.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/agent/desk.hpp"

namespace vrrpd::agent::test {

using namespace std::chrono_literals;
using ipc::Kind;
using nlohmann::json;
using proto::Role;

inline std::string engine_status(int priority) {
    return fmt::format(R"({{"observing":false,"instances":[{{"name":"LAN","effective_priority":{},"since":12.5}}],)"
                       R"("gateways":[{{"name":"HOME","follows":"LAN","fence":"shut"}}]}})",
                       priority);
}

class AgentTest : public testing::Test {
protected:
    void configure(Host& host, const std::string& more = {}, char key = '5') {
        host.tell(Kind::peer_key, "/etc/vrrpd/peer.key", key_file(key).get());
        host.tell(Kind::reload, {}, sealed(home(link_, more), host.id).get());
    }
    static void standing(Host& host, int priority) {
        host.tell(Kind::standing, encode(ipc::Standing{"HOME", priority, boot_now()}));
    }
    static void role(Host& host, Role is, bool resumed = false) {
        host.tell(Kind::role_change, encode(ipc::RoleChange{"HOME", is, resumed}));
    }
    static void readiness(Host& host, std::vector<std::string> obstacles) {
        host.tell(Kind::readiness, encode(ipc::Readiness{"HOME", std::move(obstacles)}));
    }
    // Of what vrrpctl would get.
    [[nodiscard]] static json status(Host& host) {
        static unsigned count = 0;  // the agent may still have the one before
        const auto path = fmt::format("vrrpd-agent-test-{}-{}", getpid(), ++count);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path + 1, path.data(), path.size());
        const auto* const where = reinterpret_cast<const sockaddr*>(&address);
        const Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        EXPECT_EQ(bind(listener.get(), where, sizeof address), 0);
        EXPECT_EQ(listen(listener.get(), 4), 0);
        host.tell(Kind::control_socket, {}, listener.get());
        const Fd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(connect(client.get(), where, sizeof address), 0);
        EXPECT_EQ(send(client.get(), "status\n", 7, 0), 7);
        std::string text;
        EXPECT_TRUE(host.run_until([&] {
            std::array<char, 65536> piece;
            const auto got = recv(client.get(), piece.data(), piece.size(), MSG_DONTWAIT);
            if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
            return got == 0;
        }));
        return json::parse(text, nullptr, false);
    }

    config::PeerLink link_ = configuration(2);
    Host one_{"H001"}, two_{"H002"};
    std::vector<Host*> both_{&one_, &two_};

    [[nodiscard]] bool meet() {
        return run_until(
            both_, [&] { return one_.logged("connected; it runs") > 0 && two_.logged("connected; it runs") > 0; });
    }
    // What it told its engine of whether leases are given.
    [[nodiscard]] static std::vector<bool> silences(const Host& host) {
        std::vector<bool> result;
        for (const auto& text : host.said(Kind::dhcp_silence))
            result.push_back(ipc::decode<ipc::DhcpSilence>(text)->silent);
        return result;
    }
    // What its alert command is run with.
    [[nodiscard]] static std::vector<json> alerts(const Host& host) {
        std::vector<json> result;
        for (const auto& text : host.said(Kind::alert))
            result.push_back(json::parse(ipc::decode<ipc::Alert>(text)->json));
        return result;
    }
    // Has told its engine so last.
    [[nodiscard]] static bool lacks(const Host& host, std::string_view what) {
        const auto said = host.said(Kind::services_ready);
        return !said.empty() && said.back().find(what) != std::string::npos;
    }
};

}  // namespace vrrpd::agent::test
