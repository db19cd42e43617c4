#include "netlink/nft/standing.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>

#include "vrrpd/base/assert.hpp"

namespace netlink::nft {
namespace {

const nlmsghdr* header_of(const Bytes& message) { return reinterpret_cast<const nlmsghdr*>(message.data()); }

bool is(const char* text, const std::string& name) { return text && name == text; }
std::string text_or_empty(const char* text) { return text ? text : ""; }

Result<void> read_table(Connection& connection, const TableId& table, Standing& out) {
    const auto messages = connection.dump(NFT_MSG_GETTABLE, family_number(table.family));
    if (!messages) return tl::unexpected(messages.error());
    for (const auto& message : *messages) {
        TableHandle one(nftnl_table_alloc());
        if (nftnl_table_nlmsg_parse(header_of(message), one.get()) < 0) continue;
        if (!is(nftnl_table_get_str(one.get(), NFTNL_TABLE_NAME), table.name)) continue;
        out.exists = true;
        out.flags = nftnl_table_get_u32(one.get(), NFTNL_TABLE_FLAGS);
    }
    return {};
}

Result<void> read_chains(Connection& connection, const TableId& table, Standing& out) {
    const auto messages = connection.dump(NFT_MSG_GETCHAIN, family_number(table.family));
    if (!messages) return tl::unexpected(messages.error());
    for (const auto& message : *messages) {
        ChainHandle one(nftnl_chain_alloc());
        if (nftnl_chain_nlmsg_parse(header_of(message), one.get()) < 0) continue;
        if (!is(nftnl_chain_get_str(one.get(), NFTNL_CHAIN_TABLE), table.name)) continue;
        StandingChain chain;
        chain.handle = nftnl_chain_get_u64(one.get(), NFTNL_CHAIN_HANDLE);
        if (nftnl_chain_is_set(one.get(), NFTNL_CHAIN_HOOKNUM)) {
            chain.type = text_or_empty(nftnl_chain_get_str(one.get(), NFTNL_CHAIN_TYPE));
            chain.device = text_or_empty(nftnl_chain_get_str(one.get(), NFTNL_CHAIN_DEV));
            chain.hook = nftnl_chain_get_u32(one.get(), NFTNL_CHAIN_HOOKNUM);
            chain.policy = nftnl_chain_get_u32(one.get(), NFTNL_CHAIN_POLICY);
            chain.priority = nftnl_chain_get_s32(one.get(), NFTNL_CHAIN_PRIO);
        }
        out.chains[text_or_empty(nftnl_chain_get_str(one.get(), NFTNL_CHAIN_NAME))] = std::move(chain);
    }
    return {};
}

// libnftnl's own words for the instructions: compared with themselves only, so their form does not matter.
std::string words_of(nftnl_rule* rule) {
    auto out = std::to_string(nftnl_rule_get_u64(rule, NFTNL_RULE_HANDLE));
    nftnl_expr_foreach(
        rule,
        [](nftnl_expr* expression, void* to) {
            if (is(nftnl_expr_get_str(expression, NFTNL_EXPR_NAME), "counter")) return 0;
            std::array<char, 1024> part{};
            nftnl_expr_snprintf(part.data(), part.size(), expression, NFTNL_OUTPUT_DEFAULT, 0);
            static_cast<std::string*>(to)->append(" [").append(part.data()).append("]");
            return 0;
        },
        &out);
    return out;
}

Result<void> read_rules(Connection& connection, const TableId& table, Standing& out) {
    const auto messages = connection.dump(NFT_MSG_GETRULE, family_number(table.family), [&](nlmsghdr* header) {
        mnl_attr_put_strz(header, NFTA_RULE_TABLE, table.name.c_str());
    });
    if (!messages) return tl::unexpected(messages.error());
    for (const auto& message : *messages) {
        RuleHandle one(nftnl_rule_alloc());
        if (nftnl_rule_nlmsg_parse(header_of(message), one.get()) < 0) continue;
        if (!is(nftnl_rule_get_str(one.get(), NFTNL_RULE_TABLE), table.name)) continue;
        const auto chain = out.chains.find(text_or_empty(nftnl_rule_get_str(one.get(), NFTNL_RULE_CHAIN)));
        if (chain != out.chains.end()) chain->second.rules.push_back(words_of(one.get()));
    }
    return {};
}

// All elements of one set, each handed to `each`.
template <class Each>
Result<void> for_each_element(Connection& connection, const TableId& table, const std::string& set, Each each) {
    const auto messages = connection.dump(NFT_MSG_GETSETELEM, family_number(table.family), [&](nlmsghdr* header) {
        mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_TABLE, table.name.c_str());
        mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_SET, set.c_str());
    });
    if (!messages) return tl::unexpected(messages.error());
    for (const auto& message : *messages) {
        SetHandle one(nftnl_set_alloc());
        if (nftnl_set_elems_nlmsg_parse(header_of(message), one.get()) < 0) continue;
        nftnl_set_elem_foreach(
            one.get(),
            [](nftnl_set_elem* element, void* to) {
                (*static_cast<Each*>(to))(element);
                return 0;
            },
            &each);
    }
    return {};
}

Bytes element_part(nftnl_set_elem* element, std::uint16_t part) {
    std::uint32_t size = 0;
    const auto* at = static_cast<const std::uint8_t*>(nftnl_set_elem_get(element, part, &size));
    return at ? Bytes(at, at + size) : Bytes{};
}

SetShape shape_of(const nftnl_set* set) {
    return {nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE), nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN),
            nftnl_set_get_u32(set, NFTNL_SET_DATA_TYPE), nftnl_set_get_u32(set, NFTNL_SET_DATA_LEN),
            nftnl_set_get_u32(set, NFTNL_SET_FLAGS)};
}

Result<void> read_sets(Connection& connection, const TableId& table, Standing& out) {
    const auto messages = connection.dump(NFT_MSG_GETSET, family_number(table.family), [&](nlmsghdr* header) {
        mnl_attr_put_strz(header, NFTA_SET_TABLE, table.name.c_str());
    });
    if (!messages) return tl::unexpected(messages.error());
    for (const auto& message : *messages) {
        SetHandle one(nftnl_set_alloc());
        if (nftnl_set_nlmsg_parse(header_of(message), one.get()) < 0) continue;
        const auto name = text_or_empty(nftnl_set_get_str(one.get(), NFTNL_SET_NAME));
        StandingSet set{shape_of(one.get()), nftnl_set_get_u64(one.get(), NFTNL_SET_HANDLE), {}};
        if (!(set.shape.flags & NFT_SET_TIMEOUT)) {
            auto read = for_each_element(connection, table, name, [&](nftnl_set_elem* element) {
                set.elements.emplace_back(element_part(element, NFTNL_SET_ELEM_KEY),
                                          element_part(element, NFTNL_SET_ELEM_DATA));
            });
            if (!read) return read;
            std::sort(set.elements.begin(), set.elements.end());
        }
        out.sets[name] = std::move(set);
    }
    return {};
}

bool same_shape(const StandingChain& standing, const Chain& wanted) {
    return standing.type == type_name(wanted.type) && standing.device == wanted.device &&
           standing.hook == hook_number(wanted.hook) && standing.priority == wanted.priority &&
           standing.policy == NF_ACCEPT;
}

std::vector<Element> sorted_elements(const Set& set) {
    auto elements = elements_of(set);
    std::sort(elements.begin(), elements.end());
    return elements;
}

// Whether what stands can become `wanted` without taking down a chain or set that is to stay.
bool keepable(const Standing& standing, const Table& wanted) {
    if (standing.flags != 0) return false;
    for (const auto& chain : wanted.chains) {
        const auto found = standing.chains.find(chain.name);
        if (found != standing.chains.end() && !same_shape(found->second, chain)) return false;
    }
    for (const auto& set : wanted.sets) {
        const auto found = standing.sets.find(name_of(set));
        if (found != standing.sets.end() && found->second.shape != shape_of(set)) return false;
    }
    return true;
}

class Planner {
public:
    Planner(Batch& batch, const TableId& id, const Standing& standing, const Table& wanted)
        : batch_(batch), id_(id), standing_(standing), wanted_(wanted), marker_(marker(wanted)) {}

    std::vector<std::string> run() {
        batch_.add_table(id_);
        empty_chains();
        std::vector<std::string> opened = put_sets();
        for (const auto& chain : wanted_.chains) {
            if (!standing_.chains.count(chain.name)) batch_.add_chain(id_, chain);
            for (const auto& rule : chain.rules) batch_.add_rule(id_, chain.name, rule);
        }
        if (!standing_.chains.count(marker_)) batch_.add_plain_chain(id_, marker_);
        return opened;
    }

private:
    bool wants_chain(const std::string& name) const {
        return name == marker_ || std::any_of(wanted_.chains.begin(), wanted_.chains.end(),
                                              [&](const Chain& chain) { return chain.name == name; });
    }
    bool wants_set(const std::string& name) const {
        return std::any_of(wanted_.sets.begin(), wanted_.sets.end(),
                           [&](const Set& set) { return name_of(set) == name; });
    }
    // Rules go first: they hold on to the chains and sets that are to go.
    void empty_chains() {
        for (const auto& [name, chain] : standing_.chains)
            if (!chain.rules.empty()) batch_.flush_chain(id_, name);
        for (const auto& [name, chain] : standing_.chains)
            if (!wants_chain(name)) batch_.remove_chain(id_, name);
        for (const auto& [name, set] : standing_.sets)
            if (!wants_set(name)) batch_.remove_set(id_, name);
    }
    std::vector<std::string> put_sets() {
        std::vector<std::string> opened;
        for (const auto& set : wanted_.sets) {
            const auto found = standing_.sets.find(name_of(set));
            if (found == standing_.sets.end()) {
                batch_.add_set(id_, set);
                if (std::holds_alternative<OpenSet>(set)) opened.push_back(name_of(set));
            } else if (found->second.elements != sorted_elements(set)) {
                batch_.flush_set(id_, name_of(set));
            } else {
                continue;
            }
            batch_.add_elements(id_, set);
        }
        return opened;
    }

    Batch& batch_;
    const TableId& id_;
    const Standing& standing_;
    const Table& wanted_;
    std::string marker_;
};

}  // namespace

Result<Standing> read(Connection& connection, const TableId& table) {
    Standing out;
    auto done = read_table(connection, table, out);
    if (done && out.exists) {
        done = read_chains(connection, table, out);
        if (done) done = read_rules(connection, table, out);
        if (done) done = read_sets(connection, table, out);
    }
    if (!done) return tl::unexpected(done.error());
    return out;
}

Result<TimedElements> read_timed(Connection& connection, const TableId& table, const std::string& set) {
    TimedElements out;
    auto done = for_each_element(connection, table, set, [&](nftnl_set_elem* element) {
        const std::chrono::milliseconds left(nftnl_set_elem_get_u64(element, NFTNL_SET_ELEM_EXPIRATION));
        if (left.count() > 0) out.emplace_back(element_part(element, NFTNL_SET_ELEM_KEY), left);
    });
    if (!done) return tl::unexpected(done.error());
    return out;
}

bool looks_like(const Standing& standing, const std::optional<Table>& wanted) {
    if (!wanted) return !standing.exists;
    if (!standing.exists || standing.flags != 0) return false;
    if (standing.chains.size() != wanted->chains.size() + 1 || standing.sets.size() != wanted->sets.size())
        return false;
    if (!standing.chains.count(marker(*wanted))) return false;
    for (const auto& chain : wanted->chains) {
        const auto found = standing.chains.find(chain.name);
        if (found == standing.chains.end() || !same_shape(found->second, chain)) return false;
        if (found->second.rules.size() != chain.rules.size()) return false;
    }
    for (const auto& set : wanted->sets) {
        const auto found = standing.sets.find(name_of(set));
        if (found == standing.sets.end() || found->second.shape != shape_of(set)) return false;
        if (found->second.elements != sorted_elements(set)) return false;
    }
    return true;
}

std::vector<std::string> plan(Batch& batch, const TableId& table, const Standing& standing,
                              const std::optional<Table>& wanted, bool rebuild) {
    if (!wanted) {
        if (standing.exists) batch.remove_table(table);
        return {};
    }
    if (!standing.exists || (!rebuild && keepable(standing, *wanted)))
        return Planner(batch, table, standing, *wanted).run();
    batch.remove_table(table);
    return Planner(batch, table, Standing{}, *wanted).run();
}

}  // namespace netlink::nft
