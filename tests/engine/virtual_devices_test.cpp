// Virtual devices on the model kernel: when they are made, go up and go, what a kernel that refuses them comes to, and
// that nobody else's is touched. The time is the test's.
#include "vrrpd/engine/virtual_devices.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "netlink/fake_kernel.hpp"
#include "tests/engine/values.hpp"

namespace vrrpd::engine::virtual_devices_test {
namespace {

using namespace test;
using netlink::is_ours;

constexpr MacAddress virtual_mac{{0x00, 0x00, 0x5e, 0x00, 0x01, 0x01}};
constexpr const char* device = "vrrp.1";

class Lines final : public Log {
public:
    void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
    [[nodiscard]] std::size_t count(std::string_view text) const {
        return static_cast<std::size_t>(std::count_if(
            lines.begin(), lines.end(), [&](const std::string& line) { return line.find(text) != std::string::npos; }));
    }
    std::vector<std::string> lines;
};

bool is_macvlan(const netlink::Request& request) {
    return std::holds_alternative<netlink::Macvlan>(netlink::object_of(request));
}

class VirtualDevicesTest : public testing::Test {
protected:
    VirtualDevicesTest() {
        auto kernel = std::make_unique<netlink::FakeKernel>();
        kernel_ = kernel.get();
        lan_ = kernel_->add_link("lan0");
        parts_.kernel = std::move(kernel);
        auto lan = instance();
        lan.virtual_mac.edit() = {{{device, "lan0", virtual_mac}}, virtual_mac};
        config_.instances.push_back(std::move(lan));
        without_.instances.push_back(instance());
    }
    // Now that the machine is as the test wants it.
    void start(bool observe = false) {
        (void)kernel_->read_changes();
        desk_ = KernelDesk::over(std::move(parts_), loop_, log_, observe).value();
        devices_ = std::make_unique<VirtualDevices>(log_, *desk_);
        desk_->set_handlers({.changed = [this](const auto&) { looked_ = devices_->look(now_) || looked_; },
                             .audited = [this] { looked_ = devices_->look(now_) || looked_; },
                             .rules_changed = {}});
        devices_->configure(config_, now_);
        settle();
    }
    // What was asked is done, and its changes have had their consequences.
    void settle() {
        for (int turn = 0; turn < 10; ++turn) {
            ASSERT_TRUE(desk_->drain(5s));
            const auto changes = kernel_->read_changes();
            if (changes.empty()) return;
            desk_->take(changes);
        }
        ADD_FAILURE() << "it does not come to rest";
    }
    // Time passes, and the audits that were wished for take place.
    void pass(Duration time) {
        const auto end = now_ + time;
        for (auto next = desk_->next_deadline(); next && *next <= end; next = desk_->next_deadline()) {
            now_ = std::max(now_, *next);
            desk_->step(now_);
            settle();
        }
        now_ = end;
    }
    void carry_out(std::vector<netlink::Request> requests) {
        desk_->apply(std::move(requests));
        settle();
    }
    [[nodiscard]] config::Instance& lan() { return config_.instances.front(); }
    [[nodiscard]] std::optional<netlink::Link> there() const {
        const auto picture = kernel_->snapshot().value();
        const auto* found = picture.link(device);
        return found ? std::optional(*found) : std::nullopt;
    }
    [[nodiscard]] std::string problem() { return devices_->problem(lan()).value_or(""); }
    // Every attempt to make one, until told otherwise. The count of those so far.
    void refuse(int code) {
        kernel_->fail(
            [this](const netlink::Request& request) {
                if (!is_macvlan(request) || !std::holds_alternative<netlink::Add>(request)) return false;
                ++attempts_;
                return refusing_;
            },
            code, 1'000'000);
    }

    Lines log_;
    Loop loop_;
    Instant now_ = loop_.now();
    netlink::FakeKernel* kernel_ = nullptr;
    IfIndex lan_;
    KernelDesk::Parts parts_;
    config::Config config_, without_;
    std::unique_ptr<KernelDesk> desk_;
    std::unique_ptr<VirtualDevices> devices_;
    bool looked_ = false;
    bool refusing_ = true;
    unsigned attempts_ = 0;
};

TEST_F(VirtualDevicesTest, one_is_made_at_the_start_and_is_down) {
    start();
    ASSERT_TRUE(there());
    EXPECT_TRUE(is_ours(*there()));
    EXPECT_EQ(there()->base, lan_);
    EXPECT_EQ(there()->mac, virtual_mac);
    EXPECT_FALSE(there()->admin_up);
    EXPECT_EQ(problem(), "");
    EXPECT_FALSE(devices_->awaits(lan()));
    EXPECT_TRUE(looked_) << "it came, without addresses";
    pass(60s);
    EXPECT_FALSE(there()->admin_up) << "and stays so";
}

TEST_F(VirtualDevicesTest, it_is_up_while_the_role_is_active_and_kept_so) {
    start();
    carry_out(devices_->raise(lan()));
    EXPECT_TRUE(there()->usable());
    devices_->settle(now_);
    pass(1s);
    kernel_->set_link(there()->index, false, false);
    settle();
    EXPECT_TRUE(there()->admin_up) << "whoever downs it";
    carry_out(devices_->lower(lan()));
    EXPECT_FALSE(there()->admin_up);
    pass(1s);
    kernel_->set_link(there()->index, true, true);
    settle();
    EXPECT_FALSE(there()->admin_up) << "of a stand-in it is kept down";
}

// Before it is known who goes on as Active: a device that is up may be the successor's.
TEST_F(VirtualDevicesTest, one_that_an_engine_before_left_is_taken_over_as_it_stands) {
    const netlink::Request left = netlink::Add{netlink::Macvlan{device, lan_, virtual_mac, true}};
    ASSERT_TRUE(kernel_->apply({&left, 1}).front());
    const auto before = there();
    start();
    EXPECT_EQ(there(), before);
    EXPECT_FALSE(devices_->awaits(lan()));
    devices_->settle(now_);
    settle();
    ASSERT_TRUE(there());
    EXPECT_EQ(there()->index, before->index);
    EXPECT_FALSE(there()->admin_up) << "nobody went on";
}

TEST_F(VirtualDevicesTest, it_goes_when_no_instance_wants_it_any_more) {
    start();
    carry_out(devices_->raise(lan()));
    devices_->configure(without_, now_);
    settle();
    EXPECT_FALSE(there());
    pass(60s);
    EXPECT_FALSE(there());
}

TEST_F(VirtualDevicesTest, it_goes_at_the_ordered_end) {
    start();
    devices_->withdraw();
    settle();
    EXPECT_FALSE(there());
    EXPECT_EQ(log_.lines, std::vector<std::string>{});
}

TEST_F(VirtualDevicesTest, one_that_somebody_removes_is_made_again_and_up) {
    start();
    carry_out(devices_->raise(lan()));
    devices_->settle(now_);
    pass(1s);
    looked_ = false;
    kernel_->remove_link(there()->index);
    settle();
    ASSERT_TRUE(there());
    EXPECT_TRUE(there()->admin_up);
    EXPECT_TRUE(looked_) << "its addresses have to come back";
    EXPECT_EQ(log_.count("vrrp.1 was removed by someone else"), 1U);
    // A fight is fought slower and slower.
    for (int round = 0; round < 20; ++round) {
        if (const auto now = there()) kernel_->remove_link(now->index);
        settle();
    }
    EXPECT_FALSE(there());
    pass(15s);
    EXPECT_TRUE(there());
}

TEST_F(VirtualDevicesTest, a_kernel_without_macvlan_is_a_fault_that_ends_with_the_module) {
    refuse(EOPNOTSUPP);
    start();
    EXPECT_EQ(problem(), "this kernel has no macvlan, which use_vmac needs (modprobe macvlan)");
    EXPECT_FALSE(devices_->awaits(lan())) << "it is a fault, not a moment";
    const auto at_once = attempts_;
    pass(60s);
    EXPECT_EQ(problem(), "this kernel has no macvlan, which use_vmac needs (modprobe macvlan)");
    EXPECT_GT(attempts_, at_once) << "it is tried again";
    EXPECT_LT(attempts_, at_once + 60) << "with a back-off";
    EXPECT_EQ(log_.lines, std::vector<std::string>{}) << "the fault says it";
    refusing_ = false;
    pass(11s);
    EXPECT_TRUE(there());
    EXPECT_EQ(problem(), "");
}

TEST_F(VirtualDevicesTest, a_refusal_of_another_kind_is_told_in_the_kernels_words) {
    refuse(EINVAL);
    start();
    EXPECT_NE(problem().find(device), std::string::npos) << problem();
    EXPECT_NE(problem().find("Invalid argument"), std::string::npos) << problem();
}

TEST_F(VirtualDevicesTest, a_device_of_another_program_is_not_touched_until_the_name_is_free) {
    const auto foreign = kernel_->add_link(device);
    const auto before = there();
    start();
    EXPECT_EQ(problem(), "vrrp.1 is there and is not ours: remove it, or write use_vmac with another name");
    carry_out(devices_->raise(lan()));
    devices_->settle(now_);
    carry_out(devices_->lower(lan()));
    pass(60s);
    EXPECT_EQ(there(), before);
    devices_->configure(without_, now_);
    settle();
    EXPECT_EQ(there(), before) << "not with the instance either";
    devices_->configure(config_, now_);
    settle();
    EXPECT_EQ(there(), before);
    kernel_->remove_link(foreign);
    settle();
    ASSERT_TRUE(there());
    EXPECT_TRUE(is_ours(*there()));
    EXPECT_EQ(problem(), "");
}

// It came between our look and our request.
TEST_F(VirtualDevicesTest, a_device_that_another_program_makes_meanwhile_is_not_touched) {
    start();
    devices_->configure(without_, now_);
    settle();
    const auto foreign = kernel_->add_link(device);
    devices_->configure(config_, now_);  // the change was not read yet
    ASSERT_TRUE(desk_->drain(5s));
    EXPECT_NE(problem(), "");
    settle();
    EXPECT_EQ(there()->index, foreign);
    EXPECT_EQ(problem(), "vrrp.1 is there and is not ours: remove it, or write use_vmac with another name");
    devices_->withdraw();
    settle();
    EXPECT_EQ(there()->index, foreign);
}

TEST_F(VirtualDevicesTest, it_goes_with_its_base_and_comes_back_with_it) {
    start();
    carry_out(devices_->raise(lan()));
    devices_->settle(now_);
    kernel_->remove_link(lan_);
    settle();
    EXPECT_FALSE(there());
    EXPECT_EQ(problem(), "") << "which is a fault of its own";
    EXPECT_FALSE(devices_->awaits(lan()));
    carry_out(devices_->lower(lan()));
    pass(60s);
    EXPECT_FALSE(there());
    const auto again = kernel_->add_link("lan0");
    settle();
    ASSERT_TRUE(there());
    EXPECT_EQ(there()->base, again);
    EXPECT_FALSE(there()->admin_up);
    EXPECT_EQ(log_.count("removed by someone else"), 0U) << "nobody did";
}

// The interface was deleted and made anew while nobody looked: ours went with it.
TEST_F(VirtualDevicesTest, one_that_stands_on_another_device_is_made_anew) {
    const auto wan = kernel_->add_link("wan0");
    const netlink::Request left = netlink::Add{netlink::Macvlan{device, wan, virtual_mac, true}};
    ASSERT_TRUE(kernel_->apply({&left, 1}).front());
    start();
    settle();
    ASSERT_TRUE(there());
    EXPECT_EQ(there()->base, lan_);
    EXPECT_FALSE(there()->admin_up);
}

TEST_F(VirtualDevicesTest, an_observer_makes_none) {
    start(true);
    pass(60s);
    EXPECT_FALSE(there());
    EXPECT_FALSE(devices_->awaits(lan()));
    devices_->withdraw();
    settle();
}

}  // namespace
}  // namespace vrrpd::engine::virtual_devices_test
