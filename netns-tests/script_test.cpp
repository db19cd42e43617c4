// Scripts, files and notifications side by side with a real keepalived: the same file on both, the same faults, and
// the same end states, FIFO lines and script calls. S8_N: one of the ten subtle places; the others are in
// subtle_test.cpp.
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/forge.hpp"

namespace lab::script_test {
namespace {

using Lines = std::vector<std::string>;

std::string in_lab(const std::string& name) { return directory() + "/" + name; }

// As somebody does who replaces a file's content in place.
void put(const std::string& name, const std::string& text, mode_t mode = 0644) {
    std::ofstream(in_lab(name)) << text << std::flush;
    chmod(in_lab(name).c_str(), mode);
}

Lines lines_of(const std::string& name) {
    std::ifstream file(in_lab(name));
    Lines lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

std::string joined(const Lines& lines) {
    std::string text;
    for (const auto& line : lines) text += "    " + line + '\n';
    return text;
}

// Whatever was written to a FIFO, read as it comes.
class FifoReader {
public:
    explicit FifoReader(std::string name) : name_(std::move(name)) {}

    const Lines& lines() {
        struct stat here {
        }, mine{};
        const bool replaced = pipe_ && stat(in_lab(name_).c_str(), &here) == 0 && fstat(pipe_.get(), &mine) == 0 &&
                              here.st_ino != mine.st_ino;
        if (replaced) pipe_.reset();
        if (!pipe_) pipe_ = vrrpd::Fd(open(in_lab(name_).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        std::array<char, 4096> part{};
        for (ssize_t got = 0; pipe_ && (got = read(pipe_.get(), part.data(), part.size())) > 0;)
            text_.append(part.data(), static_cast<std::size_t>(got));
        for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
            lines_.push_back(text_.substr(0, end));
            text_.erase(0, end + 1);
        }
        return lines_;
    }
    bool ends_with(const std::string& line) { return !lines().empty() && lines_.back() == line; }

private:
    std::string name_;
    vrrpd::Fd pipe_;
    std::string text_;
    Lines lines_;
};

// H003 runs ours, H001 keepalived; each has a router of its own, so neither disturbs the other.
class SideBySide : public HomeTest {
protected:
    SideBySide() {
        // What a script says of itself, and what a tracked one answers.
        put("note.sh", "#!/bin/sh\nout=$1; shift\necho \"$*\" >> " + in_lab("$out.notes") + "\n", 0755);
        // Two that answer at the same moment would be heard in either order.
        put("answer.sh", "#!/bin/sh\n[ $1 = alpha ] || sleep 0.3\nexit $(cat " + in_lab("$1.answer") + ")\n", 0755);
        for (const auto* answer : {"alpha.answer", "heavy.answer"}) put(answer, "0\n");
        put("load.value", "0\n");
    }

    static std::string globals(const std::string& more = {}) {
        return "global_defs {\n    vrrp_version 3\n    script_user root\n    vrrp_garp_master_repeat 1\n"
               "    vrrp_notify_fifo " +
               in_lab("${_INSTANCE}.fifo") + '\n' + more + "}\n";
    }
    static std::string note(const std::string& words) {
        return '"' + in_lab("note.sh") + " ${_INSTANCE} " + words + '"';
    }
    static std::string notify_all() {
        std::string text = "    notify " + note("'a b'") + "\n";
        for (const std::string event : {"master", "backup", "fault", "stop"})
            text += "    notify_" + event + ' ' + note(event) + "\n";
        return text;
    }
    static std::string script(const std::string& name, const std::string& more = {}) {
        return "vrrp_script " + name + " {\n    script \"" + in_lab("answer.sh") + ' ' + name +
               "\"\n    interval 1\n    timeout 1\n" + more + "}\n";
    }
    static std::string instance(const std::string& lines, const std::string& name = "VI 1") {
        return "vrrp_instance \"" + name +
               "\" {\n    state BACKUP\n    interface lan0\n    @H003 virtual_router_id 3\n    @H001 virtual_router_id "
               "1\n"
               "    priority 100\n    advert_int 0.2\n    virtual_ipaddress {\n        @H003 10.12.14.33/24\n"
               "        @H001 10.12.14.31/24\n    }\n" +
               lines + "}\n";
    }

    void start_both(const std::string& text) {
        for (auto* host : {&home.h003, &home.h001}) {
            auto& router = *(routers_[routers_[0] ? 1 : 0] =
                                 &daemons_.emplace_back(*host, routers_[0] ? Daemon::keepalived : Daemon::vrrpd));
            router.configure(text);
            router.start();
        }
    }
    // Both have said this last.
    void both_say(const std::string& line) {
        for (auto* fifo : {&ours_, &theirs_})
            EXPECT_TRUE(wait_until([&] { return fifo->ends_with(line); }, 12s))
                << (fifo == &ours_ ? "vrrpd" : "keepalived") << " did not say " << line << ", but\n"
                << joined(fifo->lines());
    }
    void stop_both() {
        for (auto* router : routers_) EXPECT_EQ(router->stop(), 0);
    }
    void compare_lines() {
        EXPECT_EQ(ours_.lines(), theirs_.lines()) << joined(ours_.lines()) << joined(theirs_.lines());
    }
    // Which member's timer fires first, or listens first again, is chance; who breaks first is not.
    void compare_lines_of_a_group() {
        const auto without_chance = [](Lines lines) {
            for (auto& line : lines)
                if (line.find("BACKUP") != std::string::npos || line.find("MASTER") != std::string::npos)
                    if (const auto at = line.find("TWO"); at != std::string::npos) line.replace(at, 3, "ONE");
            return lines;
        };
        EXPECT_EQ(without_chance(ours_.lines()), without_chance(theirs_.lines()))
            << joined(ours_.lines()) << joined(theirs_.lines());
    }
    // Scripts of one transition run beside each other: their order is nobody's.
    static void compare_notes() {
        auto ours = lines_of("H003.notes"), theirs = lines_of("H001.notes");
        std::sort(ours.begin(), ours.end());
        std::sort(theirs.begin(), theirs.end());
        EXPECT_EQ(ours, theirs) << joined(ours) << joined(theirs);
        EXPECT_FALSE(ours.empty());
    }
    // What they said on the wire since then of their virtual routers: each priority that was advertised, without
    // repetitions, and where one was silent for about as long as a stand-in waits.
    struct Spoken {
        Lines ours, theirs;
    };
    Spoken spoken(std::uint8_t our_vrid, std::uint8_t their_vrid, Time begin) const {
        return {adverts_of(home.h003, our_vrid, begin), adverts_of(home.h001, their_vrid, begin)};
    }
    Lines adverts_of(const Host& host, std::uint8_t vrid, Time begin) const {
        constexpr auto silence = 600ms;  // three intervals
        Lines lines;
        std::optional<Time> last;
        for (const auto& frame : home.lan.frames(all({from(host), adverts(), since(begin)}))) {
            const auto said = *advert(frame);
            if (said.vrid.value() != vrid) continue;
            if (last && frame.at - *last > silence) lines.emplace_back("silence");
            last = frame.at;
            const auto line = "priority " + std::to_string(said.priority.value());
            if (lines.empty() || lines.back() != line) lines.push_back(line);
        }
        return lines;
    }
    // Beside the usual one: TWO, with VRIDs and addresses of its own.
    static std::string second_instance() {
        auto second = instance(notify_all(), "TWO");
        for (const auto& [from, to] : {std::pair<std::string, std::string>{"router_id 3", "router_id 13"},
                                       {"router_id 1\n", "router_id 11\n"},
                                       {"14.33/24", "14.43/24"},
                                       {"14.31/24", "14.41/24"}})
            second.replace(second.find(from), from.size(), to);
        return second;
    }
    Router& ours() { return *routers_[0]; }
    Router& theirs() { return *routers_[1]; }

    FifoReader ours_{"H003.fifo"}, theirs_{"H001.fifo"};

private:
    std::deque<Router> daemons_;
    std::array<Router*, 2> routers_{};
};

TEST_F(SideBySide, S8_4_scripts_and_files_weigh_and_fault_alike) {
    start_both(globals() + script("alpha") + script("heavy", "    weight 20\n") + "vrrp_track_file load {\n    file " +
               in_lab("load.value") + "\n    weight 1\n}\n" +
               instance(notify_all() +
                        "    notify_priority_changes\n    track_script {\n        alpha\n        heavy\n    }\n"
                        "    track_file {\n        load weight -1\n    }\n"));
    both_say("INSTANCE \"VI 1\" MASTER 120");
    put("heavy.answer", "3\n");
    both_say("INSTANCE \"VI 1\" MASTER_PRIORITY 100");
    put("load.value", "30\n");
    both_say("INSTANCE \"VI 1\" MASTER_PRIORITY 70");
    put("load.value", "0x10 and more\n");
    both_say("INSTANCE \"VI 1\" MASTER_PRIORITY 84");
    put("load.value", "");
    both_say("INSTANCE \"VI 1\" MASTER_PRIORITY 100");
    put("alpha.answer", "1\n");
    both_say("INSTANCE \"VI 1\" FAULT 100");
    put("alpha.answer", "0\n");
    both_say("INSTANCE \"VI 1\" MASTER 100");
    EXPECT_TRUE(ours().await_log(
        "(VI 1) Changing effective priority from 120 to 100: script heavy failed (exited with status 3)"));
    EXPECT_TRUE(ours().await_log("(VI 1) Entering FAULT STATE: script alpha failed (exited with status 1)"));
    stop_both();
    both_say("INSTANCE \"VI 1\" STOP 100");
    compare_lines();
    compare_notes();
}

TEST_F(SideBySide, S8_3_a_script_that_fails_at_the_start_is_a_fault_and_nothing_before) {
    put("alpha.answer", "1\n");
    start_both(globals() + script("alpha") + instance(notify_all() + "    track_script {\n        alpha\n    }\n"));
    both_say("INSTANCE \"VI 1\" FAULT 100");
    put("alpha.answer", "0\n");
    both_say("INSTANCE \"VI 1\" MASTER 100");
    stop_both();
    both_say("INSTANCE \"VI 1\" STOP 100");
    compare_lines();
    compare_notes();
}

TEST_F(SideBySide, a_file_of_minus_254_is_a_fault) {
    start_both(globals() + "vrrp_track_file load {\n    file " + in_lab("load.value") + "\n    weight 1\n}\n" +
               instance(notify_all() + "    track_file {\n        load\n    }\n"));
    both_say("INSTANCE \"VI 1\" MASTER 100");
    put("load.value", "-254\n");
    both_say("INSTANCE \"VI 1\" FAULT 100");
    put("load.value", "-253\n");
    both_say("INSTANCE \"VI 1\" MASTER 1");
    unlink(in_lab("load.value").c_str());
    std::this_thread::sleep_for(1s);
    stop_both();
    both_say("INSTANCE \"VI 1\" STOP 100");
    compare_lines();
    compare_notes();
}

TEST_F(SideBySide, VR_128_what_runs_once_runs_first_and_last_and_a_lower_priority_is_told) {
    start_both(globals("    startup_script " + note("startup") + "\n    shutdown_script " + note("shutdown") + '\n') +
               instance(notify_all() + "    notify_master_rx_lower_pri " + note("lower") + '\n'));
    both_say("INSTANCE \"VI 1\" MASTER 100");
    const Injector injector(home.client, "lan0");
    for (const auto& [vrid, last] : {std::pair<std::uint8_t, std::uint8_t>{3, 33}, {1, 31}})
        injector.send(forge({.source = vrrpd::IpAddress::v4(10, 12, 14, 99),
                             .vrid = vrid,
                             .priority = 50,
                             .interval = 20,
                             .address = vrrpd::IpAddress::v4(10, 12, 14, last)}));
    both_say("INSTANCE \"VI 1\" MASTER_RX_LOWER_PRI 100");
    std::this_thread::sleep_for(500ms);
    stop_both();
    both_say("INSTANCE \"VI 1\" STOP 100");
    compare_lines();
    compare_notes();
    for (const auto* name : {"H003.notes", "H001.notes"}) {
        EXPECT_EQ(lines_of(name).front(), "startup");
        EXPECT_EQ(lines_of(name).back(), "shutdown");
    }
}

TEST_F(SideBySide, S8_7_a_sync_group_is_told_beside_its_members) {
    const auto second = second_instance();
    start_both(globals() + script("alpha") + "vrrp_sync_group G {\n    group {\n        ONE\n        TWO\n    }\n" +
               "    track_script {\n        alpha\n    }\n" + notify_all() + "}\n" + instance(notify_all(), "ONE") +
               second);
    both_say("GROUP \"G\" MASTER 0");
    put("alpha.answer", "1\n");
    both_say("GROUP \"G\" FAULT 0");
    put("alpha.answer", "0\n");
    both_say("GROUP \"G\" MASTER 0");
    stop_both();
    both_say("GROUP \"G\" STOP 0");
    compare_lines_of_a_group();
    compare_notes();
}

// TWO on a link of its own, which begins without carrier, and loses it.
TEST_F(SideBySide, of_a_group_the_member_that_brings_the_change_is_told_first) {
    const auto carrier = [this](const char* state) {
        for (auto* host : {&home.h003, &home.h001}) host->netns().ip("link set own1 " + std::string(state));
    };
    for (auto* host : {&home.h003, &home.h001}) {
        host->netns().ip("link add own0 type veth peer name own1");
        host->netns().ip("addr add 10.99.0.2/24 dev own0");
        host->netns().ip("link set own0 up");
    }
    auto second = second_instance();
    second.replace(second.find("interface lan0"), 14, "interface own0");
    start_both(globals() + "vrrp_sync_group G {\n    group {\n        ONE\n        TWO\n    }\n" + notify_all() +
               "}\n" + instance(notify_all(), "ONE") + second);
    both_say("GROUP \"G\" FAULT 0");
    for (int i = 0; i < 2; ++i) {
        carrier("up");
        both_say("GROUP \"G\" MASTER 0");
        carrier("down");
        both_say("GROUP \"G\" FAULT 0");
    }
    stop_both();
    both_say("GROUP \"G\" STOP 0");
    compare_lines_of_a_group();
    compare_notes();
}

// We ask first whether somebody has the address, and tell nobody of that.
TEST_F(SideBySide, an_owner_is_told_of_as_MASTER_alone) {
    auto owner = instance(notify_all());
    owner.replace(owner.find("state BACKUP"), 12, "state MASTER");
    owner.replace(owner.find("priority 100"), 12, "priority 255");
    start_both(globals() + owner);
    both_say("INSTANCE \"VI 1\" MASTER 255");
    stop_both();
    both_say("INSTANCE \"VI 1\" STOP 255");
    compare_lines();
    compare_notes();
}

TEST_F(SideBySide, a_reversed_weight_is_another_sign) {
    start_both(globals() + script("alpha", "    weight 20 reverse\n") + script("heavy", "    weight -50 reverse\n") +
               instance(notify_all() + "    notify_priority_changes\n    track_script {\n        alpha\n        heavy\n"
                                       "    }\n"));
    both_say("INSTANCE \"VI 1\" MASTER 80");
    put("heavy.answer", "1\n");
    both_say("INSTANCE \"VI 1\" MASTER_PRIORITY 130");
    put("alpha.answer", "1\n");
    both_say("INSTANCE \"VI 1\" MASTER_PRIORITY 150");
    stop_both();
    both_say("INSTANCE \"VI 1\" STOP 150");
    compare_lines();
    compare_notes();
}

// Nobody has said who runs them, and root is not meant.
TEST_F(SideBySide, script_security_without_a_user_lets_no_script_and_no_fifo_be) {
    if (getpwnam("keepalived_script") != nullptr) GTEST_SKIP() << "SKIPPED: this host has a keepalived_script";
    // In front: keepalived judges a FIFO by what it has read so far.
    auto secured = globals();
    secured.replace(secured.find("    script_user root\n"), 21, "    enable_script_security\n");
    start_both(secured + script("alpha") + instance(notify_all() + "    track_script {\n        alpha\n    }\n"));
    EXPECT_TRUE(wait_until([&] { return home.h003.has_address(*IpAddress::parse("10.12.14.33")); }));
    EXPECT_TRUE(wait_until([&] { return home.h001.has_address(*IpAddress::parse("10.12.14.31")); }));
    stop_both();
    for (const auto* name : {"H003.notes", "H001.notes", "H003.fifo", "H001.fifo"})
        EXPECT_FALSE(std::filesystem::exists(in_lab(name))) << name;
}

TEST_F(SideBySide, S8_8_a_reload_notifies_of_nothing_but_what_left) {
    const auto first = instance(notify_all(), "ONE");
    const auto second = second_instance();
    start_both(globals() + first + second);
    for (auto* fifo : {&ours_, &theirs_})
        EXPECT_TRUE(wait_until([&] {
            return std::count_if(fifo->lines().begin(), fifo->lines().end(),
                                 [](const auto& line) { return line.find("MASTER") != std::string::npos; }) == 2;
        }));
    const auto renamed = instance(notify_all(), "UNO");
    const auto reloaded = wall_clock();
    for (auto* router : {&ours(), &theirs()}) router->reload(globals() + renamed);
    for (auto* fifo : {&ours_, &theirs_})
        EXPECT_TRUE(wait_until([&] { return fifo->ends_with("INSTANCE \"TWO\" FAULT 100"); })) << joined(fifo->lines());
    std::this_thread::sleep_for(2s);
    EXPECT_TRUE(home.h003.has_address(*IpAddress::parse("10.12.14.33")));
    EXPECT_TRUE(home.h001.has_address(*IpAddress::parse("10.12.14.31")));
    stop_both();
    compare_notes();
    const auto renamed_one = spoken(3, 1, reloaded), gone = spoken(13, 11, reloaded);
    EXPECT_EQ(renamed_one.ours, (Lines{"priority 100", "priority 0"})) << "neither silent nor given up until the stop";
    EXPECT_EQ(renamed_one.ours, renamed_one.theirs) << joined(renamed_one.ours) << joined(renamed_one.theirs);
    for (const auto* of_one : {&gone.ours, &gone.theirs}) {  // its last interval may have ended just before
        ASSERT_FALSE(of_one->empty());
        EXPECT_EQ(of_one->back(), "priority 0") << joined(*of_one);
    }
}

// Nothing can be said over it any more, and it is a new beginning when it is back.
TEST_F(SideBySide, an_interface_that_goes_down_is_a_fault_and_its_return_a_start) {
    start_both(globals() + instance(notify_all()));
    both_say("INSTANCE \"VI 1\" MASTER 100");
    std::this_thread::sleep_for(400ms);
    const auto begin = wall_clock();
    std::this_thread::sleep_for(400ms);
    for (auto* host : {&home.h003, &home.h001}) host->netns().ip("link set lan0 down");
    both_say("INSTANCE \"VI 1\" FAULT 100");
    std::this_thread::sleep_for(400ms);
    for (auto* host : {&home.h003, &home.h001}) host->netns().ip("link set lan0 up");
    both_say("INSTANCE \"VI 1\" MASTER 100");
    std::this_thread::sleep_for(500ms);
    stop_both();
    both_say("INSTANCE \"VI 1\" STOP 100");
    compare_lines();
    compare_notes();
    const auto said = spoken(3, 1, begin);
    EXPECT_EQ(said.ours, (Lines{"priority 100", "silence", "priority 100", "priority 0"})) << joined(said.ours);
    EXPECT_EQ(said.ours, said.theirs) << joined(said.ours) << joined(said.theirs);
}

}  // namespace
}  // namespace lab::script_test
