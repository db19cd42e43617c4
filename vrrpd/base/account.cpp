#include "vrrpd/base/account.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace vrrpd {

std::optional<Account> find_account(std::initializer_list<const char*> names) {
    for (const auto* const name : names)
        if (const auto* const user = getpwnam(name)) return Account{name, user->pw_uid, user->pw_gid};
    return std::nullopt;
}

std::optional<gid_t> find_group(const char* name) {
    const auto* const group = getgrnam(name);
    return group != nullptr ? std::optional(group->gr_gid) : std::nullopt;
}

bool become(const Account& account) {
    return setgroups(0, nullptr) == 0 && setresgid(account.group, account.group, account.group) == 0 &&
           setresuid(account.user, account.user, account.user) == 0;
}

}  // namespace vrrpd
