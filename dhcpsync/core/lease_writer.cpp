// Writing dnsmasq's lease file; see lease_text.hpp. DHCPv4 records, the server's DUID, DHCPv6 records: dnsmasq's own
// order, since it reads the DUID before it takes a DHCPv6 record.
#include "dhcpsync/core/lease_text.hpp"

namespace dhcpsync {

namespace {

void append_hex(std::string& text, std::uint8_t byte) {
    constexpr char digits[] = "0123456789abcdef";
    text += digits[byte >> 4];
    text += digits[byte & 15];
}

std::string hex_text(BytesView bytes) {
    std::string text;
    for (const auto byte : bytes) {
        if (!text.empty()) text += ':';
        append_hex(text, byte);
    }
    return text;
}

std::string or_star(std::string text) { return text.empty() ? "*" : text; }

std::string expiry_text(WallTime expires, const LeaseFormat& format) {
    if (expires == never) return "0";
    const auto from = format.expiry == ExpiryField::until ? WallTime{} : format.now;
    return std::to_string((expires - from).count());
}

std::string second_word(const Client4& client) { return hardware_text(client.hardware); }
std::string second_word(const Client6& client) {
    return (client.temporary ? "T" : "") + std::to_string(client.iaid.value);
}
std::string last_word(const Client4& client) { return or_star(hex_text(client.id)); }
std::string last_word(const Client6& client) { return or_star(hex_text(client.duid)); }

void append_record(std::string& text, const Lease& lease, const LeaseFormat& format) {
    text += expiry_text(lease.expires, format) + ' ';
    text += std::visit([](const auto& client) { return second_word(client); }, lease.client) + ' ';
    text += lease.address.to_string() + ' ' + or_star(lease.host_name) + ' ';
    text += std::visit([](const auto& client) { return last_word(client); }, lease.client) + '\n';
}

}  // namespace

std::string hardware_text(const Hardware& hardware) {
    std::string text;
    if (hardware.type != 1 || hardware.address.empty()) {
        append_hex(text, hardware.type);
        text += '-';
    }
    return text + hex_text(hardware.address);
}

WrittenLeases write_leases(const LeaseBook& book, const LeaseFormat& format) {
    WrittenLeases written;
    bool told_duid = false;
    const auto tell_duid = [&] {
        if (!told_duid && !book.server_duid.empty()) written.text += "duid " + hex_text(book.server_duid) + '\n';
        told_duid = true;
    };
    for (const auto& [address, lease] : book.leases) {  // IPv4 comes first
        if (!lease.live(format.now)) continue;
        if (address.is_v6()) tell_duid();
        if (address.is_v6() && book.server_duid.empty())
            ++written.left_out;
        else
            append_record(written.text, lease, format);
    }
    tell_duid();
    return written;
}

}  // namespace dhcpsync
