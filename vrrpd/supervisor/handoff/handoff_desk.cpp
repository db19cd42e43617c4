#include "vrrpd/supervisor/handoff/handoff_desk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>

#include "vrrpd/ipc/shared_state.hpp"
#include "vrrpd/supervisor/child_process.hpp"
#include "vrrpd/supervisor/handoff/inheritance.hpp"
#include "vrrpd/supervisor/signals.hpp"

namespace vrrpd::supervisor {

namespace {

using std::chrono::seconds;

constexpr Duration request_limit = seconds(2), start_limit = seconds(20), leave_limit = seconds(6),
                   go_limit = seconds(10);
constexpr int killed_limit_ms = 500;  // a process that was killed is gone long before
constexpr int cannot_execute = 127;

ucred credentials_of(int socket) {
    ucred peer{0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
    socklen_t size = sizeof peer;
    (void)getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    return peer;
}

bool is_root(int socket) {
    const auto uid = credentials_of(socket).uid;
    return uid == 0 || uid == geteuid();
}

// In the child: as a daemon finds itself when it is started.
void forget_our_signals() {
    for (const auto& signal : named_signals()) std::signal(signal.number, SIG_DFL);
    for (const int signal : {SIGINT, SIGPIPE, SIGCHLD}) std::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Nothing is allocated between fork and exec.
Result<pid_t> start_successor(const HandoffMessage& request, int socket, bool foreground) {
    auto words = unpack(request.text);
    const auto executable = request.descriptors.find("executable"), directory = request.descriptors.find("directory");
    if (!words || words->empty() || executable == request.descriptors.end() || directory == request.descriptors.end())
        return fail(EBADMSG, "read the request");
    if (foreground) words->emplace_back("--dont-fork");
    words->insert(words->end(), {"--handoff-from", std::to_string(successor_descriptor)});
    std::vector<char*> arguments;
    for (auto& word : *words) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    constexpr int above = successor_descriptor + 1;
    const pid_t pid = fork();
    if (pid < 0) return fail(errno, "fork the successor");
    if (pid > 0) return pid;
    forget_our_signals();
    const int program = fcntl(executable->second.get(), F_DUPFD_CLOEXEC, above);
    dup2(fcntl(socket, F_DUPFD_CLOEXEC, above), successor_descriptor);
    if (fchdir(directory->second.get()) == 0) execveat(program, "", arguments.data(), environ, AT_EMPTY_PATH);
    _exit(cannot_execute);
}

// Never more than a moment: nothing withstands SIGKILL.
void end_engine(int process) {
    if (process < 0) return;
    syscall(SYS_pidfd_send_signal, process, SIGKILL, nullptr, 0);
    pollfd gone{process, POLLIN, 0};
    ::poll(&gone, 1, killed_limit_ms);
}

}  // namespace

HandoffDesk::HandoffDesk(Loop& loop, Log& log, HandoffSocket listener, Services services)
    : loop_(loop), log_(log), listener_(std::move(listener)), services_(std::move(services)) {
    if (listener_) listener_watch_ = loop_.on_readable(listener_.fd(), [this] { on_caller(); });
}

HandoffDesk::~HandoffDesk() = default;

void HandoffDesk::on_caller() {
    HandoffSocket caller(Fd(accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)));
    if (!caller || !is_root(caller.fd())) return;
    const auto obstacle = work_ ? std::string("another handoff is under way") : services_.obstacle();
    if (!obstacle.empty()) {
        log_.notice("a handoff is refused: {}", obstacle);
        caller.send(services_.waits_until ? "later" : "refused", obstacle);
        return;
    }
    work_ = std::make_unique<Work>();
    work_->caller = std::move(caller);
    work_->caller_watch = loop_.on_readable(work_->caller.fd(), [this] { on_request(); });
    enter(Stage::asked, request_limit);
    work_->caller.send("welcome", services_.waits_until ? waits_aside : "");
}

void HandoffDesk::on_request() {
    HandoffMessage request;
    switch (work_->caller.receive(request)) {
        case HandoffSocket::State::empty:
            return;
        case HandoffSocket::State::closed:  // who asked does not wait for the end
            work_->caller_watch = {};
            if (work_->stage == Stage::asked) work_.reset();  // it only wanted to know whether we wait aside
            return;
        case HandoffSocket::State::message:
            if (work_->stage != Stage::asked) return;
            if (!services_.waits_until) return begin(request);
            if (request.word == "here") return take_in();
            give_up("the service is being restarted, and its next start takes over");
    }
}

void HandoffDesk::take_in() {
    work_->came_by_itself = true;
    work_->caller_watch = {};
    const pid_t pid = credentials_of(work_->caller.fd()).pid;
    listen_to(pid, std::move(work_->caller));
}

void HandoffDesk::begin(const HandoffMessage& request) {
    auto ends = HandoffSocket::pair();
    const auto started = ends ? start_successor(request, ends->second.fd(), services_.foreground)
                              : Result<pid_t>(tl::unexpected(ends.error()));
    if (!started) return give_up(started.error().describe());
    listen_to(*started, std::move(ends->first));
    say(fmt::format("handoff: the successor has pid {}", *started));
}

void HandoffDesk::listen_to(pid_t successor, HandoffSocket socket) {
    work_->successor = successor;
    work_->socket = std::move(socket);
    work_->watch = loop_.on_readable(work_->socket.fd(), [this] { on_message(); });
    enter(Stage::judging, start_limit);
}

void HandoffDesk::on_message() {
    HandoffMessage message;
    while (work_) {
        const auto state = work_->socket.receive(message);
        if (state == HandoffSocket::State::empty) return;
        if (state == HandoffSocket::State::closed)
            return give_up("the successor ended before it had taken over; its own lines say why");
        obey(std::move(message));
    }
}

void HandoffDesk::obey(HandoffMessage message) {
    const auto stage = work_->stage;
    if (message.word == "hello" && stage == Stage::judging) return hello(message.text);
    if (message.word == "standing" && stage == Stage::opening) return standing(std::move(message));
    if (message.word == "ready" && stage == Stage::going) return finish();
    give_up(fmt::format("the successor says '{}', which does not belong here", message.word));
}

void HandoffDesk::hello(const std::string& layout) {
    work_->keep = layout == std::to_string(ipc::state_layout);
    if (!work_->keep)
        say("handoff: the successor's version cannot go on from this one's state: the role is handed over instead, as "
            "at a stop");
    work_->socket.send("state", std::to_string(ipc::state_layout), services_.descriptors());
    enter(Stage::opening, start_limit);
}

void HandoffDesk::standing(HandoffMessage message) {
    pid_t engine = 0;
    std::from_chars(message.text.data(), message.text.data() + message.text.size(), engine);
    work_->channel = std::move(message.descriptors["engine"]);
    if (engine > 1) work_->engine = Fd(static_cast<int>(syscall(SYS_pidfd_open, engine, 0)));
    if (!work_->engine) return give_up("the successor's engine is not there");
    enter(Stage::leaving, leave_limit);
    services_.let_engine_leave(work_->keep);
}

void HandoffDesk::engine_left() {
    enter(Stage::going, go_limit);
    work_->socket.send("go", work_->keep ? "adopt" : "anew");
}

void HandoffDesk::finish() {
    const pid_t successor = work_->successor;
    services_.done(successor);
    work_->socket.send("yours");
    work_->caller.send("done", fmt::format("pid {} goes on{}", successor, work_->keep ? "; the role stays" : ""));
    work_.reset();
    services_.waits_until.reset();
    listener_watch_ = {};
}

void HandoffDesk::give_up(const std::string& why) {
    if (!work_) return;
    const auto work = std::move(work_);
    log_.error("the handoff failed: {}; this daemon goes on", why);
    work->caller.send("refused", why);
    if (work->successor > 0 && !work->came_by_itself) {  // that one ends by itself, and its manager sees how
        kill(work->successor, SIGKILL);
        ending_.push_back(work->successor);
    }
    end_engine(work->engine.get());
    child_ended();
    if (work->stage >= Stage::leaving) services_.failed();
}

void HandoffDesk::child_ended() {
    std::erase_if(ending_, [this](pid_t pid) {
        const auto how = ended(pid);
        if (how && *how != Ending{true, SIGKILL}) log_.info("the successor {}", describe(*how));
        return how.has_value();
    });
}

Deadline HandoffDesk::next_deadline() const { return work_ ? Deadline(work_->give_up_at) : services_.waits_until; }

void HandoffDesk::step(Instant now) {
    if (work_ && work_->give_up_at <= now) give_up("the successor did not get ready in time");
    if (!work_ && services_.waits_until && *services_.waits_until <= now) {
        services_.waits_until.reset();
        services_.unwanted();
    }
}

void HandoffDesk::enter(Stage stage, Duration limit) {
    work_->stage = stage;
    work_->give_up_at = boot_now() + limit;
}

void HandoffDesk::say(const std::string& how) {
    log_.notice("{}", how);
    work_->caller.send("said", how);
}

}  // namespace vrrpd::supervisor
