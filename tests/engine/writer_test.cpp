// The writer thread, on a kernel that notes every batch: order, coalescing, retries, completions, drain.
#include "vrrpd/engine/writer.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "netlink/fake_kernel.hpp"
#include "tests/engine/noted_tables.hpp"
#include "tests/engine/values.hpp"

namespace vrrpd::engine::writer_test {
namespace {

using namespace test;
using Clock = std::chrono::steady_clock;

// What the writer's thread does to the kernel, seen and held up by the test's thread.
struct Journal {
    std::mutex mutex;
    std::condition_variable changed;
    bool gate_open = true;
    bool waiting = false;  // the writer stands before the gate
    std::vector<std::vector<netlink::Request>> batches;
    std::vector<Clock::time_point> times;
    unsigned snapshots = 0;

    void pass(std::vector<netlink::Request> batch) {
        std::unique_lock lock(mutex);
        waiting = true;
        changed.notify_all();
        changed.wait(lock, [this] { return gate_open; });
        waiting = false;
        batches.push_back(std::move(batch));
        times.push_back(Clock::now());
    }
    void shut() {
        const std::lock_guard lock(mutex);
        gate_open = false;
    }
    void open() {
        const std::lock_guard lock(mutex);
        gate_open = true;
        changed.notify_all();
    }
    void await_writer() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return waiting; });
    }
};

// The model kernel behind a journal.
class NotedKernel final : public netlink::Kernel {
public:
    explicit NotedKernel(Journal& journal) : journal_(journal) { lan = model.add_link("lan0"); }
    std::vector<Result<void>> apply(std::span<const netlink::Request> requests) override {
        journal_.pass({requests.begin(), requests.end()});
        return model.apply(requests);
    }
    Result<netlink::Snapshot> snapshot(const netlink::RouteInterest& interest) override {
        ++journal_.snapshots;
        return model.snapshot(interest);
    }
    Result<int> device_option(const std::string& link, netlink::DeviceOption option) override {
        return model.device_option(link, option);
    }
    Result<void> set_device_option(const std::string& link, netlink::DeviceOption option, int value) override {
        return model.set_device_option(link, option, value);
    }
    Result<std::optional<netlink::Neighbour>> neighbour(IfIndex link, const IpAddress& address) override {
        return model.neighbour(link, address);
    }

    netlink::FakeKernel model;
    IfIndex lan;

private:
    Journal& journal_;
};

class WriterTest : public testing::Test {
protected:
    WriterTest() { make_writer(nullptr); }
    void make_writer(std::unique_ptr<netlink::nft::Tables> tables) {
        auto kernel = std::make_unique<NotedKernel>(journal_);
        kernel_ = kernel.get();
        writer_ =
            std::make_unique<Writer>(std::move(kernel), std::move(tables), [this](const netlink::ct::Which& which) {
                purged_ = which.addresses;
                standing_at_purge_ = kernel_->model.snapshot()->addresses.size();
                return Result<std::size_t>(7);
            });
    }
    ~WriterTest() override { journal_.open(); }

    netlink::Request addition(unsigned number) const {
        auto address = held(kernel_->lan.value, "10.9.0.0/32");
        address.prefix.address = IpAddress::v4(10, 9, static_cast<std::uint8_t>(number / 256), number % 256 & 0xff);
        return netlink::Add{address};
    }
    ApplyRequests additions(unsigned first, unsigned count) const {
        ApplyRequests task;
        for (unsigned i = 0; i < count; ++i) task.requests.push_back(addition(first + i));
        return task;
    }
    // Puts the writer to work on a first batch that waits at the gate, so that what follows queues up.
    void occupy_writer() {
        journal_.shut();
        writer_->submit(additions(60000, 1));
        journal_.await_writer();
    }
    std::vector<Completion> finish() {
        journal_.open();
        EXPECT_TRUE(writer_->drain(5s));
        return writer_->completions();
    }

    Journal journal_;
    NotedKernel* kernel_ = nullptr;  // the writer's
    std::vector<IpAddress> purged_;
    std::optional<std::size_t> standing_at_purge_;
    std::unique_ptr<Writer> writer_;
};

TEST_F(WriterTest, of_several_refusals_that_wait_the_last_one_counts_for_all) {
    const auto refusal = [](std::size_t count, bool anyway = false) {
        return RefusePackets{std::make_shared<const std::vector<netlink::nft::Refused>>(count), anyway};
    };
    auto own = std::make_unique<NotedTables>();
    const auto& refused = own->refused;
    make_writer(std::move(own));
    occupy_writer();
    for (std::size_t count = 1; count <= 5; ++count) {
        writer_->submit(refusal(count));
        writer_->submit(additions(static_cast<unsigned>(count), 1));
    }
    EXPECT_EQ(finish().size(), 11U) << "each is answered";
    EXPECT_EQ(refused, std::vector<std::size_t>{5});
    const auto last = refusal(2);
    writer_->submit(last);
    writer_->submit(last);
    writer_->submit(RefusePackets{last.addresses, true});
    EXPECT_TRUE(writer_->drain(5s));
    EXPECT_GE(refused.size(), 3U) << "somebody else may have changed them";
    EXPECT_EQ(refused.back(), 2U);
}

TEST_F(WriterTest, completions_keep_the_order_of_the_tasks_and_looks_come_last) {
    occupy_writer();
    const auto look = writer_->submit(ReadPicture{});
    std::vector<std::uint64_t> tickets;
    tickets.push_back(writer_->submit(additions(0, 3)));
    tickets.push_back(writer_->submit(AskNeighbour{kernel_->lan, ip("10.9.0.1")}));
    tickets.push_back(writer_->submit(additions(3, 2)));
    tickets.push_back(look);
    const auto done = finish();
    ASSERT_EQ(done.size(), 5U);
    for (std::size_t i = 0; i < tickets.size(); ++i) EXPECT_EQ(done[i + 1].ticket, tickets[i]);
    const auto* picture = std::get_if<Picture>(&done.back().outcome);
    ASSERT_NE(picture, nullptr);
    EXPECT_EQ(picture->snapshot->addresses.size(), 6U);
}

TEST_F(WriterTest, an_inspection_that_is_under_way_gives_way_and_begins_anew) {
    auto own = std::make_unique<NotedTables>();
    auto& tables = *own;
    tables.endless = true;
    make_writer(std::move(own));
    const auto look = writer_->submit(InspectRules{});
    while (tables.inspections == 0) std::this_thread::sleep_for(1ms);
    const auto urgent = writer_->submit(additions(0, 1));
    ASSERT_TRUE(writer_->drain(5s));
    const auto done = writer_->completions();
    ASSERT_EQ(done.size(), 2U);
    EXPECT_EQ(done[0].ticket, urgent);
    EXPECT_EQ(done[1].ticket, look);
    EXPECT_TRUE(std::get<RulesInspected>(done[1].outcome).obstacles);
    EXPECT_EQ(tables.inspections, 2U);
}

TEST_F(WriterTest, a_neighbour_is_asked_for) {
    const MacAddress mac{{2, 0, 0, 0, 0, 1}};
    kernel_->model.confirm(kernel_->lan, ip("10.9.0.1"), mac);
    writer_->submit(AskNeighbour{kernel_->lan, ip("10.9.0.1")});
    writer_->submit(AskNeighbour{kernel_->lan, ip("10.9.0.2")});
    const auto done = finish();
    ASSERT_EQ(done.size(), 2U);
    const auto& known = std::get<NeighbourKnown>(done[0].outcome).neighbour;
    ASSERT_TRUE(known && *known);
    EXPECT_EQ((*known)->mac, mac);
    EXPECT_EQ(*std::get<NeighbourKnown>(done[1].outcome).neighbour, std::nullopt);
}

TEST_F(WriterTest, connections_are_purged_after_the_removals_that_were_asked_before) {
    writer_->submit(additions(0, 2));
    auto removals = additions(0, 2);
    for (auto& request : removals.requests) request = netlink::Delete{netlink::object_of(request)};
    writer_->submit(removals);
    const std::vector gone{ip("10.9.0.0"), ip("10.9.0.1")};
    writer_->submit(PurgeConnections{{gone}});
    const auto done = finish();
    ASSERT_EQ(done.size(), 3U);
    EXPECT_EQ(*std::get<ConnectionsPurged>(done[2].outcome).count, 7U);
    EXPECT_EQ(purged_, gone);
    EXPECT_EQ(standing_at_purge_, 0U);
}

TEST_F(WriterTest, small_tasks_of_many_routers_share_batches_of_at_most_64) {
    occupy_writer();
    for (unsigned i = 0; i < 200; ++i) writer_->submit(additions(i, 1));
    const auto done = finish();
    EXPECT_EQ(done.size(), 201U);
    ASSERT_EQ(journal_.batches.size(), 1U + 4U);
    EXPECT_EQ(journal_.batches[1].size(), netlink::requests_in_flight);
    EXPECT_EQ(journal_.batches[4].size(), 200U - 3U * netlink::requests_in_flight);
}

TEST_F(WriterTest, a_task_is_never_cut_to_fill_a_batch) {
    occupy_writer();
    writer_->submit(additions(0, 40));
    writer_->submit(additions(40, 40));
    finish();
    ASSERT_EQ(journal_.batches.size(), 3U);
    EXPECT_EQ(journal_.batches[1].size(), 40U);
    EXPECT_EQ(journal_.batches[2].size(), 40U);
}

TEST_F(WriterTest, requests_reach_the_kernel_in_order_and_results_go_to_their_task) {
    const auto refused = additions(5, 1).requests.front();
    kernel_->model.fail(
        [&](const netlink::Request& request) {
            const auto* add = std::get_if<netlink::Add>(&request);
            return add && std::get<netlink::Address>(add->object).prefix.address == IpAddress::v4(10, 9, 0, 5);
        },
        ENOBUFS, 1000);
    occupy_writer();
    writer_->submit(additions(0, 4));
    writer_->submit(additions(4, 4));
    const auto done = finish();
    ASSERT_EQ(done.size(), 3U);
    for (const auto& result : std::get<Applied>(done[1].outcome).results) EXPECT_TRUE(result);
    const auto& second = std::get<Applied>(done[2].outcome).results;
    ASSERT_EQ(second.size(), 4U);
    EXPECT_TRUE(second[0] && second[2] && second[3]);
    ASSERT_FALSE(second[1]);
    EXPECT_EQ(second[1].error().code, ENOBUFS);

    const auto& batch = journal_.batches[1];
    for (unsigned i = 0; i < 8; ++i)
        EXPECT_EQ(std::get<netlink::Address>(std::get<netlink::Add>(batch[i]).object).prefix.address,
                  IpAddress::v4(10, 9, 0, static_cast<std::uint8_t>(i)));
}

TEST_F(WriterTest, a_failed_request_is_tried_three_times_more_within_50_ms_and_alone) {
    kernel_->model.fail([](const netlink::Request&) { return true; }, EBUSY, 1000);
    const auto before = Clock::now();
    writer_->submit(additions(0, 1));
    const auto done = finish();
    const auto took = Clock::now() - before;
    ASSERT_EQ(done.size(), 1U);
    EXPECT_FALSE(std::get<Applied>(done[0].outcome).results.front());
    ASSERT_EQ(journal_.batches.size(), 4U);
    EXPECT_LE(journal_.times[3] - journal_.times[0], 80ms) << "48 ms, and what a busy machine adds";
    EXPECT_GE(took, 40ms);
}

TEST_F(WriterTest, a_retry_that_succeeds_is_a_success_and_repeats_nothing_else) {
    kernel_->model.fail(
        [](const netlink::Request& request) {
            const auto* add = std::get_if<netlink::Add>(&request);
            return add && std::get<netlink::Address>(add->object).prefix.address == IpAddress::v4(10, 9, 0, 1);
        },
        EBUSY, 2);
    writer_->submit(additions(0, 3));
    const auto done = finish();
    ASSERT_EQ(done.size(), 1U);
    for (const auto& result : std::get<Applied>(done[0].outcome).results) EXPECT_TRUE(result);
    ASSERT_EQ(journal_.batches.size(), 3U);
    EXPECT_EQ(journal_.batches[1].size(), 1U);
    EXPECT_EQ(journal_.batches[2].size(), 1U);
}

TEST_F(WriterTest, completions_wake_a_descriptor) {
    const auto readable = [this](int timeout) {
        pollfd waiting{writer_->fd(), POLLIN, 0};
        return ::poll(&waiting, 1, timeout) == 1;
    };
    EXPECT_FALSE(readable(0));
    const auto ticket = writer_->submit(ReadPicture{});
    EXPECT_TRUE(readable(5000));
    const auto done = writer_->completions();
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].ticket, ticket);
    EXPECT_FALSE(readable(0));
    EXPECT_TRUE(writer_->completions().empty());
}

TEST_F(WriterTest, submitting_never_waits_for_a_kernel_that_stalls) {
    occupy_writer();
    const auto before = Clock::now();
    for (unsigned i = 0; i < 1000; ++i) writer_->submit(additions(i, 1));
    EXPECT_LT(Clock::now() - before, 500ms);
    EXPECT_FALSE(writer_->drain(20ms)) << "and drain() gives up at its limit";
    EXPECT_EQ(finish().size(), 1001U);
}

TEST_F(WriterTest, its_end_finishes_what_is_queued) {
    occupy_writer();
    for (unsigned i = 0; i < 100; ++i) writer_->submit(additions(i, 1));
    journal_.open();
    writer_.reset();
    std::size_t carried_out = 0;
    for (const auto& batch : journal_.batches) carried_out += batch.size();
    EXPECT_EQ(carried_out, 101U);
}

TEST_F(WriterTest, names_the_switches_that_are_off_and_no_device_that_is_not_there) {
    using netlink::DeviceOption;
    writer_->submit(AskSwitches{{{"lan0", DeviceOption::forwarding_ipv4},
                                 {"lan0", DeviceOption::send_redirects},
                                 {"nowhere", DeviceOption::forwarding_ipv4}}});
    const auto done = finish();
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(std::get<SwitchesKnown>(done[0].outcome).off,
              (std::vector<AskSwitches::Switch>{{"lan0", DeviceOption::forwarding_ipv4}}));
}

TEST_F(WriterTest, a_fence_that_does_not_open_is_tried_three_times_more_within_50_ms) {
    auto own = std::make_unique<NotedTables>();
    auto& tables = *own;
    make_writer(std::move(own));
    tables.fence_refusals = 3;
    const auto began = Clock::now();
    writer_->submit(OpenFence{"HOME", 5s});
    auto done = finish();
    EXPECT_LT(Clock::now() - began, 150ms) << "50 ms, and what a busy machine adds";
    ASSERT_EQ(done.size(), 1U);
    EXPECT_TRUE(std::get<FenceSet>(done[0].outcome).put_back.has_value());
    tables.fence_refusals = 4;
    writer_->submit(OpenFence{"HOME", 5s});
    done = finish();
    EXPECT_EQ(std::get<FenceSet>(done.at(0).outcome).put_back.error().code, EPERM);
    EXPECT_EQ(tables.fence_refusals, 0) << "and no more than that";
}

TEST_F(WriterTest, a_kernel_without_nf_tables_says_so_and_the_rest_works) {
    writer_->submit(InstallRules{});
    writer_->submit(OpenFence{"HOME", 5s});
    writer_->submit(InspectRules{});
    const auto done = finish();
    ASSERT_EQ(done.size(), 3U);
    EXPECT_EQ(std::get<RulesInstalled>(done[0].outcome).result.error().code, ENOTSUP);
    EXPECT_EQ(std::get<FenceSet>(done[1].outcome).put_back.error().code, ENOTSUP);
    EXPECT_TRUE(*std::get<RulesInspected>(done[2].outcome).intact) << "nothing is there to be repaired";
}

}  // namespace
}  // namespace vrrpd::engine::writer_test
