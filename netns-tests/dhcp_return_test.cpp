// A better router comes back while another one is the gateway: it takes the role when it knows the leases that were
// given meanwhile, and does not wait for them for ever.
#include "netns-tests/dhcp_fixture.hpp"

namespace lab::dhcp_return_test {
namespace {

constexpr auto heard_from_none = "it has heard from no other member yet which leases there are";

class DhcpReturn : public DhcpTest {
protected:
    // H001 is the gateway, and gave a lease that H003 does not know.
    void SetUp() override {
        start_all();
        EXPECT_EQ(h003.router.stop(), 0);
        ASSERT_TRUE(becomes_active(home.h001));
        ASSERT_EQ(newcomer.join(), DhcpAnswer::ack);
        ASSERT_FALSE(knows(h003, newcomer));
    }
    void hold_the_link_up() const {
        home.h003.must({"nft",
                        "table ip hold {\n chain in {\n type filter hook input priority 0;\n"
                        " tcp dport 8725 drop\n tcp sport 8725 drop\n }\n}"});
    }
    void let_the_link_go() const { home.h003.must({"nft", "delete table ip hold"}); }

    DhcpClient newcomer{card, 1};
};

TEST_F(DhcpReturn, it_takes_the_role_when_it_has_the_leases) {
    hold_the_link_up();
    h003.start_router();
    EXPECT_TRUE(h003.router.await_log("not yet preempting H001 (10.12.14.2): NOT ready: "));
    EXPECT_TRUE(h003.router.await_log(std::string("gateway HOME: NOT ready: ") + heard_from_none));
    EXPECT_TRUE(stays_false([&] { return holds(home.h003); }, 3s));
    let_the_link_go();
    ASSERT_TRUE(becomes_active(home.h003, 20s));
    EXPECT_TRUE(knows(h003, newcomer)) << "from the first moment on";
    EXPECT_FALSE(h003.router.logged("still NOT ready"));
}

TEST_F(DhcpReturn, it_goes_on_without_them_and_says_so) {
    hold_the_link_up();
    h003.start_router();
    EXPECT_TRUE(h003.router.await_log(
        std::string("still NOT ready, but preempting H001 (10.12.14.2) all the same: ") + heard_from_none, 30s));
    EXPECT_TRUE(becomes_active(home.h003));
}

}  // namespace
}  // namespace lab::dhcp_return_test
