#include "vrrpd/proto/rejection.hpp"

#include "vrrpd/base/assert.hpp"

namespace vrrpd::proto {

std::string_view name(Rejection kind) {
    switch (kind) {
        case Rejection::wrong_ttl:
            return "ttl";
        case Rejection::too_short:
            return "short";
        case Rejection::unknown_vrid:
            return "vrid";
        case Rejection::own_source:
            return "own-source";
        case Rejection::foreign_source:
            return "foreign-source";
        case Rejection::wrong_version:
            return "version";
        case Rejection::wrong_type:
            return "type";
        case Rejection::wrong_length:
            return "length";
        case Rejection::zero_addresses:
            return "no-addresses";
        case Rejection::wrong_checksum:
            return "checksum";
        case Rejection::wrong_auth_type:
            return "auth-type";
        case Rejection::invalid_auth_type:
            return "auth-type-invalid";
        case Rejection::wrong_auth_data:
            return "auth";
        case Rejection::replayed:
            return "replay";
        case Rejection::no_hmac:
            return "hmac-missing";
        case Rejection::malformed_hmac:
            return "hmac-malformed";
        case Rejection::stale_hmac:
            return "hmac-stale";
        case Rejection::unknown_key:
            return "hmac-key";
        case Rejection::wrong_hmac:
            return "hmac";
        case Rejection::wrong_interval:
            return "interval";
        case Rejection::wrong_cast:
            return "cast";
    }
    ASSERT(false);
    return {};
}

}  // namespace vrrpd::proto
