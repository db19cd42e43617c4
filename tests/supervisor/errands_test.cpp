// What the agent may have done for it, and what not.
#include "vrrpd/supervisor/errands.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/base/scratch.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor::errands_test {
namespace {

constexpr char leases[] = "1900000000 02:00:00:00:00:01 10.12.14.100 phone *\n";

struct Lines final : Log {
    void write(LogLevel, std::string_view line) override { text += std::string(line) + '\n'; }
    std::string text;
};

class ErrandsTest : public testing::Test {
protected:
    ErrandsTest() {
        std::filesystem::permissions(directory_, std::filesystem::perms(0777));
        needs_.alerts["HOME"] = {"/bin/sh", "-c",
                                 "cat > " + path("in") + "; echo $VRRPD_GATEWAY $VRRPD_EVENT > " + path("event")};
        needs_.dhcp = DhcpServer{"HOME", {}, {}};
        needs_.dhcp->dnsmasq.lease_file = path("leases");
        needs_.dhcp->dnsmasq.restart_command = {"/bin/sh", "-c", "cp " + path("leases") + " " + path("at-restart")};
        errands_.expect(needs_);
    }

    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    [[nodiscard]] std::string get(const std::string& name) const { return read_file(path(name)).value_or(""); }
    void alert(const std::string& text) {
        ipc::Message message;
        message.kind = ipc::Kind::alert;
        message.text = text;
        errands_.alert(message);
    }
    void write_leases(const std::string& at, const std::string& text) {
        ipc::Message message;
        message.kind = ipc::Kind::write_leases;
        message.text = at;
        message.memfd = *ipc::seal(text, "test");
        errands_.write_leases(std::move(message));
    }
    void finish() {
        for (int i = 0; i < 5000 && !errands_.idle(); ++i) {
            errands_.child_ended();
            usleep(2000);
        }
        EXPECT_TRUE(errands_.idle());
    }

    Lines log_;
    std::vector<std::string> answers_;
    ErrandNeeds needs_;
    Errands errands_{log_, [this](const std::string& problem) { answers_.push_back(problem); }};

private:
    const vrrpd::test::Scratch scratch_{"errands"};
    const std::string& directory_ = scratch_.path();
};

TEST_F(ErrandsTest, an_alert_runs_the_gateways_command_with_its_line) {
    alert(encode(ipc::Alert{"HOME", R"({"event":"role","text":"\"event\":\"no\""})"}));
    finish();
    EXPECT_EQ(get("in"), "{\"event\":\"role\",\"text\":\"\\\"event\\\":\\\"no\\\"\"}\n");
    EXPECT_EQ(get("event"), "HOME role\n");
    EXPECT_EQ(log_.text, "");
}

TEST_F(ErrandsTest, an_alert_of_a_gateway_without_command_runs_nothing_and_spoilt_text_is_said) {
    alert(encode(ipc::Alert{"GUESTS", "{}"}));
    EXPECT_TRUE(errands_.idle());
    EXPECT_EQ(log_.text, "");
    alert("HOME");
    EXPECT_TRUE(errands_.idle());
    EXPECT_EQ(log_.text, "an alert of the agent is spoilt\n");
}

TEST_F(ErrandsTest, what_stands_in_an_alert_cannot_become_more_than_a_word) {
    alert(encode(ipc::Alert{"HOME", R"({"event":"role;$(reboot) PATH=/tmp"})"}));
    finish();
    EXPECT_EQ(get("event"), "HOME role\n");
}

TEST_F(ErrandsTest, leases_are_written_before_the_restart_and_answered_after_it) {
    write_leases(path("leases"), leases);
    EXPECT_TRUE(answers_.empty());
    finish();
    EXPECT_EQ(get("at-restart"), leases);
    EXPECT_EQ(answers_, std::vector<std::string>{""});
    EXPECT_EQ(log_.text, "");
}

TEST_F(ErrandsTest, what_is_refused_restarts_nothing_and_says_why_to_both) {
    write_leases("/etc/passwd", leases);
    finish();
    ASSERT_EQ(answers_.size(), 1U);
    EXPECT_EQ(answers_.front(), "was not run: /etc/passwd is not the lease_file of dhcp_sync (" + path("leases") + ")");
    EXPECT_NE(log_.text.find("(for the leases of gateway HOME) was not run: "), std::string::npos) << log_.text;
    EXPECT_FALSE(std::filesystem::exists(path("at-restart")));
}

TEST_F(ErrandsTest, a_restart_that_fails_is_told) {
    needs_.dhcp->dnsmasq.restart_command = {"/bin/false"};
    errands_.expect(needs_);
    write_leases(path("leases"), leases);
    finish();
    EXPECT_EQ(answers_, std::vector<std::string>{"ended with code 1"});
    EXPECT_EQ(log_.text, "/bin/false (for the leases of gateway HOME) ended with code 1\n");
    EXPECT_EQ(get("leases"), leases) << "the next start reads them";
}

TEST_F(ErrandsTest, one_restart_at_a_time) {
    write_leases(path("leases"), leases);
    write_leases(path("leases"), leases);
    EXPECT_EQ(answers_, std::vector<std::string>{"the DHCP server is being restarted"});
    finish();
    EXPECT_EQ(answers_.size(), 2U);
    EXPECT_EQ(answers_.back(), "");
}

TEST_F(ErrandsTest, nothing_is_written_where_the_configuration_restarts_nothing) {
    needs_.dhcp.reset();
    errands_.expect(needs_);
    write_leases(path("leases"), leases);
    EXPECT_TRUE(errands_.idle());
    EXPECT_EQ(answers_, std::vector<std::string>{"dhcp_sync has neither restart_unit nor restart_command"});
    EXPECT_FALSE(std::filesystem::exists(path("leases")));
}

}  // namespace
}  // namespace vrrpd::supervisor::errands_test
