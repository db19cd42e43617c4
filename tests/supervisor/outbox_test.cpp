// What must reach the other end of a channel, and cannot at once.
#include "vrrpd/ipc/outbox.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::ipc::outbox_test {
namespace {

using Sent = std::vector<std::pair<Kind, std::string>>;

class OutboxTest : public testing::Test {
protected:
    Sent sent_;
    std::size_t room_ = 0;  // in the other end's queue
    Outbox outbox_{[this](Kind kind, const std::string& text) {
        if (sent_.size() == room_) return false;
        sent_.emplace_back(kind, text);
        return true;
    }};
    static std::string choice(const char* to) { return encode(DnsChoice{"HOME", *IpAddress::parse(to), 53}); }
    static std::string weight(const char* service, int weight) {
        return encode(ServiceWeight{"HOME", service, weight});
    }
};

TEST_F(OutboxTest, what_gets_through_does_not_wait) {
    room_ = 1;
    outbox_.tell(Kind::dns_choice, choice("10.0.0.1"));
    EXPECT_TRUE(outbox_.empty());
    EXPECT_EQ(sent_, (Sent{{Kind::dns_choice, choice("10.0.0.1")}}));
}

TEST_F(OutboxTest, what_was_refused_is_told_in_its_order_when_there_is_room) {
    outbox_.tell(Kind::service_weight, weight("dns", -20));
    outbox_.tell(Kind::dns_choice, choice("10.0.0.1"));
    outbox_.tell(Kind::host_silent, "10.0.0.2");
    EXPECT_FALSE(outbox_.empty());
    room_ = 2;
    outbox_.flush();
    EXPECT_EQ(sent_, (Sent{{Kind::service_weight, weight("dns", -20)}, {Kind::dns_choice, choice("10.0.0.1")}}));
    EXPECT_FALSE(outbox_.empty());
    room_ = 3;
    outbox_.flush();
    EXPECT_EQ(sent_.back(), (std::pair<Kind, std::string>(Kind::host_silent, "10.0.0.2")));
    EXPECT_TRUE(outbox_.empty());
}

TEST_F(OutboxTest, of_a_topic_only_the_last_word_is_told) {
    outbox_.tell(Kind::dns_choice, choice("10.0.0.1"));
    outbox_.tell(Kind::dns_choice, choice("fd00::1"));  // the other family's: another topic
    outbox_.tell(Kind::service_weight, weight("dns", -20));
    outbox_.tell(Kind::service_weight, weight("dhcp", -20));
    outbox_.tell(Kind::dns_choice, choice("10.0.0.2"));
    outbox_.tell(Kind::service_weight, weight("dns", 0));
    room_ = 9;
    outbox_.flush();
    EXPECT_EQ(sent_, (Sent{{Kind::dns_choice, choice("fd00::1")},
                           {Kind::service_weight, weight("dhcp", -20)},
                           {Kind::dns_choice, choice("10.0.0.2")},
                           {Kind::service_weight, weight("dns", 0)}}));
}

TEST_F(OutboxTest, nothing_overtakes_what_waits) {
    outbox_.tell(Kind::dns_choice, choice("10.0.0.1"));
    room_ = 9;
    outbox_.tell(Kind::dns_choice, choice("10.0.0.2"));
    EXPECT_TRUE(sent_.empty());
    outbox_.flush();
    EXPECT_EQ(sent_, (Sent{{Kind::dns_choice, choice("10.0.0.2")}}));
}

TEST_F(OutboxTest, another_end_hears_nothing_of_what_waited_for_the_one_before) {
    outbox_.tell(Kind::dns_choice, choice("10.0.0.1"));
    outbox_.clear();
    room_ = 9;
    outbox_.flush();
    EXPECT_TRUE(sent_.empty());
}

}  // namespace
}  // namespace vrrpd::ipc::outbox_test
