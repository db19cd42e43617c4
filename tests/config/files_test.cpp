// The real FileSource: whatever -f names, it answers at once (issue: a directory, a FIFO, a 1 GB file, an include
// loop).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "tests/base/scratch.hpp"
#include "tests/config/fake_files.hpp"

namespace vrrpd::config::files_test {
namespace {

class RealFile : public ::testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text) const {
        auto path = directory + "/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << text;
        return path;
    }
    // What is said of -f PATH. It must come at once, and stop a start.
    std::string refusal(const std::string& path) const {
        const auto begin = std::clock();
        LoadOptions options;
        options.root = path;
        auto files = real_files();
        const auto loaded = load(options, *files);
        EXPECT_LT(std::clock() - begin, 2 * CLOCKS_PER_SEC) << path;
        if (loaded.faults.size() != 1) return {};
        EXPECT_TRUE(loaded.faults[0].prevents_start);
        EXPECT_NE(config_test_status(loaded.faults, loaded.file_missing, false), 0);
        return loaded.faults[0].describe();
    }
    const vrrpd::test::Scratch scratch{"files"};
    const std::string& directory = scratch.path();
};

TEST_F(RealFile, is_read) {
    const auto path = write("a.conf", "one\ninclude sub/*.conf\n");
    (void)write("sub/b.conf", "two\n");
    (void)write("sub/c.conf", "three\n");
    LoadOptions options;
    options.root = path;
    auto files = real_files();
    const auto loaded = load(options, *files);
    EXPECT_TRUE(loaded.faults.empty());
    EXPECT_EQ(joined(loaded.lines), "one / two / three");
    EXPECT_EQ(loaded.lines.at(2).at.file, directory + "/sub/c.conf");
}

TEST_F(RealFile, that_is_a_directory) {
    EXPECT_EQ(refusal(directory), directory + ": " + directory + " is a directory, not a file");
}

TEST_F(RealFile, that_is_a_fifo_without_a_writer) {
    const auto path = directory + "/fifo";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_NE(refusal(path).find(" is a FIFO, not a file"), std::string::npos);
}

TEST_F(RealFile, that_is_a_device) {
    EXPECT_NE(refusal("/dev/zero").find(" is a device, not a file"), std::string::npos);
}

TEST_F(RealFile, of_one_gigabyte) {
    const auto path = write("big.conf", "");
    std::filesystem::resize_file(path, std::uintmax_t{1} << 30);  // sparse
    EXPECT_NE(refusal(path).find(" is larger than 16 MiB"), std::string::npos);
}

TEST_F(RealFile, of_almost_16_megabytes_of_junk) {
    LoadOptions options;
    options.root = write("junk.conf", std::string(15'000'000, 'x'));
    auto files = real_files();
    const auto begin = std::clock();
    EXPECT_TRUE(
        says(load(options, *files).faults, "junk.conf:1: the line is longer than 65536 characters and ignored"));
    EXPECT_LT(std::clock() - begin, 1 * CLOCKS_PER_SEC);
}

TEST_F(RealFile, that_is_not_there) {
    EXPECT_NE(refusal(directory + "/none.conf").find("there is no such file"), std::string::npos);
}

TEST_F(RealFile, that_is_executable) {
    const auto path = write("script", "a\n");
    ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
    EXPECT_NE(refusal(path).find(" is executable, a configuration must not be"), std::string::npos);
}

TEST_F(RealFile, that_may_not_be_read) {
    const auto path = write("secret.conf", "a\n");
    ASSERT_EQ(::chmod(path.c_str(), 0), 0);
    ASSERT_EQ(::chmod(directory.c_str(), 0755), 0);
    constexpr uid_t nobody = 65'534;
    const auto user = ::geteuid();
    if (user == 0) {  // who may read every file
        ASSERT_EQ(::seteuid(nobody), 0);
    }
    const auto said = refusal(path);
    ASSERT_EQ(::seteuid(user), 0);
    EXPECT_NE(said.find("cannot read " + path + ": Permission denied"), std::string::npos) << said;
}

TEST_F(RealFile, whose_reading_fails) {
    EXPECT_NE(refusal("/proc/self/mem").find("cannot read /proc/self/mem: Input/output error"), std::string::npos);
}

TEST_F(RealFile, that_is_a_link_to_itself) {
    const auto path = directory + "/loop.conf";
    ASSERT_EQ(::symlink(path.c_str(), path.c_str()), 0);
    EXPECT_FALSE(refusal(path).empty());
}

TEST_F(RealFile, that_includes_itself) {
    const auto path = write("self.conf", "include self.conf\n");
    EXPECT_NE(refusal(path).find("files include each other without end"), std::string::npos);
}

TEST_F(RealFile, include_fans_end) {
    // 30 files, each including all the others: without a bound 30! readings.
    for (int i = 0; i < 30; ++i) (void)write("d/" + std::to_string(i) + ".conf", "include *.conf\n");
    const auto begin = std::clock();
    LoadOptions options;
    options.root = directory + "/d/0.conf";
    auto files = real_files();
    EXPECT_TRUE(says(load(options, *files).faults, "includes, definitions and sequences make too much of it"));
    EXPECT_LT(std::clock() - begin, 10 * CLOCKS_PER_SEC);
}

TEST_F(RealFile, environment_is_read) {
    ASSERT_EQ(::setenv("VRRPD_TEST_NAME", "value", 1), 0);
    auto files = real_files();
    EXPECT_EQ(files->environment("VRRPD_TEST_NAME"), "value");
    EXPECT_EQ(files->environment("VRRPD_TEST_NONE"), std::nullopt);
}

}  // namespace
}  // namespace vrrpd::config::files_test
