// Any bytes at all, and ldns as a second opinion on well-formed messages.
#include <gtest/gtest.h>
#include <ldns/ldns.h>
#include <rapidcheck.h>

#include <memory>

#include "tests/dnsfailover/samples.hpp"

namespace dnsfailover::message_property_test {
namespace {

using sample::name;
using sample::response_to;

using Packet = std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)>;

// As ldns reads it; null: not a message to ldns.
Packet read_by_ldns(BytesView message) {
    ldns_pkt* packet = nullptr;
    if (ldns_wire2pkt(&packet, message.data(), message.size()) != LDNS_STATUS_OK) packet = nullptr;
    return {packet, ldns_pkt_free};
}

std::string any_label() {
    static const std::string characters = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    const auto indexes = *rc::gen::container<std::vector<std::size_t>>(
        *rc::gen::inRange<std::size_t>(1, 20), rc::gen::inRange<std::size_t>(0, characters.size()));
    std::string label;
    for (const auto index : indexes) label += characters[index];
    return label;
}

Name any_name() {
    auto text = any_label();
    for (int more = *rc::gen::inRange(0, 5); more > 0; --more) text += "." + any_label();
    return name(text);
}

Query any_query() {
    return {*rc::gen::arbitrary<std::uint16_t>(),
            {any_name(), *rc::gen::element(RecordType::a, RecordType::txt, RecordType::aaaa),
             *rc::gen::element(RecordClass::internet, RecordClass::chaos)}};
}

Bytes any_bytes() { return *rc::gen::arbitrary<Bytes>(); }

TEST(MessageProperty, ldns_reads_our_queries_as_we_mean_them) {
    EXPECT_TRUE(rc::check([] {
        const auto query = any_query();
        const auto packet = read_by_ldns(encode(query));
        RC_ASSERT(packet != nullptr);
        RC_ASSERT(ldns_pkt_id(packet.get()) == query.id);
        RC_ASSERT(ldns_pkt_rd(packet.get()) && !ldns_pkt_qr(packet.get()));
        RC_ASSERT(ldns_rr_list_rr_count(ldns_pkt_question(packet.get())) == 1U);
        const auto* question = ldns_rr_list_rr(ldns_pkt_question(packet.get()), 0);
        RC_ASSERT(ldns_rr_get_type(question) == static_cast<ldns_rr_type>(query.question.type));
        RC_ASSERT(ldns_rr_get_class(question) == static_cast<ldns_rr_class>(query.question.record_class));
        const std::unique_ptr<char, decltype(&std::free)> text(ldns_rdf2str(ldns_rr_owner(question)), std::free);
        RC_ASSERT(std::string(text.get()) == query.question.name.to_string() + ".");
    }));
}

// An answer as ldns writes it, with name compression: CNAME, A and AAAA records, an SOA as authority.
Bytes written_by_ldns(const Query& query, const std::vector<std::string>& records, ldns_pkt_rcode rcode) {
    const Packet packet(ldns_pkt_new(), ldns_pkt_free);
    ldns_pkt_set_id(packet.get(), query.id);
    ldns_pkt_set_qr(packet.get(), true);
    ldns_pkt_set_rcode(packet.get(), rcode);
    auto* question = ldns_rr_new();
    ldns_rr_set_question(question, true);
    ldns_rr_set_owner(question, ldns_dname_new_frm_str(query.question.name.to_string().c_str()));
    ldns_rr_set_type(question, static_cast<ldns_rr_type>(query.question.type));
    ldns_rr_set_class(question, static_cast<ldns_rr_class>(query.question.record_class));
    ldns_pkt_push_rr(packet.get(), LDNS_SECTION_QUESTION, question);
    const auto push = [&](ldns_pkt_section section, const std::string& text) {
        ldns_rr* record = nullptr;
        RC_ASSERT(ldns_rr_new_frm_str(&record, text.c_str(), 60, nullptr, nullptr) == LDNS_STATUS_OK);
        ldns_pkt_push_rr(packet.get(), section, record);
    };
    for (const auto& text : records) push(LDNS_SECTION_ANSWER, text);
    push(LDNS_SECTION_AUTHORITY, "example. 60 IN SOA ns.example. admin.example. 1 2 3 4 5");
    std::uint8_t* bytes = nullptr;
    std::size_t size = 0;
    RC_ASSERT(ldns_pkt2wire(&bytes, packet.get(), &size) == LDNS_STATUS_OK);
    const std::unique_ptr<std::uint8_t, decltype(&std::free)> owner(bytes, std::free);
    return {bytes, bytes + size};
}

TEST(MessageProperty, we_read_what_ldns_writes) {
    EXPECT_TRUE(rc::check([] {
        const auto query = any_query();
        const auto owner = query.question.name.to_string() + ". 60 IN ";
        std::vector<std::string> records;
        std::vector<IpAddress> addresses;
        for (int more = *rc::gen::inRange(0, 6); more > 0; --more) {
            const bool v6 = *rc::gen::arbitrary<bool>();
            const auto bytes = *rc::gen::container<Bytes>(v6 ? 16 : 4, rc::gen::arbitrary<std::uint8_t>());
            addresses.push_back(IpAddress::from_bytes(bytes).value());
            records.push_back(owner + (v6 ? "AAAA " : "A ") + addresses.back().to_string());
            if (*rc::gen::arbitrary<bool>()) records.push_back(owner + "CNAME elsewhere.example.");
        }
        const auto rcode = *rc::gen::inRange(0, 6);
        const auto answer = decode(written_by_ldns(query, records, static_cast<ldns_pkt_rcode>(rcode)), query);
        RC_ASSERT(answer.has_value());
        RC_ASSERT(*answer == (Answer{static_cast<Rcode>(rcode), false, true, static_cast<std::uint16_t>(records.size()),
                                     addresses}));
    }));
}

TEST(MessageProperty, any_bytes_are_read_without_harm_and_are_hardly_ever_an_answer) {
    EXPECT_TRUE(rc::check([] {
        const auto query = any_query();
        RC_ASSERT(!decode(any_bytes(), query));
    }));
}

TEST(MessageProperty, any_bytes_behind_the_question_are_an_answer_of_which_at_most_the_records_are_broken) {
    EXPECT_TRUE(rc::check([] {
        const auto query = any_query();
        const auto records = any_bytes();
        const auto count = *rc::gen::arbitrary<std::uint16_t>();
        const auto answer = decode(response_to(query, {0x8180, count, records}), query);
        RC_ASSERT(answer.has_value());
        RC_ASSERT(answer->records == count);
        RC_ASSERT(answer->addresses.size() * 15 <= records.size());
        RC_ASSERT(!answer->intact || count <= records.size() / 11);
    }));
}

// Not in the records: ldns goes by a type's own length there, not by the record's.
TEST(MessageProperty, with_one_octet_of_header_or_question_changed_we_agree_with_ldns) {
    EXPECT_TRUE(rc::check([] {
        const auto query = any_query();
        auto message =
            written_by_ldns(query, {query.question.name.to_string() + ". 60 IN A 192.0.2.1"}, LDNS_RCODE_NOERROR);
        const auto at = *rc::gen::inRange<std::size_t>(0, encode(query).size());
        message[at] = *rc::gen::arbitrary<std::uint8_t>();
        const auto answer = decode(message, query);
        const auto packet = read_by_ldns(message);
        if (!packet || !answer) return;
        RC_ASSERT(answer->intact);
        RC_ASSERT(answer->records == ldns_pkt_ancount(packet.get()));
        RC_ASSERT(answer->truncated == ldns_pkt_tc(packet.get()));
        RC_ASSERT(static_cast<int>(answer->rcode) == static_cast<int>(ldns_pkt_get_rcode(packet.get())));
    }));
}

}  // namespace
}  // namespace dnsfailover::message_property_test
