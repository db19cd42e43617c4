#include "vrrpd/supervisor/scripts/script_check.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "vrrpd/base/account.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr char default_user[] = "keepalived_script";

std::optional<id_t> number(const std::string& text) {
    id_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<gid_t> groups_of(uid_t user, gid_t group) {
    const auto* const entry = getpwuid(user);
    if (entry == nullptr) return {group};
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (getgrouplist(entry->pw_name, group, groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(count));
        getgrouplist(entry->pw_name, group, groups.data(), &count);
    }
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    return groups;
}

// By the mode bits, as the kernel will judge; root may run what anybody may.
bool may_execute(const struct stat& file, const RunAs& as) {
    if (as.user == 0) return (file.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
    if (file.st_uid == as.user) return (file.st_mode & S_IXUSR) != 0;
    const bool in_group = file.st_gid == as.group || std::find(as.supplementary.begin(), as.supplementary.end(),
                                                               file.st_gid) != as.supplementary.end();
    return (file.st_mode & (in_group ? S_IXGRP : S_IXOTH)) != 0;
}

// The executable of a bare name; empty: none in PATH.
std::string in_path(const std::string& name) {
    const char* const path = std::getenv("PATH");
    std::string_view left = path != nullptr ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    while (!left.empty()) {
        const auto end = left.find(':');
        const auto folder = left.substr(0, end);
        const auto candidate = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
        if (access(candidate.c_str(), X_OK) == 0) return candidate;
        left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
    }
    return {};
}

// The first part of the path that somebody but root could replace; empty: none.
std::string unsafe_part(const std::filesystem::path& path) {
    std::filesystem::path part;
    for (const auto& step : path) {
        part /= step;
        struct stat status {};
        if (lstat(part.c_str(), &status) != 0) return part;
        if (S_ISLNK(status.st_mode)) continue;  // where it leads is looked at by the resolved path
        const bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
        const bool group_writes = (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
        if (status.st_uid != 0 || (!sticky && (group_writes || (status.st_mode & S_IWOTH) != 0))) return part;
    }
    return {};
}

class Check {
public:
    Check(const config::Script& script, const config::ScriptPolicy& policy) : script_(script), policy_(policy) {}

    CheckedScript run() {
        words_ = script_.words;
        if (!who()) return std::move(result_);
        if (words_[0].front() == '<') return opened();
        if (!resolve() || !executable() || !safe()) return std::move(result_);
        advise();
        result_.script = RunnableScript{std::move(words_), {}, as_};
        return std::move(result_);
    }

private:
    // A remark of why it is not run.
    bool refuse(const std::string& why) {
        result_.remarks.push_back(fmt::format("script {} is disabled: {}", script_.words[0], why));
        return false;
    }

    bool who() {
        if (words_.empty() || words_[0].empty()) return refuse("it has no name");
        const auto found =
            script_.user.empty() ? default_identity(policy_) : find_identity(script_.user, script_.group);
        if (!found.as) {
            result_.lacks_default_user = script_.user.empty();
            if (result_.lacks_default_user) return refuse(found.problem);
            return refuse(found.problem +
                          "; behind a command stand the user and the group that run it, so "
                          "put quotes around a command with its words");
        }
        as_ = *found.as;
        if (policy_.supplementary_groups) as_.supplementary = groups_of(as_.user, as_.group);
        return true;
    }

    CheckedScript opened() {
        if (words_[0].size() == 1) (void)refuse("write the path behind the <, without a blank");
        if (!result_.remarks.empty()) return std::move(result_);
        result_.script = RunnableScript{{}, words_[0].substr(1), as_};
        return std::move(result_);
    }

    bool resolve() {
        auto& name = words_[0];
        if (name.find('/') == std::string::npos) {
            const auto found = in_path(name);
            if (found.empty()) return refuse("no directory of PATH has it; write its whole path");
            result_.remarks.push_back(
                fmt::format("script {} was found in PATH as {}: write its whole path", name, found));
            name = found;
        }
        std::error_code error;
        const auto absolute = std::filesystem::absolute(name, error).lexically_normal();
        real_ = std::filesystem::canonical(absolute, error);
        if (error) return refuse(fmt::format("{}: {}", name, std::strerror(error.value())));
        name = policy_.keep_links ? absolute.string() : real_.string();
        return true;
    }

    bool executable() {
        if (stat(real_.c_str(), &file_) != 0)
            return refuse(fmt::format("{}: {}", real_.string(), std::strerror(errno)));
        result_.is_there = true;
        if (!S_ISREG(file_.st_mode)) return refuse(real_.string() + " is not a file");
        if (may_execute(file_, as_)) return true;
        return refuse(fmt::format("{} may not be executed by user {}; chmod +x it, or name another user",
                                  real_.string(), as_.user));
    }

    bool safe() {
        const bool root_file = (file_.st_mode & (S_ISUID | S_ISGID)) != 0 && (file_.st_uid == 0 || file_.st_gid == 0);
        if (as_.user != 0 && as_.group != 0 && !root_file) return true;
        auto part = unsafe_part(real_);
        if (part.empty() && policy_.keep_links) part = unsafe_part(words_[0]);
        if (part.empty()) return true;
        const auto unsafe = fmt::format(
            "Unsafe permissions found for script '{}': {} can be changed by others than root", script_.words[0], part);
        if (policy_.security)
            result_.remarks.push_back(unsafe + "; it is not run (enable_script_security)");
        else
            result_.remarks.push_back(unsafe +
                                      "; root runs it all the same: write enable_script_security to prevent that");
        return !policy_.security;
    }

    // execvp(3): what the kernel does not know how to run is the shell's.
    void advise() {
        constexpr std::string_view for_an_interpreter = "#!", program =
                                                                  "\x7f"
                                                                  "ELF";
        std::string begin(program.size(), '\0');
        std::ifstream(real_).read(begin.data(), static_cast<std::streamsize>(begin.size()));
        if (begin.starts_with(for_an_interpreter) || begin == program) return;
        result_.remarks.push_back(fmt::format(
            "script {} says not what runs it, so /bin/sh does: write #!/bin/sh into its first line", real_.string()));
    }

    const config::Script& script_;
    const config::ScriptPolicy& policy_;
    CheckedScript result_;
    std::vector<std::string> words_;
    RunAs as_;
    std::filesystem::path real_;
    struct stat file_ {};
};

}  // namespace

Identity find_identity(const std::string& user, const std::string& group) {
    RunAs as;
    if (const auto* const entry = getpwnam(user.c_str())) {
        as.user = entry->pw_uid;
        as.group = entry->pw_gid;
    } else if (const auto id = number(user)) {
        as.user = *id;
        const auto* const known = getpwuid(*id);
        as.group = known != nullptr ? known->pw_gid : *id;
    } else {
        return {std::nullopt, fmt::format("there is no user '{}'", user)};
    }
    if (group.empty()) return {as, {}};
    if (const auto named = find_group(group.c_str()))
        as.group = *named;
    else if (const auto id = number(group))
        as.group = *id;
    else
        return {std::nullopt, fmt::format("there is no group '{}'", group)};
    return {as, {}};
}

Identity default_identity(const config::ScriptPolicy& policy) {
    if (!policy.user.empty()) return find_identity(policy.user, policy.group);
    if (getpwnam(default_user) != nullptr) return find_identity(default_user, {});
    if (!policy.security) return {RunAs{geteuid(), getegid(), {}}, {}};
    return {std::nullopt,
            fmt::format("enable_script_security wants a user for it, and there is neither script_user nor "
                        "the account {}: write script_user into global_defs",
                        default_user)};
}

CheckedScript check(const config::Script& script, const config::ScriptPolicy& policy) {
    return Check(script, policy).run();
}

Command command_for(const RunnableScript& script, std::string what) {
    Command command;
    command.what = std::move(what);
    command.words = script.words;
    command.opens = script.opens;
    command.as = script.as;
    command.as_script = true;
    return command;
}

}  // namespace vrrpd::supervisor
