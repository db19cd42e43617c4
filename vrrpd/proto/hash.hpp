// MD5 and SHA-256 as message authentication codes (RFC 2104), for AH and auth_hmac. Of our own, because the engine
// maps no TLS code: libcrypto costs a process 0.6 MiB of its own. For vrrpd/proto alone; MD5 is here because
// RFC 2403 says so, and is good for nothing else.
#pragma once

#include <array>
#include <cstdint>

#include "vrrpd/base/bytes.hpp"

namespace vrrpd::proto {

using Md5Digest = std::array<std::uint8_t, 16>;
using Sha256Digest = std::array<std::uint8_t, 32>;

[[nodiscard]] Md5Digest hmac_md5(BytesView key, BytesView text);
[[nodiscard]] Sha256Digest hmac_sha256(BytesView key, BytesView text);

}  // namespace vrrpd::proto
