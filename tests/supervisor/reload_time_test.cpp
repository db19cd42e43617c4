// reload_time_file: which texts are times, and which time they are.
#include "vrrpd/supervisor/reload_time.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace vrrpd::supervisor::reload_time_test {
namespace {

using std::chrono::hours;
using std::chrono::system_clock;

// 2026-03-28 22:30:00 UTC, 23:30 in Berlin: in the night to come the clocks go forward.
const auto now = system_clock::from_time_t(1774737000);

class ReloadTimes : public testing::Test {
protected:
    ReloadTimes() {
        setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        tzset();
    }
    ~ReloadTimes() override {
        unsetenv("TZ");
        tzset();
    }
    static std::string utc(std::string_view text) {
        const auto time = parse_reload_time(text, now);
        if (!time) return "none";
        const auto seconds = system_clock::to_time_t(time->at);
        char buffer[32];
        std::strftime(buffer, sizeof buffer, "%F %T", gmtime(&seconds));
        return std::string(buffer) + (time->every_day ? " every day" : "");
    }
};

TEST_F(ReloadTimes, of_a_day_is_the_next_one) {
    EXPECT_EQ(utc("23:00:00Z"), "2026-03-28 23:00:00 every day");
    EXPECT_EQ(utc("22:30:00Z"), "2026-03-29 22:30:00 every day") << "now is past";
    EXPECT_EQ(utc("04:00:00Z\n"), "2026-03-29 04:00:00 every day");
    EXPECT_EQ(utc("23:45:00"), "2026-03-28 22:45:00 every day");
    EXPECT_EQ(utc("23:00:00"), "2026-03-29 21:00:00 every day") << "the next day has 23 hours";
}

TEST_F(ReloadTimes, with_a_date) {
    EXPECT_EQ(utc("2026-12-24 18:00:00Z"), "2026-12-24 18:00:00");
    EXPECT_EQ(utc("26-12-24 18:00:00"), "2026-12-24 17:00:00");
    EXPECT_EQ(utc("2020-01-01 00:00:00Z"), "2020-01-01 00:00:00") << "past: at once";
}

TEST_F(ReloadTimes, anything_else_is_none) {
    for (const char* const text : {"",
                                   "\n",
                                   "12:00",
                                   "24:00:00",
                                   "12:60:00",
                                   "12:00:60",
                                   "1:00:00",
                                   "12:00:00 ",
                                   " 12:00:00",
                                   "12:00:00z",
                                   "12:00:00ZZ",
                                   "2026-02-30 12:00:00",
                                   "2026-13-01 12:00:00",
                                   "2026-00-01 12:00:00",
                                   "2026-1-01 12:00:00",
                                   "226-01-01 12:00:00",
                                   "2026-01-01T12:00:00",
                                   "2026-01-01 12:00:00\n\n",
                                   "-1:00:00",
                                   "now"})
        EXPECT_EQ(utc(text), "none") << text;
}

}  // namespace
}  // namespace vrrpd::supervisor::reload_time_test
