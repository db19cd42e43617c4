// A directory of a test's own, which goes with it: also where a child that the test left still writes there. For tests.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace vrrpd::test {

class Scratch {
public:
    explicit Scratch(const std::string& what) : path_("/tmp/vrrpd-" + what + "-XXXXXX") {
        if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no directory " + path_);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        for (int tries = 0; tries < 100; ++tries) {
            std::error_code error;
            std::filesystem::remove_all(path_, error);
            if (!error) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace vrrpd::test
