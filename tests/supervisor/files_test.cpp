// Small files in directories where others may write, too.
#include "vrrpd/supervisor/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/base/scratch.hpp"

namespace vrrpd::supervisor::files_test {
namespace {

class Files : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    [[nodiscard]] std::string get(const std::string& name) const { return read_file(path(name)).value_or("none"); }
    void put(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

private:
    const vrrpd::test::Scratch scratch_{"files"};
    const std::string& directory_ = scratch_.path();
};

TEST_F(Files, what_was_laid_where_a_file_is_written_is_neither_followed_nor_written_to) {
    put("precious", "old");
    for (const char* const trap : {"file", "file.new"}) {
        std::filesystem::create_symlink(path("precious"), path(trap));
        ASSERT_TRUE(write_file(path("file"), "new", 0640));
        EXPECT_EQ(get("file"), "new");
        EXPECT_EQ(get("precious"), "old");
        EXPECT_FALSE(std::filesystem::is_symlink(path("file")));
        EXPECT_EQ(std::filesystem::status(path("file")).permissions(), std::filesystem::perms(0640));
        std::filesystem::remove(path("file"));
    }
    std::filesystem::create_hard_link(path("precious"), path("file.new"));
    ASSERT_TRUE(write_file(path("file"), "new"));
    EXPECT_EQ(get("precious"), "old");
    ASSERT_EQ(mkfifo(path("file.new").c_str(), 0666), 0);  // opening it would wait for a reader
    ASSERT_TRUE(write_file(path("file"), "newer"));
    EXPECT_EQ(get("file"), "newer");
}

TEST_F(Files, nothing_is_appended_to_a_file_that_is_not_ours) {
    ASSERT_TRUE(append_to_file(path("report"), "one "));
    ASSERT_TRUE(append_to_file(path("report"), "two"));
    EXPECT_EQ(get("report"), "one two");
    put("precious", "old");
    std::filesystem::create_hard_link(path("precious"), path("link"));
    std::filesystem::create_symlink(path("precious"), path("symbolic"));
    EXPECT_EQ(append_to_file(path("link"), "new").error().code, EPERM);
    EXPECT_EQ(append_to_file(path("symbolic"), "new").error().code, ELOOP);
    EXPECT_EQ(get("precious"), "old");
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, to give a file away";
    put("strange", "");
    ASSERT_EQ(chown(path("strange").c_str(), 65534, 65534), 0);
    EXPECT_EQ(append_to_file(path("strange"), "new").error().code, EPERM);
}

TEST_F(Files, a_pid_file_that_became_another_s_is_left_alone) {
    {
        PidFile ours(path("ours")), lost(path("lost"));
        ASSERT_TRUE(ours.write(17));
        ASSERT_TRUE(lost.write(18));
        EXPECT_EQ(get("ours"), "17\n");
        put("lost", "19\n");
    }
    EXPECT_EQ(get("ours"), "none");
    EXPECT_EQ(get("lost"), "19\n");
}

}  // namespace
}  // namespace vrrpd::supervisor::files_test
