#include "vrrpd/agent/peer/key_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "vrrpd/base/fd.hpp"

namespace vrrpd::agent {

namespace {

constexpr std::size_t text_size = 2 * Key::size;
constexpr std::string_view digits = "0123456789abcdef";

// Text of a key, or what may be one, while it is being handled.
template <std::size_t N>
struct SecretText {
    std::array<char, N> chars{};

    SecretText() = default;
    SecretText(const SecretText&) = delete;
    SecretText& operator=(const SecretText&) = delete;
    ~SecretText() { explicit_bzero(chars.data(), chars.size()); }
};

using KeyLine = SecretText<text_size + 1>;

void print(const Key& key, KeyLine& line) {
    auto* at = line.chars.data();
    for (const auto byte : key.bytes()) {
        *at++ = digits[byte >> 4];
        *at++ = digits[byte & 15];
    }
    *at = '\n';
}

// Why the file behind `fd` cannot be trusted with a key; empty: it can.
std::string distrust(int fd, const std::string& path) {
    struct stat status {};
    if (fstat(fd, &status) != 0) return std::strerror(errno);
    if (!S_ISREG(status.st_mode)) return "it is not a regular file";
    const unsigned mode = status.st_mode & 07777;
    if ((mode & (S_IRWXG | S_IRWXO)) == 0) return {};
    return fmt::format("others than its owner may use it (mode {:04o}): run chmod 600 {}", mode, path);
}

}  // namespace

void Key::Cleanse::operator()(Storage* storage) const {
    explicit_bzero(storage->data(), storage->size());
    delete storage;
}

Result<Key> Key::generate() {
    Key key;
    // Up to 256 bytes come whole; before the kernel's generator is seeded it waits.
    if (getrandom(key.bytes_->data(), size, 0) != static_cast<ssize_t>(size)) return fail(errno, "make a random key");
    return key;
}

std::optional<Key> Key::parse(std::string_view text) {
    if (text.size() != text_size) return std::nullopt;
    Key key;
    for (std::size_t i = 0; i < text_size; ++i) {
        const auto letter = text[i] >= 'A' && text[i] <= 'F' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
        const auto value = digits.find(letter);
        if (value == std::string_view::npos) return std::nullopt;
        auto& byte = (*key.bytes_)[i / 2];
        byte = static_cast<std::uint8_t>(static_cast<unsigned>(byte) << 4 | value);
    }
    return key;
}

Result<void> write_key_file(const std::string& path, const Key& key) {
    const auto what = [&] { return fmt::format("write the key file {}", path); };
    KeyLine line;
    print(key, line);
    constexpr mode_t owner_only = 0600;
    const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, owner_only));
    if (!file) return fail(errno, what());
    errno = EIO;  // of a short write
    const bool written = fchmod(file.get(), owner_only) == 0 &&
                         write(file.get(), line.chars.data(), line.chars.size()) == std::ssize(line.chars) &&
                         fsync(file.get()) == 0;
    if (written) return {};
    const int code = errno;
    unlink(path.c_str());
    return fail(code, what());
}

tl::expected<Key, std::string> read_key_file(int fd, const std::string& path) {
    const auto refuse = [&](std::string_view why) {
        return tl::unexpected<std::string>(fmt::format("the key file {}: {}", path, why));
    };
    if (const auto why = distrust(fd, path); !why.empty()) return refuse(why);
    constexpr std::size_t with_line_end = text_size + 2;
    SecretText<with_line_end + 1> buffer;
    const auto got = pread(fd, buffer.chars.data(), buffer.chars.size(), 0);
    if (got < 0) return refuse(std::strerror(errno));
    if (got > static_cast<ssize_t>(with_line_end)) return refuse("it is too long for a key of vrrpctl keygen");
    std::string_view text(buffer.chars.data(), static_cast<std::size_t>(got));
    while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
    if (text.empty()) return refuse("it is empty: vrrpctl keygen makes a key");
    auto key = Key::parse(text);
    if (!key) return refuse("it holds no key: 64 hexadecimal digits are expected, as vrrpctl keygen writes them");
    return std::move(*key);
}

}  // namespace vrrpd::agent
