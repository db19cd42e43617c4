// instance, net_namespace, use_pid_dir and the name of the call: which files a daemon of several has. keepalived's are
// those that Debian's 2.2.7 makes.
#include "vrrpd/supervisor/names.hpp"

#include <gtest/gtest.h>

namespace vrrpd::supervisor::names_test {
namespace {

Options named(const std::string& program, const config::ProcessSettings& settings,
              std::vector<std::string> words = {}) {
    words.insert(words.begin(), program);
    auto options = parse_command_line(words).options;
    take_names(options, settings);
    return options;
}

config::ProcessSettings settings(const std::string& instance, const std::string& space, bool pid_dir = false) {
    config::ProcessSettings result;
    result.instance = instance;
    result.net_namespace = space;
    result.use_pid_dir = pid_dir;
    return result;
}

TEST(Names, keepalived) {
    const auto plain = named("keepalived", {});
    EXPECT_EQ(plain.pid_file, "/run/keepalived.pid");
    EXPECT_EQ(plain.engine_pid_file, "/run/vrrp.pid");
    const auto directory = named("keepalived", settings("", "", true));
    EXPECT_EQ(directory.pid_file, "/run/keepalived/keepalived.pid");
    EXPECT_EQ(directory.engine_pid_file, "/run/keepalived/vrrp.pid");
    const auto space = named("keepalived", settings("", "blue"));
    EXPECT_EQ(space.pid_file, "/run/keepalived/blue/keepalived.pid");
    EXPECT_EQ(space.engine_pid_file, "/run/keepalived/blue/vrrp.pid");
    const auto instance = named("keepalived", settings("one", ""));
    EXPECT_EQ(instance.pid_file, "/run/keepalived/keepalived_one.pid");
    EXPECT_EQ(instance.engine_pid_file, "/run/keepalived/vrrp_one.pid");
}

TEST(Names, our_own_move_with_the_runtime_directory) {
    const auto options = named("vrrpd", settings("one", "blue"));
    EXPECT_EQ(options.runtime_dir, "/run/vrrpd/blue_one");
    EXPECT_EQ(options.state_dir, "/var/lib/vrrpd/blue_one");
    EXPECT_EQ(options.pid_file, "/run/vrrpd/blue_one/vrrpd.pid");
    EXPECT_EQ(options.engine_pid_file, "/run/vrrpd/blue_one/engine.pid");
    EXPECT_EQ(suffix(options, settings("one", "blue")), "_blue_one");
}

TEST(Names, what_the_command_line_gives_stays) {
    const auto options =
        named("vrrpd", settings("one", "blue"),
              {"-p", "/x/pid", "-r", "/x/engine", "--runtime-dir", "/x", "--state-dir", "/y", "-s", "red"});
    EXPECT_EQ(options.pid_file, "/x/pid");
    EXPECT_EQ(options.engine_pid_file, "/x/engine");
    EXPECT_EQ(options.runtime_dir, "/x");
    EXPECT_EQ(options.state_dir, "/y");
    EXPECT_EQ(options.net_namespace, "red");
}

TEST(Names, of_dumps) {
    auto process = settings("one", "");
    EXPECT_EQ(dump_path("/tmp", "keepalived.data", process, "_one"), "/tmp/keepalived.data");
    process.dump_names_tell = true;
    EXPECT_EQ(dump_path("/tmp", "keepalived.data", process, "_blue_one"), "/tmp/keepalived.blue_one.data");
    EXPECT_EQ(dump_path("/tmp", "keepalived_parent.data", process, "_one"), "/tmp/keepalived_parent.one.data");
    EXPECT_EQ(dump_path("/tmp", "keepalived.data", process, ""), "/tmp/keepalived.data");
    for (const char* const file : {"keepalived.stats", "keepalived.json"})
        EXPECT_EQ(dump_path("/tmp", file, process, "_one"), std::string("/tmp/") + file) << "as 2.2.7 has it";
    process.data_file = "/var/x.y/data";
    EXPECT_EQ(dump_path("/tmp", "keepalived.data", process, "_one"), "/var/x.y/data");
    EXPECT_EQ(dump_path("/tmp", "keepalived_parent.data", process, "_one"), "/var/x.y/data_parent");
    process.data_file = "/var/x.data";
    EXPECT_EQ(dump_path("/tmp", "keepalived_bfd.data", process, "_one"), "/var/x_bfd.data");
    process.stats_file = "/var/lib/x/stats";
    EXPECT_EQ(dump_path("/tmp", "keepalived.stats", process, "_one"), "/var/lib/x/stats");
}

TEST(Names, are_for_life) {
    EXPECT_TRUE(same_names({}, {}));
    EXPECT_FALSE(same_names(settings("a", ""), settings("b", "")));
    EXPECT_FALSE(same_names(settings("a", ""), settings("a", "blue")));
    EXPECT_FALSE(same_names(settings("a", ""), settings("a", "", true)));
}

}  // namespace
}  // namespace vrrpd::supervisor::names_test
