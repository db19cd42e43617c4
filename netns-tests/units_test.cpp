// while_active: units of systemd that run on the active router alone. systemctl is the test's own, and writes down what
// it was asked for on each host.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "netns-tests/fixture.hpp"

namespace lab::units_test {
namespace {

class WhileActive : public HomeTest {
protected:
    Router& begin(Host& host, int priority) {
        const auto folder = directory() + "/" + host.name() + "-bin";
        std::filesystem::create_directories(folder);
        const auto path = folder + "/systemctl";
        std::ofstream(path) << "#!/bin/sh\necho \"$*\" >> " << calls_of(host) << std::endl;
        chmod(path.c_str(), 0755);
        auto& router = routers_.emplace_back(host);
        router.run_with({"env", "PATH=" + folder + ":/usr/sbin:/usr/bin:/sbin:/bin"});
        VrrpText text;
        text.priority = priority;
        text.after =
            "gateway HOME {\n    follows LAN\n    lan lan0 10.12.14.0/24\n    while_active {\n"
            "        unit tunnel\n    }\n}\n";
        router.start(text);
        return router;
    }
    static std::string calls_of(const Host& host) { return directory() + "/" + host.name() + ".systemctl"; }
    static bool asked(const Host& host, const std::string& all) {
        return wait_until([&] {
            std::ostringstream text;
            text << std::ifstream(calls_of(host)).rdbuf();
            return text.str() == all;
        });
    }

    const std::string start_ = "--no-block start -- tunnel.service\n", stop_ = "--no-block stop -- tunnel.service\n";

private:
    std::deque<Router> routers_;
};

TEST_F(WhileActive, units_move_with_the_role) {
    auto& active = begin(home.h003, 200);
    EXPECT_TRUE(asked(home.h003, stop_ + start_));
    auto& backup = begin(home.h001, 150);
    EXPECT_TRUE(asked(home.h001, stop_)) << "a stand-in, from its start on";
    const auto status = active.status();
    EXPECT_NE(status.text.find("unit tunnel.service is started"), std::string::npos) << status.text;
    kill(active.engine(), SIGKILL);  // it goes on in its role, and so does the unit
    EXPECT_TRUE(active.await_log("engine started"));
    std::this_thread::sleep_for(500ms);
    EXPECT_TRUE(asked(home.h003, stop_ + start_));
    EXPECT_EQ(active.stop(), 0);
    EXPECT_TRUE(asked(home.h003, stop_ + start_ + stop_));
    EXPECT_TRUE(asked(home.h001, stop_ + start_));
    EXPECT_EQ(backup.stop(), 0);
    EXPECT_TRUE(asked(home.h001, stop_ + start_ + stop_));
}

}  // namespace
}  // namespace lab::units_test
