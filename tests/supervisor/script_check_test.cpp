// Which scripts are run, as whom, and which are refused.
#include "vrrpd/supervisor/scripts/script_check.hpp"

#include <gmock/gmock.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace vrrpd::supervisor::script_check_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

config::ScriptPolicy policy(void (*change)(config::ScriptPolicy&)) {
    config::ScriptPolicy policy;
    change(policy);
    return policy;
}
const auto secured = policy([](auto& p) { p.security = true; });
const auto linked = policy([](auto& p) { p.keep_links = true; });
const auto of_nobody = policy([](auto& p) { p.user = "nobody"; });

class ScriptCheck : public testing::Test {
protected:
    ScriptCheck() {
        if (geteuid() != 0) return;
        char name[] = "/root/vrrpd-script-XXXXXX";  // below a directory that is root's alone
        directory_ = mkdtemp(name);
        make("good");
    }
    ~ScriptCheck() override { std::filesystem::remove_all(directory_); }
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, whose scripts are looked at";
    }

    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    void make(const std::string& name, mode_t mode = 0755) const {
        std::ofstream(path(name)) << "#!/bin/sh\n";
        chmod(path(name).c_str(), mode);
    }
    [[nodiscard]] CheckedScript look(const std::string& name, config::ScriptPolicy policy = {},
                                     const std::string& user = "root") const {
        return check({{name, "a word"}, user, {}}, policy);
    }

    std::string directory_ = "/nonexistent";
};

TEST_F(ScriptCheck, a_good_one_is_run_as_asked) {
    const auto checked = check({{path("good"), "a"}, "nobody", "root"}, {});
    ASSERT_TRUE(checked.script);
    EXPECT_THAT(checked.script->words, ElementsAre(path("good"), "a"));
    EXPECT_EQ(checked.script->as.user, find_identity("nobody", "").as->user);
    EXPECT_EQ(checked.script->as.group, 0U);
    EXPECT_THAT(look(path("good")).remarks, IsEmpty());
    EXPECT_EQ(check({{path("good")}, "", ""}, of_nobody).script->as, *find_identity("nobody", "").as);
    EXPECT_EQ(check({{path("good")}, "12345", "54321"}, {}).script->as, (RunAs{12345, 54321, {}}));
}

// As initgroups(3) has them.
TEST_F(ScriptCheck, supplementary_groups_are_those_of_the_user_where_they_are_asked_for) {
    const auto with_groups = policy([](auto& p) { p.supplementary_groups = true; });
    const config::Script of_root{{path("good")}, "root", "nogroup"};
    EXPECT_THAT(check(of_root, {}).script->as.supplementary, IsEmpty());
    std::vector<gid_t> wanted(64);
    int count = static_cast<int>(wanted.size());
    const auto group = find_identity("root", "nogroup").as->group;
    ASSERT_GE(getgrouplist("root", group, wanted.data(), &count), 0);
    wanted.resize(static_cast<std::size_t>(count));
    EXPECT_THAT(check(of_root, with_groups).script->as.supplementary, testing::UnorderedElementsAreArray(wanted));
    EXPECT_THAT(wanted, testing::Contains(group));
}

TEST_F(ScriptCheck, one_whose_user_does_not_exist_is_named) {
    const auto checked = look(path("good"), {}, "a_word_of_the_script");
    EXPECT_FALSE(checked.script);
    EXPECT_THAT(checked.remarks, ElementsAre(HasSubstr("disabled: there is no user 'a_word_of_the_script'; behind a")));
    EXPECT_THAT(check({{path("good")}, "root", "no_such_group"}, {}).remarks,
                ElementsAre(HasSubstr("there is no group 'no_such_group'")));
}

TEST_F(ScriptCheck, one_that_is_not_there_or_cannot_be_executed_is_disabled) {
    EXPECT_THAT(look(path("missing")).remarks, ElementsAre(HasSubstr("missing is disabled: ")));
    make("plain", 0644);
    EXPECT_THAT(look(path("plain")).remarks, ElementsAre(HasSubstr("may not be executed by user 0; chmod +x it")));
    make("roots", 0700);
    EXPECT_FALSE(look(path("roots"), {}, "nobody").script);
    EXPECT_TRUE(look(path("roots")).script);
    EXPECT_THAT(look(directory_).remarks, ElementsAre(HasSubstr("is not a file")));
    EXPECT_THAT(look("no-such-name-anywhere").remarks, ElementsAre(HasSubstr("no directory of PATH has it")));
}

TEST_F(ScriptCheck, a_bare_name_is_found_in_path_and_links_are_resolved_unless_kept) {
    const auto bare = look("true");
    ASSERT_TRUE(bare.script);
    EXPECT_EQ(bare.script->words[0].front(), '/');
    EXPECT_THAT(bare.remarks, ElementsAre(HasSubstr("script true was found in PATH as /")));
    std::filesystem::create_symlink(path("good"), path("link"));
    EXPECT_EQ(look(path("link")).script->words[0], path("good"));
    EXPECT_EQ(look(path("link"), linked).script->words[0], path("link"));
    EXPECT_EQ(look(directory_ + "/./x/../good").script->words[0], path("good"));
}

TEST_F(ScriptCheck, what_root_runs_must_be_roots_alone) {
    make("writable", 0777);
    EXPECT_TRUE(look(path("writable")).script) << "without security it is run, and named";
    EXPECT_THAT(look(path("writable")).remarks, ElementsAre(HasSubstr("Unsafe permissions found for script")));
    EXPECT_FALSE(look(path("writable"), secured).script);
    EXPECT_THAT(look(path("writable"), secured, "nobody").remarks, IsEmpty()) << "not root's affair";
    make("of_nobody");
    ASSERT_EQ(chown(path("of_nobody").c_str(), 65534, 0), 0);
    EXPECT_FALSE(look(path("of_nobody"), secured).script);
    chmod(directory_.c_str(), 0777);
    EXPECT_FALSE(look(path("good"), secured).script) << "a directory on the way";
    chmod(directory_.c_str(), 01777);
    EXPECT_TRUE(look(path("good"), secured).script) << "a sticky one is fine";
    EXPECT_TRUE(look("/bin/true", secured).script) << "a symbolic link on the way is not";
}

TEST_F(ScriptCheck, one_without_an_interpreter_is_the_shell_s_and_that_is_said) {
    for (const std::string content : {"echo hello\n", "", "#"}) {
        std::ofstream(path("bare")) << content;
        chmod(path("bare").c_str(), 0755);
        const auto checked = look(path("bare"));
        EXPECT_TRUE(checked.script);
        EXPECT_THAT(checked.remarks,
                    ElementsAre(HasSubstr("bare says not what runs it, so /bin/sh does: write #!/bin/sh")));
    }
    EXPECT_THAT(look("/usr/bin/true").remarks, IsEmpty()) << "a program";
}

TEST_F(ScriptCheck, a_file_that_is_only_opened_needs_no_check) {
    const auto checked = look("</run/flag");
    ASSERT_TRUE(checked.script);
    EXPECT_EQ(checked.script->opens, "/run/flag");
    EXPECT_THAT(checked.script->words, IsEmpty());
}

}  // namespace
}  // namespace vrrpd::supervisor::script_check_test
