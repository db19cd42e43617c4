// Reading dnsmasq's lease file; see lease_text.hpp. One pass, each line on its own.
#include "dhcpsync/core/lease_text.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

namespace dhcpsync {

namespace {

constexpr std::size_t words_of_record = 5;
// The year 36812: beyond it a sum with a length could overflow, and no clock has been there.
constexpr std::uint64_t latest_expiry = 1ULL << 40;
// September 2001; as a length it would be one of 31 years.
constexpr WallTime earliest_expiry{Seconds(1'000'000'000)};

constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// At most one word more than a record has, so that a long line costs nothing.
struct Words {
    std::array<std::string_view, words_of_record + 1> word;
    std::size_t count = 0;
};

Words split(std::string_view line) {
    Words words;
    auto at = line.begin();
    while (words.count < words.word.size()) {
        at = std::find_if_not(at, line.end(), is_blank);
        if (at == line.end()) break;
        const auto end = std::find_if(at, line.end(), is_blank);
        words.word[words.count++] =
            line.substr(static_cast<std::size_t>(at - line.begin()), static_cast<std::size_t>(end - at));
        at = end;
    }
    return words;
}

template <class Number>
std::optional<Number> number(std::string_view word, int base = 10) {
    Number value{};
    const auto end = word.data() + word.size();
    const auto result = std::from_chars(word.data(), end, value, base);
    if (word.empty() || result.ec != std::errc{} || result.ptr != end) return std::nullopt;
    return value;
}

// "aa:b:0c": one or two digits each. Empty text is no bytes.
std::optional<Bytes> hex_bytes(std::string_view text, std::size_t most) {
    Bytes bytes;
    while (!text.empty()) {
        const auto colon = text.find(':');
        const auto digits = text.substr(0, colon);
        const auto byte = digits.size() <= 2 ? number<std::uint8_t>(digits, 16) : std::nullopt;
        if (!byte || bytes.size() == most || colon + 1 == text.size()) return std::nullopt;
        bytes.push_back(*byte);
        text = colon == std::string_view::npos ? "" : text.substr(colon + 1);
    }
    return bytes;
}

std::optional<Hardware> hardware(std::string_view word) {
    Hardware result;
    if (const auto dash = word.find('-'); dash != std::string_view::npos) {
        const auto type = number<std::uint8_t>(word.substr(0, dash), 16);
        if (!type) return std::nullopt;
        result.type = *type;
        word.remove_prefix(dash + 1);
    }
    auto address = hex_bytes(word, longest_hardware_address);
    if (!address) return std::nullopt;
    result.address = std::move(*address);
    if (result.type == 0 && !result.address.empty()) result.type = 1;
    return result;
}

std::optional<Bytes> client_id(std::string_view word) {
    if (word == "*") return Bytes{};
    return hex_bytes(word, longest_client_id);
}

class Reader {
public:
    explicit Reader(const LeaseFormat& format) : format_(format) {}

    LeaseText read(std::string_view text) {
        while (!text.empty() && result_.book.leases.size() < most_leases) {
            const auto end = text.find('\n');
            ++line_;
            if (end == std::string_view::npos) {
                fault(TextFault::truncated);
                return std::move(result_);
            }
            read_line(text.substr(0, end));
            text.remove_prefix(end + 1);
        }
        if (!text.empty()) fault(TextFault::too_many);
        return std::move(result_);
    }

private:
    void fault(TextFault what) { result_.faults.add(line_, what); }

    void read_line(std::string_view line) {
        const auto [word, count] = split(line);
        if (count == 0) return;
        if (count == 2 && word[0] == "duid") return read_duid(word[1]);
        if (count >= 2 && (word[0] == "agent-info" || word[0] == "vendorclass")) return;
        if (count != words_of_record) return fault(TextFault::not_a_record);
        read_record(word);
    }

    void read_duid(std::string_view word) {
        auto duid = hex_bytes(word, longest_client_id);
        if (!duid || duid->empty()) return fault(TextFault::bad_duid);
        result_.book.server_duid = std::move(*duid);
    }

    void read_record(const std::array<std::string_view, words_of_record + 1>& word) {
        const auto address = IpAddress::parse(word[2]);
        if (!address) return fault(TextFault::bad_address);
        const auto expires = expiry(word[0]);
        if (!expires) return fault(TextFault::bad_expiry);
        if (*expires < earliest_expiry) return fault(TextFault::long_ago);
        auto client = address->is_v4() ? client4(word[1], word[4]) : client6(word[1], word[4]);
        if (!client) return;
        Lease lease{*address, std::move(*client), host_name(word[3]), *expires};
        if (!well_formed(lease)) return fault(TextFault::bad_address);
        keep(std::move(lease));
    }

    std::optional<WallTime> expiry(std::string_view word) const {
        const auto seconds = number<std::uint64_t>(word);
        if (!seconds || *seconds > latest_expiry) return std::nullopt;
        if (*seconds == 0) return never;
        const auto from = format_.expiry == ExpiryField::until ? WallTime{} : format_.now;
        return from + Seconds(static_cast<std::int64_t>(*seconds));
    }

    std::optional<Client> client4(std::string_view address, std::string_view id) {
        auto hardware_address = hardware(address);
        if (!hardware_address) return refuse(TextFault::bad_hardware);
        auto option = client_id(id);
        if (!option) return refuse(TextFault::bad_client_id);
        return Client4{std::move(*hardware_address), std::move(*option)};
    }

    std::optional<Client> client6(std::string_view iaid, std::string_view id) {
        const bool temporary = iaid.substr(0, 1) == "T";
        const auto value = number<std::uint32_t>(iaid.substr(temporary ? 1 : 0));
        if (!value) return refuse(TextFault::bad_iaid);
        auto duid = client_id(id);
        if (!duid) return refuse(TextFault::bad_client_id);
        return Client6{std::move(*duid), Iaid{*value}, temporary};
    }

    std::optional<Client> refuse(TextFault what) {
        fault(what);
        return std::nullopt;
    }

    std::string host_name(std::string_view word) {
        if (word == "*") return {};
        if (valid_host_name(word)) return std::string(word);
        fault(TextFault::bad_host_name);
        return {};
    }

    void keep(Lease lease) {
        const auto [at, fresh] = result_.book.leases.try_emplace(lease.address, lease);
        if (fresh) return;
        fault(TextFault::duplicate);
        if (at->second.expires < lease.expires) at->second = std::move(lease);
    }

    const LeaseFormat& format_;
    LeaseText result_;
    std::size_t line_ = 0;
};

}  // namespace

std::string_view describe(TextFault fault) {
    static constexpr std::array<std::string_view, text_fault_kinds> words{
        "not a lease record",
        "bad expiry time",
        "bad hardware address",
        "bad address",
        "bad IAID",
        "bad client id",
        "bad host name (left out)",
        "bad server DUID",
        "second record of an address",
        "cut off",
        "too many leases",
        "it ended long ago: the clock was not set, or this dnsmasq is built for hosts without one (\"no-RTC\" in its "
        "--version), whose leases cannot be followed: use another build",
    };
    return words[static_cast<std::size_t>(fault)];
}

void TextFaults::add(std::size_t line, TextFault fault) {
    ++counts[static_cast<std::size_t>(fault)];
    if (named.size() < most_named) named.push_back({line, fault});
}

std::size_t TextFaults::total() const { return std::accumulate(counts.begin(), counts.end(), std::size_t{0}); }

LeaseText read_leases(std::string_view text, const LeaseFormat& format) { return Reader(format).read(text); }

}  // namespace dhcpsync
