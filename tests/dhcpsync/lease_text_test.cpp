// dnsmasq's lease file, as dnsmasq 2.90 writes it and as nobody should.
#include "dhcpsync/core/lease_text.hpp"

#include <gtest/gtest.h>

#include "tests/dhcpsync/sample.hpp"

namespace dhcpsync::lease_text_test {
namespace {

using namespace sample;

constexpr LeaseFormat format{ExpiryField::until, noon};

std::vector<FaultyLine> faults(std::string_view text) { return read_leases(text, format).faults.named; }

TEST(LeaseText, what_dnsmasq_writes) {
    const auto read = read_leases(
        "1700003600 02:00:00:00:00:01 10.12.14.101 client1 01:02:00:00:00:00:01\n"
        "0 06-02:00:00:00:00:02 10.12.14.102 * *\n"
        "1700003600 00- 10.12.14.103 * ff:00\n"
        "duid 00:01:00:01:2c\n"
        "1700003600 7 fd00::1 six 00:01\n"
        "1700003600 T8 fd00::2 * 00:02\n",
        format);
    EXPECT_EQ(read.faults.total(), 0u);
    EXPECT_EQ(read.book.server_duid, (Bytes{0, 1, 0, 1, 0x2c}));
    const auto& all = read.book.leases;
    ASSERT_EQ(all.size(), 5u);
    EXPECT_EQ(all.at(ip(101)), lease(101, 1));
    EXPECT_EQ(all.at(ip(102)), (Lease{ip(102), Client4{{6, mac(2)}, {}}, "", never}));
    EXPECT_EQ(all.at(ip(103)).client, Client(Client4{{0, {}}, {0xff, 0}}));
    EXPECT_EQ(all.at(*IpAddress::parse("fd00::1")).client, Client(Client6{{0, 1}, Iaid{7}, false}));
    EXPECT_EQ(all.at(*IpAddress::parse("fd00::2")).client, Client(Client6{{0, 2}, Iaid{8}, true}));
}

TEST(LeaseText, lines_of_2_92_are_read_over_wherever_they_stand) {
    const auto read = read_leases(
        "agent-info 10.12.14.101 01:02\n"
        "0 02:00:00:00:00:01 10.12.14.101 * *\n"
        "vendorclass 10.12.14.101 61:62\n"
        "0 02:00:00:00:00:02 10.12.14.102 * *\n",
        format);
    EXPECT_EQ(read.faults.total(), 0u);
    EXPECT_EQ(read.book.leases.size(), 2u);
}

TEST(LeaseText, each_fault_by_its_name_and_its_neighbours_unharmed) {
    const auto one = [](const std::string& line) {
        const auto read = read_leases(
            "0 02:00:00:00:00:01 10.12.14.1 * *\n" + line + "\n0 02:00:00:00:00:02 10.12.14.2 * *\n", format);
        EXPECT_EQ(read.book.leases.size(), 2u) << line;
        EXPECT_EQ(read.faults.total(), 1u) << line;
        EXPECT_EQ(read.faults.named.at(0).line, 2u) << line;
        return read.faults.named.at(0).fault;
    };
    EXPECT_EQ(one("what is this"), TextFault::not_a_record);
    EXPECT_EQ(one("1 2 3 4 5 6 7 8"), TextFault::not_a_record);
    EXPECT_EQ(one("soon 02:00:00:00:00:03 10.12.14.3 * *"), TextFault::bad_expiry);
    EXPECT_EQ(one("-1 02:00:00:00:00:03 10.12.14.3 * *"), TextFault::bad_expiry);
    EXPECT_EQ(one("99999999999999999999 02:00:00:00:00:03 10.12.14.3 * *"), TextFault::bad_expiry);
    EXPECT_EQ(one("3600 02:00:00:00:00:03 10.12.14.3 * *"), TextFault::long_ago) << "the length of one";
    EXPECT_EQ(one("0 zz-02:00 10.12.14.3 * *"), TextFault::bad_hardware);
    EXPECT_EQ(one("0 100-02:00 10.12.14.3 * *"), TextFault::bad_hardware);
    EXPECT_EQ(one("0 02:00:0g 10.12.14.3 * *"), TextFault::bad_hardware);
    EXPECT_EQ(one("0 02:00: 10.12.14.3 * *"), TextFault::bad_hardware);
    EXPECT_EQ(one("0 1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10:11 10.12.14.3 * *"), TextFault::bad_hardware);
    EXPECT_EQ(one("0 02:00 10.12.14.300 * *"), TextFault::bad_address);
    EXPECT_EQ(one("0 02:00 0.0.0.0 * *"), TextFault::bad_address);
    EXPECT_EQ(one("0 x7 fd00::1 * 00:01"), TextFault::bad_iaid);
    EXPECT_EQ(one("0 4294967296 fd00::1 * 00:01"), TextFault::bad_iaid);
    EXPECT_EQ(one("0 02:00 10.12.14.3 * 01:xx"), TextFault::bad_client_id);
    EXPECT_EQ(one("duid *"), TextFault::bad_duid);
}

TEST(LeaseText, a_hostile_name_is_left_out_and_the_lease_stays) {
    const auto read = read_leases("0 02:00:00:00:00:01 10.12.14.1 $(reboot) *\n", format);
    EXPECT_EQ(read.book.leases.at(ip(1)).host_name, "");
    EXPECT_EQ(read.faults.count(TextFault::bad_host_name), 1u);
}

TEST(LeaseText, of_two_records_of_one_address_the_longer_one_is_used) {
    const auto text = "1700003600 02:00:00:00:00:01 10.12.14.1 * *\n1700007200 02:00:00:00:00:02 10.12.14.1 * *\n";
    EXPECT_EQ(read_leases(text, format).book.leases.at(ip(1)).expires, noon + Seconds(7200));
    EXPECT_EQ(faults(text), (std::vector<FaultyLine>{{2, TextFault::duplicate}}));
}

TEST(LeaseText, a_last_record_without_its_end_is_not_used) {
    const auto text = "0 02:00:00:00:00:01 10.12.14.1 * *\n0 02:00:00:00:00:02 10.12.14.2 * *";
    EXPECT_EQ(read_leases(text, format).book.leases.size(), 1u);
    EXPECT_EQ(faults(text), (std::vector<FaultyLine>{{2, TextFault::truncated}}));
}

TEST(LeaseText, a_length_counts_from_now_where_the_clock_is_broken) {
    const LeaseFormat broken{ExpiryField::length, noon};
    const auto text = "3600 02:00:00:00:00:01 10.12.14.101 client1 01:02:00:00:00:00:01\n0 06-02 10.12.14.102 * *\n";
    const auto read = read_leases(text, broken);
    EXPECT_EQ(read.book.leases.at(ip(101)), lease(101, 1));
    EXPECT_EQ(read.book.leases.at(ip(102)).expires, never);
    EXPECT_EQ(write_leases(read.book, broken).text, text);
}

TEST(LeaseText, faults_are_counted_but_not_all_named) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "garbage\n";
    const auto read = read_leases(text, format);
    EXPECT_EQ(read.faults.count(TextFault::not_a_record), 1000u);
    EXPECT_EQ(read.faults.named.size(), TextFaults::most_named);
}

TEST(LeaseText, every_kind_of_fault_has_words) {
    for (std::size_t i = 0; i < text_fault_kinds; ++i) EXPECT_FALSE(describe(static_cast<TextFault>(i)).empty());
}

TEST(LeaseText, a_hundred_thousand_records) {
    LeaseBook book;
    for (unsigned i = 0; i < 100'000; ++i) {
        const auto part = [i](unsigned shift) { return static_cast<std::uint8_t>(i >> shift); };
        auto one = lease(1, 1);
        one.address = IpAddress::v4(10, part(16), part(8), part(0));
        book.leases.emplace(one.address, one);
    }
    book.leases.erase(IpAddress::v4(10, 0, 0, 0));
    const auto read = read_leases(write_leases(book, format).text, format);
    EXPECT_EQ(read.faults.total(), 0u);
    EXPECT_EQ(read.book, book);
}

TEST(LeaseText, more_than_most_leases_are_not_read) {
    std::string text;
    for (unsigned i = 0; i < most_leases + 1; ++i)
        text += "0 02:00 10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." +
                std::to_string(i & 255) + " * *\n";
    const auto read = read_leases(text, format);
    EXPECT_EQ(read.book.leases.size(), most_leases);
    EXPECT_EQ(read.faults.count(TextFault::too_many), 1u);
}

TEST(LeaseText, without_server_duid_no_dhcpv6_record_is_written) {
    const auto written = write_leases({leases({lease(101, 1), lease6(1, 1)}), {}}, format);
    EXPECT_EQ(written.left_out, 1u);
    EXPECT_EQ(written.text, "1700003600 02:00:00:00:00:01 10.12.14.101 client1 01:02:00:00:00:00:01\n");
}

TEST(LeaseText, an_expired_lease_is_not_written) {
    EXPECT_EQ(write_leases({leases({lease(101, 1, Seconds(0))}), {}}, format).text, "");
}

TEST(LeaseTextProperty, what_was_written_reads_the_same) {
    EXPECT_TRUE(rc::check([] {
        LeaseBook book;
        book.server_duid = any_bytes(1, 20);
        const auto count = *rc::gen::inRange(0, 20);
        for (int i = 0; i < count; ++i) {
            const auto one = any_lease();
            book.leases.insert_or_assign(one.address, one);
        }
        const LeaseFormat any{*rc::gen::element(ExpiryField::until, ExpiryField::length), noon};
        const auto written = write_leases(book, any);
        RC_ASSERT(written.left_out == 0u);
        const auto read = read_leases(written.text, any);
        RC_ASSERT(read.faults.total() == 0u);
        RC_ASSERT(read.book == book);
    }));
}

TEST(LeaseTextProperty, no_bytes_do_harm_and_faults_are_at_most_two_a_line) {
    EXPECT_TRUE(rc::check([] {
        const auto alphabet = std::string("0a:-* \n\t\rT.\0\xff", 13) + "duid1";
        const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(alphabet));
        const auto read = read_leases(text, format);
        const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
        RC_ASSERT(read.faults.total() <= 2 * lines);
        RC_ASSERT(read.faults.named.size() <= TextFaults::most_named);
        for (const auto& [address, one] : read.book.leases) RC_ASSERT(well_formed(one));
    }));
}

// A record in which one word is another: still nothing that should not pass does.
TEST(LeaseTextProperty, a_damaged_record_is_refused_or_well_formed) {
    EXPECT_TRUE(rc::check([] {
        const auto one = any_lease();
        auto text = write_leases({leases({one}), {1}}, format).text;
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
        text[at] = static_cast<char>(*rc::gen::arbitrary<std::uint8_t>());
        for (const auto& [address, read] : read_leases(text, format).book.leases) RC_ASSERT(well_formed(read));
    }));
}

}  // namespace
}  // namespace dhcpsync::lease_text_test
