#include "tests/agent/desk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::agent::test {

Fd sealed(const std::string& text, const std::string& id) {
    const auto lines = config::load_text(text, id).lines;
    const auto parsed = config::parse(lines, id);
    for (const auto& fault : parsed.faults)
        if (fault.prevents_start) ADD_FAILURE() << fault.describe();
    return std::move(*ipc::seal(config::serialize(lines), "configuration"));
}

Fd key_file(char digit) {
    std::string path = "/tmp/vrrpd-key-XXXXXX";
    Fd file(mkstemp(path.data()));
    const auto text = std::string(64, digit) + '\n';
    EXPECT_EQ(write(file.get(), text.data(), text.size()), std::ssize(text));
    unlink(path.c_str());
    return file;
}

std::string home(const config::PeerLink& link, const std::string& more) {
    std::string text = R"(
vrrp_instance LAN {
    interface eth0
    virtual_router_id 1
    priority 100
    virtual_ipaddress {
        10.12.14.1/24
    }
}
gateway HOME {
    follows LAN
    lan eth0 10.12.14.0/24
    alert /bin/true
}
peer_link {
    key_file /etc/vrrpd/peer.key
)";
    text += fmt::format("    port {}\n", link.port);
    for (const auto& member : link.members)
        text += fmt::format("    member {} {}\n", member.name, member.address.to_string());
    return text + "}\n" + more;
}

Host::Host(std::string name) : id(std::move(name)), ends_(std::move(*ipc::Channel::pair())) {
    thread_ = std::thread([this] {
        ipc::ChannelLog agent_log(ends_.second);
        Agent(ends_.second, agent_log, id).run();
    });
}

Host::~Host() {
    tell(ipc::Kind::stop);
    thread_.join();
}

void Host::tell(ipc::Kind kind, const std::string& text, int memfd) {
    EXPECT_TRUE(ends_.first.send(kind, text, 0, memfd));
}

void Host::fill_the_queue() {
    while (ends_.second.send(ipc::Kind::alive, std::string(ipc::max_text, 'x'))) continue;
    while (ends_.second.send(ipc::Kind::alive)) continue;
}

void Host::read() {
    for (ipc::Message message; ends_.first.receive(message) == ipc::Channel::State::message;) {
        if (message.kind == ipc::Kind::log) {
            log.write(static_cast<LogLevel>(message.detail), message.text);
        } else if (message.kind == ipc::Kind::status_wanted) {
            if (engine_status.empty()) continue;
            const auto status = ipc::seal(engine_status, "status");
            tell(ipc::Kind::status, {}, status->get());
        } else {
            messages.push_back(std::move(message));
        }
    }
}

std::vector<std::string> Host::said(ipc::Kind kind) const {
    std::vector<std::string> result;
    for (const auto& message : messages)
        if (message.kind == kind) result.push_back(message.text);
    return result;
}

bool run_until(const std::vector<Host*>& hosts, const std::function<bool()>& done, Duration limit) {
    const auto end = boot_now() + limit;
    for (;;) {
        for (auto* const host : hosts) host->read();
        if (done()) return true;
        if (boot_now() >= end) return false;
        poll(nullptr, 0, 2);
    }
}

bool Host::run_until(const std::function<bool()>& done, Duration limit) { return test::run_until({this}, done, limit); }

}  // namespace vrrpd::agent::test
