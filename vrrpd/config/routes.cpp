// Items of virtual_routes and static_routes. Any error drops the whole route, as in keepalived.
#include <fmt/format.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>

#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/items.hpp"
#include "vrrpd/config/route_metrics.hpp"

namespace vrrpd::config {

std::optional<std::uint32_t> parse_table(std::string_view text) {
    if (text == "main") return 254;
    if (text == "local") return 255;
    if (text == "default") return 253;
    if (text == "unspec") text = "0";
    const auto number = parse_c_integer(text);
    if (!number || *number < 0 || *number > UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

namespace {

constexpr std::array<std::string_view, 3> route_flags = {"onlink", "no_track", "nexthop"};
constexpr std::array<std::string_view, 3> left_out_options = {"encap", "from", "vrf"};  // ... the route
constexpr std::string_view group_word = "track_group";                                  // of static routes
constexpr std::string_view weight_word = "weight";                                      // of a nexthop
struct IgnoredOption {
    std::string_view name;
    std::size_t values;
};
constexpr std::array ignored_options = {IgnoredOption{"ttl-propagate", 1}, IgnoredOption{"expires", 1},
                                        IgnoredOption{"add", 0}, IgnoredOption{"append", 0},
                                        IgnoredOption{"prepend", 0}};

template <std::size_t Count>
bool is_option_of(const std::array<std::string_view, Count>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// 250ms, 2s, or a bare number.
std::optional<std::int64_t> metric_value(std::string_view text, MetricUnit unit) {
    const bool timed = unit != MetricUnit::number;
    const bool in_milliseconds = timed && text.ends_with("ms");
    const bool in_seconds = timed && !in_milliseconds && text.ends_with("s");
    if (in_milliseconds || in_seconds) text.remove_suffix(in_milliseconds ? 2 : 1);
    auto number = parse_integer(text);
    if (!number || *number < 0) return std::nullopt;
    if (!in_milliseconds && !in_seconds) return number;
    return *number * (in_seconds ? 1000 : 1) * per_millisecond(unit);
}

class RouteItem {
public:
    RouteItem(Reader& reader, const Statement& s, bool is_static) : reader_(reader), s_(s), is_static_(is_static) {}

    static std::vector<std::string_view> words() {
        std::vector<std::string_view> words{group_word, weight_word};
        append_names(words, options);
        append_names(words, route_metric_words);
        append_names(words, ignored_options);
        words.insert(words.end(), route_flags.begin(), route_flags.end());
        words.insert(words.end(), left_out_options.begin(), left_out_options.end());
        return words;
    }
    [[nodiscard]] const std::string& group() const { return track_group_; }

    std::optional<VirtualRoute> read() {
        while (kept_ && at_ < s_.size()) option();
        if (!has_destination_) drop(at_, "the destination of the route is missing");
        if (!kept_) return std::nullopt;
        if (any_destination_ && !family_ && hop_.via) {
            family_ = hop_.via->family();
            set_any();
        }
        if (other_protocol_) keep_protocol();
        if (hop_given_) value_.hops.insert(value_.hops.begin(), hop_);
        if (value_.hops.size() == 1) realms_of_route(std::exchange(value_.hops.front().realms, 0));
        // As keepalived has it: with several hops there is no one device that the route stands and falls with.
        if (value_.track && hop_.device.empty()) {
            reader_.fault(Severity::error, s_.place(),
                          "a route without a device is not tracked: write dev INTERFACE, or no_track");
            value_.track = false;
        }
        return value_;
    }

private:
    struct Option {
        std::string_view name;
        void (RouteItem::*read)(std::string_view argument);
    };
    static const std::array<Option, 19> options;

    void drop(std::size_t word, const std::string& why) {
        if (kept_)
            reader_.fault(Severity::error, s_.place(std::min(word, s_.size() - 1)), why + ": the route is left out");
        kept_ = false;
    }

    // keepalived says so only of a route that it tracks, and sets the other one where it does not.
    void keep_protocol() {
        reader_.fault(value_.track ? Severity::error : Severity::note, s_.place(protocol_place_),
                      "the protocol of a route is always 18 (keepalived), by which ours are known: ignored");
    }

    // What keepalived would set and we cannot: no fault of the file.
    void leave_out(const std::string& word) {
        if (word == "from" && family_.value_or(Family::ipv4) == Family::ipv4)
            return drop(at_, "the source address 'from' of a route is for IPv6 alone");
        if (at_ + 1 == s_.size()) return drop(at_, fmt::format("a value is missing after {}", word));
        reader_.fault(Severity::warning, s_.place(at_),
                      fmt::format("{} of a route: not supported: the route is left out", word));
        kept_ = false;
    }

    // [inet|inet6] [to] [TYPE] DEST, before or behind any of the options.
    void destination() {
        has_destination_ = true;
        if (take("inet6")) family_ = Family::ipv6;
        if (take("inet")) family_ = Family::ipv4;
        (void)take("to");
        if (const auto type = at_ < s_.size() ? netlink::route_type(s_.word(at_)) : std::nullopt) {
            value_.route.type = *type;
            ++at_;
        }
        (void)take("to");
        if (at_ == s_.size()) return drop(at_, "the destination of the route is missing");
        const auto& text = s_.word(at_++);
        if (text == "default" || text == "any" || text == "all" || text == "default6") {
            if (text == "default6") family_ = Family::ipv6;
            any_destination_ = true;
            return set_any();
        }
        const auto address = parse_address(text);
        if (!address || address->bad_length)
            return drop(at_ - 1, fmt::format("'{}' is no destination: write ADDRESS/LENGTH or default", text));
        family_ = address->prefix.address.family();
        value_.route.destination = address->prefix.network();
    }

    bool take(std::string_view word) {
        if (at_ == s_.size() || s_.word(at_) != word) return false;
        ++at_;
        return true;
    }

    // `default` takes its family from the gateway.
    void set_any() {
        const std::array<std::uint8_t, 16> zero{};
        const auto family = family_.value_or(Family::ipv4);
        value_.route.destination = {*IpAddress::from_bytes({zero.data(), address_size(family)}), 0};
    }

    void option() {
        const auto& word = s_.word(at_);
        if (is_option_of(route_flags, word)) return flag(word);
        if (is_static_ && word == group_word) return track_group();
        if (is_option_of(left_out_options, word)) return leave_out(word);
        const auto known = std::find_if(route_metric_words.begin(), route_metric_words.end(),
                                        [&](const RouteMetricWord& m) { return m.name == word; });
        if (known != route_metric_words.end()) return metric_option(*known);
        const auto found =
            std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == word; });
        if (found == options.end()) return is_ignored(word) ? ignored(word) : other(word);
        if (++at_ == s_.size()) return drop(at_, fmt::format("a value is missing after {}", word));
        (this->*(found->read))(s_.word(at_));
        ++at_;
    }

    void flag(std::string_view word) {
        ++at_;
        if (word == "onlink") {
            hop_given_ = hop_.onlink = true;
        } else if (word == "no_track") {
            value_.track = false;
        } else {
            next_hop();
        }
    }

    void other(const std::string& word) {
        if (!has_destination_) return destination();
        drop(at_, fmt::format("unknown word '{}' in a route", word));
    }

    static auto find_ignored(const std::string& word) {
        return std::find_if(ignored_options.begin(), ignored_options.end(),
                            [&](const auto& o) { return word == o.name; });
    }
    static bool is_ignored(const std::string& word) { return find_ignored(word) != ignored_options.end(); }
    void ignored(const std::string& word) {
        const auto* const known = find_ignored(word);
        if (word == "expires" && family_.value_or(Family::ipv4) == Family::ipv4)
            return drop(at_, "expires of a route is for IPv6 alone");
        reader_.warn_once("route " + word, s_.place(at_), fmt::format("{} of a route: not supported, ignored", word));
        ++at_;
        at_ = std::min(at_ + known->values, s_.size());
    }

    void deprecated(std::string_view instead) {
        reader_.fault(Severity::error, s_.place(at_ - 1),
                      fmt::format("{} in a route is deprecated: write {}", s_.word(at_ - 1), instead));
    }
    void gateway(std::string_view text) {
        if (s_.word(at_ - 1) == "gw") deprecated("via");
        if (text == "inet" || text == "inet6") {  // via inet6 ADDR
            if (++at_ == s_.size()) return drop(at_, "the gateway's address is missing after via");
            text = s_.word(at_);
        }
        const auto address = IpAddress::parse(text);
        if (!address) return drop(at_, fmt::format("the gateway '{}' is not an IP address", text));
        if (any_destination_ && !family_) {
            family_ = address->family();
            set_any();
        }
        hop_.via = address;
        hop_given_ = true;
    }
    // `via A or B`, the old two-gateway form.
    void second_gateway(std::string_view text) {
        deprecated("nexthop");
        const auto address = IpAddress::parse(text);
        if (!address) return drop(at_, fmt::format("the gateway '{}' is not an IP address", text));
        value_.hops.push_back({address, hop_.device, 1, false});
    }
    void device(std::string_view text) {
        if (!is_device_name(text)) return drop(at_, fmt::format("'{}' cannot be the name of an interface", text));
        hop_.device = text;
        hop_given_ = true;
    }
    void source(std::string_view text) {
        value_.route.source = IpAddress::parse(text);
        if (!value_.route.source) drop(at_, fmt::format("the source '{}' is not an IP address", text));
    }
    void table(std::string_view text) {
        const auto table = parse_table(text);
        if (!table) return drop(at_, fmt::format("unknown table '{}': write its number, or a name of rt_tables", text));
        value_.route.table = *table == 0 ? std::uint32_t{RT_TABLE_MAIN} : *table;  // as the kernel has it
    }
    void metric(std::string_view text) {
        if (const auto number = whole(text, UINT32_MAX)) value_.route.metric = static_cast<std::uint32_t>(*number);
    }
    void mtu(std::string_view text) {
        if (text == "lock") {
            lock(RTAX_MTU);
            if (++at_ == s_.size()) return drop(at_, "a value is missing after mtu lock");
            text = s_.word(at_);
        }
        if (const auto number = whole(text, 65'535)) value_.route.mtu = static_cast<std::uint32_t>(*number);
    }
    void protocol(std::string_view text) {
        constexpr std::int64_t keepalived = 18;
        const auto number = parse_c_integer(text);
        if (!number || *number < 0 || *number > 255)
            return drop(at_, fmt::format("unknown protocol '{}': write its number, or a name of rt_protos", text));
        protocol_place_ = at_ - 1;
        other_protocol_ = *number != keepalived;
    }
    void tos(std::string_view text) {
        const auto number = parse_c_integer(text);
        if (!number || *number < 0 || *number > 255)
            return drop(at_, fmt::format("tos '{}': write a number from 0 to 255, or a name of rt_dsfield", text));
        value_.route.tos = static_cast<std::uint8_t>(*number);
    }
    void scope(std::string_view text) {
        const auto scope = parse_scope(text);
        if (!scope) return drop(at_, fmt::format("unknown scope '{}': write its number, or a name of rt_scopes", text));
        value_.route.scope = *scope;
    }

    // [lock] VALUE
    void metric_option(const RouteMetricWord& metric) {
        ++at_;
        if (take("lock")) lock(metric.kind);
        const auto value = at_ < s_.size() ? metric_value(s_.word(at_), metric.unit) : std::nullopt;
        if (!value || *value > metric.most)
            return drop(at_, fmt::format("{} '{}': write a number from 0 to {}", metric.name,
                                         at_ < s_.size() ? s_.word(at_) : "", metric.most));
        set_metric(metric.kind, static_cast<std::uint32_t>(*value));
        ++at_;
    }
    // The kernel leaves a locked metric alone.
    void lock(std::uint16_t kind) { set_metric(RTAX_LOCK, 1U << kind); }
    // In the order of their kinds; bits of several words gather.
    void set_metric(std::uint16_t kind, std::uint32_t value) {
        auto& all = value_.route.extras.edit().metrics;
        const auto at = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.kind >= kind; });
        if (at == all.end() || at->kind != kind) {
            all.insert(at, {kind, value});
        } else {
            at->value = kind == RTAX_LOCK || kind == RTAX_FEATURES ? at->value | value : value;
        }
    }
    void congestion_control(std::string_view text) {
        if (text == "lock") {
            lock(RTAX_CC_ALGO);
            if (++at_ == s_.size()) return drop(at_, "a name is missing after congctl lock");
            text = s_.word(at_);
        }
        constexpr std::size_t longest = 15;  // TCP_CA_NAME_MAX
        if (text.size() > longest)
            return drop(at_, fmt::format("congctl '{}' is longer than {} characters", text, longest));
        value_.route.extras.edit().congestion_control = text;
    }
    void features(std::string_view text) {
        if (text != "ecn") return drop(at_, fmt::format("unknown feature '{}': write ecn", text));
        set_metric(RTAX_FEATURES, RTAX_FEATURE_ECN);
    }
    // [FROM/]TO. What names there were are numbers by now (route_names.cpp). 0, which is none, where the route is
    // dropped.
    std::uint32_t realms_of(std::string_view text) {
        const auto slash = text.find('/');
        const auto to = parse_c_integer(slash == std::string_view::npos ? text : text.substr(slash + 1));
        const auto from =
            slash == std::string_view::npos ? std::optional<std::int64_t>(0) : parse_c_integer(text.substr(0, slash));
        if (!to || !from || *to < 0 || *to > 65'535 || *from < 0 || *from > 65'535) {
            drop(at_, fmt::format("realms '{}': write TO or FROM/TO, numbers up to 65535 or names of rt_realms", text));
            return 0;
        }
        return static_cast<std::uint32_t>(*from << 16 | *to);
    }
    void realms(std::string_view text) { realms_of_route(realms_of(text)); }
    void realms_of_route(std::uint32_t realms) {
        if (realms != 0) value_.route.extras.edit().realms = realms;
    }
    void preference(std::string_view text) {
        if (text != "low" && text != "medium" && text != "high")
            return drop(at_, fmt::format("pref '{}': write low, medium or high", text));
        value_.route.extras.edit().preference =  // RFC 4191 2.1
            text == "low"    ? std::uint8_t{3}
            : text == "high" ? std::uint8_t{1}
                             : std::uint8_t{0};
    }
    void track_group() {
        if (++at_ == s_.size()) return drop(at_, "a name is missing after track_group");
        track_group_ = s_.word(at_++);
    }

    std::optional<std::int64_t> whole(std::string_view text, std::int64_t most) {
        const auto number = parse_integer(text);
        if (number && *number >= 0 && *number <= most) return number;
        drop(at_, fmt::format("{} '{}': write a number from 0 to {}", s_.word(at_ - 1), text, most));
        return std::nullopt;
    }

    // nexthop [via [fam] ADDR] [dev IF] [weight N] [onlink] [realms R]; repeatable, to the end.
    void next_hop() {
        VirtualRoute::Hop hop;
        std::swap(hop, hop_);
        const bool given = std::exchange(hop_given_, false);
        while (kept_ && at_ < s_.size() && s_.word(at_) != "nexthop") {
            if (take(weight_word))
                weight_of_hop();
            else if (take("realms"))
                realms_of_hop();
            else
                option();
        }
        if (!kept_) return;
        value_.hops.push_back(hop_);
        hop_ = std::move(hop);
        hop_given_ = given;
    }

    void weight_of_hop() {
        const auto number = at_ < s_.size() ? parse_integer(s_.word(at_)) : std::nullopt;
        if (!number || *number < 1 || *number > 256)
            return drop(at_, "the weight of a nexthop is a number from 1 to 256");
        hop_.weight = static_cast<std::uint16_t>(*number);
        ++at_;
    }
    void realms_of_hop() {
        if (at_ == s_.size()) return drop(at_, "a value is missing after realms");
        hop_.realms = realms_of(s_.word(at_));
        ++at_;
    }

    Reader& reader_;
    const Statement& s_;
    bool is_static_;
    std::string track_group_;
    VirtualRoute value_;
    VirtualRoute::Hop hop_;
    bool hop_given_ = false;
    std::optional<Family> family_;
    bool has_destination_ = false;
    bool any_destination_ = false;
    bool other_protocol_ = false;
    std::size_t protocol_place_ = 0;
    std::size_t at_ = 0;
    bool kept_ = true;
};

const std::array<RouteItem::Option, 19> RouteItem::options = {{
    {"via", &RouteItem::gateway},       {"gw", &RouteItem::gateway},
    {"or", &RouteItem::second_gateway}, {"dev", &RouteItem::device},
    {"oif", &RouteItem::device},        {"src", &RouteItem::source},
    {"table", &RouteItem::table},       {"protocol", &RouteItem::protocol},
    {"metric", &RouteItem::metric},     {"priority", &RouteItem::metric},
    {"preference", &RouteItem::metric}, {"scope", &RouteItem::scope},
    {"tos", &RouteItem::tos},           {"dsfield", &RouteItem::tos},
    {"mtu", &RouteItem::mtu},           {"congctl", &RouteItem::congestion_control},
    {"features", &RouteItem::features}, {"realms", &RouteItem::realms},
    {"pref", &RouteItem::preference},
}};

}  // namespace

std::vector<std::string_view> route_words() { return RouteItem::words(); }

void read_virtual_route(Reader& reader, const Statement& s) {
    auto route = RouteItem(reader, s, false).read();
    if (route) reader.instance().value.routes.push_back(std::move(*route));
}

void read_static_route(Reader& reader, const Statement& s) {
    RouteItem item(reader, s, true);
    auto route = item.read();
    if (!route) return;
    const auto device = route->hops.empty() ? std::string() : route->hops.front().device;
    track_static(reader, s, {item.group(), device, !route->track});
    reader.draft().config.statics.edit().routes.push_back(std::move(*route));
}

}  // namespace vrrpd::config
