// The keeper of static entries on the model kernel: what is asked for before it is added, and what comes back.
#include "vrrpd/engine/static_keeper.hpp"

#include <gtest/gtest.h>

#include "netlink/fake_kernel.hpp"
#include "tests/engine/values.hpp"

namespace vrrpd::engine::static_keeper_test {
namespace {

using namespace test;

class Lines final : public Log {
public:
    void write(LogLevel, std::string_view line) override { text += std::string(line) + "\n"; }
    [[nodiscard]] std::size_t lines_with(std::string_view part) const {
        std::size_t count = 0;
        for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
        return count;
    }
    std::string text;
};

class StaticKeeperTest : public testing::Test {
protected:
    StaticKeeperTest() {
        loop_.refresh();
        now_ = loop_.now();
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

    Lines log_;
    Loop loop_;
    Instant now_;
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
    desk_->take(kernel_->read_changes());
    settle();
    EXPECT_TRUE(stands("10.12.14.77/24") && stands("10.12.14.78/24"));
}

// As IPv4 routes do with their address.
TEST_F(StaticKeeperTest, what_went_without_an_event_comes_back_with_the_audit) {
    configure({"10.12.14.77/24"});
    ask();
    settle();
    desk_->apply({netlink::Delete{kernel_address(vip("10.12.14.77/24"), lan_)}});
    ASSERT_TRUE(desk_->drain(5s));
    (void)kernel_->read_changes();  // lost
    pass(29s);
    EXPECT_FALSE(stands("10.12.14.77/24"));
    pass(2s);
    EXPECT_TRUE(stands("10.12.14.77/24"));
}

// Another address that was put back lately makes no difference.
TEST_F(StaticKeeperTest, what_the_kernel_refuses_is_said_each_time_it_is_news) {
    configure({"10.12.14.77/24", "10.12.14.78/24"});
    ask();
    settle();
    const auto take_away = [&](const char* address) {
        desk_->apply({netlink::Delete{kernel_address(vip(address), lan_)}});
        settle();
        pass(1s);
        settle();
    };
    for (int i = 0; i < 3; ++i) take_away("10.12.14.77/24");
    const auto is_78 = [](const netlink::Request& request) {
        const auto* add = std::get_if<netlink::Add>(&request);
        const auto* address = add ? std::get_if<netlink::Address>(&add->object) : nullptr;
        return address && address->prefix == prefix("10.12.14.78/24");
    };
    kernel_->fail(is_78, EPERM, 20);
    take_away("10.12.14.78/24");
    EXPECT_EQ(log_.lines_with("static entries: "), 1U) << log_.text;
    EXPECT_NE(log_.text.find("10.12.14.78"), std::string::npos) << log_.text;
}

TEST_F(StaticKeeperTest, what_was_never_taken_was_not_removed_by_anybody) {
    const auto is_add = [](const netlink::Request& request) { return std::holds_alternative<netlink::Add>(request); };
    kernel_->fail(is_add, EPERM, 20);
    configure({"10.12.14.77/24"});
    ask();
    settle();
    for (int i = 0; i < 200 && !stands("10.12.14.77/24"); ++i) {
        keeper_->look(now_);  // the picture changes in other places
        settle();
        pass(1s);
    }
    EXPECT_TRUE(stands("10.12.14.77/24")) << "tried again";
    EXPECT_EQ(log_.lines_with("static entries: "), 1U) << log_.text;
    EXPECT_EQ(log_.lines_with("removed by someone else"), 0U) << log_.text;
}

}  // namespace
}  // namespace vrrpd::engine::static_keeper_test
