// A key file is made once, for its owner alone, and refused with a remedy when it cannot be trusted.
#include "vrrpd/agent/peer/key_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/base/scratch.hpp"
#include "vrrpd/base/fd.hpp"

namespace vrrpd::agent::key_file_test {
namespace {

const std::string digits = "00112233445566778899aabbccddeeff0123456789abcdef0123456789ABCDEF";

class KeyFile : public testing::Test {
protected:
    void put(const std::string& text, mode_t mode = 0600) {
        std::ofstream(path_) << text;
        ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    }
    [[nodiscard]] tl::expected<Key, std::string> read(const std::string& path) {
        const Fd file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        return read_key_file(file.get(), path);
    }
    // The message of a file that is refused.
    std::string refusal() {
        const auto key = read(path_);
        return key ? "accepted" : key.error();
    }

    const vrrpd::test::Scratch scratch_{"key"};
    const std::string& folder_ = scratch_.path();
    const std::string path_ = folder_ + "/peer.key";
};

bool alike(const Key& a, const Key& b) { return std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin()); }

TEST_F(KeyFile, what_was_written_is_read_back) {
    const auto key = Key::generate();
    ASSERT_TRUE(key);
    umask(0777);
    ASSERT_TRUE(write_key_file(path_, *key));
    umask(022);
    struct stat status {};
    ASSERT_EQ(stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    EXPECT_EQ(status.st_size, 65);
    const auto back = read(path_);
    ASSERT_TRUE(back) << back.error();
    EXPECT_TRUE(alike(*back, *key));
}

TEST_F(KeyFile, no_two_keys_are_alike) { EXPECT_FALSE(alike(*Key::generate(), *Key::generate())); }

TEST_F(KeyFile, an_existing_file_is_never_replaced) {
    put("something of value");
    const auto written = write_key_file(path_, *Key::generate());
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, EEXIST);
    std::string text;
    std::getline(std::ifstream(path_), text);
    EXPECT_EQ(text, "something of value");
}

TEST_F(KeyFile, a_folder_that_is_not_there_is_said) {
    const auto written = write_key_file(folder_ + "/none/peer.key", *Key::generate());
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().describe(),
              "write the key file " + folder_ + "/none/peer.key: No such file or directory");
}

TEST_F(KeyFile, digits_of_either_case_and_any_line_end_are_a_key) {
    for (const std::string end : {"", "\n", "\r\n"}) {
        put(digits + end);
        const auto key = read(path_);
        ASSERT_TRUE(key) << key.error();
        EXPECT_EQ(key->bytes()[1], 0x11);
        EXPECT_EQ(key->bytes()[31], 0xef);
    }
}

TEST_F(KeyFile, links_are_followed_and_only_the_file_is_judged) {
    put(digits, 0400);
    const auto link = folder_ + "/run-agenix-peer";
    ASSERT_EQ(symlink(path_.c_str(), link.c_str()), 0);
    EXPECT_TRUE(read(link));
}

TEST_F(KeyFile, a_file_for_others_is_refused_with_the_command_to_run) {
    struct Case {
        mode_t mode;
        std::string octal;
    };
    for (const auto& [mode, octal] : {Case{0640, "0640"}, Case{0604, "0604"}, Case{0620, "0620"}, Case{0601, "0601"}}) {
        put(digits, mode);
        EXPECT_EQ(refusal(), "the key file " + path_ + ": others than its owner may use it (mode " + octal +
                                 "): run chmod 600 " + path_);
    }
}

TEST_F(KeyFile, what_is_no_key_is_refused_and_never_quoted) {
    struct Case {
        std::string text, message;
    };
    const Case cases[] = {
        {"", "it is empty: vrrpctl keygen makes a key"},
        {"\n \n", "it is empty: vrrpctl keygen makes a key"},
        {digits.substr(1), "it holds no key: 64 hexadecimal digits are expected, as vrrpctl keygen writes them"},
        {digits.substr(1) + "g", "it holds no key: 64 hexadecimal digits are expected, as vrrpctl keygen writes them"},
        {digits.substr(1) + std::string(1, '\0'),
         "it holds no key: 64 hexadecimal digits are expected, as vrrpctl keygen writes them"},
        {digits + "\n\n\n", "it is too long for a key of vrrpctl keygen"},
        {std::string(1 << 20, '0'), "it is too long for a key of vrrpctl keygen"},
    };
    for (const auto& [text, message] : cases) {
        put(text);
        EXPECT_EQ(refusal(), "the key file " + path_ + ": " + message);
    }
}

TEST_F(KeyFile, what_is_no_file_is_refused_at_once) {
    EXPECT_EQ(read(folder_).error(), "the key file " + folder_ + ": it is not a regular file");
    ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
    EXPECT_EQ(refusal(), "the key file " + path_ + ": it is not a regular file");
    EXPECT_EQ(read_key_file(-1, path_).error(), "the key file " + path_ + ": Bad file descriptor");
}

}  // namespace
}  // namespace vrrpd::agent::key_file_test
