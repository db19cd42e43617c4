// A kernel verdict as our value. For the readers of foreign rules.
#pragma once

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "netlink/nft/foreign.hpp"

namespace netlink::nft {

[[nodiscard]] inline Verdict verdict_of(std::uint32_t code, const char* chain) {
    const std::string name = chain ? chain : "";
    switch (static_cast<int>(code)) {
        case NF_ACCEPT:
            return {VerdictKind::accept, {}};
        case NF_DROP:
            return {VerdictKind::drop, {}};
        case NFT_JUMP:
            return {VerdictKind::jump, name};
        case NFT_GOTO:
            return {VerdictKind::go_to, name};
        case NFT_RETURN:
            return {VerdictKind::back, {}};
        default:  // queue, continue
            return {VerdictKind::other, {}};
    }
}

}  // namespace netlink::nft
