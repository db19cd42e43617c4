// Items of virtual_ipaddress and its like.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/items.hpp"

namespace vrrpd::config {

std::optional<std::uint8_t> parse_scope(std::string_view text) {
    struct Scope {
        std::string_view name;
        std::uint8_t value;
    };
    constexpr std::array scopes = {Scope{"global", 0}, Scope{"site", 200}, Scope{"link", 253}, Scope{"host", 254},
                                   Scope{"nowhere", 255}};
    for (const auto& scope : scopes) {
        if (scope.name == text) return scope.value;
    }
    const auto number = parse_integer(text);
    if (!number || *number < 0 || *number > 255) return std::nullopt;
    return static_cast<std::uint8_t>(*number);
}

// The first address of an instance says its family; the others must be of it.
bool Reader::accept_family(Family family, Place place) {
    auto& known = instance().family;
    if (!known) known = family;
    if (*known == family) return true;
    fault(Severity::error, place,
          fmt::format("this instance is of IPv{}, the address is not: put it into virtual_ipaddress_excluded, or into "
                      "an instance of its own",
                      static_cast<int>(*known)));
    return false;
}

namespace {

// One item while it is read, word by word.
class AddressItem {
public:
    AddressItem(Reader& reader, const Statement& s) : reader_(reader), s_(s) {}

    static std::vector<std::string_view> words() {
        std::vector<std::string_view> words;
        append_names(words, options);
        return words;
    }
    // After read(): of a static address.
    [[nodiscard]] const std::string& track_group() const { return track_group_; }

    std::optional<VirtualAddress> read() {
        const auto address = parse_address(s_.word(0));
        if (!address) {
            reader_.fault(Severity::error, s_.place(),
                          fmt::format("'{}' is not an IP address: the item is left out", s_.word(0)));
            return std::nullopt;
        }
        length_given_ = address->length_given;
        value_.prefix = address->prefix;
        if (address->bad_length) {
            reader_.fault(Severity::error, s_.place(),
                          fmt::format("the prefix length of '{}' is not in 0..{}: {} is used", s_.word(0),
                                      address_bits(family()), address->prefix.length));
        }
        // keepalived's default: an IPv6 host address is never chosen as a source.
        if (family() == Family::ipv6 && value_.prefix.length == 128)
            value_.extras.edit().preferred = std::chrono::seconds(0);
        while (at_ < s_.size() && kept_) option();
        if (!kept_) return std::nullopt;
        if (value_.extras->peer && value_.extras->broadcast) {
            ignore("a point-to-point link has no broadcast address: brd is ignored");
            value_.extras.edit().broadcast.reset();
        }
        return value_;
    }

private:
    struct Option {
        std::string_view name;
        void (AddressItem::*read)(const std::string& argument);  // null: a flag
        bool VirtualAddress::*flag;
        bool flag_value;
    };
    static const std::array<Option, 15> options;

    [[nodiscard]] Family family() const { return value_.prefix.address.family(); }

    void option() {
        const auto word = at_++;
        const auto found =
            std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == s_.word(word); });
        if (found == options.end()) {
            reader_.fault(Severity::error, s_.place(word),
                          fmt::format("unknown word '{}' after an address is ignored", s_.word(word)));
        } else if (found->flag != nullptr) {
            value_.*(found->flag) = found->flag_value;
        } else if (at_ == s_.size()) {
            drop(fmt::format("a value is missing after {}", s_.word(word)));
        } else {
            (this->*(found->read))(s_.word(at_));
            ++at_;
        }
    }

    void drop(const std::string& why) {
        reader_.fault(Severity::error, s_.place(std::min(at_, s_.size() - 1)), why + ": the item is left out");
        kept_ = false;
    }
    void ignore(const std::string& why) { reader_.fault(Severity::error, s_.place(std::min(at_, s_.size() - 1)), why); }

    void device(const std::string& text) {
        if (!is_device_name(text)) return drop(fmt::format("'{}' cannot be the name of an interface", text));
        value_.device = text;
    }
    void scope(const std::string& text) {
        if (family() == Family::ipv6) return ignore("an IPv6 address has no scope to set: ignored");
        const auto scope = parse_scope(text);
        if (!scope)
            return ignore(fmt::format(
                "unknown scope '{}' is ignored: write global, site, link, host, nowhere or a number", text));
        value_.scope = *scope;
    }
    void broadcast(const std::string& text) {
        if (family() == Family::ipv6) return drop("an IPv6 address has no broadcast address");
        if (text == "+" || text == "-") {
            constexpr unsigned longest_with_broadcast = 30;
            if (value_.prefix.length > longest_with_broadcast)
                return ignore(fmt::format("brd {} is ignored: a network of length {} has no broadcast address", text,
                                          value_.prefix.length));
            value_.extras.edit().broadcast = edge_of_network(text == "+");
            return;
        }
        const auto address = IpAddress::parse(text);
        if (!address || address->is_v6()) return drop(fmt::format("'{}' is not an IPv4 address", text));
        value_.extras.edit().broadcast = address;
    }
    void label(const std::string& text) {
        if (family() == Family::ipv6) return ignore("an IPv6 address has no label: ignored");
        if (!is_device_name(text)) return drop(fmt::format("the label '{}' is longer than 15 characters", text));
        value_.extras.edit().label = text;
    }
    void peer(const std::string& text) {
        const auto peer = parse_address(text);
        if (!peer || peer->prefix.address.family() != family())
            return ignore(
                fmt::format("the peer '{}' is not an IPv{} address: ignored", text, static_cast<int>(family())));
        if (length_given_) ignore("the address of a point-to-point link has no prefix length, its peer has: ignored");
        value_.extras.edit().peer = peer->prefix.address;
        value_.prefix.length = peer->prefix.length;
    }
    void preferred(const std::string& text) {
        if (text == "forever" || text == "infinite" || text == "infinity") {
            value_.extras.edit().preferred.reset();
            return;
        }
        const auto seconds = parse_integer(text);
        if (!seconds || *seconds < 0 || *seconds > any)
            return ignore(fmt::format("preferred_lft '{}' is ignored: write seconds or forever", text));
        value_.extras.edit().preferred = std::chrono::seconds(*seconds);
    }
    void follow(const std::string& text) { track_group_ = text; }

    // All host bits one, or all zero.
    [[nodiscard]] IpAddress edge_of_network(bool ones) const {
        const auto network = value_.prefix.network().address;
        const auto zeros = network.bytes();
        std::array<std::uint8_t, 4> bytes{zeros[0], zeros[1], zeros[2], zeros[3]};
        for (unsigned bit = value_.prefix.length; ones && bit < 32; ++bit) {
            bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | (0x80U >> (bit % 8)));
        }
        return *IpAddress::from_bytes(bytes);
    }

    Reader& reader_;
    const Statement& s_;
    VirtualAddress value_;
    std::string track_group_;
    std::size_t at_ = 1;
    bool length_given_ = false;
    bool kept_ = true;
};

const std::array<AddressItem::Option, 15> AddressItem::options = {{
    {"dev", &AddressItem::device, nullptr, false},
    {"scope", &AddressItem::scope, nullptr, false},
    {"brd", &AddressItem::broadcast, nullptr, false},
    {"broadcast", &AddressItem::broadcast, nullptr, false},
    {"label", &AddressItem::label, nullptr, false},
    {"peer", &AddressItem::peer, nullptr, false},
    {"preferred_lft", &AddressItem::preferred, nullptr, false},
    {"track_group", &AddressItem::follow, nullptr, false},
    {"home", nullptr, &VirtualAddress::home, true},
    {"-nodad", nullptr, &VirtualAddress::dad, true},
    {"mngtmpaddr", nullptr, &VirtualAddress::manage_temporary, true},
    {"noprefixroute", nullptr, &VirtualAddress::no_prefix_route, true},
    {"autojoin", nullptr, &VirtualAddress::auto_join, true},
    {"no_track", nullptr, &VirtualAddress::track, false},
    {"use_vmac", nullptr, &VirtualAddress::virtual_mac, true},
}};

void add_address(Reader& reader, const Statement& s, bool excluded) {
    AddressItem item(reader, s);
    auto value = item.read();
    if (!value) return;
    if (!item.track_group().empty())
        reader.fault(Severity::error, s.place(), "track_group is for static entries: it is ignored here");
    if (!excluded && !reader.accept_family(value->prefix.address.family(), s.place())) return;
    auto& instance = reader.instance();
    (excluded ? instance.value.excluded_addresses : instance.value.addresses).push_back(std::move(*value));
    (excluded ? instance.excluded_places : instance.address_places).push_back(s.place());
}

}  // namespace

std::vector<std::string_view> address_words() { return AddressItem::words(); }

void read_virtual_address(Reader& reader, const Statement& s) { add_address(reader, s, false); }
void read_excluded_address(Reader& reader, const Statement& s) { add_address(reader, s, true); }
void read_static_address(Reader& reader, const Statement& s) {
    AddressItem item(reader, s);
    auto value = item.read();
    if (!value) return;
    auto& addresses = reader.draft().config.statics.edit().addresses;
    const auto same = [&](const VirtualAddress& other) {
        return other.prefix == value->prefix && other.device == value->device;
    };
    if (std::any_of(addresses.begin(), addresses.end(), same)) {
        reader.fault(Severity::error, s.place(), fmt::format("the address {} stands twice: once is enough", s.word(0)));
        return;
    }
    if (std::exchange(value->virtual_mac, false))
        reader.fault(Severity::error, s.place(), "use_vmac is for virtual addresses: it is ignored here");
    track_static(reader, s, {item.track_group(), value->device, !value->track, false});
    addresses.push_back(std::move(*value));
}

}  // namespace vrrpd::config
