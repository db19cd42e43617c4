// vrrp_script, track_file, vrrp_track_process, and who tracks them.
#include <gtest/gtest.h>

#include <tuple>

#include "tests/config/fake_files.hpp"
#include "vrrpd/config/script_words.hpp"

namespace vrrpd::config::trackers_test {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

constexpr char secured[] = "global_defs {\nenable_script_security\n}\n";

std::string instance(const std::string& lines, const std::string& name = "V", int vrid = 7) {
    return "vrrp_instance " + name + " {\ninterface eth0\nvirtual_router_id " + std::to_string(vrid) +
           "\nvirtual_ipaddress {\n10.0.0." + std::to_string(vrid) + "\n}\n" + lines + "}\n";
}

Config clean(const std::string& text) {
    auto parsed = parse_text(secured + text);
    EXPECT_EQ(errors(parsed.faults), Words{}) << text;
    return std::move(parsed.config);
}

TEST(SplitCommand, has_two_kinds_of_quotes_and_escapes) {
    EXPECT_EQ(split_command("/s.sh a 'b c' d"), (Words{"/s.sh", "a", "b c", "d"}));
    EXPECT_EQ(split_command("  /s.sh\t\"x 'y'\"z  "), (Words{"/s.sh", "x 'y'z"}));
    EXPECT_EQ(split_command(R"(/s a\ b \'c \"d \\)"), (Words{"/s", "a b", "'c", "\"d", "\\"}));
    EXPECT_EQ(split_command(R"(/s \t\n\r\v\f\a\b\E)"), (Words{"/s", "\t\n\r\v\f\a\b\033"}));
    EXPECT_EQ(split_command(R"(/s \101 \x41 \x4142 \cA \q)"), (Words{"/s", "A", "A", "A42", "\001", "q"}));
    EXPECT_EQ(split_command("/s '' x"), (Words{"/s", "", "x"}));
    EXPECT_TRUE(split_command("/s 'never closed").empty());
    EXPECT_EQ(split_command(R"(/s a\)"), (Words{"/s", "a\\"}));
    EXPECT_EQ(split_command(R"(/s a\0b)"), (Words{"/s", "a"})) << "no argument can hold a NUL";
    EXPECT_TRUE(split_command(" \t").empty());
}

TEST(Trackers, a_script_has_keepalived_s_defaults) {
    const auto config =
        clean("vrrp_script s {\nscript \"/bin/check -x 'a b'\"\n}\n" + instance("track_script {\ns\n}\n"));
    ASSERT_EQ(config.scripts.size(), 1U);
    const auto& s = config.scripts[0];
    EXPECT_EQ(s.name, "s");
    EXPECT_EQ(s.script, (Script{{"/bin/check", "-x", "a b"}, "", ""}));
    EXPECT_EQ(s.interval, 1s);
    EXPECT_EQ(s.timeout, 1s);
    EXPECT_EQ(s.rise, 1U);
    EXPECT_EQ(s.fall, 1U);
    ASSERT_EQ(config.instances[0].tracks.size(), 1U);
    EXPECT_EQ(config.instances[0].tracks[0], (Track{Track::Kind::script, false, 0, 0}));
}

TEST(Trackers, a_script_takes_its_words) {
    const auto config = clean(
        "vrrp_script s {\nuser nobody :adm\nscript /bin/check\ninterval 0.25\nrise 3\nfall 2\nweight -20 reverse\n}\n"
        "vrrp_script t {\nscript /bin/t\ninterval 1\ntimeout 5\n}\n" +
        instance("track_script {\nt\ns\n}\n"));
    EXPECT_EQ(config.scripts[0].script, (Script{{"/bin/check"}, "nobody", "adm"}));
    EXPECT_EQ(config.scripts[0].interval, 250ms);
    EXPECT_EQ(config.scripts[0].timeout, 250ms) << "the interval, unless it is given";
    EXPECT_EQ(config.scripts[0].rise, 3U);
    EXPECT_EQ(config.scripts[0].fall, 2U);
    EXPECT_EQ(config.scripts[1].interval, 1s);
    EXPECT_EQ(config.scripts[1].timeout, 5s);
    EXPECT_EQ(config.instances[0].tracks[1], (Track{Track::Kind::script, true, -20, 0}));
}

TEST(Trackers, a_quote_that_is_meant_has_a_backslash_before_it) {
    const auto config = clean("vrrp_script s {\nscript \"/bin/sh -c \\\"sleep 2; exit 1\\\"\"\n}\n" +
                              instance("track_script {\ns\n}\n"));
    EXPECT_EQ(config.scripts[0].script.words, (Words{"/bin/sh", "-c", "sleep 2; exit 1"}));
}

TEST(Trackers, the_weight_at_the_point_of_use_beats_the_one_in_the_definition) {
    const auto config =
        clean("vrrp_script s {\nscript /bin/s\nweight 10 reverse\n}\n" +
              instance("track_script {\ns weight -30 noreverse\n}\n") +
              instance("track_script {\ns weight 5\n}\n", "W", 8) + instance("track_script {\ns\n}\n", "X", 9));
    EXPECT_EQ(config.instances[0].tracks[0], (Track{Track::Kind::script, false, -30, 0}));
    EXPECT_EQ(config.instances[1].tracks[0], (Track{Track::Kind::script, true, 5, 0}));
    EXPECT_EQ(config.instances[2].tracks[0], (Track{Track::Kind::script, true, 10, 0}));
}

TEST(Trackers, only_what_stands_above_can_be_tracked) {
    const auto parsed = parse_text(secured + instance("track_script {\ns\n}\ntrack_file {\nf\n}\n") +
                                   "vrrp_script s {\nscript /bin/s\n}\n");
    EXPECT_TRUE(says(parsed.faults, "there is no script 's' above this line"));
    EXPECT_TRUE(says(parsed.faults, "there is no file 'f' above this line"));
    EXPECT_TRUE(parsed.config.instances[0].tracks.empty());
    EXPECT_TRUE(says(parsed.faults, "nothing tracks script 's': it is not watched"));
}

TEST(Trackers, the_second_script_is_refused_and_unquoted_words_are_named) {
    const auto parsed =
        parse_text(std::string(secured) + "vrrp_script s {\nscript /bin/one two\nscript /bin/three\n}\n" +
                   instance("track_script {\ns\ns\n}\n"));
    EXPECT_TRUE(says(parsed.faults, "script is given twice: the first one counts"));
    EXPECT_TRUE(says(parsed.faults, "'two' is not part of the script: put quotes around"));
    EXPECT_TRUE(says(parsed.faults, "script 's' is tracked twice"));
    EXPECT_EQ(parsed.config.scripts[0].script.words, Words{"/bin/one"});
    EXPECT_EQ(parsed.config.instances[0].tracks.size(), 1U);
}

// As Debian's keepalived 2.2.7 judges them.
TEST(Trackers, keepalived_s_ranges_hold) {
    const auto judged = [](const std::string& line, const std::string& said) {
        auto parsed = parse_text(std::string(secured) + "vrrp_script s {\nscript /bin/s\n" + line + "\n}\n" +
                                 instance("track_script {\ns\n}\n"));
        EXPECT_EQ(errors(parsed.faults).size(), 1U) << line;
        EXPECT_TRUE(says(parsed.faults, said)) << line;
        return parsed.config.scripts.at(0);
    };
    EXPECT_EQ(judged("interval 0", "interval 0: 1 second is used").interval, 1s);
    EXPECT_EQ(judged("timeout 0", "timeout 0: 1 second is used").timeout, 1s);
    (void)judged("weight 254", "write a number from -253 to 253");
    (void)judged("rise 0", "write a number from 1");
    const auto quorum = [](const std::string& lines) {
        const auto parsed =
            parse_text("vrrp_track_process p {\nprocess x\n" + lines + "\n}\n" + instance("track_process {\np\n}\n"));
        const auto& one = parsed.config.processes.at(0);
        return std::tuple(one.quorum, one.quorum_max, errors(parsed.faults).size());
    };
    EXPECT_EQ(quorum("quorum 3\nquorum_max 2"), std::tuple(3U, std::nullopt, 1U));
    EXPECT_EQ(quorum("quorum_max 2\nquorum 3"), std::tuple(1U, std::optional(2U), 1U));
    EXPECT_EQ(quorum("quorum_max 0"), std::tuple(0U, std::optional(0U), 0U)) << "it must not run";
    const auto file = parse_text("track_file f {\nfile /run/f\ninit_file 255\n}\n" + instance("track_file {\nf\n}\n"));
    EXPECT_TRUE(says(file.faults, "init_file 255: a number from -254 to 254 would do"));
    EXPECT_EQ(file.config.files.at(0).initial, 255) << "and it is taken";
}

TEST(Trackers, a_bad_weight_is_ignored_and_another_word_leaves_the_item_out) {
    const auto tracks = [](const std::string& item) {
        const auto parsed = parse_text(std::string(secured) + "vrrp_script s {\nscript /bin/s\nweight 5\n}\n" +
                                       instance("track_script {\n" + item + "\n}\n"));
        EXPECT_EQ(errors(parsed.faults).size(), 1U) << item;
        return parsed.config.instances[0].tracks;
    };
    using Tracks = SeldomList<Track>;
    EXPECT_EQ(tracks("s weight 254"), (Tracks{{Track::Kind::script, false, 253, 0}}));
    EXPECT_EQ(tracks("s weight 255"), (Tracks{{Track::Kind::script, false, 5, 0}}));
    EXPECT_EQ(tracks("s weight x reverse"), (Tracks{{Track::Kind::script, true, 5, 0}}));
    EXPECT_EQ(tracks("s weight 7 x"), (Tracks{{Track::Kind::script, false, 7, 0}}));
    for (const auto* item : {"s weight", "s reverse", "s x"}) EXPECT_TRUE(tracks(item).empty()) << item;
}

TEST(Trackers, files) {
    const auto config = clean(
        "track_file f {\nfile /run/load\n}\nvrrp_track_file g {\nfile /run/g\nweight -2\ninit_file -5 overwrite\n}\n"
        "track_file h {\nfile /run/h\nweight 0\ninit_file\n}\n" +
        instance("track_file {\nf\ng\nh weight 3 reverse\n}\n"));
    EXPECT_EQ(config.files[0], (TrackedFile{"f", "/run/load", std::nullopt, false, 1}));
    EXPECT_EQ(config.files[1], (TrackedFile{"g", "/run/g", -5, true, -2}));
    EXPECT_EQ(config.files[2], (TrackedFile{"h", "/run/h", 0, false}));
    const auto& tracks = config.instances[0].tracks;
    EXPECT_EQ(tracks[0], (Track{Track::Kind::file, false, 1, 0})) << "a file's weight is 1 unless it is given";
    EXPECT_EQ(tracks[1], (Track{Track::Kind::file, false, -2, 1}));
    EXPECT_EQ(tracks[2], (Track{Track::Kind::file, true, 3, 2}));
}

TEST(Trackers, processes) {
    using Match = TrackedProcess::Match;
    const auto config = clean(
        "vrrp_track_process a {\nprocess named\n}\n"
        "vrrp_track_process b {\nprocess \"/usr/bin/x -f\" y\nparam_match initial\nquorum 2\nquorum_max "
        "4\ndelay 0.5\nweight 7\n}\n"
        "vrrp_track_process c {\nprocess x y\nterminate_delay 1\nfork_delay 2\n}\n"
        "vrrp_track_process d {\nprocess x\nparam_match\n}\n"
        "vrrp_track_process e {\nprocess /bin/x\nfull_command\n}\n" +
        instance("track_process {\na\nb\nc\nd\ne\n}\n"));
    const auto& all = config.processes;
    EXPECT_EQ(all[0].process, "named");
    EXPECT_EQ(all[0].match, Match::none);
    EXPECT_FALSE(all[0].full_command);
    EXPECT_EQ(all[0].quorum, 1U);
    EXPECT_FALSE(all[0].quorum_max);
    EXPECT_EQ(all[1].parameters, (Words{"-f", "y"}));
    EXPECT_EQ(all[1].match, Match::initial);
    EXPECT_TRUE(all[1].full_command) << "with parameters it is the command that counts";
    EXPECT_EQ(all[1].quorum_max, 4U);
    EXPECT_EQ(all[1].fork_delay, 500ms);
    EXPECT_EQ(all[1].terminate_delay, 500ms);
    EXPECT_EQ(all[2].match, Match::exact) << "parameters that are given count";
    EXPECT_EQ(all[2].terminate_delay, 1s);
    EXPECT_TRUE(all[2].full_command);
    EXPECT_EQ(all[3].match, Match::exact) << "the bare word: no parameters at all";
    EXPECT_TRUE(all[3].full_command);
    EXPECT_TRUE(all[4].full_command);
    EXPECT_EQ(config.instances[0].tracks[1], (Track{Track::Kind::process, false, 7, 1}));
}

TEST(Trackers, an_owner_has_no_weights_but_faults) {
    const auto parsed = parse_text(std::string(secured) +
                                   "vrrp_script w {\nscript /bin/w\nweight 5\n}\nvrrp_script z {\nscript /bin/z\n}\n" +
                                   instance("priority 255\ntrack_script {\nw\nz\n}\n"));
    EXPECT_TRUE(says(parsed.faults, "(V) a weight changes nothing at priority 255: script 'w' is not tracked"));
    ASSERT_EQ(parsed.config.instances[0].tracks.size(), 1U);
    EXPECT_EQ(parsed.config.instances[0].tracks[0].object, 1U);
}

const std::string trackers =
    "vrrp_script w {\nscript /bin/w\nweight 5\n}\nvrrp_script z {\nscript /bin/z\n}\ntrack_file f {\nfile /f\n}\n"
    "track_file g {\nfile /g\nweight 2\n}\nvrrp_track_process p {\nprocess p\nweight 9\n}\n";
std::string group(const std::string& lines) {
    return "vrrp_sync_group G {\ngroup {\nA\nB\n}\n" + lines + "}\n" + instance("track_script {\nw\n}\n", "A", 1) +
           instance("", "B", 2);
}
const std::string all_tracked = "track_script {\nw\nz\n}\ntrack_file {\nf\ng\n}\ntrack_process {\np\n}\n";

// As keepalived 2.2.7 has it: what the group tracks weighs on all alike; what a member tracks would prefer one of them.
TEST(Trackers, of_a_sync_group_weigh_on_each_member_and_those_of_a_member_only_where_the_group_says_so) {
    const auto with = clean(trackers + group("sync_group_tracking_weight\n" + all_tracked));
    EXPECT_EQ(with.instances[0].tracks.size(), 6U);
    EXPECT_EQ(with.instances[1].tracks.size(), 5U);

    const auto without = parse_text(secured + trackers + group(all_tracked));
    EXPECT_EQ(errors(without.faults).size(), 1U);
    EXPECT_TRUE(says(without.faults, "script 'w' weighs, and vrrp_sync_group G moves as one: it is not tracked"));
    for (const auto& one : without.config.instances) {
        ASSERT_EQ(one.tracks.size(), 5U) << one.name;
        EXPECT_EQ(one.tracks[0], (Track{Track::Kind::script, false, 5, 0}));
        EXPECT_EQ(one.tracks[2], (Track{Track::Kind::file, false, 1, 0}));
    }
}

TEST(Trackers, of_a_member_of_a_sync_group_a_file_without_weight_of_its_own_counts_as_0) {
    const auto parsed =
        parse_text(secured + trackers + "vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n" +
                   instance("track_file {\nf\ng\n}\ntrack_process {\np\n}\n", "A", 1) + instance("", "B", 2));
    EXPECT_TRUE(says(parsed.faults, "file 'f' weighs, and vrrp_sync_group G moves as one: its weight counts as 0"));
    EXPECT_TRUE(says(parsed.faults, "file 'g' weighs, and vrrp_sync_group G moves as one: it is not tracked"));
    const auto& tracks = parsed.config.instances[0].tracks;
    ASSERT_EQ(tracks.size(), 2U);
    EXPECT_EQ(tracks[0], (Track{Track::Kind::file, false, 0, 0}));
    EXPECT_EQ(tracks[1], (Track{Track::Kind::process, false, 9, 0})) << "keepalived forgets processes there";
}

TEST(Trackers, bad_values_keep_the_default_or_leave_the_item_out) {
    const auto parsed = parse_text(std::string(secured) +
                                   "vrrp_script s {\nscript /bin/s\nweight heavy\nrise 0\ninterval -1\n}\n"
                                   "track_file f {\nfile /f\ninit_file x\n}\n"
                                   "vrrp_track_process p {\nprocess p\nparam_match some\nquorum 3\nquorum_max 2\n}\n" +
                                   instance("track_script {\ns weight 300\n}\ntrack_file {\nf heavy\n}\n"));
    EXPECT_EQ(errors(parsed.faults).size(), 8U);
    EXPECT_EQ(parsed.config.scripts[0].rise, 1U);
    EXPECT_EQ(parsed.config.scripts[0].interval, 1s);
    EXPECT_EQ(parsed.config.files[0].initial, 0);
    EXPECT_EQ(parsed.config.instances[0].tracks.size(), 1U) << "the script, without the weight";
    EXPECT_TRUE(says(parsed.faults, "quorum_max 2 is less than quorum 3"));
}

}  // namespace
}  // namespace vrrpd::config::trackers_test
