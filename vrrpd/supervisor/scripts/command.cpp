#include "vrrpd/supervisor/scripts/command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "vrrpd/base/account.hpp"
#include "vrrpd/supervisor/child_process.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr int not_run = 127;  // as a shell says it
constexpr char usual_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// A file, so that nobody waits for a command that does not read; at its beginning.
Result<Fd> input_of(const Command& command) {
    const auto failed = [&] { return fail(errno, "hold the input of " + command.what); };
    if (command.input.empty()) {
        Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
        return null ? Result<Fd>(std::move(null)) : failed();
    }
    Fd file(memfd_create("vrrpd-command", MFD_CLOEXEC));
    if (!file) return failed();
    if (pwrite(file.get(), command.input.data(), command.input.size(), 0) != std::ssize(command.input)) return failed();
    return file;
}

void default_signals() {
    for (int signal = 1; signal < SIGRTMIN; ++signal) std::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The kernel may kill it before the routers' processes.
void be_ordinary_when_memory_is_short() {
    const Fd file(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (file) (void)!write(file.get(), "0", 1);
}

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> result;
    for (auto& word : words) result.push_back(word.data());
    result.push_back(nullptr);
    return result;
}

// Ours, but for what would change which programs run (keepalived since 2.4.0).
std::vector<std::string> inherited_environment() {
    std::vector<std::string> result;
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        const auto name = text.substr(0, text.find('='));
        if (name != "IFS" && name != "LD_PRELOAD" && name != "LD_LIBRARY_PATH") result.emplace_back(text);
    }
    return result;
}

// Why it could not; empty: it is who it should be.
std::string become_another(const Command& command, std::string& as) {
    if (command.as) {
        const auto& [user, group, supplementary] = *command.as;
        as = fmt::format(" as user {}", user);
        const bool same = geteuid() == user && getegid() == group;
        if (geteuid() != 0 && same) return {};
        const bool done = setgroups(supplementary.size(), supplementary.data()) == 0 &&
                          setresgid(group, group, group) == 0 && setresuid(user, user, user) == 0;
        return done ? std::string() : fmt::format("cannot become user {}: {}", user, std::strerror(errno));
    }
    if (!command.unprivileged || geteuid() != 0) return {};
    const auto account = find_account({"keepalived_script", own_account, "nobody"});
    if (!account) return "is not run as root, and there is neither keepalived_script nor _vrrpd nor nobody";
    as = " as " + account->name;
    return become(*account) ? std::string() : fmt::format("cannot become {}: {}", account->name, std::strerror(errno));
}

// In the child. Returns why it could not.
std::string settle_down(const Command& command, std::string& as) {
    auto problem = become_another(command, as);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    return problem;
}

// Likewise. Nothing of ours stays open: who waits for the end of a channel would wait for its child, too.
Command::Acted act(const Command& command, int complaint) {
    std::string as;
    if (auto problem = settle_down(command, as); !problem.empty()) return {not_run, std::move(problem)};
    close_all_but({complaint});
    return command.act();
}

// Likewise; returns why it could not.
std::string replace_ourselves(const Command& command) {
    std::string as;
    if (auto problem = settle_down(command, as); !problem.empty()) return problem;
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    if (!command.opens.empty()) _exit(open(command.opens.c_str(), O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 1);
    auto words = command.words, environment = command.environment;
    const char* const path = std::getenv("PATH");
    if (command.as_script)
        environment = inherited_environment();
    else
        environment.push_back(fmt::format("PATH={}", path != nullptr ? path : usual_path));
    auto variables = pointers(environment);
    environ = variables.data();
    execvp(words.front().c_str(), pointers(words).data());
    return fmt::format("cannot be run{}: {}: {}", as, words.front(), std::strerror(errno));
}

[[noreturn]] void run(const Command& command, int input, int complaint) {
    setpgid(0, 0);
    default_signals();
    const Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    dup2(input, STDIN_FILENO);
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) dup2(null.get(), stream);
    if (!command.as_script && chdir("/") != 0) _exit(not_run);
    be_ordinary_when_memory_is_short();
    Command::Acted result{not_run, command.before ? command.before() : std::string()};
    if (result.problem.empty() && command.act)
        result = act(command, complaint);
    else if (result.problem.empty())
        result.problem = replace_ourselves(command);
    (void)!write(complaint, result.problem.data(), result.problem.size());
    _exit(result.code);
}

}  // namespace

Result<CommandProcess> start(const Command& command) {
    auto input = input_of(command);
    if (!input) return tl::unexpected(input.error());
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return fail(errno, "make a pipe for " + command.what);
    Fd from(ends[0]);
    const Fd into(ends[1]);
    const pid_t pid = fork();
    if (pid < 0) return fail(errno, "fork for " + command.what);
    if (pid == 0) run(command, input->get(), into.get());
    setpgid(pid, pid);  // whichever of us comes first
    return CommandProcess{pid, std::move(from)};
}

}  // namespace vrrpd::supervisor
