// Users and groups of the system, by name. For shells that give privileges up.
#pragma once

#include <sys/types.h>

#include <initializer_list>
#include <optional>
#include <string>

namespace vrrpd {

struct Account {
    std::string name;
    uid_t user = 0;
    gid_t group = 0;
};

// The first of these names that exists here.
[[nodiscard]] std::optional<Account> find_account(std::initializer_list<const char*> names);
[[nodiscard]] std::optional<gid_t> find_group(const char* name);

// Whose processes need no rights: the user and group that the installation makes.
inline constexpr char own_account[] = "_vrrpd";

// Whom the agent becomes.
[[nodiscard]] inline std::optional<Account> agent_account() { return find_account({own_account, "nobody"}); }

// For good; only root can. False: errno says why.
[[nodiscard]] bool become(const Account& account);

}  // namespace vrrpd
