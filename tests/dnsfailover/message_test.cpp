// Queries and answers octet by octet (RFC 1035 4), and what is no answer to what was asked.
#include <gtest/gtest.h>

#include "tests/dnsfailover/samples.hpp"

namespace dnsfailover::message_test {
namespace {

using sample::a_record;
using sample::name;
using sample::response_to;

const IpAddress address = IpAddress::v4(192, 0, 2, 7);

Query query(std::uint16_t id = 0x1234) { return {id, {name("www.example.com")}}; }

TEST(Name, is_read_from_text_and_written_back) {
    for (const auto* text : {"example.com", "a", "_dns.x-1.test", "."}) EXPECT_EQ(name(text).to_string(), text);
    EXPECT_EQ(name("Example.COM."), name("example.com"));
    const auto short_one = name("ab.c");
    EXPECT_EQ(Bytes(short_one.wire().begin(), short_one.wire().end()), (Bytes{2, 'a', 'b', 1, 'c', 0}));
    EXPECT_EQ(name(".").wire().size(), 1U);
}

TEST(Name, what_is_none_is_refused) {
    const std::string label(63, 'x');
    const auto longest = label + "." + label + "." + label + "." + std::string(61, 'y');
    EXPECT_TRUE(Name::parse(longest));
    for (const auto& text :
         {std::string(), std::string(".."), std::string("a..b"), std::string(".a"), std::string("a b"),
          std::string("a\\.b"), std::string("m\xc3\xbcller.de"), label + "x", longest + "y"})
        EXPECT_FALSE(Name::parse(text)) << text;
}

TEST(Name, a_label_goes_in_front) {
    EXPECT_EQ(name("example.com").below("x1")->to_string(), "x1.example.com");
    EXPECT_EQ(name(".").below("x1")->to_string(), "x1");
    EXPECT_FALSE(name("example.com").below(""));
    EXPECT_FALSE(name("example.com").below("a.b"));
    const std::string label(63, 'x');
    EXPECT_FALSE(name(label + "." + label + "." + label + "." + std::string(61, 'y')).below("z"));
}

TEST(Encode, a_query_is_a_header_and_one_question) {
    EXPECT_EQ(encode({0xbeef, {name("ab.c"), RecordType::txt, RecordClass::chaos}}),
              (Bytes{0xbe, 0xef, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 2, 'a', 'b', 1, 'c', 0, 0, 16, 0, 3}));
}

TEST(Decode, an_answer_with_its_addresses) {
    auto records = a_record(address);
    const Bytes v6{0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
    records.insert(records.end(), v6.begin(), v6.end());
    const auto answer = decode(response_to(query(), {0x8180, 2, records}), query());
    ASSERT_TRUE(answer);
    EXPECT_EQ(*answer, (Answer{Rcode::noerror, false, true, 2, {address, *IpAddress::parse("2001:db8::9")}}));
}

TEST(Decode, the_rcode_and_the_TC_bit_are_given) {
    EXPECT_EQ(decode(response_to(query(), {0x8182}), query())->rcode, Rcode::servfail);
    EXPECT_EQ(decode(response_to(query(), {0x8185}), query())->rcode, Rcode::refused);
    EXPECT_FALSE(decode(response_to(query(), {0x8180}), query())->truncated);
    EXPECT_TRUE(decode(response_to(query(), {0x8380}), query())->truncated);
}

TEST(Decode, the_question_may_come_back_in_another_case) {
    auto message = response_to(query());
    message[13] = 'W';
    EXPECT_TRUE(decode(message, query()));
}

TEST(Decode, what_was_not_asked_is_no_answer) {
    EXPECT_FALSE(decode(response_to(query(0x1235)), query())) << "another id";
    EXPECT_FALSE(decode(response_to({0x1234, {name("www.example.org")}}), query())) << "another name";
    EXPECT_FALSE(decode(response_to({0x1234, {name("www.example.com.au")}}), query())) << "a longer name";
    EXPECT_FALSE(decode(response_to({0x1234, {name("example.com")}}), query())) << "a shorter name";
    EXPECT_FALSE(decode(response_to({0x1234, {name("www.example.com"), RecordType::aaaa}}), query())) << "another type";
    EXPECT_FALSE(decode(encode(query()), query())) << "our own query, sent back";
    EXPECT_FALSE(decode(response_to(query(), {0xa180}), query())) << "another opcode";
    auto message = response_to(query());
    message[5] = 0;
    EXPECT_FALSE(decode(message, query())) << "no question";
}

TEST(Decode, cut_within_the_question_it_is_no_answer_and_behind_it_is_a_broken_one) {
    const auto whole = response_to(query(), {0x8180, 1, a_record(address)});
    const auto question_end = encode(query()).size();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto answer = decode(BytesView(whole).first(size), query());
        ASSERT_EQ(answer.has_value(), size >= question_end) << size;
        if (answer) {
            EXPECT_FALSE(answer->intact) << size;
        }
    }
    EXPECT_TRUE(decode(whole, query())->intact);
}

TEST(Decode, names_of_records_lead_nowhere) {
    // A pointer to itself, a label type that RFC 1035 does not know, 65,535 records that are not there.
    const Bytes tail{0, 1, 0, 1, 0, 0, 0, 60, 0, 0};
    Bytes itself{0xc0, 33}, unknown{0x40, 0};
    itself.insert(itself.end(), tail.begin(), tail.end());
    unknown.insert(unknown.end(), tail.begin(), tail.end());
    EXPECT_TRUE(decode(response_to(query(), {0x8180, 1, itself}), query())->intact) << "skipped, not followed";
    EXPECT_FALSE(decode(response_to(query(), {0x8180, 1, unknown}), query())->intact);
    EXPECT_FALSE(decode(response_to(query(), {0x8180, 0xffff, a_record(address)}), query())->intact);
}

}  // namespace
}  // namespace dnsfailover::message_test
