// DNS messages (RFC 1035 4) as far as a health check needs them: one question is written, its answer is read.
// Used by the rest of dnsfailover. Pure.
//
// By own bytes: libldns' reader cannot be linked without its zone files, clock, random source and name service, so
// a core over it is pure in name only; and it rejects a message as a whole, where an answer that is broken behind
// its question still shows that somebody lives. The tests hold this file against ldns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"

namespace dnsfailover {

using vrrpd::Bytes;
using vrrpd::BytesView;
using vrrpd::IpAddress;

// A domain name of host characters (letters, digits, '-', '_'), in lower case: RFC 4343 tells no case apart.
class Name {
public:
    // "example.com", "example.com.", "."; nullopt: an empty or too long label, a too long name, another character.
    [[nodiscard]] static std::optional<Name> parse(std::string_view text);
    // `label` in front of this name.
    [[nodiscard]] std::optional<Name> below(std::string_view label) const;

    [[nodiscard]] BytesView wire() const { return wire_; }
    [[nodiscard]] std::string to_string() const;  // without the last dot

    bool operator==(const Name&) const = default;

private:
    Name() = default;
    Bytes wire_;  // labels with their lengths, the root's zero last
};

enum class RecordType : std::uint16_t { a = 1, txt = 16, aaaa = 28 };
enum class RecordClass : std::uint16_t { internet = 1, chaos = 3 };

struct Question {
    Name name;
    RecordType type = RecordType::a;
    RecordClass record_class = RecordClass::internet;

    bool operator==(const Question&) const = default;
};

struct Query {
    std::uint16_t id;
    Question question;
};

enum class Rcode : std::uint8_t { noerror = 0, formerr = 1, servfail = 2, nxdomain = 3, notimp = 4, refused = 5 };

struct Answer {
    Rcode rcode = Rcode::noerror;
    bool truncated = false;            // TC: the rest is to be had over TCP
    bool intact = true;                // every record that the header counts is there
    std::uint16_t records = 0;         // in the answer section, as the header counts them
    std::vector<IpAddress> addresses;  // of the A and AAAA records among them

    bool operator==(const Answer&) const = default;
};

// Recursion is desired: a forwarder without it is of no use to a client.
[[nodiscard]] Bytes encode(const Query& query);

// nullopt: no answer to this query (another id, another question, no response at all, cut within the question).
// Who sent it is the socket's to check.
[[nodiscard]] std::optional<Answer> decode(BytesView message, const Query& asked);

}  // namespace dnsfailover
