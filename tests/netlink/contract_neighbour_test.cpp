// Neighbours.
#include "tests/netlink/contract.hpp"

namespace netlink::test::contract_neighbour_test {

namespace {

constexpr MacAddress mac{{2, 0, 0, 0, 0, 9}};

class NeighbourContract : public KernelContract {
protected:
    std::optional<Neighbour> known(IfIndex link, const char* text) {
        const auto answer = kernel().neighbour(link, address(text));
        EXPECT_TRUE(answer) << answer.error().describe();
        return answer.value_or(std::nullopt);
    }
};

TEST_P(NeighbourContract, known_with_its_hardware_address_and_its_last_proof_of_life) {
    for (const auto* text : {"10.12.14.9", "fd00:12:14::9"}) {
        EXPECT_FALSE(known(world_->lan, text)) << text;
        world_->confirm("lan0", address(text), mac);
        auto neighbour = known(world_->lan, text);
        ASSERT_TRUE(neighbour) << text;
        EXPECT_LT(neighbour->confirmed, 500ms) << "just now";
        neighbour->confirmed = 0ms;
        EXPECT_EQ(*neighbour, (Neighbour{world_->lan, address(text), mac, 0ms}));
        EXPECT_FALSE(known(world_->wan, text)) << "of another device";
    }
}

TEST_P(NeighbourContract, the_proof_ages_until_there_is_a_new_one) {
    world_->confirm("lan0", address("10.12.14.9"), mac);
    world_->pass(600ms);
    EXPECT_GE(known(world_->lan, "10.12.14.9")->confirmed, 550ms);
    world_->confirm("lan0", address("10.12.14.9"), mac);
    EXPECT_LT(known(world_->lan, "10.12.14.9")->confirmed, 500ms);
}

TEST_P(NeighbourContract, forgotten_with_its_device) {
    world_->confirm("lan0", address("10.12.14.9"), mac);
    world_->confirm("wan0", address("198.51.100.1"), mac);
    world_->set_up("lan0", false);
    EXPECT_FALSE(known(world_->lan, "10.12.14.9"));
    EXPECT_TRUE(known(world_->wan, "198.51.100.1"));
    world_->remove_device("wan0");
    EXPECT_FALSE(known(world_->wan, "198.51.100.1"));
}

INSTANTIATE_TEST_SUITE_P(Neighbours, NeighbourContract, both_kernels(), name_of_kernel);

}  // namespace

}  // namespace netlink::test::contract_neighbour_test
