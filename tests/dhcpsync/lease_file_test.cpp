// A lease file on a real disk: that comes late, is rewritten, replaced, unreadable, huge.
#include "dhcpsync/lease_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "tests/dhcpsync/sample.hpp"
#include "tests/dhcpsync/turns.hpp"

namespace dhcpsync::lease_file_test {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using test::put;

std::string record(unsigned last, const std::string& name = "*") {
    return fmt::format("4000000000 02:00:00:00:00:{:02x} 10.12.14.{} {} *\n", last, last, name);
}

class LeaseFileTest : public testing::Test {
protected:
    void open() { open(path_); }
    void open(const std::string& path) {
        file_ = std::make_unique<LeaseFile>(turns_.loop, log_, path, ExpiryField::until,
                                            [this](Believed& content) { believed_.push_back(content); });
        turns_.add(*file_);
    }
    [[nodiscard]] bool sees(std::size_t leases, Duration at_most = 2s) {
        return turns_.until([&] { return !believed_.empty() && believed_.back().book.leases.size() == leases; },
                            at_most);
    }

    test::Folder folder_;
    std::string path_ = folder_ / "dnsmasq.leases";
    test::Lines log_;
    test::Turns turns_;
    std::vector<Believed> believed_;
    std::unique_ptr<LeaseFile> file_;
};

TEST_F(LeaseFileTest, what_is_there_at_the_start) {
    put(path_, record(1) + record(2));
    open();
    EXPECT_TRUE(sees(2));
    EXPECT_TRUE(believed_.back().whole);
    EXPECT_EQ(file_->trouble(), "");
    EXPECT_EQ(log_.all, std::vector<std::string>{});
}

TEST_F(LeaseFileTest, a_change_is_believed_within_moments) {
    put(path_, record(1));
    open();
    ASSERT_TRUE(sees(1));
    const auto changed = vrrpd::boot_now();
    put(path_, record(1) + record(2));
    EXPECT_TRUE(sees(2));
    EXPECT_LT(vrrpd::boot_now() - changed, 1s) << "long before the audit";
}

TEST_F(LeaseFileTest, one_that_comes_later) {
    open();
    turns_.pass(50ms);
    EXPECT_TRUE(file_->missing());
    EXPECT_EQ(log_.count("not there yet"), 1);
    put(path_, record(1));
    EXPECT_TRUE(sees(1));
    EXPECT_FALSE(file_->missing());
}

TEST_F(LeaseFileTest, one_that_another_is_renamed_over) {
    put(path_, record(1));
    open();
    ASSERT_TRUE(sees(1));
    for (unsigned last = 2; last < 5; ++last) {
        const auto beside = folder_ / "beside";
        put(beside, record(1) + record(last) + record(last + 10));
        std::filesystem::rename(beside, path_);
        EXPECT_TRUE(turns_.until([&] { return believed_.back().book.leases.contains(ip(last)); }, 2s)) << last;
        put(path_, record(1) + record(last));  // the new file is watched now
        EXPECT_TRUE(sees(2));
    }
}

TEST_F(LeaseFileTest, behind_a_link_into_another_folder) {
    const test::Folder other;
    const auto real = other / "real";
    put(real, record(1));
    ASSERT_EQ(symlink(real.c_str(), path_.c_str()), 0);
    open();
    ASSERT_TRUE(sees(1));
    put(real, record(1) + record(2));
    EXPECT_TRUE(sees(2));
}

TEST_F(LeaseFileTest, one_whose_folder_comes_later_is_found_by_the_audit) {
    path_ = folder_ / "late/dnsmasq.leases";
    open();
    turns_.pass(20ms);
    std::filesystem::create_directory(folder_ / "late");
    put(path_, record(1));
    EXPECT_TRUE(sees(1, 12s));
    put(path_, record(1) + record(2));
    EXPECT_TRUE(sees(2));
}

TEST_F(LeaseFileTest, one_that_is_removed_says_nothing_about_leases) {
    put(path_, record(1));
    open();
    ASSERT_TRUE(sees(1));
    const auto believed = believed_.size();
    std::filesystem::remove(path_);
    turns_.pass(100ms);
    EXPECT_EQ(believed_.size(), believed);
    EXPECT_TRUE(file_->missing());
}

// dnsmasq truncates, then writes: a reader that is fast enough sees all stages.
TEST_F(LeaseFileTest, a_rewrite_in_progress_is_never_taken_for_a_whole_file) {
    std::string all;
    for (unsigned last = 1; last <= 200; ++last) all += record(last);
    put(path_, all);
    open();
    ASSERT_TRUE(sees(200));
    std::atomic<bool> ends = false;
    std::thread server([&] {
        const int fd = ::open(path_.c_str(), O_WRONLY);
        for (int round = 0; round < 150; ++round) {
            (void)ftruncate(fd, 0);
            lseek(fd, 0, SEEK_SET);
            std::this_thread::sleep_for(std::chrono::microseconds(300));
            for (std::size_t at = 0; at < all.size(); at += 4096) {
                const auto part = all.substr(at, 4096);
                (void)!write(fd, part.data(), part.size());
            }
            std::this_thread::sleep_for(3ms);
        }
        ::close(fd);
        ends = true;
    });
    EXPECT_TRUE(turns_.until([&] { return ends.load(); }));
    server.join();
    turns_.pass(300ms);
    for (const auto& believed : believed_) {
        EXPECT_TRUE(!believed.whole || believed.book.leases.size() == 200u) << believed.book.leases.size();
    }
    EXPECT_TRUE(believed_.back().whole);
}

// The loop has others to serve: 5,000 records, written anew all the time.
TEST_F(LeaseFileTest, a_large_file_that_never_rests_leaves_time_for_others) {
    std::string all;
    for (unsigned i = 0; i < 5000; ++i)
        all += fmt::format("4000000000 02:00:00:00:{:02x}:{:02x} 10.20.{}.{} * *\n", i >> 8, i & 255, i >> 8, i & 255);
    put(path_, all);
    open();
    ASSERT_TRUE(sees(5000));
    std::atomic<bool> ends = false;
    std::thread server([&] {
        for (unsigned round = 0; !ends; ++round) {
            put(path_, all + record(round % 250));
            std::this_thread::sleep_for(2ms);
        }
    });
    turns_.spent = Duration(0);
    const auto began = vrrpd::boot_now();
    const auto before = believed_.size();
    EXPECT_TRUE(turns_.until([&] { return before + 5 <= believed_.size(); }, 60s));
    const auto passed = vrrpd::boot_now() - began;
    ends = true;
    server.join();
    EXPECT_LT(2 * turns_.spent, passed);
}

TEST_F(LeaseFileTest, read_now_takes_nothing_for_gone) {
    put(path_, record(1));
    open();
    ASSERT_TRUE(sees(1));
    put(path_, record(2) + "4000000000 02:00:00:00:00:03 10.12.14.3 half");
    file_->read_now();
    EXPECT_TRUE(believed_.back().book.leases.contains(ip(2)));
    EXPECT_EQ(believed_.back().book.leases.size(), 1u);
    EXPECT_FALSE(believed_.back().whole);
}

TEST_F(LeaseFileTest, who_may_not_read_it_is_told_once_what_to_do) {
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: becoming somebody else needs root";
    put(path_, record(1));
    chmod(path_.c_str(), 0600);
    chmod(folder_.path.c_str(), 0755);
    ASSERT_EQ(seteuid(65534), 0);
    open();
    turns_.pass(50ms);
    file_->look();
    turns_.pass(50ms);
    EXPECT_EQ(log_.count("setfacl -m u:65534:r " + path_), 1);
    EXPECT_NE(file_->trouble(), "");
    ASSERT_EQ(seteuid(0), 0);
    chmod(path_.c_str(), 0644);
    ASSERT_EQ(seteuid(65534), 0);
    EXPECT_TRUE(sees(1)) << "at once: its folder tells of the new permission";
    EXPECT_EQ(file_->trouble(), "");
    ASSERT_EQ(seteuid(0), 0);
}

TEST_F(LeaseFileTest, what_is_no_file_delays_nobody) {
    ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
    open();
    turns_.pass(50ms);
    EXPECT_EQ(log_.count("not a regular file"), 1);
    EXPECT_EQ(believed_.size(), 0u);
}

TEST_F(LeaseFileTest, one_that_is_too_large_is_not_read) {
    put(path_, record(1));
    ASSERT_EQ(truncate(path_.c_str(), static_cast<off_t>(LeaseFile::largest) + 1), 0);
    open();
    turns_.pass(50ms);
    EXPECT_EQ(log_.count("larger than 32 MiB"), 1);
    put(path_, record(1));
    EXPECT_TRUE(sees(1));
}

TEST_F(LeaseFileTest, a_hundred_thousand_records) {
#ifdef NDEBUG
    constexpr unsigned many = 100'000;
#else
    constexpr unsigned many = 5000;  // without optimisation, and with sanitizers, that is enough
#endif
    std::string all;
    for (unsigned i = 0; i < many; ++i)
        all += fmt::format(
            "4000000000 02:00:00:{:02x}:{:02x}:{:02x} 10.{}.{}.{} host{} 01:02:00:00:{:02x}:{:02x}:{:02x}\n", i >> 16,
            i >> 8 & 255, i & 255, 20 + (i >> 16), i >> 8 & 255, i & 255, i, i >> 16, i >> 8 & 255, i & 255);
    put(path_, all);
    const auto began = vrrpd::boot_now();
    open();
    EXPECT_TRUE(sees(many, 60s));
    const auto took = [](Duration time) { return std::chrono::duration_cast<std::chrono::milliseconds>(time).count(); };
    const auto all_of_it = took(vrrpd::boot_now() - began), turn = took(turns_.longest_turn);
    RecordProperty("milliseconds", static_cast<int>(all_of_it));
    std::printf("%u records (%zu kB): believed after %lld ms, the longest turn %lld ms\n", many, all.size() / 1000,
                static_cast<long long>(all_of_it), static_cast<long long>(turn));
}

}  // namespace
}  // namespace dhcpsync::lease_file_test
