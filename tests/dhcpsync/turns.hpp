// An event loop that turns until something holds, as the agent's does: each part is asked for its next deadline before
// each wait, and stepped then. And a log, and a folder, that end with the test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/base/scratch.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"

namespace dhcpsync::test {

class Lines final : public vrrpd::Log {
public:
    void write(vrrpd::LogLevel, std::string_view line) override { all.emplace_back(line); }
    [[nodiscard]] auto count(const std::string& part) const {
        return std::count_if(all.begin(), all.end(), [&](const auto& line) { return line.find(part) != line.npos; });
    }
    std::vector<std::string> all;
};

class Turns {
public:
    using Condition = std::function<bool()>;

    Turns() {
        loop.on_deadline([this] { due(); });
        loop.before_wait([this] { loop.set_deadline(next_deadline()); });
    }

    template <class Part>
    void add(Part& part) {
        parts_.push_back({&part, [&part] { return part.next_deadline(); }, [&part] { part.step(); }});
    }
    void remove(const void* part) {
        std::erase_if(parts_, [&](const auto& one) { return one.who == part; });
    }

    // false: it did not come to hold. Conditions are looked at each millisecond.
    bool until(const Condition& holds, vrrpd::Duration at_most = std::chrono::seconds(20)) {
        loop.refresh();
        holds_ = holds;
        end_ = loop.now() + at_most;
        if (!holds_()) loop.run();
        loop.refresh();
        return holds_();
    }
    void pass(vrrpd::Duration time) {
        (void)until([] { return false; }, time);
    }
    // How long one turn took at most: whoever waits in a handler delays all others.
    vrrpd::Duration longest_turn{0}, spent{0};

    vrrpd::Loop loop;

private:
    struct Part {
        const void* who;
        std::function<vrrpd::Deadline()> next_deadline;
        std::function<void()> step;
    };

    [[nodiscard]] vrrpd::Deadline next_deadline() const {
        const auto now = vrrpd::boot_now();
        vrrpd::Deadline next = std::min(end_, now + std::chrono::milliseconds(1));
        for (const auto& part : parts_) next = vrrpd::earlier(next, part.next_deadline());
        return next;
    }
    void due() {
        const auto began = vrrpd::boot_now();
        for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i].step();
        const auto took = vrrpd::boot_now() - began;
        longest_turn = std::max(longest_turn, took);
        spent += took;
        if (holds_() || end_ <= vrrpd::boot_now()) loop.stop();
    }

    std::vector<Part> parts_;
    Condition holds_;
    vrrpd::Instant end_;
};

class Folder {
    const vrrpd::test::Scratch scratch_{"dhcpsync"};

public:
    [[nodiscard]] std::string operator/(const std::string& name) const { return path + "/" + name; }

    const std::string& path = scratch_.path();
};

// As dnsmasq does: in place.
inline void put(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::trunc);
    file << text << std::flush;
    EXPECT_TRUE(file) << path;
}

// Through a mapping, of which inotify does not hear.
inline void overwrite_unheard(const std::string& path, const std::string& text, const std::string& with) {
    ASSERT_EQ(text.size(), with.size());
    const vrrpd::Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct stat status {};
    ASSERT_EQ(::fstat(file.get(), &status), 0);
    const auto size = static_cast<std::size_t>(status.st_size);
    auto* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    ASSERT_NE(mapped, MAP_FAILED);
    const std::string_view all(static_cast<const char*>(mapped), size);
    const auto at = all.find(text);
    EXPECT_NE(at, std::string_view::npos) << all;
    if (at != std::string_view::npos) std::memcpy(static_cast<char*>(mapped) + at, with.data(), with.size());
    EXPECT_EQ(::munmap(mapped, size), 0);
}

inline std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

}  // namespace dhcpsync::test
