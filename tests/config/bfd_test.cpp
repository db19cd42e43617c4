// bfd_instance, and who tracks it. Verdicts as keepalived 2.2.7's -t has them.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::bfd_test {
namespace {

using namespace std::chrono_literals;
using proto::BfdInterval;
using Words = std::vector<std::string>;

std::string session(const std::string& lines, const std::string& name = "b") {
    return "bfd_instance " + name + " {\n" + lines + "}\n";
}

std::string instance(const std::string& lines, const std::string& name = "V", int vrid = 7) {
    return "vrrp_instance " + name + " {\ninterface eth0\nvirtual_router_id " + std::to_string(vrid) +
           "\nvirtual_ipaddress {\n10.0.0." + std::to_string(vrid) + "\n}\n" + lines + "}\n";
}

Config clean(const std::string& text) {
    auto parsed = parse_text(text);
    EXPECT_EQ(errors(parsed.faults), Words{}) << text;
    return std::move(parsed.config);
}

// The sessions that are left, and that `what` is said.
std::vector<BfdInstance> faulty(const std::string& text, const std::string& what) {
    auto parsed = parse_text(text);
    EXPECT_TRUE(says(parsed.faults, what)) << text;
    EXPECT_FALSE(errors(parsed.faults).empty());
    return std::move(parsed.config.bfd_instances);
}

const std::string neighbor = "neighbor_ip 10.0.0.2\n";

TEST(Bfd, has_keepalived_s_defaults) {
    const auto config = clean(session(neighbor));
    ASSERT_EQ(config.bfd_instances.size(), 1U);
    const auto& b = config.bfd_instances[0];
    EXPECT_EQ(b.name, "b");
    EXPECT_EQ(b.neighbor, IpAddress::v4(10, 0, 0, 2));
    EXPECT_EQ(b.source, std::nullopt);
    EXPECT_EQ(b.parameters.min_rx, 10ms);
    EXPECT_EQ(b.parameters.min_tx, 10ms);
    EXPECT_EQ(b.parameters.idle_tx, 1s);
    EXPECT_EQ(b.parameters.multiplier, 5);
    EXPECT_FALSE(b.parameters.passive);
    EXPECT_FALSE(b.multihop);
    EXPECT_EQ(b.hops, 255);
    EXPECT_EQ(b.least_hops, 255) << "RFC 5881 5";
}

TEST(Bfd, takes_its_words) {
    const auto config =
        clean(session("neighbour_ip 10.0.0.2\nsource_ip 10.0.0.1\nmin_rx 20\nmin_tx 30.5\nidle_tx 1500\n"
                      "multiplier 3\npassive\nttl 254\nmax_hops 4\nweight 20 reverse\nvrrp\nchecker\n"));
    const auto& b = config.bfd_instances[0];
    EXPECT_EQ(b.source, IpAddress::v4(10, 0, 0, 1));
    EXPECT_EQ(b.parameters,
              (proto::BfdParameters{BfdInterval(30'500), BfdInterval(20'000), BfdInterval(1'500'000), 3, true}));
    EXPECT_EQ(b.hops, 254);
    EXPECT_EQ(b.least_hops, 250);
}

TEST(Bfd, over_IPv6_what_keepalived_sends_is_enough_unless_hoplimit_is_given) {
    const auto parsed = parse_text(session("neighbor_ip fd00::2\n"));
    EXPECT_EQ(parsed.config.bfd_instances[0].hops, 255);
    EXPECT_EQ(parsed.config.bfd_instances[0].least_hops, 64);
    EXPECT_TRUE(says(parsed.faults, "write hoplimit 255 on both sides"));
    EXPECT_EQ(errors(parsed.faults), Words{});
    const auto given = parse_text(session("neighbor_ip fd00::2\nhoplimit 255\n"));
    EXPECT_EQ(given.config.bfd_instances[0].least_hops, 255);
    EXPECT_TRUE(given.faults.empty());
    const auto local = parse_text(session("neighbor_ip fe80::2\n"));
    EXPECT_FALSE(says(local.faults, "hoplimit")) << "nobody from beyond the link has such an address";
}

TEST(Bfd, max_hops) {
    EXPECT_EQ(clean(session(neighbor + "max_hops -1\n")).bfd_instances[0].least_hops, 0);
    EXPECT_EQ(clean(session(neighbor + "multihop\n")).bfd_instances[0].least_hops, 0);
    EXPECT_EQ(clean(session(neighbor + "multihop\nmax_hops 3\n")).bfd_instances[0].least_hops, 252);
    EXPECT_EQ(
        faulty(session(neighbor + "ttl 10\nmax_hops 20\n"), "max_hops 20 is more than the hop limit")[0].least_hops, 0);
}

TEST(Bfd, a_link_local_neighbour_is_on_the_interface_of_who_tracks_it) {
    const auto config = clean(session("neighbor_ip fe80::2\n") + instance("track_bfd {\nb\n}\n"));
    EXPECT_EQ(config.bfd_instances[0].device, "eth0");
}

TEST(Bfd, values_out_of_range_are_said_and_the_default_stays) {
    for (const char* line : {"min_rx 0\n", "min_rx 0.5\n", "min_tx 4294967.295\n", "idle_tx 999\n", "multiplier 0\n",
                             "multiplier 256\n", "ttl 0\n", "max_hops 256\n", "max_hops -2\n", "weight 254\n"}) {
        const auto left = faulty(session(neighbor + line), "is not in range");
        ASSERT_EQ(left.size(), 1U) << line;
        EXPECT_EQ(left[0], clean(session(neighbor)).bfd_instances[0]) << line;
    }
    EXPECT_TRUE(says(parse_text(session(neighbor + "min_rx x\n")).faults, "write milliseconds from 1 to 4294967"));
    faulty(session(neighbor + "min_rx 1.2345\n"), "more than three places");
    faulty(session(neighbor + "weight 3 x\n"), "unknown word 'x' after weight");
    faulty(session(neighbor + "foo 3\n"), "unknown keyword 'foo'");
}

TEST(Bfd, what_cannot_be_a_session_is_left_out) {
    EXPECT_TRUE(faulty(session("min_rx 20\n"), "does not say what to watch").empty());
    EXPECT_TRUE(faulty(session("neighbor_ip 10.0.0.300\n"), "is not an IP address").empty());
    EXPECT_TRUE(faulty(session("neighbor_ip fe80::1%eth0\n"), "is not an IP address").empty());
    EXPECT_TRUE(faulty(session(neighbor + "source_ip fd00::1\n"), "are of two families").empty());
    EXPECT_TRUE(faulty(session("source_ip fd00::1\n" + neighbor), "are of two families").empty());
    EXPECT_EQ(faulty(session(neighbor + "source_ip foo\n"), "is not an IP address").size(), 1U);
    EXPECT_TRUE(faulty(session(neighbor, std::string(32, 'n')), "more than 31 characters").empty());
    EXPECT_EQ(clean(session(neighbor, std::string(31, 'n'))).bfd_instances.size(), 1U);
}

TEST(Bfd, two_of_a_name_or_of_a_neighbour_are_one_too_many) {
    EXPECT_EQ(faulty(session(neighbor) + session("neighbor_ip 10.0.0.3\n"), "stands twice").size(), 1U);
    EXPECT_EQ(
        faulty(session(neighbor) + session(neighbor, "c"), "has the neighbor_ip 10.0.0.2 of bfd_instance b").size(),
        1U);
    EXPECT_EQ(clean(session(neighbor + "source_ip 10.0.0.1\n") + session(neighbor + "source_ip 10.0.0.7\n", "c"))
                  .bfd_instances.size(),
              2U);
}

TEST(Bfd, who_can_never_answer_is_said_and_kept) {
    for (const char* address : {"224.0.0.5", "0.0.0.0"}) {
        const auto parsed = parse_text(session("neighbor_ip " + std::string(address) + "\n"));
        EXPECT_EQ(errors(parsed.faults), Words{});
        EXPECT_TRUE(says(parsed.faults, "the session is never Up")) << address;
        EXPECT_EQ(parsed.config.bfd_instances.size(), 1U);
    }
}

TEST(Bfd, one_for_checkers_alone_is_not_there) {
    const auto parsed = parse_text(session(neighbor + "checker\n") + instance("track_bfd {\nb\n}\n"));
    EXPECT_TRUE(parsed.config.bfd_instances.empty());
    EXPECT_TRUE(says(parsed.faults, "for keepalived's checkers alone"));
    EXPECT_TRUE(says(parsed.faults, "there is no bfd 'b' above this line"));
}

TEST(TrackBfd, weighs_as_the_line_says_or_as_the_session_does) {
    const auto config = clean(session(neighbor + "weight 20 reverse\n") + instance("track_bfd {\nb\n}\n") +
                              instance("track_bfd {\nb weight -30 noreverse\n}\n", "W", 8) + instance("", "X", 9));
    EXPECT_EQ(config.instances[0].tracks[0], (Track{Track::Kind::bfd, true, 20, 0}));
    EXPECT_EQ(config.instances[1].tracks[0], (Track{Track::Kind::bfd, false, -30, 0}));
    EXPECT_TRUE(config.instances[2].tracks.empty());
}

TEST(TrackBfd, faults_of_its_lines) {
    const auto tracks = [](const std::string& lines) {
        return session(neighbor) + instance("track_bfd {\n" + lines + "}\n");
    };
    faulty(tracks("c\n"), "there is no bfd 'c' above this line");
    faulty(tracks("b\nb weight 10\n"), "bfd 'b' is tracked twice");
    faulty(tracks("b weight 254\n"), "254");
    faulty(tracks("b weigh 3\n"), "unknown word 'weigh'");
    faulty(instance("track_bfd {\nb\n}\n") + session(neighbor), "there is no bfd 'b' above this line");
    const auto owner = parse_text(session(neighbor) + instance("priority 255\ntrack_bfd {\nb weight 3\n}\n"));
    EXPECT_TRUE(says(owner.faults, "bfd 'b' is not tracked"));
    EXPECT_TRUE(owner.config.instances[0].tracks.empty());
}

TEST(TrackBfd, a_group_tracks_for_its_members) {
    const auto text = session(neighbor) + instance("", "V", 7) + instance("", "W", 8);
    const auto config = clean(text + "vrrp_sync_group G {\ngroup {\nV\nW\n}\ntrack_bfd {\nb\n}\n}\n");
    for (const auto& one : config.instances)
        EXPECT_EQ(one.tracks[0], (Track{Track::Kind::bfd, false, 0, 0})) << one.name;
    const auto weighs = clean(text + "vrrp_sync_group G {\ngroup {\nV\nW\n}\ntrack_bfd {\nb weight 10\n}\n}\n");
    for (const auto& one : weighs.instances) EXPECT_EQ(one.tracks[0].weight, 10) << "alike for all of them";
    const auto members = parse_text(session(neighbor) + instance("track_bfd {\nb weight 10\n}\n", "V", 7) +
                                    instance("", "W", 8) + "vrrp_sync_group G {\ngroup {\nV\nW\n}\n}\n");
    EXPECT_TRUE(says(members.faults, "bfd 'b' weighs, and vrrp_sync_group G moves as one"));
    EXPECT_TRUE(members.config.instances[0].tracks.empty());
}

TEST(Bfd, one_process_speaks_both_so_its_priority_is_the_larger_one) {
    const auto config = clean("global_defs {\nvrrp_rt_priority 20\nbfd_rt_priority 40\nbfd_no_swap\n}\n");
    EXPECT_TRUE(config.realtime);
    EXPECT_EQ(config.realtime_priority, 40);
    EXPECT_TRUE(config.lock_memory);
}

}  // namespace
}  // namespace vrrpd::config::bfd_test
