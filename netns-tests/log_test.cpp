// The words that people grep keepalived's log for: the same faults on both daemons, and each phrase in both logs.
#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <fstream>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/forge.hpp"

namespace lab::log_test {
namespace {

std::string in_lab(const std::string& name) { return directory() + "/" + name; }

void put(const std::string& name, const std::string& text) { std::ofstream(in_lab(name)) << text << std::flush; }

// H003 runs ours, H001 keepalived; each has a router of its own.
class LogWords : public HomeTest {
protected:
    LogWords() {
        put("answer", "0\n");
        put("number", "0\n");
        put("script", "#!/bin/sh\nread answer < " + in_lab("answer") +
                          "\ncase $answer in\n signal) kill -9 $$ ;;\n hang) sleep 30 ;;\n *) exit $answer ;;\nesac\n");
        chmod(in_lab("script").c_str(), 0755);
        for (auto* host : {&home.h003, &home.h001}) {
            const bool ours = host == &home.h003;
            VrrpText text;
            text.vrid = ours ? 3 : 1;
            text.advert_int = "1";
            text.addresses = {ours ? "10.12.14.33/24" : "10.12.14.31/24"};
            text.more = "track_script {\n checked\n }\n track_file {\n counted\n }\n";
            // In front: only what is above can be named.
            const auto trackers =
                "global_defs {\n script_user root\n log_unknown_vrids\n}\nvrrp_script checked {\n script " +
                in_lab("script") + "\n interval 1\n timeout 1\n weight -10\n}\nvrrp_track_file counted {\n file " +
                in_lab("number") + "\n weight 1\n}\n";
            auto& router = routers_.emplace_back(*host, ours ? Daemon::vrrpd : Daemon::keepalived);
            auto whole = text.text();
            router.configure(whole.insert(whole.find("vrrp_instance"), trackers));
            router.start();
        }
    }
    ~LogWords() override {
        for (auto& router : routers_) router.process().kill_all();
    }
    // In keepalived's log, or this were no phrase of it; and in ours.
    void both_say(const std::string& phrase) {
        for (const auto& router : routers_)
            EXPECT_TRUE(router.await_log(phrase, 8s)) << router.host().name() << ": " << phrase;
    }
    void answer(const std::string& text) { put("answer", text + "\n"); }

    static vrrpd::Bytes advert(std::uint8_t vrid, std::uint8_t last, std::uint8_t priority) {
        return forge({.source = IpAddress::v4(10, 12, 14, 99),
                      .vrid = vrid,
                      .priority = priority,
                      .interval = 100,
                      .address = IpAddress::v4(10, 12, 14, last)});
    }
    // To each of the two, from a router with that priority.
    void send(std::uint8_t priority) {
        injector_.send(advert(3, 33, priority));
        injector_.send(advert(1, 31, priority));
    }

    const Injector injector_{home.client, "lan0"};
    std::deque<Router> routers_;
};

TEST_F(LogWords, are_keepalived_s_with_ours_behind) {
    both_say("(LAN) Entering BACKUP STATE");
    both_say("Startup complete");
    send(50);
    both_say("(LAN) received lower priority (50) advert from 10.12.14.99 - discarding");
    both_say("VRRP_Script(checked) succeeded");
    both_say("(LAN) Entering MASTER STATE");

    answer("7");
    both_say("Script `checked` now returning 7");
    both_say("VRRP_Script(checked) failed (exited with status 7)");
    both_say("(LAN) Changing effective priority from 100 to 90");
    answer("0");
    both_say("Script `checked` now returning 0");
    both_say("(LAN) Changing effective priority from 90 to 100");
    answer("signal");
    both_say("VRRP_Script(checked) failed (due to signal 9)");
    answer("hang");
    std::this_thread::sleep_for(1500ms);
    answer("0");
    std::this_thread::sleep_for(4s);  // until it was killed, and has answered
    answer("hang");
    both_say("VRRP_Script(checked) timed_out");
    answer("0");
    std::this_thread::sleep_for(4s);
    put("number", "20\n");
    both_say("(LAN) Changing effective priority from 100 to 120");

    send(50);
    injector_.send(advert(77, 77, 50));
    both_say("(LAN) Received advert from 10.12.14.99 with lower priority 50, ours 120, forcing new election");
    both_say("Unknown VRID(77) received on interface");
    send(120);
    both_say("(LAN) Master received advert from 10.12.14.99 with same priority 120 but higher IP address than ours");
    std::this_thread::sleep_for(4s);  // it is heard no more
    send(250);
    both_say("(LAN) Master received advert from 10.12.14.99 with higher priority 250, ours 120");

    for (auto* host : {&home.h003, &home.h001}) host->unplug("lan0");
    both_say("(LAN) Entering FAULT STATE");
}

}  // namespace
}  // namespace lab::log_test
