// What of a configuration the supervisor runs: those that are tracked, those that are told, each script checked once.
#include "vrrpd/supervisor/script_needs.hpp"

#include <gtest/gtest.h>

namespace vrrpd::supervisor {
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
    ASSERT_EQ(remarks.size(), 1U);
    EXPECT_EQ(remarks[0].words, std::vector<std::string>{"/no/such/script"});
    EXPECT_FALSE(needs.observed().track.scripts[0].script) << "who only watches runs nothing";
    EXPECT_TRUE(needs.observed().notify.objects.empty());
}

}  // namespace
}  // namespace vrrpd::supervisor
