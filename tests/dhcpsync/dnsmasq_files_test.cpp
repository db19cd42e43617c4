// Where a host's dnsmasq is found: trees as Debian, NixOS and OpenWrt have them, and processes as /proc shows them.
#include "dhcpsync/dnsmasq_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace dhcpsync::dnsmasq_files_test {
namespace {

namespace fs = std::filesystem;

class DnsmasqFiles : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = fs::temp_directory_path() / "vrrpd-dnsmasq-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        root_ = pattern;
        write("/proc/self/net/dev", "");
    }
    void TearDown() override { fs::remove_all(root_); }

    void write(const std::string& path, const std::string& text) {
        fs::create_directories((root_ / path.substr(1)).parent_path());
        std::ofstream(root_ / path.substr(1)) << text;
    }
    // A process with these words; in our network namespace or in another.
    void run(int pid, const std::vector<std::string>& words, bool here = true) {
        std::string command;
        for (const auto& word : words) command += word + '\0';
        const auto directory = "/proc/" + std::to_string(pid);
        write(directory + "/cmdline", command);
        if (!here) return write(directory + "/net/dev", "");
        fs::create_directories(root_ / directory.substr(1) / "net");
        fs::create_hard_link(root_ / "proc/self/net/dev", root_ / directory.substr(1) / "net/dev");
    }
    FoundDnsmasq find(DnsmasqSearch search = {}) {
        search.root = root_;
        return find_dnsmasq(search);
    }
    FoundDnsmasq find_for(const char* network) { return find({"", "", {*vrrpd::Prefix::parse(network)}, ""}); }

    fs::path root_;
};

TEST_F(DnsmasqFiles, where_somebody_listens) {
    const std::string heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n";
    const std::string rest = " 00000000:00000000 00:00000000 00000000     0        0 4711 1\n";
    EXPECT_EQ(tcp_listeners(root_), std::vector<Listener>{});
    write("/proc/self/net/tcp", heading + "   0: 00000000:0035 00000000:0000 0A" + rest +
                                    "   1: 040E0C0A:0016 00000000:0000 0A" + rest +
                                    "   2: 00000000:1F90 00000000:0000 01" + rest +
                                    "garbage\n   3: :0035 x 0A\n   4: 0000:0035 x 0A\n   5: 00000000:x x 0A\n");
    write("/proc/self/net/tcp6", heading +
                                     "   0: 00000000000000000000000000000000:1F91 "
                                     "00000000000000000000000000000000:0000 0A" +
                                     rest);
    EXPECT_EQ(tcp_listeners(root_), (std::vector<Listener>{{IpAddress::v4(0, 0, 0, 0), 53},
                                                           {IpAddress::v4(10, 12, 14, 4), 22},
                                                           {*IpAddress::parse("::"), 8081}}));
}

TEST_F(DnsmasqFiles, on_debian) {
    write("/etc/dnsmasq.conf", "# nothing but comments\n");
    write("/etc/dnsmasq.d/lan.conf", "dhcp-range=10.0.0.10,10.0.0.20\n");
    write("/etc/dnsmasq.d/lan.conf.dpkg-old", "dhcp-range=10.9.9.10,10.9.9.20\n");
    write("/var/lib/misc/dnsmasq.leases", "");
    const auto found = find();
    EXPECT_TRUE(found.readable);
    EXPECT_EQ(found.source, "/etc/dnsmasq.conf and /etc/dnsmasq.d");
    ASSERT_EQ(found.conf.ranges.size(), 1U);
    EXPECT_EQ(found.conf.ranges[0].at, (TextPlace{"/etc/dnsmasq.d/lan.conf", 1}));
    EXPECT_EQ(found.lease_file, "/var/lib/misc/dnsmasq.leases");
}

TEST_F(DnsmasqFiles, on_nixos_by_its_unit) {
    write("/etc/systemd/system/dnsmasq.service",
          "[Service]\nExecStartPre=/x\nExecStart=/nix/store/abc-dnsmasq-2.90/bin/dnsmasq -k --enable-dbus "
          "--user=dnsmasq -C "
          "/nix/store/def-dnsmasq.conf\n");
    write("/nix/store/def-dnsmasq.conf",
          "dhcp-leasefile=/var/lib/dnsmasq/dnsmasq.leases\ndhcp-range=10.0.0.10,10.0.0.20\n");
    const auto found = find();
    EXPECT_EQ(found.source, "/etc/systemd/system/dnsmasq.service");
    EXPECT_EQ(found.conf.ranges.size(), 1U);
    EXPECT_TRUE(found.conf.bus_name.said());
    EXPECT_EQ(found.lease_file, "/var/lib/dnsmasq/dnsmasq.leases");
}

TEST_F(DnsmasqFiles, on_openwrt) {
    write("/etc/dnsmasq.conf", "# nothing\n");
    write("/var/etc/dnsmasq.conf.cfg01411c", "dhcp-range=set:lan,192.168.1.100,192.168.1.249,255.255.255.0,12h\n");
    fs::create_directories(root_ / "tmp");
    const auto found = find_for("192.168.1.0/24");
    EXPECT_EQ(found.source, "/var/etc/dnsmasq.conf.cfg01411c");
    EXPECT_EQ(found.conf.ranges.at(0).lease_time, 43'200U);
    EXPECT_EQ(found.lease_file, "/tmp/dhcp.leases") << "it is there when dnsmasq has started";
}

TEST_F(DnsmasqFiles, of_the_one_that_runs_before_those_of_one_that_could) {
    write("/etc/dnsmasq.conf", "dhcp-range=10.0.0.10,10.0.0.20\n");
    write("/srv/mine.conf", "dhcp-range=10.0.0.30,10.0.0.40\ndhcp-leasefile=/srv/leases\n");
    run(300, {"/usr/sbin/dnsmasq", "-k", "-C", "/srv/mine.conf"});
    run(301, {"/usr/sbin/dnsmasq", "-k", "-C", "/srv/mine.conf"});  // its helper
    run(20, {"/usr/bin/dnsmasq-tool", "-C", "/other"});
    const auto found = find_for("10.0.0.0/24");
    EXPECT_EQ(found.source, "the running dnsmasq (pid 300)");
    EXPECT_EQ(found.process, 300);
    EXPECT_EQ(found.conf.ranges.at(0).at.file, "/srv/mine.conf");
    EXPECT_EQ(found.lease_file, "/srv/leases");
}

TEST_F(DnsmasqFiles, of_the_one_that_serves_our_network) {
    write("/libvirt/default.conf", "dhcp-range=192.168.122.2,192.168.122.254\n");
    write("/etc/dnsmasq.conf", "dhcp-range=10.0.0.10,10.0.0.20\n");
    run(100, {"dnsmasq", "--conf-file=/libvirt/default.conf"});
    run(200, {"dnsmasq"});
    EXPECT_EQ(find_for("10.0.0.0/24").process, 200);
    EXPECT_EQ(find_for("192.168.122.0/24").process, 100);
    EXPECT_EQ(find_for("10.7.0.0/24").source, "/etc/dnsmasq.conf") << "a host's own, before somebody's";
}

// libvirt's goes on running, and has the port.
TEST_F(DnsmasqFiles, the_one_that_serves_our_network_is_missed_when_it_is_gone) {
    write("/libvirt/default.conf", "dhcp-range=192.168.122.2,192.168.122.254\n");
    write("/etc/dnsmasq.conf", "dhcp-range=10.0.0.10,10.0.0.20\n");
    run(100, {"dnsmasq", "--conf-file=/libvirt/default.conf"});
    run(200, {"/usr/sbin/dnsmasq", "-k"});
    ServingDnsmasq serving({*vrrpd::Prefix::parse("10.0.0.0/24")}, root_);
    EXPECT_TRUE(serving.may_run());
    write("/proc/200/cmdline", "");  // a zombie
    EXPECT_FALSE(serving.may_run());
    fs::remove_all(root_ / "proc/200");
    EXPECT_FALSE(serving.may_run());
    run(201, {"/usr/sbin/dnsmasq", "-k"});
    EXPECT_TRUE(serving.may_run()) << "it was started again";
    write("/proc/201/cmdline", std::string("cat\0", 4));
    EXPECT_FALSE(serving.may_run()) << "its number is another one's now";
}

TEST_F(DnsmasqFiles, of_one_that_was_never_seen_nobody_can_say) {
    write("/libvirt/default.conf", "dhcp-range=192.168.122.2,192.168.122.254\n");
    run(100, {"dnsmasq", "--conf-file=/libvirt/default.conf"});
    ServingDnsmasq serving({*vrrpd::Prefix::parse("10.0.0.0/24")}, root_);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(serving.may_run());
    write("/etc/dnsmasq.conf", "dhcp-range=10.0.0.10,10.0.0.20\n");
    run(200, {"dnsmasq"});
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(serving.may_run());
    fs::remove_all(root_ / "proc/200");
    EXPECT_FALSE(serving.may_run()) << "it was seen in between";
}

TEST_F(DnsmasqFiles, not_of_another_network_namespace) {
    write("/other.conf", "dhcp-range=10.0.0.30,10.0.0.40\n");
    run(300, {"dnsmasq", "-C", "/other.conf"}, false);
    EXPECT_EQ(find_for("10.0.0.0/24").process, std::nullopt);
}

TEST_F(DnsmasqFiles, as_they_were_given) {
    write("/etc/dnsmasq.conf", "dhcp-range=10.0.0.10,10.0.0.20\n");
    write("/given", "dhcp-range=10.0.0.30,10.0.0.40\ndhcp-leasefile=/a\n");
    const auto found = find({"/given", "/b", {}, ""});
    EXPECT_EQ(found.source, "/given");
    EXPECT_EQ(found.conf.ranges.at(0).first, IpAddress::v4(10, 0, 0, 30));
    EXPECT_EQ(found.lease_file, "/b");
    EXPECT_EQ(find({"/given", "", {}, ""}).lease_file, "/a");
    EXPECT_FALSE(find({"/missing", "", {}, ""}).readable);
}

TEST_F(DnsmasqFiles, nowhere) {
    const auto found = find();
    EXPECT_FALSE(found.readable);
    EXPECT_EQ(found.lease_file, "");
}

TEST_F(DnsmasqFiles, without_a_lease_file) {
    write("/etc/dnsmasq.conf", "leasefile-ro\ndhcp-leasefile=/a\n");
    EXPECT_EQ(find().lease_file, "");
}

TEST_F(DnsmasqFiles, hostile_ones_are_not_read_and_nobody_waits) {
    write("/etc/dnsmasq.conf", "conf-file=/fifo\nconf-file=/huge\nconf-file=/etc\nconf-file=relative\nport=0\n");
    ASSERT_EQ(mkfifo((root_ / "fifo").c_str(), 0600), 0);
    write("/huge", std::string((1 << 20) + 1, '\n'));
    const auto found = find();
    EXPECT_EQ(found.text.unread.size(), 4U);
    EXPECT_EQ(found.conf.port.value, 0U);
}

// The very machine that the test runs on, whatever it has.
TEST(DnsmasqFilesHere, can_be_looked_for) {
    const auto found = find_dnsmasq({});
    EXPECT_FALSE(found.text.too_much);
}

}  // namespace
}  // namespace dhcpsync::dnsmasq_files_test
