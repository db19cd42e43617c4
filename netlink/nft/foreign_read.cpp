#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <utility>

#include "netlink/nft/compile.hpp"
#include "netlink/nft/foreign.hpp"
#include "netlink/nft/verdict.hpp"

namespace netlink::nft {
namespace {

const nlmsghdr* header_of(const Bytes& message) { return reinterpret_cast<const nlmsghdr*>(message.data()); }
std::string text_or_empty(const char* text) { return text ? text : ""; }
bool is_ours(const std::string& table) { return is_our_table(table); }

// Families whose chains a routed packet passes.
constexpr std::uint16_t routed_families[] = {NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_INET};

void add_chain(const nftnl_chain* one, std::uint16_t family, ForeignRules& out) {
    ForeignChain chain;
    chain.family = family;
    chain.table = text_or_empty(nftnl_chain_get_str(one, NFTNL_CHAIN_TABLE));
    chain.name = text_or_empty(nftnl_chain_get_str(one, NFTNL_CHAIN_NAME));
    if (is_ours(chain.table)) return;
    if (nftnl_chain_is_set(one, NFTNL_CHAIN_HOOKNUM)) {
        chain.hook = nftnl_chain_get_u32(one, NFTNL_CHAIN_HOOKNUM);
        chain.drops_by_policy = nftnl_chain_get_u32(one, NFTNL_CHAIN_POLICY) == NF_DROP;
    }
    ForeignRules::Place place{family, chain.table, chain.name};
    out.chains.emplace(std::move(place), std::move(chain));
}

Result<void> read_chains(Connection& connection, std::uint16_t family, ForeignRules& out) {
    const auto messages = connection.dump(NFT_MSG_GETCHAIN, family);
    if (!messages) return tl::unexpected(messages.error());
    for (const auto& message : *messages) {
        ChainHandle one(nftnl_chain_alloc());
        if (nftnl_chain_nlmsg_parse(header_of(message), one.get()) >= 0) add_chain(one.get(), family, out);
    }
    return {};
}

Result<void> read_rules(Connection& connection, std::uint16_t family, ForeignRules& out) {
    const auto messages = connection.dump(NFT_MSG_GETRULE, family);
    if (!messages) return tl::unexpected(messages.error());
    for (const auto& message : *messages) {
        RuleHandle one(nftnl_rule_alloc());
        if (nftnl_rule_nlmsg_parse(header_of(message), one.get()) < 0) continue;
        const auto chain = out.chains.find({family, text_or_empty(nftnl_rule_get_str(one.get(), NFTNL_RULE_TABLE)),
                                            text_or_empty(nftnl_rule_get_str(one.get(), NFTNL_RULE_CHAIN))});
        if (chain != out.chains.end()) chain->second.rules.push_back(std::move(one));
    }
    return {};
}

int add_element(nftnl_set_elem* element, void* to) {
    std::uint32_t size = 0;
    const auto* key = static_cast<const std::uint8_t*>(nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &size));
    if (!key) return 0;
    std::optional<Verdict> verdict;
    if (nftnl_set_elem_get(element, NFTNL_SET_ELEM_VERDICT, &size) && size == sizeof(std::uint32_t))
        verdict = verdict_of(nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_VERDICT),
                             nftnl_set_elem_get_str(element, NFTNL_SET_ELEM_CHAIN));
    (void)nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &size);
    static_cast<ForeignSet*>(to)->elements.insert_or_assign(Bytes(key, key + size), std::move(verdict));
    return 0;
}

// Only sets whose keys can be compared as they stand are read; a blocklist of a million prefixes is not.
Result<void> read_elements(Connection& connection, const ForeignRules::Place& place, ForeignSet& set) {
    const auto messages = connection.dump(NFT_MSG_GETSETELEM, std::get<0>(place), [&](nlmsghdr* header) {
        mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_TABLE, std::get<1>(place).c_str());
        mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_SET, std::get<2>(place).c_str());
    });
    if (!messages) return tl::unexpected(messages.error());
    for (const auto& message : *messages) {
        SetHandle one(nftnl_set_alloc());
        if (nftnl_set_elems_nlmsg_parse(header_of(message), one.get()) >= 0)
            nftnl_set_elem_foreach(one.get(), add_element, &set);
    }
    return {};
}

Result<void> read_sets(Connection& connection, std::uint16_t family, ForeignRules& out) {
    const auto messages = connection.dump(NFT_MSG_GETSET, family);
    if (!messages) return tl::unexpected(messages.error());
    for (const auto& message : *messages) {
        SetHandle one(nftnl_set_alloc());
        if (nftnl_set_nlmsg_parse(header_of(message), one.get()) < 0) continue;
        const ForeignRules::Place place{family, text_or_empty(nftnl_set_get_str(one.get(), NFTNL_SET_TABLE)),
                                        text_or_empty(nftnl_set_get_str(one.get(), NFTNL_SET_NAME))};
        if (is_ours(std::get<1>(place))) continue;
        // Constant sets without intervals are what rules are written with ({ established : accept, ... }).
        const auto flags = nftnl_set_get_u32(one.get(), NFTNL_SET_FLAGS);
        ForeignSet set;
        set.exact = (flags & NFT_SET_CONSTANT) && !(flags & NFT_SET_INTERVAL);
        if (set.exact)
            if (auto done = read_elements(connection, place, set); !done) return done;
        out.sets.emplace(place, std::move(set));
    }
    return {};
}

}  // namespace

Result<ForeignRules> read_foreign(Connection& connection) {
    ForeignRules out;
    for (const auto family : routed_families) {
        auto done = read_chains(connection, family, out);
        if (done) done = read_rules(connection, family, out);
        if (done) done = read_sets(connection, family, out);
        if (!done) return tl::unexpected(done.error());
    }
    return out;
}

}  // namespace netlink::nft
