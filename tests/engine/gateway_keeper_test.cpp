// The fence of a gateway over a kernel that refuses it: what is tried again, and what is told of it.
#include "vrrpd/engine/gateway_keeper.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "netlink/fake_kernel.hpp"
#include "tests/engine/noted_tables.hpp"
#include "tests/engine/values.hpp"
#include "tests/netlink/world.hpp"

namespace vrrpd::engine::gateway_keeper_test {
namespace {

using namespace test;
using testing::Test;

class Lines final : public Log {
public:
    void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
    [[nodiscard]] auto count(std::string_view text) const {
        return std::count_if(lines.begin(), lines.end(),
                             [&](const std::string& line) { return line.find(text) != std::string::npos; });
    }
    std::vector<std::string> lines;
};

constexpr int first_and_three_more = 4;

class GatewayKeeperTest : public Test {
protected:
    void SetUp() override {
        if (!namespace_.entered()) GTEST_SKIP() << "SKIPPED: packet sockets need root";
        auto kernel = std::make_unique<netlink::FakeKernel>();
        kernel->add_link("lan0");
        auto tables = std::make_unique<NotedTables>();
        tables_ = tables.get();
        KernelDesk::Parts parts;
        parts.kernel = std::move(kernel);
        parts.tables = std::move(tables);
        loop_.refresh();
        desk_ = KernelDesk::over(std::move(parts), loop_, log_, false).value();
        speaker_ = Speaker::open({loop_, log_, burst_}, desk_->world(), false).value();
        keeper_.emplace(loop_, log_, *desk_, *speaker_, [this](std::size_t) { ++changes_; });
        config::Gateway home;
        home.name = "HOME";
        home.follows = "LAN";
        home.rules.name = "HOME";
        home.rules.lans = home.lans = {{"lan0", prefix("10.12.14.0/24")}};
        config_.gateways = {home};
        keeper_->configure(config_);
        settle();
        ASSERT_TRUE(ready());
    }
    void settle() {
        loop_.refresh();
        ASSERT_TRUE(desk_->drain(5s));
    }
    void open() {
        keeper_->open_fence(0, 5s);
        settle();
    }
    void shut() {
        keeper_->shut_fence(0);
        settle();
    }
    // ... and what is due by then is done.
    void pass(Duration time) {
        keeper_->step(loop_.now() + time);
        settle();
    }
    [[nodiscard]] bool ready() const { return keeper_->readiness(0).ready(); }

    netlink::test::OwnNamespace namespace_;
    Lines log_;
    Loop loop_;
    Burst burst_;
    NotedTables* tables_ = nullptr;  // the desk's
    config::Config config_;
    std::unique_ptr<KernelDesk> desk_;
    std::unique_ptr<Speaker> speaker_;
    std::optional<GatewayKeeper> keeper_;
    int changes_ = 0;
};

TEST_F(GatewayKeeperTest, a_fence_is_open_when_the_kernel_says_so_and_until_its_time_is_up) {
    EXPECT_FALSE(keeper_->fence_is_open(0));
    open();
    EXPECT_TRUE(tables_->open);
    EXPECT_TRUE(keeper_->fence_is_open(0));
    EXPECT_FALSE(keeper_->fence_is_stuck(0));
    shut();
    EXPECT_FALSE(tables_->open);
    EXPECT_FALSE(keeper_->fence_is_open(0));
    EXPECT_EQ(log_.count("fence"), 0) << "nothing is wrong";
    keeper_->open_fence(0, 20ms);
    settle();
    std::this_thread::sleep_for(25ms);
    loop_.refresh();
    EXPECT_FALSE(keeper_->fence_is_open(0)) << "nobody renewed it";
}

TEST_F(GatewayKeeperTest, one_that_does_not_open_is_an_obstacle_and_is_tried_again_within_a_second) {
    tables_->fence_refusals = 2 * first_and_three_more;
    open();
    EXPECT_TRUE(keeper_->wants_fence_open(0));
    EXPECT_FALSE(keeper_->fence_is_open(0));
    EXPECT_TRUE(keeper_->fence_is_stuck(0));
    EXPECT_FALSE(ready());
    EXPECT_EQ(changes_, 1) << "others are told";
    EXPECT_EQ(log_.count("gateway HOME: NOT ready: its fence does not open: open the fence: "), 1);
    pass(1s);
    EXPECT_TRUE(keeper_->fence_is_stuck(0)) << "it still does not";
    EXPECT_EQ(log_.count("does not open"), 1) << "said once";
    ASSERT_TRUE(keeper_->next_deadline());
    pass(1s);
    EXPECT_TRUE(tables_->open);
    EXPECT_TRUE(keeper_->fence_is_open(0));
    EXPECT_TRUE(ready());
    EXPECT_EQ(log_.count("gateway HOME: ready"), 1);
}

TEST_F(GatewayKeeperTest, it_is_no_obstacle_to_who_gave_up_the_role) {
    tables_->fence_refusals = first_and_three_more;
    open();
    ASSERT_FALSE(ready());
    shut();
    EXPECT_TRUE(ready());
    EXPECT_FALSE(keeper_->fence_is_stuck(0));
    pass(2s);
    EXPECT_FALSE(tables_->open) << "nobody opens it behind its back";
}

TEST_F(GatewayKeeperTest, one_that_does_not_shut_is_said_once_and_shown_as_open_until_it_is_shut) {
    open();
    tables_->fence_refusals = 2 * first_and_three_more;
    shut();
    EXPECT_FALSE(keeper_->wants_fence_open(0));
    EXPECT_TRUE(keeper_->fence_is_open(0)) << "packets of a stand-in leave";
    EXPECT_EQ(log_.count("gateway HOME: the fence could not be shut, and stays open until its time is up: open the"),
              1);
    pass(1s);
    EXPECT_EQ(log_.count("could not be shut"), 1);
    pass(1s);
    EXPECT_FALSE(tables_->open);
    EXPECT_FALSE(keeper_->fence_is_open(0));
    EXPECT_EQ(log_.count("gateway HOME: the fence is shut"), 1);
}

}  // namespace
}  // namespace vrrpd::engine::gateway_keeper_test
