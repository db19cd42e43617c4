// Items of virtual_rules and static_rules. A selector that we cannot set drops the rule: without
// it the rule would catch more than was meant.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/items.hpp"

namespace vrrpd::config {
namespace {

using netlink::RuleExtras;

struct IpProtocol {
    std::string_view name;
    std::uint8_t number;
};
// As /etc/protocols has them.
constexpr std::array ip_protocols = {IpProtocol{"icmp", 1},
                                     IpProtocol{"igmp", 2},
                                     IpProtocol{"ggp", 3},
                                     IpProtocol{"ipencap", 4},
                                     IpProtocol{"st", 5},
                                     IpProtocol{"tcp", 6},
                                     IpProtocol{"egp", 8},
                                     IpProtocol{"igp", 9},
                                     IpProtocol{"pup", 12},
                                     IpProtocol{"udp", 17},
                                     IpProtocol{"hmp", 20},
                                     IpProtocol{"xns-idp", 22},
                                     IpProtocol{"rdp", 27},
                                     IpProtocol{"iso-tp4", 29},
                                     IpProtocol{"dccp", 33},
                                     IpProtocol{"xtp", 36},
                                     IpProtocol{"ddp", 37},
                                     IpProtocol{"idpr-cmtp", 38},
                                     IpProtocol{"ipv6", 41},
                                     IpProtocol{"ipv6-route", 43},
                                     IpProtocol{"ipv6-frag", 44},
                                     IpProtocol{"idrp", 45},
                                     IpProtocol{"rsvp", 46},
                                     IpProtocol{"gre", 47},
                                     IpProtocol{"esp", 50},
                                     IpProtocol{"ah", 51},
                                     IpProtocol{"skip", 57},
                                     IpProtocol{"ipv6-icmp", 58},
                                     IpProtocol{"icmpv6", 58},
                                     IpProtocol{"ipv6-nonxt", 59},
                                     IpProtocol{"ipv6-opts", 60},
                                     IpProtocol{"rspf", 73},
                                     IpProtocol{"vmtp", 81},
                                     IpProtocol{"eigrp", 88},
                                     IpProtocol{"ospf", 89},
                                     IpProtocol{"ax.25", 93},
                                     IpProtocol{"ipip", 94},
                                     IpProtocol{"etherip", 97},
                                     IpProtocol{"encap", 98},
                                     IpProtocol{"pim", 103},
                                     IpProtocol{"ipcomp", 108},
                                     IpProtocol{"vrrp", 112},
                                     IpProtocol{"l2tp", 115},
                                     IpProtocol{"isis", 124},
                                     IpProtocol{"sctp", 132},
                                     IpProtocol{"fc", 133},
                                     IpProtocol{"mobility-header", 135},
                                     IpProtocol{"udplite", 136},
                                     IpProtocol{"mpls-in-ip", 137},
                                     IpProtocol{"manet", 138},
                                     IpProtocol{"hip", 139},
                                     IpProtocol{"shim6", 140},
                                     IpProtocol{"wesp", 141},
                                     IpProtocol{"rohc", 142},
                                     IpProtocol{"ethernet", 143}};

class RuleItem {
public:
    RuleItem(Reader& reader, const Statement& s) : reader_(reader), s_(s) {}

    static std::vector<std::string_view> words() {
        std::vector<std::string_view> words{left_out};
        append_names(words, flags);
        append_names(words, options);
        return words;
    }
    // After read(): of a static rule.
    [[nodiscard]] const std::string& group() const { return track_group_; }

    std::optional<VirtualRule> read() {
        while (kept_ && at_ < s_.size()) option();
        if (!kept_) return std::nullopt;
        if (!action_) drop(0, "a rule needs an action: write table N, goto N, nop, blackhole, unreachable or prohibit");
        if (!kept_) return std::nullopt;
        if (!priority_given_) {
            value_.rule.priority = reader_.draft().next_rule_priority--;
            reader_.fault(
                Severity::error, s_.place(),
                fmt::format("the rule has no preference, {} is used: write preference N", value_.rule.priority));
        }
        if (protocol_place_)
            reader_.fault(value_.track ? Severity::error : Severity::note, s_.place(*protocol_place_),
                          "the protocol of a rule is always 18 (keepalived), by which ours are known: ignored");
        value_.rule.family = family_.value_or(Family::ipv4);
        return value_;
    }

private:
    struct Option {
        std::string_view name;
        void (RuleItem::*read)(std::string_view argument);
    };
    struct Flag {
        std::string_view name;
        void (RuleItem::*set)();
    };
    static const std::array<Option, 27> options;
    static const std::array<Flag, 8> flags;
    static constexpr std::string_view left_out = "nat";  // ... the rule

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
        if (flag(word)) {
            ++at_;
            return;
        }
        const auto found =
            std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == word; });
        if (found == options.end())
            return word == left_out ? drop(at_, fmt::format("{} of a rule: not supported", word), Severity::warning)
                                    : drop(at_, fmt::format("unknown word '{}' in a rule", word));
        if (++at_ == s_.size()) return drop(at_, fmt::format("a value is missing after {}", word));
        (this->*(found->read))(s_.word(at_));
        ++at_;
    }

    // Words without a value.
    bool flag(std::string_view word) {
        const auto found = std::find_if(flags.begin(), flags.end(), [&](const Flag& f) { return f.name == word; });
        if (found == flags.end()) return false;
        (this->*(found->set))();
        return true;
    }
    void type() {}  // before what it does, or not
    void untracked() { value_.track = false; }
    void invert() { value_.rule.extras.edit().invert = true; }
    void l3mdev() {
        value_.rule.extras.edit().l3mdev = action_ = true;
        value_.rule.table = 0;  // as the kernel reports it
    }
    void nop() { act(RuleExtras::Action::nop); }
    void blackhole() { act(RuleExtras::Action::blackhole); }
    void unreachable() { act(RuleExtras::Action::unreachable); }
    void prohibit() { act(RuleExtras::Action::prohibit); }
    void act(RuleExtras::Action action) {
        value_.rule.extras.edit().action = action;
        value_.rule.table = 0;  // as the kernel reports it
        action_ = true;
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
        if (!table || *table == 0)
            return drop(at_, fmt::format("unknown table '{}': write its number, or a name of rt_tables", text));
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

    void go_to(std::string_view text) {
        const auto target = number(text, 1, UINT32_MAX);
        if (!target) return;
        act(RuleExtras::Action::go_to);
        value_.rule.extras.edit().target = static_cast<std::uint32_t>(*target);
    }
    void suppress_group(std::string_view text) {
        if (const auto group = number(text, 0, INT32_MAX))
            value_.rule.extras.edit().suppress_group = static_cast<std::uint32_t>(*group);
    }
    void tos(std::string_view text) {
        if (const auto value = number(text, 0, 255)) value_.rule.extras.edit().tos = static_cast<std::uint8_t>(*value);
    }
    void realms(std::string_view text) {
        const auto slash = text.find('/');
        const auto to = number(slash == std::string_view::npos ? text : text.substr(slash + 1), 0, 65'535);
        const auto from =
            slash == std::string_view::npos ? std::optional<std::int64_t>(0) : number(text.substr(0, slash), 0, 65'535);
        if (to && from) value_.rule.extras.edit().realms = static_cast<std::uint32_t>(*from << 16 | *to);
    }
    void tunnel(std::string_view text) {
        if (const auto id = number(text, 1, INT64_MAX))
            value_.rule.extras.edit().tunnel = static_cast<std::uint64_t>(*id);
    }
    void ip_protocol(std::string_view text) {
        const auto known = std::find_if(ip_protocols.begin(), ip_protocols.end(),
                                        [&](const IpProtocol& each) { return each.name == text; });
        const auto value =
            known != ip_protocols.end() ? std::optional<std::int64_t>(known->number) : number(text, 1, 255);
        if (value) value_.rule.extras.edit().ip_protocol = static_cast<std::uint8_t>(*value);
    }
    // Of a rule that is tracked keepalived has it so.
    void protocol(std::string_view text) {
        constexpr std::int64_t keepalived = 18;
        if (parse_c_integer(text) != keepalived) protocol_place_ = at_ - 1;
    }
    void uids(std::string_view text) { value_.rule.extras.edit().uids = range(text, UINT32_MAX - 1); }
    void source_ports(std::string_view text) { value_.rule.extras.edit().source_ports = range(text, 65'535); }
    void destination_ports(std::string_view text) { value_.rule.extras.edit().destination_ports = range(text, 65'535); }
    void track_group(std::string_view text) { track_group_ = text; }

    std::optional<std::int64_t> number(std::string_view text, std::int64_t least, std::int64_t most) {
        const auto value = parse_c_integer(text);
        if (value && *value >= least && *value <= most) return value;
        drop(at_, fmt::format("{} '{}': write a number from {} to {}", s_.word(at_ - 1), text, least, most));
        return std::nullopt;
    }
    // FIRST-LAST, or one number (which keepalived refuses by mistake).
    std::optional<netlink::NumberRange> range(std::string_view text, std::int64_t most) {
        const auto dash = text.find('-');
        const auto first = number(text.substr(0, dash), 0, most);
        const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1), 0, most);
        if (!first || !last) return std::nullopt;
        if (*first > *last) drop(at_, fmt::format("{} '{}' ends before it begins", s_.word(at_ - 1), text));
        return netlink::NumberRange{static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last)};
    }

    Reader& reader_;
    const Statement& s_;
    std::string track_group_;
    VirtualRule value_;
    std::optional<Family> family_;
    bool action_ = false, priority_given_ = false;
    std::optional<std::size_t> protocol_place_;  // of one that is not keepalived's
    std::size_t at_ = 0;
    bool kept_ = true;
};

const std::array<RuleItem::Option, 27> RuleItem::options = {{
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
    {"suppress_ifgroup", &RuleItem::suppress_group},
    {"sup_group", &RuleItem::suppress_group},
    {"tos", &RuleItem::tos},
    {"dsfield", &RuleItem::tos},
    {"realms", &RuleItem::realms},
    {"tunnel-id", &RuleItem::tunnel},
    {"uidrange", &RuleItem::uids},
    {"ipproto", &RuleItem::ip_protocol},
    {"ip_proto", &RuleItem::ip_protocol},
    {"sport", &RuleItem::source_ports},
    {"dport", &RuleItem::destination_ports},
    {"goto", &RuleItem::go_to},
    {"protocol", &RuleItem::protocol},
    {"track_group", &RuleItem::track_group},
}};
const std::array<RuleItem::Flag, 8> RuleItem::flags = {{
    {"type", &RuleItem::type},
    {"no_track", &RuleItem::untracked},
    {"not", &RuleItem::invert},
    {"l3mdev", &RuleItem::l3mdev},
    {"nop", &RuleItem::nop},
    {"blackhole", &RuleItem::blackhole},
    {"unreachable", &RuleItem::unreachable},
    {"prohibit", &RuleItem::prohibit},
}};

}  // namespace

std::vector<std::string_view> rule_words() { return RuleItem::words(); }

void read_virtual_rule(Reader& reader, const Statement& s) {
    RuleItem item(reader, s);
    auto rule = item.read();
    if (!rule) return;
    if (!item.group().empty())
        reader.fault(Severity::error, s.place(), "track_group is for static entries: it is ignored here");
    reader.instance().value.rules.push_back(std::move(*rule));
}

void read_static_rule(Reader& reader, const Statement& s) {
    RuleItem item(reader, s);
    auto rule = item.read();
    if (!rule) return;
    track_static(reader, s, {item.group(), rule->rule.iif, !rule->track});
    reader.draft().config.statics.edit().rules.push_back(std::move(*rule));
}

}  // namespace vrrpd::config
