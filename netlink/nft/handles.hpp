// Owners of libnftnl's objects. Included by this folder's sources only.
#pragma once

#include <memory>

extern "C" {
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
}

namespace netlink::nft {

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};

using TableHandle = std::unique_ptr<nftnl_table, FreeWith<nftnl_table_free>>;
using ChainHandle = std::unique_ptr<nftnl_chain, FreeWith<nftnl_chain_free>>;
using RuleHandle = std::unique_ptr<nftnl_rule, FreeWith<nftnl_rule_free>>;
using SetHandle = std::unique_ptr<nftnl_set, FreeWith<nftnl_set_free>>;

}  // namespace netlink::nft
