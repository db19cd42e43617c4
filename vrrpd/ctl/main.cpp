// vrrpctl: asks the daemon of this host, and makes the key of its members.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "vrrpd/agent/peer/key_file.hpp"
#include "vrrpd/ctl/arguments.hpp"
#include "vrrpd/ctl/query.hpp"
#include "vrrpd/ctl/render.hpp"

namespace {

using namespace vrrpd::ctl;

enum ExitStatus { all_is_well = 0, something_is_wrong = 1, wrong_usage = 2, not_reachable = 3 };

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

int complain(const std::string& text, int status) {
    std::fprintf(stderr, "vrrpctl: %s\n", text.c_str());
    return status;
}

int keygen(const std::string& path) {
    const auto key = vrrpd::agent::Key::generate();
    if (!key) return complain(key.error().describe(), something_is_wrong);
    if (const auto written = vrrpd::agent::write_key_file(path, *key); !written) {
        auto text = written.error().describe();
        if (written.error().code == EEXIST)
            text +=
                ". It is left as it is: the members that have it would lose each other. To make a new one, move it "
                "away";
        return complain(text, something_is_wrong);
    }
    print("The key is in " + path +
          ". Next:\n"
          "  1. copy it to the other members, by a way that nobody reads along\n"
          "     (scp -p " +
          path + " root@MEMBER:" + path +
          "); its mode stays 0600\n"
          "  2. name it in peer_link on all of them:  key_file " +
          path +
          "\n"
          "  3. reload vrrpd on all of them:  systemctl reload vrrpd\n");
    return all_is_well;
}

int status(const Arguments& arguments) {
    const auto answer = ask(arguments.runtime_dir, "status");
    if (!answer) return complain(answer.error(), not_reachable);
    const auto rendered = render(*answer);
    if (!rendered) return complain("what vrrpd answers is not understood: is it another version?", not_reachable);
    if (arguments.json)
        print(*answer);
    else
        print(isatty(STDOUT_FILENO) == 1 ? painted(rendered->text) : rendered->text);
    return rendered->all_is_well ? all_is_well : something_is_wrong;
}

}  // namespace

int main(int count, char** words) {
    const auto [arguments, error] = parse_arguments({words + 1, words + count});
    if (!error.empty()) return complain(error + "\nTry vrrpctl --help.", wrong_usage);
    switch (arguments.command) {
        case Command::help:
            print(help_text());
            return all_is_well;
        case Command::version:
            print("vrrpctl v" VRRPD_VERSION "\n");
            return all_is_well;
        case Command::keygen:
            return keygen(arguments.file);
        case Command::status:
            return status(arguments);
    }
    return wrong_usage;
}
