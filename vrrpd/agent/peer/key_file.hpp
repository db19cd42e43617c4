// The secret that the members of a peer_link share: made, stored, read back. For `vrrpctl keygen`, for the process
// that reads the file, and for the TLS of this folder. Nothing of a key ever stands in a message, and the memory it
// was in is cleansed.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vrrpd/base/result.hpp"

namespace vrrpd::agent {

class Key {
public:
    static constexpr std::size_t size = 32;

    [[nodiscard]] static Result<Key> generate();  // 256 random bits of the kernel
    // 64 hexadecimal digits, as in the file.
    [[nodiscard]] static std::optional<Key> parse(std::string_view text);

    [[nodiscard]] std::span<const std::uint8_t, size> bytes() const { return *bytes_; }

private:
    using Storage = std::array<std::uint8_t, size>;
    struct Cleanse {
        void operator()(Storage* storage) const;
    };
    Key() : bytes_(new Storage{}) {}

    std::unique_ptr<Storage, Cleanse> bytes_;  // so that moving a Key leaves no copy behind
};

// Makes the file, mode 0600 whatever the umask says. An existing one is never replaced: that would cut the link to
// the members that have it (EEXIST).
[[nodiscard]] Result<void> write_key_file(const std::string& path, const Key& key);

// Reads an open key file, whoever opened it and through whatever links (agenix, systemd's credentials). What is
// wrong, and what to do, is the error; `path` is for that text alone.
[[nodiscard]] tl::expected<Key, std::string> read_key_file(int fd, const std::string& path);

}  // namespace vrrpd::agent
