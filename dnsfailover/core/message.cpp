#include "dnsfailover/core/message.hpp"

#include <algorithm>

namespace dnsfailover {

namespace {

using vrrpd::ByteReader;
using vrrpd::ByteWriter;

constexpr std::size_t label_max = 63, name_max = 255;  // RFC 1035 2.3.4

// The second 16 bits of the header (RFC 1035 4.1.1).
constexpr std::uint16_t response = 0x8000, opcode = 0x7800, truncation = 0x0200, recursion_desired = 0x0100,
                        rcode_bits = 0x000f;

constexpr std::uint8_t lower(std::uint8_t octet) {
    return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet + ('a' - 'A')) : octet;
}

constexpr bool of_a_host(std::uint8_t octet) {
    return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' || octet == '_';
}

bool append_label(Bytes& wire, std::string_view label) {
    if (label.empty() || label.size() > label_max) return false;
    wire.push_back(static_cast<std::uint8_t>(label.size()));
    for (const char character : label) wire.push_back(lower(static_cast<std::uint8_t>(character)));
    return std::all_of(wire.end() - static_cast<std::ptrdiff_t>(label.size()), wire.end(), of_a_host);
}

// The first name of a message is never compressed: there is nothing before it to point at.
bool reads(ByteReader& in, const Name& name) {
    const auto read = in.take(name.wire().size());
    return std::equal(read.begin(), read.end(), name.wire().begin(), name.wire().end(),
                      [](std::uint8_t theirs, std::uint8_t ours) { return lower(theirs) == ours; });
}

bool reads(ByteReader& in, const Question& question) {
    if (!reads(in, question.name)) return false;
    const auto type = in.u16(), record_class = in.u16();
    return in.ok() && type == static_cast<std::uint16_t>(question.type) &&
           record_class == static_cast<std::uint16_t>(question.record_class);
}

// Over a name, of which a pointer (RFC 1035 4.1.4) is the last part. It is not followed, so it cannot lead in circles.
bool skip_name(ByteReader& in) {
    while (in.ok()) {
        const auto length = in.u8();
        if (length == 0) break;
        if (length >= 0xc0) {
            in.u8();
            break;
        }
        if (length > label_max) return false;
        in.take(length);
    }
    return in.ok();
}

struct Record {
    std::uint16_t type, record_class;
    BytesView data;
};

std::optional<Record> read_record(ByteReader& in) {
    if (!skip_name(in)) return std::nullopt;
    const auto type = in.u16(), record_class = in.u16();
    in.u32();  // the time to live
    const auto data = in.take(in.u16());
    if (!in.ok()) return std::nullopt;
    return Record{type, record_class, data};
}

std::optional<IpAddress> address_in(const Record& record) {
    const auto wanted = record.data.size() == 4 ? RecordType::a : RecordType::aaaa;
    if (record.record_class != static_cast<std::uint16_t>(RecordClass::internet)) return std::nullopt;
    if (record.type != static_cast<std::uint16_t>(wanted)) return std::nullopt;
    return IpAddress::from_bytes(record.data);
}

}  // namespace

std::optional<Name> Name::parse(std::string_view text) {
    Name name;
    if (text.empty()) return std::nullopt;
    if (text.ends_with('.')) text.remove_suffix(1);
    while (!text.empty()) {
        const auto dot = text.find('.');
        if (!append_label(name.wire_, text.substr(0, dot))) return std::nullopt;
        text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
        if (dot != std::string_view::npos && text.empty()) return std::nullopt;  // two dots at the end
    }
    name.wire_.push_back(0);
    if (name.wire_.size() > name_max) return std::nullopt;
    return name;
}

std::optional<Name> Name::below(std::string_view label) const {
    Name name;
    if (!append_label(name.wire_, label)) return std::nullopt;
    name.wire_.insert(name.wire_.end(), wire_.begin(), wire_.end());
    if (name.wire_.size() > name_max) return std::nullopt;
    return name;
}

std::string Name::to_string() const {
    std::string text;
    for (std::size_t at = 0; wire_[at] != 0; at += wire_[at] + 1U) {
        if (at != 0) text += '.';
        text.append(wire_.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                    wire_.begin() + static_cast<std::ptrdiff_t>(at + wire_[at]) + 1);
    }
    return text.empty() ? "." : text;
}

Bytes encode(const Query& query) {
    Bytes message;
    ByteWriter out(message);
    out.u16(query.id).u16(recursion_desired);
    out.u16(1).u16(0).u16(0).u16(0);  // one question, no records
    out.bytes(query.question.name.wire());
    out.u16(static_cast<std::uint16_t>(query.question.type));
    out.u16(static_cast<std::uint16_t>(query.question.record_class));
    return message;
}

std::optional<Answer> decode(BytesView message, const Query& asked) {
    ByteReader in(message);
    const auto id = in.u16(), flags = in.u16();
    const auto questions = in.u16(), records = in.u16(), authorities = in.u16(), additional = in.u16();
    if (!in.ok() || id != asked.id || (flags & (response | opcode)) != response) return std::nullopt;
    if (questions != 1 || !reads(in, asked.question)) return std::nullopt;

    Answer answer{static_cast<Rcode>(flags & rcode_bits), (flags & truncation) != 0, true, records, {}};
    for (int i = 0; answer.intact && i < records + authorities + additional; ++i) {
        const auto record = read_record(in);
        answer.intact = record.has_value();
        if (!record || i >= records) continue;
        if (const auto address = address_in(*record)) answer.addresses.push_back(*address);
    }
    return answer;
}

}  // namespace dnsfailover
