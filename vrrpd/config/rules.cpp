// Items of virtual_rules and static_rules (surface 3.7). A selector that we cannot set drops the rule: without
// it the rule would catch more than was meant.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/items.hpp"

namespace vrrpd::config {
namespace {

constexpr std::array<std::string_view, 22> unsupported = {
    "not",         "tos",      "dsfield",     "realms",           "tunnel-id", "protocol", "uidrange", "l3mdev",
    "ipproto",     "sport",    "dport",       "suppress_ifgroup", "sup_group", "goto",     "nop",      "blackhole",
    "unreachable", "prohibit", "track_group", "ip_proto",         "unicast",   "type"};

class RuleItem {
public:
    RuleItem(Reader& reader, const Statement& s) : reader_(reader), s_(s) {}

    std::optional<VirtualRule> read() {
        while (kept_ && at_ < s_.size()) option();
        if (!kept_) return std::nullopt;
        if (!action_) drop(0, "a rule needs a table: write table N");
        if (!kept_) return std::nullopt;
        if (!priority_given_) {
            value_.rule.priority = reader_.draft().next_rule_priority--;
            reader_.fault(
                Severity::error, s_.place(),
                fmt::format("the rule has no preference, {} is used: write preference N", value_.rule.priority));
        }
        value_.rule.family = family_.value_or(Family::ipv4);
        return value_;
    }

private:
    struct Option {
        std::string_view name;
        void (RuleItem::*read)(std::string_view argument);
    };
    static const std::array<Option, 13> options;

    void drop(std::size_t word, const std::string& why, Severity severity = Severity::error) {
        if (kept_) reader_.fault(severity, s_.place(std::min(word, s_.size() - 1)), why + ": the rule is left out");
        kept_ = false;
    }

    void option() {
        const auto& word = s_.word(at_);
        if (word == "inet" || word == "inet6") {
            family_ = word == "inet" ? Family::ipv4 : Family::ipv6;
            ++at_;
            return;
        }
        if (word == "no_track") {
            value_.track = false;
            ++at_;
            return;
        }
        const auto found =
            std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == word; });
        if (found == options.end()) {
            const bool known = std::find(unsupported.begin(), unsupported.end(), word) != unsupported.end();
            return known ? drop(at_, fmt::format("{} of a rule: not supported", word), Severity::note)
                         : drop(at_, fmt::format("unknown word '{}' in a rule", word));
        }
        if (++at_ == s_.size()) return drop(at_, fmt::format("a value is missing after {}", word));
        (this->*(found->read))(s_.word(at_));
        ++at_;
    }

    std::optional<Prefix> prefix(std::string_view text) {
        if (text == "any" || text == "all" || text == "default") return std::nullopt;
        const auto address = parse_address(text);
        if (!address || address->bad_length) {
            drop(at_, fmt::format("'{}' is not ADDRESS/LENGTH", text));
            return std::nullopt;
        }
        const auto family = address->prefix.address.family();
        if (family_.value_or(family) != family) drop(at_, "a rule cannot mix IPv4 and IPv6");
        family_ = family;
        return address->prefix.network();
    }
    void from(std::string_view text) { value_.rule.from = prefix(text); }
    void to(std::string_view text) { value_.rule.to = prefix(text); }
    void iif(std::string_view text) { device(text, value_.rule.iif); }
    void oif(std::string_view text) { device(text, value_.rule.oif); }
    void device(std::string_view text, std::string& name) {
        if (!is_device_name(text)) return drop(at_, fmt::format("'{}' cannot be the name of an interface", text));
        name = text;
    }
    void table(std::string_view text) {
        const auto table = parse_table(text);
        if (!table)
            return drop(at_, fmt::format("unknown table '{}': write its number, or main, local, default", text));
        value_.rule.table = *table;
        action_ = true;
    }
    void priority(std::string_view text) {
        const auto number = parse_integer(text);
        if (!number || *number < 0 || *number > UINT32_MAX)
            return drop(at_, fmt::format("preference '{}' is not a number", text));
        value_.rule.priority = static_cast<std::uint32_t>(*number);
        priority_given_ = true;
    }
    void fwmark(std::string_view text) {
        const auto slash = text.find('/');
        const auto mark = parse_c_integer(text.substr(0, slash));
        const auto mask = slash == std::string_view::npos ? std::optional<std::int64_t>(UINT32_MAX)
                                                          : parse_c_integer(text.substr(slash + 1));
        if (!mark || !mask || *mark < 0 || *mark > UINT32_MAX || *mask < 0 || *mask > UINT32_MAX) {
            return drop(at_, fmt::format("fwmark '{}': write MARK or MARK/MASK", text));
        }
        value_.rule.fwmark = static_cast<std::uint32_t>(*mark);
        value_.rule.fwmask = static_cast<std::uint32_t>(*mask);
    }
    void suppress(std::string_view text) {
        const auto number = parse_integer(text);
        if (!number || *number < 0 || *number > 128)
            return drop(at_, fmt::format("suppress_prefixlength '{}': write a number from 0 to 128", text));
        value_.rule.suppress_prefix_length = static_cast<std::uint32_t>(*number);
    }

    Reader& reader_;
    const Statement& s_;
    VirtualRule value_;
    std::optional<Family> family_;
    bool action_ = false, priority_given_ = false;
    std::size_t at_ = 0;
    bool kept_ = true;
};

const std::array<RuleItem::Option, 13> RuleItem::options = {{
    {"from", &RuleItem::from},
    {"to", &RuleItem::to},
    {"table", &RuleItem::table},
    {"lookup", &RuleItem::table},
    {"preference", &RuleItem::priority},
    {"order", &RuleItem::priority},
    {"priority", &RuleItem::priority},
    {"fwmark", &RuleItem::fwmark},
    {"iif", &RuleItem::iif},
    {"dev", &RuleItem::iif},
    {"oif", &RuleItem::oif},
    {"suppress_prefixlength", &RuleItem::suppress},
    {"sup_pl", &RuleItem::suppress},
}};

}  // namespace

void read_virtual_rule(Reader& reader, const Statement& s) {
    auto rule = RuleItem(reader, s).read();
    if (rule) reader.instance().value.rules.push_back(std::move(*rule));
}

void read_static_rule(Reader& reader, const Statement& s) { (void)RuleItem(reader, s).read(); }

}  // namespace vrrpd::config
