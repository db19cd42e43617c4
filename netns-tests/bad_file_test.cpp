// Configurations and circumstances in which the daemon cannot start: it says why, at once, and ends.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "netns-tests/fixture.hpp"

namespace lab::bad_file_test {
namespace {

class BadFile : public HomeTest {
protected:
    // Runs to its end; a daemon that starts after all is ended by timeout(1), with 124.
    Output attempt(const Arguments& options, const Arguments& in_front = {}) {
        Arguments arguments{"timeout", "3"};
        arguments.insert(arguments.end(), in_front.begin(), in_front.end());
        const Router router(home.h003, Daemon::vrrpd);
        for (const auto& word : router.command_line()) arguments.push_back(word);
        arguments.insert(arguments.end(), options.begin(), options.end());
        return home.h003.run(arguments);
    }
    Output attempt_file(const std::string& path) { return attempt({"-f", path}); }
    std::string path(const std::string& name) const { return directory() + "/" + name; }
};

void expect_refused(const Output& output, const std::string& word) {
    EXPECT_NE(output.status, 0) << output.text;
    EXPECT_NE(output.status, 124) << "it started, or waited";
    EXPECT_NE(output.text.find(word), std::string::npos) << output.text;
}

TEST_F(BadFile, directory_is_refused) { expect_refused(attempt_file(directory()), "directory"); }

TEST_F(BadFile, fifo_is_refused_and_not_waited_for) {
    ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
    expect_refused(attempt_file(path("fifo")), "fifo");
}

TEST_F(BadFile, file_of_a_gigabyte_is_refused) {
    std::ofstream(path("huge")) << "# sparse\n";
    ASSERT_EQ(truncate(path("huge").c_str(), 1L << 30), 0);
    expect_refused(attempt_file(path("huge")), "huge");
}

TEST_F(BadFile, include_loop_is_refused) {
    std::ofstream(path("loop.conf")) << "include " << path("loop.conf") << "\n";
    expect_refused(attempt_file(path("loop.conf")), "include");
}

TEST_F(BadFile, missing_file_is_refused) { expect_refused(attempt_file(path("nowhere.conf")), "nowhere.conf"); }

TEST_F(BadFile, every_fault_is_listed_with_its_place) {
    std::ofstream(path("bad.conf"))
        << "vrrp_instance LAN {\n"
           "    interface lan0\n"
           "    virtual_router_id 1000\n"
           "    priority many\n"
           "    virtual_ipaddress {\n        10.12.14.1/24\n    }\n"
           "}\n"
           "gateway HOME {\n    follows LAN\n    lan lan0 10.12.14.0/24\n    masqerade\n}\n";
    const auto output = attempt_file(path("bad.conf"));
    expect_refused(output, "bad.conf:3:");
    expect_refused(output, "bad.conf:4:");
    expect_refused(output, "bad.conf:12:");
}

TEST_F(BadFile, without_privileges_one_line_names_the_capability) {
    const Router router(home.h003, Daemon::vrrpd);
    router.configure(VrrpText{.priority = 200}.text());
    const auto output =
        attempt({}, {"setpriv", "--bounding-set", "-net_admin,-net_raw", "--inh-caps", "-net_admin,-net_raw"});
    expect_refused(output, "CAP_NET_ADMIN");
}

TEST_F(BadFile, test_mode_leaves_the_machine_as_it_was) {
    const Router router(home.h003, Daemon::vrrpd);
    router.configure(VrrpText{.priority = 200}.text());
    const auto addresses = home.h003.must({"ip", "-o", "address"});
    EXPECT_EQ(router.command({"-t"}).status, 0);
    EXPECT_EQ(home.h003.must({"ip", "-o", "address"}), addresses);
    EXPECT_EQ(home.lan.count(all({from(home.h003), adverts()})), 0u);
}

}  // namespace
}  // namespace lab::bad_file_test
