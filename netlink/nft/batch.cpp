#include "netlink/nft/batch.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>

#include "vrrpd/base/assert.hpp"

namespace netlink::nft {
namespace {

constexpr std::size_t largest_message = 65536;
constexpr std::size_t elements_per_message = 256;  // an attribute ends at 64 kB

std::string shown(const TableId& table) {
    return fmt::format("{} {}", table.family == TableFamily::inet ? "inet" : "netdev", table.name);
}

void append_element(nftnl_set* set, const Element& element, std::optional<std::chrono::milliseconds> lifetime) {
    auto* one = nftnl_set_elem_alloc();
    ASSERT(one);
    nftnl_set_elem_set(one, NFTNL_SET_ELEM_KEY, element.first.data(), static_cast<std::uint32_t>(element.first.size()));
    if (!element.second.empty())
        nftnl_set_elem_set(one, NFTNL_SET_ELEM_DATA, element.second.data(),
                           static_cast<std::uint32_t>(element.second.size()));
    if (lifetime) nftnl_set_elem_set_u64(one, NFTNL_SET_ELEM_TIMEOUT, static_cast<std::uint64_t>(lifetime->count()));
    nftnl_set_elem_add(set, one);
}

SetHandle named_set(const TableId& table, const std::string& name) {
    SetHandle set(nftnl_set_alloc());
    ASSERT(set);
    nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, table.name.c_str());
    nftnl_set_set_str(set.get(), NFTNL_SET_NAME, name.c_str());
    return set;
}

}  // namespace

Batch::Batch(std::optional<std::uint32_t> generation) {
    append({NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC}, "begin a change of the rule set", [&](nlmsghdr* header) {
        // nfnl: these two message types lie outside the subsystems, whose number travels in res_id.
        header->nlmsg_type = NFNL_MSG_BATCH_BEGIN;
        static_cast<nfgenmsg*>(mnl_nlmsg_get_payload(header))->res_id = htons(NFNL_SUBSYS_NFTABLES);
        if (generation) mnl_attr_put_u32(header, NFNL_BATCH_GENID, htonl(*generation));
    });
}

void Batch::append(Kind kind, std::string what, const std::function<void(nlmsghdr*)>& body) {
    const auto start = bytes_.size();
    bytes_.resize(start + largest_message);
    auto* header = nftnl_nlmsg_build_hdr(reinterpret_cast<char*>(bytes_.data() + start), kind.type, kind.family,
                                         kind.flags, next_sequence());
    body(header);
    ASSERT(header->nlmsg_len <= largest_message);
    bytes_.resize(start + MNL_ALIGN(header->nlmsg_len));
    what_.push_back(std::move(what));
}

void Batch::add_table(const TableId& table) {
    append({NFT_MSG_NEWTABLE, NLM_F_CREATE, family_number(table.family)}, "add table " + shown(table),
           [&](nlmsghdr* header) {
               // NFT_TABLE_F_OWNER would keep others out, but without PERSIST (Linux 6.9) the table dies
               // with the process that made it; so the monitor and a new install() guard it instead.
               mnl_attr_put_strz(header, NFTA_TABLE_NAME, table.name.c_str());
           });
}

void Batch::remove_table(const TableId& table) {
    append({NFT_MSG_DELTABLE, 0, family_number(table.family)}, "delete table " + shown(table),
           [&](nlmsghdr* header) { mnl_attr_put_strz(header, NFTA_TABLE_NAME, table.name.c_str()); });
}

void Batch::add_chain(const TableId& table, const Chain& chain) {
    append({NFT_MSG_NEWCHAIN, NLM_F_CREATE, family_number(table.family)},
           fmt::format("add chain {} {}", shown(table), chain.name),
           [&](nlmsghdr* header) { nftnl_chain_nlmsg_build_payload(header, encode(table, chain).get()); });
}

void Batch::chain_message(Kind kind, const std::string& what, const TableId& table, const std::string& chain) {
    kind.family = family_number(table.family);
    append(kind, fmt::format("{} {} {}", what, shown(table), chain), [&](nlmsghdr* header) {
        mnl_attr_put_strz(header, NFTA_CHAIN_TABLE, table.name.c_str());
        mnl_attr_put_strz(header, NFTA_CHAIN_NAME, chain.c_str());
    });
}

void Batch::add_plain_chain(const TableId& table, const std::string& chain) {
    chain_message({NFT_MSG_NEWCHAIN, NLM_F_CREATE, 0}, "add chain", table, chain);
}

void Batch::remove_chain(const TableId& table, const std::string& chain) {
    chain_message({NFT_MSG_DELCHAIN, 0, 0}, "delete chain", table, chain);
}

void Batch::flush_chain(const TableId& table, const std::string& chain) {
    append({NFT_MSG_DELRULE, 0, family_number(table.family)}, fmt::format("flush chain {} {}", shown(table), chain),
           [&](nlmsghdr* header) {
               mnl_attr_put_strz(header, NFTA_RULE_TABLE, table.name.c_str());
               mnl_attr_put_strz(header, NFTA_RULE_CHAIN, chain.c_str());
           });
}

void Batch::add_rule(const TableId& table, const std::string& chain, const Rule& rule) {
    append({NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family_number(table.family)},
           fmt::format("add rule {} {} {}", shown(table), chain, text(rule, table.family)),
           [&](nlmsghdr* header) { nftnl_rule_nlmsg_build_payload(header, encode(table, chain, rule).get()); });
}

void Batch::add_set(const TableId& table, const Set& set) {
    append({NFT_MSG_NEWSET, NLM_F_CREATE, family_number(table.family)},
           fmt::format("add set {} {}", shown(table), name_of(set)), [&](nlmsghdr* header) {
               const auto encoded = encode(table, set);
               nftnl_set_set_u32(encoded.get(), NFTNL_SET_ID, ++sets_);
               nftnl_set_nlmsg_build_payload(header, encoded.get());
           });
}

void Batch::set_message(Kind kind, const std::string& what, const TableId& table, const std::string& set) {
    kind.family = family_number(table.family);
    append(kind, fmt::format("{} {} {}", what, shown(table), set), [&](nlmsghdr* header) {
        // NFTA_SET_TABLE and _NAME, and for elements NFTA_SET_ELEM_LIST_TABLE and _SET: the same numbers.
        mnl_attr_put_strz(header, NFTA_SET_TABLE, table.name.c_str());
        mnl_attr_put_strz(header, NFTA_SET_NAME, set.c_str());
    });
}

void Batch::remove_set(const TableId& table, const std::string& set) {
    set_message({NFT_MSG_DELSET, 0, 0}, "delete set", table, set);
}

void Batch::flush_set(const TableId& table, const std::string& set) {
    set_message({NFT_MSG_DELSETELEM, 0, 0}, "flush set", table, set);
}

void Batch::add_elements(const TableId& table, const Set& set) {
    const auto all = elements_of(set);
    for (std::size_t at = 0; at < all.size(); at += elements_per_message)
        some_elements(table, set, std::span(all).subspan(at, std::min(elements_per_message, all.size() - at)));
}

void Batch::some_elements(const TableId& table, const Set& set, std::span<const Element> elements) {
    append({NFT_MSG_NEWSETELEM, NLM_F_CREATE, family_number(table.family)},
           fmt::format("add elements to {} {}", shown(table), name_of(set)), [&](nlmsghdr* header) {
               const auto named = named_set(table, name_of(set));
               for (const auto& element : elements) append_element(named.get(), element, std::nullopt);
               nftnl_set_elems_nlmsg_build_payload(header, named.get());
           });
}

void Batch::add_timed(const TableId& table, const std::string& set, const Bytes& key,
                      std::chrono::milliseconds lifetime) {
    append({NFT_MSG_NEWSETELEM, NLM_F_CREATE, family_number(table.family)},
           fmt::format("add a device to {} {}", shown(table), set), [&](nlmsghdr* header) {
               const auto named = named_set(table, set);
               append_element(named.get(), {key, {}}, lifetime);
               nftnl_set_elems_nlmsg_build_payload(header, named.get());
           });
}

std::span<const std::uint8_t> Batch::finish() {
    append({NFNL_MSG_BATCH_END, 0, AF_UNSPEC}, "end a change of the rule set", [](nlmsghdr* header) {
        header->nlmsg_type = NFNL_MSG_BATCH_END;
        static_cast<nfgenmsg*>(mnl_nlmsg_get_payload(header))->res_id = htons(NFNL_SUBSYS_NFTABLES);
    });
    return bytes_;
}

std::string Batch::describe(std::uint32_t sequence) const {
    return sequence < what_.size() ? what_[sequence] : "change the rule set";
}

}  // namespace netlink::nft
