// vrrpctl as its users call it.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/base/scratch.hpp"

namespace vrrpd::ctl::program_test {
namespace {

struct Ended {
    int status = -1;
    std::string output;
};

Ended call(const std::string& words) {
    Ended result;
    FILE* const pipe = popen((std::string(VRRPCTL) + " " + words + " 2>&1").c_str(), "r");
    std::array<char, 4096> piece;
    for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;)
        result.output.append(piece.data(), got);
    const int status = pclose(pipe);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

class VrrpctlTest : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + '/' + name; }
    [[nodiscard]] static std::string content(const std::string& path) {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }
    const vrrpd::test::Scratch scratch_{"vrrpctl"};
    const std::string& directory_ = scratch_.path();
};

TEST_F(VrrpctlTest, keygen_makes_a_key_and_says_what_to_do_but_not_the_key) {
    const auto made = call("keygen " + path("peer.key"));
    EXPECT_EQ(made.status, 0);
    const auto key = content(path("peer.key"));
    EXPECT_EQ(key.size(), 65U);
    EXPECT_EQ(made.output.find(key.substr(0, 8)), std::string::npos);
    EXPECT_NE(made.output.find("key_file " + path("peer.key")), std::string::npos);
    struct stat status {};
    ASSERT_EQ(stat(path("peer.key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(VrrpctlTest, keygen_replaces_no_key) {
    std::ofstream(path("peer.key")) << "old";
    const auto refused = call("keygen " + path("peer.key"));
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.output.find("File exists. It is left as it is"), std::string::npos) << refused.output;
    EXPECT_EQ(content(path("peer.key")), "old");
}

TEST_F(VrrpctlTest, a_daemon_that_does_not_run_is_no_answer) {
    const auto got = call("status --runtime-dir " + directory_);
    EXPECT_EQ(got.status, 3);
    EXPECT_NE(got.output.find("is vrrpd running? See systemctl status vrrpd"), std::string::npos) << got.output;
}

TEST_F(VrrpctlTest, what_is_no_command_line_says_where_help_is) {
    const auto got = call("stauts");
    EXPECT_EQ(got.status, 2);
    EXPECT_NE(got.output.find("there is no command stauts"), std::string::npos);
    EXPECT_NE(got.output.find("vrrpctl --help"), std::string::npos);
    EXPECT_EQ(call("--help").status, 0);
    EXPECT_EQ(call("--version").output.rfind("vrrpctl v", 0), 0U);
}

}  // namespace
}  // namespace vrrpd::ctl::program_test
