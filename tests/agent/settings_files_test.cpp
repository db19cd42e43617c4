// What is read of other programs' files, on a real disk.
#include "vrrpd/agent/settings_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/base/scratch.hpp"
#include "vrrpd/agent/settings.hpp"

namespace vrrpd::agent::settings_files_test {
namespace {

class SettingsFilesTest : public testing::Test {
protected:
    void write(const std::string& path, const std::string& text) const {
        std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
        std::ofstream(root_ + path) << text;
    }
    [[nodiscard]] std::string adguard() const {
        const auto yaml = read_adguard(root_);
        return yaml ? canonical_adguard(*yaml) : "none";
    }

    const vrrpd::test::Scratch scratch_{"settings"};
    const std::string& root_ = scratch_.path();
    const std::string installed_ = "/opt/AdGuardHome/AdGuardHome.yaml",
                      packaged_ = "/var/lib/AdGuardHome/AdGuardHome.yaml";
};

TEST_F(SettingsFilesTest, AdGuard_Home_is_found_where_it_is_usual) {
    EXPECT_EQ(adguard(), "none");
    write(installed_, "dns:\n  upstream_dns:\n    - 192.0.2.1\n");
    const auto one = adguard();
    EXPECT_NE(one.find("192.0.2.1"), std::string::npos) << one;
    write(packaged_, "dns:\n  upstream_dns:\n    - 192.0.2.2\n");
    EXPECT_NE(adguard().find("192.0.2.2"), std::string::npos) << "the service's own directory comes first";
}

TEST_F(SettingsFilesTest, what_is_no_file_or_too_large_is_not_read_and_nobody_waits) {
    const auto path = root_ + "/file";
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(read_settings(path.c_str()), std::nullopt);
    EXPECT_EQ(read_settings(root_.c_str()), std::nullopt);
    write("/large", "");
    std::filesystem::resize_file(root_ + "/large", (4 << 20) + 1);
    EXPECT_EQ(read_settings((root_ + "/large").c_str()), std::nullopt);
    write("/small", "x");
    EXPECT_EQ(read_settings((root_ + "/small").c_str()), "x");
}

}  // namespace
}  // namespace vrrpd::agent::settings_files_test
