// SHA-256, of OpenSSL. See settings.hpp.
#include <openssl/evp.h>

#include "vrrpd/agent/settings.hpp"
#include "vrrpd/base/assert.hpp"

namespace vrrpd::agent {

Fingerprint fingerprint(std::string name, std::string_view text) {
    Fingerprint result{std::move(name), {}};
    unsigned size = 0;
    ASSERT(EVP_Digest(text.data(), text.size(), result.digest.data(), &size, EVP_sha256(), nullptr) == 1);
    ASSERT(size == result.digest.size());
    return result;
}

}  // namespace vrrpd::agent
