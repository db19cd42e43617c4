// vrrpd-agent: started by vrrpd, not by people. Its descriptors are agreed in descriptors.hpp.
#include <cap-ng.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "vrrpd/agent/agent.hpp"
#include "vrrpd/agent/descriptors.hpp"

namespace {

using vrrpd::Fd;
using vrrpd::Log;

bool is_socket(int descriptor) {
    struct stat status {};
    return fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

// What asks the network has no more rights than anybody.
bool give_up_privileges(Log& log) {
    if (geteuid() == 0) {
        const auto* user = getpwnam("_vrrpd");
        if (!user) user = getpwnam("nobody");
        if (!user || setgroups(0, nullptr) != 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
            setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) {
            log.error("the agent cannot become another user: {}", std::strerror(errno));
            return false;
        }
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
        std::fputs("vrrpd-agent is started by vrrpd where its configuration needs it; see man vrrpd.\n", stderr);
        return 2;
    }
    const Fd configuration(configuration_descriptor);
    vrrpd::ipc::Channel channel{Fd(channel_descriptor)};
    vrrpd::ipc::ChannelLog log(channel);
    if (count > 2) log.set_threshold(vrrpd::LogLevel::debug);
    if (!give_up_privileges(log)) return 4;
    return Agent(channel, log, words[1]).run(configuration.get()) ? 0 : 1;
}
