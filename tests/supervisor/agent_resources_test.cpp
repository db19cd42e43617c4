// What the agent is given: the socket, the directory and the key, with the rights that they must have.
#include "vrrpd/supervisor/agent_resources.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/base/scratch.hpp"
#include "vrrpd/base/account.hpp"

namespace vrrpd::supervisor::agent_resources_test {
namespace {

using ipc::Kind;

struct Lines final : Log {
    void write(LogLevel, std::string_view line) override { text += std::string(line) + '\n'; }
    std::string text;
};

struct stat status_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
    return status;
}

class Resources : public testing::Test {
protected:
    Resources() : channel_(*ipc::Channel::pair()) {}

    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    void put(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
    AgentResources::Paths paths() { return {path("control"), path("agent")}; }
    ipc::Message received(Kind kind) {
        ipc::Message message;
        EXPECT_EQ(channel_.second.receive(message), ipc::Channel::State::message);
        EXPECT_EQ(message.kind, kind);
        return message;
    }
    ipc::Channel& agent() { return channel_.first; }
    bool logged(const std::string& text) const { return log_.text.find(text) != std::string::npos; }

    Lines log_;

private:
    const vrrpd::test::Scratch scratch_{"resources"};
    const std::string& directory_ = scratch_.path();
    std::pair<ipc::Channel, ipc::Channel> channel_;
};

bool connects(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const Fd caller(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return connect(caller.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

TEST_F(Resources, the_control_socket_listens_for_root_and_its_group_until_the_end) {
    put("control", "of a dead daemon");
    {
        AgentResources resources(paths(), log_);
        const auto status = status_of(path("control"));
        EXPECT_TRUE(S_ISSOCK(status.st_mode));
        EXPECT_EQ(status.st_mode & 07777U, 0660U);
        EXPECT_EQ(status.st_uid, geteuid());
        if (geteuid() == 0) {
            EXPECT_EQ(status.st_gid, find_group(own_account).value_or(0));
        }
        for (int agents = 0; agents < 2; ++agents) {  // the second one gets the same
            resources.give(agent());
            const auto socket = received(Kind::control_socket);
            ASSERT_TRUE(socket.memfd);
            EXPECT_TRUE(connects(path("control")));
            EXPECT_TRUE(Fd(accept4(socket.memfd.get(), nullptr, nullptr, SOCK_CLOEXEC)));
            received(Kind::state_directory);
        }
    }
    EXPECT_FALSE(std::filesystem::exists(path("control")));
    EXPECT_EQ(log_.text, "");
}

TEST_F(Resources, the_directory_is_the_agents_alone) {
    std::filesystem::create_directory(path("agent"));
    std::filesystem::permissions(path("agent"), std::filesystem::perms(0777));
    const AgentResources resources(paths(), log_);
    resources.give(agent());
    received(Kind::control_socket);
    const auto directory = received(Kind::state_directory);
    ASSERT_TRUE(directory.memfd);
    const auto status = status_of(path("agent"));
    EXPECT_EQ(status.st_mode & 07777U, 0700U);
    if (geteuid() == 0) {
        EXPECT_EQ(status.st_uid, agent_account()->user);
    }
    EXPECT_TRUE(Fd(openat(directory.memfd.get(), "replica", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
    EXPECT_TRUE(std::filesystem::exists(path("agent/replica")));
}

TEST_F(Resources, what_cannot_be_made_is_said_and_missing) {
    std::filesystem::create_directory(path("elsewhere"));
    std::filesystem::create_directory_symlink(path("elsewhere"), path("agent"));
    {
        const AgentResources resources({path("none/control"), path("agent")}, log_);
        EXPECT_TRUE(logged("none/control: No such file or directory; vrrpctl cannot ask this daemon")) << log_.text;
        EXPECT_TRUE(logged("/agent: ")) << log_.text;
        EXPECT_TRUE(logged("this host tells the others of no lease")) << log_.text;
        resources.give(agent());
        EXPECT_FALSE(received(Kind::control_socket).memfd);
        EXPECT_FALSE(received(Kind::state_directory).memfd);
    }
    const AgentResources resources({path(std::string(120, 'x')), ""}, log_);
    EXPECT_TRUE(logged("File name too long")) << log_.text;
    EXPECT_EQ(status_of(path("elsewhere")).st_uid, geteuid()) << "through a link nothing is given away";
}

TEST_F(Resources, the_key_file_goes_open_with_its_path_and_anew_each_time) {
    AgentResources resources({}, log_);
    put("peer.key", "first");
    resources.give_key(agent(), path("peer.key"));
    put("peer.key.new", "second");
    std::filesystem::rename(path("peer.key.new"), path("peer.key"));
    resources.give_key(agent(), path("peer.key"));
    for (const std::string content : {"first", "second"}) {
        const auto key = received(Kind::peer_key);
        EXPECT_EQ(key.text, path("peer.key"));
        char text[16] = {};
        EXPECT_GT(read(key.memfd.get(), text, sizeof text - 1), 0);
        EXPECT_EQ(text, content);
    }
    resources.give_key(agent(), "");
    ipc::Message none;
    EXPECT_EQ(agent().receive(none), ipc::Channel::State::empty);
    EXPECT_EQ(log_.text, "");
}

TEST_F(Resources, a_missing_key_is_said_once_with_the_remedy_and_told_each_time) {
    AgentResources resources({}, log_);
    for (int i = 0; i < 2; ++i) {
        resources.give_key(agent(), path("peer.key"));
        const auto key = received(Kind::peer_key);
        EXPECT_FALSE(key.memfd);
        EXPECT_NE(key.text.find("No such file or directory"), std::string::npos) << key.text;
    }
    EXPECT_TRUE(logged("vrrpctl keygen " + path("peer.key"))) << log_.text;
    EXPECT_EQ(log_.text.find("keygen"), log_.text.rfind("keygen")) << log_.text;
    put("peer.key", "there");
    resources.give_key(agent(), path("peer.key"));
    EXPECT_TRUE(received(Kind::peer_key).memfd);
    std::filesystem::remove(path("peer.key"));
    log_.text.clear();
    resources.give_key(agent(), path("peer.key"));
    EXPECT_TRUE(logged("keygen")) << "it was there in between";
}

TEST_F(Resources, a_fifo_for_a_key_stops_nobody) {
    AgentResources resources({}, log_);
    ASSERT_EQ(mkfifo(path("peer.key").c_str(), 0600), 0);
    resources.give_key(agent(), path("peer.key"));
    EXPECT_EQ(received(Kind::peer_key).text, path("peer.key"));  // the agent refuses it
}

}  // namespace
}  // namespace vrrpd::supervisor::agent_resources_test
