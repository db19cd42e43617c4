// What of a configuration the supervisor runs: those that are tracked, those that are told, each script checked once.
#include "vrrpd/supervisor/scripts/script_needs.hpp"

#include <gtest/gtest.h>
#include <pwd.h>

#include <algorithm>

namespace vrrpd::supervisor::script_needs_test {
namespace {

using Object = ipc::Notice::Object;
using Call = NotifyNeeds::Call;

config::Script script(const std::string& word) { return {{"/bin/sh", word}, "", ""}; }

TEST(ScriptNeeds, are_those_that_somebody_tracks_or_is_told_by) {
    config::Config config;
    for (const auto* name : {"unused", "used"}) {
        auto& one = config.scripts.emplace_back();
        one.name = name;
        one.script = script(name);
    }
    auto& instance = config.instances.emplace_back();
    instance.name = "V";
    instance.tracks = std::vector<config::Track>{{config::Track::Kind::script, false, 0, 1}};
    instance.notify.edit().any = script("any");
    auto& silent = config.instances.emplace_back();
    silent.name = "SILENT";
    auto& group = config.sync_groups.emplace_back();
    group.name = "G";
    group.notify.edit().master = script("any");
    group.notify.edit().fault = {{"/no/such/script"}, "", ""};

    std::vector<ScriptRemark> remarks;
    const auto needs = script_needs(config, &remarks);
    ASSERT_EQ(needs.track.scripts.size(), 1U);
    EXPECT_EQ(needs.track.scripts[0].name, "used");
    EXPECT_EQ(needs.notify.objects.size(), 2U) << "who tells nobody is not listed";
    EXPECT_EQ(needs.notify.scripts.size(), 1U) << "the same script, once";
    const auto& of_group = needs.notify.objects.at({Object::group, "G"}).calls;
    EXPECT_TRUE(of_group[static_cast<std::size_t>(Call::master)]);
    EXPECT_FALSE(of_group[static_cast<std::size_t>(Call::fault)]);
    ASSERT_EQ(remarks.size(), 2U);
    EXPECT_EQ(remarks[1].severity, config::Severity::security);
    EXPECT_EQ(remarks[0].words, std::vector<std::string>{"/no/such/script"});
    EXPECT_EQ(remarks[0].severity, config::Severity::warning) << "keepalived drops it without a word";
    EXPECT_FALSE(needs.observed().track.scripts[0].script) << "who only watches runs nothing";
    EXPECT_TRUE(needs.observed().notify.objects.empty());
}

std::vector<config::Severity> severities(const config::Config& config) {
    std::vector<ScriptRemark> remarks;
    (void)script_needs(config, &remarks);
    std::vector<config::Severity> all;
    for (const auto& remark : remarks) all.push_back(remark.severity);
    return all;
}

config::Config tells(const config::Script& script) {
    config::Config config;
    auto& instance = config.instances.emplace_back();
    instance.name = "V";
    instance.notify.edit().any = script;
    return config;
}

config::Config has_script(const config::Script& script) {
    config::Config config;
    auto& one = config.scripts.emplace_back();
    one.name = "s";
    one.script = script;
    return config;
}

using Severities = std::vector<config::Severity>;
using config::Severity;

TEST(ScriptNeeds, of_scripts_without_script_security_those_count_that_are_there) {
    EXPECT_EQ(severities(tells(script("x"))), Severities{Severity::security});
    EXPECT_EQ(severities(has_script(script("x"))), Severities{Severity::security}) << "tracked by nobody, as well";
    EXPECT_EQ(severities(tells({{"/etc/passwd"}, "", ""})), (Severities{Severity::warning, Severity::security}))
        << "if it can be executed or not";
    EXPECT_EQ(severities(tells({{"</run/x"}, "", ""})), Severities{}) << "it is only opened";
    auto secured = tells({{"/bin/sh"}, "root", ""});
    secured.script_policy.security = true;
    EXPECT_EQ(severities(secured), Severities{});
}

TEST(ScriptNeeds, a_script_that_is_missed_is_an_error_if_it_was_to_be_tracked) {
    EXPECT_EQ(severities(tells({{"/no/such"}, "", ""})), Severities{Severity::warning});
    EXPECT_EQ(severities(has_script({{"/no/such"}, "", ""})), Severities{Severity::error});
    EXPECT_EQ(severities(tells({{"/bin/sh"}, "no_such_user", ""})), Severities{Severity::warning});
    EXPECT_EQ(severities(has_script({{"/bin/sh"}, "no_such_user", ""})), Severities{Severity::error});
}

TEST(ScriptNeeds, without_a_user_for_them_script_security_lets_no_script_and_no_fifo_be) {
    if (getpwnam("keepalived_script") != nullptr) GTEST_SKIP() << "SKIPPED: this host has a keepalived_script";
    for (const auto* const command : {"/bin/sh", "</run/x"}) {
        auto config = tells({{command}, "", ""});
        config.script_policy.security = true;
        EXPECT_EQ(severities(config), Severities{Severity::error}) << command;
        EXPECT_TRUE(script_needs(config).notify.objects.empty()) << command;
        config.script_policy.user = "root";
        EXPECT_EQ(severities(config), Severities{});
        EXPECT_EQ(script_needs(config).notify.objects.size(), 1U);
        config.script_policy.user = "no_such_user";
        EXPECT_EQ(severities(config), (Severities{Severity::error, Severity::error}));
    }
    config::Config config;
    config.notification.fifos = {{"/run/x", "", "", {}}, {"/run/y", "root", "", {}}};
    config.script_policy.security = true;
    EXPECT_EQ(severities(config), Severities{Severity::error});
    EXPECT_EQ(script_needs(config).notify.pipes.size(), 1U);
}

TEST(ScriptNeeds, a_fifo_is_script_user_s) {
    config::Config config;
    config.notification.fifos = {{"/run/x", "", "", {}}, {"/run/y", "root", "", {}}};
    config.script_policy.user = "nobody";
    const auto pipes = script_needs(config).notify.pipes;
    ASSERT_EQ(pipes.size(), 2U);
    EXPECT_EQ(pipes[0].plan.owner, *find_identity("nobody", "").as);
    EXPECT_EQ(pipes[1].plan.owner, *find_identity("root", "").as);
}

}  // namespace
}  // namespace vrrpd::supervisor::script_needs_test
