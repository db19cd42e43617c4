// A lease file is replaced as a whole, only the right one, and only by leases.
#include "vrrpd/supervisor/lease_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/base/scratch.hpp"
#include "vrrpd/ipc/channel.hpp"
#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor::lease_file_test {
namespace {

constexpr char leases[] =
    "1900000000 02:00:00:00:00:01 10.12.14.100 phone 01:02:00:00:00:00:01\n"
    "0 02:00:00:00:00:02 10.12.14.101 * *\n"
    "duid 00:01:00:01:2a:2b:2c:2d:02:00:00:00:00:09\n"
    "1900000000 12345 fd00::100 phone 00:01:00:01:2a:2b:2c:2d:02:00:00:00:00:01\n";

class LeaseFile : public testing::Test {
protected:
    LeaseFile() {
        server_.gateway = "HOME";
        server_.dnsmasq.lease_file = path("leases");
        put("leases", "old");
    }

    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    void put(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
    [[nodiscard]] std::string get(const std::string& name) const { return read_file(path(name)).value_or(""); }
    std::string replace(const std::string& with) { return replace(path("leases"), *ipc::seal(with, "test")); }
    std::string replace(const std::string& at, const Fd& with) { return replace_lease_file(server_, at, with.get()); }
    // Nothing but what was there.
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(directory_), std::filesystem::directory_iterator()));
    }

    DhcpServer server_;

private:
    const vrrpd::test::Scratch scratch_{"leases"};
    const std::string& directory_ = scratch_.path();
};

TEST_F(LeaseFile, is_replaced_with_its_owner_and_mode) {
    std::filesystem::permissions(path("leases"), std::filesystem::perms(0640));
    if (geteuid() == 0) {
        ASSERT_EQ(chown(path("leases").c_str(), 65534, 65534), 0);
    }
    struct stat before {
    }, after{};
    ASSERT_EQ(stat(path("leases").c_str(), &before), 0);
    put("leases.vrrpd-new", "of a crash");
    EXPECT_EQ(replace(leases), "");
    EXPECT_EQ(get("leases"), leases);
    ASSERT_EQ(stat(path("leases").c_str(), &after), 0);
    EXPECT_NE(after.st_ino, before.st_ino) << "a running dnsmasq keeps the old one";
    EXPECT_EQ(after.st_mode, before.st_mode);
    EXPECT_EQ(after.st_uid, before.st_uid);
    EXPECT_EQ(after.st_gid, before.st_gid);
    EXPECT_EQ(files(), 1U);
}

TEST_F(LeaseFile, is_made_where_dnsmasq_never_ran_and_may_become_empty) {
    std::filesystem::remove(path("leases"));
    EXPECT_EQ(replace(leases), "");
    EXPECT_EQ(get("leases"), leases);
    EXPECT_EQ(replace(""), "");
    EXPECT_EQ(get("leases"), "");
}

TEST_F(LeaseFile, what_is_no_lease_never_comes_into_it) {
    for (const std::string text : {"root::0:0::/root:/bin/sh\n", "1900000000 02:00:00:00:00:01 10.12.14.100 a;b *\n",
                                   "1900000000 02:00:00:00:00:01 10.12.14.100 phone *",
                                   "\x7f"
                                   "ELF"}) {
        const auto problem = replace(text);
        EXPECT_NE(problem.find("lines are no leases, the first one is 1: "), std::string::npos) << problem;
        EXPECT_EQ(get("leases"), "old");
    }
    EXPECT_EQ(files(), 1U);
}

TEST_F(LeaseFile, no_other_file_is_touched) {
    put("other", "mine");
    const auto sealed = *ipc::seal(leases, "test");
    const auto problem = replace(path("other"), sealed);
    EXPECT_NE(problem.find("other is not the lease_file of dhcp_sync (" + path("leases") + ")"), problem.npos)
        << problem;
    EXPECT_NE(replace(path("./leases"), sealed), "");
    EXPECT_EQ(get("other"), "mine");
    std::filesystem::remove(path("leases"));
    std::filesystem::create_symlink(path("other"), path("leases"));
    EXPECT_EQ(replace(leases), path("leases") + " is not a regular file");
    EXPECT_EQ(get("other"), "mine");
    EXPECT_EQ(files(), 2U);
}

TEST_F(LeaseFile, where_it_is_found_only_the_found_one_counts) {
    put("dnsmasq.conf",
        "dhcp-leasefile=" + path("leases") + "\ndhcp-range=10.12.14.100,10.12.14.199,255.255.255.0,1h\n");
    put("other", "mine");
    server_.dnsmasq.lease_file.clear();
    server_.dnsmasq.configuration = path("dnsmasq.conf");
    server_.networks = {*Prefix::parse("10.12.14.0/24")};
    const auto problem = replace(path("other"), *ipc::seal(leases, "test"));
    EXPECT_NE(problem.find("is not the lease file that is found here (" + path("leases") + ")"), problem.npos)
        << problem;
    EXPECT_EQ(get("other"), "mine");
    EXPECT_EQ(replace(leases), "");
    EXPECT_EQ(get("leases"), leases);
}

TEST_F(LeaseFile, what_is_not_sealed_or_too_much_is_not_read) {
    const Fd open(memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_NE(replace(path("leases"), open).find("not sealed"), std::string::npos);
    EXPECT_NE(replace(path("leases"), Fd()), "");
    const Fd huge(memfd_create("huge", MFD_CLOEXEC | MFD_ALLOW_SEALING));  // takes no memory
    ASSERT_EQ(ftruncate(huge.get(), off_t{1} << 40), 0);
    ASSERT_EQ(fcntl(huge.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL), 0);
    EXPECT_NE(replace(path("leases"), huge).find("File too large"), std::string::npos);
    EXPECT_EQ(get("leases"), "old");
}

TEST_F(LeaseFile, a_directory_that_is_not_there_is_said) {
    server_.dnsmasq.lease_file = path("none/leases");
    const auto problem = replace(path("none/leases"), *ipc::seal(leases, "test"));
    EXPECT_EQ(problem, "write " + path("none/leases") + ": No such file or directory");
}

}  // namespace
}  // namespace vrrpd::supervisor::lease_file_test
