// dnsmasq's options as dnsmasq 2.90 itself takes them out of its command line and files.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/dhcpsync/dnsmasq_texts.hpp"

namespace dhcpsync::dnsmasq_options_test {
namespace {

using Words = std::vector<std::string>;

TEST(DnsmasqOptions, of_a_file_with_their_lines) {
    const auto text = read_text("# a comment\n\n  no-ping   # said so\ndhcp-range = 10.0.0.10 , 10.0.0.20,1h\nport=0");
    EXPECT_EQ(told(text), "no-ping dhcp-range=10.0.0.10,10.0.0.20,1h port=0");
    EXPECT_EQ(text.options.at(1).at, (TextPlace{"/etc/dnsmasq.conf", 4}));
    EXPECT_EQ(text.options.at(1).fields, (Words{"10.0.0.10", "10.0.0.20", "1h"}));
    EXPECT_EQ(text.files, Words{"/etc/dnsmasq.conf"});
    EXPECT_TRUE(text.faulty.empty() && text.unread.empty());
}

TEST(DnsmasqOptions, quotes_hide_what_would_have_a_meaning) {
    const auto text = read_text("txt-record=a,\"b, # \\\"c\\\\\"\ndomain=x#y\ndomain=z #y\n");
    EXPECT_EQ(text.options.at(0).fields, (Words{"a", "b, # \"c\\"}));
    EXPECT_EQ(text.options.at(1).fields, Words{"x#y"});
    EXPECT_EQ(text.options.at(2).fields, Words{"z"});
}

TEST(DnsmasqOptions, garbage_is_counted_and_harms_nothing) {
    const auto text = read_text("=5\nno-ping \"\nwhat is this\nno-ping\n\xff\xfe\n");
    EXPECT_EQ(text.faulty.size(), 3U);
    EXPECT_EQ(text.faulty.at(0), (TextPlace{"/etc/dnsmasq.conf", 1}));
    EXPECT_EQ(told(text), "no-ping \xff\xfe") << "what is not known is kept";
}

TEST(DnsmasqOptions, of_a_command_line) {
    FakeTexts texts;
    texts.files["/etc/dnsmasq.conf"] = "port=5\n";
    EXPECT_EQ(told(read_dnsmasq({"-k", "--port=0", "--dhcp-range", "10.0.0.9,10.0.0.20", "-Xd", "-l", "/x", "-K5",
                                 "--enable-dbus", "-u", "dnsmasq", "-i/y"},
                                texts)),
              "k port=0 dhcp-range=10.0.0.9,10.0.0.20 dhcp-lease-max=d dhcp-leasefile=/x dhcp-authoritative no-ping "
              "enable-dbus u=dnsmasq interface=/y port=5");
    EXPECT_EQ(read_dnsmasq({"-p", "0"}, texts).options.at(0).at, (TextPlace{"the command line of dnsmasq", 0}));
    EXPECT_EQ(read_dnsmasq({"stray", "-"}, texts).faulty.size(), 2U);
}

TEST(DnsmasqOptions, a_file_that_is_named_stands_for_the_usual_one) {
    FakeTexts texts;
    texts.files["/etc/dnsmasq.conf"] = "port=5\n";
    texts.files["/a"] = "port=1\n";
    texts.files["/b"] = "port=2\n";
    EXPECT_EQ(told(read_dnsmasq({"-C", "/a", "--conf-file=/b", "--port=9"}, texts)), "port=9 port=1 port=2");
    EXPECT_EQ(told(read_dnsmasq({"--conf-file="}, texts)), "");
    EXPECT_EQ(read_dnsmasq({"-C", "-"}, texts).unread.size(), 1U);
    EXPECT_TRUE(read_dnsmasq({"--conf-file=/dev/null"}, texts).unread.empty());
}

TEST(DnsmasqOptions, of_files_that_lead_to_others) {
    FakeTexts texts;
    texts.files["/etc/dnsmasq.conf"] = "conf-file=/a\nno-ping\nconf-file=/g/*.conf\nconf-file=/missing\n";
    texts.files["/a"] = "port=1\nconf-file=/etc/dnsmasq.conf\nconf-file=/a\n";
    texts.files["/g/1.conf"] = "port=2\n";
    texts.files["/g/2.txt"] = "port=3\n";
    const auto text = read_dnsmasq({}, texts);
    EXPECT_EQ(interpret(text).port.value, 2U);
    EXPECT_EQ(text.files, (Words{"/etc/dnsmasq.conf", "/a", "/g/1.conf"}));
    EXPECT_EQ(text.unread, (std::vector<TextPlace>{{"/etc/dnsmasq.conf", 4}}));
    EXPECT_EQ(text.hidden, (Words{"/missing"}));
}

TEST(DnsmasqOptions, that_cannot_be_seen_may_be_any) {
    FakeTexts texts;
    texts.files["/etc/dnsmasq.conf"] =
        "conf-file=/a\nconf-dir=/d\nconf-script=/s\nconf-file=/e/*.conf\ndhcp-hostsfile=/hosts\nconf-file=/g/*.conf\n";
    texts.files["/g/1.txt"] = "";
    EXPECT_EQ(read_dnsmasq({}, texts).hidden, (Words{"/a", "/d", "/s", "/e/*.conf"}));
    EXPECT_EQ(read_dnsmasq({"-C", "/b", "-7", "/c"}, texts).hidden, (Words{"/c", "/b"}));
}

TEST(DnsmasqOptions, of_a_directory_in_the_order_of_its_names) {
    FakeTexts texts;
    for (const char* name : {"20-b.conf", "10-a.conf", ".hidden", "old~", "#edit#", "README", "x.dpkg-old"})
        texts.files[std::string("/d/") + name] = std::string("name=") + name + "\n";
    EXPECT_EQ(told(read_dnsmasq({"--conf-file=", "-7", "/d,*.conf"}, texts)),
              "name=10-a.conf name=20-b.conf conf-dir=/d,*.conf");
    EXPECT_EQ(told(read_dnsmasq({"--conf-file=", "-7", "/d,.dpkg-old,README"}, texts)),
              "name=10-a.conf name=20-b.conf conf-dir=/d,.dpkg-old,README");
    EXPECT_EQ(told(read_dnsmasq({"--conf-file=", "-7", "/d"}, texts)),
              "name=10-a.conf name=20-b.conf name=README name=x.dpkg-old conf-dir=/d");
    EXPECT_EQ(read_dnsmasq({"--conf-file=", "-7", "/nowhere"}, texts).unread.size(), 1U);
}

TEST(DnsmasqOptions, of_files_that_hold_values) {
    FakeTexts texts;
    texts.files["/etc/dnsmasq.conf"] = "dhcp-hostsfile=/hosts\ndhcp-optsdir=/opts\n";
    texts.files["/hosts"] = "aa:bb:cc:dd:ee:ff,10.0.0.7\n# none\n";
    texts.files["/opts/1"] = "option:router,10.0.0.1\n";
    const auto conf = interpret(read_dnsmasq({}, texts));
    EXPECT_EQ(conf.reserved, std::vector<IpAddress>{IpAddress::v4(10, 0, 0, 7)});
    ASSERT_NE(conf.option4(3), nullptr);
    EXPECT_EQ(conf.option4(3)->at, (TextPlace{"/opts/1", 1}));
}

// Each of these files leads to two more.
class EndlessTexts final : public DnsmasqTexts {
public:
    std::optional<std::string> read(const std::string& path) override {
        return "conf-file=" + path + "0\nconf-file=" + path + "1\n" + std::string(1000, '\n');
    }
    std::optional<std::vector<std::string>> list(const std::string&) override { return std::nullopt; }
    std::vector<std::string> glob(const std::string&) override { return {}; }
};

TEST(DnsmasqOptions, have_an_end) {
    EndlessTexts endless;
    const auto text = read_dnsmasq({}, endless);
    EXPECT_TRUE(text.too_much);
    EXPECT_LE(text.files.size(), DnsmasqText::most_files);
    std::string many;
    for (std::size_t i = 0; i < DnsmasqText::most_options + 10; ++i) many += "no-ping\n";
    EXPECT_EQ(read_text(many).options.size(), DnsmasqText::most_options);
    EXPECT_TRUE(read_text(many).too_much);
}

RC_GTEST_PROP(DnsmasqOptions, no_text_breaks_the_reader, (const std::string& text)) {
    const auto read = read_text(text);
    (void)interpret(read);
    RC_ASSERT(read.options.size() + read.faulty.size() <=
              static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
}

RC_GTEST_PROP(DnsmasqOptions, nor_does_a_command_line, (const std::vector<std::string>& words)) {
    FakeTexts texts;
    (void)interpret(read_dnsmasq(words, texts));
}

RC_GTEST_PROP(DnsmasqOptions, nor_do_fields_in_the_wrong_places, ()) {
    const auto fields = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "10.0.0.1", "10.0.0.9", "fd00::1", "fd00::9", "static", "ra-only", "constructor:eth0", "255.255.255.0", "64",
        "1h", "infinite", "tag:a", "set:b", "option:3", "option6:23", "3", "[fd00::7]", "", "[]", "99999999999w"));
    std::string value;
    for (const auto& field : fields) value += "," + field;
    for (const char* name : {"dhcp-range=", "dhcp-option=", "dhcp-host=", "listen-address=", "dhcp-lease-max="}) {
        const auto text = read_text(name + value.substr(value.empty() ? 0 : 1) + "\n");
        const auto conf = interpret(text);
        (void)shared_settings(text);
        (void)conf.pool_size();
        RC_ASSERT(conf.ranges.size() + conf.dhcp_options.size() <= 1U);
    }
}

}  // namespace
}  // namespace dhcpsync::dnsmasq_options_test
