// The replica on a real disk: found again, damaged, full; and the thread that waits for it.
#include "dhcpsync/lease_store.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "dhcpsync/core/image.hpp"
#include "tests/dhcpsync/sample.hpp"
#include "tests/dhcpsync/turns.hpp"
#include "vrrpd/base/fd.hpp"

namespace dhcpsync::lease_store_test {
namespace {

using namespace sample;
using namespace std::chrono_literals;

Image image_of(unsigned leases_, Term term = {7}) {
    Image image;
    for (unsigned i = 1; i <= leases_; ++i)
        image.table[ip(i)] = {{Stamp{{term, NodeId{1}}, Sequence{i}}, lease(i, i), lease(i, i).expires}};
    image.knowledge.learn({term, NodeId{1}}, Sequence{leases_});
    image.newest_term = term;
    return image;
}

class LeaseStoreTest : public testing::Test {
protected:
    void open() {
        close();
        store_ = std::make_unique<LeaseStore>(turns_.loop, log_, directory_.get(),
                                              [this](Term term) { persisted_.push_back(term); });
        turns_.add(*store_);
        found_ = store_->load(noon);
    }
    void close() {
        turns_.remove(store_.get());
        store_.reset();
    }
    [[nodiscard]] bool persisted(Term term) {
        return turns_.until([&] { return !persisted_.empty() && persisted_.back() == term; });
    }

    test::Folder folder_;
    vrrpd::Fd directory_{::open(folder_.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    test::Lines log_;
    test::Turns turns_;
    std::vector<Term> persisted_;
    std::unique_ptr<LeaseStore> store_;
    LeaseStore::Found found_;
};

TEST_F(LeaseStoreTest, a_new_disk_takes_its_first_term_from_the_clock) {
    open();
    EXPECT_EQ(found_.image, Image{});
    EXPECT_EQ(found_.persisted, Term{1'700'000'000});
    EXPECT_EQ(log_.all, std::vector<std::string>{});
}

TEST_F(LeaseStoreTest, what_was_written_is_found_again) {
    open();
    store_->write(image_of(3));
    store_->persist(Term{9});
    ASSERT_TRUE(persisted(Term{9}));
    open();
    EXPECT_EQ(found_.image, image_of(3));
    EXPECT_EQ(found_.persisted, Term{9});
    struct stat status {};
    ASSERT_EQ(stat((folder_ / "leases").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << "who is where is nobody else's business";
}

TEST_F(LeaseStoreTest, the_term_is_told_when_it_is_on_disk) {
    open();
    store_->persist(Term{12});
    ASSERT_TRUE(persisted(Term{12}));
    EXPECT_EQ(test::content(folder_ / "term"), "12\n");
}

TEST_F(LeaseStoreTest, the_newest_image_counts_and_is_written_at_the_end) {
    open();
    for (unsigned i = 1; i <= 50; ++i) store_->write(image_of(i));
    close();
    open();
    EXPECT_EQ(found_.image, image_of(50));
}

TEST_F(LeaseStoreTest, a_torn_or_damaged_image_is_set_aside) {
    const auto good = encode_image(image_of(3));
    const std::string bytes(good.begin(), good.end());
    auto flipped = bytes;
    flipped[bytes.size() / 2] = static_cast<char>(flipped[bytes.size() / 2] ^ 1);
    for (const auto& bad : {bytes.substr(0, bytes.size() - 1), flipped, std::string("garbage"), std::string()}) {
        log_.all.clear();
        test::put(folder_ / "leases", bad);
        test::put(folder_ / "term", "9\n");
        open();
        EXPECT_EQ(found_.image, Image{});
        EXPECT_EQ(found_.persisted, Term{1'700'000'000}) << "it may have held a newer term than the file";
        EXPECT_EQ(log_.count("leases.spoilt"), 1);
        EXPECT_EQ(test::content(folder_ / "leases.spoilt"), bad);
        EXPECT_FALSE(std::filesystem::exists(folder_ / "leases"));
    }
}

TEST_F(LeaseStoreTest, a_term_that_is_no_number_is_set_aside) {
    for (const auto* bad : {"", "\n", "9", "9 \n", "-1\n", "99999999999999999999999\n", "9\n9\n"}) {
        log_.all.clear();
        test::put(folder_ / "term", bad);
        open();
        EXPECT_EQ(found_.persisted, Term{1'700'000'000}) << bad;
        EXPECT_EQ(log_.count("term.spoilt"), 1) << bad;
    }
}

TEST_F(LeaseStoreTest, half_a_file_beside_it_is_what_a_crash_leaves_and_harms_nobody) {
    open();
    store_->write(image_of(3));
    close();
    test::put(folder_ / "leases.new", "half");
    open();
    EXPECT_EQ(found_.image, image_of(3));
    store_->write(image_of(4));
    close();
    open();
    EXPECT_EQ(found_.image, image_of(4));
}

TEST_F(LeaseStoreTest, a_link_in_its_place_is_not_followed) {
    const auto victim = folder_ / "victim";
    test::put(victim, "precious");
    std::filesystem::create_symlink(victim, folder_ / "leases");
    std::filesystem::create_symlink(victim, folder_ / "leases.new");
    open();
    store_->write(image_of(1));
    close();
    EXPECT_EQ(test::content(victim), "precious");
}

// A limit on file sizes is what a full disk looks like to write().
class FullDisk {
public:
    FullDisk() {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit none{0, before_.rlim_max};
        EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

TEST_F(LeaseStoreTest, a_full_disk_is_said_once_and_tried_again) {
    open();
    store_->write(image_of(1));
    close();
    open();
    {
        const FullDisk full;
        store_->write(image_of(2));
        store_->persist(Term{20});
        turns_.pass(2500ms);
        EXPECT_EQ(persisted_, std::vector<Term>{});
        EXPECT_NE(store_->trouble(), "");
        EXPECT_EQ(test::content(folder_ / "leases").size(), encode_image(image_of(1)).size()) << "the old one stays";
    }
    EXPECT_TRUE(persisted(Term{20}));
    EXPECT_EQ(log_.count("not kept on disk"), 1);
    EXPECT_EQ(log_.count("kept on disk again"), 1);
    EXPECT_EQ(store_->trouble(), "");
    close();
    open();
    EXPECT_EQ(found_.image, image_of(2));
}

// ---- the thread ---------------------------------------------------------------------------------

TEST(WorkerTest, jobs_in_order_and_their_ends_in_the_loop) {
    test::Turns turns;
    Worker worker(turns.loop, Worker::AtEnd::finish);
    const auto here = std::this_thread::get_id();
    std::vector<int> jobs, ends;  // the first in the thread, which is done with it when the last end comes
    for (int i = 0; i < 100; ++i)
        worker.submit([&, i] {
            EXPECT_NE(std::this_thread::get_id(), here);
            jobs.push_back(i);
            return [&, i] {
                EXPECT_EQ(std::this_thread::get_id(), here);
                ends.push_back(i);
            };
        });
    ASSERT_TRUE(turns.until([&] { return ends.size() == 100; }));
    EXPECT_TRUE(std::is_sorted(jobs.begin(), jobs.end()));
    EXPECT_TRUE(std::is_sorted(ends.begin(), ends.end()));
}

TEST(WorkerTest, a_job_that_stalls_delays_nobody_else) {
    test::Turns turns;
    Worker worker(turns.loop, Worker::AtEnd::finish);
    bool done = false;
    worker.submit([&] {
        std::this_thread::sleep_for(300ms);
        return [&] { done = true; };
    });
    EXPECT_TRUE(turns.until([&] { return done; }));
    EXPECT_LT(turns.longest_turn, 100ms);
}

TEST(WorkerTest, an_end_does_not_come_after_the_worker_s) {
    test::Turns turns;
    bool ended = false, worked = false;
    {
        Worker worker(turns.loop, Worker::AtEnd::finish);
        worker.submit([&] {
            worked = true;
            return [&] { ended = true; };
        });
    }
    turns.pass(20ms);
    EXPECT_TRUE(worked);
    EXPECT_FALSE(ended);
}

TEST(WorkerTest, who_is_abandoned_is_not_waited_for) {
    test::Turns turns;
    const auto began = vrrpd::boot_now();
    const auto finished = std::make_shared<std::atomic<bool>>(false);
    {
        Worker worker(turns.loop, Worker::AtEnd::abandon);
        worker.submit([finished]() -> Worker::Done {
            std::this_thread::sleep_for(500ms);
            *finished = true;
            return nullptr;
        });
        turns.pass(20ms);
    }
    EXPECT_LT(vrrpd::boot_now() - began, 400ms);
    EXPECT_TRUE(turns.until([&] { return finished->load(); }));
}

}  // namespace
}  // namespace dhcpsync::lease_store_test
