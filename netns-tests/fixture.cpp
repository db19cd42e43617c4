#include "netns-tests/fixture.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>

namespace lab {

namespace {

constexpr std::size_t shown = 60;

void print_end(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::deque<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back(line);
        if (lines.size() > shown) lines.pop_front();
    }
    std::cout << "---- " << path.filename().string() << '\n';
    for (const auto& line : lines) std::cout << line << '\n';
}

}  // namespace

std::chrono::nanoseconds down_interval(std::chrono::nanoseconds interval, int own_priority) {
    return 3 * interval + interval * (256 - own_priority) / 256;
}

HomeTest::HomeTest() {
    for (const auto& entry : std::filesystem::directory_iterator(directory())) std::filesystem::remove_all(entry);
}

void HomeTest::TearDown() {
    EXPECT_EQ(home.lan.lost(), 0u) << "the capture lost frames";
    if (!HasFailure()) return;
    for (const auto& entry : std::filesystem::directory_iterator(directory())) {
        if (entry.path().extension() == ".log") print_end(entry.path());
    }
    auto frames = home.lan.frames([](const Frame& frame) {
        return advert(frame).has_value() || claims(Home::vip)(frame) || claims(Home::vip6)(frame);
    });
    std::cout << "---- capture\n";
    for (std::size_t i = frames.size() > shown ? frames.size() - shown : 0; i < frames.size(); ++i) {
        std::cout << frames[i].describe() << '\n';
    }
}

Router& HomeTest::start(Host& host, const VrrpText& text, const Arguments& options, Daemon daemon) {
    auto& router = routers_.emplace_back(host, daemon);
    router.configure(text.text());
    router.start(options);
    return router;
}

HomeTest::Pair HomeTest::start_pair(const VrrpText& text) {
    VrrpText active = text, backup = text;
    active.priority = 200;
    backup.priority = 150;
    auto& first = start(home.h003, active);
    EXPECT_TRUE(becomes_active(home.h003, 15s));
    auto& second = start(home.h001, backup);
    EXPECT_TRUE(second.await_log("Entering BACKUP STATE"));
    EXPECT_TRUE(home.lan.await(all({from(home.h003), adverts(), since(wall_clock())}))) << "nobody to stand in for";
    return {first, second};
}

std::chrono::nanoseconds HomeTest::detection(const Host& loser, const Host& winner, Time fault) const {
    const auto taken = home.lan.await(all({from(winner), adverts(), no_priority(0), since(fault)}));
    if (!taken) {
        ADD_FAILURE() << winner.name() << " never announced itself";
        return 0ns;
    }
    // A dying host still says things to a closed port: what counts is what the others heard.
    const auto last = home.lan.last_heard(home.client, all({sent_by(loser, "lan0"), adverts(), before(taken->at)}));
    EXPECT_TRUE(last) << loser.name() << " was never heard";
    return last ? taken->at - last->at : 0ns;
}

bool HomeTest::becomes_active(const Host& host, std::chrono::milliseconds limit) {
    const auto asked = wall_clock();
    return home.await_holder(host, limit) &&
           home.lan.await(all({from(host), adverts(), no_priority(0), since(asked)}), limit);
}

}  // namespace lab
