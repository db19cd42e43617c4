// The keeper of static entries on the model kernel: what is asked for before it is added, and what comes back.
#include "vrrpd/engine/static_keeper.hpp"

#include <gtest/gtest.h>

#include "netlink/fake_kernel.hpp"
#include "tests/engine/values.hpp"

namespace vrrpd::engine {
namespace {

using namespace test;

class NoLog final : public Log {
public:
    void write(LogLevel, std::string_view) override {}
};

class StaticKeeperTest : public testing::Test {
protected:
    StaticKeeperTest() {
        auto kernel = std::make_unique<netlink::FakeKernel>();
        kernel_ = kernel.get();
        lan_ = kernel_->add_link("lan0");
        (void)kernel_->read_changes();
        KernelDesk::Parts parts;
        parts.kernel = std::move(kernel);
        desk_ = KernelDesk::over(std::move(parts), loop_, log_, false).value();
        keeper_.emplace(log_, *desk_, absent_);
        const auto look = [this] { keeper_->look(now_); };
        desk_->set_handlers({.changed = [look](const auto&) { look(); }, .audited = look, .rules_changed = {}});
    }
    void settle() {
        ASSERT_TRUE(desk_->drain(5s));
        desk_->take(kernel_->read_changes());
    }
    void configure(std::initializer_list<const char*> addresses) {
        config::StaticEntries entries;
        for (const auto* address : addresses) entries.addresses.push_back(vip(address));
        keeper_->configure(entries, now_);
        settle();
    }
    // Nobody answers.
    void ask() {
        for (int round = 0; round < 4; ++round) {
            keeper_->put_in_place(absent_.step(desk_->world(), now_).free);
            now_ += 100ms;
        }
    }
    [[nodiscard]] bool stands(const char* address) const {
        const auto picture = kernel_->snapshot().value();
        return std::any_of(picture.addresses.begin(), picture.addresses.end(),
                           [&](const netlink::Address& one) { return one.prefix == prefix(address); });
    }
    void pass(Duration time) {
        const auto end = now_ + time;
        for (auto next = desk_->next_deadline(); next && *next <= end; next = desk_->next_deadline()) {
            now_ = std::max(now_, *next);
            desk_->step(now_);
            settle();
        }
        now_ = end;
    }

    NoLog log_;
    Loop loop_;
    Instant now_ = loop_.now();
    netlink::FakeKernel* kernel_ = nullptr;
    IfIndex lan_;
    AbsentAddresses absent_;
    std::unique_ptr<KernelDesk> desk_;
    std::optional<StaticKeeper> keeper_;
};

TEST_F(StaticKeeperTest, adds_what_nobody_answers_for) {
    configure({"10.12.14.77/24"});
    EXPECT_FALSE(stands("10.12.14.77/24"));
    ask();
    settle();
    EXPECT_TRUE(stands("10.12.14.77/24"));
    EXPECT_TRUE(absent_.empty());
}

TEST_F(StaticKeeperTest, adds_nothing_that_somebody_answers_for) {
    configure({"10.12.14.77/24", "10.12.14.78/24"});
    (void)absent_.step(desk_->world(), now_);
    EXPECT_EQ(absent_.answered(lan_, {ip("10.12.14.77"), MacAddress{{2, 0, 0, 0, 9, 9}}}, now_).size(), 1U);
    ask();
    settle();
    EXPECT_FALSE(stands("10.12.14.77/24"));
    EXPECT_TRUE(stands("10.12.14.78/24"));
    keeper_->look(now_);
    settle();
    EXPECT_FALSE(stands("10.12.14.77/24")) << "nor when it looks again";
}

TEST_F(StaticKeeperTest, puts_back_what_went_while_something_else_was_being_added) {
    configure({"10.12.14.77/24"});
    ask();
    settle();
    configure({"10.12.14.77/24", "10.12.14.78/24"});
    const auto gone = kernel_address(vip("10.12.14.77/24"), lan_);
    desk_->hold();
    desk_->apply({netlink::Delete{gone}});
    ask();
    desk_->take({netlink::AddressGone{gone}});  // told before the addition is answered
    desk_->resume();
    ASSERT_TRUE(desk_->drain(5s));
    (void)kernel_->read_changes();
    ASSERT_FALSE(stands("10.12.14.77/24"));
    pass(1s);
    EXPECT_TRUE(stands("10.12.14.77/24") && stands("10.12.14.78/24"));
}

}  // namespace
}  // namespace vrrpd::engine
