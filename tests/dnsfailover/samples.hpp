// Names, questions and answers that the tests of this folder share.
#pragma once

#include "dnsfailover/core/probe.hpp"

namespace dnsfailover::sample {

inline Name name(std::string_view text) { return Name::parse(text).value(); }

// A response to `query`: its header and question, `records` as they stand.
struct Response {
    std::uint16_t flags = 0x8180;  // response, recursion desired and available
    std::uint16_t answers = 0;
    Bytes records{};
};

inline Bytes response_to(const Query& query, const Response& response = {}) {
    auto message = encode(query);
    message[2] = static_cast<std::uint8_t>(response.flags >> 8);
    message[3] = static_cast<std::uint8_t>(response.flags);
    message[6] = static_cast<std::uint8_t>(response.answers >> 8);
    message[7] = static_cast<std::uint8_t>(response.answers);
    message.insert(message.end(), response.records.begin(), response.records.end());
    return message;
}

// An A record whose owner is the question's name, by a pointer to it.
inline Bytes a_record(const IpAddress& address) {
    Bytes record{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4};
    record.insert(record.end(), address.bytes().begin(), address.bytes().end());
    return record;
}

}  // namespace dnsfailover::sample
