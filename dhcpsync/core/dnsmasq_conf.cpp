// What dnsmasq's options come to; see dnsmasq_conf.hpp.
#include "dhcpsync/core/dnsmasq_conf.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>
#include <span>
#include <utility>

namespace dhcpsync {

namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](auto prefix) { return text.starts_with(prefix); });
}

// 45, 45m, 12h, 3d, 1w, infinite; "deprecated" is a lease time of none. nullopt: it is no time.
std::optional<unsigned> lease_time(std::string_view text) {
    if (text == "infinite") return 0;
    unsigned unit = 1;
    constexpr auto units =
        std::to_array<std::pair<char, unsigned>>({{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 604'800}});
    for (const auto& [letter, seconds] : units) {
        if (!text.ends_with(letter)) continue;
        unit = seconds;
        text.remove_suffix(1);
        break;
    }
    const auto value = number<std::uint64_t>(text);
    if (!value || *value > std::numeric_limits<unsigned>::max() / unit) return std::nullopt;
    return static_cast<unsigned>(*value) * unit;
}

// The last 64 bits of an address, or all of IPv4's.
std::uint64_t low_bits(const IpAddress& address) {
    std::uint64_t value = 0;
    for (const auto byte : address.bytes().last(address.is_v4() ? 4 : 8)) value = value << 8 | byte;
    return value;
}

bool alike_above(const IpAddress& a, const IpAddress& b) {
    return a.family() == b.family() &&
           (a.is_v4() || std::equal(a.bytes().begin(), a.bytes().begin() + 8, b.bytes().begin()));
}

bool is_mode6(std::string_view word) { return starts_with_any(word, {"ra-", "slaac", "off-link", "constructor:"}); }

// The fields after the tags.
class RangeFields {
public:
    RangeFields(DhcpRange& range, std::span<const std::string> fields) : range_(range), fields_(fields) {}

    bool read() {
        const auto first = take_address();
        if (!first) return false;
        range_.first = range_.last = *first;
        return first->is_v4() ? read4() : read6();
    }

private:
    std::optional<IpAddress> take_address() {
        const auto address = fields_.empty() ? std::nullopt : IpAddress::parse(fields_[0]);
        if (address) fields_ = fields_.subspan(1);
        return address;
    }
    bool take(std::string_view word) {
        if (fields_.empty() || fields_[0] != word) return false;
        fields_ = fields_.subspan(1);
        return true;
    }

    bool read4() {
        if (take("static")) {
            range_.mode = DhcpRange::Mode::static_only;
        } else if (take("proxy")) {
            range_.mode = DhcpRange::Mode::proxy;
        } else if (const auto last = take_address()) {
            if (!last->is_v4()) return false;
            range_.last = *last;
            if (range_.last < range_.first) std::swap(range_.first, range_.last);
        }
        range_.netmask = take_address();
        if (range_.netmask && !range_.netmask->is_v4()) return false;
        (void)take_address();  // broadcast
        return read_time();
    }

    bool read6() {
        if (const auto last = take_address()) {
            if (!last->is_v6() || !alike_above(range_.first, *last)) return false;
            range_.last = *last;
        }
        const bool pool = range_.first != range_.last;
        bool advertised = false;
        for (; !fields_.empty() && (is_mode6(fields_[0]) || fields_[0] == "static"); fields_ = fields_.subspan(1)) {
            if (fields_[0] == "static") range_.mode = DhcpRange::Mode::static_only;
            if (fields_[0].starts_with("constructor:") && range_.mode == DhcpRange::Mode::pool)
                range_.mode = DhcpRange::Mode::constructed;
            advertised |= fields_[0].starts_with("ra-") || fields_[0] == "slaac";
        }
        if (advertised && !pool) range_.mode = DhcpRange::Mode::stateless;
        const auto length = fields_.empty() ? std::nullopt : number<unsigned>(fields_[0]);
        if (length && *length <= 128) fields_ = fields_.subspan(1);
        return read_time();
    }

    bool read_time() {
        if (fields_.empty()) return true;
        if (fields_[0] == "deprecated") return true;
        range_.lease_time = lease_time(fields_[0]);
        return range_.lease_time && fields_.size() == 1;
    }

    DhcpRange& range_;
    std::span<const std::string> fields_;
};

constexpr auto option_names = std::to_array<std::pair<std::string_view, unsigned>>({{"netmask", 1},
                                                                                    {"router", 3},
                                                                                    {"dns-server", 6},
                                                                                    {"domain-name", 15},
                                                                                    {"mtu", 26},
                                                                                    {"ntp-server", 42},
                                                                                    {"lease-time", 51},
                                                                                    {"server-identifier", 54},
                                                                                    {"domain-search", 119},
                                                                                    {"classless-static-route", 121}});

std::optional<unsigned> option_code(std::string_view text) {
    if (const auto code = number<unsigned>(text)) return code;
    for (const auto& [name, code] : option_names)
        if (name == text) return code;
    return std::nullopt;
}

class Interpreter {
public:
    DnsmasqConf run(const DnsmasqText& text) {
        for (const auto& option : text.options) {
            const auto found = std::find_if(handlers.begin(), handlers.end(),
                                            [&](const Handler& handler) { return handler.name == option.name; });
            if (found != handlers.end()) (this->*found->act)(option);
        }
        return std::move(conf_);
    }

private:
    using Option = DnsmasqOption;

    void fault(const Option& option) { conf_.faulty.push_back(option.at); }

    template <auto Field>
    void set_flag(const Option& option) {
        conf_.*Field = {true, option.at};
    }
    template <auto Field>
    void set_text(const Option& option) {
        conf_.*Field = {option.value(), option.at};
    }
    template <auto Field>
    void set_number(const Option& option) {
        if (const auto value = number<unsigned>(option.value()))
            conf_.*Field = {*value, option.at};
        else
            fault(option);
    }
    template <auto Field>
    void add_texts(const Option& option) {
        for (const auto& field : option.fields) (conf_.*Field).push_back({field, option.at});
    }

    void add_listen_addresses(const Option& option) {
        for (const auto& field : option.fields) {
            const auto address = IpAddress::parse(std::string_view(field).substr(0, field.find('%')));
            if (address)
                conf_.listen_addresses.push_back({*address, option.at});
            else
                fault(option);
        }
    }

    // server=/of/these/domains/ADDRESS#PORT@DEVICE, rev-server=NETWORK,ADDRESS...; also without an address, or with the
    // name of a host.
    void add_upstream(const Option& option) {
        if (option.fields.empty()) return;
        std::string_view server = option.fields.back();
        if (const auto domains = server.rfind('/'); domains != server.npos) server.remove_prefix(domains + 1);
        server = server.substr(0, server.find('@'));
        const auto port = server.find('#');
        if (port != server.npos && server.substr(port) != "#53") return;
        const auto address = IpAddress::parse(server.substr(0, std::min(port, server.find('%'))));
        if (address) conf_.upstreams.push_back({*address, option.at});
    }

    void set_bus(const Option& option) {
        conf_.bus_name = {option.fields.empty() ? "uk.org.thekelleys.dnsmasq" : option.value(), option.at};
    }

    void add_range(const Option& option) {
        DhcpRange range;
        range.at = option.at;
        std::span<const std::string> fields = option.fields;
        while (!fields.empty() && !IpAddress::parse(fields[0])) {  // tag:..., set:..., or the old form without a prefix
            if (fields[0].starts_with("tag:")) range.tags.push_back(fields[0].substr(4));
            fields = fields.subspan(1);
        }
        if (!RangeFields(range, fields).read()) return fault(option);
        conf_.ranges.push_back(std::move(range));
    }

    void add_host(const Option& option) {
        for (const auto& field : option.fields) {
            const bool bracketed = field.size() > 2 && field.front() == '[' && field.back() == ']';
            auto text = std::string_view(field);
            if (bracketed) text = text.substr(1, text.find_first_of("/]") - 1);
            const auto address = IpAddress::parse(text);
            if (address && address->is_v6() == bracketed) conf_.reserved.push_back(*address);
        }
    }

    void add_option(const Option& option) {
        DhcpOption result;
        result.at = option.at;
        result.forced = option.name == "dhcp-option-force";
        std::span<const std::string> fields = option.fields;
        for (; !fields.empty(); fields = fields.subspan(1)) {
            std::string_view field = fields[0];
            result.v6 = field.starts_with("option6:");
            const bool named = result.v6 || field.starts_with("option:");
            if (!named && !number<unsigned>(field)) {
                result.conditional = true;  // tag:..., vendor:..., encap:..., or the old form without a prefix
                continue;
            }
            if (named) field.remove_prefix(field.find(':') + 1);
            result.code = option_code(field).value_or(0);
            result.values.assign(fields.begin() + 1, fields.end());
            conf_.dhcp_options.push_back(std::move(result));
            return;
        }
        fault(option);
    }

    struct Handler {
        std::string_view name;
        void (Interpreter::*act)(const Option&);
    };
    static const std::array<Handler, 25> handlers;

    DnsmasqConf conf_;
};

const std::array<Interpreter::Handler, 25> Interpreter::handlers{{
    {"dhcp-range", &Interpreter::add_range},
    {"dhcp-host", &Interpreter::add_host},
    {"dhcp-option", &Interpreter::add_option},
    {"dhcp-option-force", &Interpreter::add_option},
    {"dhcp-leasefile", &Interpreter::set_text<&DnsmasqConf::lease_file>},
    {"leasefile-ro", &Interpreter::set_flag<&DnsmasqConf::no_lease_file>},
    {"dhcp-lease-max", &Interpreter::set_number<&DnsmasqConf::most_leases>},
    {"listen-address", &Interpreter::add_listen_addresses},
    {"server", &Interpreter::add_upstream},
    {"rev-server", &Interpreter::add_upstream},
    {"interface", &Interpreter::add_texts<&DnsmasqConf::interfaces>},
    {"except-interface", &Interpreter::add_texts<&DnsmasqConf::except_interfaces>},
    {"no-dhcp-interface", &Interpreter::add_texts<&DnsmasqConf::no_dhcp_interfaces>},
    {"no-dhcpv4-interface", &Interpreter::add_texts<&DnsmasqConf::no_dhcp_interfaces>},
    {"bind-interfaces", &Interpreter::set_flag<&DnsmasqConf::bind_interfaces>},
    {"bind-dynamic", &Interpreter::set_flag<&DnsmasqConf::bind_dynamic>},
    {"port", &Interpreter::set_number<&DnsmasqConf::port>},
    {"dhcp-authoritative", &Interpreter::set_flag<&DnsmasqConf::authoritative>},
    {"no-ping", &Interpreter::set_flag<&DnsmasqConf::no_ping>},
    {"dhcp-sequential-ip", &Interpreter::set_flag<&DnsmasqConf::sequential_ip>},
    {"enable-ra", &Interpreter::set_flag<&DnsmasqConf::router_advertisements>},
    {"enable-dbus", &Interpreter::set_bus},
    {"dhcp-script", &Interpreter::set_text<&DnsmasqConf::script>},
    {"dhcp-luascript", &Interpreter::set_text<&DnsmasqConf::script>},
    {"dhcp-duid", &Interpreter::set_text<&DnsmasqConf::duid>},
}};

// ---- what the routers compare ----------------------------------------------------------------------------

bool is_shared(std::string_view name) {
    constexpr auto own =
        std::to_array<std::string_view>({"dhcp-leasefile", "dhcp-script", "dhcp-luascript", "dhcp-scriptuser",
                                         "dhcp-hostsfile", "dhcp-hostsdir", "dhcp-optsfile", "dhcp-optsdir"});
    constexpr auto others = std::to_array<std::string_view>({"domain", "enable-ra", "ra-param", "tag-if"});
    if (std::find(others.begin(), others.end(), name) != others.end()) return true;
    return name.starts_with("dhcp-") && std::find(own.begin(), own.end(), name) == own.end();
}

bool is_hardware(std::string_view field) {
    return field.find(':') != std::string_view::npos &&
           field.find_first_not_of("0123456789abcdefABCDEF:-") == std::string_view::npos;
}

std::string shared_form(const std::string& name, std::size_t index, std::string field) {
    if (field.starts_with("constructor:")) return "constructor:*";
    if (name == "ra-param" && index == 0) return "*";
    if (name.starts_with("dhcp-option") && field.starts_with("option:"))
        if (const auto code = option_code(std::string_view(field).substr(7))) return std::to_string(*code);
    if (is_hardware(field))
        std::transform(field.begin(), field.end(), field.begin(),
                       [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
    return field;
}

}  // namespace

bool DhcpRange::contains(const IpAddress& address) const {
    return mode == Mode::pool && address.family() == first.family() && first <= address && address <= last;
}

// Of IPv6 a range that only advertises gives no address, and one address alone is no range.
bool DhcpRange::keeps_leases() const { return is_v4() || mode == Mode::static_only || (size() > 1); }

std::uint64_t DhcpRange::size() const {
    if (mode != Mode::pool && mode != Mode::constructed) return 0;
    constexpr std::uint64_t most = std::uint64_t{1} << 32;
    const auto from = low_bits(first);
    const auto to = low_bits(last);
    return to < from ? 0 : std::min(to - from, most - 1) + 1;
}

bool DnsmasqConf::serves_dhcp4() const {
    return std::any_of(ranges.begin(), ranges.end(), [](const DhcpRange& range) { return range.is_v4(); });
}

bool DnsmasqConf::keeps_leases() const {
    return std::any_of(ranges.begin(), ranges.end(), [](const DhcpRange& range) { return range.keeps_leases(); });
}

const DhcpOption* DnsmasqConf::option4(unsigned code) const {
    const auto found = std::find_if(dhcp_options.rbegin(), dhcp_options.rend(), [&](const DhcpOption& option) {
        return option.code == code && !option.v6 && !option.conditional;
    });
    return found == dhcp_options.rend() ? nullptr : &*found;
}

std::uint64_t DnsmasqConf::pool_size() const {
    std::uint64_t sum = 0;
    for (const auto& range : ranges) sum += range.size();
    return sum;
}

DnsmasqConf interpret(const DnsmasqText& text) { return Interpreter().run(text); }

// It may stand in one file only, and a file overrules the command line.
std::optional<std::size_t> room_for_leases(const DnsmasqText& text, const DnsmasqConf& conf) {
    if (!conf.keeps_leases()) return 0;
    const bool said_in_a_file = conf.most_leases.said() && conf.most_leases.at.line > 0;
    const bool all_known = text.hidden.empty() && !text.too_much;
    return said_in_a_file || all_known ? std::optional<std::size_t>(conf.most_leases.value) : std::nullopt;
}

std::string shared_settings(const DnsmasqText& text) {
    std::set<std::string> lines;
    for (const auto& option : text.options) {
        if (!is_shared(option.name)) continue;
        std::string line = option.name;
        for (std::size_t i = 0; i < option.fields.size(); ++i)
            line += (i == 0 ? '=' : ',') + shared_form(option.name, i, option.fields[i]);
        lines.insert(std::move(line));
    }
    std::string result;
    for (const auto& line : lines) result += line + '\n';
    return result;
}

}  // namespace dhcpsync
