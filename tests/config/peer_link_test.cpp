// peer_link: the members, and which of them this host is.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::peer_link_test {
namespace {

const std::string members = "member H003 10.12.14.4\nmember H001 10.12.14.2\nmember H002 fd00:14::3\n";

Parsed parse_link(const std::string& body, const std::string& id = "H003", const std::string& globals = "") {
    return parse_text("global_defs {\n" + globals + "\n}\npeer_link {\n" + body + "}\n", id);
}

TEST(PeerLink, names_its_members_in_order) {
    const auto parsed = parse_link("key_file /etc/vrrpd/peer.key\nport 9000\n" + members);
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    const auto& link = parsed.config.peer_link.value();
    EXPECT_EQ(link.key_file, "/etc/vrrpd/peer.key");
    EXPECT_EQ(link.port, 9000);
    ASSERT_EQ(link.members.size(), 3U);
    EXPECT_EQ(link.members[2], (Member{"H002", *IpAddress::parse("fd00:14::3")}));
    EXPECT_EQ(parsed.faults, std::vector<Fault>{});
    EXPECT_EQ(parse_link(members).config.peer_link->port, 8725);
}

TEST(PeerLink, this_host_is_the_member_of_its_id_or_else_of_its_router_id) {
    EXPECT_EQ(parse_link(members, "H003").config.peer_link->self, 0U);
    EXPECT_EQ(parse_link(members, "H002").config.peer_link->self, 2U);
    EXPECT_EQ(parse_link(members, "localhost", "router_id H001").config.peer_link->self, 1U);
    EXPECT_EQ(parse_link(members, "H002", "router_id H001").config.peer_link->self, 2U);  // the id comes first
}

TEST(PeerLink, a_host_that_is_no_member_cannot_start) {
    const auto parsed = parse_link(members, "H004");
    EXPECT_TRUE(says(parsed.faults,
                     "vrrpd.conf:4:1: peer_link: no member is this host, 'H004' (did you mean H003?): add "
                     "it, or give -i NAME"));
    EXPECT_FALSE(parsed.can_start());
    EXPECT_FALSE(parsed.config.peer_link->self);
}

struct Bad {
    const char* body;
    const char* said;
};

TEST(PeerLink, faults_prevent_a_start) {
    for (const auto& [body, said] : {
             Bad{"member H003 10.12.14.4\nmember H003 10.12.14.2\nmember A 10.0.0.1\n",
                 "6:8: the member H003 has the name"},
             Bad{"member H003 10.12.14.4\nmember H001 10.12.14.4\nmember A 10.0.0.1\n",
                 "6:8: the member H001 has the name"},
             Bad{"member H003 10.12.14.4\n", "peer_link: name at least two members"},
             Bad{"member H003 router\nmember H003 10.0.0.1\nmember H001 10.0.0.2\n",
                 "5:13: 'router' is not an IP address"},
             Bad{"member H003\nmember H003 10.0.0.1\nmember H001 10.0.0.2\n",
                 "5:1: too few words: write member NAME ADDRESS"},
             Bad{"member H003 10.0.0.1\nmember H001 10.0.0.2\nport 0\n",
                 "7:6: port '0': write a number from 1 to 65535"},
             Bad{"member H003 10.0.0.1\nmember H001 10.0.0.2\nport 1\nport 2\n",
                 "8:1: port stands twice in this peer_link"},
             Bad{"member H003 10.0.0.1\nmember H001 10.0.0.2\nkey_file peer.key\n",
                 "7:10: key_file 'peer.key' is no whole path: write it from / on"},
             Bad{"member H003 10.0.0.1\nmember H001 10.0.0.2\nmembr X\n", "did you mean member?"},
         }) {
        const auto parsed = parse_link(body);
        EXPECT_EQ(errors(parsed.faults).size(), 1U) << body;
        EXPECT_TRUE(says(parsed.faults, said))
            << body << (errors(parsed.faults).empty() ? "" : errors(parsed.faults)[0]);
        EXPECT_FALSE(parsed.can_start()) << body;
        EXPECT_EQ(config_test_status(parsed.faults, false, false), 5) << body;
    }
}

TEST(PeerLink, without_a_key_is_adverts_alone) {
    EXPECT_EQ(parse_link(members).faults, std::vector<Fault>{});
    const auto parsed = parse_link(members + "port 9000\n");
    EXPECT_TRUE(says(parsed.faults, "8:1: peer_link: port has no use without key_file"));
    EXPECT_TRUE(parsed.can_start());
    EXPECT_EQ(config_test_status(parsed.faults, false, false), 0);
}

TEST(PeerLink, its_members_are_no_virtual_addresses) {
    const auto parsed = parse_text(
        "vrrp_instance V {\ninterface eth0\nvirtual_router_id 7\nvirtual_ipaddress {\n10.0.0.1/24\n}\n}\n"
        "peer_link {\nmember H003 10.0.0.3\nmember H001 10.0.0.1\n}\n");
    EXPECT_TRUE(says(parsed.faults, "10:13: peer_link: 10.0.0.1 is a virtual address: write the own address of H001"));
    EXPECT_FALSE(parsed.can_start());
    EXPECT_EQ(config_test_status(parsed.faults, false, false), 5);
}

TEST(PeerLink, stands_once) {
    const auto parsed = parse_text("peer_link {\n" + members + "}\npeer_link {\n" + members + "}\n");
    EXPECT_TRUE(says(parsed.faults, "6:1: peer_link stands twice"));
    EXPECT_FALSE(parsed.can_start());
}

}  // namespace
}  // namespace vrrpd::config::peer_link_test
