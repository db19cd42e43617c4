// vrrpd-agent: started by vrrpd, not by people. Its one descriptor is agreed in descriptors.hpp.
#include <cap-ng.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "vrrpd/agent/agent.hpp"
#include "vrrpd/agent/descriptors.hpp"
#include "vrrpd/agent/sandbox.hpp"
#include "vrrpd/base/account.hpp"

namespace {

using vrrpd::Fd;
using vrrpd::Log;

bool is_socket(int descriptor) {
    struct stat status {};
    return fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

// What asks the network has no more rights than anybody.
bool give_up_privileges(Log& log) {
    const auto user = vrrpd::agent_account();
    if (geteuid() == 0 && (!user || !vrrpd::become(*user))) {
        log.error("the agent cannot become another user: {}", user ? std::strerror(errno) : "there is no nobody");
        return false;
    }
    capng_clear(CAPNG_SELECT_BOTH);
    // The bounding set needs a capability that may be gone already; without any, nothing can come of it.
    if (capng_apply(CAPNG_SELECT_CAPS) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        log.error("the agent cannot give up its privileges: {}", std::strerror(errno));
        return false;
    }
    return true;
}

}  // namespace

int main(int count, char** words) {
    using namespace vrrpd::agent;
    if (count < 2 || !is_socket(channel_descriptor)) {
        std::fputs("vrrpd-agent is started by vrrpd; see man vrrpd.\n", stderr);
        return 2;
    }
    vrrpd::ipc::Channel channel{Fd(channel_descriptor)};
    vrrpd::ipc::ChannelLog log(channel);
    if (count > 2) log.set_threshold(vrrpd::LogLevel::debug);
    if (!give_up_privileges(log)) return 4;
    // Without it the agent is as it was; a kernel may have no seccomp.
    if (const auto entered = enter_sandbox(); !entered) log.warning("{}", entered.error().describe());
    Agent(channel, log, words[1]).run();
    return 0;
}
