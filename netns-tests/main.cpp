// All scenarios in one program: `netns-tests --gtest_filter=TakeOver.*` runs a few of them.
#include <gtest/gtest.h>

#include "netns-tests/lab/janitor.hpp"

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (!testing::GTEST_FLAG(list_tests)) lab::start_janitor();
    return RUN_ALL_TESTS();
}
