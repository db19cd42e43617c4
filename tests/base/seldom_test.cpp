// A value that is nearly always the usual one.
#include "vrrpd/base/seldom.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vrrpd::seldom_test {
namespace {

struct Extras {
    std::string label;
    int weight = 7;
    bool operator==(const Extras&) const = default;
};

TEST(Seldom, is_the_usual_value_until_it_is_edited) {
    Seldom<Extras> value;
    EXPECT_EQ(*value, Extras{});
    EXPECT_EQ(value->weight, 7);
    value.edit().label = "lan0:vip";
    EXPECT_EQ(value->label, "lan0:vip");
    EXPECT_EQ(value->weight, 7);
}

TEST(Seldom, copies_are_deep) {
    Seldom<Extras> value;
    value.edit().weight = 1;
    auto copy = value;
    copy.edit().weight = 2;
    EXPECT_EQ(value->weight, 1);
    value = copy;
    copy.edit().weight = 3;
    EXPECT_EQ(value->weight, 2);
}

TEST(Seldom, equality_is_the_values) {
    Seldom<Extras> usual, edited;
    (void)edited.edit();  // to what it was
    EXPECT_EQ(usual, edited);
    edited.edit().weight = 8;
    EXPECT_FALSE(usual == edited);
}

TEST(Seldom, a_reference_outlives_a_move) {
    Seldom<Extras> value;
    value.edit().label = "kept";
    const Extras& inside = *value;
    const auto moved = std::move(value);
    EXPECT_EQ(&inside, &*moved);
}

static_assert(sizeof(Seldom<Extras>) == sizeof(void*));

TEST(SeldomList, reads_as_a_vector_and_costs_a_pointer_while_it_is_empty) {
    SeldomList<std::string> list;
    static_assert(sizeof list == sizeof(void*));
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list, SeldomList<std::string>(std::vector<std::string>{}));
    list.push_back("a");
    list.push_back("b");
    EXPECT_EQ(list.size(), 2U);
    EXPECT_EQ(list[1], "b");
    const SeldomList<std::string> same{"a", "b"};
    EXPECT_EQ(list, same);
    std::string all;
    for (const auto& word : list) all += word;
    EXPECT_EQ(all, "ab");
}

}  // namespace
}  // namespace vrrpd::seldom_test
