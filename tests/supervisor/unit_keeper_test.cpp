// Units that run on the Active alone, with a systemctl of the test's own.
#include "vrrpd/supervisor/notify/unit_keeper.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/base/scratch.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/supervisor/files.hpp"
#include "vrrpd/supervisor/notify/unit_faults.hpp"

namespace vrrpd::supervisor::unit_keeper_test {
namespace {

struct Lines final : Log {
    void write(LogLevel level, std::string_view line) override {
        if (level >= LogLevel::warning) text += std::string(line) + '\n';
    }
    std::string text;
};

class Units : public testing::Test {
protected:
    Units() {
        if (const char* path = std::getenv("PATH")) path_ = path;
        setenv("PATH", (directory_ + ":" + path_).c_str(), 1);
        systemctl("exit 0");
    }
    ~Units() override { setenv("PATH", path_.c_str(), 1); }

    // What it does when it was called, and has written down how.
    void systemctl(const std::string& then) const {
        const auto path = directory_ + "/systemctl";
        std::ofstream(path) << "#!/bin/sh\necho \"$*\" >> " << directory_ << "/calls\n" << then << std::endl;
        chmod(path.c_str(), 0755);
    }
    [[nodiscard]] std::string calls() const {
        auto text = read_file(directory_ + "/calls").value_or("");
        std::filesystem::remove(directory_ + "/calls");
        return text;
    }
    void finish() {
        for (int i = 0; i < 5000 && !units_.idle(); ++i) {
            units_.child_ended();
            usleep(2000);
        }
        EXPECT_TRUE(units_.idle());
    }

    Lines log_;
    std::map<std::string, ipc::Units> told_;  // by gateway
    UnitKeeper units_{log_, [this](const ipc::Units& units) { told_[units.gateway] = units; }};
    const vrrpd::test::Scratch scratch_{"units"};
    const std::string& directory_ = scratch_.path();

private:
    std::string path_;
};

TEST_F(Units, follow_the_role_of_their_gateway) {
    units_.expect({{"HOME", {"a.service"}}, {"OFFICE", {"b.service"}}});
    finish();
    EXPECT_EQ(calls(), "") << "nobody knows the role yet";
    units_.role("HOME", false);  // a stand-in, at the start: whoever started it before us was wrong
    finish();
    EXPECT_EQ(calls(), "--no-block stop -- a.service\n");
    units_.role("HOME", true);
    finish();
    EXPECT_EQ(calls(), "--no-block start -- a.service\n");
    EXPECT_EQ(told_["HOME"], (ipc::Units{"HOME", {{"a.service", true, {}}}}));
    units_.role("HOME", true);  // a crash of the engine, which went on: changes nothing
    units_.role("ELSEWHERE", true);
    finish();
    EXPECT_EQ(calls(), "");
    units_.stop_all();
    finish();
    EXPECT_EQ(told_["OFFICE"], (ipc::Units{"OFFICE", {{"b.service", false, {}}}}));
    const auto stopped = calls();
    EXPECT_NE(stopped.find("stop -- a.service\n"), std::string::npos);
    EXPECT_NE(stopped.find("stop -- b.service\n"), std::string::npos);
    EXPECT_EQ(log_.text, "");
}

TEST_F(Units, of_a_daemon_before_are_neither_started_nor_stopped_again) {
    units_.expect({{"HOME", {"a.service", "b.service", "c.service"}}});
    systemctl("[ $4 != c.service ]");
    units_.role("HOME", true);
    EXPECT_EQ(units_.memory(), std::vector<UnitKeeper::Order>{}) << "under way";
    finish();
    const auto memory = units_.memory();
    EXPECT_EQ(memory, (std::vector<UnitKeeper::Order>{{"a.service", true}, {"b.service", true}})) << "c failed";
    (void)calls();

    UnitKeeper next{log_, [](const ipc::Units&) {}};
    next.expect({{"HOME", {"a.service", "c.service"}}});
    next.remember(memory);
    next.role("HOME", true);
    for (int i = 0; i < 5000 && !next.idle(); ++i) {
        next.child_ended();
        usleep(2000);
    }
    EXPECT_EQ(calls(), "--no-block start -- c.service\n");
    next.role("HOME", false);
    for (int i = 0; i < 5000 && !next.idle(); ++i) {
        next.child_ended();
        usleep(2000);
    }
    const auto stopped = calls();
    EXPECT_NE(stopped.find("stop -- a.service\n"), std::string::npos) << stopped;
    EXPECT_EQ(stopped.find("b.service"), std::string::npos) << stopped;
}

TEST_F(Units, the_latest_state_wins_and_orders_do_not_overtake_one_another) {
    systemctl("sleep 0.2");
    units_.expect({{"HOME", {"a.service"}}});
    units_.role("HOME", true);
    for (int i = 0; i < 4; ++i) {
        units_.role("HOME", false);
        units_.role("HOME", true);
    }
    units_.role("HOME", false);
    finish();
    EXPECT_EQ(calls(), "--no-block start -- a.service\n--no-block stop -- a.service\n");
    EXPECT_EQ(told_["HOME"], (ipc::Units{"HOME", {{"a.service", false, {}}}}));
}

TEST_F(Units, a_state_that_came_and_went_during_an_order_is_no_order) {
    systemctl("sleep 0.2");
    units_.expect({{"HOME", {"a.service"}}});
    units_.role("HOME", true);
    units_.role("HOME", false);
    units_.role("HOME", true);
    finish();
    EXPECT_EQ(calls(), "--no-block start -- a.service\n");
}

TEST_F(Units, what_systemctl_refuses_is_said_and_tried_again_with_an_end) {
    systemctl("exit 5");
    units_.expect({{"HOME", {"none.service"}}});
    units_.role("HOME", true);
    for (int i = 1; i < UnitKeeper::tries; ++i) {
        finish();
        ASSERT_TRUE(units_.next_deadline());
        EXPECT_GT(*units_.next_deadline(), boot_now() + UnitKeeper::pause - std::chrono::seconds(2));
        units_.step(*units_.next_deadline());
    }
    finish();
    EXPECT_EQ(units_.next_deadline(), std::nullopt);
    EXPECT_EQ(calls(),
              "--no-block start -- none.service\n--no-block start -- none.service\n"
              "--no-block start -- none.service\n");
    EXPECT_NE(log_.text.find("systemctl --no-block start -- none.service (for gateway HOME) "), std::string::npos);
    ASSERT_EQ(told_["HOME"].all.size(), 1u);
    EXPECT_NE(told_["HOME"].all[0].problem, "");
    systemctl("exit 0");
    units_.role("HOME", false);
    finish();
    EXPECT_EQ(told_["HOME"], (ipc::Units{"HOME", {{"none.service", false, {}}}}));
}

TEST_F(Units, a_reload_stops_what_it_takes_out_and_starts_what_it_brings) {
    units_.expect({{"HOME", {"a.service", "b.service"}}});
    units_.role("HOME", true);
    finish();
    (void)calls();
    units_.expect({{"HOME", {"b.service", "c.service"}}});
    finish();
    const auto after = calls();
    EXPECT_NE(after.find("stop -- a.service\n"), std::string::npos);
    EXPECT_NE(after.find("start -- c.service\n"), std::string::npos);
    EXPECT_EQ(after.find("b.service"), std::string::npos);
    units_.expect({});
    finish();
    EXPECT_NE(calls().find("stop -- b.service\n"), std::string::npos);
}

TEST_F(Units, one_that_is_enabled_is_warned_of_with_its_place) {
    config::Config config;
    config.gateways.emplace_back().name = "HOME";
    config.gateways[0].units = {"a.service", "b.timer"};
    config::Line line;
    line.at = {"vrrpd.conf", 9, 5};
    line.words = {{"unit", 5, false}, {"a", 10, false}};
    EXPECT_TRUE(unit_faults(config, {line}, {directory_, "/no/such/folder"}).empty());
    const auto wants = directory_ + "/multi-user.target.wants";
    std::filesystem::create_directory(wants);
    std::filesystem::create_symlink("/no/such/file", wants + "/a.service");  // as it is while its package is gone
    const auto faults = unit_faults(config, {line}, {directory_});
    ASSERT_EQ(faults.size(), 1u);
    EXPECT_EQ(faults[0].severity, config::Severity::warning);
    EXPECT_EQ(faults[0].describe(), "vrrpd.conf:9:10: while_active: a.service is enabled, too (" + wants +
                                        "/a.service): it would run on a stand-in from boot on until vrrpd stops it; "
                                        "run: systemctl disable a.service");
}

}  // namespace
}  // namespace vrrpd::supervisor::unit_keeper_test
